import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Histogram from "../../src/measure/Histogram.js"
import { mostOwn, otherNames, Recorder } from "../../src/measure/Recorder.js"
import * as Series from "../../src/measure/Series.js"
import { SparseHistogram } from "../../src/measure/SparseHistogram.js"

const nanoseconds = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 2 * Histogram.longest }))

describe("a sparse histogram", () => {
  it("counts what a plain one counts", () => {
    fc.assert(
      fc.property(fc.array(nanoseconds), fc.array(nanoseconds), (here, there) => {
        const plain = Histogram.make()
        for (const each of [...here, ...there]) Histogram.record(plain, each)
        const [sparse, other] = [new SparseHistogram(), new SparseHistogram()]
        for (const each of here) sparse.record(each)
        for (const each of there) other.record(each)
        sparse.add(other.buckets())
        assert.deepStrictEqual(sparse.buckets(), Histogram.bucketsOf(plain))
        assert.deepStrictEqual(Histogram.ofBuckets(sparse.buckets()), plain)
      }),
      { seed: 1 }
    )
  })
})

describe("names of scenarios' own", () => {
  it("take memory for what was measured, a thousand of them less than 30 MB", () => {
    const before = process.memoryUsage().arrayBuffers
    const recorder = new Recorder()
    for (let sample = 0; sample < 20_000; sample++) {
      recorder.recordOwn(`name ${sample % 1000}`, "accepted", 5 + (sample % 97) / 20)
    }
    assert.isBelow(process.memoryUsage().arrayBuffers - before, 30e6)
    assert.lengthOf([...recorder.durations()], 1000)
  })

  it("are told apart up to a limit, in number and in length, and none of their durations is lost", () => {
    const recorder = new Recorder()
    for (let name = 0; name < mostOwn + 500; name++) recorder.recordOwn(`${name}`, "accepted", 1)
    for (let length = 300; length < 400; length++) recorder.recordOwn("x".repeat(length), "failed", 1)
    recorder.recordOwn("7", "accepted", 1)
    const all = [...recorder.durations()].map(({ ending, histogram, of }) => [of, ending, Histogram.total(histogram)])
    assert.lengthOf(all, mostOwn + 2)
    assert.deepStrictEqual(all[7], ["7", "accepted", 2])
    assert.deepStrictEqual(all.slice(-2), [
      [otherNames, "accepted", 500],
      [otherNames, "failed", 100]
    ])
    const merged = new Recorder()
    merged.add(recorder.toData())
    merged.add(recorder.toData())
    assert.strictEqual(Histogram.total(merged.ownHistogram("7", "accepted")!), 4)
    assert.strictEqual(Histogram.total(merged.ownHistogram(otherNames, "accepted")!), 1000)
  })

  it("are cut where they are long", () => {
    const recorder = new Recorder()
    recorder.recordOwn("x".repeat(100_000), "accepted", 1)
    assert.deepStrictEqual(
      [...recorder.durations()].map(({ of }) => of),
      ["x".repeat(200)]
    )
  })
})

describe("buckets of an interval", () => {
  const buckets = fc.array(nanoseconds, { maxLength: 300 }).map((all) => {
    const histogram = Histogram.make()
    for (const each of all) Histogram.record(histogram, each)
    return Histogram.bucketsOf(histogram)
  })

  it("keep two significant figures, and every transaction", () => {
    fc.assert(
      fc.property(buckets, (fine) => {
        const coarse = Series.coarse(fine)
        const sum = (all: Series.Buckets) => all.reduce((total, [, count]) => total + count, 0)
        assert.strictEqual(sum(coarse), sum(fine))
        for (const percentile of [0, 50, 99, 100]) {
          const [exact, near] = [fine, coarse].map((all) => Series.valueAtPercentile(all, sum(all), percentile) * 1e6)
          assert.isAtLeast(near!, exact!)
          assert.isAtMost(near!, exact! * 1.01 + 8)
        }
        assert.deepStrictEqual(Series.coarse(coarse), coarse)
      }),
      { seed: 1 }
    )
  })

  it("are few, however many transactions there are, and the same objects in seconds that are the same", () => {
    const second = () => {
      const histogram = Histogram.make()
      for (let sample = 0; sample < 20_000; sample++) Histogram.record(histogram, 5e6 + sample * 500)
      return Series.coarse(Histogram.bucketsOf(histogram))
    }
    const [first, next] = [second(), second()]
    assert.isAtMost(first.length, 210)
    first.forEach((bucket, place) => void assert.strictEqual(bucket, next[place]))
  })
})
