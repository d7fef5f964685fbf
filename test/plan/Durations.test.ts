import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Plan from "../../src/plan/Plan.js"

describe("a plan's times", () => {
  const base = { target: "localhost", reuse: true }

  it("are Durations, Effect's words for them, the command line's, or seconds, and mean the same", () => {
    const fields = ["timeout", "drain", "dropLate", "delay", "randomDelay"] as const
    for (const field of fields) {
      const rest = field === "dropLate" ? { ...base, rate: "5/s", messages: 5 } : base
      const expected = Plan.make({ ...rest, [field]: 5 })[field]
      assert.strictEqual(expected, 5)
      for (const time of [Duration.seconds(5), "5 seconds", "5s", "5000 millis", Duration.millis(5000)]) {
        assert.strictEqual(Plan.make({ ...rest, [field]: time })[field], expected, `${field}: ${time}`)
      }
    }
  })

  it("that are kept as text may be Durations, too, in shapes as well", () => {
    const plan = Plan.make({
      ...base,
      duration: Duration.minutes(2),
      warmUp: Duration.seconds(30),
      shapes: [{ weight: 1, hold: Duration.seconds(1), think: "100 millis" }]
    })
    assert.deepStrictEqual([plan.duration, plan.warmUp], ["120000ms", "30000ms"])
    assert.deepStrictEqual(plan.shapes, [{ weight: 1, hold: "1000ms", think: "100 millis" }])
  })

  it("are held to the rules between fields, whatever they are written in", () => {
    const input = { ...base, duration: Duration.seconds(10), warmUp: Duration.seconds(10) }
    assert.deepStrictEqual(Plan.problems(input), [
      "warmUp, duration: --warm-up must be shorter than the run: 10000ms is not less than 10000ms"
    ])
  })

  it("without an end are refused", () => {
    assert.throws(() => Plan.make({ ...base, timeout: Duration.infinity }), /timeout: expected a time of more than 0/)
  })
})
