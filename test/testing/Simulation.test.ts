import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/TestClock"
import * as Load from "../../src/load/Load.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"

const services = TestServer.layer()

describe("the time of a simulation", () => {
  it.effect("begins at 0 and moves to each moment at which somebody wakes, in their order", () =>
    Effect.gen(function* () {
      const woken: Array<readonly [number, string]> = []
      const sleeper = (name: string, milliseconds: number) =>
        Effect.zipRight(
          Effect.sleep(milliseconds),
          Effect.map(Clock.currentTimeMillis, (now) => woken.push([now, name]))
        )
      yield* Simulation.run(
        Effect.all([sleeper("c", 30), sleeper("a", 10), sleeper("b", 10), sleeper("d", 30.5)], {
          concurrency: "unbounded"
        })
      )
      assert.deepStrictEqual(woken, [
        [10, "a"],
        [10, "b"],
        [30, "c"],
        [30.5, "d"]
      ])
    })
  )

  it.effect("does not wait for a sleep that was interrupted", () =>
    Effect.gen(function* () {
      const now = yield* Simulation.run(
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(Effect.sleep("1 hour"))
          yield* Effect.sleep("1 second")
          yield* Fiber.interrupt(fiber)
          yield* Effect.sleep("1 second")
          return yield* Clock.currentTimeMillis
        })
      )
      assert.strictEqual(now, 2000)
    })
  )

  it.effect("stands still while fibers compute, however many turns that takes, and while promises resolve", () =>
    Effect.gen(function* () {
      const times = yield* Simulation.run(
        Effect.gen(function* () {
          yield* Effect.fork(Effect.sleep(1))
          yield* Effect.repeatN(Effect.yieldNow(), 5000)
          yield* Effect.promise(async () => {
            for (let turn = 0; turn < 100; turn++) await Promise.resolve()
          })
          const before = yield* Clock.currentTimeMillis
          yield* Effect.sleep(1)
          return [before, yield* Clock.currentTimeMillis]
        })
      )
      assert.deepStrictEqual(times, [0, 1])
    })
  )

  it.effect("passes twenty thousand wake-ups in less than a second", () =>
    Effect.gen(function* () {
      const begun = performance.now()
      const sleepers = Array.from({ length: 1000 }, (_, index) => 1 + ((index * 7919) % 1000))
      const now = yield* Simulation.run(
        Effect.zipRight(
          Effect.forEach(sleepers, (time) => Effect.repeatN(Effect.sleep(time), 19), { concurrency: "unbounded" }),
          Clock.currentTimeMillis
        )
      )
      assert.strictEqual(now, 20_000)
      // It takes a third of a second where nothing else goes on. TestClock, at four milliseconds each, takes eighty.
      assert.isBelow(performance.now() - begun, 20_000)
    })
  )

  it.effect("passes the pauses of a run's sessions", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ messages: 2100, sessions: 100, delay: 60, reuse: true })
      const { accounting, elapsed } = yield* Simulation.run(Effect.provide(Load.run(plan), services))
      assert.strictEqual(accounting.accepted, 2100)
      assert.strictEqual(elapsed, 20 * 60_000)
    })
  )
})

describe("a simulation", () => {
  it.effect("is the same each time, and another one with another seed", () =>
    Effect.gen(function* () {
      const draws = Effect.replicateEffect(Random.nextInt, 5)
      const first = yield* Simulation.run(draws, { seed: 1 })
      assert.deepStrictEqual(yield* Simulation.run(draws, { seed: 1 }), first)
      assert.notDeepEqual(yield* Simulation.run(draws, { seed: 2 }), first)

      const load = Effect.gen(function* () {
        const server = yield* TestServer.TestServer
        yield* Load.run(Plan.make({ messages: 200, sessions: 20, randomDelay: 1.5, seed: "x" }))
        return server.log
      }).pipe(Effect.provide(services))
      assert.deepStrictEqual(yield* Simulation.run(load), yield* Simulation.run(load))
    })
  )

  it.effect("sees what the same program does under TestClock, when it does it", () =>
    Effect.gen(function* () {
      const options = { latency: { rcpt: 7, final: 130 }, stalls: [{ at: 2000, lasts: 500 }] }
      const load = Effect.gen(function* () {
        const server = yield* TestServer.TestServer
        yield* Load.run(Plan.make({ messages: 30, sessions: 4, randomDelay: 1.5, seed: "x", connecting: 3 }))
        return server.log.map(({ line, session, time }) => `${time} ${session} ${line}`)
      }).pipe(Effect.provide(TestServer.layer(options)))
      const fiber = yield* Effect.fork(load)
      yield* TestClock.adjust("1 minute")
      const log = yield* Fiber.join(fiber)
      assert.isAbove(log.length, 100)
      assert.sameMembers([...(yield* Simulation.run(load))], [...log])
    })
  )

  it.effect("fails when nothing can wake the program any more, and says when that was", () =>
    Effect.gen(function* () {
      const finalized: Array<number> = []
      const waiting = Effect.gen(function* () {
        yield* Effect.sleep(1500)
        return yield* Deferred.await(yield* Deferred.make<never>())
      }).pipe(
        Effect.ensuring(
          Effect.zipRight(
            Effect.sleep(10),
            Effect.map(Clock.currentTimeMillis, (now) => finalized.push(now))
          )
        )
      )
      const stuck = yield* Effect.flip(Simulation.run(waiting))
      assert.deepInclude(stuck, { _tag: "SimulationStuck", reason: "deadlock", at: 1500 })
      assert.include(stuck.message, "at 1.5 s")
      assert.deepStrictEqual(finalized, [1510])
    })
  )

  it.effect("fails when it has not ended in time", () =>
    Effect.gen(function* () {
      const stuck = yield* Effect.flip(Simulation.run(Effect.forever(Effect.sleep(700)), { limit: "1 minute" }))
      assert.deepInclude(stuck, { reason: "limit", at: 59_500 })
    })
  )

  it.effect("ends as the program does, whatever is still asleep", () =>
    Effect.gen(function* () {
      const program = Effect.zipRight(Effect.forkDaemon(Effect.sleep("1 hour")), Effect.fail("no"))
      assert.deepStrictEqual(yield* Effect.either(Simulation.run(program)), Either.left("no"))
    })
  )

  it.live("that is interrupted interrupts the program, and waits for its finalizers", () =>
    Effect.gen(function* () {
      let finalized = false
      const program = Effect.ensuring(
        Effect.never,
        Effect.zipRight(
          Effect.sleep("1 minute"),
          Effect.sync(() => {
            finalized = true
          })
        )
      )
      const fiber = yield* Effect.fork(Simulation.run(program))
      yield* Effect.yieldNow()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.isTrue(finalized)
    })
  )
})
