/**
 * The command `smtp-report`.
 */
import { run } from "./program.js"

run("smtp-report", () => import("./reportCommand.js"))
