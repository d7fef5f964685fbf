import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as Load from "../../src/load/Load.js"
import * as Histogram from "../../src/measure/Histogram.js"
import * as Distribution from "../../src/plan/Distribution.js"
import * as Plan from "../../src/plan/Plan.js"
import * as ServiceModel from "../../src/sink/ServiceModel.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"

describe("a service model", () => {
  it("serves one after another, the first to come first", () => {
    const { readyAt } = ServiceModel.make({ capacity: { service: "10 millis" } }, 0)
    assert.deepStrictEqual(
      [0, 1, 2, 50, 55].map((now) => readyAt("final", now)),
      [10, 20, 30, 60, 70]
    )
  })

  it("serves as many at once as there are servers, and nothing but its stages", () => {
    const { readyAt } = ServiceModel.make(
      { capacity: { service: 10, servers: 2, stages: ["mail", "final"] }, latency: { rcpt: 3 } },
      0
    )
    assert.strictEqual(readyAt("mail", 0), 10)
    assert.strictEqual(readyAt("final", 4), 14)
    assert.strictEqual(readyAt("rcpt", 5), 8)
    assert.strictEqual(readyAt("data", 5), 5)
    assert.strictEqual(readyAt("final", 5), 20)
    assert.strictEqual(readyAt("mail", 5), 24)
  })

  it("thinks after its work, without holding up others", () => {
    const { readyAt } = ServiceModel.make({ capacity: { service: 10 }, latency: "100 millis" }, 0)
    assert.deepStrictEqual([readyAt("final", 0), readyAt("final", 0), readyAt("mail", 0)], [110, 120, 100])
  })

  it("neither works nor thinks while it stalls", () => {
    const model = ServiceModel.make(
      {
        stalls: [
          { at: 100, lasts: 50 },
          { at: 20, lasts: 10 }
        ],
        capacity: { service: 8 }
      },
      1000
    )
    // Before the first stall, up to its beginning, across it, in it, at its end, and across both.
    assert.deepStrictEqual(
      [0, 12, 15, 25, 30, 18].map((now) => model.after(1000 + now, 8) - 1000),
      [8, 20, 33, 38, 38, 36]
    )
    assert.strictEqual(model.after(1010, 85), 1000 + 10 + 85 + 10 + 50)
    assert.strictEqual(model.after(1025, 0), 1030)
    assert.deepStrictEqual([model.readyAt("final", 1015), model.readyAt("final", 1016)], [1033, 1041])
  })

  it("does the same work, however it is cut into pieces, and never before its time", () => {
    const times = fc.integer({ min: 0, max: 1000 })
    const stalls = fc.array(fc.record({ at: times, lasts: fc.integer({ min: 0, max: 300 }) }), { maxLength: 5 })
    fc.assert(
      fc.property(stalls, times, times, times, (stalls, start, first, second) => {
        const { after: ends } = ServiceModel.make({ stalls }, 0)
        const stalled = (time: number) => stalls.some(({ at, lasts }) => time > at && time < at + lasts)
        const done = ends(start, first + second)
        assert.strictEqual(ends(ends(start, first), second), done)
        assert.isAtLeast(done, start + first + second)
        assert.isAtMost(done, start + first + second + stalls.reduce((sum, { lasts }) => sum + lasts, 0))
        assert.isFalse(stalled(done))
      })
    )
  })

  it("keeps all of its servers busy while anybody waits, and serves in the order of coming", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 4 }), (gaps, servers) => {
        const { readyAt } = ServiceModel.make({ capacity: { servers, service: 10 } }, 0)
        let now = 0
        const jobs = gaps.map((gap) => {
          now += gap
          return { came: now, done: readyAt("final", now) }
        })
        for (const [index, { came, done }] of jobs.entries()) {
          const begun = done - 10
          const before = jobs.slice(0, index)
          assert.isAtLeast(begun, came)
          assert.isTrue(before.every((earlier) => earlier.done <= done))
          const busy = (time: number) =>
            before.filter((earlier) => earlier.done - 10 <= time && earlier.done > time).length
          assert.isBelow(busy(begun), servers)
          if (begun > came) assert.strictEqual(busy(begun - 0.5), servers)
        }
      })
    )
  })

  it("draws its times from its seed", () => {
    const times = (seed: string) => {
      const { readyAt } = ServiceModel.make({ latency: Distribution.exponential(10), seed }, 0)
      return Array.from({ length: 1000 }, () => readyAt("mail", 0))
    }
    assert.deepStrictEqual(times("a"), times("a"))
    assert.notDeepEqual(times("a"), times("b"))
    const mean = times("a").reduce((sum, time) => sum + time, 0) / 1000
    assert.closeTo(mean, 10, 1)
  })
})

/** A run against a server, in virtual time. */
const simulate = (input: Plan.PlanInput, options: TestServer.TestServerOptions) =>
  Effect.gen(function* () {
    const server = yield* TestServer.TestServer
    const result = yield* Load.run(Plan.make(input))
    return { ...result, server }
  }).pipe(Effect.provide(TestServer.layer(options)), (run) => Simulation.run(run))

describe("a server with a capacity", () => {
  it.effect("has the throughput of its servers, and makes the rest wait", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, recorder } = yield* simulate(
        { messages: 1000, sessions: 10, reuse: true },
        { capacity: { servers: 2, service: "10 millis" } }
      )
      assert.strictEqual(accounting.accepted, 1000)
      assert.strictEqual(elapsed, 5000)
      const final = recorder.histogram("final", "accepted")!
      // Ten sessions at two servers: four wait before each one, but for the first round.
      assert.closeTo(Histogram.valueAtPercentile(final, 50) / 1e6, 50, 0.1)
      assert.closeTo(Histogram.range(final).min / 1e6, 10, 0.1)
    })
  )

  it.effect("has its percentiles where its latencies say", () =>
    Effect.gen(function* () {
      const latency = { rcpt: Distribution.uniform(0, 100), final: Distribution.mixed([98, 20], [2, 700]) }
      const { recorder } = yield* simulate({ messages: 5000, sessions: 50, reuse: true }, { latency })
      const rcpt = recorder.histogram("rcpt", "accepted")!
      for (const percentile of [10, 50, 90, 99]) {
        assert.closeTo(Histogram.valueAtPercentile(rcpt, percentile) / 1e6, percentile, 2)
      }
      const final = recorder.histogram("final", "accepted")!
      assert.closeTo(Histogram.valueAtPercentile(final, 97) / 1e6, 20, 0.1)
      assert.closeTo(Histogram.valueAtPercentile(final, 99) / 1e6, 700, 1)
      assert.strictEqual(Histogram.range(recorder.histogram("mail", "accepted")!).max, 0)
    })
  )

  it.effect("answers nothing while it stalls", () =>
    Effect.gen(function* () {
      const { elapsed, server } = yield* simulate(
        { messages: 4, reuse: true, delay: 1 },
        { stalls: [{ at: "2500 millis", lasts: "2 seconds" }], latency: { final: 100 } }
      )
      assert.deepStrictEqual(
        server.accepted.map(({ time }) => time),
        // The reply to each dot takes 100 ms. MAIL of the fourth comes at 3.3 s, in the stall, which ends at 4.5 s.
        [0, 1100, 2200, 4500]
      )
      assert.strictEqual(elapsed, 4600)
    })
  )

  it.effect("answers a message of LMTP once, for its work", () =>
    Effect.gen(function* () {
      const { accounting, elapsed } = yield* simulate(
        { messages: 3, recipients: 5, lmtp: true, reuse: true },
        { protocol: "lmtp", capacity: { service: "1 second" } }
      )
      assert.strictEqual(accounting.recipients.accepted, 15)
      assert.strictEqual(elapsed, 3000)
    })
  )
})

describe("a limit of connections", () => {
  it.effect("turns away those beyond it with 421", () =>
    Effect.gen(function* () {
      const { accounting, recorder, server } = yield* simulate(
        { messages: 10, sessions: 5, reuse: true, keepGoing: true, delay: 1 },
        { connections: { limit: 2 } }
      )
      assert.deepInclude(
        recorder.replies().map(({ code, count, step }) => ({ step, code, count })),
        { step: "greeting", code: 421, count: accounting.rejected }
      )
      assert.isAbove(accounting.rejected, 2)
      assert.strictEqual(accounting.accepted + accounting.rejected, 10)
      assert.strictEqual(server.sessions.length, 2 + accounting.rejected)
    })
  )

  it.effect("makes those beyond it wait for their greeting, in the order of coming", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, recorder } = yield* simulate(
        { messages: 6, sessions: 6 },
        { connections: { limit: 2, beyond: "wait" }, latency: { final: "1 second" } }
      )
      assert.strictEqual(accounting.accepted, 6)
      assert.strictEqual(elapsed, 3000)
      assert.strictEqual(Histogram.range(recorder.histogram("greeting", "accepted")!).max > 1.99e9, true)
    })
  )

  it.effect("forgets those who give up waiting", () =>
    Effect.gen(function* () {
      const { accounting, elapsed } = yield* simulate(
        { messages: 3, sessions: 3, keepGoing: true, timeout: 2 },
        { connections: { limit: 1, beyond: "wait" }, latency: { final: "1500 millis" } }
      )
      // The first ends at 1.5 s, so that the second has its turn; the third gave up at 2 s.
      assert.deepInclude({ ...accounting, accepted: accounting.accepted }, { accepted: 2 })
      assert.strictEqual(accounting.failed, 1)
      assert.strictEqual(elapsed, 3000)
    })
  )
})
