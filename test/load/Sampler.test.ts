import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Load from "../../src/load/Load.js"
import { SampleMerge } from "../../src/load/SampleMerge.js"
import type * as Meter from "../../src/measure/Meter.js"
import * as Plan from "../../src/plan/Plan.js"
import { entry, RunningReport } from "../../src/report/RunningReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import * as Counted from "../measure/Counted.js"

/** Runs a plan in virtual time and gives what it came to, and its samples. */
const sampled = (input: Plan.PlanInput, options: TestServer.TestServerOptions, every = 1000) =>
  Effect.gen(function* () {
    const plan = Plan.make({ helloName: "me.example", ...input })
    const samples: Array<Meter.Sample> = []
    const result = yield* Load.run(plan, { sampling: { every, take: (sample) => samples.push(sample) } })
    return { plan, result, samples }
  }).pipe(Effect.provide(TestServer.layer(options)), (program) => Simulation.run(program))

describe("the samples of a run", () => {
  it.effect("end at whole seconds, the last one with the run, and count each thing in its second", () =>
    Effect.gen(function* () {
      // One message a second in each of two sessions, answered at once.
      const { result, samples } = yield* sampled({ messages: 10, sessions: 2, reuse: true, delay: 1 }, { latency: 10 })
      const ends = samples.map(({ interval }) => interval.at)
      assert.isTrue(ends.slice(0, -1).every((at, index) => at === (index + 1) * 1000))
      assert.strictEqual(ends.at(-1), Math.floor(result.elapsed))
      assert.deepStrictEqual(
        samples.slice(0, 4).map(({ interval }) => interval.accepted),
        [2, 2, 2, 2]
      )
      assert.isTrue(samples.slice(0, -1).every(({ interval }) => interval.open === 2 && interval.underWay === 0))
      assert.deepStrictEqual(samples.at(-1)?.interval.connections, Counted.connections({ reused: 2, closedByUs: 2 }))
    })
  )

  it.effect("come at the same times, and hold the same, however the time of day is set meanwhile", () =>
    Effect.gen(function* () {
      const of = (set: (time: number) => number) =>
        Effect.gen(function* () {
          const clock = yield* Effect.clock
          const time = () => set(clock.unsafeCurrentTimeMillis())
          const live: Array<Meter.Sample> = []
          yield* Load.run(Plan.make({ helloName: "me.example", messages: 9, reuse: true, delay: 1 }), {
            sampling: { take: (sample) => live.push(sample) }
          }).pipe(
            Effect.withClock({
              [Clock.ClockTypeId]: Clock.ClockTypeId,
              unsafeCurrentTimeMillis: time,
              currentTimeMillis: Effect.sync(time),
              unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
              currentTimeNanos: clock.currentTimeNanos,
              sleep: (duration) => clock.sleep(duration)
            })
          )
          return live
        }).pipe(Effect.provide(TestServer.layer({ latency: 10 })), (program) => Simulation.run(program))
      const expected = yield* of((time) => time)
      assert.isAbove(expected.length, 7)
      for (const step of [-3_600_000, 3_600_000, -500]) {
        assert.deepStrictEqual(yield* of((time) => (time > 3500 ? time + step : time)), expected, `${step}`)
      }
    })
  )

  it.effect("miss nothing of a run that ends in the millisecond in which one was taken", () =>
    Effect.gen(function* () {
      // Greeting, HELO, MAIL, two RCPT, DATA, the dot and QUIT, which is answered when a second is over.
      const { result, samples } = yield* sampled({ messages: 1, recipients: 2 }, { latency: 125 })
      assert.strictEqual(result.elapsed, 1000)
      const sum = (of: (interval: Meter.Sample["interval"]) => number) =>
        samples.reduce((total, { interval }) => total + of(interval), 0)
      assert.deepStrictEqual(
        [
          sum(({ accepted }) => accepted),
          sum(({ bytes }) => bytes.in),
          sum(({ connections }) => connections.closedByUs)
        ],
        [1, result.recorder.bytesIn, 1]
      )
      const ends = samples.map(({ interval }) => interval.at)
      assert.deepStrictEqual(
        ends,
        [...new Set(ends)].sort((a, b) => a - b)
      )
    })
  )

  it.effect("add up to the report of the whole run", () =>
    Effect.gen(function* () {
      const { plan, result, samples } = yield* sampled(
        { messages: 300, sessions: 7, reuse: true, keepGoing: true, recipients: 2 },
        {
          latency: 30,
          script: ({ message = 0, stage }) =>
            stage === "rcpt" && message % 5 === 0
              ? { say: "550 5.1.1 no\r\n" }
              : stage === "final" && message % 7 === 0
                ? { say: "", end: "reset" as const }
                : undefined
        },
        250
      )
      const version = "1"
      const whole = RunReport.make(plan, result, { version })
      const running = new RunningReport({ ...whole, planned: plan.messages })
      for (const sample of samples) running.add(entry(sample))
      const { ended, elapsed, rate, series, ...added } = running.report()
      assert.strictEqual(ended, "cut")
      assert.isAbove(added.messages.rejected + added.messages.unknown, 0)
      const { ended: _, elapsed: exact, rate: __, ...expected } = whole
      assert.deepStrictEqual(added, expected)
      assert.closeTo(elapsed, exact, 1)
      assert.isAtLeast(series?.intervals.length ?? 0, 2)
    })
  )

  it.effect("tell who closed connections", () =>
    Effect.gen(function* () {
      const { result } = yield* sampled(
        { messages: 6, sessions: 1, keepGoing: true },
        {
          script: ({ session, stage }) =>
            stage === "mail" && session === 1
              ? { say: "421 4.3.2 bye\r\n", end: "close" as const }
              : stage === "data" && session === 3
                ? { say: "", end: "close" as const }
                : undefined
        }
      )
      const { closedByServer, closedByUs, opened } = result.recorder.connections()
      assert.deepStrictEqual({ opened, closedByUs, closedByServer }, { opened: 6, closedByUs: 4, closedByServer: 2 })
    })
  )
})

describe("the samples of several threads", () => {
  it.effect("are given on when all have told, and make the samples of one", () =>
    Effect.gen(function* () {
      const { samples } = yield* sampled({ messages: 60, sessions: 2, reuse: true, delay: 0.1 }, { latency: 5 })
      const taken: Array<Meter.Sample> = []
      const merge = new SampleMerge(2, { take: (sample) => taken.push(sample) })
      const [first, second, ...rest] = samples
      merge.add(0, first!)
      assert.lengthOf(taken, 0)
      merge.add(0, second!)
      merge.add(1, first!)
      assert.lengthOf(taken, 1)
      assert.strictEqual(taken[0]?.interval.accepted, 2 * first!.interval.accepted)
      assert.strictEqual(taken[0]?.interval.length, first!.interval.length)
      // The other thread has nothing more to say; what it has open still counts.
      for (const sample of rest) merge.add(0, sample)
      merge.finish()
      assert.deepStrictEqual(
        taken.map(({ interval }) => interval.at),
        samples.map(({ interval }) => interval.at)
      )
      assert.strictEqual(taken[1]?.interval.accepted, second!.interval.accepted)
      assert.strictEqual(taken[1]?.interval.open, 2 * second!.interval.open)
    })
  )
})
