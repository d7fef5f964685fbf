/**
 * What this machine can generate: the plan's own load, against the embedded sink, as fast as it goes.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Struct from "effect/Struct"
import type * as RunPart from "../load/RunPart.js"
import { type SignalName, StopSignal, statusOf } from "../load/StopSignal.js"
import * as Workers from "../load/Workers.js"
import * as Arrival from "../plan/Arrival.js"
import * as AuthFields from "../plan/AuthFields.js"
import type { Health } from "../measure/GeneratorHealth.js"
import * as MessageFile from "../plan/MessageFile.js"
import * as MessageParts from "../plan/MessageParts.js"
import type { Plan } from "../plan/Plan.js"
import * as ClientFile from "../plan/ClientFile.js"
import * as TlsFields from "../plan/TlsFields.js"
import { Output } from "../report/Output.js"
import * as Summary from "../report/Summary.js"
import type { EmbeddedSink, SinkFailed } from "../sink/EmbeddedSink.js"
import * as Target from "../smtp/Target.js"
import type { Connector } from "../smtp/Wire.js"
import * as Fatal from "./Fatal.js"
import * as OwnSink from "./OwnSink.js"

/** How long each measurement takes. */
const lasts = "3s"

/**
 * Measures twice, three seconds each: the plan as it is, without its rate and its pauses; and with everything that makes it
 * faster, so that it is known what is left. Writes the rate of each to standard output, and what it was limited by, and gives
 * the exit status.
 *
 * The sink shares the machine, and takes about as much of it as the generator does.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  plan: Plan
): Effect.Effect<
  number,
  | RunPart.RunError
  | MessageFile.FileUnusable
  | MessageParts.PartsUnusable
  | TlsFields.TlsUnreadable
  | AuthFields.AccountsUnusable
  | SinkFailed,
  Connector | EmbeddedSink | FileSystem | Output | StopSignal | Workers.Workers
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const output = yield* Output
      const signals = yield* StopSignal
      const { processors } = yield* Workers.Workers
      const file = yield* MessageFile.read(plan)
      const parts = yield* MessageParts.read(plan)
      const ignored = [
        ...((plan.report ?? []).length > 0 ? ["--report"] : []),
        ...((plan.failIf ?? []).length > 0 ? ["--fail-if"] : []),
        ...((plan.require ?? []).length > 0 ? ["--require"] : []),
        ...((plan.abortIf ?? []).length > 0 ? ["--abort-if"] : [])
      ]
      if (ignored.length > 0)
        output.stderr(`smtp-source: warning: --calibrate does nothing about ${ignored.join(", ")}\n`)
      const accounts = yield* AuthFields.read(plan)
      const clients = yield* ClientFile.read(plan)
      const sink = yield* OwnSink.start(plan, accounts)
      const tls = OwnSink.trusting(yield* TlsFields.read(plan), sink)
      const bare = unhurried(plan, Target.format(sink.target))
      const fastest: Plan = {
        ...bare,
        reuse: true,
        pipelining: "full",
        workers: "auto",
        sessions: Math.max(plan.sessions, 20)
      }
      const ways = [
        ["as asked", bare],
        ["-d --pipelining full --workers auto", fastest]
      ] as const
      let received: SignalName | undefined
      // From here on, and between the measurements, too.
      const stopping = yield* Effect.forkScoped(
        Effect.map(signals.first, (signal) => {
          received = signal
        })
      )
      for (const [name, way] of ways) {
        const result = yield* Workers.runOnly(way, {
          file,
          parts,
          tls,
          accounts,
          clients,
          stopping: Fiber.join(stopping),
          hurrying: signals.second,
          watchHealth: true
        })
        if (Option.isSome(result.endedBy)) {
          output.stderr(Fatal.line(Fatal.shortened(result.endedBy.value.message)))
          return Fatal.status.failure
        }
        // What was measured until then is no measurement of what there was to measure.
        if (received !== undefined) {
          output.stderr(`smtp-source: stopped by ${received} while measuring ${name}\n`)
          return statusOf(received)
        }
        output.stdout(`${name.padEnd(36)} ${describe(result, way)}\n`)
        if (result.health !== undefined) {
          const limit = limitOf(result.health, { elapsed: result.elapsed, processors })
          output.stdout(`${"".padEnd(36)} limited by ${limit}\n`)
        }
      }
      return Fatal.status.success
    })
  )

/** The plan without all that keeps it from going as fast as it can, and without an end but its time. */
const unhurried = (plan: Plan, target: string): Plan => {
  const sessions = Arrival.isOpen(plan) ? (plan.maxSessions ?? plan.sessions) : plan.sessions
  const kept = Struct.omit(plan, ...limits)
  const shapes = plan.shapes?.map((shape) => Struct.omit(shape, "hold", "sendRate", "think"))
  return {
    ...kept,
    ...(shapes === undefined ? {} : { shapes }),
    burst: 1,
    calibrate: false,
    once: false,
    target,
    sessions,
    messages: Arrival.unlimited,
    duration: lasts
  }
}

const limits = [
  "abortIf",
  "connectRate",
  "delay",
  "dropLate",
  "failIf",
  "require",
  "hold",
  "maxSessions",
  "randomDelay",
  "rate",
  "report",
  "sendRate",
  "stages",
  "think",
  "warmUp"
] as const

/**
 * What kept a run against the embedded sink from being faster, as far as the process knows. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category formatting
 */
export const limitOf = (
  { cpu, utilisation }: Health,
  { elapsed, processors }: { readonly elapsed: number; readonly processors: number }
): string => {
  const busy = elapsed > 0 ? (cpu.user + cpu.system) / elapsed : 0
  const used = `${busy.toFixed(1)} of ${processors} ${processors === 1 ? "processor" : "processors"}`
  if (busy > processors * 0.9) return `the machine: the generator and the sink use ${used}`
  if (utilisation > 0.9) return `the generator's busiest thread; the generator and the sink use ${used}`
  return `neither the generator nor the machine (${used}): by the sink, by waiting for replies, or by other programs`
}

const describe = ({ accounting, elapsed, health }: Workers.WorkersResult, { sessions }: Plan): string => {
  const { accepted } = accounting
  const rate = `${Summary.count(Math.round((accepted * 1000) / elapsed))} messages/s`
  const many = `${Summary.count(sessions)} ${sessions === 1 ? "session" : "sessions"}`
  const busy = health === undefined ? "" : `, the generator ${Math.round(health.utilisation * 100)} % busy`
  return `${rate} over ${many}${busy}`
}
