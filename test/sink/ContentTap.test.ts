import { assert, describe, it } from "@effect/vitest"
import * as Behaviour from "../../src/sink/Behaviour.js"
import * as Misbehaviour from "../../src/sink/Misbehaviour.js"
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

describe("a message that a tap cannot keep", () => {
  /** What is said to this, and what taps are told; two of them keep, of which the second can, or cannot. */
  const say = (text: string, config: SinkConfig, words?: Misbehaviour.Misbehaviour, keeps = false) => {
    const told: Array<string> = []
    const tap = ContentTap.all(
      [true, keeps, true].map(
        (isKept, place): OpenTap =>
          () => ({
            take: () => {},
            keep: (recipients) => {
              told.push(`${place} keeps for ${recipients.length}`)
              return isKept
            },
            end: (recipients, reply) => told.push(`${place} ends with ${recipients.length}, ${reply.slice(0, 3)}`),
            lost: () => told.push(`${place} loses`)
          })
      )
    )
    const behaviour = words && Behaviour.make(Misbehaviour.behaviourOf(words), () => 0)
    const sink = SmtpSink.make({ ...config, tap, behaviour })
    const session = sink.open()
    const replies = [session.push(Buffer.from(text))].map((bytes) => Buffer.from(bytes ?? []).toString("latin1"))
    for (const action of session.actions()) {
      if (action._tag === "Say") replies.push(action.bytes)
      if (action._tag === "Wait" && action.until(0) > 0) replies.push(`(${action.until(0)})\r\n`)
      if (action._tag === "End") replies.push(`<${action.how}>`)
    }
    return {
      replies,
      codes: (replies.join("").match(/^\d{3}(?= )|<[a-z]+>/gm) ?? []).join(" "),
      told,
      counts: sink.counts(),
      strikes: behaviour?.strikes()
    }
  }

  const message = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\nx\r\n.\r\n"
  const chunked = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nx"
  const twice = ["0 keeps for 2", "1 keeps for 2", "0 ends with 0, 451", "1 ends with 0, 451", "2 ends with 0, 451"]

  it("is refused for now, and all are told so", () => {
    const { codes, counts, told } = say(`${message}NOOP\r\n`, {})
    assert.strictEqual(codes, "250 250 250 354 451 250")
    assert.deepStrictEqual(told, twice)
    assert.deepStrictEqual([counts.messages, counts.delivered, counts.unkept, counts.refused.final], [0, 0, 1, 1])
    const kept = say(message, {}, undefined, true)
    assert.strictEqual(kept.codes, "250 250 250 354 250")
    assert.deepStrictEqual(kept.told.slice(2, 4), ["2 keeps for 2", "0 ends with 2, 250"])
  })

  it("is refused for each recipient over LMTP, and in its place where chunks came", () => {
    const lmtp = say(`LHLO x\r\n${message}NOOP\r\n`, { protocol: "lmtp" })
    assert.strictEqual(lmtp.codes, "250 250 250 250 354 451 451 250")
    assert.deepStrictEqual(lmtp.told, twice)
    const chunks = say(`${chunked}NOOP\r\nRSET\r\n`, {})
    assert.strictEqual(chunks.codes, "250 250 451 250 250")
  })

  it("counts as it was told in the end: what was said before is not said, and has not struck", () => {
    const fault = ["final 552 if to e@f", "final 552 if to g@h", "final delay 1s", "rcpt delay 1s"]
    const three = message.replace("DATA", "RCPT TO:<g@h>\r\nDATA")
    const ofTwo = (keeps: boolean) => {
      const { codes, counts, strikes } = say(`LHLO x\r\n${three}`, { protocol: "lmtp" }, { fault }, keeps)
      return [codes, counts.refused.final, counts.refused.rcpt, strikes?.map(({ times }) => times)]
    }
    assert.deepStrictEqual(ofTwo(true), ["250 250 250 250 250 354 250 552 552", 2, 0, [1, 1, 1, 3]])
    assert.deepStrictEqual(ofTwo(false), ["250 250 250 250 250 354 451 451 451", 3, 0, [0, 0, 0, 3]])
  })

  it("is as many errors to a tarpit as it was refused, and those that were not said are none", () => {
    const words = { tarpit: "1s after 3 errors", fault: ["final 552 if to e@f"] }
    const of = (config: SinkConfig, hello: string) => {
      const { replies } = say(`${hello}${message}${"NONE\r\n".repeat(4)}`, config, words)
      return (replies.join("").match(/^(?:\(|500).*?(?=[ \r])/gm) ?? []).join(" ")
    }
    // Two refusals, and one, and then those of the four commands.
    assert.strictEqual(of({ protocol: "lmtp" }, "LHLO x\r\n"), "500 500 (1000) 500 (2000) 500")
    assert.strictEqual(of({}, "HELO x\r\n"), "500 500 500 (1000) 500")
  })

  it("is refused whatever else the sink does, unless that refuses it", () => {
    for (const [fault, codes] of [
      ["mail 451 if from nobody", "250 250 250 354 451 250"],
      ["final delay 1s", "250 250 250 354 451 250"],
      ["final twice", "250 250 250 354 451 250"],
      ["final early", "250 250 250 354 451 250"],
      ["final 250 2.0.0 Thanks", "250 250 250 354 451 250"],
      ["final 552", "250 250 250 354 552 250"],
      ["final close", "250 250 250 354 <close>"]
    ] as const) {
      const { counts, told } = say(`${message}NOOP\r\n`, {}, { fault: [fault] })
      assert.strictEqual(say(`${message}NOOP\r\n`, {}, { fault: [fault] }).codes, codes, fault)
      assert.strictEqual(counts.unkept, codes.includes("451") ? 1 : 0)
      assert.strictEqual(
        told.some((text) => text.includes("keeps")),
        counts.unkept === 1
      )
    }
  })
})
