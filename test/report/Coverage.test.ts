import { assert, describe, it } from "@effect/vitest"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Load from "../../src/load/Load.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Segment from "../../src/plan/Segment.js"
import * as CsvReport from "../../src/report/CsvReport.js"
import * as HtmlReport from "../../src/report/HtmlReport.js"
import * as Journal from "../../src/report/Journal.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import { entry, RunningReport, startOf } from "../../src/report/RunningReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as SegmentLines from "../../src/report/SegmentLines.js"
import * as SavedReport from "../../src/report/SavedReport.js"
import * as TextReport from "../../src/report/TextReport.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { entryAt } from "./Reports.js"

const plan = Plan.make({ target: "h", rate: "10/s", duration: "10s", reuse: true })

/** What the journal of a segment holds after this many seconds: that of a whole segment, if it has its end. */
const segment = (index: number, seconds: number, isWhole = true): RunReport.RunReport => {
  const own = Segment.of(plan, index, 4, { runId: "r" })
  const startedAt = new Date(index * 100)
  const start = startOf(own, { planned: 25, runId: "r", startedAt, version: "1" })
  // They end with the seconds of the time of day.
  const lines = Array.from({ length: seconds }, (_, second) => {
    const { interval, ...rest } = entryAt(second + 1)
    const length = second === 0 ? 1000 - index * 100 : 1000
    return { ...rest, interval: { ...interval, at: interval.at - index * 100, length } }
  }).map(Journal.intervals())
  const { report } = Either.getOrThrow(Journal.read(Journal.start(start) + lines.join("")))
  if (!isWhole) return report
  const [first] = report.segments ?? []
  return { ...report, ended: "completed", segments: [{ ...first!, ended: "completed", lost: 0 }] }
}

const coverage = ({ series }: RunReport.RunReport) => series?.intervals.map(({ segments }) => segments)

describe("each second of a run that several processes made", () => {
  const parts = [segment(1, 8), segment(2, 8), segment(3, 3, false), segment(4, 6)]
  const merged = Either.getOrThrow(MergedReport.all(parts))

  it("says how many segments it covers: one that was killed is not known any more, and one that has ended is", () => {
    assert.deepStrictEqual(coverage(merged), [4, 4, 4, 3, 3, 3, 3, 3])
    const [heading = "", ...rows] = CsvReport.render(merged).trimEnd().split("\n")
    assert.strictEqual(heading.split(",").at(-1), "segments")
    assert.deepStrictEqual(
      rows.map((row) => row.split(",").at(-1)),
      ["4", "4", "4", "3", "3", "3", "3", "3"]
    )
    const [alone = ""] = CsvReport.render(parts[0]!).split("\n").slice(1)
    assert.strictEqual(alone.split(",").at(-1), "")
  })

  it("is one less where a segment is missing, and whole once it is found", () => {
    const [one, ...others] = parts
    const without = Either.getOrThrow(MergedReport.all(others))
    assert.deepStrictEqual(coverage(without), [3, 3, 3, 2, 2, 2, 2, 2])
    const saved = Either.getOrThrow(SavedReport.parse(JsonReport.render(without)))
    assert.deepStrictEqual(saved, without)
    assert.deepStrictEqual(Either.getOrThrow(MergedReport.all([saved, one!])), merged)
  })

  it("is a gap in the charts where it lacks a segment, and says nothing of the rate", () => {
    const page = HtmlReport.render(merged)
    assert.strictEqual(page.match(/>2.9 s to 3.9 s: not known of all segments/g)?.length, 6)
    assert.notInclude(page, "1.9 s to 2.9 s: not known")
    // Four in each second of which all is known, though three were counted in others.
    assert.include(page, "From 4 to 4.4 messages accepted per second.")
    assert.include(page, "4.14/s accepted in the 2.90 s of which all segments are known.")
    assert.include(
      TextReport.render(merged),
      "  coverage   4.14/s accepted in the 2.90 s of which all segments are known\n"
    )
    const complete = Either.getOrThrow(MergedReport.all([1, 2, 3, 4].map((index) => segment(index, 5))))
    assert.notInclude(HtmlReport.render(complete), "not known of all")
    assert.notInclude(TextReport.render(complete), "coverage")
  })

  it("is drawn where a segment is missing from all of them", () => {
    const three = Either.getOrThrow(MergedReport.all([1, 2, 4].map((index) => segment(index, 5))))
    assert.notInclude(HtmlReport.render(three), "not known of all")
    assert.include(HtmlReport.render(three), "From 3 to 3.3 messages accepted per second.")
  })
})

/** Virtual time begins at 0. */
const at = (seconds: number) => new Date(seconds * 1000).toISOString()

/** A process whose machine's clock is off by this many seconds, and which is there after this many. */
const elsewhere = (plan: Plan.Plan, off: number, after = 0) =>
  Effect.gen(function* () {
    yield* Effect.sleep(after * 1000)
    const clock = yield* Effect.clock
    const wrong: Clock.Clock = {
      ...clock,
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + off * 1000,
      currentTimeMillis: Effect.map(clock.currentTimeMillis, (time) => time + off * 1000)
    }
    let running: RunningReport | undefined
    const result = yield* Load.run(plan, {
      sampling: {
        begin: (startedAt, planned, runId) => {
          running = new RunningReport(startOf(plan, { planned, runId, startedAt, version: "1" }))
        },
        take: (sample) => running?.add(entry(sample))
      }
    }).pipe(Effect.withClock(wrong))
    const { accepted } = yield* TestServer.TestServer
    const times = accepted.map(({ time }) => time - off * 1000)
    return { report: RunReport.make(plan, result, { version: "1", series: running?.series }), times }
  }).pipe(Effect.provide(TestServer.layer()), (program) => Simulation.run(program))

describe("machines whose clocks are wrong", () => {
  const open = Plan.make({
    target: "h",
    helloName: "me",
    rate: "30/s",
    duration: "4s",
    maxSessions: 9,
    startAt: at(20)
  })
  const third = (index: number) => Segment.of(open, index, 3, { runId: "r" })

  it.effect("begin by them; what happened is told by the time since the start, and who was late is named", () =>
    Effect.gen(function* () {
      const right = yield* elsewhere(third(1), 0)
      const slow = yield* elsewhere(third(2), -5)
      // Its clock says 21.25 s when it comes.
      const late = yield* elsewhere(third(3), 10, 11.25)
      assert.strictEqual(right.times[0], 20_000)
      assert.closeTo(slow.times[0] ?? 0, 25_033, 1)
      assert.closeTo(late.times[0] ?? 0, 11_267, 1)
      const merged = Either.getOrThrow(MergedReport.all([slow, late, right].map(({ report }) => report)))
      assert.strictEqual(merged.startedAt, at(20))
      assert.deepStrictEqual(
        merged.segments?.map(({ late, startedAt }) => [startedAt, late]),
        [
          [at(20), undefined],
          [at(20), undefined],
          [at(20), 1250]
        ]
      )
      assert.deepInclude(merged.messages, { planned: 120, accepted: 108, notStarted: 12, lost: 0 })
      // Of the third, the messages of 1.25 s are not started: 18 instead of 30.
      assert.deepStrictEqual(
        merged.series?.intervals.map(({ accepted, at }) => [at, accepted]),
        [
          [1000, 20],
          [2000, 28],
          [3000, 30],
          [3966, 30]
        ]
      )
      assert.include(
        TextReport.render(merged),
        "  segments   began 1.25 s apart by their machines' clocks; late: 3/3 by 1.25 s\n"
      )
    })
  )

  it.effect("are told to have begun far apart where no start was agreed upon", () =>
    Effect.gen(function* () {
      const { startAt: _, ...plan } = open
      const parts = [1, 2, 3].map((index) =>
        elsewhere(Segment.of(plan, index, 3, { runId: "r" }), index === 2 ? 3600 : 0, 1)
      )
      const merged = Either.getOrThrow(MergedReport.all((yield* Effect.all(parts)).map(({ report }) => report)))
      assert.strictEqual(
        SegmentLines.beginnings(merged),
        "began 60 min 0 s apart by their machines' clocks; some had ended before others began: if clocks are wrong, so are rates and charts"
      )
    })
  )
})
