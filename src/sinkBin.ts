/**
 * The command `smtp-sink`.
 */
import { run } from "./program.js"

run("smtp-sink", () => import("./sinkCommand.js"))
