/**
 * The pauses of a plan, exactly: a run in virtual time knows when each command was sent.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Load from "../../src/load/Load.js"
import * as Histogram from "../../src/measure/Histogram.js"
import * as Distribution from "../../src/plan/Distribution.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"

/** A run in virtual time, and when each session sent MAIL. */
const simulate = (input: Plan.PlanInput, options: TestServer.TestServerOptions = {}) =>
  Effect.gen(function* () {
    const server = yield* TestServer.TestServer
    const result = yield* Load.run(Plan.make(input))
    const mails = new Map<number, Array<number>>()
    for (const { line, session, time } of server.log) {
      if (line.startsWith("MAIL")) mails.set(session, [...(mails.get(session) ?? []), time])
    }
    return { ...result, mails: [...mails.values()], server }
  }).pipe(Effect.provide(TestServer.layer(options)), (program) => Simulation.run(program))

const gaps = (times: ReadonlyArray<number>) => times.slice(1).map((time, index) => time - times[index]!)

describe("-w", () => {
  it.effect("waits from the reply to the dot to the next MAIL, in each session, and not after the last message", () =>
    Effect.gen(function* () {
      const { elapsed, mails } = yield* simulate(
        { messages: 500, sessions: 5, reuse: true, delay: 2.5 },
        { latency: { final: 125 } }
      )
      assert.lengthOf(mails, 5)
      for (const times of mails) assert.isTrue(gaps(times).every((gap) => gap === 2625))
      assert.strictEqual(elapsed, 99 * 2625 + 125)
    })
  )

  it.effect("is as long whatever the latency, for hundreds of sessions", () =>
    Effect.gen(function* () {
      const { mails } = yield* simulate(
        { messages: 900, sessions: 300, reuse: true, delay: 30 },
        { latency: Distribution.uniform(1, 3) }
      )
      assert.lengthOf(mails, 300)
      // MAIL, RCPT, DATA and the dot take 4 to 12 ms together; a pause ends with the next whole millisecond.
      for (const gap of mails.flatMap(gaps)) assert.isTrue(gap >= 30_004 && gap <= 30_013, String(gap))
    })
  )
})

describe("-R", () => {
  it.effect("waits for whole seconds from 0 to its interval, each as often, the same ones for the same seed", () =>
    Effect.gen(function* () {
      const run = (seed: string) =>
        Effect.map(simulate({ messages: 1500, sessions: 20, reuse: true, randomDelay: 3, seed }), ({ mails }) =>
          mails.flatMap(gaps)
        )
      const waits = yield* run("seed")
      assert.lengthOf(waits, 1480)
      for (const seconds of [0, 1, 2, 3]) {
        const share = waits.filter((wait) => wait === seconds * 1000).length / waits.length
        assert.closeTo(share, 0.25, 0.045)
      }
      assert.deepStrictEqual(yield* run("seed"), waits)
      assert.notDeepEqual(yield* run("other"), waits)
    })
  )
})

describe("the percentiles of a run", () => {
  it.effect("are those of the latencies it met, step by step, to three figures", () =>
    Effect.gen(function* () {
      // Of a thousand replies to the dot: 900 in 10 ms, 90 in 50 ms, 9 in 400 ms, and one in 3 s.
      let finals = 0
      const { recorder } = yield* simulate(
        { messages: 1000, sessions: 10, reuse: true },
        {
          script: ({ stage }) => {
            if (stage !== "final") return undefined
            const place = (finals++ * 7) % 1000
            return { after: place < 900 ? 10 : place < 990 ? 50 : place < 999 ? 400 : 3000 }
          }
        }
      )
      const final = recorder.histogram("final", "accepted")!
      const at = (percentile: number) => Histogram.valueAtPercentile(final, percentile) / 1e6
      const expected: ReadonlyArray<readonly [number, number]> = [
        [50, 10],
        [90, 10],
        [90.1, 50],
        [99, 50],
        [99.1, 400],
        [99.9, 400],
        [100, 3000]
      ]
      for (const [percentile, milliseconds] of expected) {
        assert.closeTo(at(percentile) / milliseconds, 1, 0.001, `p${percentile}`)
      }
    })
  )
})
