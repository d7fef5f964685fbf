import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Histogram from "../../src/measure/Histogram.js"

const hour = 3_600_000_000_000

/** Durations of every magnitude: most of a uniform draw would be minutes. */
const duration = fc.oneof(
  fc.integer({ min: 1, max: hour }),
  fc.double({ min: 0, max: 1, noNaN: true }).map((exponent) => Math.max(1, Math.floor(hour ** exponent))),
  fc
    .integer({ min: 0, max: 41 })
    .chain((bits) => fc.integer({ min: -2, max: 2 }).map((by) => Math.max(1, 2 ** bits + by)))
)

const of = (durations: ReadonlyArray<number>): Histogram.Histogram => {
  const histogram = Histogram.make()
  for (const nanoseconds of durations) Histogram.record(histogram, nanoseconds)
  return histogram
}

describe("indexOf, lowestAt and highestAt", () => {
  it("agree for any duration from 1 ns to an hour", () => {
    fc.assert(
      fc.property(duration, (nanoseconds) => {
        const index = Histogram.indexOf(nanoseconds)
        assert.isAtLeast(index, 0)
        assert.isBelow(index, Histogram.counters)
        assert.isAtMost(Histogram.lowestAt(index), nanoseconds)
        assert.isAtLeast(Histogram.highestAt(index), nanoseconds)
      }),
      { seed: 1, numRuns: 50_000 }
    )
  })

  it("agree at both ends of every bucket, and buckets follow each other without a gap", () => {
    const last = Histogram.indexOf(hour)
    let next = 0
    let wrong = 0
    for (let index = 0; index <= last; index++) {
      const [lowest, highest] = [Histogram.lowestAt(index), Histogram.highestAt(index)]
      if (lowest !== next || highest < lowest) wrong++
      if (index < last && (Histogram.indexOf(lowest) !== index || Histogram.indexOf(highest) !== index)) wrong++
      next = highest + 1
    }
    assert.strictEqual(wrong, 0)
    assert.isAtLeast(next, hour)
  })

  it("tell durations apart to three significant figures", () => {
    fc.assert(
      fc.property(duration, (nanoseconds) => {
        const index = Histogram.indexOf(nanoseconds)
        assert.isAtMost(Histogram.highestAt(index) - Histogram.lowestAt(index), nanoseconds / 1000)
      }),
      { seed: 2, numRuns: 50_000 }
    )
  })

  it("have HdrHistogram's layout for three figures from 1 ns, so that its formats can be written", () => {
    // Its rule: the bucket is the number of bits beyond 11, and each bucket but the first has 1024 counters.
    const rule = (value: bigint): number => {
      let bucket = 0n
      while (value >> bucket >= 2048n) bucket++
      return Number(((bucket + 1n) << 10n) + (value >> bucket) - 1024n)
    }
    fc.assert(
      fc.property(duration, (nanoseconds) => {
        assert.strictEqual(Histogram.indexOf(nanoseconds), rule(BigInt(nanoseconds)))
      }),
      { seed: 6, numRuns: 20_000 }
    )
    // What its own tests say of equivalent values.
    for (const [value, lowest, highest] of [
      [2500, 2500, 2501],
      [8180, 8180, 8183],
      [8191, 8188, 8191],
      [8193, 8192, 8199],
      [9995, 9992, 9999],
      [10_007, 10_000, 10_007],
      [10_008, 10_008, 10_015]
    ] as const) {
      const index = Histogram.indexOf(value)
      assert.deepStrictEqual([Histogram.lowestAt(index), Histogram.highestAt(index)], [lowest, highest], String(value))
    }
  })

  it("count what is shorter or longer than they can tell at the ends", () => {
    assert.strictEqual(Histogram.indexOf(-5), 0)
    assert.strictEqual(Histogram.indexOf(0.9), 0)
    assert.strictEqual(Histogram.indexOf(hour * 10), Histogram.indexOf(hour))
    assert.strictEqual(Histogram.indexOf(Number.POSITIVE_INFINITY), Histogram.indexOf(hour))
  })
})

describe("valueAtPercentile", () => {
  it("is the bucket's end of the sample that a sorted list would give, for any samples", () => {
    fc.assert(
      fc.property(
        fc.array(duration, { minLength: 1, maxLength: 200, size: "max" }),
        fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.constantFrom(0, 50, 90, 99, 99.9, 100)),
        (durations, percentile) => {
          const sorted = [...durations].sort((a, b) => a - b)
          // Nearest rank: the smallest sample that at least so many per cent do not exceed.
          const rank = Math.max(1, Math.ceil((percentile * sorted.length) / 100 - 1e-9))
          const exact = sorted[rank - 1]!
          const value = Histogram.valueAtPercentile(of(durations), percentile)
          assert.strictEqual(value, Histogram.highestAt(Histogram.indexOf(exact)))
          assert.isAtMost(Math.abs(value - exact), exact / 1000)
        }
      ),
      { seed: 3, numRuns: 300 }
    )
  })

  it("does not fall with the percentile", () => {
    const histogram = of(Array.from({ length: 1000 }, (_, index) => (index + 1) * 1_000_003))
    let before = 0
    for (let percentile = 0; percentile <= 100; percentile += 0.5) {
      const value = Histogram.valueAtPercentile(histogram, percentile)
      assert.isAtLeast(value, before)
      before = value
    }
  })

  it("counts rounding errors of the rank as none", () => {
    // 99.9 % of 1000 is 999 exactly, and a hair more in floating point.
    const histogram = of([...new Array<number>(999).fill(10), 1000])
    assert.strictEqual(Histogram.valueAtPercentile(histogram, 99.9), 10)
    assert.strictEqual(Histogram.valueAtPercentile(histogram, 99.91), 1000)
    assert.strictEqual(Histogram.valueAtPercentile(histogram, 200), 1000)
  })

  it("is 0 where nothing was counted", () => {
    for (const percentile of [0, 50, 100]) {
      assert.strictEqual(Histogram.valueAtPercentile(Histogram.make(), percentile), 0)
    }
  })
})

describe("total, mean and range", () => {
  it("are those of the samples, but for the width of a bucket", () => {
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 100, size: "max" }), (durations) => {
        const histogram = of(durations)
        assert.strictEqual(Histogram.total(histogram), durations.length)
        const mean = durations.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / durations.length
        assert.isAtMost(Math.abs(Histogram.mean(histogram) - mean), mean / 1000)
        const { max, min } = Histogram.range(histogram)
        const [shortest, longest] = [Math.min(...durations), Math.max(...durations)]
        assert.isTrue(min <= shortest && shortest - min <= shortest / 1000)
        assert.isTrue(max >= longest && max - longest <= longest / 1000)
      }),
      { seed: 4, numRuns: 300 }
    )
  })

  it("have a mean that leans to neither end of a bucket", () => {
    const durations = Array.from({ length: 10_000 }, (_, index) => 1_000_000 + index * 101)
    const mean = durations.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / durations.length
    assert.isAtMost(Math.abs(Histogram.mean(of(durations)) - mean), mean / 100_000)
  })

  it("are zeros where nothing was counted", () => {
    const empty = Histogram.make()
    assert.strictEqual(Histogram.total(empty), 0)
    assert.strictEqual(Histogram.mean(empty), 0)
    assert.deepStrictEqual(Histogram.range(empty), { min: 0, max: 0 })
  })
})

describe("add", () => {
  it("gives the histogram of all samples, in any order and any grouping", () => {
    const samples = fc.array(duration, { maxLength: 50, size: "max" })
    fc.assert(
      fc.property(samples, samples, samples, (a, b, c) => {
        const all = of([...a, ...b, ...c])
        const left = of(a)
        Histogram.add(left, of(b))
        Histogram.add(left, of(c))
        const right = of(c)
        Histogram.add(right, of(b))
        Histogram.add(right, of(a))
        assert.isTrue(Buffer.from(left.counts.buffer).equals(Buffer.from(all.counts.buffer)))
        assert.isTrue(Buffer.from(right.counts.buffer).equals(Buffer.from(all.counts.buffer)))
      }),
      { seed: 5, numRuns: 100 }
    )
  })

  it("leaves what is added as it was", () => {
    const added = of([5, 5, 7])
    Histogram.add(of([5]), added)
    assert.strictEqual(Histogram.total(added), 3)
  })
})

describe("make", () => {
  it("shares the memory that it is given, from the offset on", () => {
    const bytes = Histogram.counters * 8
    const memory = new SharedArrayBuffer(bytes * 2)
    const writer = Histogram.make(memory, bytes)
    Histogram.record(writer, 1234)
    assert.strictEqual(Histogram.total(Histogram.make(memory, bytes)), 1)
    assert.strictEqual(Histogram.total(Histogram.make(memory, 0)), 0)
  })
})
