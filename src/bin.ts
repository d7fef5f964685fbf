/**
 * The command `smtp-source`.
 */
import * as NodeCompileCache from "./node/NodeCompileCache.js"

NodeCompileCache.enable()
const { run } = await import("./program.js")
run("smtp-source", () => import("./command.js"))
