/**
 * The command `smtp-report`.
 */
import * as NodeCompileCache from "./node/NodeCompileCache.js"

NodeCompileCache.enable()
const { run } = await import("./program.js")
run("smtp-report", () => import("./reportCommand.js"))
