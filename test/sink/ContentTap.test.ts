import { assert, describe, it } from "@effect/vitest"
import type { OpenTap, SinkTransaction } from "../../src/sink/ContentTap.js"
import * as ContentTap from "../../src/sink/ContentTap.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"

interface Seen {
  readonly transaction: SinkTransaction
  content: string
  end?: { readonly recipients: ReadonlyArray<string>; readonly reply: string } | "lost"
}

const watching =
  (seen: Array<Seen>): OpenTap =>
  (transaction) => {
    const one: Seen = { transaction, content: "" }
    seen.push(one)
    return {
      take: (chunk, start, end) => {
        one.content += Buffer.from(chunk.subarray(start, end)).toString("latin1")
      },
      end: (recipients, reply) => {
        one.end = { recipients: recipients.slice(), reply }
      },
      lost: () => {
        one.end = "lost"
      }
    }
  }

const talk = (input: ReadonlyArray<string>, options: SinkConfig = {}): ReadonlyArray<Seen> => {
  const seen: Array<Seen> = []
  const session = SmtpSink.make({ ...options, tap: watching(seen) }).open("127.0.0.1")
  for (const piece of input) session.push(Buffer.from(piece, "latin1"))
  session.closed()
  return seen
}

describe("a tap", () => {
  it("is told of the envelope, given the content without stuffed dots, and told how it was answered", () => {
    const [seen, ...others] = talk([
      "EHLO client.example\r\nMAIL FROM:<a@b> SIZE=10\r\nRCPT TO:<c@d>\r\nRCPT TO: <e@f> NOTIFY=NEVER\r\nDATA\r\n..x\r",
      "\n.",
      ".\r\ny\r\n.",
      "\r\nQUIT\r\n"
    ])
    assert.deepStrictEqual(seen, {
      transaction: {
        session: 1,
        message: 1,
        client: "127.0.0.1",
        protocol: "ESMTP",
        helo: "client.example",
        sender: "a@b",
        recipients: ["c@d", "e@f"],
        mailArguments: "<a@b> SIZE=10",
        rcptArguments: ["<c@d>", "<e@f> NOTIFY=NEVER"]
      },
      content: ".x\r\n.\r\ny\r\n",
      end: { recipients: ["c@d", "e@f"], reply: "250 2.0.0 Ok\r\n" }
    })
    assert.lengthOf(others, 0)
  })

  it("is told that a message was refused, or is lost with its connection", () => {
    const begin = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
    const [refused, lost] = talk([`HELO c\r\n${begin}${"x".repeat(20)}\r\n.\r\n${begin}half`], { maxMessageSize: 10 })
    assert.strictEqual(refused!.end, "lost")
    assert.strictEqual(lost!.end, "lost")
    assert.strictEqual(lost!.content, "half")
  })

  it("is given what comes in chunks", () => {
    const [seen] = talk(["EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<c@d>\r\nBDAT 3\r\n.\r\nBDAT 2 LAST\r\n", ".\n"])
    assert.strictEqual(seen!.content, ".\r\n.\n")
    assert.deepStrictEqual(seen!.end, { recipients: ["c@d"], reply: "250 2.0.0 Ok\r\n" })
  })

  it("is one of several", () => {
    const seen: Array<Seen> = []
    const tap = ContentTap.all([watching(seen), () => undefined, watching(seen)])
    const session = SmtpSink.make({ protocol: "lmtp", tap }).open()
    session.push(Buffer.from("LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n"))
    assert.deepStrictEqual(
      seen.map(({ content, transaction }) => [transaction.protocol, content]),
      [
        ["LMTP", "x\r\n"],
        ["LMTP", "x\r\n"]
      ]
    )
  })
})
