/**
 * The command `smtp-source`: provides what is Node's, and runs.
 */
import * as os from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Cli from "./cli/Cli.js"
import * as Fatal from "./cli/Fatal.js"
import * as NodeFileSystem from "./node/NodeFileSystem.js"
import * as NodeExit from "./node/NodeExit.js"
import * as NodeHealth from "./node/NodeHealth.js"
import * as NodeOutput from "./node/NodeOutput.js"
import * as NodeServices from "./node/NodeServices.js"
import * as NodeSink from "./node/NodeSink.js"
import * as NodeStopSignal from "./node/NodeStopSignal.js"
import { version } from "./version.js"

const services = Layer.mergeAll(
  NodeServices.layer,
  NodeFileSystem.layer,
  NodeSink.layer(),
  NodeHealth.layer,
  NodeStopSignal.layer
)

const main = Cli.main(process.argv.slice(2), {
  version,
  hostName: os.hostname(),
  environment: Object.keys(process.env)
}).pipe(
  Effect.provide(services),
  // Signals are the system's again by now, should a reader keep us waiting.
  Effect.flatMap((status) => Fatal.drained(status)),
  Effect.provide(NodeOutput.layer)
)

const stuck = () => {
  process.stderr.write(Fatal.stuck())
  process.exit(Fatal.status.internalError)
}
process.once("beforeExit", stuck)

Effect.runFork(main).addObserver((exit) => {
  process.off("beforeExit", stuck)
  if (exit._tag === "Failure") process.stderr.write(Fatal.panic(exit.cause))
  NodeExit.exit(exit._tag === "Success" ? exit.value : Fatal.status.internalError)
})
