import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Load from "../../src/load/Load.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import * as Workers from "../../src/load/Workers.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import type { Connector } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { well } from "./WorkersHere.js"

// What a plan says of when messages are due holds in each way to run it.

type Run = (plan: Plan.PlanInput) => Effect.Effect<Load.RunResult, unknown, Connector | Workers.Workers>

const ways: { readonly [name: string]: Run } = {
  "one thread": (input) => Load.run(Plan.make(input)),
  "two threads": (input) => Workers.run(Plan.make({ ...input, workers: 2 })),
  "a scenario": (input) =>
    Scenario.run(
      Plan.make(input),
      Scenario.forEachMessage((message) =>
        Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
      )
    )
}

const run = (name: string, input: Plan.PlanInput, server: TestServer.TestServerOptions = {}) =>
  Effect.gen(function* () {
    const result = yield* ways[name]!({ helloName: "me.example", maxSessions: 20, seed: "a", ...input })
    assert.deepStrictEqual(result.violations, [])
    const { log, sessions } = yield* TestServer.TestServer
    const times = log.flatMap(({ line, time }) => (line.startsWith("MAIL") ? [time] : [])).sort((a, b) => a - b)
    return { ...result, opened: sessions.map(({ openedAt }) => openedAt).sort((a, b) => a - b), times }
  }).pipe(Effect.provide(Layer.provideMerge(well, TestServer.layer(server))), (program) => Simulation.run(program))

const rounded = (times: ReadonlyArray<number>) => times.map((time) => Math.round(time))
const within = (times: ReadonlyArray<number>, from: number, to: number) =>
  times.filter((time) => time >= from && time < to).length

for (const name of Object.keys(ways)) {
  describe(`messages that are due, sent by ${name},`, () => {
    it.effect("are so at the rate, for as long as the duration says", () =>
      Effect.gen(function* () {
        const { times } = yield* run(name, { rate: "10/s", duration: "1s" })
        assert.deepStrictEqual(
          rounded(times),
          Array.from({ length: 10 }, (_, index) => index * 100)
        )
      })
    )

    it.effect("are so in stages", () =>
      Effect.gen(function* () {
        const { times } = yield* run(name, { stages: "1s:5/s,1s:20/s" })
        assert.deepStrictEqual([within(times, 0, 1000), within(times, 1000, 2000), times.length], [5, 20, 25])
      })
    )

    it.effect("are so some at a time", () =>
      Effect.gen(function* () {
        const { times } = yield* run(name, { rate: "10/s", duration: "1s", burst: 5 })
        assert.deepStrictEqual(rounded(times), [0, 0, 0, 0, 0, 500, 500, 500, 500, 500])
      })
    )

    it.effect("are so at random times, which the seed alone decides", () =>
      Effect.gen(function* () {
        const plan: Plan.PlanInput = { rate: "20/s", duration: "2s", arrivals: "poisson" }
        const { times } = yield* run(name, plan)
        assert.isAbove(new Set(rounded(times.slice(1).map((time, index) => time - times[index]!))).size, 10)
        assert.notDeepEqual((yield* run(name, { ...plan, seed: "b" })).times, times)
        assert.deepStrictEqual(rounded((yield* run("one thread", plan)).times), rounded(times))
      })
    )

    it.effect("are left out where they would start too late", () =>
      Effect.gen(function* () {
        const plan = { rate: "10/s", duration: "2s", maxSessions: 2 }
        const server = { latency: { final: "500 millis" } } as const
        const waiting = yield* run(name, plan, server)
        assert.strictEqual(waiting.recorder.dropped, 0)
        const { accounting, recorder } = yield* run(name, { ...plan, dropLate: 0.3 }, server)
        assert.isAbove(recorder.dropped, 5)
        assert.isAtLeast(accounting.notStarted, recorder.dropped)
      })
    )

    it.effect("have their connections opened at the rate of --connect-rate", () =>
      Effect.gen(function* () {
        const { opened } = yield* run(name, { rate: "10/s", messages: 6, burst: 6, connectRate: 2 })
        // Each thread has its share of the rate, whatever it has to send at the end.
        assert.deepStrictEqual(rounded(opened.slice(0, 5)), [0, 500, 1000, 1500, 2000])
      })
    )

    it.effect("have no more connections on their way than --connecting", () =>
      Effect.gen(function* () {
        const plan = { rate: "10/s", messages: 6, burst: 6, connecting: 2 }
        const { opened } = yield* run(name, plan, { latency: { greeting: "300 millis" } })
        assert.deepStrictEqual(rounded(opened.slice(0, 4)), [0, 0, 300, 300])
      })
    )

    it.effect("are measured after the warm-up alone", () =>
      Effect.gen(function* () {
        const plan = { rate: "10/s", duration: "2s" }
        const { recorder } = yield* run(name, { ...plan, warmUp: "500ms" })
        assert.approximately(recorder.warmUpEnd, 500, 101)
        assert.strictEqual(recorder.warmUpAccepted, 5)
        assert.strictEqual((yield* run(name, plan)).recorder.warmUpEnd, 0)
      })
    )
  })
}
