import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Pause from "../../src/plan/Pause.js"
import * as Plan from "../../src/plan/Plan.js"

const pauses = (input: Plan.PlanInput, seed: string, messages: number): ReadonlyArray<number> => {
  const before = Pause.make(Plan.make(input), seed)
  if (before === undefined) assert.fail("the plan asks for a pause")
  return Array.from({ length: messages }, (_, message) => before(message))
}

describe("Pause", () => {
  it("is none without -w and -R", () => {
    assert.isUndefined(Pause.make(Plan.make({}), "seed"))
  })

  it("-w is the same before every message, fractions included (S6.3)", () => {
    assert.deepStrictEqual(pauses({ delay: 2 }, "a", 3), [2000, 2000, 2000])
    assert.deepStrictEqual(pauses({ delay: 0.25 }, "a", 2), [250, 250])
  })

  it("-R draws every whole second of the interval, both ends included, and nothing else (S6.3)", () => {
    for (const most of [1, 2, 3, 10]) {
      const drawn = new Set(pauses({ randomDelay: most }, "seed", 1000))
      assert.deepStrictEqual(
        [...drawn].sort((a, b) => a - b),
        Array.from({ length: most + 1 }, (_, second) => second * 1000)
      )
    }
  })

  it("-R draws fractions where its interval has one, and stays within it", () => {
    const drawn = pauses({ randomDelay: 2.5 }, "seed", 1000)
    assert.isTrue(drawn.every((pause) => pause >= 0 && pause <= 2500))
    assert.isAbove(drawn.filter((pause) => pause % 1000 !== 0).length, 990)
    assert.isAbove(Math.max(...drawn), 2450)
    assert.isBelow(Math.min(...drawn), 50)
  })

  it("is the same for the same seed and message, in whatever order it is drawn", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 1000 }), fc.nat(), (seed, randomDelay, message) => {
        const plan = Plan.make({ randomDelay })
        const one = Pause.make(plan, seed)!
        const other = Pause.make(plan, seed)!
        for (let earlier = 0; earlier < 10; earlier++) one(earlier)
        assert.strictEqual(one(message), other(message))
      }),
      { seed: 1, numRuns: 500 }
    )
  })

  it("differs between seeds", () => {
    const seeds = ["", "a", "b", "1", "2", "seed", "seed2"]
    const drawn = seeds.map((seed) => pauses({ randomDelay: 9 }, seed, 100).join())
    assert.strictEqual(new Set(drawn).size, seeds.length)
  })

  it("stays within any interval, for any message", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 1_000_000_000 }), fc.double({ min: 0.001, max: 1e9, noNaN: true })),
        fc.maxSafeNat(),
        fc.string(),
        (randomDelay, message, seed) => {
          const pause = Pause.make(Plan.make({ randomDelay }), seed)!(message)
          assert.isAtLeast(pause, 0)
          assert.isAtMost(pause, randomDelay * 1000)
          if (Number.isInteger(randomDelay)) assert.strictEqual(pause % 1000, 0)
        }
      ),
      { seed: 2, numRuns: 5_000 }
    )
  })

  // Pearson's test against the uniform distribution, at the 99.9 % quantile. The seeds are fixed: it passes or it does not.
  const chiSquare = (counts: ReadonlyArray<number>): number => {
    const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
    return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  }

  it("is drawn evenly, whatever the seed", () => {
    for (const seed of ["", "a", "b", "42", "another seed"]) {
      const counts = new Array<number>(10).fill(0)
      for (const pause of pauses({ randomDelay: 9 }, seed, 20_000)) counts[pause / 1000]!++
      assert.isBelow(chiSquare(counts), 27.88, seed)
    }
  })

  it("is drawn evenly for numbers beyond 32 bits, and for every other message too", () => {
    const before = Pause.make(Plan.make({ randomDelay: 9 }), "seed")!
    for (const [start, step] of [
      [2 ** 40, 1],
      [0, 2],
      [0, 2 ** 32],
      [7, 64]
    ] as const) {
      const counts = new Array<number>(10).fill(0)
      for (let index = 0; index < 20_000; index++) counts[before(start + index * step) / 1000]!++
      assert.isBelow(chiSquare(counts), 27.88, `${start}, ${step}`)
    }
  })

  it("tells nothing of the next pause by this one", () => {
    const drawn = pauses({ randomDelay: 3 }, "seed", 40_000)
    const counts = new Array<number>(16).fill(0)
    for (let index = 1; index < drawn.length; index++) counts[(drawn[index - 1]! / 1000) * 4 + drawn[index]! / 1000]!++
    assert.isBelow(chiSquare(counts), 37.7)
  })
})
