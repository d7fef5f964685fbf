/**
 * Checks the sources against the house's rules: who may use whom, where effects are run, and that there is no circle.
 *
 *     npm run check:imports
 */
import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Imports from "./imports.js"

const src = fileURLToPath(new URL("../src", import.meta.url))

const paths = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"))

const { exports: effect }: { readonly exports: Record<string, unknown> } = createRequire(import.meta.url)(
  "effect/package.json"
)
const taken = Object.keys(effect).map((path) => path.replace("./", ""))

const found = Imports.violations(
  Object.fromEntries(paths.map((path) => [path, readFileSync(join(src, path), "utf8")])),
  taken
)

for (const violation of found) console.error(Imports.format(violation))
console.log(`${paths.length} modules, ${found.length} violations`)
if (found.length > 0) process.exitCode = 1
