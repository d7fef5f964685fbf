import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Segment from "../../src/plan/Segment.js"

const all = (of: number): ReadonlyArray<Segment.Segment> => Array.from({ length: of }, (_, index) => ({ index, of }))

describe("the segments of a run", () => {
  it("add up to the whole, whatever it is, and differ by one at most", () => {
    fc.assert(
      fc.property(fc.nat(2_147_483_647), fc.integer({ min: 1, max: 1000 }), (count, of) => {
        const shares = all(of).map((segment) => Segment.shareOf(count, segment))
        assert.strictEqual(
          shares.reduce((sum, share) => sum + share, 0),
          count
        )
        assert.isAtMost(Math.max(...shares) - Math.min(...shares), 1)
      }),
      { seed: 20_260_102 }
    )
  })

  it("are the whole where there is one", () => {
    assert.strictEqual(Segment.shareOf(7, Segment.whole), 7)
    assert.deepStrictEqual(Segment.rateOf(7, Segment.whole), { rate: 7, after: 0 })
  })

  it("take turns in a rate", () => {
    assert.deepStrictEqual(
      all(4).map((segment) => Segment.rateOf(10, segment)),
      [0, 100, 200, 300].map((after) => ({ rate: 2.5, after }))
    )
    assert.deepStrictEqual(Segment.rateOf(Number.POSITIVE_INFINITY, { index: 1, of: 2 }), {
      rate: Number.POSITIVE_INFINITY,
      after: 0
    })
  })
})
