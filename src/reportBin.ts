/**
 * The command `smtp-report`: provides what is Node's, and runs.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Fatal from "./cli/Fatal.js"
import * as SmtpReport from "./cli/SmtpReport.js"
import * as NodeFileSystem from "./node/NodeFileSystem.js"
import * as NodeExit from "./node/NodeExit.js"
import * as NodeOutput from "./node/NodeOutput.js"
import { version } from "./version.js"

const program = "smtp-report"

const main = SmtpReport.main(process.argv.slice(2), { version }).pipe(
  Effect.flatMap((status) => Fatal.drained(status, program)),
  Effect.provide(Layer.mergeAll(NodeFileSystem.layer, NodeOutput.layer))
)

const stuck = () => {
  process.stderr.write(Fatal.stuck(program))
  process.exit(Fatal.status.internalError)
}
process.once("beforeExit", stuck)

Effect.runFork(main).addObserver((exit) => {
  process.off("beforeExit", stuck)
  if (exit._tag === "Failure") process.stderr.write(Fatal.panic(exit.cause, program))
  NodeExit.exit(exit._tag === "Success" ? exit.value : Fatal.status.internalError)
})
