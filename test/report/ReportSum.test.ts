import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Series from "../../src/measure/Series.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import { ReportSum } from "../../src/report/ReportSum.js"
import type * as RunReport from "../../src/report/RunReport.js"
import * as SavedReport from "../../src/report/SavedReport.js"
import { entryAt, reportOf } from "./Reports.js"

/** A report of what began then, with seconds that end with those of the time of day. */
const report = (startedAt: number, width: number, seconds: ReadonlyArray<number>): RunReport.RunReport => {
  const intervals = seconds.map((count, second): Series.Interval => {
    const end = (Math.floor(startedAt / width) + second + 1) * width
    const { p50: _, p99: __, max: ___, ...interval } = entryAt(second).interval
    const length = second === 0 ? end - startedAt : width
    const buckets = Array.from({ length: count % 7 }, (_, index) => [1000 + 8 * index + (count % 5), count] as const)
    return { ...interval, started: count, at: end - startedAt, length, ...Series.statistics(buckets) }
  })
  return { ...reportOf([]), startedAt: new Date(startedAt).toISOString(), series: { width, intervals } }
}

const reports = fc.array(
  fc.record({
    startedAt: fc.integer({ min: 0, max: 20_000 }),
    width: fc.constantFrom(1000, 1000, 1000, 2000),
    seconds: fc.array(fc.nat(50), { maxLength: 12 })
  }),
  { minLength: 1, maxLength: 6 }
)

describe("reports that are added up one after another", () => {
  it("are what two and two of them make", () => {
    fc.assert(
      fc.property(reports, (all) => {
        const given = all.map(({ seconds, startedAt, width }) => report(startedAt, width, seconds))
        const sum = new ReportSum()
        for (const each of given) sum.add(each)
        assert.deepStrictEqual(sum.report(), given.reduce(MergedReport.merge))
      }),
      { numRuns: 200 }
    )
  })

  it("have half as many intervals of twice the width, beyond an hour", () => {
    const hour = (startedAt: number) => report(startedAt, 1000, Array(2500).fill(1))
    const sum = new ReportSum()
    const [one, two] = [hour(0), hour(2_000_000)]
    for (const each of [one, two]) sum.add(each)
    const merged = MergedReport.merge(one, two)
    assert.strictEqual(merged.series?.width, 2000)
    assert.deepStrictEqual(sum.report(), merged)
  })

  it("are none, or the one that there is", () => {
    const sum = new ReportSum()
    assert.isUndefined(sum.report())
    const one = report(0, 1000, [1, 2])
    sum.add(one)
    assert.strictEqual(sum.report(), one)
  })
})

describe("the intervals of a saved report", () => {
  const text = (change: (interval: { [field: string]: unknown }) => void) => {
    const saved = JSON.parse(JSON.stringify(report(0, 1000, [3, 4])))
    change(saved.series.intervals[1])
    return JSON.stringify(saved)
  }

  it("are read as they are, or by the schema where they are not what this version writes", () => {
    const plain = Either.getOrThrow(SavedReport.parse(text(() => undefined)))
    assert.deepStrictEqual(plain.series, report(0, 1000, [3, 4]).series)
    const older = Either.getOrThrow(
      SavedReport.parse(
        text((interval) => {
          delete interval.behind
          delete interval.codes
          interval.note = "nobody knows"
        })
      )
    )
    assert.deepStrictEqual(older.series, plain.series)
  })

  for (const [name, change, expected] of [
    ["a count below 0", (interval) => Object.assign(interval, { accepted: -1 }), "series.intervals[1].accepted"],
    ["half a message", (interval) => Object.assign(interval, { open: 0.5 }), "series.intervals[1].open"],
    ["a text for a time", (interval) => Object.assign(interval, { at: "1" }), "series.intervals[1].at"],
    ["a bucket that is none", (interval) => Object.assign(interval, { buckets: [[1]] }), "series.intervals[1].buckets"],
    ["no bytes", (interval) => Object.assign(interval, { bytes: { out: 1 } }), "series.intervals[1].bytes.in"]
  ] satisfies ReadonlyArray<readonly [string, (interval: { [field: string]: unknown }) => void, string]>) {
    it(`are refused with ${name}`, () => {
      assert.include(Either.getOrThrow(Either.flip(SavedReport.parse(text(change)))).message, expected)
    })
  }
})
