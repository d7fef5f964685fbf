import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Accounting from "../../src/measure/Accounting.js"
import { Deliveries } from "../../src/measure/Deliveries.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as Plan from "../../src/plan/Plan.js"
import * as HtmlReport from "../../src/report/HtmlReport.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as Judgement from "../../src/report/Judgement.js"
import * as JunitReport from "../../src/report/JunitReport.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import * as PrometheusReport from "../../src/report/PrometheusReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as SavedReport from "../../src/report/SavedReport.js"
import * as Summary from "../../src/report/Summary.js"
import * as TextReport from "../../src/report/TextReport.js"

const second = 1_000_000

/** Ten accepted in the first second, of which one is lost, one comes three times, one is changed, and one came back. */
const booked = (): Deliveries => {
  const deliveries = Deliveries.make(1, 0)
  for (let message = 0; message < 10; message++) deliveries.book(message, 0, "accepted", 10)
  deliveries.book(10, 0, "open", 10)
  const arrive = (message: number, at: number, more: Partial<Parameters<Deliveries["arrive"]>[0]> = {}) =>
    deliveries.arrive({ message, place: 0, fate: "confirmed", change: undefined, sentAt: 0, at, ...more })
  for (const message of [1, 0, 2, 3, 4, 5, 6]) arrive(message, 1.5 * second)
  arrive(2, 2 * second)
  arrive(2, 2 * second)
  arrive(7, 2 * second, { fate: "withheld", change: "footer" })
  arrive(7, 2 * second, { change: "footer" })
  arrive(10, 2 * second, { fate: "withheld", change: "wrapped" })
  deliveries.returned(8, 0)
  deliveries.count("foreign")
  deliveries.note({ message: 7, kind: "footer", at: 3, sent: "", came: "--" })
  return deliveries
}

const finishedOf = (deliveries: Deliveries, runId = "1.1") => ({
  accounting: Accounting.make(0),
  recorder: new Recorder(),
  runId,
  startedAt: new Date(Date.UTC(2026, 0, 1)),
  elapsed: 1000,
  stopped: false,
  endedBy: Option.none(),
  proof: {
    tally: deliveries.tally(),
    by: "recipients" as const,
    seconds: deliveries.bySecond(),
    waited: 2000,
    missed: deliveries.missed(10).map(({ message }) => ({ message, sender: "a@x", recipient: "b\u001b@x" })),
    // They are what was noted.
    changes: deliveries.noted() as ReadonlyArray<never>
  }
})

const reportOf = (deliveries: Deliveries, runId?: string) =>
  RunReport.make(Plan.make({ target: "a" }), finishedOf(deliveries, runId), { version: "1.2.3" })

const verdictsOf = (report: RunReport.RunReport, plan: Judgement.Expressions) =>
  Either.getOrThrow(Judgement.ofPlan(report, plan)).map((verdict) => [verdict.failed, Judgement.sentence(verdict)])

describe("a proof in a report", () => {
  const report = reportOf(booked())

  it("says what has become of messages, what was changed, and what was on its way", () => {
    assert.include(
      TextReport.render(report),
      [
        "  delivered  8 of 10 recipients accepted; 1 of 1 unknown or refused at their end",
        "  missing    1 accepted and not delivered, after a wait of 2.00 s",
        "             message 9, from <a@x> to <b\\x1b@x>",
        "  returned   1, by a notice of non-delivery",
        "  copies     1 came again after they were confirmed (2 copies); 1 copy after the",
        "             next hop had not answered; 1 not sent again after the next hop had",
        "             not answered",
        "  changed    1 with a footer",
        '             message 7 at byte 3: sent "", came "--"',
        "  rewritten  1 with long lines wrapped: they say the same",
        "  others     1 message without a stamp of this run",
        "  order      11 % came after a later one",
        "  queue      at most 10 accepted and not yet delivered, 1.00 s after the start",
        ""
      ].join("\n")
    )
    assert.match(TextReport.render(report), /\n {2}delivery +9 +1611 +1501 +2001 /)
  })

  it("says that clocks differ where a message came before it was sent, and nothing of clocks elsewhere", () => {
    assert.notInclude(TextReport.render(report), "clocks")
    const deliveries = booked()
    const times = { sentAt: 5 * second, at: 3 * second }
    deliveries.arrive({ message: 9, place: 0, fate: "confirmed", change: undefined, ...times })
    assert.include(
      TextReport.render(reportOf(deliveries)),
      "  clocks     1 came before they were sent: the clocks differ\n"
    )
  })

  it("of which nothing came says where to look", () => {
    const nothing = Deliveries.make(1, 0)
    for (let message = 0; message < 3; message++) nothing.book(message, 0, "accepted", 10)
    const report = reportOf(nothing)
    assert.include(
      TextReport.render(report).replaceAll(/\n {3,}/g, " "),
      "not delivered, after a wait of 2.00 s: nothing has come: is --downstream the server's next hop?"
    )
    const { proof } = report
    const store = { ...report, proof: { ...proof!, seconds: [] } }
    assert.include(
      TextReport.render(store).replaceAll(/\n {3,}/g, " "),
      "not delivered, after a wait of 2.00 s: nothing of this run is there: is that where the server delivers?"
    )
    nothing.arrive({ message: 1, place: 0, fate: "refused", change: undefined, sentAt: 0, at: 1 })
    assert.notInclude(TextReport.render(reportOf(nothing)), "next hop?")
  })

  it("of one message has one time", () => {
    const one = Deliveries.make(1, 0)
    one.book(0, 0, "accepted", 10)
    one.arrive({ message: 0, place: 0, fate: "confirmed", change: undefined, sentAt: 0, at: 1500 })
    const lines = Summary.render({ ...finishedOf(one) })
    assert.isTrue(lines.some((line) => /^delivery 1\.50 ms$/.test(line)))
  })

  it("is in each face", () => {
    const lines = Summary.render({ ...finishedOf(booked()) })
    assert.include(lines, "missing: 1 accepted and not delivered, after a wait of 2.00 s")
    assert.isTrue(lines.some((line) => line.startsWith("delivery p50 1501 ms, p90 2001 ms")))
    const metrics = PrometheusReport.render(report)
    assert.include(metrics, 'smtp_source_delivered{what="missing"} 1\n')
    assert.include(metrics, "smtp_source_delivery_depth 10\n")
    const page = HtmlReport.render(report)
    assert.include(page, "<h2>Proof of delivery</h2>")
    assert.include(page, "At most 10 were accepted and not yet delivered, 1 s after the start.")
    const judged = Judgement.withVerdicts(report, Either.getOrThrow(Judgement.ofPlan(report, {})))
    const junit = JunitReport.render(judged)
    assert.include(junit, 'name="nothing is missing"')
    assert.include(junit, "1 recipient is missing; --fail-if 'missing &gt; 1' would allow it")
    assert.include(HtmlReport.render(judged), '<code class="soft">--prove</code>')
    assert.include(
      TextReport.render(judged),
      "FAILED  1 recipient is missing; --fail-if 'missing > 1' would allow it\n"
    )
  })

  it("is read back as it was written", () => {
    const read = Either.getOrThrow(SavedReport.parse(JsonReport.render(report)))
    assert.deepStrictEqual(read.proof, report.proof)
  })

  it("of several runs adds up", () => {
    const merged = MergedReport.merge(report, reportOf(booked(), "2.2"))
    const { accepted, changes, depth, missing, outOfOrder, seconds } = merged.proof!
    assert.deepStrictEqual(
      { accepted, missing, outOfOrder, footer: changes.footer, depth: depth.most, seconds },
      {
        accepted: 20,
        missing: 2,
        outOfOrder: 2,
        footer: 2,
        depth: 10,
        seconds: [
          [20, 0],
          [0, 14],
          [0, 4]
        ]
      }
    )
    assert.strictEqual(merged.durations.find(({ of }) => of === "delivery")?.count, 18)
  })

  it("is none where a segment has sent with stamps what nobody has looked for", () => {
    const stamped = { run: "00000000000000aa", by: "messages" as const, width: 1, accepted: "", open: "" }
    const { proof: _, ...sent } = { ...reportOf(booked(), "2.2"), stamped }
    const looked = { ...report, stamped }
    assert.isUndefined(MergedReport.merge(looked, sent).proof)
    assert.isUndefined(MergedReport.merge(sent, looked).proof)
    assert.isDefined(MergedReport.merge(looked, { ...reportOf(booked(), "2.2"), stamped }).proof)
    const { stamped: __, ...cut } = sent
    assert.isDefined(MergedReport.merge(looked, cut).proof)
  })

  it("is judged", () => {
    assert.deepStrictEqual(
      verdictsOf(report, {
        failIf: ["missing > 1", "duplicated > 0", "changed > 10%", "returned >= 1", "depth > 10"],
        require: ["delivered >= 80%", "p50(delivery) < 1s"]
      }),
      [
        [false, "missing is 1 (fails above 1)"],
        [true, "duplicated is 1 (fails above 0)"],
        [false, "changed is 10 % (fails above 10 %)"],
        [true, "returned is 1 (fails at or above 1)"],
        [false, "depth is 10 (fails above 10)"],
        [false, "delivered is 80 % (must be at least 80 %)"],
        [true, "p50(delivery) is 1.5 s (must be below 1 s)"]
      ]
    )
  })

  it("fails where anything is missing, unless a verdict says how much may be", () => {
    const all = (missing: number, by: "messages" | "recipients" = "recipients") =>
      verdictsOf({ ...report, proof: { ...report.proof!, by, missing } }, {})
    assert.deepStrictEqual(all(1), [[true, "1 recipient is missing; --fail-if 'missing > 1' would allow it"]])
    assert.deepStrictEqual(all(2345, "messages"), [
      [true, "2,345 messages are missing; --fail-if 'missing > 2345' would allow them"]
    ])
    assert.deepStrictEqual(all(0), [[false, "nothing is missing"]])
    // What it says allows it.
    assert.deepStrictEqual(verdictsOf(report, { failIf: ["missing > 1"] }), [[false, "missing is 1 (fails above 1)"]])
    assert.deepStrictEqual(verdictsOf(report, { require: ["missing < 5"] }), [
      [false, "missing is 1 (must be below 5)"]
    ])
  })

  it("was never there without one: what is asked of it fails", () => {
    const { proof: _, ...without } = report
    assert.deepStrictEqual(verdictsOf(without, { failIf: ["missing > 0"] }), [
      [true, "missing was never measured (fails above 0)"]
    ])
    assert.deepStrictEqual(verdictsOf(without, {}), [])
  })
})
