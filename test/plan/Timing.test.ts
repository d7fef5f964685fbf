import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Rate from "../../src/plan/Rate.js"
import * as Timing from "../../src/plan/Timing.js"

const told = (text: string) =>
  Either.match(Timing.parse(text), {
    onLeft: Rate.describe,
    onRight: ({ at, mean }) => [mean, at(0), at(0.5)].map((time) => Math.round(time * 1000) / 1000)
  })

describe("a timing", () => {
  it("is a time, a range, or exponential with a mean", () => {
    assert.deepStrictEqual(told("2"), [2000, 2000, 2000])
    assert.deepStrictEqual(told(" 500 ms "), [500, 500, 500])
    assert.deepStrictEqual(told("1..3"), [2000, 1000, 2000])
    assert.deepStrictEqual(told("0 .. 1m"), [30_000, 0, 30_000])
    assert.deepStrictEqual(told("1s..3m"), [90_500, 1000, 90_500])
    assert.deepStrictEqual(told("exp( 1 )"), [1000, 0, 693.147])
    assert.deepStrictEqual(told("exp(2ms)"), [2, 0, 1.386])
  })

  it("gives both ends of a range the unit of the second", () => {
    assert.deepStrictEqual(told("100..200ms"), [150, 100, 150])
  })

  it("is refused at its place, with the units that there are", () => {
    assert.strictEqual(told(""), "column 1: expected a time, such as 5, 500ms or 1..2s, or exp(5)")
    assert.strictEqual(told("0"), "column 1: expected a time of more than 0")
    assert.strictEqual(told("5d"), "column 2: expected ms, s, m, min or h")
    assert.strictEqual(told("1.."), "column 4: expected another time")
    assert.strictEqual(told("2..1"), "column 4: expected a longer time than the first")
    assert.strictEqual(told("exp(0)"), "column 5: expected a time of more than 0, such as 5 or 500ms")
    assert.strictEqual(told("exp(1"), 'column 6: expected ")"')
    assert.strictEqual(told("1..2..3"), "column 5: expected nothing more")
  })
})
