import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Deliveries } from "../../src/measure/Deliveries.js"
import type { Stamped } from "../../src/measure/Proved.js"
import * as StampedReport from "../../src/report/StampedReport.js"

const stamped = (width: number, keys: ReadonlyArray<number>, run = "19ac3f0e2b7d41c6"): Stamped => {
  const books = Deliveries.make(width, 0)
  for (const key of keys) {
    books.book(Math.floor(key / width), key % width, key % 7 === 0 ? "open" : "accepted", 0)
  }
  return { run, by: "recipients", width, ...books.sent() }
}

describe("what was sent with stamps", () => {
  it("is of all segments of a run what each of them sent", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300)), fc.integer({ min: 1, max: 3 }), (keys, width) => {
        const parts = [0, 1, 2].map((segment) =>
          stamped(
            width,
            keys.filter((key) => Math.floor(key / width) % 3 === segment)
          )
        )
        assert.deepStrictEqual(StampedReport.merge(parts.map((stamped) => ({ stamped }))).stamped, stamped(width, keys))
      }),
      { numRuns: 20 }
    )
  })

  it("is of no use where it is of several runs, or is not all there", () => {
    const one = { stamped: stamped(1, [1, 2]) }
    assert.deepStrictEqual(StampedReport.merge([one, { stamped: stamped(1, [3], "29ac3f0e2b7d41c6") }]), {})
    assert.deepStrictEqual(StampedReport.merge([one, { stamped: stamped(2, [3]) }]), {})
    assert.deepStrictEqual(StampedReport.merge([one, {}]), {})
    assert.deepStrictEqual(StampedReport.merge([one, { stamped: { ...one.stamped, accepted: "_w==" } }]), {})
    assert.deepStrictEqual(StampedReport.merge([one]), one)
  })
})
