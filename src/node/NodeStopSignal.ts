/**
 * SIGINT, SIGTERM and SIGHUP as stop requests.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type SignalName, StopSignal, signalNames } from "../load/StopSignal.js"

/**
 * Provides `StopSignal` from the process's signals.
 *
 * A signal is taken only while somebody waits for the first one, and from then until the second. At all other times it ends
 * the process, as the system has it: a command that has not begun its run, or is blocked after it, has no books to print.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<StopSignal> = Layer.scoped(
  StopSignal,
  Effect.gen(function* () {
    const first = yield* Deferred.make<SignalName>()
    const second = yield* Deferred.make<SignalName>()
    let received = 0
    let waiting = 0
    const onSignal = (name: NodeJS.Signals) => {
      received++
      Deferred.unsafeDone(received === 1 ? first : second, Effect.succeed(signalNames.find((each) => each === name)!))
      if (received === 2) release()
    }
    const release = () => {
      for (const name of signalNames) process.off(name, onSignal)
    }
    yield* Effect.addFinalizer(() => Effect.sync(release))
    const listen = Effect.sync(() => {
      if (waiting++ > 0 || received > 0) return
      for (const name of signalNames) process.on(name, onSignal)
    })
    const leave = Effect.sync(() => {
      if (--waiting === 0 && received === 0) release()
    })
    return StopSignal.of({
      first: Effect.acquireUseRelease(
        listen,
        () => Deferred.await(first),
        () => leave
      ),
      second: Deferred.await(second)
    })
  })
)
