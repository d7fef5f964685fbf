/**
 * The metrics of a run, sent to an OpenTelemetry collector at its start, each second while it goes on, and whole at its end.
 *
 * Sums count from the run's start: a request that is lost costs resolution and nothing else, and none is kept. A collector
 * that is down or slow is reported once, and does not hold up the run: at its end it is waited for, for two seconds at most, or four where a request fails first.
 *
 * This module needs the package @effect/opentelemetry, of which it uses what asks for no other package.
 *
 * @since 0.1.0
 */
import * as OtlpResource from "@effect/opentelemetry/OtlpResource"
import type { OtlpSerialization } from "@effect/opentelemetry/OtlpSerialization"
import type { HttpClient } from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import type * as Load from "../load/Load.js"
import type { Sampling } from "../load/Sampler.js"
import type { WorkersResult } from "../load/Workers.js"
import type { Plan } from "../plan/Plan.js"
import { version } from "../version.js"
import * as OtlpExport from "./OtlpExport.js"
import { RunMetrics } from "./RunMetrics.js"

/**
 * Where to send, and who is told when that fails.
 *
 * @since 0.1.0
 * @category models
 */
export interface TelemetryOptions extends OtlpExport.ExportOptions {
  /** Called with the first failure. Without it, a warning is logged. */
  readonly onFailure?: ((failure: OtlpExport.ExportFailed) => Effect.Effect<void>) | undefined
}

/**
 * What a run that is followed is given, and what is done at its end.
 *
 * @since 0.1.0
 * @category models
 */
export interface Followed {
  /** For the run. Samples may come more often than each second. */
  readonly sampling: Sampling
  /** Sends what the run came to. It does not fail, and takes four seconds at most; two where the collector does not answer. */
  readonly finish: (result: Load.RunResult & Partial<WorkersResult>) => Effect.Effect<void>
}

/**
 * Follows runs, each on its own.
 *
 * @since 0.1.0
 * @category services
 */
export class Telemetry extends Context.Tag("smtp-source/Telemetry")<
  Telemetry,
  {
    /** Begins to follow a run of the plan, until the scope ends. */
    readonly start: (plan: Plan) => Effect.Effect<Followed, never, Scope.Scope>
  }
>() {}

/** How long a request may take while the run goes on, and each of two at its end. */
const patience = { during: "5 seconds", last: "2 seconds" } as const

/**
 * Follows a run from its beginning to its end.
 *
 * @since 0.1.0
 * @category running
 * @example
 * import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import { Load, NodeServices, Plan } from "smtp-source"
 * import { Telemetry } from "smtp-source/telemetry"
 *
 * // The endpoint is that of a collector, such as http://localhost:4318.
 * export const measure = (target: string, endpoint: string) => {
 *   const plan = Plan.make({ target, messages: 1000, sessions: 20, reuse: true })
 *   const telemetry = Telemetry.layer({ endpoint }).pipe(
 *     Layer.provide([OtlpSerialization.layerJson, FetchHttpClient.layer])
 *   )
 *   return Telemetry.follow(plan, (sampling) => Load.run(plan, { sampling })).pipe(
 *     Effect.provide([telemetry, NodeServices.layer])
 *   )
 * }
 */
export const follow = <A extends Load.RunResult & Partial<WorkersResult>, E, R>(
  plan: Plan,
  run: (sampling: Sampling) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | Telemetry> =>
  Effect.flatMap(Telemetry, (telemetry) =>
    Effect.acquireUseRelease(
      Scope.make(),
      (scope) =>
        Effect.flatMap(Scope.extend(telemetry.start(plan), scope), ({ finish, sampling }) =>
          Effect.tap(run(sampling), (result) => finish(result))
        ),
      (scope, exit) => Scope.close(scope, exit)
    )
  )

/**
 * Provides `Telemetry`. `OtlpSerialization` says in which form metrics are sent, JSON or Protocol Buffers.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: TelemetryOptions = {}): Layer.Layer<Telemetry, never, HttpClient | OtlpSerialization> =>
  Layer.effect(Telemetry, make(options))

const make = ({ onFailure = logged, ...options }: TelemetryOptions) =>
  Effect.gen(function* () {
    const send = yield* OtlpExport.make(options)
    const serviceName = yield* Effect.orElseSucceed(Config.nonEmptyString("OTEL_SERVICE_NAME"), () => "smtp-source")
    const environment = yield* OtlpResource.fromConfig({ serviceName, serviceVersion: version })
    return Telemetry.of({ start: (plan) => start(plan, send, environment, onFailure) })
  })

const logged = (failure: OtlpExport.ExportFailed): Effect.Effect<void> => Effect.logWarning(failure.message)

const start = (
  { sink, target = sink ? "sink" : "localhost" }: Plan,
  send: OtlpExport.Send,
  environment: OtlpResource.Resource,
  onFailure: (failure: OtlpExport.ExportFailed) => Effect.Effect<void>
): Effect.Effect<Followed, never, Scope.Scope> =>
  Effect.gen(function* () {
    const news = yield* Queue.sliding<void>(1)
    let run: { readonly metrics: RunMetrics; readonly startedAt: number; readonly resource: unknown } | undefined
    let sentAt = 0
    let told = false
    const tell = (failure: OtlpExport.ExportFailed) =>
      Effect.suspend(() => {
        if (told) return Effect.void
        told = true
        return onFailure(failure)
      })
    const exported = (atMost: keyof typeof patience) =>
      Effect.suspend(() => {
        // Nothing is sent before there is something to say: a request without metrics is none that collectors expect.
        if (run === undefined) return Effect.void
        const scopeMetrics = [{ scope: { name: "smtp-source", version }, metrics: run.metrics.metrics() }]
        return send({ resourceMetrics: [{ resource: run.resource, scopeMetrics }] }, patience[atMost])
      })
    const exporting = yield* Effect.forkScoped(
      Effect.forever(
        Effect.zipRight(
          Queue.take(news),
          Effect.catchAll(exported("during"), (failure) => tell(failure))
        )
      )
    )
    return {
      sampling: {
        begin: (startedAt, planned, runId) => {
          const metrics = new RunMetrics(startedAt.getTime(), planned)
          run = { metrics, startedAt: startedAt.getTime(), resource: resourceOf(environment, target, runId) }
          // Sums begin at 0, at the run's start.
          Queue.unsafeOffer(news, undefined)
        },
        take: (sample) => {
          if (run === undefined) return
          run.metrics.add(sample)
          const second = Math.floor((run.startedAt + sample.interval.at) / 1000)
          if (second === sentAt) return
          sentAt = second
          Queue.unsafeOffer(news, undefined)
        }
      },
      finish: ({ accounting, elapsed, recorder, workerDied = Option.none() }) =>
        Effect.gen(function* () {
          yield* Fiber.interrupt(exporting)
          if (run === undefined) return
          run.metrics.close(accounting, elapsed)
          // What a dead worker recorded is known from its samples alone.
          if (Option.isNone(workerDied)) run.metrics.replace(recorder)
          // Twice: a connection that is kept open may be closed by the other side just now. Not after a wait in vain.
          yield* exported("last").pipe(
            Effect.retry({ times: 1, while: ({ reason }) => reason !== OtlpExport.noAnswer }),
            Effect.catchAll((failure) => tell(failure))
          )
        })
    }
  })

/** Whom metrics are of. Of attributes by the same name, the later one counts. */
const resourceOf = (environment: OtlpResource.Resource, target: string, runId: string): OtlpResource.Resource => {
  const own = OtlpResource.entriesToAttributes([
    ["service.instance.id", runId],
    ["smtp_source.target", target]
  ])
  const byName = new Map([...environment.attributes, ...own].map((attribute) => [attribute.key, attribute]))
  return { attributes: [...byName.values()], droppedAttributesCount: 0 }
}
