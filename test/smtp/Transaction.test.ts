import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Delivery from "../../src/smtp/Delivery.js"
import * as Outcomes from "../../src/smtp/Outcome.js"
import type { Outcome, Rejected } from "../../src/smtp/Outcome.js"
import type { Reply } from "../../src/smtp/Reply.js"
import { ConnectionLost, type Step } from "../../src/smtp/SmtpError.js"
import * as Transaction from "../../src/smtp/Transaction.js"
import type { Exchange, Script, Wire } from "../../src/smtp/Wire.js"

/** A message to so many recipients, whose commands are short enough to read. */
const message = (name: string, recipients: number): Delivery.Message => ({
  mail: `MAIL ${name}\r\n`,
  rcpts: Array.from({ length: recipients }, (_, index) => `RCPT ${name}${index + 1}\r\n`),
  content: { head: `content ${name}\r\n.\r\n` }
})

const replies = (...codes: ReadonlyArray<number>): ReadonlyArray<Reply> => codes.map((code) => ({ code, text: "text" }))

interface Played {
  readonly exchanges: ReadonlyArray<Exchange>
  readonly end: Outcome
}

/** Runs a script against these answers, one list for each exchange; it must want as many, and perhaps RSET after them. */
const play = (script: Script<Outcome>, ...answers: ReadonlyArray<ReadonlyArray<Reply>>): Played => {
  const exchanges: Array<Exchange> = []
  let turn = script.next([])
  for (const answer of answers) {
    assert.isFalse(turn.done, "the script wants no more exchanges")
    exchanges.push(turn.value as Exchange)
    turn = script.next(answer)
  }
  if (turn.done !== true && turn.value.steps[0] === "rset") turn = script.next(replies(250))
  assert.isTrue(turn.done, "the script wants one more exchange")
  return { exchanges, end: turn.value as Outcome }
}

/** A connection that stands, and nothing more. */
const standing = (): Wire & { readonly isClosed: () => boolean } => {
  let closed = false
  const unused = () => Effect.die("not of use here")
  return {
    capabilities: new Map(),
    exchange: unused,
    write: unused,
    startTls: unused,
    session: () => undefined,
    converse: unused,
    state: () => (closed ? "closed" : "open"),
    awaited: () => undefined,
    arrivedAt: 0,
    received: () => [],
    close: () => {
      closed = true
    },
    isClosed: () => closed
  }
}

const transactions = (grouping: Transaction.Grouping, wire = standing()) => Transaction.make(wire, grouping)

const smtp: Delivery.TransactionOptions = { lmtp: false, afterUnexpected: "reset" }
const lmtp: Delivery.TransactionOptions = { lmtp: true, afterUnexpected: "reset" }

const delivery = (name: string, recipients: number, options = smtp): Delivery.Delivery =>
  Delivery.make(options, message(name, recipients))

/** One transaction of a new connection, and what its recipients' books say. */
const send = (
  recipients: number,
  options: Delivery.TransactionOptions,
  ...answers: ReadonlyArray<ReadonlyArray<Reply>>
) => {
  const books = delivery("a", recipients, options)
  const played = play(transactions("envelope").script(books), ...answers)
  return { ...played, books: { offered: books.offered, refused: books.refused } }
}

const isRejected = (end: Outcome, step: Step, code: number) => {
  assert.deepInclude(end, { _tag: "Rejected", step, reply: replies(code)[0]! })
}

const group = "MAIL a\r\nRCPT a1\r\nRCPT a2\r\nDATA\r\n"

describe("an envelope in one group (RFC 2920 §3.1)", () => {
  it("goes out in one write, and the content in the next", () => {
    const { end, exchanges } = send(2, smtp, replies(250, 250, 250, 354), replies(250))
    assert.deepStrictEqual(
      exchanges.map(({ bytes, steps }) => ({ bytes, steps })),
      [
        { bytes: group, steps: ["mail", "rcpt", "rcpt", "data"] as Array<Step> },
        { bytes: "content a\r\n.\r\n", steps: ["final"] }
      ]
    )
    assert.strictEqual(end._tag, "Accepted")
  })

  it("whose sender is refused leaves no recipient considered, whatever is said of them", () => {
    const { books, end } = send(2, smtp, replies(550, 503, 503, 503))
    isRejected(end, "mail", 550)
    assert.deepStrictEqual(books, { offered: 0, refused: 0 })
  })

  it("whose recipients are all refused, and DATA too, is not sent", () => {
    const { books, end } = send(2, smtp, replies(250, 550, 450, 554))
    isRejected(end, "rcpt", 450)
    assert.deepStrictEqual(books, { offered: 2, refused: 2 })
  })

  it("goes on to the recipients that were accepted", () => {
    const { end, exchanges } = send(2, smtp, replies(250, 550, 250, 354), replies(250))
    assert.strictEqual(exchanges.length, 2)
    assert.deepStrictEqual(end._tag === "Accepted" && end.recipients, {
      offered: 2,
      accepted: 1,
      refused: 1,
      refusedAfterContent: 0,
      unknown: 0,
      abandoned: 0
    })
  })

  it("whose DATA alone is refused is rejected there", () => {
    const { end } = send(2, smtp, replies(250, 250, 250, 451))
    isRejected(end, "data", 451)
  })

  it("whose replies stop at a 421 in the middle ends there", () => {
    const { end } = send(2, smtp, replies(250, 421))
    isRejected(end, "rcpt", 421)
  })

  it("of LMTP waits for one final reply for each accepted recipient (RFC 2033 §4.2)", () => {
    const { end, exchanges } = send(3, lmtp, replies(250, 250, 550, 250, 354), replies(250, 452))
    assert.deepStrictEqual(exchanges[1]?.steps, ["final", "final"])
    assert.deepStrictEqual(end._tag === "Accepted" && end.recipients, {
      offered: 3,
      accepted: 1,
      refused: 1,
      refusedAfterContent: 1,
      unknown: 0,
      abandoned: 0
    })
  })
})

describe("a transaction that is said command by command", () => {
  /** The replies to an envelope of two, up to the first that ends the transaction; and what stays unsaid for it. */
  const cases: ReadonlyArray<ReadonlyArray<number>> = [
    [550],
    [250, 550, 450],
    [250, 550, 421],
    [250, 250, 250, 451],
    [250, 421]
  ]

  for (const codes of cases) {
    it(`ends as the same in a group does, and says no more: ${codes.join(" ")}`, () => {
      const books = delivery("a", 2)
      const one = play(transactions("each").script(books), ...codes.map((code) => replies(code)))
      const grouped = send(2, smtp, replies(...codes))
      const ended = ({ end }: Played) => (end._tag === "Rejected" ? [end.step, end.reply.code] : end)
      assert.deepStrictEqual(ended(one), ended(grouped))
      assert.deepStrictEqual(
        one.exchanges.map(({ bytes }) => bytes),
        ["MAIL a\r\n", "RCPT a1\r\n", "RCPT a2\r\n", "DATA\r\n"].slice(0, codes.length)
      )
      // Who was not offered yet is not in the books.
      assert.deepStrictEqual(books.refused, grouped.books.refused)
      assert.strictEqual(books.offered, Math.min(2, codes.length - 1))
    })
  }

  it("sends the content to those that were accepted, and no envelope with it", () => {
    const { end, exchanges } = play(
      transactions("each").script(delivery("a", 2), message("b", 1)),
      replies(250),
      replies(550),
      replies(250),
      replies(354),
      replies(250)
    )
    assert.strictEqual(exchanges.at(-1)?.bytes, "content a\r\n.\r\n")
    assert.deepInclude(end._tag === "Accepted" ? { ...end.recipients } : {}, { offered: 2, accepted: 1, refused: 1 })
  })
})

describe("an envelope that rides with the content before it", () => {
  const riding = (...answers: ReadonlyArray<ReadonlyArray<Reply>>) => {
    const pipeline = transactions("envelope")
    const first = play(pipeline.script(delivery("a", 1), message("b", 1)), ...answers)
    return { pipeline, first }
  }
  const accepted = replies(250, 250, 354)

  it("is in the same write, and is not sent again", () => {
    const { first, pipeline } = riding(accepted, replies(250, 250, 250, 354))
    assert.strictEqual(first.exchanges[1]?.bytes, "content a\r\n.\r\nMAIL b\r\nRCPT b1\r\nDATA\r\n")
    assert.deepStrictEqual(first.exchanges[1]?.steps, ["final", "mail", "rcpt", "data"])
    const second = play(pipeline.script(delivery("b", 1)), replies(250))
    assert.strictEqual(second.exchanges[0]?.bytes, "content b\r\n.\r\n")
    assert.strictEqual(second.end._tag, "Accepted")
  })

  it("stands although the message before it was rejected", () => {
    const { first, pipeline } = riding(accepted, replies(552, 250, 250, 354))
    assert.strictEqual(first.end._tag, "Rejected")
    const second = play(pipeline.script(delivery("b", 1)), replies(250))
    assert.strictEqual(second.end._tag, "Accepted")
  })

  it("may be refused by itself", () => {
    const { first, pipeline } = riding(accepted, replies(250, 250, 550, 503))
    assert.strictEqual(first.end._tag, "Accepted")
    const second = play(pipeline.script(delivery("b", 1)))
    isRejected(second.end, "rcpt", 550)
  })

  it("is sent again on the next connection where a 421 cut it off", () => {
    const { first, pipeline } = riding(accepted, replies(250, 421))
    assert.strictEqual(first.end._tag, "Accepted")
    const second = play(pipeline.script(delivery("b", 1)), accepted, replies(250))
    assert.strictEqual(second.exchanges[0]?.bytes, "MAIL b\r\nRCPT b1\r\nDATA\r\n")
  })

  it("leaves the message before it accepted, where the connection breaks after its reply", () => {
    const pipeline = transactions("envelope")
    const books = delivery("a", 1)
    const script = pipeline.script(books, message("b", 1))
    script.next([])
    script.next(accepted)
    const lost = new ConnectionLost({ step: "mail", how: "closed", replies: replies(250) })
    const outcome = pipeline.broken(lost, books)
    assert.strictEqual(outcome._tag, "Accepted")
    assert.strictEqual(outcome._tag === "Accepted" && outcome.lost, lost)
  })

  it("leaves the message before it unknown, where the connection breaks before its reply", () => {
    const pipeline = transactions("envelope")
    const books = delivery("a", 1)
    const script = pipeline.script(books, message("b", 1))
    script.next([])
    script.next(accepted)
    const lost = new ConnectionLost({ step: "final", how: "closed", replies: [] })
    assert.strictEqual(pipeline.broken(lost, books)._tag, "Unknown")
  })
})

describe("a message that is refused", () => {
  const ends = (
    afterUnexpected: Delivery.AfterUnexpected,
    isLmtp: boolean,
    ...answers: ReadonlyArray<ReadonlyArray<Reply>>
  ) => {
    const wire = standing()
    const options: Delivery.TransactionOptions = { lmtp: isLmtp, afterUnexpected }
    const played = play(transactions("envelope", wire).script(delivery("a", 2, options)), ...answers)
    return { ...played, last: played.exchanges.at(-1)?.bytes, isClosed: wire.isClosed() }
  }
  const allRefused = replies(250, 550, 550, 554)
  const noneLeft = replies(250, 550, 550, 354)

  it("is given up with RSET, so that another can follow", () => {
    const { end, isClosed, last } = ends("reset", false, allRefused, replies(250))
    isRejected(end, "rcpt", 550)
    assert.deepStrictEqual([last, isClosed], ["RSET\r\n", false])
  })

  it("leaves no connection whose server refuses that, where it must be in order", () => {
    assert.isFalse(ends("reset", false, allRefused, replies(500)).isClosed)
    assert.isTrue(ends("strict", false, allRefused, replies(500)).isClosed)
  })

  it("is ended with an empty one where the server waits for a message, and with no RSET (RFC 2920 §3.1)", () => {
    const { end, isClosed, last } = ends("reset", false, noneLeft, replies(554))
    isRejected(end, "rcpt", 550)
    assert.deepStrictEqual([last, isClosed], [".\r\n", false])
  })

  it("is left where the server waits for it and speaks LMTP, which has no answer to that", () => {
    const { exchanges, isClosed } = ends("reset", true, noneLeft)
    assert.deepStrictEqual([exchanges.length, isClosed], [1, true])
  })

  it("is not ended over a connection on which a reply made no sense", () => {
    const { exchanges, isClosed } = ends("strict", false, replies(250, 354, 250, 354))
    assert.deepStrictEqual([exchanges.length, isClosed], [1, true])
  })

  it("stays refused where the connection breaks after that, and knows of it", () => {
    const pipeline = transactions("each")
    const books = delivery("a", 1, { lmtp: false, afterUnexpected: "reset" })
    const script = pipeline.script(books)
    script.next([])
    const { value } = script.next(replies(550))
    assert.deepInclude(value, { steps: ["rset"] })
    isRejected(pipeline.interrupted(books), "mail", 550)
    assert.isUndefined((pipeline.interrupted(books) as Rejected).lost)
    const lost = new ConnectionLost({ step: "rset", how: "closed", replies: [] })
    assert.deepInclude(pipeline.broken(lost, books), { _tag: "Rejected", lost })
  })
})

describe("how each recipient fared", () => {
  const fates = (end: Outcome, recipients: number) =>
    Outcomes.byRecipient(recipients)(end).map(({ fate, reply }) =>
      reply === undefined ? fate : `${fate} ${reply.code}`
    )

  it("is how the message did, unless a reply was its own", () => {
    assert.deepStrictEqual(fates(send(3, smtp, replies(250, 250, 451, 250, 354), replies(250)).end, 3), [
      "accepted",
      "refused 451",
      "accepted"
    ])
    const refused = send(3, smtp, replies(250, 250, 451, 250, 354), replies(552)).end
    assert.deepStrictEqual(fates(refused, 3), ["refused 552", "refused 451", "refused 552"])
    assert.deepStrictEqual(fates(send(2, smtp, replies(250, 550, 450, 554)).end, 2), ["refused 550", "refused 450"])
    assert.deepStrictEqual(fates(Outcomes.notStarted, 2), ["failed", "failed"])
  })

  it("is by the reply to each in LMTP (RFC 2033 §4.2)", () => {
    const { end } = send(4, lmtp, replies(250, 250, 550, 250, 250, 354), replies(250, 452, 250))
    assert.deepStrictEqual(fates(end, 4), ["accepted", "refused 550", "refused 452", "accepted"])
    assert.isUndefined("exceptions" in send(2, lmtp, replies(250, 250, 250, 354), replies(250, 250)).end || undefined)
  })

  it("is unknown where no reply came", () => {
    const pipeline = transactions("envelope")
    const books = delivery("a", 3, lmtp)
    const script = pipeline.script(books)
    script.next([])
    script.next(replies(250, 250, 550, 250, 354))
    const lost = new ConnectionLost({ step: "final", how: "closed", replies: replies(250) })
    assert.deepStrictEqual(fates(pipeline.broken(lost, books), 3), ["accepted", "refused 550", "unknown"])
  })
})
