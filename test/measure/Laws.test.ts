import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "../../src/measure/Accounting.js"
import * as Laws from "../../src/measure/Laws.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as Outcome from "../../src/smtp/Outcome.js"
import { ConnectionLost } from "../../src/smtp/SmtpError.js"

const lost = new ConnectionLost({ step: "mail", how: "closed", replies: [] })
const left = new ConnectionLost({ step: "data", how: "abandoned", replies: [] })
const no = { code: 550, text: "no" }
const recipients = Outcome.noRecipients

const ends: ReadonlyArray<Outcome.Outcome> = [
  Outcome.acceptedByAll(1),
  { _tag: "Rejected", step: "rcpt", reply: no, recipients },
  { _tag: "Failed", error: lost, recipients },
  { _tag: "Failed", error: left, recipients },
  { _tag: "Unknown", error: lost, recipients }
]

/** A run that ended in each way once, as it should be counted, and then as the change has it. */
const brokenBy = (
  change: (recorder: Recorder, ledger: Accounting.Ledger) => void,
  run: Partial<Laws.Finished> = {}
) => {
  const recorder = new Recorder()
  const accounting = Accounting.make(ends.length)
  for (const outcome of ends) {
    accounting.start()
    accounting.book(outcome)
    recorder.onOutcome(outcome, () => 0)
  }
  recorder.onReply("rcpt", no, 1, 1)
  recorder.record("transaction", "accepted", 1)
  recorder.opened = 5
  recorder.closedByUs = 3
  recorder.closedByServer = 2
  change(recorder, accounting)
  return Laws.violations({ accounting, recorder, warmedUp: false, cutOff: false, partial: false, ...run })
}

describe("the laws of a run", () => {
  it("hold where everything was counted once, in one thread or in several", () => {
    assert.deepStrictEqual(
      brokenBy(() => {}),
      []
    )
    const whole = new Recorder()
    const books = [1, 2].map(() => {
      const ledger = Accounting.make(0)
      const part = new Recorder()
      for (const outcome of ends) {
        ledger.start()
        ledger.book(outcome)
        part.onOutcome(outcome, () => 0)
      }
      part.onReply("rcpt", no, 1, 1)
      part.record("transaction", "accepted", 1)
      whole.add(part.toData())
      return ledger
    })
    const accounting = Accounting.sum(2 * ends.length, books)
    const run = { accounting, recorder: whole, warmedUp: false, cutOff: false, partial: false }
    assert.deepStrictEqual(Laws.violations(run), [])
  })

  it("are broken by a message without a reason, or with two", () => {
    for (const outcome of ends.slice(1)) {
      const [broken, ...others] = brokenBy((recorder) => {
        recorder.onOutcome(outcome, () => 0)
        recorder.onReply("rcpt", no, 1, 1)
      })
      assert.match(broken ?? "", /^(rejected|failed|abandoned|unknown) 1 is not the sum of its reasons 2$/)
      assert.deepStrictEqual(others, [])
    }
  })

  it("are broken by a rejection that the server did not say", () => {
    const refused: Outcome.Outcome = { _tag: "Rejected", step: "mail", reply: { code: 450, text: "no" }, recipients }
    const [, broken] = brokenBy((recorder) => recorder.onOutcome(refused, () => 0))
    assert.strictEqual(broken, "rejected 1 by 450, which the server said 0 times")
  })

  it("are broken by a transaction that was measured twice; one that was not is forgiven where the run was cut off", () => {
    const twice = ["accepted 1, and 2 transactions were measured that were accepted"]
    const again = (recorder: Recorder) => recorder.record("transaction", "accepted", 1)
    assert.deepStrictEqual(brokenBy(again), twice)
    assert.deepStrictEqual(brokenBy(again, { cutOff: true }), twice)
    const more = (_: Recorder, ledger: Accounting.Ledger) => {
      ledger.start()
      ledger.book(Outcome.acceptedByAll(1))
    }
    const [planned, ...others] = brokenBy(more, { cutOff: true })
    assert.match(planned ?? "", /^planned/)
    assert.deepStrictEqual(others, [])
    assert.lengthOf(brokenBy(more), 2)
    assert.lengthOf(brokenBy(more, { warmedUp: true }), 1)
  })

  it("are broken by a connection that nobody closed, or both did", () => {
    const expected = (opened: number, us: number) => [
      `connections opened ${opened} is not the sum of closed by us ${us} and by the server 2`
    ]
    assert.deepStrictEqual(
      brokenBy((recorder) => recorder.opened++),
      expected(6, 3)
    )
    assert.deepStrictEqual(
      brokenBy((recorder) => recorder.closedByUs++),
      expected(5, 4)
    )
  })

  it("ask nothing of what a thread had recorded that died", () => {
    assert.deepStrictEqual(
      brokenBy((recorder) => recorder.opened++, { partial: true }),
      []
    )
  })
})

describe("what a server took in", () => {
  const books = Accounting.make(10)
  for (let message = 0; message < 10; message++) {
    books.start()
    books.book(
      message < 5
        ? Outcome.acceptedByAll(2)
        : message < 7
          ? { _tag: "Unknown", error: lost, recipients: { ...recipients, offered: 3, unknown: 3 } }
          : { _tag: "Failed", error: lost, recipients: { ...recipients, offered: 1, abandoned: 1 } }
    )
  }

  it("is all that was accepted, and of the rest only what is unknown", () => {
    for (const messages of [5, 6, 7]) assert.deepStrictEqual(Laws.ofDelivery(books, { messages }), [])
    for (const count of [10, 13, 16]) assert.deepStrictEqual(Laws.ofDelivery(books, { recipients: count }), [])
    assert.deepStrictEqual(Laws.ofDelivery(books, {}), [])
    assert.deepStrictEqual(Laws.ofDelivery({ messages: 4 })(books), Laws.ofDelivery(books, { messages: 4 }))
  })

  it("is not less, and not more", () => {
    for (const messages of [4, 8]) {
      assert.deepStrictEqual(Laws.ofDelivery(books, { messages, recipients: 10 }), [
        `${messages} messages were delivered, and 5 accepted and 2 unknown`
      ])
    }
    for (const count of [9, 17]) {
      assert.deepStrictEqual(Laws.ofDelivery(books, { messages: 5, recipients: count }), [
        `${count} recipients were delivered, and 10 accepted and 6 unknown`
      ])
    }
  })
})
