import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Welch from "../../src/measure/Welch.js"

describe("Student's t", () => {
  it("has the quantiles that tables have", () => {
    const table: ReadonlyArray<readonly [freedom: number, p: number, t: number]> = [
      [1, 0.05, 12.7062],
      [2, 0.05, 4.30265],
      [3, 0.05, 3.18245],
      [4, 0.05, 2.77645],
      [5, 0.01, 4.03214],
      [10, 0.05, 2.22814],
      [10, 0.01, 3.16927],
      [30, 0.05, 2.04227],
      [120, 0.05, 1.97993]
    ]
    for (const [freedom, p, t] of table) assert.closeTo(Welch.quantile(p, freedom), t, 1e-5 * t, `${freedom} ${p}`)
  })

  it("is what its density adds up to, for any degrees of freedom", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 8, noNaN: true }),
        fc.double({ min: 3, max: 60, noNaN: true }),
        (t, freedom) => {
          assert.closeTo(
            Welch.tails(t, freedom),
            1 - integral(t, freedom) / integral(Number.POSITIVE_INFINITY, freedom),
            1e-6
          )
        }
      ),
      { seed: 1, numRuns: 200 }
    )
  })
})

/** The density without its factor, integrated from 0 by Simpson's rule over t = √freedom · tan(angle). */
const integral = (t: number, freedom: number): number => {
  const end = Math.atan(t / Math.sqrt(freedom))
  const steps = 2000
  let sum = 0
  for (let step = 0; step <= steps; step++) {
    const weight = step === 0 || step === steps ? 1 : step % 2 === 0 ? 2 : 4
    sum += weight * Math.max(0, Math.cos((end * step) / steps)) ** (freedom - 1)
  }
  return (sum * end) / steps / 3
}

/** Normal numbers with a seed: sums of twelve uniform ones, less six. */
const normals = (seed: number, count: number): ReadonlyArray<number> => {
  let state = (Math.abs(seed) % 2147483646) + 1
  const uniform = () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  return Array.from({ length: count }, () => Array.from({ length: 12 }, uniform).reduce((sum, one) => sum + one, -6))
}

/** All ways to choose `size` of the numbers below `of`. */
const subsets = (size: number, of: number): ReadonlyArray<ReadonlyArray<number>> => {
  if (size === 0) return [[]]
  if (size > of) return []
  return [...subsets(size, of - 1), ...subsets(size - 1, of - 1).map((rest) => [...rest, of - 1])]
}

describe("Welch's test", () => {
  it("agrees with counting out every way to part the values in two groups", () => {
    const ways = subsets(6, 12)
    assert.strictEqual(ways.length, 924)
    const apart = Array.from({ length: 200 }, (_, trial) => {
      const values = normals(trial, 12).map((value, index) => (index < 6 ? value : value + (trial % 5) / 2))
      const { difference, p } = Welch.test(values.slice(0, 6), values.slice(6)) ?? assert.fail("no result")
      const sum = values.reduce((total, value) => total + value, 0)
      const asFar = ways.filter((way) => {
        const right = way.reduce((total, index) => total + (values[index] ?? 0), 0)
        return Math.abs(right / 6 - (sum - right) / 6) >= Math.abs(difference) - 1e-12
      })
      return Math.abs(p - asFar.length / ways.length)
    }).sort((one, other) => one - other)
    // Two tests of one question: close for most values, and never far.
    assert.isBelow(apart[100] ?? 1, 0.02)
    assert.isBelow(apart.at(-1) ?? 1, 0.15)
  })

  it("is wrong as often as it says, where the groups vary differently and are of different sizes", () => {
    const trials = 4000
    let wrong = 0
    for (let trial = 0; trial < trials; trial++) {
      const values = normals(trial, 12)
      const wide = values.slice(0, 4).map((value) => value * 4)
      if ((Welch.test(wide, values.slice(4))?.p ?? 1) < 0.05) wrong++
    }
    assert.closeTo(wrong / trials, 0.05, 0.015)
  })

  it("does not mind which side is first, nor scale", () => {
    const group = fc.array(fc.double({ min: 0.1, max: 100, noNaN: true }), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(group, group, fc.double({ min: 0.01, max: 100, noNaN: true }), (a, b, factor) => {
        const there = Welch.test(a, b) ?? assert.fail()
        const back = Welch.test(b, a) ?? assert.fail()
        const scaled = Welch.test(
          a.map((value) => value * factor),
          b.map((value) => value * factor)
        )
        assert.closeTo(there.p, back.p, 1e-9)
        assert.closeTo(there.difference, -back.difference, 1e-9)
        assert.closeTo(there.p, scaled?.p ?? -1, 1e-6)
        assert.isTrue(there.low <= there.difference && there.difference <= there.high)
        // The interval leaves zero out exactly where the probability is below what the confidence leaves.
        if (Math.abs(there.p - 0.05) > 1e-6) assert.strictEqual(there.low > 0 || there.high < 0, there.p < 0.05)
      }),
      { seed: 2, numRuns: 300 }
    )
  })

  it("says nothing of a group of one", () => {
    assert.isUndefined(Welch.test([1], [1, 2, 3]))
    assert.isUndefined(Welch.test([1, 2], []))
  })

  it("is certain where nothing varies", () => {
    assert.strictEqual(Welch.test([1, 1], [1, 1])?.p, 1)
    assert.strictEqual(Welch.test([1, 1], [2, 2])?.p, 0)
    assert.isAbove(Welch.test([1, 1], [2, 2], { leastVariance: [1, 1] })?.p ?? 0, 0.1)
  })
})
