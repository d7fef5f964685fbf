import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type * as SinkCounts from "../../src/sink/SinkCounts.js"
import * as Behaviour from "../../src/sink/Behaviour.js"
import type { Reaction, Script, ServerEvent } from "../../src/sink/Reaction.js"
import type { SinkMessage, SinkOptions } from "../../src/sink/SinkOptions.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"

interface Talk {
  readonly replies: string
  readonly writes: ReadonlyArray<string>
  readonly verdict: SmtpSink.Verdict
  readonly counts: SinkCounts.SinkCounts
  readonly messages: ReadonlyArray<SinkMessage>
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("latin1")

/** What a session with a behaviour says now. */
const said = (session: SmtpSink.SinkSession): string =>
  session
    .actions()
    .map((action) => (action._tag === "Say" ? action.bytes : ""))
    .join("")

/** Says `input` to a new sink, in pieces, through one buffer. */
const talk = (input: string, options: SinkOptions = {}, cuts: ReadonlyArray<number> = []): Talk => {
  const messages: Array<SinkMessage> = []
  const sink = SmtpSink.make({ ...options, onMessage: (message) => messages.push(message) })
  const session = sink.open()
  const writes = [text(session.greeting) + said(session)]
  const bytes = Buffer.from(input, "latin1")
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const buffer = new Uint8Array(bytes.length + 1)
  for (let index = 1; index < edges.length; index++) {
    const [from, to] = [edges[index - 1]!, edges[index]!]
    buffer.fill(10)
    buffer.set(bytes.subarray(from, to), 1)
    const written = text(session.push(buffer, 1, 1 + to - from)) + said(session)
    if (written !== "") writes.push(written)
  }
  return { replies: writes.join(""), writes, verdict: session.verdict, counts: sink.counts(), messages }
}

/** The codes of the replies, the greeting's left out. */
const codes = (input: string, options?: SinkOptions): string =>
  talk(input, options)
    .replies.split("\r\n")
    .slice(1, -1)
    .filter((line) => line[3] === " ")
    .map((line) => line.slice(0, 3))
    .join(" ")

const envelope = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
const message = `${envelope}DATA\r\nSubject: x\r\n\r\nHello\r\n.\r\n`

describe("SmtpSink", () => {
  it("greets, takes a message, says good-bye", () => {
    const { counts, messages, replies, verdict } = talk(`EHLO example.com\r\n${message}QUIT\r\n`)
    assert.strictEqual(
      replies,
      "220 localhost ESMTP\r\n" +
        "250-localhost\r\n250-PIPELINING\r\n250-SIZE 1073741824\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250 ENHANCEDSTATUSCODES\r\n" +
        "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"
    )
    assert.strictEqual(verdict, "quit")
    assert.deepStrictEqual(
      messages.map(({ content, recipients, sender }) => ({ content: text(content), recipients, sender })),
      [{ content: "Subject: x\r\n\r\nHello\r\n", recipients: ["b@example.com"], sender: "a@example.com" }]
    )
    assert.deepStrictEqual([counts.sessions, counts.quits, counts.messages, counts.recipients], [1, 1, 1, 1])
    assert.isTrue(Object.values(counts.refused).every((count) => count === 0))
    assert.strictEqual(counts.bytesIn, 18 + message.length + 6)
  })

  it("tells of a session that ends by QUIT when it is over, and not before", () => {
    const told: Array<string> = []
    const sink = SmtpSink.make({ onCount: ({ contents, ended, quits }) => told.push(`${ended} ${quits} ${contents}`) })
    const [one, two] = [sink.open(), sink.open()]
    one.push(Buffer.from("QUIT\r\n"))
    two.push(Buffer.from(`EHLO x\r\n${message}`))
    one.closed()
    two.closed()
    assert.deepStrictEqual(told, ["0 0 1", "1 1 1", "2 1 1"])
  })

  it("joins the replies to commands that come together", () => {
    const { writes } = talk(`EHLO example.com\r\n${envelope}DATA\r\n`)
    assert.strictEqual(writes.length, 2)
  })

  it("answers one recipient after the other in LMTP", () => {
    const options = { protocol: "lmtp" } as const
    const recipients = "RCPT TO:<1@x>\r\nRCPT TO:<>\r\nRCPT TO:<2@x>\r\nRCPT TO:<3@x>\r\n"
    const input = `LHLO x\r\nMAIL FROM:<>\r\n${recipients}DATA\r\n.\r\nQUIT\r\n`
    assert.strictEqual(codes(input, options), "250 250 250 501 250 250 354 250 250 250 221")
    const { counts, messages } = talk(input, options)
    assert.deepStrictEqual([counts.messages, counts.recipients], [1, 3])
    assert.deepStrictEqual(messages[0]?.recipients, ["1@x", "2@x", "3@x"])
    const sink = SmtpSink.make(options) // nobody asks for the messages: another path
    const session = sink.open()
    assert.match(text(session.push(Buffer.from(input))), /354 .*\r\n(250 2.0.0 Ok\r\n){3}221/)
    assert.strictEqual(sink.counts().messages, 1)
  })

  for (const [title, input, expected, options] of [
    ["HELO", "HELO x\r\n", "250"],
    ["verbs in any case, spaces at the end", "helo x\r\nmAiL fRoM:<>\r\nrcpt TO: <b>\r\nData  \r\n", "250 250 250 354"],
    ["a line feed ends a command", "NOOP\nNOOP\r\n", "250 250"],
    ["NOOP and VRFY", "NOOP\r\nNOOP x\r\nVRFY x\r\nVRFY\r\n", "250 250 252 501"],
    ["MAIL without HELO, as many servers do", "MAIL FROM:<>\r\n", "250"],
    ["LHLO is not for SMTP", "LHLO x\r\n", "500"],
    ["only LHLO is for LMTP", "HELO x\r\nEHLO x\r\nLHLO x\r\n", "500 500 250", { protocol: "lmtp" }],
    ["HELO without a name", "HELO\r\nEHLO \r\n", "501 501"],
    ["unknown commands", "\r\nX\r\nHELP\r\nMAILFROM:<>\r\nNOOPS\r\nRCPT\tTO:<b>\r\n", "500 500 500 500 500 500"],
    ["RCPT, DATA before MAIL", "RCPT TO:<b>\r\nDATA\r\n", "503 503"],
    ["DATA before RCPT", "MAIL FROM:<>\r\nDATA\r\n", "250 503"],
    ["nested MAIL", "MAIL FROM:<>\r\nMAIL FROM:<>\r\n", "250 503"],
    ["RSET ends a transaction", `${envelope}RSET\r\nDATA\r\nMAIL FROM:<>\r\n`, "250 250 250 503 250"],
    ["EHLO ends a transaction", `${envelope}EHLO x\r\nDATA\r\n`, "250 250 250 503"],
    ["arguments where none belong", `RSET x\r\n${envelope}DATA x\r\nQUIT x\r\nQUIT\r\n`, "501 250 250 501 501 221"],
    ["addresses without brackets", "MAIL FROM:a\r\nMAIL FROM:\r\nMAIL FROM\r\nMAIL\r\n", "501 501 501 501"],
    ["brackets without an end", "MAIL FROM:<a\r\nMAIL FROM:<a>b\r\nMAIL FROM:<a\\>\r\n", "501 501 501"],
    ["MAIL TO", "MAIL TO:<a>\r\n", "501"],
    ["an empty recipient", "MAIL FROM:<>\r\nRCPT TO:<>\r\n", "250 501"],
    ["a bracket in a quoted address", 'MAIL FROM:<"a>\\"b"@x>\r\n', "250"],
    ["SIZE and BODY", "MAIL FROM:<> SIZE=10 BODY=8BITMIME\r\n", "250", { maxMessageSize: 10 }],
    ["a SIZE too large", "MAIL FROM:<> SIZE=11\r\n", "552", { maxMessageSize: 10 }],
    ["parameters of extensions", "MAIL FROM:<> SMTPUTF8 RET=HDRS ENVID=a+2Bb\r\n", "250"],
    ["parameters that nobody knows", "MAIL FROM:<> HOLDFOR=60\r\nMAIL FROM:<> SMTPUTF8=1\r\n", "555 501"],
    ["REQUIRETLS in plain text", "MAIL FROM:<> REQUIRETLS\r\n", "555"],
    ["a BODY that was not offered", "MAIL FROM:<> BODY=BINARYMIME\r\n", "555", { offers: ["8BITMIME"] }],
    ["chunks", `${envelope}BDAT 2\r\n\r\nBDAT 3 LAST\r\n.\r\nNOOP\r\n`, "250 250 250 250 250"],
    ["an empty last chunk", `${envelope}BDAT 0 LAST\r\nMAIL FROM:<>\r\n`, "250 250 250 250"],
    ["a chunk without recipients is read", "MAIL FROM:<>\r\nBDAT 4 LAST\r\nQUITBDAT 4\r\nDATA", "250 554 503"],
    ["a chunk without a sender is read", "BDAT 4 LAST\r\nQUIT", "503"],
    [
      "what is no size",
      `${envelope}BDAT\r\nBDAT x\r\nBDAT -1\r\nBDAT 1 FIRST\r\nBDAT 1x\r\n`,
      "250 250 501 501 501 501 501"
    ],
    ["DATA after BDAT", `${envelope}BDAT 1\r\nxDATA\r\nRSET\r\n${envelope}DATA\r\n`, "250 250 250 503 250 250 250 354"],
    [
      "DATA of a message that is binary",
      "MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<b>\r\nDATA\r\nBDAT 1 LAST\r\nxMAIL FROM:<> body=8bitmime\r\nRCPT TO:<b>\r\nDATA\r\n",
      "250 250 503 250 250 250 354"
    ],
    [
      "a message too large, in chunks",
      `${envelope}BDAT 6\r\nabcdefBDAT 6\r\nabcdefBDAT 1 LAST\r\nxMAIL FROM:<>\r\n`,
      "250 250 250 552 503 503",
      { maxMessageSize: 10 }
    ],
    ["chunks that are not offered", `${envelope}BDAT 4 LAST\r\n`, "250 250 500", { offers: [] }],
    [
      "LMTP's answers to the last chunk",
      `${envelope}RCPT TO:<c>\r\nBDAT 1 LAST\r\nx`,
      "250 250 250 250 250",
      { protocol: "lmtp" }
    ],
    ["a parameter twice", "MAIL FROM:<> SIZE=1 SIZE=2\r\n", "501"],
    ["no xtext", "MAIL FROM:<> ENVID=a+b\r\nMAIL FROM:<> ENVID=\r\nMAIL FROM:<> RET=ALL\r\n", "501 501 501"],
    [
      "nothing is offered",
      "MAIL FROM:<> SIZE=1\r\nMAIL FROM:<> SMTPUTF8\r\nMAIL FROM:<> RET=FULL\r\n",
      "555 555 555",
      { offers: [] }
    ],
    ["parameters of RCPT", "MAIL FROM:<>\r\nRCPT TO:<b> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb\r\n", "250 250"],
    [
      "wrong ones",
      "MAIL FROM:<>\r\nRCPT TO:<b> NOTIFY=NEVER,DELAY\r\nRCPT TO:<b> ORCPT=a\r\nRCPT TO:<b> X=1\r\n",
      "250 501 501 555"
    ],
    ["parameters of RCPT, not offered", "MAIL FROM:<>\r\nRCPT TO:<b> NOTIFY=NEVER\r\n", "250 555", { offers: [] }],
    ["a message too large", `${message}${message}`, "250 250 354 552 250 250 354 552", { maxMessageSize: 20 }],
    ["a message just small enough", message, "250 250 354 250", { maxMessageSize: 21 }],
    ["too many recipients", `${envelope}RCPT TO:<c>\r\nRCPT TO:<d>\r\n`, "250 250 250 452", { maxRecipients: 2 }],
    ["a line just short enough", `NOOP ${"x".repeat(5)}\r\n`, "250", { maxCommandLength: 11 }],
    ["a line too long", `NOOP ${"x".repeat(99)}\r\nNOOP\r\n`, "500 250", { maxCommandLength: 11 }],
    ["too many errors", "X\r\nX\r\nX\r\nNOOP\r\n", "500 500 421", { maxErrors: 3 }],
    [
      "an accepted message forgives",
      `X\r\nX\r\n${message}X\r\nX\r\n`,
      "500 500 250 250 354 250 500 500",
      { maxErrors: 3 }
    ],
    ["nothing after QUIT", "QUIT\r\nNOOP\r\n", "221"],
    ["commands right behind the dot", `${message}${message}`, "250 250 354 250 250 250 354 250"],
    ["commands in a content are content", `${envelope}DATA\r\nQUIT\r\n.\r\nQUIT\r\n`, "250 250 354 250 221"]
  ] as ReadonlyArray<readonly [string, string, string, SinkOptions?]>) {
    it(`answers: ${title}`, () => {
      assert.strictEqual(codes(input, options), expected)
    })
  }

  it("counts what it refuses, by stage", () => {
    const { counts } = talk(`X\r\nRCPT TO:<b>\r\n${message}`, { maxMessageSize: 1 })
    assert.deepStrictEqual(
      [counts.messages, counts.recipients, counts.refused.final, counts.refused.rcpt, counts.refused.other],
      [0, 1, 1, 1, 1]
    )
  })

  it("is taken in by no end of data but CRLF . CRLF", () => {
    for (const dot of ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\r\n\0.\r\n", "\r\n.\0\r\n"]) {
      const smuggled = "MAIL FROM:<smuggled@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nGotcha\r\n.\r\n"
      const { counts, messages } = talk(`${envelope}DATA\r\nHello${dot}${smuggled}QUIT\r\n`)
      assert.strictEqual(counts.messages, 1)
      assert.deepStrictEqual(
        messages.map(({ sender }) => sender),
        ["a@example.com"]
      )
    }
  })

  it("says good-bye to a client that is silent for too long", () => {
    const session = SmtpSink.make().open()
    assert.match(text(session.expire()), /^421 4.4.2 /)
    assert.strictEqual(session.verdict, "close")
    assert.isUndefined(session.push(Buffer.from("NOOP\r\n")))
    assert.isUndefined(session.expire())
  })

  it("holds no more than a command of a line without end", () => {
    const sink = SmtpSink.make()
    const session = sink.open()
    const chunk = Buffer.alloc(65_536, "x")
    for (let index = 0; index < 100; index++) assert.isUndefined(session.push(chunk))
    assert.match(text(session.push(Buffer.from("\r\nNOOP\r\n"))), /^500 .*\r\n250 .*\r\n$/)
    assert.strictEqual(sink.counts().bytesIn, 100 * 65_536 + 8)
  })
})

describe("SmtpSink with a behaviour", () => {
  /** What a sink says that behaves like this. */
  const asked = (input: string, script: Script, options: SinkOptions = {}): Talk =>
    talk(input, { ...options, behaviour: Behaviour.make({ script }, () => 0) })

  it("is asked before each reply, and told what it answers", () => {
    const events: Array<ServerEvent> = []
    const twice = `EHLO x\r\nnoop \r\n${envelope}DATA\r\nx\r\n.\r\n${envelope}RSET\r\nQUIT\r\n`
    asked(twice, (event) => {
      if (event.stage !== "content") events.push(event)
      return undefined
    })
    assert.deepStrictEqual(
      events.map(({ line, message, recipient, stage }) => [stage, message, line, recipient]),
      [
        ["greeting", 1, "", undefined],
        ["hello", 1, "EHLO x", undefined],
        ["other", 1, "noop", undefined],
        ["mail", 1, "MAIL FROM:<a@example.com>", undefined],
        ["rcpt", 1, "RCPT TO:<b@example.com>", "b@example.com"],
        ["data", 1, "DATA", undefined],
        ["final", 1, ".", undefined],
        ["mail", 2, "MAIL FROM:<a@example.com>", undefined],
        ["rcpt", 2, "RCPT TO:<b@example.com>", "b@example.com"],
        ["rset", 2, "RSET", undefined],
        ["quit", 2, "QUIT", undefined]
      ]
    )
    assert.strictEqual(events[5]?.reply, "354 End data with <CR><LF>.<CR><LF>\r\n")
  })

  it("is believed: what it refuses was not accepted", () => {
    const refuse = (stage: string) => (event: ServerEvent) =>
      event.stage === stage ? { say: "450 4.2.0 Later\r\n" } : undefined
    const outcome = (stage: string): readonly [string, SinkCounts.SinkCounts] => {
      const { counts, replies } = asked(`EHLO x\r\n${envelope}DATA\r\n.\r\n`, refuse(stage))
      return [
        replies
          .split("\r\n")
          .slice(0, -1)
          .filter((line) => line[3] === " ")
          .map((line) => line.slice(0, 3))
          .join(" "),
        counts
      ]
    }
    assert.strictEqual(outcome("greeting")[0], "450 503 503 503 503 500")
    assert.strictEqual(outcome("hello")[0], "220 450 250 250 354 250")
    assert.strictEqual(outcome("mail")[0], "220 250 450 503 503 500")
    assert.strictEqual(outcome("rcpt")[0], "220 250 250 450 503 500")
    assert.strictEqual(outcome("data")[0], "220 250 250 250 450 500")
    const [final, counts] = outcome("final")
    assert.strictEqual(final, "220 250 250 250 354 450")
    assert.deepStrictEqual([counts.messages, counts.refused.final], [0, 1])
  })

  it("chooses who gets a message in LMTP", () => {
    const { counts, messages, replies } = asked(
      "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<1>\r\nRCPT TO:<2>\r\nRCPT TO:<3>\r\nDATA\r\n.\r\n",
      ({ recipient, stage }) => (stage === "final" && recipient === "2" ? { say: "552 5.2.2 Full\r\n" } : undefined),
      { protocol: "lmtp" }
    )
    assert.isTrue(replies.endsWith("250 2.0.0 Ok\r\n552 5.2.2 Full\r\n250 2.0.0 Ok\r\n"))
    assert.deepStrictEqual(messages[0]?.recipients, ["1", "3"])
    assert.deepStrictEqual([counts.messages, counts.refused.final], [1, 1])
  })

  it("closes, resets, or says nothing", () => {
    for (const [answer, verdict, last] of [
      [{ say: "", end: "close" }, "close", "250 2.0.0 Ok\r\n"],
      [{ say: "", end: "reset" }, "reset", "250 2.0.0 Ok\r\n"],
      [{ say: "", end: "stall" }, "stall", "250 2.0.0 Ok\r\n"],
      [{ say: "421 4.3.2 Down\r\n" }, "close", "421 4.3.2 Down\r\n"],
      [{ say: "521 No mail\r\n" }, "close", "521 No mail\r\n"],
      [{ say: "" }, "open", "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n"]
    ] as ReadonlyArray<readonly [Reaction, SmtpSink.Verdict, string]>) {
      const said = asked(`NOOP\r\n${message}NOOP\r\n`, ({ stage }) => (stage === "final" ? answer : undefined))
      assert.strictEqual(said.verdict, verdict)
      assert.isTrue(
        said.replies.endsWith(`354 End data with <CR><LF>.<CR><LF>\r\n${last.replace("250 2.0.0 Ok\r\n", "")}`)
      )
      assert.strictEqual(said.counts.messages, 0)
    }
  })

  it("ends a session after the reply that it is told to give", () => {
    for (const end of ["close", "reset"] as const) {
      for (const stage of ["mail", "final", "quit"]) {
        const { counts, replies, verdict } = asked(`HELO x\r\n${message}QUIT\r\nNOOP\r\n`, (event) =>
          event.stage === stage ? { end } : undefined
        )
        assert.strictEqual(verdict, end)
        assert.match(
          replies.split("\r\n").at(-2)!,
          stage === "mail" ? /^250 2.1.0/ : stage === "final" ? /^250 2.0.0/ : /^221/
        )
        assert.strictEqual(counts.messages, stage === "mail" ? 0 : 1)
      }
    }
  })

  it("does not let a session begin", () => {
    const session = SmtpSink.make({
      behaviour: Behaviour.make({ faults: [{ at: "greeting", say: "", end: "reset" }] }, () => 0)
    }).open()
    assert.isUndefined(session.greeting)
    assert.strictEqual(said(session), "")
    assert.strictEqual(session.verdict, "reset")
  })
})

describe("SmtpSink, however the input is split", () => {
  const piece = fc.constantFrom(
    "EHLO x\r\n",
    "LHLO x\r\n",
    "HELO x\n",
    envelope,
    "MAIL FROM:<a> SIZE=5\r\n",
    "RCPT TO:<c>\r\n",
    "DATA\r\n",
    "BDAT 3\r\n",
    "BDAT 7 LAST\r\n",
    "BDAT 0 LAST\r\n",
    message,
    "RSET\r\n",
    "NOOP\r\n",
    "NOOP xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
    "nonsense\r\n",
    "\r\n",
    "\n",
    "\r",
    ".",
    ".\r\n",
    "\r\n.\r\n",
    "\n.\n",
    "..",
    "text",
    "QUIT\r\n"
  )
  const input = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""))
  const options = fc.record({
    protocol: fc.constantFrom("smtp" as const, "lmtp" as const),
    maxMessageSize: fc.constantFrom(5, 20, 1000),
    maxRecipients: fc.constantFrom(1, 100),
    maxCommandLength: fc.constantFrom(30, 2048),
    maxErrors: fc.constantFrom(3, 20)
  })

  it("gives the same replies, counts and messages", () => {
    fc.assert(
      fc.property(input, options, fc.array(fc.nat(), { maxLength: 16 }), (input, options, cuts) => {
        const { writes: _whole, ...whole } = talk(input, options)
        const { writes: _split, ...split } = talk(input, options, cuts)
        assert.deepStrictEqual(split, whole)
      }),
      { seed: 1, numRuns: 1000 }
    )
  })

  it("gives the same, byte by byte", () => {
    const dialogue = `EHLO x\r\n${message}nonsense\r\n${envelope}DATA\r\n..a\r\n.\r\rb\r\n\r\n.\r\nRSET\r\nQUIT\r\n`
    const { writes: _whole, ...whole } = talk(dialogue)
    const { writes: _split, ...split } = talk(
      dialogue,
      {},
      [...dialogue].map((_, index) => index)
    )
    assert.deepStrictEqual(split, whole)
    assert.deepStrictEqual(
      whole.messages.map(({ content }) => text(content)),
      ["Subject: x\r\n\r\nHello\r\n", ".a\r\n\r\rb\r\n\r\n"]
    )
  })

  it("gives the same in every pair of pieces, and without `onMessage`", () => {
    const dialogue = `EHLO x\r\n${message}DATA\r\n${message}QUIT\r\n`
    const whole = talk(dialogue)
    for (let cut = 0; cut <= dialogue.length; cut++) {
      const sink = SmtpSink.make()
      const session = sink.open()
      const first = text(session.push(Buffer.from(dialogue.slice(0, cut))))
      const second = text(session.push(Buffer.from(dialogue.slice(cut))))
      assert.strictEqual(text(session.greeting) + first + second, whole.replies)
      assert.deepStrictEqual(sink.counts(), whole.counts)
    }
  })
})
