import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Workers from "../../src/load/Workers.js"
import * as Accounting from "../../src/measure/Accounting.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import { Connector } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"

/**
 * Workers in this thread. The one of this number dies after so many milliseconds: from then on it says nothing, and its
 * books stand as they did.
 */
const mortal = (dying: number, after: number) =>
  Layer.effect(
    Workers.Workers,
    Effect.map(Connector, (connector) => {
      let started = 0
      return Workers.Workers.of({
        processors: 2,
        start: (payload, onNews) =>
          Effect.gen(function* () {
            const dies = ++started === dying
            const ledger = dies ? new SharedArrayBuffer(payload.ledger.byteLength) : payload.ledger
            const hurrying = yield* Effect.makeLatch()
            const working = yield* Effect.forkScoped(
              Workers.work({ ...payload, ledger }, { stopping: Effect.never, hurrying: hurrying.await }, onNews).pipe(
                Effect.provideService(Connector, connector)
              )
            )
            const death = Effect.zipRight(
              Effect.sleep(after),
              Effect.suspend(() => {
                new Uint8Array(payload.ledger).set(new Uint8Array(ledger))
                return new Workers.WorkerDied({ reason: "out of \x1b[31mmemory" })
              })
            )
            return { end: dies ? death : Fiber.join(working), tell: () => Effect.asVoid(hurrying.open) }
          })
      })
    })
  )

describe("a worker that dies", () => {
  it.effect("ends the run; what it had begun is unknown, and nothing is counted twice", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ helloName: "me.example", messages: 1000, sessions: 8, reuse: true, workers: 2 })
      const server = TestServer.layer({ latency: 10 })
      const result = yield* Workers.run(plan).pipe(
        Effect.provide(Layer.provideMerge(mortal(2, 1005), server)),
        (program) => Simulation.run(program)
      )
      const died = Option.getOrThrow(result.workerDied)
      assert.strictEqual(died.message, "a worker died: out of \\x1b[31mmemory")
      const { accounting } = result
      assert.deepStrictEqual(Accounting.violations(accounting), [])
      // Four sessions each: those of the dead have one message each under way; those of the others are abandoned at its death.
      assert.strictEqual(accounting.unknown, 4)
      assert.strictEqual(accounting.failed + accounting.accepted + accounting.notStarted, 996)
      // A message takes 40 ms: 24 of them in a second, in each of eight sessions.
      assert.isAtLeast(accounting.accepted, 8 * 23)
      assert.isAtMost(accounting.accepted, 8 * 25)
      assert.isAbove(accounting.notStarted, 700)
      assert.isFalse(result.stopped)
    })
  )
})
