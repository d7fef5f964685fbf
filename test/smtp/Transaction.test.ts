import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Outcome } from "../../src/smtp/Outcome.js"
import type { Reply } from "../../src/smtp/Reply.js"
import type * as Settlement from "../../src/smtp/Settlement.js"
import { ConnectionLost, type Step } from "../../src/smtp/SmtpError.js"
import * as Transaction from "../../src/smtp/Transaction.js"
import type { Exchange, Script, Wire } from "../../src/smtp/Wire.js"

/** A message to so many recipients, whose commands are short enough to read. */
const message = (name: string, recipients: number): Settlement.Message => ({
  mail: `MAIL ${name}\r\n`,
  rcpts: Array.from({ length: recipients }, (_, index) => `RCPT ${name}${index + 1}\r\n`),
  content: { head: `content ${name}\r\n.\r\n` }
})

const replies = (...codes: ReadonlyArray<number>): ReadonlyArray<Reply> => codes.map((code) => ({ code, text: "text" }))

interface Played {
  readonly exchanges: ReadonlyArray<Exchange>
  readonly end: Outcome | Settlement.Unsent
}

/** Runs a script against these answers, one list for each exchange; it must want as many. */
const play = (script: Script<Outcome | Settlement.Unsent>, ...answers: ReadonlyArray<ReadonlyArray<Reply>>): Played => {
  const exchanges: Array<Exchange> = []
  let turn = script.next([])
  for (const answer of answers) {
    assert.isFalse(turn.done, "the script wants no more exchanges")
    exchanges.push(turn.value as Exchange)
    turn = script.next(answer)
  }
  assert.isTrue(turn.done, "the script wants one more exchange")
  return { exchanges, end: turn.value as Outcome | Settlement.Unsent }
}

const smtp: Settlement.TransactionOptions = { lmtp: false, afterUnexpected: "reset" }
const lmtp: Settlement.TransactionOptions = { lmtp: true, afterUnexpected: "reset" }

const progress = (): Settlement.Progress => ({ offered: 0, refused: 0 })

/** One transaction of a new connection, and what its recipients' books say. */
const send = (
  recipients: number,
  options: Settlement.TransactionOptions,
  ...answers: ReadonlyArray<ReadonlyArray<Reply>>
) => {
  const books = progress()
  const played = play(
    Transaction.make("envelope").script(message("a", recipients), undefined, options, books),
    ...answers
  )
  return { ...played, books: { offered: books.offered, refused: books.refused } }
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
    assert.deepStrictEqual(end, { _tag: "Unsent", step: "mail", reply: replies(550)[0]!, goAhead: false })
    assert.deepStrictEqual(books, { offered: 0, refused: 0 })
  })

  it("whose recipients are all refused, and DATA too, is not sent", () => {
    const { books, end } = send(2, smtp, replies(250, 550, 450, 554))
    assert.deepStrictEqual(end, { _tag: "Unsent", step: "rcpt", reply: replies(450)[0]!, goAhead: false })
    assert.deepStrictEqual(books, { offered: 2, refused: 2 })
  })

  it("whose recipients are all refused, but DATA is not, knows that the server waits for a message", () => {
    const { end } = send(2, smtp, replies(250, 550, 550, 354))
    assert.isTrue(end._tag === "Unsent" && end.goAhead)
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
    assert.deepStrictEqual(end, { _tag: "Unsent", step: "data", reply: replies(451)[0]!, goAhead: false })
  })

  it("whose replies stop at a 421 in the middle ends there", () => {
    const { end } = send(2, smtp, replies(250, 421))
    assert.deepStrictEqual(end, { _tag: "Unsent", step: "rcpt", reply: replies(421)[0]!, goAhead: false })
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
      const books = progress()
      const one = play(
        Transaction.make("each").script(message("a", 2), undefined, smtp, books),
        ...codes.map((code) => replies(code))
      )
      const grouped = send(2, smtp, replies(...codes))
      assert.deepStrictEqual(one.end, grouped.end)
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
    const books = progress()
    const { end, exchanges } = play(
      Transaction.make("each").script(message("a", 2), message("b", 1), smtp, books),
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
    const pipeline = Transaction.make("envelope")
    const first = play(pipeline.script(message("a", 1), message("b", 1), smtp, progress()), ...answers)
    return { pipeline, first }
  }
  const accepted = replies(250, 250, 354)

  it("is in the same write, and is not sent again", () => {
    const { first, pipeline } = riding(accepted, replies(250, 250, 250, 354))
    assert.strictEqual(first.exchanges[1]?.bytes, "content a\r\n.\r\nMAIL b\r\nRCPT b1\r\nDATA\r\n")
    assert.deepStrictEqual(first.exchanges[1]?.steps, ["final", "mail", "rcpt", "data"])
    const second = play(pipeline.script(message("b", 1), undefined, smtp, progress()), replies(250))
    assert.strictEqual(second.exchanges[0]?.bytes, "content b\r\n.\r\n")
    assert.strictEqual(second.end._tag, "Accepted")
  })

  it("stands although the message before it was rejected", () => {
    const { first, pipeline } = riding(accepted, replies(552, 250, 250, 354))
    assert.strictEqual(first.end._tag, "Rejected")
    const second = play(pipeline.script(message("b", 1), undefined, smtp, progress()), replies(250))
    assert.strictEqual(second.end._tag, "Accepted")
  })

  it("may be refused by itself", () => {
    const { first, pipeline } = riding(accepted, replies(250, 250, 550, 503))
    assert.strictEqual(first.end._tag, "Accepted")
    const second = play(pipeline.script(message("b", 1), undefined, smtp, progress()))
    assert.deepStrictEqual(second.end, { _tag: "Unsent", step: "rcpt", reply: replies(550)[0]!, goAhead: false })
  })

  it("is sent again on the next connection where a 421 cut it off", () => {
    const { first, pipeline } = riding(accepted, replies(250, 421))
    assert.strictEqual(first.end._tag, "Accepted")
    const second = play(pipeline.script(message("b", 1), undefined, smtp, progress()), accepted, replies(250))
    assert.strictEqual(second.exchanges[0]?.bytes, "MAIL b\r\nRCPT b1\r\nDATA\r\n")
  })

  it("leaves the message before it accepted, where the connection breaks after its reply", () => {
    const pipeline = Transaction.make("envelope")
    const books = progress()
    const script = pipeline.script(message("a", 1), message("b", 1), smtp, books)
    script.next([])
    script.next(accepted)
    const lost = new ConnectionLost({ step: "mail", how: "closed", replies: replies(250) })
    const outcome = pipeline.broken(lost, smtp, books)
    assert.strictEqual(outcome._tag, "Accepted")
    assert.strictEqual(outcome._tag === "Accepted" && outcome.lost, lost)
  })

  it("leaves the message before it unknown, where the connection breaks before its reply", () => {
    const pipeline = Transaction.make("envelope")
    const books = progress()
    const script = pipeline.script(message("a", 1), message("b", 1), smtp, books)
    script.next([])
    script.next(accepted)
    const lost = new ConnectionLost({ step: "final", how: "closed", replies: [] })
    assert.strictEqual(pipeline.broken(lost, smtp, books)._tag, "Unknown")
  })
})

describe("a server that waits for a message without recipients", () => {
  /** A wire that answers everything with 554, and keeps what was written. */
  const answering = () => {
    const written: Array<string> = []
    let closed = false
    const wire: Wire = {
      capabilities: new Map(),
      exchange: (_steps, bytes) =>
        Effect.sync(() => {
          written.push(bytes)
          return replies(554)
        }),
      write: () => Effect.die("not of use here"),
      startTls: () => Effect.die("not of use here"),
      session: () => undefined,
      converse: () => Effect.die("not of use here"),
      state: () => "open",
      awaited: () => undefined,
      arrivedAt: 0,
      received: () => [],
      close: () => {
        closed = true
      }
    }
    return { wire, written, isClosed: () => closed }
  }
  const unsent: Settlement.Unsent = { _tag: "Unsent", step: "rcpt", reply: replies(550)[0]!, goAhead: true }

  it.effect("gets an empty one, and no RSET (RFC 2920 §3.1)", () =>
    Effect.gen(function* () {
      const { wire, written } = answering()
      const outcome = yield* Transaction.finish(wire, unsent, smtp, { offered: 1, refused: 1 })
      assert.deepStrictEqual(written, [".\r\n"])
      assert.strictEqual(outcome._tag, "Rejected")
    })
  )

  it.effect("is left, if it speaks LMTP, which has no answer to that", () =>
    Effect.gen(function* () {
      const { isClosed, wire, written } = answering()
      yield* Transaction.finish(wire, unsent, lmtp, { offered: 1, refused: 1 })
      assert.deepStrictEqual(written, [])
      assert.isTrue(isClosed())
    })
  )
})
