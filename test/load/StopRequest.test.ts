import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { StopRequest } from "../../src/load/StopRequest.js"
import * as Watchdog from "../../src/load/Watchdog.js"
import type { Deadlines } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"

const simulated = <A, E>(test: (deadlines: Deadlines) => Effect.Effect<A, E>) =>
  Simulation.run(Effect.scoped(Effect.flatMap(Watchdog.make, test)))

describe("StopRequest", () => {
  it("is told to each watcher once, to those who come late at once, and not to those who have left", () => {
    const request = new StopRequest()
    const told: Array<string> = []
    request.watch(() => told.push("one"))
    const leave = request.watch(() => told.push("two"))
    leave()
    assert.isFalse(request.isMade())
    request.make()
    request.make()
    assert.isTrue(request.isMade())
    request.watch(() => told.push("three"))
    assert.deepStrictEqual(told, ["one", "three"])
  })

  it("is not told to a watcher that another one, which was told before, calls off", () => {
    const request = new StopRequest()
    const told: Array<string> = []
    const off: Array<() => void> = []
    const tell = (name: string) => () => {
      told.push(name)
      for (const callOff of off) callOff()
    }
    off.push(request.watch(tell("one")), request.watch(tell("other")))
    request.make()
    assert.deepStrictEqual(told, ["one"])
  })

  it.effect("ends a pause, which ends by itself otherwise", () =>
    simulated((deadlines) =>
      Effect.gen(function* () {
        const request = new StopRequest()
        yield* request.pause(0, deadlines)
        assert.strictEqual(yield* Clock.currentTimeMillis, 0)
        yield* request.pause(1500, deadlines)
        assert.strictEqual(yield* Clock.currentTimeMillis, 1500)
        yield* Effect.fork(
          Effect.delay(
            Effect.sync(() => request.make()),
            500
          )
        )
        yield* request.pause(1e9, deadlines)
        assert.strictEqual(yield* Clock.currentTimeMillis, 2000)
        // Nothing is waited for any more.
        yield* request.pause(1e9, deadlines)
        yield* request.awaited
        assert.strictEqual(yield* Clock.currentTimeMillis, 2000)
      })
    )
  )

  it.effect("wakes all who await it, and forgets those who were interrupted", () =>
    simulated((deadlines) =>
      Effect.gen(function* () {
        const request = new StopRequest()
        const woken: Array<string> = []
        const waits = (name: string, until: Effect.Effect<void>) =>
          Effect.fork(
            Effect.map(until, () => {
              woken.push(name)
            })
          )
        const gone = [yield* waits("gone", request.awaited), yield* waits("gone", request.pause(1e9, deadlines))]
        const left = [yield* waits("awaits", request.awaited), yield* waits("pauses", request.pause(1e9, deadlines))]
        yield* Effect.sleep(10)
        yield* Fiber.interruptAll(gone)
        request.make()
        yield* Fiber.joinAll(left)
        assert.deepStrictEqual(woken.sort(), ["awaits", "pauses"])
        assert.strictEqual(yield* Clock.currentTimeMillis, 10)
      })
    )
  )
})
