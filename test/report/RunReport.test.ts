import { pipe } from "effect/Function"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as Accounting from "../../src/measure/Accounting.js"
import * as Histogram from "../../src/measure/Histogram.js"
import { type Ending, type Measured, Recorder } from "../../src/measure/Recorder.js"
import * as Plan from "../../src/plan/Plan.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as Counts from "../../src/measure/Counts.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as Outcome from "../../src/smtp/Outcome.js"
import { ConnectFailed } from "../../src/smtp/SmtpError.js"
import { type Sample, reportOf } from "./Reports.js"

const sample: fc.Arbitrary<Sample> = fc.record({
  of: fc.constantFrom<Measured>("rcpt", "final", "transaction"),
  ending: fc.constantFrom<Ending>("accepted", "rejected"),
  elapsed: fc.oneof(fc.double({ min: 0, max: 10, noNaN: true }), fc.integer({ min: 0, max: 100_000 })),
  code: fc.constantFrom(250, 450, 550)
})
const samples = fc.array(sample, { maxLength: 40 })

const report = fc
  .record({ samples, later: fc.nat(5000), elapsed: fc.double({ min: 0, max: 1e6, noNaN: true }) })
  .map(({ elapsed, later, samples }) => reportOf(samples, { later, elapsed }))

const decode = Schema.decodeUnknownSync(RunReport.schema, { onExcessProperty: "error" })

describe("a report", () => {
  it("has the statistics of its histograms", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 200 }), (times) => {
        const recorder = new Recorder()
        for (const time of times) recorder.record("rcpt", "accepted", time / 1e6)
        const histogram = recorder.histogram("rcpt", "accepted") ?? assert.fail("nothing recorded")
        const [durations] = RunReport.make(Plan.make({}), finished(recorder), { version: "1" }).durations
        const at = (percentile: number) => Histogram.valueAtPercentile(histogram, percentile) / 1e6
        const { max, min } = Histogram.range(histogram)
        assert.deepInclude(durations, { of: "rcpt", ending: "accepted", count: times.length, p50: at(50), p90: at(90) })
        assert.deepInclude(durations, { p99: at(99), p999: at(99.9), max: max / 1e6, min: min / 1e6 })
        assert.closeTo(durations?.mean ?? -1, Histogram.mean(histogram) / 1e6, 1e-6)
      }),
      { seed: 1, numRuns: 100 }
    )
  })

  it("comes back from JSON as it was", () => {
    fc.assert(
      fc.property(report, (whole) => {
        assert.deepStrictEqual(decode(JSON.parse(JsonReport.render(whole))), whole)
      }),
      { seed: 2, numRuns: 200 }
    )
  })

  it("holds nothing from the network that a terminal would obey", () => {
    const recorder = new Recorder()
    recorder.onReply("mail", { code: 550, text: "5.1.1 \u001b]0;owned\u0007\u009b2J \u00e9\nno" }, 1, 1)
    recorder.onError(new ConnectFailed({ code: "E", reason: "\u202e\u001b[2J", local: false }), () => 2)
    const { errors, replies } = RunReport.make(Plan.make({}), finished(recorder), { version: "1" })
    assert.strictEqual(replies[0]?.example, "5.1.1 \\x1b]0;owned\\x07\\x9b2J \\xe9\\x0ano")
    assert.strictEqual(errors[0]?.example, "connect: \\u202e\\x1b[2J")
  })

  it("says how the run ended, and of what", () => {
    const of = (part: Partial<RunReport.Finished>) => {
      const { ended, reason } = RunReport.make(
        Plan.make({}),
        { ...finished(new Recorder()), ...part },
        { version: "1" }
      )
      return [ended, reason]
    }
    assert.deepStrictEqual(of({}), ["completed", undefined])
    assert.deepStrictEqual(of({ stopped: true }), ["stopped", undefined])
    assert.deepStrictEqual(of({ endedBy: Option.some({ message: "lost\n" }) }), ["failed", "lost\\x0a"])
    assert.deepStrictEqual(of({ workerDied: Option.some({ message: "died" }) }), ["failed", "died"])
  })

  it("has a JSON Schema", () => {
    assert.include(JSON.stringify(RunReport.jsonSchema()), '"durations"')
  })
})

const finished = (recorder: Recorder): RunReport.Finished => ({
  accounting: Accounting.make(0),
  recorder,
  runId: "1.2",
  startedAt: new Date(0),
  elapsed: 0,
  stopped: false,
  endedBy: Option.none()
})

describe("merge", () => {
  it("does not mind the order", () => {
    fc.assert(
      fc.property(report, report, (a, b) => {
        assert.deepStrictEqual(MergedReport.merge(a, b), MergedReport.merge(b, a))
        assert.deepStrictEqual(pipe(a, MergedReport.merge(b)), MergedReport.merge(a, b))
      }),
      { seed: 3, numRuns: 100 }
    )
  })

  it("does not mind the grouping", () => {
    fc.assert(
      fc.property(report, report, report, (a, b, c) => {
        assert.deepStrictEqual(
          MergedReport.merge(MergedReport.merge(a, b), c),
          MergedReport.merge(a, MergedReport.merge(b, c))
        )
      }),
      { seed: 4, numRuns: 100 }
    )
  })

  it("adds up what became of arrivals, connections and recipients, each count of them", () => {
    const counted = (factor: number): RunReport.RunReport => {
      const of = <const Names extends ReadonlyArray<string>>(names: Names) =>
        Counts.make(names, (name) => factor * (names.indexOf(name) + 1))
      const groups = { arrivals: of(Counts.arrivals), connections: of(Counts.connections), bytes: of(Counts.bytes) }
      return { ...reportOf([]), ...groups, recipients: of(Counts.recipients) }
    }
    const { arrivals, bytes, connections, recipients } = MergedReport.merge(counted(1), counted(10))
    const { arrivals: late, bytes: wire, connections: all, recipients: offered } = counted(11)
    assert.deepStrictEqual(
      { arrivals, bytes, connections, recipients },
      { arrivals: late, bytes: wire, connections: all, recipients: offered }
    )
  })

  it("gives the figures of the whole, exactly", () => {
    fc.assert(
      fc.property(samples, samples, (left, right) => {
        const merged = MergedReport.merge(reportOf(left), reportOf(right))
        const whole = reportOf([...left, ...right])
        assert.deepStrictEqual(merged.durations, whole.durations)
        assert.deepStrictEqual(merged.messages, whole.messages)
        assert.deepStrictEqual(merged.recipients, whole.recipients)
        assert.deepStrictEqual(
          merged.replies.map(({ code, count, step }) => [step, code, count]),
          whole.replies.map(({ code, count, step }) => [step, code, count])
        )
        assert.strictEqual(merged.runs, 2)
      }),
      { seed: 5, numRuns: 100 }
    )
  })

  it("lasts from the first start to the last end, and tells the gravest end", () => {
    const first = reportOf([], { later: 0, elapsed: 1000 })
    const second = { ...reportOf([], { later: 4000, elapsed: 2000.5 }), ended: "failed" as const, reason: "lost" }
    const merged = MergedReport.merge(second, first)
    assert.deepInclude(merged, { startedAt: first.startedAt, elapsed: 6000.5, ended: "failed", reason: "lost" })
    assert.deepStrictEqual(MergedReport.merge(first, first).messages, { ...first.messages })
  })

  it("has a rate of the time in which runs were under way, however long the rests between them", () => {
    const accepted = Array.from(
      { length: 100 },
      (): Sample => ({ of: "transaction", ending: "accepted", elapsed: 1, code: 250 })
    )
    const first = reportOf(accepted, { elapsed: 1000 })
    const beside = reportOf(accepted, { elapsed: 1000, later: 500 })
    const hourLater = reportOf(accepted, { elapsed: 1000, later: 3_600_000 })
    assert.strictEqual(MergedReport.merge(first, hourLater).rate, 100)
    const all = [first, beside, hourLater].reduce(MergedReport.merge)
    assert.strictEqual(all.rate, 120)
    assert.deepStrictEqual(all.active, [
      [0, 1500],
      [3_600_000, 3_601_000]
    ])
    assert.strictEqual(all.elapsed, 3_601_000)
  })

  it("leaves warm-ups out of the rate, also beside a run that has none", () => {
    const recorder = new Recorder()
    recorder.warmUpEnd = 1000
    recorder.warmUpAccepted = 7
    const accounting = Accounting.make(10)
    for (let message = 0; message < 10; message++) {
      accounting.start()
      accounting.book(Outcome.acceptedByAll(1))
    }
    const plan = Plan.make({ target: "mail.example", warmUp: "1s" })
    const run = RunReport.make(plan, { ...finished(recorder), accounting, elapsed: 3000 }, { version: "1" })
    assert.strictEqual(run.rate, 1.5)
    assert.deepStrictEqual(run.measured, { accepted: 3, active: [[1000, 3000]] })
    const plain = RunReport.make(plan, { ...finished(new Recorder()), accounting, elapsed: 2000 }, { version: "1" })
    assert.deepStrictEqual(MergedReport.merge(run, plain).measured, { accepted: 13, active: [[0, 3000]] })
    const short = RunReport.make(plan, { ...finished(recorder), accounting, elapsed: 900 }, { version: "1" })
    assert.deepInclude(short, { rate: 0, measured: { accepted: 3, active: [] } })
  })

  it("knows a run that is among others twice, merged ones too", () => {
    const [a, b, c] = [reportOf([]), reportOf([]), reportOf([])]
    const merged = MergedReport.merge(a, b)
    assert.isUndefined(MergedReport.twice([merged, c]))
    assert.strictEqual(MergedReport.twice([merged, c, b]), b.ids[0])
  })

  it("adds up what the generators spent, and keeps the busiest", () => {
    const busy = { cpu: { user: 10, system: 5 }, utilisation: 0.9, delayMean: 1, delayP99: 9 }
    const idle = { cpu: { user: 1, system: 1 }, utilisation: 0.1, delayMean: 2, delayP99: 3 }
    const merged = MergedReport.merge({ ...reportOf([]), generator: busy }, { ...reportOf([]), generator: idle })
    assert.deepStrictEqual(merged.generator, {
      cpu: { user: 11, system: 6 },
      utilisation: 0.9,
      delayMean: 2,
      delayP99: 9
    })
  })
})
