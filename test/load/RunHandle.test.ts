import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Load from "../../src/load/Load.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import type { Connector } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"

const plan = Plan.make({ messages: 1000, drain: 60 })

const one = Scenario.forEachMessage((message) =>
  Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
)

const simulated = <A, E>(program: Effect.Effect<A, E, TestServer.TestServer | Connector>) =>
  program.pipe(Effect.provide(TestServer.layer({ latency: { final: "1 second" } })), (load) => Simulation.run(load))

const ways = [
  ["a plan", () => Load.start(plan)],
  ["a scenario", () => Load.start(plan, one)]
] as const

for (const [name, start] of ways) {
  describe(`the handle of ${name}`, () => {
    it.effect("stops the run with the message under way, and has the result as often as it is asked", () =>
      Effect.gen(function* () {
        const run = yield* start()
        const third = yield* run.events.pipe(
          Stream.filter((event) => event._tag === "MessageEnded"),
          Stream.drop(2),
          Stream.runHead
        )
        assert.deepInclude(Option.getOrThrow(third), { message: 2, at: 3000 })
        yield* Effect.sleep(500)
        yield* run.stop
        assert.strictEqual(yield* Clock.currentTimeMillis, 3500)
        const result = yield* run.await
        assert.deepStrictEqual([result.accounting.accepted, result.accounting.notStarted], [4, 996])
        assert.isTrue(result.stopped)
        assert.strictEqual(result.elapsed, 4000)
        assert.strictEqual(yield* run.await, result)
      }).pipe(Effect.scoped, simulated)
    )

    it.effect("ends the run with its scope, and its connections with it", () =>
      Effect.gen(function* () {
        const server = yield* TestServer.TestServer
        yield* Effect.scoped(Effect.zipRight(start(), Effect.sleep(2500)))
        // The third was under way.
        const taken = server.accepted.length
        assert.isAtMost(taken, 3)
        assert.isTrue(server.sessions.every(({ end }) => end !== undefined))
        yield* Effect.sleep("1 minute")
        assert.strictEqual(server.accepted.length, taken)
      }).pipe(simulated)
    )
  })
}
