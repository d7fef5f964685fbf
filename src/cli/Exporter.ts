/**
 * What --otlp takes: the telemetry of a run over fetch, in JSON.
 *
 * @since 0.1.0
 */
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Plan } from "../plan/Plan.js"
import * as Telemetry from "../telemetry/Telemetry.js"

/**
 * Begins to follow a run. `collector` is its URL, or `auto` for the one that the environment names. `warn` is told once of
 * what fails.
 *
 * @since 0.1.0
 * @category running
 */
export const start = (
  plan: Plan,
  collector: string,
  warn: (reason: string) => void
): Effect.Effect<Telemetry.Followed, never, Scope.Scope> => {
  const telemetry = Telemetry.layer({
    endpoint: collector === "auto" ? undefined : collector,
    onFailure: ({ message }) => Effect.sync(() => warn(message))
  })
  // Where a collector would have us go instead is another collector, and fetch would go there without the metrics.
  const client = Layer.provide(
    FetchHttpClient.layer,
    Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })
  )
  // The code behind the first fetch takes 25 ms to load: not while the run goes on. This one asks nobody.
  const loaded = Effect.ignore(Effect.tryPromise(() => fetch("data:,")))
  return Effect.zipRight(
    loaded,
    Effect.flatMap(Telemetry.Telemetry, (service) => service.start(plan))
  ).pipe(Effect.provide(Layer.provide(telemetry, [OtlpSerialization.layerJson, client])))
}
