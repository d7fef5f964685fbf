import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Workers from "../../src/load/Workers.js"
import * as Accounting from "../../src/measure/Accounting.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { mortal, well } from "./WorkersHere.js"

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

describe("a run over threads", () => {
  it.effect("tells who follows it when it began, how many messages there are, and its name", () =>
    Effect.gen(function* () {
      const told: Array<readonly [Date, number | undefined, string]> = []
      const plan = Plan.make({ helloName: "me.example", messages: 12, sessions: 4, workers: 2, runId: "one" })
      const begin = (...begun: (typeof told)[number]) => void told.push(begun)
      const { startedAt } = yield* Workers.run(plan, { sampling: { begin, take: () => {} } }).pipe(
        Effect.provide(Layer.provideMerge(well, TestServer.layer())),
        (program) => Simulation.run(program)
      )
      assert.deepStrictEqual(told, [[startedAt, 12, "one"]])
    })
  )
})

/** Runs a plan over threads against a server in memory, in virtual time: the result, and when connections were opened. */
const over = (input: Plan.PlanInput, server: TestServer.TestServerOptions = {}) =>
  Effect.gen(function* () {
    const result = yield* Workers.run(Plan.make({ helloName: "me.example", ...input }))
    assert.deepStrictEqual(result.violations, [])
    const { accepted, sessions } = yield* TestServer.TestServer
    return { ...result, received: accepted, opened: sessions.map(({ openedAt }) => openedAt) }
  }).pipe(Effect.provide(Layer.provideMerge(well, TestServer.layer(server))), (program) => Simulation.run(program))

const often = (times: ReadonlyArray<number>, from: number, to: number) =>
  times.filter((time) => time >= from && time < to).length

describe("what threads share", () => {
  it.effect("is the number of connections on their way: as many as --connecting in all", () =>
    Effect.gen(function* () {
      for (const workers of [1, 2, 3, 4, 9]) {
        const plan = { messages: 28, sessions: 28, connecting: 7, workers }
        const { accounting, opened } = yield* over(plan, { latency: { greeting: "500 millis" } })
        assert.strictEqual(accounting.accepted, 28)
        // At first each thread has a session for each of its places.
        for (let wave = 0; wave < 3; wave++) assert.strictEqual(often(opened, wave * 500, wave * 500 + 500), 7)
      }
    })
  )

  it.effect("is the rate of connects: evenly spaced, whichever thread opens the next", () =>
    Effect.gen(function* () {
      for (const workers of [1, 2, 4]) {
        const plan = { messages: 32, sessions: 8, connectRate: 8, workers }
        const { opened } = yield* over(plan)
        assert.deepStrictEqual(
          [...opened].sort((a, b) => a - b),
          Array.from({ length: 32 }, (_, connection) => connection * 125)
        )
      }
    })
  )

  it.effect("are the sessions, and the messages of -m, each of which is sent once", () =>
    Effect.gen(function* () {
      for (const workers of [1, 2, 3]) {
        const plan = { messages: 1001, sessions: 7, reuse: true, numberRecipients: true, workers }
        const { accounting, opened, received } = yield* over(plan, { latency: { final: "10 millis" } })
        assert.strictEqual(accounting.accepted, 1001)
        assert.lengthOf(opened, 7)
        assert.strictEqual(new Set(received.flatMap(({ recipients }) => recipients)).size, 1001)
      }
    })
  )

  it.effect("is the time: what waits when it is over is not started, and what is under way is drained", () =>
    Effect.gen(function* () {
      const plan = { rate: "100/s", duration: "2s", maxSessions: 4, reuse: true, workers: 2, drain: 1 }
      const slow = yield* over(plan, { latency: { data: "500 millis" } })
      assert.deepStrictEqual([slow.accounting.planned, slow.accounting.accepted, slow.brokenOff], [200, 16, false])
      const silent = yield* over(plan, { script: { mail: { say: "" } } })
      assert.deepStrictEqual([silent.accounting.started, silent.accounting.failed, silent.brokenOff], [4, 4, true])
      assert.strictEqual(silent.elapsed, 3000)
    })
  )
})
