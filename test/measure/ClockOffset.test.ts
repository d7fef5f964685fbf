import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Came from "../../src/measure/Came.js"
import * as ClockOffset from "../../src/measure/ClockOffset.js"
import { Deliveries } from "../../src/measure/Deliveries.js"
import * as Histogram from "../../src/measure/Histogram.js"

const milliseconds = (most: number) =>
  fc.integer({ min: -most * 1000, max: most * 1000 }).map((micros) => micros / 1000)

describe("how far a clock is ahead", () => {
  it("lies between the bounds of each question, however long each way took", () => {
    fc.assert(
      fc.property(fc.nat(1e12), milliseconds(1e6), fc.nat(1e6), fc.nat(1e6), (asked, ahead, there, back) => {
        const told = asked + there + ahead * 1000
        const [least, most] = ClockOffset.of(asked, told, asked + there + back)
        assert.isTrue(least <= ahead + 1e-3 && ahead <= most + 1e-3)
        assert.closeTo(most - least, (there + back) / 1000, 1e-3)
      })
    )
  })

  it("is known best by the shortest answer, and of several times by all of them", () => {
    assert.deepStrictEqual(ClockOffset.better([1, 9], [4, 5]), [4, 5])
    assert.deepStrictEqual(ClockOffset.better([4, 5], [1, 9]), [4, 5])
    const clocks: ReadonlyArray<ClockOffset.SinkClockOffset> = [
      { sink: "b", ahead: [4, 5] },
      { sink: "a", ahead: [0, 1] },
      { sink: "b", ahead: [3, 4.5] }
    ]
    const sinks: typeof clocks = [
      { sink: "a", ahead: [0, 1] },
      { sink: "b", ahead: [3, 5] }
    ]
    assert.deepStrictEqual(ClockOffset.bySink(clocks), sinks)
    assert.deepStrictEqual(ClockOffset.bySink(clocks.toReversed()), sinks)
    assert.deepStrictEqual(ClockOffset.common([clocks, clocks.slice(2)]), sinks.slice(1))
    assert.deepStrictEqual(ClockOffset.common([clocks, []]), [])
    assert.deepStrictEqual(ClockOffset.middle([-3, 1]), { ahead: -1, within: 2 })
  })
})

/** What a sink has seen of messages that took so long, in milliseconds, by its own clock. */
const cameAfter = (took: ReadonlyArray<number>, ahead: number): Came.Came => {
  const books = Deliveries.make(1, 0)
  const sentAt = 1e12
  took.forEach((each, message) => {
    const at = sentAt + Math.round((each + ahead) * 1000)
    books.arrive({ message, place: 0, fate: "confirmed", change: undefined, sentAt, at })
  })
  return books.came()
}

describe("what a sink has seen by another clock", () => {
  it("took as long as it did, whether the clock is ahead or behind, as exactly as it is told", () => {
    const times = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(times, milliseconds(20_000), fc.nat(50), fc.nat(50), (took, ahead, under, over) => {
        const came = cameAfter(took, ahead)
        const { came: known, within } = Came.corrected(came, [ahead - under, ahead + over])!
        assert.isAtLeast(within, (under + over) / 2)
        const real = took.toSorted((one, other) => one - other)
        const told = known.delivery.flatMap(([index, count]) =>
          Array<number>(count).fill((Histogram.lowestAt(index) + Histogram.highestAt(index)) / 2e6)
        )
        assert.lengthOf(told, real.length)
        // What it is told by has three figures, too.
        for (const [index, each] of told.entries()) assert.closeTo(each, real[index]!, within + each / 1000 + 1e-3)
        assert.strictEqual(known.counts.early, 0)
        assert.strictEqual(known.came, came.came)
      })
    )
  })

  it("came before it was sent only as far as the clocks do not explain it", () => {
    const came = cameAfter([-500, -20, 30], 100)
    assert.strictEqual(came.counts.early, 1)
    assert.strictEqual(Came.corrected(came, [90, 110])!.came.counts.early, 2)
    assert.strictEqual(Came.corrected(came, [70, 130])!.came.counts.early, 1)
  })

  it("is not told by our clock where what it took is cut off", () => {
    assert.isUndefined(Came.corrected(cameAfter([1], 4e6), [4e6, 4e6]))
    assert.isUndefined(Came.corrected(cameAfter([1], -4e6), [-4e6, -4e6]))
  })
})
