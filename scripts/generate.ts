/**
 * Writes the sources that are generated from others: `npm run generate`. A test fails where they are not up to date.
 */
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import * as HouseMap from "./HouseMap.js"
import * as PlanTypes from "./PlanTypes.js"

fs.writeFileSync(fileURLToPath(new URL("../src/plan/PlanTypes.ts", import.meta.url)), PlanTypes.render())
fs.writeFileSync(fileURLToPath(new URL("../src/README.md", import.meta.url)), HouseMap.render())
