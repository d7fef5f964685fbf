/**
 * What is measured of a server whose queue has a theory must be what the theory says: within four standard errors of the
 * mean, which batches of the run's own give (the waiting times of neighbours are much alike, so that they count as one).
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Load from "../../src/load/Load.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import * as Histogram from "../../src/measure/Histogram.js"
import * as Distribution from "../../src/plan/Distribution.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Dialogue from "../../src/smtp/Dialogue.js"
import type { Wire } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"

/** Arrivals that each come on their own, so many a second, from a seed. */
const poisson = (perSecond: number, messages: number, seed: string): Scenario.StartTimes =>
  Scenario.arrivals({ rate: `${perSecond}/s`, arrivals: "poisson", messages, seed })

const noop = (wire: Wire) => Dialogue.request(wire, "NOOP")

/** The time that each arrival took, from when it was due to its answer, in milliseconds. */
const measure = (
  times: Scenario.StartTimes,
  options: TestServer.TestServerOptions,
  { sessions = 60, step = noop }: { readonly sessions?: number; readonly step?: typeof noop } = {}
) =>
  Effect.gen(function* () {
    const taken: Array<number> = []
    const late: Array<number> = []
    const scenario = Effect.flatMap(Scenario.open, (wire) => Scenario.onSchedule(step(wire), times, "step"))
    const { recorder } = yield* Scenario.run(Plan.make({ sessions }), scenario, {
      onMeasured: (name, _, elapsed) => (name === "step" ? taken : late).push(elapsed)
    })
    return { late, recorder, taken }
  }).pipe(Effect.provide(TestServer.layer(options)), (program) => Simulation.run(program))

const mean = (numbers: ReadonlyArray<number>) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length

/** The mean and its standard error, by thirty batches. */
const estimate = (numbers: ReadonlyArray<number>) => {
  const size = Math.floor(numbers.length / 30)
  const means = Array.from({ length: 30 }, (_, batch) => mean(numbers.slice(batch * size, (batch + 1) * size)))
  const all = mean(means)
  return { mean: all, error: Math.sqrt(mean(means.map((each) => (each - all) ** 2)) / 29) }
}

/** A server that takes 10 ms for each: 100 a second at most. */
const service = 10

describe("waiting times", () => {
  for (const load of [0.3, 0.6, 0.8]) {
    it.effect(`at a server of constant speed, busy for ${load} of the time, are those of M/D/1`, () =>
      Effect.gen(function* () {
        const times = poisson(100 * load, 10_000, `M/D/1 ${load}`)
        const { late, taken } = yield* measure(times, { capacity: { service, stages: ["other"] } })
        // There was always a session free: to the nanosecond, which is all that a clock has.
        assert.isBelow(Math.max(...late), 1e-6)
        const waits = taken.map((time) => time - service)
        assert.isAtLeast(Math.min(...waits), -1e-6)
        const found = estimate(waits)
        // ρ / (2μ(1 − ρ))
        const theory = (load / (2 * (1 - load))) * service
        assert.isBelow(Math.abs(found.mean - theory), 4 * found.error)
        // The error must be small enough for that to mean something.
        assert.isBelow(found.error, 0.1 * theory)
        // Who comes finds nobody as often as nobody is there.
        const atOnce = waits.filter((wait) => wait < 1e-6).length / waits.length
        assert.closeTo(atOnce, 1 - load, 0.02)
      })
    )
  }

  it.effect("at a server whose speed varies are those of M/M/1, twice as long, and exponential", () =>
    Effect.gen(function* () {
      const { taken } = yield* measure(poisson(60, 10_000, "M/M/1"), {
        capacity: { service: Distribution.exponential(service), stages: ["other"] }
      })
      const found = estimate(taken)
      // 1 / (μ − λ), and its percentiles.
      assert.isBelow(Math.abs(found.mean - 25), 4 * found.error)
      const sorted = [...taken].sort((a, b) => a - b)
      for (const share of [0.5, 0.9]) {
        assert.closeTo(sorted[Math.floor(share * sorted.length)]! / (-25 * Math.log(1 - share)), 1, 0.15)
      }
    })
  )

  it.effect("of whole messages are those of M/D/1 too, with what else a message takes", () =>
    Effect.gen(function* () {
      const { taken } = yield* measure(
        poisson(60, 6000, "messages"),
        { capacity: { service }, latency: { mail: 3, rcpt: 4, data: 5 } },
        { step: (wire) => Effect.as(Dialogue.transaction(wire, message, strict), { code: 250, text: "" }) }
      )
      const found = estimate(taken.map((time) => time - service - 12))
      assert.isBelow(Math.abs(found.mean - 7.5), 4 * found.error)
    })
  )
})

describe("an open run", () => {
  it.effect("measures the waiting times of M/D/1, too", () =>
    Effect.gen(function* () {
      const plan = Plan.make({
        rate: "60/s",
        arrivals: "poisson",
        messages: 8000,
        maxSessions: 100,
        reuse: true,
        seed: "open"
      })
      const { accounting, recorder } = yield* Load.run(plan)
      assert.strictEqual(accounting.accepted, 8000)
      const transaction = recorder.histogram("transaction", "accepted")!
      // 10 ms of service, and 7.5 ms of waiting: the error is that of the test of whole messages.
      assert.closeTo(Histogram.mean(transaction) / 1e6, 17.5, 1.5)
      assert.closeTo(Histogram.range(transaction).min / 1e6, 10, 0.02)
    }).pipe(Effect.provide(TestServer.layer({ capacity: { service } })), (program) => Simulation.run(program))
  )
})

const strict = { lmtp: false, afterUnexpected: "strict" } as const
const message = {
  mail: "MAIL FROM:<a@example.com>\r\n",
  rcpts: ["RCPT TO:<b@example.com>\r\n"],
  content: { head: "Subject: x\r\n\r\n.\r\n" }
}

describe("a server that stalls for a second in half a minute", () => {
  const stalling: TestServer.TestServerOptions = {
    latency: { other: "10 millis" },
    stalls: [{ at: "10 seconds", lasts: "1 second" }]
  }

  it.effect("shows in the 99th percentile of what was due, and not in that of a loop, which waits with it", () =>
    Effect.gen(function* () {
      // A hundred each second, whatever happens: a hundred of them are due in the stall, three of a hundred of all.
      const open = yield* measure(
        Scenario.startTimes((index) => (index < 3000 ? index * 10 : undefined)),
        stalling,
        { sessions: 150 }
      )
      const p99 = (name: string, recorder: (typeof open)["recorder"]) =>
        Histogram.valueAtPercentile(recorder.ownHistogram(name, "accepted")!, 99) / 1e6
      // One of a hundred of all is 30 of these, which waited for 700 ms and more.
      assert.closeTo(p99("step", open.recorder), 710, 1)

      // Two sessions in a loop come to the same rate, but in the stall each of them has one step that is slow.
      const loop = Scenario.open.pipe(
        Effect.flatMap((wire) =>
          Scenario.repeat(Scenario.measure(noop(wire), "step"), { lasting: "30 seconds", pause: "10 millis" })
        )
      )
      const closed = yield* Scenario.run(Plan.make({ sessions: 2 }), loop).pipe(
        Effect.provide(TestServer.layer(stalling)),
        (program) => Simulation.run(program)
      )
      const histogram = closed.recorder.ownHistogram("step", "accepted")!
      assert.closeTo(Histogram.total(histogram), 2900, 20)
      assert.closeTo(p99("step", closed.recorder), 10, 0.1)
      assert.closeTo(Histogram.range(histogram).max / 1e6, 1010, 11)
    })
  )
})

describe("a rate that rises", () => {
  it.effect("begins each at its time: the k-th where the area under the rate is k", () =>
    Effect.gen(function* () {
      // From 0 to 100 a second in ten seconds: k = 5t², so that 500 have begun at the end.
      const ramp = Scenario.startTimes((index) => (index < 500 ? Math.sqrt(index / 5) * 1000 : undefined))
      const begun: Array<number> = []
      const scenario = Scenario.onSchedule(
        Effect.map(Effect.clock, (clock) => begun.push(clock.unsafeCurrentTimeMillis())),
        ramp
      )
      yield* Scenario.run(Plan.make({ sessions: 20 }), scenario).pipe(Effect.provide(TestServer.layer()), (program) =>
        Simulation.run(program)
      )
      assert.strictEqual(begun.length, 500)
      begun.forEach((time, index) => {
        assert.closeTo(time, Math.sqrt(index / 5) * 1000, 1e-3)
      })
    })
  )

  it.effect("shows the moment from which starts are late, where the sessions are too few", () =>
    Effect.gen(function* () {
      // Ten sessions of 100 ms each do 100 a second, which the rate passes after five seconds.
      const times = Scenario.startTimes((index) => (index < 2000 ? Math.sqrt(index / 10) * 1000 : undefined))
      const { late } = yield* measure(times, { latency: { other: "100 millis" } }, { sessions: 10 })
      const dueAt = (index: number) => Math.sqrt(index / 10) * 1000
      const firstLate = late.findIndex((time) => time > 1)
      assert.closeTo(dueAt(firstLate), 5000, 250)
      // At the end, 2000 were due in 14.1 s of which 100 a second could begin from 5 s on: the rest is late.
      assert.closeTo(late[1999]!, 5000 + ((2000 - 250) / 100) * 1000 - dueAt(1999), 150)
    })
  )
})
