import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Accounting from "../../src/measure/Accounting.js"
import * as Outcome from "../../src/smtp/Outcome.js"
import { ConnectionLost } from "../../src/smtp/SmtpError.js"

const lost = new ConnectionLost({ step: "mail", how: "closed", replies: [] })
const left = new ConnectionLost({ step: "data", how: "abandoned", replies: [] })
const reply = { code: 550, text: "no" }

const books = fc
  .tuple(fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(9))
  .map(([accepted, refused, refusedAfterContent, unknown, abandoned]): Outcome.Recipients => {
    const offered = accepted + refused + refusedAfterContent + unknown + abandoned
    return { offered, accepted, refused, refusedAfterContent, unknown, abandoned }
  })

const outcome: fc.Arbitrary<Outcome.Outcome> = fc.oneof(
  books.map((recipients) => ({ _tag: "Accepted" as const, recipients })),
  books.map((recipients) => ({ _tag: "Rejected" as const, step: "rcpt" as const, reply, recipients })),
  books.map((recipients) => ({ _tag: "Failed" as const, error: lost, recipients })),
  books.map((recipients) => ({ _tag: "Failed" as const, error: left, recipients })),
  books.map((recipients) => ({ _tag: "Unknown" as const, error: lost, recipients })),
  fc.nat(9).map(Outcome.acceptedByAll),
  fc.constant(Outcome.notStarted)
)
const outcomes = fc.array(outcome, { maxLength: 30, size: "max" })

const keep = (ledger: Accounting.Ledger, outcomes: ReadonlyArray<Outcome.Outcome>): void => {
  for (const outcome of outcomes) {
    if (outcome._tag !== "NotStarted") ledger.start()
    ledger.book(outcome)
  }
}

/** The counts alone, as plain data. */
const read = (accounting: Accounting.Accounting): Accounting.Accounting =>
  Accounting.sum(accounting.planned, [accounting])

const booked = (planned: number, outcomes: ReadonlyArray<Outcome.Outcome>): Accounting.Accounting => {
  const ledger = Accounting.make(planned)
  keep(ledger, outcomes)
  return read(ledger)
}

const empty = {
  planned: 9,
  started: 0,
  accepted: 0,
  rejected: 0,
  failed: 0,
  abandoned: 0,
  unknown: 0,
  notStarted: 0,
  recipients: Outcome.noRecipients
}

describe("book", () => {
  it("counts each message in the one place where it belongs", () => {
    const recipients = { offered: 15, accepted: 1, refused: 2, refusedAfterContent: 3, unknown: 4, abandoned: 5 }
    for (const [outcome, expected] of [
      [
        { _tag: "Accepted", recipients },
        { accepted: 1, recipients }
      ],
      [
        { _tag: "Rejected", step: "mail", reply, recipients },
        { rejected: 1, recipients }
      ],
      [
        { _tag: "Failed", error: lost, recipients },
        { failed: 1, recipients }
      ],
      [
        { _tag: "Failed", error: left, recipients },
        { failed: 1, abandoned: 1, recipients }
      ],
      [
        { _tag: "Unknown", error: lost, recipients },
        { unknown: 1, recipients }
      ],
      [Outcome.acceptedByAll(4), { accepted: 1, recipients: { ...Outcome.noRecipients, offered: 4, accepted: 4 } }],
      [Outcome.notStarted, { notStarted: 1 }]
    ] satisfies ReadonlyArray<readonly [Outcome.Outcome, object]>) {
      const ledger = Accounting.make(9)
      ledger.book(outcome)
      assert.deepStrictEqual(read(ledger), { ...empty, ...expected }, outcome._tag)
    }
  })

  it("adds up, in any order", () => {
    fc.assert(
      fc.property(outcomes, (outcomes) => {
        const accounting = booked(outcomes.length, outcomes)
        assert.deepStrictEqual(accounting, booked(outcomes.length, [...outcomes].reverse()))
        const { accepted, failed, notStarted, rejected, unknown } = accounting
        assert.strictEqual(accepted + failed + notStarted + rejected + unknown, outcomes.length)
      }),
      { seed: 1, numRuns: 500 }
    )
  })
})

describe("start and add", () => {
  it("count messages by their beginning, and by ends that nobody saw", () => {
    const ledger = Accounting.make(9)
    ledger.start()
    ledger.start()
    ledger.add("unknown", 2)
    ledger.add("notStarted", 7)
    assert.deepStrictEqual(read(ledger), { ...empty, started: 2, unknown: 2, notStarted: 7 })
    assert.deepStrictEqual(Accounting.violations(ledger), [])
  })
})

describe("make", () => {
  it("finds in shared memory what another one has written there, and goes on with it", () => {
    const memory = new SharedArrayBuffer(Accounting.size)
    const [writer, reader] = [Accounting.make(9, memory), Accounting.make(9, memory)]
    writer.start()
    writer.book(Outcome.acceptedByAll(2))
    assert.deepStrictEqual(read(reader), read(writer))
    reader.start()
    reader.book(Outcome.acceptedByAll(1))
    assert.strictEqual(writer.accepted, 2)
    assert.strictEqual(writer.recipients.offered, 3)
  })
})

describe("sum", () => {
  it("gives the books of the whole from those of its parts, however it was cut", () => {
    fc.assert(
      fc.property(fc.array(outcomes, { maxLength: 5 }), (parts) => {
        const all = parts.flat()
        const sum = Accounting.sum(
          all.length,
          parts.map((part) => booked(0, part))
        )
        assert.deepStrictEqual(sum, booked(all.length, all))
        assert.deepStrictEqual(Accounting.violations(sum), [])
      }),
      { seed: 4, numRuns: 300 }
    )
  })

  it("of nothing is nothing", () => {
    assert.deepStrictEqual(Accounting.sum(9, []), empty)
  })
})

describe("violations", () => {
  it("are none in the books of any outcomes", () => {
    fc.assert(
      fc.property(outcomes, (outcomes) => {
        assert.deepStrictEqual(Accounting.violations(booked(outcomes.length, outcomes)), [])
      }),
      { seed: 2, numRuns: 500 }
    )
  })

  it("are found whatever count is off, and whichever way", () => {
    const messages = ["planned", "started", "accepted", "rejected", "failed", "unknown", "notStarted"] as const
    const recipients = ["offered", "accepted", "refused", "refusedAfterContent", "unknown", "abandoned"] as const
    fc.assert(
      fc.property(outcomes, fc.constantFrom(-1, 1), (outcomes, by) => {
        const right = booked(outcomes.length, outcomes)
        for (const count of messages) {
          assert.isNotEmpty(Accounting.violations({ ...right, [count]: right[count] + by }), count)
        }
        for (const count of recipients) {
          const wrong = { ...right.recipients, [count]: right.recipients[count] + by }
          assert.isNotEmpty(Accounting.violations({ ...right, recipients: wrong }), `recipients ${count}`)
        }
      }),
      { seed: 3, numRuns: 100 }
    )
  })

  it("are found where more were abandoned than failed", () => {
    const books = { ...empty, planned: 1, started: 1, failed: 1 }
    assert.deepStrictEqual(Accounting.violations({ ...books, abandoned: 1 }), [])
    assert.deepStrictEqual(Accounting.violations({ ...books, abandoned: 2 }), ["abandoned 2 are more than failed 1"])
  })

  it("name the law and its numbers", () => {
    const recipients = { ...Outcome.noRecipients, offered: 2 }
    assert.deepStrictEqual(Accounting.violations({ ...empty, planned: 3, started: 2, accepted: 1, recipients }), [
      "planned 3 is not the sum of started 2 and not started 0",
      "started 2 is not the sum of accepted 1, rejected 0, failed 0 and unknown 0",
      `recipients offered 2 is not the sum of ${JSON.stringify(recipients)}`
    ])
  })
})
