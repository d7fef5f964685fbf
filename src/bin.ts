/**
 * The command `smtp-source`.
 */
import { run } from "./program.js"

run("smtp-source", () => import("./command.js"))
