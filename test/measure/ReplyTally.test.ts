import * as v8 from "node:v8"
import * as vm from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as ErrorTally from "../../src/measure/ErrorTally.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as ReplyTally from "../../src/measure/ReplyTally.js"
import * as Sightings from "../../src/measure/Sightings.js"
import * as Outcome from "../../src/smtp/Outcome.js"
import type { Reply } from "../../src/smtp/Reply.js"
import {
  ConnectFailed,
  ConnectionLost,
  ReplyMalformed,
  ReplyTimeout,
  type Step,
  steps
} from "../../src/smtp/SmtpError.js"

/** Collects what nothing refers to any more, and tells how many bytes are left. */
const gc = (): (() => number) => {
  v8.setFlagsFromString("--expose-gc")
  const collect: () => void = vm.runInNewContext("gc")
  return () => {
    collect()
    return process.memoryUsage().heapUsed
  }
}

const none = Outcome.noRecipients

const said = fc.record({
  step: fc.constantFrom<Step>("mail", "rcpt", "final"),
  reply: fc.record({
    code: fc.constantFrom(250, 421, 450, 550, 0),
    text: fc.constantFrom("Ok", "2.1.0 Ok", "2.0.0 queued as 1", "2.0.0 queued as 2", "5.1.1 bad", "4.7.0 later", "")
  })
})

const tallied = (replies: ReadonlyArray<{ readonly step: Step; readonly reply: Reply }>, from = 0) => {
  const tally = new ReplyTally.ReplyTally()
  replies.forEach(({ reply, step }, at) => {
    tally.count(steps.indexOf(step), reply, from + at)
  })
  return tally.toData(0)
}

describe("ReplyTally", () => {
  it("counts by step, code and enhanced status code, with times since the run began", () => {
    const tally = new ReplyTally.ReplyTally()
    const repeated = { code: 250, text: "2.1.5 Ok" }
    tally.count(steps.indexOf("rcpt"), repeated, 110)
    tally.count(steps.indexOf("rcpt"), repeated, 120)
    tally.count(steps.indexOf("rcpt"), { code: 250, text: "2.1.5 Ok, too" }, 130)
    tally.count(steps.indexOf("rcpt"), { code: 550, text: "5.1.1 no such user" }, 140)
    tally.count(steps.indexOf("mail"), { code: 250, text: "Ok" }, 105)
    assert.deepStrictEqual(tally.toData(100), [
      { step: "mail", code: 250, count: 1, first: 5, last: 5, example: "Ok" },
      { step: "rcpt", code: 250, enhanced: "2.1.5", count: 3, first: 10, last: 30, example: "2.1.5 Ok" },
      { step: "rcpt", code: 550, enhanced: "5.1.1", count: 1, first: 40, last: 40, example: "5.1.1 no such user" }
    ])
  })

  it("counts every reply once, under its own code", () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 200 }), (replies) => {
        const counts = tallied(replies)
        for (const code of new Set(replies.map(({ reply }) => reply.code))) {
          const expected = replies.filter(({ reply }) => reply.code === code).length
          assert.strictEqual(
            counts.filter((kind) => kind.code === code).reduce((sum, { count }) => sum + count, 0),
            expected
          )
        }
      }),
      { seed: 1, numRuns: 2000 }
    )
  })

  it("keeps a bounded number of bytes, whatever the server says", () => {
    const collect = gc()
    const before = collect()
    const tally = new ReplyTally.ReplyTally()
    // 100 MB of replies that never come again, of 200 kinds.
    for (let index = 0; index < 400; index++) {
      const text = Buffer.alloc(250_000, `2.0.${index % 200} ${index} `).toString("latin1")
      tally.count(4, { code: 250, text }, index)
    }
    assert.isBelow(collect() - before, 4_000_000)
    assert.lengthOf(tally.toData(0), 200)
    for (const { example } of tally.toData(0)) assert.lengthOf(example, Sightings.longestExample)
  })

  it("gives the same for parts that are merged, in any order, as for the whole", () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 60 }), fc.nat(60), (replies, at) => {
        const [a, b] = [tallied(replies.slice(0, at)), tallied(replies.slice(at), at)]
        const whole = ReplyTally.merge([tallied(replies)])
        assert.deepStrictEqual(ReplyTally.merge([a, b]), whole)
        assert.deepStrictEqual(ReplyTally.merge([b, a]), whole)
        assert.deepStrictEqual(ReplyTally.merge([ReplyTally.merge([a]), b, []]), whole)
      }),
      { seed: 2, numRuns: 2000 }
    )
  })

  it("keeps the beginning of an error, however long it is", () => {
    const tally = new ErrorTally.ErrorTally()
    const reason = `${"x".repeat(150)}${"y".repeat(100_000)}`
    tally.count(new ReplyMalformed({ step: "mail", reason, replies: [] }), 1)
    const [error] = tally.toData(0)
    assert.lengthOf(error!.example, Sightings.longestExample)
    assert.match(error!.example, /^malformed reply while .*: x{150}y+$/)
  })

  it("keeps of an error what it tells, in parts, and of merged ones those of the first", () => {
    const tally = new ErrorTally.ErrorTally()
    const reply = { code: 421, text: "bye\nnow" }
    tally.count(new ConnectionLost({ step: "mail", how: "closed", replies: [], reply }), 1)
    tally.count(new ReplyTimeout({ step: "rcpt", waited: 2500, replies: [] }), 2)
    tally.count(new ReplyMalformed({ step: "data", reason: "what", replies: [] }), 3)
    tally.count(new ConnectFailed({ code: "ECONNREFUSED", reason: "refused", local: false }), 4)
    const parts = (counts: ReadonlyArray<ErrorTally.ErrorCount>) =>
      counts.map(({ kind, reason, reply, waited }) => [kind, reason, reply, waited])
    const first = tally.toData(0)
    assert.deepStrictEqual(parts(first), [
      ["ConnectionLost", undefined, reply, undefined],
      ["ReplyTimeout", undefined, undefined, 2500],
      ["ReplyMalformed", "what", undefined, undefined],
      ["ConnectFailed", "refused", undefined, undefined]
    ])
    const later = new ErrorTally.ErrorTally()
    later.count(new ConnectionLost({ step: "mail", how: "closed", replies: [] }), 9)
    for (const both of [
      [first, later.toData(0)],
      [later.toData(0), first]
    ]) {
      const lost = ErrorTally.merge(both).find(({ kind }) => kind === "ConnectionLost")
      assert.deepInclude(lost, { count: 2, first: 1, last: 9, reply })
    }
  })

  it("keeps a bounded number of kinds and short examples, whatever the server says", () => {
    const tally = new ReplyTally.ReplyTally()
    for (let index = 0; index < 20_000; index++) {
      tally.count(4, { code: 550, text: `5.${index % 1000}.${index % 777} ${"x".repeat(1000)}` }, index)
    }
    const counts = tally.toData(0)
    assert.isAtMost(counts.length, ReplyTally.mostKinds + 1)
    assert.isTrue(counts.every(({ example }) => example.length <= Sightings.longestExample))
    assert.strictEqual(
      counts.reduce((sum, { count }) => sum + count, 0),
      20_000
    )
  })
})

describe("errors", () => {
  const refused = new ConnectFailed({ code: "ECONNREFUSED", reason: "Connection refused", local: false })

  it("are counted by kind, step and detail: what messages failed of, and connects in vain", () => {
    const recorder = new Recorder()
    recorder.begun = 1000
    recorder.onError(refused, () => 1001)
    recorder.onOutcome({ _tag: "Failed", error: refused, recipients: none }, () => 1002)
    const late = new ReplyTimeout({ step: "final", waited: 300_000, replies: [] })
    recorder.onOutcome({ _tag: "Unknown", error: late, recipients: none }, () => 1003)
    const lost = new ConnectionLost({ step: "rset", how: "reset", replies: [] })
    recorder.onOutcome({ _tag: "Accepted", recipients: none, lost }, () => 1004)
    recorder.onOutcome(Outcome.acceptedByAll(1), () => 1005)
    recorder.onOutcome(Outcome.notStarted, () => 1006)
    assert.deepStrictEqual(
      recorder.errors().map(({ count, detail, first, kind, last, step }) => [step, kind, detail, count, first, last]),
      [
        ["connect", "ConnectFailed", "ECONNREFUSED", 2, 1, 2],
        ["final", "ReplyTimeout", "", 1, 3, 3],
        ["rset", "ConnectionLost", "reset", 1, 4, 4]
      ]
    )
  })

  it("and replies of several recorders add up", () => {
    const part = (): Recorder => {
      const recorder = new Recorder()
      recorder.onError(refused, () => 7)
      recorder.onReply("mail", { code: 250, text: "2.1.0 Ok" }, 1, 9)
      return recorder
    }
    const whole = new Recorder()
    // As it comes from another thread.
    for (const recorder of [part(), part()]) whole.add(structuredClone(recorder.toData()))
    assert.strictEqual(whole.errors()[0]?.count, 2)
    assert.deepStrictEqual(whole.replies(), [
      { step: "mail", code: 250, enhanced: "2.1.0", count: 2, first: 9, last: 9, example: "2.1.0 Ok" }
    ])
    assert.deepStrictEqual(whole.toData().replies, whole.replies())
  })
})
