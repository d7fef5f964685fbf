import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ClockComparison from "../../src/load/ClockComparison.js"
import * as Load from "../../src/load/Load.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as ClockReply from "../../src/smtp/ClockReply.js"
import * as Simulation from "../../src/testing/Simulation.js"

const sink = "0123456789abcdef"

/** Runs against a server whose clock is ahead by this, in milliseconds, when it is asked for the nth time; its answers take a while. */
const run = (
  input: Plan.PlanInput,
  ahead: (nth: number) => number | undefined,
  options: TestServer.TestServerOptions = {}
) => {
  const troubles: Array<string> = []
  const asked: Array<string> = []
  const program = Effect.gen(function* () {
    const clock = yield* Effect.clock
    const script: TestServer.Script = ({ line, stage }) => {
      if (stage !== "other") return undefined
      asked.push(line)
      const off = ahead(asked.length)
      if (off === undefined) return undefined
      const time = (clock.unsafeCurrentTimeMillis() + off) * 1000
      // The fifth question of each time is answered first.
      return { say: ClockReply.write({ time, sink }), after: asked.length % 16 === 5 ? "6 millis" : "40 millis" }
    }
    const plan = Plan.make({ prove: "messages", compareClocks: ["unix:sink"], messages: 3, ...input })
    return yield* Load.run(plan, { onTrouble: (_, text) => troubles.push(text) }).pipe(
      Effect.provide(TestServer.layer({ script, ...options }))
    )
  })
  return Effect.map(Simulation.run(program), (result) => ({ result, troubles, asked }))
}

describe("clocks that are compared", () => {
  it.live("are those of threads, which are the same to a millisecond", () =>
    Effect.gen(function* () {
      const script: TestServer.Script = ({ stage }) =>
        stage === "other" ? { say: ClockReply.write({ time: 500_000, sink }), after: "1 millis" } : undefined
      const boundsOf = (workers: number) => {
        const plan = { compareClocks: ["unix:sink"], family: "any" as const, workers }
        const compared = Effect.provide(ClockComparison.around(plan, Effect.void), TestServer.layer({ script }))
        return Effect.map(Simulation.run(compared), ([, [clock]]) => clock!.ahead)
      }
      const [one, two] = [yield* boundsOf(1), yield* boundsOf(2)]
      assert.deepStrictEqual(two, [one[0] - 1, one[1] + 1])
    })
  )

  it.live("differ by what the answers say that took the shortest time, before the run and after it", () =>
    Effect.gen(function* () {
      const { asked, result, troubles } = yield* run({}, (nth) => (nth <= 16 ? 5000 : 5020))
      assert.deepStrictEqual(asked, Array(32).fill("NOOP X-CLOCK"))
      assert.deepStrictEqual(troubles, [])
      assert.strictEqual(result.accounting.accepted, 3)
      const [clock, ...others] = result.stamped?.clocks ?? []
      assert.deepStrictEqual([clock?.sink, others], [sink, []])
      // An answer that took 6 ms was written at its beginning, as far as anybody knows at its end.
      assert.closeTo(clock!.ahead[0], 4994, 0.01)
      assert.closeTo(clock!.ahead[1], 5020, 0.01)
    })
  )

  it.live("are not known where the server does not tell its time, or is not there; the run goes on", () =>
    Effect.gen(function* () {
      const silent = yield* run({}, () => undefined)
      assert.lengthOf(silent.asked, 2)
      assert.match(
        silent.troubles.join("\n"),
        /^--compare-clocks: unix:sink: it does not tell its time: is it smtp-sink --prove\?/
      )
      const connect: NonNullable<TestServer.TestServerOptions["connect"]> = (attempt) =>
        attempt === 1 ? { refuse: "ECONNREFUSED" } : undefined
      const late = yield* run({}, () => 7, { connect })
      assert.lengthOf(late.asked, 16)
      assert.match(late.troubles.join("\n"), /^--compare-clocks: unix:sink: .*ECONNREFUSED/i)
      assert.closeTo(late.result.stamped!.clocks![0]!.ahead[1], 7, 0.01)
      for (const { result } of [silent, late]) assert.strictEqual(result.accounting.accepted, 3)
      assert.deepStrictEqual(silent.result.stamped?.clocks, [])
    })
  )

  it.live("are not waited for when the run is stopped, before it, or when that is to be quick, after it", () =>
    Effect.gen(function* () {
      const plan = { compareClocks: ["unix:sink", "unix:other"], family: "any" as const, workers: 1 }
      const signals = { stopping: Effect.sleep("1 seconds"), hurrying: Effect.sleep("500 millis") }
      const silent: TestServer.Script = () => TestServer.silence
      for (const server of [{ script: silent }, { connect: () => ({ after: "1 hour" as const }) }]) {
        const asked = Effect.provide(ClockComparison.around(plan, Effect.void, signals), TestServer.layer(server))
        const [took, [, clocks]] = yield* Simulation.run(Effect.timed(asked))
        assert.closeTo(Duration.toMillis(took), 1500, 1)
        assert.deepStrictEqual(clocks, [])
      }
    })
  )

  it.live("are not waited for beyond the start that was agreed upon; those that were told by then are kept", () =>
    Effect.gen(function* () {
      const connect: NonNullable<TestServer.TestServerOptions["connect"]> = (_, target) =>
        target._tag === "Unix" && target.path === "silent" ? { after: "1 hour" } : undefined
      const script: TestServer.Script = ({ stage }) =>
        stage === "other" ? { say: ClockReply.write({ time: 500_000, sink }), after: "1 millis" } : undefined
      const program = Effect.gen(function* () {
        const clock = yield* Effect.clock
        const startAt = new Date(Math.ceil(clock.unsafeCurrentTimeMillis() / 1000) * 1000 + 2000)
        const plan = {
          compareClocks: ["unix:sink", "unix:silent"],
          family: "any" as const,
          workers: 1,
          startAt: startAt.toISOString()
        }
        const started = Effect.sync(() => clock.unsafeCurrentTimeMillis())
        const signals = { hurrying: Effect.sleep("1 seconds") }
        const [at, clocks] = yield* ClockComparison.around(plan, started, signals)
        assert.strictEqual(at, startAt.getTime())
        assert.lengthOf(clocks, 1)
      })
      yield* Simulation.run(Effect.provide(program, TestServer.layer({ script, connect })))
    })
  )
})
