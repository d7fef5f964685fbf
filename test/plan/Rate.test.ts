import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Rate from "../../src/plan/Rate.js"

const why = (result: Either.Either<unknown, Rate.ParseFailure>) =>
  Either.match(result, { onLeft: Rate.describe, onRight: (value) => `no failure: ${JSON.stringify(value)}` })

describe("a rate", () => {
  it("is so many in a second, a minute or an hour", () => {
    const rates: ReadonlyArray<readonly [string, number, number]> = [
      ["500/s", 500, 1000],
      ["500", 500, 1000],
      ["0.5/s", 0.5, 1000],
      ["30000/m", 30_000, 60_000],
      ["30000 / min", 30_000, 60_000],
      [" 10/h ", 10, 3_600_000]
    ]
    for (const [text, messages, per] of rates)
      assert.deepStrictEqual(Rate.parseRate(text), Either.right({ messages, per }))
  })

  it("that is none is refused at its place", () => {
    assert.strictEqual(why(Rate.parseRate("")), "column 1: expected a rate, such as 500/s, 30000/m or 10/h")
    assert.strictEqual(why(Rate.parseRate("fast")), "column 1: expected a rate, such as 500/s, 30000/m or 10/h")
    assert.strictEqual(why(Rate.parseRate("-5/s")), "column 1: expected a rate, such as 500/s, 30000/m or 10/h")
    assert.strictEqual(why(Rate.parseRate("500/d")), "column 5: expected s, m, min or h")
    assert.strictEqual(why(Rate.parseRate("500/s now")), "column 7: expected nothing more")
    assert.strictEqual(why(Rate.parseRate("0/s")), "column 1: expected a rate of more than 0")
  })
})

describe("a duration", () => {
  it("is in seconds, unless it says otherwise", () => {
    const durations: ReadonlyArray<readonly [string, number]> = [
      ["90", 90_000],
      ["90s", 90_000],
      ["250ms", 250],
      ["1.5 m", 90_000],
      ["10min", 600_000],
      ["2h", 7_200_000]
    ]
    for (const [text, milliseconds] of durations) {
      assert.deepStrictEqual(Rate.parseDuration(text), Either.right(milliseconds))
    }
  })

  it("that is none is refused at its place", () => {
    assert.strictEqual(
      why(Rate.parseDuration("0s")),
      "column 1: expected a duration of more than 0, such as 90s, 10m or 1h"
    )
    assert.strictEqual(why(Rate.parseDuration("10d")), "column 3: expected ms, s, m, min or h")
  })
})

describe("stages", () => {
  it("hold a rate, go from one to another, and rest", () => {
    const per = 1000
    assert.deepStrictEqual(
      Rate.parseStages("30s:100/s, 2m: 100/s .. 1000/s ,1m:0/s"),
      Either.right([
        { lasts: 30_000, from: { messages: 100, per }, to: { messages: 100, per } },
        { lasts: 120_000, from: { messages: 100, per }, to: { messages: 1000, per } },
        { lasts: 60_000, from: { messages: 0, per }, to: { messages: 0, per } }
      ])
    )
  })

  it("that are none are refused at their place", () => {
    assert.strictEqual(why(Rate.parseStages("30s")), 'column 4: expected ":" and a rate')
    assert.strictEqual(
      why(Rate.parseStages("30s:100/s,")),
      "column 11: expected a duration of more than 0, such as 90s, 10m or 1h"
    )
    assert.strictEqual(
      why(Rate.parseStages("30s:100/s, 10s:5..x")),
      "column 19: expected a rate, such as 500/s, 30000/m or 10/h"
    )
    assert.strictEqual(
      why(Rate.parseStages("30s:100/s 10s:5")),
      'column 11: expected "," and another stage, or nothing more'
    )
    assert.strictEqual(why(Rate.parseStages("30s:0/s")), "column 1: expected a stage with a rate of more than 0")
  })
})
