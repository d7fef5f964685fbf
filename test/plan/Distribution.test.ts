import { assert, describe, it } from "@effect/vitest"
import * as Distribution from "../../src/plan/Distribution.js"
import * as Draw from "../../src/plan/Draw.js"

const draws = (count: number, key = Draw.keyOf("seed")) =>
  Array.from({ length: count }, (_, place) => Draw.uniform(key, place))

const mean = (numbers: ReadonlyArray<number>) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length

describe("draws", () => {
  it("fill [0, 1) evenly, and do not follow from each other", () => {
    const numbers = draws(100_000)
    const buckets = new Array<number>(100).fill(0)
    for (const number of numbers) buckets[Math.floor(number * 100)]!++
    // Chi-squared with 99 degrees of freedom: 149 is one in a thousand.
    assert.isBelow(
      buckets.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0),
      149
    )
    const correlation = mean(numbers.slice(1).map((number, place) => (number - 0.5) * (numbers[place]! - 0.5))) * 12
    assert.isBelow(Math.abs(correlation), 0.012)
  })

  it("of different series have nothing to do with each other", () => {
    const key = Draw.keyOf("seed")
    const [a, b] = [draws(50_000, Draw.series(key, 0)), draws(50_000, Draw.series(key, 1))]
    assert.notDeepEqual(a.slice(0, 10), b.slice(0, 10))
    assert.isBelow(Math.abs(mean(a.map((number, place) => (number - 0.5) * (b[place]! - 0.5))) * 12), 0.015)
  })

  it("are the same for the same seed and place, in whatever order, far out too", () => {
    const key = Draw.keyOf("seed")
    assert.strictEqual(Draw.uniform(key, 5), draws(10)[5])
    assert.notStrictEqual(Draw.uniform(key, 2 ** 33 + 5), Draw.uniform(key, 5))
  })
})

describe("a distribution", () => {
  const cases: ReadonlyArray<readonly [string, Distribution.Distribution, mean: number, median: number]> = [
    ["fixed", Distribution.fixed("2 seconds"), 2000, 2000],
    ["uniform", Distribution.uniform("1 second", 3000), 2000, 2000],
    ["exponential", Distribution.exponential(2000), 2000, 2000 * Math.LN2],
    ["mixed", Distribution.mixed([3, 100], [1, Distribution.uniform(1000, 1400)]), 375, 100]
  ]
  for (const [name, distribution, expected, median] of cases) {
    it(`${name} has its mean and its median`, () => {
      assert.closeTo(distribution.mean, expected, 1e-9)
      assert.closeTo(distribution.at(0.5), median, 1e-9)
      assert.closeTo(mean(draws(200_000).map(distribution.at)), expected, expected * 0.01)
    })
  }

  it("lognormal has its median and its mean", () => {
    const distribution = Distribution.lognormal("1 second", 2000)
    assert.strictEqual(distribution.mean, 2000)
    assert.closeTo(distribution.at(0.5), 1000, 1)
    assert.closeTo(mean(draws(200_000).map(distribution.at)), 2000, 30)
    // One standard deviation, two, and so on, to both sides.
    const spread = Math.sqrt(2 * Math.LN2)
    for (const [u, deviations] of [
      [0.158655, -1],
      [0.841345, 1],
      [0.97725, 2],
      [0.99865, 3],
      [0.00135, -3]
    ] as const) {
      assert.closeTo(Math.log(distribution.at(u) / 1000) / spread, deviations, 0.001)
    }
    assert.isTrue(Number.isFinite(distribution.at(0)) && Number.isFinite(distribution.at(1 - 2 ** -32)))
    assert.throws(() => Distribution.lognormal(2, 1), RangeError)
  })

  it("pareto is longer than twice the least for one in 2^shape", () => {
    const distribution = Distribution.pareto(100, 2)
    assert.strictEqual(distribution.mean, 200)
    assert.strictEqual(distribution.at(0), 100)
    assert.closeTo(distribution.at(0.75), 200, 1e-9)
    assert.strictEqual(Distribution.pareto(100, 1).mean, Number.POSITIVE_INFINITY)
    assert.throws(() => Distribution.pareto(100, 0), RangeError)
  })

  it("may be given as a duration", () => {
    assert.strictEqual(Distribution.make("5 millis").mean, 5)
    assert.strictEqual(Distribution.make(7).at(0.9), 7)
    assert.strictEqual(Distribution.make(Distribution.exponential(3)).mean, 3)
  })

  it("is not of less than no time, nor from the longer to the shorter", () => {
    assert.throws(() => Distribution.uniform(5, 1), RangeError)
    assert.throws(() => Distribution.uniform(-5, 1), RangeError)
    assert.throws(() => Distribution.exponential(-5), RangeError)
    assert.throws(() => Distribution.exponential("-5 millis"), RangeError)
    assert.throws(() => Distribution.exponential(Number.POSITIVE_INFINITY), RangeError)
    assert.throws(() => Distribution.fixed(Number.NaN), RangeError)
    assert.throws(() => Distribution.make(-1), RangeError)
    assert.strictEqual(Distribution.uniform(5, 5).at(0.5), 5)
  })

  it("of several needs weights", () => {
    assert.throws(() => Distribution.mixed([0, 1]), RangeError)
    assert.throws(() => Distribution.mixed([-1, 1], [2, 1]), RangeError)
  })
})
