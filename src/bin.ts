/**
 * The command `smtp-source`: provides what is Node's, and runs.
 */
import * as os from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Cli from "./cli/Cli.js"
import * as Fatal from "./cli/Fatal.js"
import * as NodeHealth from "./node/NodeHealth.js"
import * as NodeOutput from "./node/NodeOutput.js"
import * as NodeServices from "./node/NodeServices.js"
import * as NodeSink from "./node/NodeSink.js"
import * as NodeStopSignal from "./node/NodeStopSignal.js"
import { version } from "./version.js"

const services = Layer.mergeAll(
  NodeServices.layer,
  NodeSink.layer(),
  NodeOutput.layer,
  NodeHealth.layer,
  NodeStopSignal.layer
)

const main = Cli.main(process.argv.slice(2), { version, hostName: os.hostname() })

Effect.runFork(Effect.provide(main, services)).addObserver((exit) => {
  if (exit._tag === "Failure") process.stderr.write(Fatal.panic(exit.cause))
  process.exit(exit._tag === "Success" ? exit.value : Fatal.status.internalError)
})
