import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Deliveries } from "../../src/measure/Deliveries.js"
import * as Stamp from "../../src/plan/Stamp.js"
import type { RunReport } from "../../src/report/RunReport.js"
import * as StampedReport from "../../src/report/StampedReport.js"

const stamped = (
  width: number,
  keys: ReadonlyArray<number>,
  run = "19ac3f0e2b7d41c6"
): NonNullable<RunReport["stamped"]> => {
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
    const ids = (messageId: string) => ({ stamped: { ...one.stamped, messageId } })
    assert.deepStrictEqual(StampedReport.merge([ids("<a.{k}@x>"), ids("<a.{k}@x>")]), ids("<a.{k}@x>"))
    assert.deepStrictEqual(StampedReport.merge([ids("<a.{k}@x>"), ids("<a.{k}@y>")]), one)
  })

  it("is what the others sent where segments were cut, in whatever order they are put together", () => {
    const [cut, gone, done] = ["cut", "missing", "completed"].map((ended) => ({ segments: [{ ended }] }))
    const one = { segments: [{ ended: "completed" }], stamped: stamped(1, [1, 2]) }
    const two = { segments: [{ ended: "stopped" }], stamped: stamped(1, [3]) }
    const both = StampedReport.merge([one, two])
    for (const order of [
      [cut!, one, gone!, two],
      [one, two, cut!],
      [two, { segments: [...cut!.segments, ...gone!.segments] }, one]
    ]) {
      assert.deepStrictEqual(StampedReport.merge(order), both)
    }
    assert.deepStrictEqual(StampedReport.merge([cut!, gone!]), {})
    // It came to its end, and had no stamps.
    assert.deepStrictEqual(StampedReport.merge([one, done!]), {})
    assert.deepStrictEqual(StampedReport.merge([one, { segments: [...cut!.segments, ...done!.segments] }]), {})
  })

  it("is said by the plan of a run that was cut: whose stamps they are", () => {
    const of = (plan: { readonly [field: string]: unknown }, ended = "cut") =>
      StampedReport.ofCut({ ended, ids: ["r 2/4"], plan, segments: [{ run: "r" }] })
    const nothing = { run: Stamp.runOf("r"), accepted: "", open: "" }
    assert.deepStrictEqual(of({ prove: "recipients", recipients: "1..3" }), { ...nothing, by: "recipients", width: 3 })
    assert.deepStrictEqual(of({ prove: "messages", recipients: 5 }), { ...nothing, by: "messages", width: 1 })
    assert.deepStrictEqual(
      StampedReport.ofCut({ ended: "cut", ids: ["alone"], plan: { prove: "recipients" } })?.run,
      Stamp.runOf("alone")
    )
    for (const none of [of({}), of({ prove: "everything" }), of({ prove: "recipients", recipients: "x" })]) {
      assert.isUndefined(none)
    }
    assert.isUndefined(of({ prove: "messages" }, "completed"))
  })
})
