/**
 * SIGINT, SIGTERM and SIGHUP as stop requests.
 *
 * @since 0.1.0
 */
import { makeRunMain } from "@effect/platform/Runtime"
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
  Effect.map(
    Effect.suspend(() => make),
    ({ service }) => service
  )
)

/** The service, and whether anybody waits for a signal of it now. */
const make = Effect.gen(function* () {
  const first = yield* Deferred.make<SignalName>()
  const second = yield* Deferred.make<SignalName>()
  let received = 0
  let waiting = 0
  let hurrying = 0
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
  const service = StopSignal.of({
    first: Effect.acquireUseRelease(
      listen,
      () => Deferred.await(first),
      () => leave
    ),
    second: Effect.acquireUseRelease(
      Effect.sync(() => {
        hurrying++
      }),
      () => Deferred.await(second),
      () =>
        Effect.sync(() => {
          hurrying--
        })
    )
  })
  return { service, takes: () => waiting > 0 || hurrying > 0 }
})

/**
 * Runs a program as NodeRuntime's `runMain` of @effect/platform-node does, and provides `StopSignal`: while a run listens, the
 * first signal stops it, and it ends with its books; the second does not wait for what is under way. At other times a signal
 * interrupts the program.
 *
 * @since 0.1.0
 * @category running
 */
export const runMain = <A, E>(program: Effect.Effect<A, E, StopSignal>): void => {
  let takes = () => false
  const provided = Effect.scoped(
    Effect.flatMap(make, (made) => {
      takes = made.takes
      return Effect.provideService(program, StopSignal, made.service)
    })
  )
  const main = makeRunMain(({ fiber, teardown }) => {
    const keepAlive = setInterval(() => {}, 2 ** 31 - 1)
    let interrupted = false
    const release = () => {
      for (const name of signalNames) process.off(name, onSignal)
    }
    // Of two listeners this one is the first: what the run takes, it still has.
    const onSignal = () => {
      if (takes()) return
      interrupted = true
      release()
      fiber.unsafeInterruptAsFork(fiber.id())
    }
    for (const name of signalNames) process.on(name, onSignal)
    fiber.addObserver((exit) => {
      release()
      clearInterval(keepAlive)
      teardown(exit, (code) => {
        if (interrupted || code !== 0) process.exit(code)
      })
    })
  })
  main(provided)
}
