import { pipe } from "effect/Function"
import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Plan from "../../src/plan/Plan.js"
import * as Judgement from "../../src/report/Judgement.js"
import { Recent } from "../../src/report/Recent.js"
import type { Entry } from "../../src/report/RunningReport.js"
import type { RunReport } from "../../src/report/RunReport.js"
import * as Counted from "../measure/Counted.js"
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
    notStarted: 88,
    lost: 0
  },
  elapsed: 4000,
  replies: [{ step: "greeting", code: 220, count: 1, first: 2500, last: 3000, example: "" }]
}

const judged = (expression: string, run: RunReport = report) =>
  Either.getOrThrow(pipe(run, Judgement.judge({ failIf: [expression] })))[0]!
const fails = (expression: string, run: RunReport = report): boolean => judged(expression, run).failed
/** The last seconds of a run, of which each had so many messages, one in ten rejected, and each took so long. */
const recentOf = (
  seconds: ReadonlyArray<{ readonly messages: number; readonly bucket?: number; readonly length?: number }>
): Recent => {
  const recent = new Recent()
  let total = 0
  seconds.forEach(({ bucket = 1234, length = 1000, messages }, index) => {
    const entry = entryAt(index + 1)
    total += messages
    const rejected = messages / 10
    const interval = { ...entry.interval, length, started: messages, accepted: messages - rejected, rejected }
    const count = total / 10
    const replies: Entry["replies"] =
      count === 0 ? [] : [{ step: "mail", code: 550, count, first: 1, last: 2, example: "" }]
    const durations = [{ of: "transaction", ending: "accepted", buckets: [[bucket, messages - rejected]] }] as const
    recent.add({ ...entry, interval, replies, durations })
  })
  return recent
}
const soFar = (expression: string, recent: Recent, run: RunReport = running) =>
  Either.getOrThrow(Judgement.soFar(run, [expression], recent))[0]
const isTrue = (expression: string, recent: Recent, run: RunReport = running): boolean =>
  soFar(expression, recent, run) !== undefined
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

  it("is about messages that waited for a session, that the generator began late or not at all, and errors, in numbers and shares, and leaves local trouble out", () => {
    const seen = { first: 1, last: 1, example: "", detail: "" }
    const open: RunReport = {
      ...report,
      messages: { ...report.messages, started: 8 },
      arrivals: Counted.arrivals({ late: 1, behind: 1, dropped: 2 }),
      errors: [
        { ...seen, step: "connect", kind: "ConnectFailed", local: true, count: 50 },
        { ...seen, step: "mail", kind: "ReplyTimeout", local: false, count: 3 }
      ]
    }
    for (const [expression, failed] of [
      ["late >= 1", true],
      ["late > 1", false],
      ["late >= 10%", true],
      ["late > 10%", false],
      ["behind >= 1", true],
      ["behind > 1", false],
      ["behind >= 10%", true],
      ["behind > 10%", false],
      ["dropped >= 20%", true],
      ["dropped > 2", false],
      ["errors >= 3", true],
      ["errors > 3", false]
    ] as const) {
      assert.strictEqual(fails(expression, open), failed, expression)
    }
    assert.isFalse(fails("late > 0"))
  })

  it("is about replies of a code, or of all that begin with a digit", () => {
    const replies = [250, 421, 450, 550].map((code, index) => ({
      ...report.replies[0]!,
      step: "mail" as const,
      code,
      count: index + 1
    }))
    for (const [expression, failed] of [
      ["code(4xx) > 4", true],
      ["code(4xx) > 5", false],
      ["code(450) >= 3", true],
      ["code(450) > 3", false],
      ["code(5xx) >= 40%", true],
      ["code(5xx) > 40%", false]
    ] as const) {
      assert.strictEqual(fails(expression, { ...report, replies }), failed, expression)
    }
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
      Either.flip(Judgement.judge(report, { failIf: expressions }))
    )
    assert.isTrue(read !== undefined && Either.isLeft(read))
    const error = Either.getOrThrow(unread!)
    assert.strictEqual(error._tag, "VerdictUnreadable")
    assert.strictEqual(error.message, '"p99 > \\u001b" column 5: expected a step, as in p99(transaction)')
  })
})

describe("a verdict on a run that goes on", () => {
  const none = new Recent()
  const slow = 20_000
  const busy = Array.from({ length: 10 }, () => ({ messages: 200 }))

  it("takes shares of the messages that have ended lately, once a hundred have", () => {
    const recent = recentOf([{ messages: 60 }, { messages: 60 }])
    assert.isTrue(isTrue("rejected >= 10%", recent))
    assert.isFalse(isTrue("rejected > 10%", recent))
    assert.isTrue(isTrue("accepted < 91%", recent))
    for (const expression of ["rejected >= 10%", "accepted < 91%", "errors < 1%", "late < 1%", "code(2xx) < 90%"]) {
      assert.isFalse(isTrue(expression, recentOf([{ messages: 90 }])), expression)
    }
    // The replies of the minute before do not count: in the last seconds there was none.
    assert.isFalse(
      isTrue("code(5xx) > 0%", recentOf([{ messages: 2000 }, ...Array.from({ length: 60 }, () => ({ messages: 0 }))]))
    )
  })

  it("forgets a slow start: durations are those of the last ten seconds", () => {
    const start = { messages: 200, bucket: slow }
    const expression = "p99(transaction) > 1ms"
    assert.deepInclude(soFar(expression, recentOf([...busy.slice(1), start])), { over: [0, 10_000] })
    assert.isFalse(isTrue(expression, recentOf([start, ...busy])))
    assert.isTrue(isTrue(expression, recentOf([...busy, start, ...busy.slice(1)])))
  })

  it("takes a percentile once ten values lie beyond it, for which it looks back up to a minute", () => {
    const seconds = (count: number) => Array.from({ length: count }, () => ({ messages: 50, bucket: slow }))
    assert.isFalse(isTrue("p99(transaction) > 1ms", recentOf(seconds(22))))
    assert.deepInclude(soFar("p99(transaction) > 1ms", recentOf(seconds(30))), { over: [7000, 30_000] })
    assert.deepInclude(soFar("p50(transaction) > 1ms", recentOf(seconds(1))), { over: [0, 1000] })
    assert.isTrue(isTrue("max(transaction) > 1ms", recentOf([{ messages: 10, bucket: slow }])))
    assert.isFalse(isTrue("mean(transaction) > 1ms", recentOf([{ messages: 100, bucket: slow }])))
    assert.isTrue(isTrue("mean(transaction) > 1ms", recentOf([{ messages: 120, bucket: slow }])))
    assert.isFalse(isTrue("p99.9(transaction) > 1ms", recentOf(seconds(100))))
  })

  it("does not take what has not happened yet for true: what did not start, and counts that still grow", () => {
    for (const expression of ["accepted < 50", "errors < 1", "code(220) <= 1", "p99(rset) < 1s", "p99(rset) > 1us"]) {
      assert.isFalse(isTrue(expression, none), expression)
    }
    assert.isFalse(isTrue("not-started > 0", none))
    assert.isTrue(isTrue("accepted > 5", none))
  })

  it("takes the rate of the last ten seconds, of those that began after the first reply", () => {
    const second = (length = 1000) => ({ messages: 10, length })
    assert.isFalse(isTrue("rate < 10/s", recentOf([second(), second(), second()])))
    assert.deepInclude(soFar("rate < 10/s", recentOf([second(), second(), second(), second()])), { over: [3000, 4000] })
    assert.isFalse(isTrue("rate < 10/s", recentOf([second(), second(), second(), second(500)])))
    assert.isFalse(isTrue("rate < 9/s", recentOf([second(), second(), second(), second()])))
    assert.isFalse(isTrue("rate < 10/s", none))
  })

  it("is looked at for the last time at the end, when counts grow no more", () => {
    assert.isTrue(isTrueAtLast("accepted < 50"))
    assert.isFalse(isTrueAtLast("accepted < 80%"))
    // Eight in the second and a half since the first reply.
    assert.isTrue(isTrueAtLast("rate < 5.4/s"))
    assert.isFalse(isTrueAtLast("rate < 5.3/s"))
    assert.isFalse(isTrueAtLast("rate < 5/s", { ...running, replies: [] }))
    assert.isTrue(Either.isLeft(Judgement.atLast(running, ["no"])))
    assert.isTrue(Either.isLeft(pipe(running, Judgement.atLast(["no"]))))
  })
})

describe("a judgement as a sentence", () => {
  const sentence = (expressions: Judgement.Expressions, run: RunReport = report) =>
    Judgement.sentence(Either.getOrThrow(Judgement.judge(run, expressions))[0]!)
  const ended = { ...report, messages: { ...report.messages, planned: 12_345, rejected: 1234 } }

  it("says what was measured and then what was asked, whether it failed or not", () => {
    assert.strictEqual(
      sentence({ failIf: ["max(transaction)>250ms"] }),
      "max(transaction) is 4 ms (fails above 250 ms)"
    )
    assert.strictEqual(
      sentence({ failIf: ["max(transaction) > 1us"] }),
      "max(transaction) is 4,002 us (fails above 1 us)"
    )
    assert.strictEqual(sentence({ require: ["rejected <= 5%"] }, ended), "rejected is 10 % (must be at most 5 %)")
    assert.strictEqual(sentence({ failIf: ["rejected >= 5"] }, ended), "rejected is 1,234 (fails at or above 5)")
    assert.strictEqual(sentence({ failIf: ["rate < 5"] }), "rate is 4/s (fails below 5/s)")
    assert.strictEqual(sentence({ failIf: ["p99(rcpt) > 1h"] }), "p99(rcpt) was never measured (fails above 1 h)")
    assert.strictEqual(
      sentence({ failIf: ["p99(rcpt, rejected) > 1s"] }),
      "p99(rcpt, rejected) was not seen (fails above 1 s)"
    )
  })

  it("has as many digits as tell what was measured from the limit", () => {
    assert.strictEqual(
      sentence({ failIf: ["rate > 250"] }, { ...report, rate: 250.04 }),
      "rate is 250.04/s (fails above 250/s)"
    )
    assert.strictEqual(
      sentence({ failIf: ["rate > 250"] }, { ...report, rate: 287.216 }),
      "rate is 287/s (fails above 250/s)"
    )
  })

  it("of what ended a run tells of the time in which it was measured", () => {
    const made = {
      kind: "abort-if",
      expression: "p99(rcpt) > 1s",
      failed: true,
      measured: "2 s",
      over: [3000, 13_000]
    } as const
    assert.strictEqual(Judgement.sentence(made), "p99(rcpt) is 2 s from 3 s to 13 s (aborts above 1 s)")
  })
})

describe("what is required", () => {
  it("fails where it is not true, or never measured", () => {
    const requires = (expression: string): boolean =>
      Either.getOrThrow(Judgement.judge(report, { require: [expression] }))[0]!.failed
    assert.isFalse(requires("max(transaction) < 250ms"))
    assert.isTrue(requires("max(transaction) < 1ms"))
    assert.isTrue(requires("p99(rcpt) < 1min"))
    assert.isFalse(requires("p99(rcpt, rejected) < 1min"))
  })
})

describe("verdicts on TLS", () => {
  const kind = { version: "TLSv1.3", cipher: "x", group: "", trust: "name", distrust: "" } as const
  const secured: RunReport = {
    ...report,
    elapsed: 2000,
    active: [[0, 2000]],
    connections: { ...report.connections, opened: 100 },
    tls: [
      { ...kind, resumed: true, count: 60 },
      { ...kind, resumed: false, count: 20 }
    ]
  }

  it("are on connections that had it, on those that resumed a session, and on handshakes by time", () => {
    assert.strictEqual(judged("secured < 100%", secured).measured, "80 %")
    assert.isTrue(fails("secured < 100%", secured))
    assert.isFalse(fails("secured < 80", secured))
    assert.strictEqual(judged("resumed < 90%", secured).measured, "75 %")
    assert.isFalse(fails("resumed < 75%", secured))
    assert.strictEqual(judged("handshakes < 50/s", secured).measured, "40/s")
    assert.isTrue(fails("handshakes < 41", secured))
    assert.isFalse(fails("handshakes < 2400/min", secured))
  })

  it("find nothing in a run without it", () => {
    assert.isTrue(fails("resumed < 1%"))
    assert.isTrue(fails("secured < 1%"))
    assert.isFalse(fails("handshakes > 0/s"))
  })

  it("are not for --abort-if", () => {
    for (const abortIf of ["resumed < 90%", "secured < 1", "handshakes < 5/s"]) {
      assert.match(Plan.problems({ target: "x", abortIf }).join(), /asks for what is known only at the end/)
    }
  })
})
