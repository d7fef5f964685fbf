import { pipe } from "effect/Function"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Histogram from "../../src/measure/Histogram.js"
import * as Series from "../../src/measure/Series.js"
import * as Counted from "./Counted.js"

/** Some counts for an interval that ends at `at`. */
const intervalOf = (at: number, length: number, counts: ReadonlyArray<number>): Series.Interval => {
  const [started = 0, accepted = 0, rejected = 0, failed = 0, opened = 0, out = 0] = counts
  return {
    ...Series.sum([]),
    at,
    length,
    started,
    accepted,
    rejected,
    failed,
    late: failed,
    dropped: rejected,
    behind: accepted,
    bytes: { out, in: started },
    connections: Counted.connections({
      opened,
      failed,
      reused: accepted,
      closedByUs: opened,
      closedByServer: rejected
    }),
    underWay: started,
    open: opened,
    ...Series.statistics(accepted === 0 ? [] : [[accepted * 100, accepted]])
  }
}

const counts = fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 })

/** A run's series: whole seconds of the time of day, the first and the last of them cut. */
const part = fc
  .record({ startedAt: fc.integer({ min: 0, max: 20_000 }), seconds: fc.array(counts, { maxLength: 12 }) })
  .map(({ seconds, startedAt }) => {
    let before = 0
    return {
      startedAt,
      series: seconds.reduce((series, each, index) => {
        const at = (Math.floor(startedAt / 1000) + index + 1) * 1000 - startedAt
        const interval = intervalOf(at, at - before, each)
        before = at
        return pipe(series, Series.append(interval, startedAt))
      }, Series.empty)
    }
  })

type Part = { readonly series: Series.Series; readonly startedAt: number }

const totals = (parts: ReadonlyArray<Part>): unknown => {
  const intervals = parts.flatMap(({ series }) => series.intervals)
  const total = (of: (interval: Series.Interval) => number) => intervals.reduce((sum, each) => sum + of(each), 0)
  return {
    started: total((each) => each.started),
    accepted: total((each) => each.accepted),
    rejected: total((each) => each.rejected),
    out: total((each) => each.bytes.out),
    reused: total((each) => each.connections.reused),
    buckets: Series.sumBuckets(intervals.map(({ buckets }) => buckets))
  }
}

const merged = (parts: ReadonlyArray<Part>): Part => ({
  series: Series.merge(parts),
  startedAt: Math.min(...parts.map(({ startedAt }) => startedAt))
})

describe("series that are merged", () => {
  it("hold the same in any order and grouping", () => {
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        const all = merged([a, b, c])
        assert.deepStrictEqual(merged([c, a, b]), all)
        assert.deepStrictEqual(merged([merged([a, b]), c]), all)
        assert.deepStrictEqual(merged([a, merged([b, c])]), all)
      })
    )
  })

  it("lose nothing, and lie in the second of the day in which it happened", () => {
    fc.assert(
      fc.property(part, part, (a, b) => {
        const all = merged([a, b])
        assert.deepStrictEqual(totals([all]), totals([a, b]))
        const secondsOf = (each: Part) => each.series.intervals.map(({ at }) => Math.ceil((each.startedAt + at) / 1000))
        assert.deepStrictEqual(
          secondsOf(all),
          [...new Set([...secondsOf(a), ...secondsOf(b)])].sort((left, right) => left - right)
        )
      }),
      { seed: 1 }
    )
  })
})

describe("a series that grows", () => {
  it("keeps at most its limit, by making intervals longer, and loses nothing", () => {
    let series = Series.empty
    const seconds = 3 * Series.most
    for (let second = 1; second <= seconds; second++) {
      series = Series.append(series, intervalOf(second * 1000, 1000, [2, 1, 0, 0, 3, 4]), 0)
      assert.isAtMost(series.intervals.length, Series.most)
    }
    assert.strictEqual(series.width, 4000)
    assert.deepInclude(totals([{ series, startedAt: 0 }]) as object, { started: 2 * seconds, out: 4 * seconds })
    // What is open is that of the moment, and not a sum.
    assert.isTrue(series.intervals.every(({ open, underWay }) => open === 3 && underWay === 2))
    assert.strictEqual(series.intervals.at(-1)?.at, seconds * 1000)
  })

  it("takes parts of a second as one", () => {
    const quarters = [250, 500, 750, 1000, 1250].map((at) => intervalOf(at, 250, [1, 1, 0, 0, 0, 0]))
    const series = quarters.reduce((all, each) => Series.append(all, each, 0), Series.empty)
    assert.deepStrictEqual(
      series.intervals.map(({ accepted, at, length }) => [at, length, accepted]),
      [
        [1000, 1000, 4],
        [1250, 250, 1]
      ]
    )
  })
})

describe("the value of a rank", () => {
  it("is that of the bucket which the rank lies in, and 0 where there are fewer", () => {
    const [one, two] = [Histogram.indexOf(2e6), Histogram.indexOf(9e6)]
    const buckets = [
      [one, 3],
      [two, 2]
    ] as const
    const [low, high] = [Histogram.highestAt(one) / 1e6, Histogram.highestAt(two) / 1e6]
    assert.deepStrictEqual(
      [1, 3, 4, 5, 6].map((rank) => Series.valueAtRank(buckets, rank)),
      [low, low, high, high, 0]
    )
  })
})

describe("the sum of buckets", () => {
  const buckets = fc
    .array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 9 })), { maxLength: 30 })
    .map((pairs): Series.Buckets => [...new Map(pairs)])
  const inOrder = (list: Series.Buckets): Series.Buckets => list.toSorted(([a], [b]) => a - b)

  it("has each of them once, in order, with all its counts, whether they were in order or not", () => {
    fc.assert(
      fc.property(fc.array(buckets, { maxLength: 4 }), fc.boolean(), (lists, ordered) => {
        const given = ordered ? lists.map(inOrder) : lists
        const counts = new Map<number, number>()
        for (const [index, count] of given.flat()) counts.set(index, (counts.get(index) ?? 0) + count)
        const sum = Series.sumBuckets(given)
        // One alone is as it is.
        assert.deepStrictEqual(
          given.filter((list) => list.length > 0).length > 1 ? sum : inOrder(sum),
          inOrder([...counts])
        )
      })
    )
  })
})
