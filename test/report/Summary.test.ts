import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "../../src/measure/Accounting.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as Tls from "../../src/smtp/Tls.js"
import * as Summary from "../../src/report/Summary.js"
import * as TextReport from "../../src/report/TextReport.js"
import * as Counted from "../measure/Counted.js"
import { reportOf } from "./Reports.js"

const cpu = { user: 1, system: 1 }
const starved = { cpu, utilisation: 0.4, watched: 1000, waited: 590, delayMean: 1, delayP99: 2 }
const easy = { ...starved, waited: 20 }
const notice = "the generator was the bottleneck: the server may be faster"

const linesOf = (recorder: Recorder, health = easy) => {
  const books = { ...Accounting.sum(100, [Accounting.make(100)]), started: 100, accepted: 90, failed: 10, abandoned: 8 }
  return Summary.render({ accounting: books, recorder, elapsed: 1000, stopped: false, health })
}

describe("a summary", () => {
  it("says first that the generator was the bottleneck: it was busy, or had no processor", () => {
    assert.deepStrictEqual(linesOf(new Recorder(), starved).slice(0, 2), [
      notice,
      "no processor for 0.590 s of 1.00 s: keep a processor free for it, or run it elsewhere"
    ])
    assert.notInclude(linesOf(new Recorder()), notice)
  })

  it("says so, too, where messages started late with a session free, and tells of both kinds of late starts", () => {
    const recorder = new Recorder()
    recorder.recordOwn("start", "accepted", 5)
    recorder.late = 1
    recorder.behind = 1
    const few = linesOf(recorder)
    assert.notInclude(few, notice)
    assert.include(
      few,
      "1 waited for a session, 1 started over 10 ms late because the generator was behind, 0 dropped, lateness p99 5.00 ms"
    )
    recorder.behind = 2
    assert.strictEqual(linesOf(recorder)[0], notice)
  })

  it("tells of connections that did not offer the PIPELINING that was asked for", () => {
    const recorder = new Recorder()
    recorder.opened = 3
    assert.notInclude(linesOf(recorder).join("\n"), "PIPELINING")
    recorder.unpipelined = 2
    assert.include(linesOf(recorder), "2 of 3 connections without PIPELINING, which was asked for")
  })

  it("tells of messages without an extension that was asked for", () => {
    const recorder = new Recorder()
    recorder.onWithout([{ what: "DSN" }, { what: "SIZE" }])
    recorder.onWithout([{ what: "DSN" }])
    const lines = linesOf(recorder)
    assert.include(lines, "2 messages without DSN, which was asked for")
    assert.include(lines, "1 message without SIZE, which was asked for")
  })

  it("tells in words why TLS sessions that were not verified would not have been", () => {
    const recorder = new Recorder()
    const session = { version: "TLSv1.3", cipher: "X", resumed: false, trust: "none" } as const
    recorder.onSecured({ ...session, distrust: Tls.certificateProblem("DEPTH_ZERO_SELF_SIGNED_CERT") }, 1, 1)
    assert.include(linesOf(recorder), "1 TLS session not verified: the certificate is self-signed")
    const name = { kind: "name", code: "ERR_TLS_CERT_ALTNAME_INVALID", reason: "for a, not for b" } as const
    recorder.onSecured({ ...session, distrust: name }, 1, 1)
    const both = "the certificate is self-signed, the certificate is for another name"
    assert.include(linesOf(recorder), `2 TLS sessions not verified: ${both}`)
  })

  it("tells of messages that were not started only where there are any", () => {
    assert.match(linesOf(new Recorder())[0]!, /, 0 unknown$/)
    const books = { ...Accounting.sum(5, [Accounting.make(5)]), started: 3, accepted: 3, notStarted: 2 }
    const [ends] = Summary.render({ accounting: books, recorder: new Recorder(), elapsed: 1000, stopped: true })
    assert.strictEqual(ends, "5 messages: 3 accepted, 0 rejected, 0 failed, 0 unknown, 2 not started")
  })

  it("tells what was abandoned as planned from what failed", () => {
    const [ends] = linesOf(new Recorder())
    assert.include(ends, "90 accepted, 0 rejected, 2 failed, 8 abandoned as planned, 0 unknown")
  })
})

describe("the report as text", () => {
  const report = reportOf([{ of: "transaction", ending: "accepted", elapsed: 1, code: 250 }])

  it("tells of recipients where there are more of them than messages, or some were lost, and of no end that none had", () => {
    const recipients = { ...report.recipients, offered: 9, accepted: 6, refused: 2, abandoned: 1 }
    const text = TextReport.render({ ...report, recipients })
    assert.include(text, "\n  recipients 6 accepted, 2 refused, 1 abandoned\n")
    const refused = { ...report.recipients, accepted: 0, refusedAfterContent: 1 }
    assert.match(TextReport.render({ ...report, recipients: refused }), /\n {2}recipients 0 accepted, 1 refused.*\n/)
    assert.notInclude(TextReport.render(report), "recipients")
  })

  it("tells how long the generator waited for a processor, and that it was the bottleneck", () => {
    const text = TextReport.render({ ...report, generator: starved })
    assert.include(text.replace(/\n {13}/g, " "), ", waited 0.590 s for a processor\n")
    assert.include(text, "THE GENERATOR WAS THE BOTTLENECK")
    assert.notInclude(TextReport.render({ ...report, generator: easy }), "BOTTLENECK")
  })

  it("tells late starts by what they waited for, and of writes that waited for the socket", () => {
    const arrivals = Counted.arrivals({ late: 3, dropped: 1, behind: 4 })
    const open = { ...report, arrivals, plan: { ...report.plan, rate: "5/s" } }
    const [transaction] = report.durations
    const text = TextReport.render({ ...open, durations: [{ ...transaction!, of: "queued" }] })
    assert.include(
      text.replace(/\n {13}/g, " "),
      "  arrivals   5/s: 3 waited for a session, 4 started over 10 ms late because the generator was behind, 1 dropped\n"
    )
    assert.match(text, /^ {2}writes {5}1 write waited for server or network to read \(p99 \d\.\d{3} ms\)$/m)
    const many = { ...open, messages: { ...open.messages, started: 100, accepted: 100 } }
    assert.include(
      TextReport.render(many).replace(/\n {2}(?=\w)/g, " "),
      "THE GENERATOR WAS THE BOTTLENECK: the server may be faster than this. 4 of 100 messages started over 10 ms late"
    )
  })
})
