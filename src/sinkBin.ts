/**
 * The command `smtp-sink`.
 */
import * as NodeCompileCache from "./node/NodeCompileCache.js"

NodeCompileCache.enable()
const { run } = await import("./program.js")
run("smtp-sink", () => import("./sinkCommand.js"))
