import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Histogram from "../../src/measure/Histogram.js"
import { StageTally } from "../../src/measure/StageTally.js"

/** Stages of a second each, with ten messages due in each. */
const stages = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    from: index * 1000,
    to: (index + 1) * 1000,
    rate: [10, 10] as const,
    due: 10
  }))

describe("a tally of stages", () => {
  it("holds the durations of what was due in a stage and accepted, as a plain histogram counts them", () => {
    const message = fc.record({
      due: fc.integer({ min: 0, max: 2999 }),
      took: fc.double({ min: 0, max: 5000, noNaN: true }),
      accepted: fc.boolean()
    })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 50 }), (messages) => {
        const tally = new StageTally(stages(3), 0, 0)
        const plain = stages(3).map(() => Histogram.make())
        for (const { accepted, due, took } of messages) {
          tally.count({ _tag: accepted ? "Accepted" : "Rejected" }, due, due, due + took)
          if (accepted) Histogram.record(plain[Math.floor(due / 1000)]!, (due + took - due) * 1e6)
        }
        const counted = tally.toData().stages.map(({ buckets }) => buckets)
        assert.deepStrictEqual(counted, plain.map(Histogram.bucketsOf))
      })
    )
  })

  it("takes memory for what was measured: a thousand stages of steady durations less than 20 MB", () => {
    const before = process.memoryUsage().arrayBuffers
    const tally = new StageTally(stages(1000), 0, 0)
    for (let message = 0; message < 20_000; message++) {
      const due = message * 50
      tally.count({ _tag: "Accepted" }, due, due, due + 5 + (message % 97) / 20)
    }
    assert.isBelow(process.memoryUsage().arrayBuffers - before, 20e6)
    assert.isTrue(tally.toData().stages.every(({ buckets }) => buckets.length > 1))
  })
})
