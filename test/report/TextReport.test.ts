import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Lines from "../../src/report/Lines.js"
import type { RunReport } from "../../src/report/RunReport.js"
import * as Summary from "../../src/report/Summary.js"
import * as Phrases from "../../src/report/Phrases.js"
import * as TextReport from "../../src/report/TextReport.js"
import * as Counted from "../measure/Counted.js"
import { reportOf } from "./Reports.js"

const empty = reportOf([])

const withMessages = (messages: Omit<RunReport["messages"], "planned" | "started" | "abandoned">): RunReport => {
  const { accepted, failed, lost, notStarted, rejected, unknown } = messages
  const started = accepted + rejected + failed + unknown
  return { ...empty, messages: { ...messages, abandoned: 0, started, planned: started + notStarted + lost } }
}

describe("the text report", () => {
  it("tells of every end that a message had, in lines of 80 columns", () => {
    const count = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2_000_000_000 }))
    const messages = fc.record({
      accepted: count,
      rejected: count,
      failed: count,
      unknown: count,
      notStarted: count,
      lost: count
    })
    fc.assert(
      fc.property(messages, (ends) => {
        const text = TextReport.render(withMessages(ends))
        const told = /^ {2}messages (.*\n(?: {13}.*\n)*)/m.exec(text)?.[1]?.replace(/\n\s*/g, " ") ?? ""
        for (const [end, number] of Object.entries(ends)) {
          const words = `${Summary.count(number)} ${end === "notStarted" ? "not started" : end}`
          if (number > 0 || end === "accepted") assert.include(told, words)
        }
        for (const line of text.split("\n")) assert.isAtMost(line.length, 80, line)
      }),
      { seed: 6, numRuns: 200 }
    )
  })

  it("tells how the run ended, however long the name of its target is", () => {
    const target = `unix:/${"a-long-folder/".repeat(9)}socket`
    const text = TextReport.render({ ...empty, plan: { target } })
    assert.include(text, `\n    ${target}:\n    completed\n`)
    assert.include(
      TextReport.render({ ...empty, plan: { sink: true } }),
      "0 messages to the embedded sink: completed\n"
    )
  })

  it("tells the figures of a step whose name is long", () => {
    const [of, row] = ["a step of a scenario with a long name", { ...empty }]
    const durations = [
      {
        of,
        ending: "rejected" as const,
        count: 7,
        min: 1,
        mean: 2,
        p50: 2,
        p90: 3,
        p99: 4,
        p999: 5,
        max: 6,
        buckets: []
      }
    ]
    assert.match(TextReport.render({ ...row, durations }), /long name rejected\n {2,}7 .* 6\.000\n/)
  })

  it("tells what became of connections, without what never happened", () => {
    const connections = Counted.connections({
      opened: 1289,
      failed: 3,
      unpipelined: 12,
      closedByUs: 1,
      closedByServer: 1288
    })
    assert.include(
      TextReport.render({ ...empty, connections }).replace(/\n {13}/g, " "),
      "  connected  1,289 opened, 3 failed, 12 without PIPELINING, which was asked for, 1 closed by us, 1,288 closed by the server\n"
    )
  })

  it("tells what a warm-up leaves out, and warns where it was all there was", () => {
    const plan = { warmUp: "1s" }
    const text = TextReport.render({ ...empty, plan, measured: { accepted: 1, active: [[1000, 2000]] } })
    assert.match(
      text,
      /warm-up {4}durations, replies and the rate leave out the first 1s; messages,\n {13}connections, traffic/
    )
    assert.notInclude(text, "NOTHING WAS MEASURED")
    const short = TextReport.render({ ...empty, plan, measured: { accepted: 1, active: [] } })
    assert.include(short, "NOTHING WAS MEASURED: THE RUN WAS OVER BEFORE ITS WARM-UP OF 1S.\n")
  })

  it("explains what the durations of an open run are of, where there are such", () => {
    const row = {
      ending: "accepted" as const,
      count: 1,
      min: 1,
      mean: 1,
      p50: 1,
      p90: 1,
      p99: 1,
      p999: 1,
      max: 1,
      buckets: []
    }
    const open = {
      ...empty,
      durations: [
        { of: "transaction", ...row },
        { of: "start", ...row }
      ]
    }
    const text = TextReport.render({ ...open, arrivals: Counted.arrivals({}) })
    assert.match(text, /^ {2}transaction: from when the message was due .*\n {2}start: by how much later/m)
    assert.notInclude(text, "service:")
    assert.notInclude(TextReport.render(open), "transaction:")
  })

  it("tells what errors of reports that were saved before say", () => {
    const said = "lost connection while sending RSET (the server said: 421 bye)"
    assert.strictEqual(Phrases.errorText({ kind: "ConnectionLost", example: said }), said)
    assert.strictEqual(Phrases.errorText({ kind: "ConnectionLost", example: "lost connection while sending RSET" }), "")
    assert.strictEqual(Phrases.errorText({ kind: "ReplyTimeout", example: "timeout while sending QUIT" }), "")
    assert.strictEqual(Phrases.errorText({ kind: "ConnectFailed", example: "connect: refused" }), "connect: refused")
  })

  it("tells of a malformed reply once, and of what a server said without what stands beside it", () => {
    const seen = { count: 1, first: 0, last: 0 }
    const text = TextReport.render({
      ...empty,
      replies: [
        { step: "data", code: 0, ...seen, example: "nonsense" },
        { step: "mail", code: 0, ...seen, example: "of no error" },
        {
          step: "rcpt",
          code: 451,
          enhanced: "4.3.2",
          ...seen,
          example: "4.3.2 too many\\x0a4.3.2 messages",
          lines: ["4.3.2 too many", "4.3.2 messages"]
        }
      ],
      errors: [
        {
          step: "data",
          kind: "ReplyMalformed",
          detail: "",
          local: false,
          ...seen,
          example: "malformed reply while sending DATA: no three-digit code",
          reason: "no three-digit code"
        },
        {
          step: "quit",
          kind: "ReplyTimeout",
          detail: "",
          local: false,
          ...seen,
          example: "timeout while sending QUIT (2.5 s)",
          waited: 2500
        },
        {
          step: "final",
          kind: "ConnectionLost",
          detail: "closed",
          local: false,
          ...seen,
          example: "lost connection while waiting for the reply to the message"
        },
        {
          step: "rset",
          kind: "ConnectionLost",
          detail: "closed",
          local: false,
          ...seen,
          example: "lost connection while sending RSET (the server said: 421 bye)",
          reply: { code: 421, text: "bye (\\x0a)" }
        }
      ]
    })
    assert.notInclude(text, "data 000")
    assert.include(text, "mail 000")
    assert.match(text, /data malformed reply, at 0\.0 s\n {13}no three-digit code\n/)
    assert.match(text, /rcpt 451 4\.3\.2, at 0\.0 s\n {13}too many messages\n/)
    assert.match(text, /quit timed out, at 0\.0 s\n {13}2\.5 s\n/)
    assert.match(text, /rset connection lost \(closed\), at 0\.0 s\n {13}the server said: 421 bye \(\\x0a\)\n/)
    assert.notMatch(text, /timeout while|lost connection while/)
  })
})

describe("a line that is wrapped", () => {
  it("loses no word, and is no longer than the screen where its words are not", () => {
    const words = fc.array(fc.stringMatching(/^[a-z,]{1,20}$/), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(words, fc.integer({ min: 40, max: 90 }), (words, columns) => {
        const lines = Lines.wrap(words.join(" "), columns, 4)
        assert.deepStrictEqual(lines.join(" ").trim().split(/ +/), words)
        for (const line of lines) assert.isAtMost(line.length, columns)
        for (const line of lines.slice(1)) assert.match(line, /^ {4}\S/)
      })
    )
  })
})
