/** A whole run as the command sees it, against a server in memory, in virtual time. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
// Loaded before virtual time begins, in which no module can be waited for.
import "../../src/cli/Live.js"
import "../../src/cli/Reports.js"
import * as Run from "../../src/cli/Run.js"
import { StopSignal } from "../../src/load/StopSignal.js"
import { GeneratorHealth, type Health } from "../../src/measure/GeneratorHealth.js"
import * as Plan from "../../src/plan/Plan.js"
import { Output } from "../../src/report/Output.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Target from "../../src/smtp/Target.js"
import { Connector } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { well } from "../load/WorkersHere.js"
import * as CapturedOutput from "./CapturedOutput.js"

export const easy: Health = {
  cpu: { user: 1, system: 1 },
  utilisation: 0.3,
  watched: 1000,
  waited: 10,
  delayMean: 0,
  delayP99: 0
}

export interface Surroundings {
  readonly health?: Health
  readonly server?: TestServer.TestServerOptions
  /** Connections are counted twice. */
  readonly wrong?: boolean
  /** What every file holds. */
  readonly file?: string
}

/** Runs a plan, and gives all that came of it: on the screen, at the server, and what the sink of --sink was told. */
export const run = (
  plan: Plan.PlanInput,
  { file = "", health = easy, server = {}, wrong = false }: Surroundings = {}
) =>
  Effect.gen(function* () {
    const { output, written } = CapturedOutput.make()
    const sinks: Array<SinkConfig | undefined> = []
    const targets = new Set<string>()
    const memory = yield* Layer.build(TestServer.layer(server))
    const { accepted, counts, log } = Context.get(memory, TestServer.TestServer)
    const inner = Context.get(memory, Connector)
    const connector = Connector.of({
      connect: (target, options) => {
        targets.add(Target.format(target))
        if (wrong) options.observer.opened++
        return inner.connect(target, options)
      }
    })
    const layer = Layer.mergeAll(
      Layer.provideMerge(well, Layer.succeed(Connector, connector)),
      FileSystem.layerNoop({
        // Read once, as a pipe is.
        stat: () => Effect.succeed({ type: "FIFO" } as FileSystem.File.Info),
        readFile: () => Effect.succeed(new TextEncoder().encode(file))
      }),
      Layer.succeed(Output, output),
      Layer.succeed(StopSignal, StopSignal.of({ first: Effect.never, second: Effect.never })),
      Layer.succeed(
        EmbeddedSink,
        EmbeddedSink.of({
          start: (config) =>
            Effect.sync(() => {
              sinks.push(config)
              return { target: Target.inet("sink.example", 2525), counts }
            })
        })
      ),
      Layer.succeed(GeneratorHealth, GeneratorHealth.of({ watch: Effect.succeed(Effect.succeed(health)) }))
    )
    const aimed = plan.sink === true ? plan : { target: "mail.example", ...plan }
    const program = Run.run(Plan.make({ helloName: "me.example", ...aimed }), { version: "1" })
    const status = yield* Effect.provide(program, layer)
    return { status, ...written, accepted, log, sinks, targets: [...targets] }
  }).pipe(Effect.scoped, (program) => Simulation.run(program))
