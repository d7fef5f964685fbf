import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Accounting from "../../src/measure/Accounting.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as Plan from "../../src/plan/Plan.js"
import * as HtmlReport from "../../src/report/HtmlReport.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import * as PrometheusReport from "../../src/report/PrometheusReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as SavedReport from "../../src/report/SavedReport.js"
import * as Summary from "../../src/report/Summary.js"
import * as TextReport from "../../src/report/TextReport.js"
import * as Outcome from "../../src/smtp/Outcome.js"

/** A recorder with so many messages accepted by each target, and one connection to each that failed. */
const recorderOf = (accepted: { readonly [target: string]: number }): Recorder => {
  const recorder = new Recorder()
  for (const [target, messages] of Object.entries(accepted)) {
    const counter = recorder.targetCounter(target)
    counter.opened++
    counter.unopened++
    for (let message = 0; message < messages; message++) counter.book(Outcome.acceptedByAll(1))
    counter.book({
      _tag: "Rejected",
      step: "mail",
      reply: { code: 450, text: "later" },
      recipients: Outcome.noRecipients
    })
  }
  return recorder
}

const reportOf = (recorder: Recorder, runId: string) => {
  const startedAt = new Date(Date.UTC(2026, 0, 1))
  const accounting = Accounting.make(0)
  const finished = { accounting, recorder, runId, startedAt, elapsed: 1000, stopped: false, endedBy: Option.none() }
  return RunReport.make(Plan.make({ target: "a,b" }), finished, { version: "1.2.3" })
}

const rest = { unopened: 1, failed: 0, abandoned: 0, unknown: 0 }

describe("the targets of a report", () => {
  const recorder = recorderOf({ "b:25": 3, "a:25": 1 })
  recorder.add(recorderOf({ "a:25": 4 }).toData())
  const report = reportOf(recorder, "1.1")

  it("are those of all threads, by name", () => {
    assert.deepStrictEqual(report.targets, [
      { ...rest, target: "a:25", opened: 2, unopened: 2, accepted: 5, rejected: 2 },
      { ...rest, target: "b:25", opened: 1, accepted: 3, rejected: 1 }
    ])
  })

  it("are in each face", () => {
    const line = "a:25: 5 accepted, 2 rejected; 2 connections opened, 2 failed"
    assert.include(TextReport.render(report), `  to         ${line}\n`)
    const lines = Summary.render({ accounting: Accounting.make(0), recorder, elapsed: 1, stopped: false })
    assert.include(lines, `to ${line}`)
    const metrics = PrometheusReport.render(report)
    assert.include(metrics, 'smtp_source_target_messages{target="a:25",end="accepted"} 5\n')
    assert.include(metrics, 'smtp_source_target_connections{target="b:25",what="failed"} 1\n')
    assert.match(HtmlReport.render(report), /<th scope="row">a:25<\/th><td[^>]*>2<\/td><td[^>]*>2<\/td><td[^>]*>5</)
  })

  it("beyond what can be read at a glance are a number", () => {
    const many = reportOf(recorderOf(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`host${n}:25`, 1]))), "3")
    assert.include(TextReport.render(many), "and 10 other targets\n")
    assert.lengthOf(many.targets!, 30)
  })

  it("of several runs add up, in any order and grouping, and are read back", () => {
    const second = reportOf(recorderOf({ "b:25": 1, "c:25": 1 }), "2.2")
    const third = reportOf(recorderOf({ "c:25": 2 }), "3.3")
    const merged = MergedReport.merge(MergedReport.merge(report, second), third)
    assert.deepStrictEqual(
      merged.targets?.map(({ accepted, target }) => [target, accepted]),
      [
        ["a:25", 5],
        ["b:25", 4],
        ["c:25", 3]
      ]
    )
    assert.deepStrictEqual(MergedReport.merge(third, MergedReport.merge(second, report)).targets, merged.targets)
    const read = Either.getOrThrow(SavedReport.parse(JsonReport.render(merged)))
    assert.deepStrictEqual(read.targets, merged.targets)
  })

  it("are not there in a run with one, nor in an earlier report, which adds nothing", () => {
    const { targets: _, ...earlier } = report
    assert.notProperty(reportOf(new Recorder(), "4.4"), "targets")
    const read = Either.getOrThrow(SavedReport.parse(JsonReport.render(earlier)))
    assert.notProperty(read, "targets")
    assert.deepStrictEqual(MergedReport.merge(read, reportOf(recorder, "5.5")).targets, report.targets)
  })
})
