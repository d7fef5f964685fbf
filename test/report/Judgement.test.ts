import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import type { Interval } from "../../src/measure/Series.js"
import * as Judgement from "../../src/report/Judgement.js"
import type { RunReport } from "../../src/report/RunReport.js"
import { entryAt, reportOf, type Sample } from "./Reports.js"

const samples: ReadonlyArray<Sample> = [1, 2, 3, 4].map((elapsed) => ({
  of: "transaction",
  ending: "accepted",
  elapsed,
  code: 250
}))

const report = reportOf(samples, { elapsed: 1000 })

/** A run of a hundred messages that still goes on: ten have ended, nine of them accepted. */
const running: RunReport = {
  ...report,
  messages: {
    planned: 100,
    started: 12,
    accepted: 8,
    rejected: 1,
    failed: 1,
    abandoned: 1,
    unknown: 0,
    notStarted: 88
  },
  elapsed: 4000,
  replies: [{ step: "greeting", code: 220, count: 1, first: 2500, last: 3000, example: "" }]
}

const judged = (expression: string, run: RunReport = report) =>
  Either.getOrThrow(Judgement.judge(run, [expression]))[0]!
const fails = (expression: string, run: RunReport = report): boolean => judged(expression, run).failed
const isTrue = (expression: string, run: RunReport = running, lately?: Interval): boolean =>
  Either.getOrThrow(Judgement.soFar(run, [expression], lately)).length > 0
const isTrueAtLast = (expression: string, run: RunReport = running): boolean =>
  Either.getOrThrow(Judgement.atLast(run, [expression])).length > 0

describe("a verdict on a whole run", () => {
  it("about what was accepted fails where nothing was measured; about other endings it does not", () => {
    assert.deepInclude(judged("p99(rcpt) > 1min"), { failed: true, measured: "never measured" })
    for (const ending of ["rejected", "failed", "unknown"]) {
      assert.deepInclude(judged(`p50(rcpt, ${ending}) > 1us`), { failed: false, measured: "none" })
    }
  })

  it("does not count what was abandoned as planned among what failed", () => {
    assert.isFalse(fails("failed > 0", running))
    assert.isTrue(fails("abandoned > 0.9%", running))
  })

  it("is about late starts, dropped ones and errors, in numbers and shares, and leaves local trouble out", () => {
    const seen = { first: 1, last: 1, example: "", detail: "" }
    const open: RunReport = {
      ...report,
      messages: { ...report.messages, started: 8 },
      arrivals: { late: 1, behind: 1, dropped: 2 },
      errors: [
        { ...seen, step: "connect", kind: "ConnectFailed", local: true, count: 50 },
        { ...seen, step: "mail", kind: "ReplyTimeout", local: false, count: 3 }
      ]
    }
    for (const [expression, failed] of [
      ["late >= 2", true],
      ["late > 2", false],
      ["late >= 20%", true],
      ["late > 20%", false],
      ["dropped >= 20%", true],
      ["dropped > 2", false],
      ["errors >= 3", true],
      ["errors > 3", false]
    ] as const) {
      assert.strictEqual(fails(expression, open), failed, expression)
    }
    assert.isFalse(fails("late > 0"))
  })

  it("is about recipients, and about durations of any name", () => {
    const [transaction] = report.durations
    const own: RunReport = {
      ...report,
      recipients: { offered: 10, accepted: 6, refused: 3, refusedAfterContent: 1, unknown: 0, abandoned: 0 },
      durations: [{ ...transaction!, of: "my \\x1bown" }]
    }
    assert.isTrue(fails("recipients(refused) >= 30%", own))
    assert.isFalse(fails("recipients(refused-after-content) > 1", own))
    assert.isTrue(fails('max("my \u001bown") > 3ms', own))
    assert.isFalse(fails('max("my \u001bown") > 5ms', own))
  })

  it("is about the rate in a second, a minute or an hour", () => {
    const slow = { ...report, rate: 2 }
    for (const [expression, failed] of [
      ["rate < 2.1", true],
      ["rate < 2/s", false],
      ["rate < 121/min", true],
      ["rate < 120/m", false],
      ["rate < 7201/h", true],
      ["rate < 7200/h", false]
    ] as const) {
      assert.strictEqual(fails(expression, slow), failed, expression)
    }
  })

  it("that cannot be read is an error, and no verdict", () => {
    const [read, unread] = [["failed > 0"], ["failed > 0", "p99 > \u001b"]].map((expressions) =>
      Either.flip(Judgement.judge(report, expressions))
    )
    assert.isTrue(read !== undefined && Either.isLeft(read))
    const error = Either.getOrThrow(unread!)
    assert.strictEqual(error._tag, "VerdictUnreadable")
    assert.strictEqual(error.message, '"p99 > \\u001b" column 5: expected "("')
  })
})

describe("a verdict on a run that goes on", () => {
  it("takes shares of the messages that have ended", () => {
    assert.isFalse(isTrue("accepted < 80%"))
    assert.isTrue(isTrue("accepted < 81%"))
    assert.isTrue(isTrue("rejected >= 10%"))
    const begun = { ...running.messages, accepted: 0, rejected: 0, failed: 0, abandoned: 0 }
    for (const expression of ["accepted < 90%", "rejected > 0%", "code(2xx) < 90%"]) {
      assert.isFalse(isTrue(expression, { ...running, replies: [], messages: begun }), expression)
    }
  })

  it("does not take what has not happened yet for true: what did not start, and counts that still grow", () => {
    for (const expression of ["accepted < 50", "errors < 1", "code(220) <= 1", "p99(rset) < 1s", "p99(rset) > 1us"]) {
      assert.isFalse(isTrue(expression), expression)
    }
    assert.isFalse(isTrue("not-started > 0"))
    assert.isTrue(isTrue("accepted > 5"))
  })

  it("takes the rate of the last full second, once that begins after the first reply", () => {
    const second = (at: number, length: number): Interval => ({ ...entryAt(1).interval, at, length, accepted: 3 })
    for (const [interval, expected] of [
      [second(3000, 1000), false],
      [second(3500, 1000), true],
      [second(4000, 500), false]
    ] as const) {
      assert.strictEqual(isTrue("rate < 5/s", running, interval), expected)
    }
    assert.isFalse(isTrue("rate < 2/s", running, second(4000, 1000)))
    assert.isFalse(isTrue("rate < 5/s"))
  })

  it("is looked at for the last time at the end, when counts grow no more", () => {
    assert.isTrue(isTrueAtLast("accepted < 50"))
    assert.isFalse(isTrueAtLast("accepted < 80%"))
    // Eight in the second and a half since the first reply.
    assert.isTrue(isTrueAtLast("rate < 5.4/s"))
    assert.isFalse(isTrueAtLast("rate < 5.3/s"))
    assert.isFalse(isTrueAtLast("rate < 5/s", { ...running, replies: [] }))
    assert.isTrue(Either.isLeft(Judgement.atLast(running, ["no"])))
  })
})
