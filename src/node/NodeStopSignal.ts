/**
 * SIGINT and SIGTERM as stop requests.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type SignalName, StopSignal } from "../load/StopSignal.js"

/**
 * Provides `StopSignal` from the process's signals, for as long as the layer lives.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<StopSignal> = Layer.scoped(
  StopSignal,
  Effect.gen(function* () {
    const first = yield* Deferred.make<SignalName>()
    const second = yield* Deferred.make<SignalName>()
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        let received = 0
        const onSignal = (signal: NodeJS.Signals) => {
          const name = signal === "SIGTERM" ? "SIGTERM" : "SIGINT"
          received++
          if (received <= 2) Deferred.unsafeDone(received === 1 ? first : second, Effect.succeed(name))
        }
        process.on("SIGINT", onSignal)
        process.on("SIGTERM", onSignal)
        return onSignal
      }),
      (onSignal) =>
        Effect.sync(() => {
          process.off("SIGINT", onSignal)
          process.off("SIGTERM", onSignal)
        })
    )
    return StopSignal.of({ first: Deferred.await(first), second: Deferred.await(second) })
  })
)
