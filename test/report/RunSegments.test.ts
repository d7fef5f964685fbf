import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Load from "../../src/load/Load.js"
import * as Partition from "../../src/plan/Partition.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Segment from "../../src/plan/Segment.js"
import * as Accounting from "../../src/measure/Accounting.js"
import * as HtmlReport from "../../src/report/HtmlReport.js"
import * as Journal from "../../src/report/Journal.js"
import * as Judgement from "../../src/report/Judgement.js"
import * as JunitReport from "../../src/report/JunitReport.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import * as PrometheusReport from "../../src/report/PrometheusReport.js"
import { startOf } from "../../src/report/RunningReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as RunSegments from "../../src/report/RunSegments.js"
import * as SegmentLines from "../../src/report/SegmentLines.js"
import * as TextReport from "../../src/report/TextReport.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { entryAt, reportOf, type Sample } from "./Reports.js"

/** The results of the segments of a run that had these samples, one a message. */
const cut = (samples: ReadonlyArray<Sample>, of: number): ReadonlyArray<RunReport.RunReport> =>
  Array.from({ length: of }, (_, index) => {
    const { at, count } = Partition.of({ index, of })
    const own = Array.from({ length: count(samples.length) }, (_, message) => samples[at(message)]!)
    const report = reportOf(own)
    const { elapsed, plan } = report
    return {
      ...report,
      ids: [`r ${index + 1}/${of}`],
      plan: { ...plan, segment: `${index + 1}/${of}`, runId: "r" },
      segments: [{ run: "r", index: index + 1, of, whole: samples.length, ended: "completed", elapsed, lost: 0 }]
    }
  })

const samples: fc.Arbitrary<ReadonlyArray<Sample>> = fc.array(
  fc.record({
    of: fc.constant("transaction" as const),
    ending: fc.constant("accepted" as const),
    elapsed: fc.double({ min: 0.1, max: 100, noNaN: true }),
    code: fc.constantFrom(250, 250, 250, 450, 550)
  }),
  { minLength: 1, maxLength: 60 }
)

describe("the results of segments", () => {
  it("add up to one, in any order and grouping", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 2, max: 6 }), fc.array(fc.nat()), (all, of, order) => {
        const parts = cut(all, of)
        const whole = parts.reduce(MergedReport.merge)
        const shuffled = [...parts]
        for (const from of order) shuffled.push(...shuffled.splice(from % of, 1))
        const [first, ...rest] = shuffled
        // From the right.
        const other =
          rest.length === 0
            ? first!
            : MergedReport.merge(
                first!,
                rest.reduceRight((sum, each) => MergedReport.merge(each, sum))
              )
        assert.deepStrictEqual(other, whole)
        assert.deepStrictEqual(MergedReport.withMissing(whole), whole)
        assert.deepStrictEqual(Either.getOrThrow(MergedReport.all(shuffled)), whole)
        assert.strictEqual(whole.messages.planned, all.length)
        assert.deepStrictEqual(
          whole.segments?.map(({ index }) => index),
          parts.map((_, index) => index + 1)
        )
      }),
      { numRuns: 50 }
    )
  })

  it("have what is missing as lost, until it is found", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 2, max: 6 }), fc.nat(), (all, of, which) => {
        const parts = cut(all, of)
        const gone = parts[which % of]!
        const known = parts.filter((part) => part !== gone).reduce(MergedReport.merge)
        const told = MergedReport.withMissing(known)
        assert.strictEqual(told.messages.planned, all.length)
        assert.strictEqual(told.messages.lost, gone.messages.planned)
        assert.deepStrictEqual(Accounting.violations({ ...told.messages, recipients: told.recipients }), [])
        assert.isTrue(RunSegments.isMissing(told))
        assert.deepStrictEqual(MergedReport.withMissing(told), told)
        assert.deepStrictEqual(MergedReport.merge(told, gone), parts.reduce(MergedReport.merge))
      }),
      { numRuns: 50 }
    )
  })

  it("have how each generator fared, and the busiest is named", () => {
    const samples = [1, 2].map((elapsed): Sample => ({ of: "transaction", ending: "accepted", elapsed, code: 250 }))
    const gauges = { cpu: { user: 900, system: 50 }, watched: 1000, delayMean: 0, delayP99: 2 }
    const parts = cut(samples, 2).map((report, index) => {
      const generator = { ...gauges, utilisation: index === 0 ? 0.5 : 0.3, waited: index === 0 ? 0 : 680 }
      const segments = report.segments?.map((segment) => ({ ...segment, ...RunSegments.fared(generator) }))
      return { ...report, generator, ...(segments === undefined ? {} : { segments }) }
    })
    const merged = Either.getOrThrow(MergedReport.all(parts))
    assert.deepStrictEqual(
      merged.segments?.map(({ generator }) => generator),
      [
        { utilisation: 0.5, saturation: 0.5, delayP99: 2 },
        { utilisation: 0.3, saturation: 0.98, delayP99: 2 }
      ]
    )
    assert.include(TextReport.render(merged), "30 % busy in segment 2/2, CPU 1.90 s")
    assert.include(TextReport.render(merged), "  The busiest was segment 2/2.\n")
    assert.include(HtmlReport.render(merged), "in its busiest thread of segment 2/2")
    assert.notInclude(TextReport.render(parts[1]!), "segment 2/2, CPU")
  })

  it("are of one run, cut in one way", () => {
    const [one, two] = cut([{ of: "transaction", ending: "accepted", elapsed: 1, code: 250 }], 2)
    const [of] = two?.segments ?? []
    if (one === undefined || of === undefined) assert.fail("two segments")
    assert.isUndefined(MergedReport.discord(one, { segments: [of] }))
    assert.include(MergedReport.discord(one, { segments: [{ ...of, run: "s" }] }), "different runs, r and s")
    assert.include(MergedReport.discord(one, { segments: [{ ...of, of: 3 }] }), "2 segments in one, and 3 in the other")
    assert.include(MergedReport.discord(one, { segments: [{ ...of, weights: "1,2" }] }), "other weights")
    assert.include(MergedReport.discord(one, {}), "the other a whole run")
    assert.isUndefined(MergedReport.discord({}, {}))
    const refused = (...reports: ReadonlyArray<RunReport.RunReport>) =>
      Either.getOrThrow(Either.flip(MergedReport.all(reports))).message
    assert.strictEqual(refused(), "there is no result")
    assert.strictEqual(refused(one, one), "r 1/2 is among them twice")
    assert.include(refused(one, { ...one, ids: ["s 2/2"], segments: [{ ...of, run: "s" }] }), "different runs, r and s")
  })
})

describe("a verdict on a run of which a segment is missing", () => {
  const expressions = [
    "accepted < 90%",
    "accepted > 12",
    "rejected > 20%",
    "rejected > 3",
    "failed > 0",
    "unknown > 1%",
    "not-started > 0",
    "p50(transaction) > 50ms",
    "p99(transaction) > 90ms",
    "max(transaction) > 95ms",
    "min(transaction) > 5ms",
    "mean(transaction) > 50ms",
    "code(5xx) > 3",
    "code(450) >= 10%",
    "errors > 1",
    "recipients(refused) > 1%",
    "recipients(accepted) < 15",
    "rate < 10/s",
    "rate > 30/s"
  ]

  it("is that on the whole run, or undecided; and is decided where that is possible", () => {
    const decided = new Set<string>()
    const undecided = new Set<string>()
    fc.assert(
      fc.property(samples, fc.integer({ min: 2, max: 9 }), fc.nat(), (all, of, which) => {
        const parts = cut(all, of)
        const whole = parts.reduce(MergedReport.merge)
        const known = parts.filter((_, index) => index !== which % of).reduce(MergedReport.merge)
        for (const kind of ["failIf", "require"] as const) {
          const truth = Either.getOrThrow(Judgement.judge(whole, { [kind]: expressions }))
          const told = Either.getOrThrow(Judgement.judge(MergedReport.withMissing(known), { [kind]: expressions }))
          told.forEach((verdict, index) => {
            if (verdict.undecided === true) {
              assert.isFalse(verdict.failed)
              undecided.add(verdict.expression)
            } else {
              assert.strictEqual(verdict.failed, truth[index]?.failed, verdict.expression)
              if (parts[which % of]!.messages.planned > 0) decided.add(verdict.expression)
            }
          })
        }
      }),
      { numRuns: 150 }
    )
    const bounded = ["accepted < 90%", "accepted > 12", "rejected > 20%", "rejected > 3", "p50(transaction) > 50ms"]
    assert.includeMembers([...decided], bounded)
    assert.includeMembers([...undecided], ["accepted < 90%", "rejected > 3", "p50(transaction) > 50ms", "errors > 1"])
  })

  const accepted: Sample = { of: "transaction", ending: "accepted", elapsed: 10, code: 250 }
  const known = cut(Array(100).fill(accepted), 4).slice(1).reduce(MergedReport.merge)
  const report = MergedReport.withMissing(known)
  const judge = (expression: string, allowMissing = false) =>
    Either.getOrThrow(Judgement.judge(report, { failIf: [expression] }, { allowMissing }))[0]!

  it("tells between what it lies", () => {
    assert.deepInclude(judge("accepted < 90%"), { failed: false, undecided: true, measured: "75 % to 100 %" })
    assert.deepInclude(judge("accepted < 70%"), { failed: false, measured: "75 % to 100 %" })
    assert.deepInclude(judge("rejected > 30%"), { failed: false, measured: "0 % to 25 %" })
    assert.deepInclude(judge("accepted > 74"), { failed: true, measured: "75 to 100" })
    assert.deepInclude(judge("p50(transaction) > 20ms"), { failed: false })
    assert.deepInclude(judge("p99(transaction) > 20ms"), { undecided: true, measured: "10 ms or more" })
    assert.strictEqual(
      Judgement.sentence(judge("p99(transaction) > 20ms")),
      "p99(transaction) is 10 ms or more (fails above 20 ms)"
    )
  })

  it("has for each message that is lost all recipients that it may have had", () => {
    const measured = (recipients: Plan.Plan["recipients"], expression: string, envelope = "options") => {
      const several = { ...report, plan: { ...report.plan, recipients, envelope } }
      return Either.getOrThrow(Judgement.judge(several, { failIf: [expression] }))[0]?.measured
    }
    assert.strictEqual(measured(1, "recipients(refused) > 60%"), "0 % to 25 %")
    assert.strictEqual(measured(3, "recipients(refused) > 60%"), "0 % to 50 %")
    assert.strictEqual(measured(3, "recipients(accepted) > 200"), "75 to 150")
    assert.strictEqual(measured("1..3", "recipients(accepted) > 200"), "75 to 150")
    assert.strictEqual(measured(1, "recipients(accepted) > 200", "headers"), "75 or more")
  })

  it("is by what is known where that is allowed", () => {
    assert.deepInclude(judge("accepted < 90%", true), { failed: false, measured: "100 %" })
    assert.isUndefined(judge("p99(transaction) > 20ms", true).undecided)
    assert.isTrue(judge("p99(transaction) > 5ms", true).failed)
  })

  it("is open where time alone ends the run, and nobody knows how much is lost", () => {
    const segments = report.segments?.map(({ lost: _, whole: __, ...segment }) =>
      segment.ended === "missing" ? segment : { ...segment, lost: 0 }
    )
    const timed = { ...known, ...(segments === undefined ? {} : { segments }) }
    assert.strictEqual(RunSegments.lossOf(timed), Number.POSITIVE_INFINITY)
    const [share, count] = Either.getOrThrow(Judgement.judge(timed, { failIf: ["accepted < 1%", "accepted > 9"] }))
    assert.isTrue(share?.undecided)
    assert.isTrue(count?.failed)
  })

  it("is told apart from those that hold and those that failed, on every face", () => {
    const verdicts = [judge("accepted < 90%"), judge("accepted > 74"), judge("accepted < 70%")]
    const judged = { ...report, verdicts }
    const text = TextReport.render(judged)
    assert.include(text, "UNDECIDED  accepted is 75 % to 100 % (fails below 90 %)")
    assert.include(text, "FAILED  accepted is 75 to 100 (fails above 74)")
    assert.include(text, "ok      accepted is 75 % to 100 % (fails below 70 %)")
    assert.include(text, "100 messages to mail.example: completed, 3 of 4 segments of run r\n")
    assert.include(text, "  LOST: segment 1/4 is missing: 25 messages are lost\n")
    assert.include(text, "75 accepted (75.0 %), 25 lost (25.0 %)")
    const html = HtmlReport.render(judged)
    assert.include(html, "? undecided")
    assert.include(html, "segment 1/4 is missing: 25 messages are lost")
    assert.include(html, "3 of 4 segments of run r")
    assert.include(JunitReport.render(judged), "undecided: accepted is 75 % to 100 %")
    const metrics = PrometheusReport.render(judged)
    assert.include(metrics, 'smtp_source_verdict_undecided{option="fail-if",expression="accepted < 90%"} 1')
    assert.include(metrics, 'smtp_source_messages{end="lost"} 25')
  })
})

describe("the journal of a segment", () => {
  const plan = Segment.of(Plan.make({ target: "h", rate: "10/s", duration: "10s", reuse: true }), 2, 4, { runId: "r" })
  const start = startOf(plan, { planned: 25, runId: "r", startedAt: new Date(0), version: "1" })
  const seconds = [1, 2, 3].map(entryAt).map(Journal.intervals())

  it("that ends early has lost the rest", () => {
    const { report } = Either.getOrThrow(Journal.read(Journal.start(start) + seconds.join("")))
    assert.deepInclude(report.messages, { planned: 25, started: 6, accepted: 3, unknown: 3, notStarted: 0, lost: 19 })
    assert.deepStrictEqual(report.ids, ["r 2/4"])
    assert.deepStrictEqual(report.segments, [
      { run: "r", index: 2, of: 4, whole: 100, startedAt: start.startedAt, ended: "cut", elapsed: 3000, lost: 19 }
    ])
    assert.deepStrictEqual(SegmentLines.losses(report), ["segment 2/4 was cut after 3.00 s: 19 messages are lost"])
    assert.strictEqual(MergedReport.withMissing(report).messages.lost, 94)
  })

  it("does not know the whole where that is as many as there are rows", () => {
    const rows = Segment.of(Plan.make({ target: "h", sessions: 4, data: "rows.csv", expand: true, once: true }), 2, 4, {
      runId: "r"
    })
    assert.isUndefined(RunSegments.ofPlan(rows, "r")?.whole)
    assert.strictEqual(RunSegments.ofPlan({ ...rows, messages: 9 }, "r")?.whole, 9)
  })

  it("has lost an unknown number where time alone ends the run", () => {
    const timed = Segment.of(Plan.make({ target: "h", duration: "10s", sessions: 4 }), 2, 4, { runId: "r" })
    const begun = startOf(timed, { planned: undefined, runId: "r", startedAt: new Date(0), version: "1" })
    const { report } = Either.getOrThrow(Journal.read(Journal.start(begun) + seconds.join("")))
    assert.deepStrictEqual(SegmentLines.losses(report), [
      "segment 2/4 was cut after 3.00 s: an unknown number of messages is lost"
    ])
    assert.strictEqual(RunSegments.lossOf(report), Number.POSITIVE_INFINITY)
  })
})

describe("segments that ran", () => {
  it.effect("are together what the single run reports", () =>
    Effect.gen(function* () {
      const plan = Plan.make({
        target: "h",
        helloName: "me",
        stages: "1s:50/s, 2s:50/s..100/s",
        arrivals: "poisson",
        runId: "r"
      })
      const run = (plan: Plan.Plan) =>
        Load.run(plan).pipe(
          Effect.map((result) => RunReport.make(plan, result, { version: "1" })),
          Effect.provide(TestServer.layer({ latency: 10 })),
          (program) => Simulation.run(program)
        )
      const single = yield* run(plan)
      const parts = []
      for (const i of [3, 1, 2]) {
        parts.push(yield* run(Segment.of(plan, i, 3, { runId: "r", weights: [1, 2, 5] })))
      }
      const merged = parts.reduce(MergedReport.merge)
      assert.strictEqual(merged.messages.planned, single.messages.planned)
      assert.strictEqual(merged.messages.accepted, single.messages.accepted)
      assert.isAbove(merged.messages.planned, 50)
      // What is intended, too: the run's rate is not that of each segment.
      const told = ({ rates, stages = [] }: RunReport.RunReport) => ({
        rates,
        stages: stages.map(({ accepted, due, from, late, p50, runs, started, to }) => ({
          accepted,
          due,
          from,
          late,
          p50,
          runs,
          started,
          to
        }))
      })
      assert.deepStrictEqual(told(merged), told(single))
      const rates = (report: RunReport.RunReport) => (report.stages ?? []).flatMap(({ rate }) => rate)
      for (const [index, rate] of rates(merged).entries()) assert.closeTo(rate, rates(single)[index] ?? 0, 0.001)
      assert.strictEqual(parts[1]?.stages?.[0]?.rate[0], 6.25)
      assert.strictEqual(merged.segments?.[0]?.whole, single.messages.planned)
      assert.isUndefined(merged.plan.segment)
      assert.isUndefined(single.segments)
      assert.deepStrictEqual(single.ids, ["r"])
      assert.deepStrictEqual(merged.ids, ["r 1/3", "r 2/3", "r 3/3"])
    })
  )
})
