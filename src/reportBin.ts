/**
 * The command `smtp-report`: provides what is Node's, and runs.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Fatal from "./cli/Fatal.js"
import * as SmtpReport from "./cli/SmtpReport.js"
import * as NodeFileSystem from "./node/NodeFileSystem.js"
import * as NodeOutput from "./node/NodeOutput.js"
import { version } from "./version.js"

const services = Layer.mergeAll(NodeFileSystem.layer, NodeOutput.layer)

const main = SmtpReport.main(process.argv.slice(2), { version })

Effect.runFork(Effect.provide(main, services)).addObserver((exit) => {
  if (exit._tag === "Failure") process.stderr.write(Fatal.panic(exit.cause, "smtp-report"))
  // What was written to a pipe may still be on its way: the process ends by itself once it is out.
  process.exitCode = exit._tag === "Success" ? exit.value : Fatal.status.internalError
})
