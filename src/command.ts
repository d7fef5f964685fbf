/**
 * What the command `smtp-source` is made of: its arguments' reader, and what is Node's.
 */
import * as os from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Cli from "./cli/Cli.js"
import * as NodeFileSystem from "./node/NodeFileSystem.js"
import * as NodeHealth from "./node/NodeHealth.js"
import * as NodeServices from "./node/NodeServices.js"
import * as NodeStopSignal from "./node/NodeStopSignal.js"
import type { Output } from "./report/Output.js"
import { EmbeddedSink } from "./sink/EmbeddedSink.js"
import { version } from "./version.js"

/** The server is loaded when it is to be started. */
const sink = Layer.succeed(
  EmbeddedSink,
  EmbeddedSink.of({
    start: (config, serving) =>
      Effect.flatMap(
        Effect.promise(() => import("./node/NodeSink.js")),
        (NodeSink) =>
          Effect.provide(
            Effect.flatMap(EmbeddedSink, (embedded) => embedded.start(config, serving)),
            NodeSink.layer()
          )
      )
  })
)

const services = Layer.mergeAll(NodeServices.layer, NodeFileSystem.layer, NodeHealth.layer, NodeStopSignal.layer, sink)

const terminal = Layer.unwrapEffect(
  Effect.map(
    Effect.promise(() => import("@effect/platform-node/NodeTerminal")),
    (NodeTerminal) => NodeTerminal.layer
  )
)

/** Runs `smtp-source` with these arguments, and gives its exit status. */
export const main = (argv: ReadonlyArray<string>): Effect.Effect<number, never, Output> =>
  Cli.main(argv, { version, hostName: os.hostname(), environment: Object.keys(process.env), terminal }).pipe(
    Effect.provide(services)
  )
