import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Accounting from "../../src/measure/Accounting.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as Plan from "../../src/plan/Plan.js"
import * as HtmlReport from "../../src/report/HtmlReport.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import * as PrometheusReport from "../../src/report/PrometheusReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as TextReport from "../../src/report/TextReport.js"

/** A run of so many accounts, with these logins. */
const reportOf = (
  accounts: number,
  logins: ReadonlyArray<Parameters<Recorder["onLogin"]>>,
  parts: ReadonlyArray<ReadonlyArray<Parameters<Recorder["onLogin"]>>> = [],
  runId = "1.1"
) => {
  const recorderOf = (all: typeof logins) => {
    const recorder = new Recorder()
    recorder.expectAccounts(accounts)
    for (const login of all) recorder.onLogin(...login)
    return recorder
  }
  const recorder = recorderOf(logins)
  for (const part of parts) recorder.add(recorderOf(part).toData())
  const startedAt = new Date(Date.UTC(2026, 0, 1))
  const accounting = Accounting.make(0)
  const finished = { accounting, recorder, runId, startedAt, elapsed: 1000, stopped: false, endedBy: Option.none() }
  return RunReport.make(Plan.make({ target: "mail.example" }), finished, { version: "1.2.3" })
}

const report = reportOf(
  20,
  [
    ["PLAIN", "accepted", 0],
    ["PLAIN", "accepted", 9],
    ["PLAIN", "refused", 10]
  ],
  [
    [
      ["PLAIN", "accepted", 9],
      ["PLAIN", "accepted", 19],
      ["SCRAM-SHA-256", "deferred", 3],
      ["SCRAM-SHA-256", "failed", 4]
    ]
  ]
)

describe("the logins of a report", () => {
  it("are those of all threads, by mechanism, and each account is counted once", () => {
    assert.deepStrictEqual(report.auth, {
      mechanisms: [
        { mechanism: "PLAIN", accepted: 4, deferred: 0, refused: 1, failed: 0 },
        { mechanism: "SCRAM-SHA-256", accepted: 0, deferred: 1, refused: 0, failed: 1 }
      ],
      accounts: 20,
      used: 3
    })
  })

  it("are not there where there were none", () => {
    assert.notProperty(reportOf(20, []), "auth")
    assert.notMatch(TextReport.render(reportOf(20, [])), /AUTH|accounts/)
  })

  it("are in each face", () => {
    const text = TextReport.render(report)
    assert.match(text, /^ {2}AUTH +PLAIN: 4 accepted, 1 refused \(5xx\)$/m)
    assert.match(text, /^ {2}AUTH +SCRAM-SHA-256: 0 accepted, 1 deferred \(4xx\), 1 not to be believed$/m)
    assert.match(text, /^ {2}accounts +3 of 20 accounts logged in$/m)
    assert.match(PrometheusReport.render(report), /_logins\{mechanism="PLAIN",ending="refused"\} 1$/m)
    const html = HtmlReport.render(report)
    assert.include(html, "3 of 20 accounts logged in")
    assert.include(html, '<th scope="row">SCRAM-SHA-256</th>')
  })

  it("of one account do not count accounts", () => {
    assert.notMatch(TextReport.render(reportOf(1, [["PLAIN", "accepted", 0]])), /accounts/)
  })

  it("of several runs add up; which accounts they were is not known", () => {
    const other = reportOf(20, [["PLAIN", "accepted", 1]], [], "2.2")
    const merged = MergedReport.merge(report, other)
    assert.deepInclude(merged.auth?.mechanisms[0], { mechanism: "PLAIN", accepted: 5, refused: 1 })
    assert.deepInclude(merged.auth, { accounts: 20, used: 3 })
  })
})
