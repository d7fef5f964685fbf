import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Either from "effect/Either"
import * as Message from "../../src/plan/Message.js"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Capabilities from "../../src/smtp/Capabilities.js"
import * as Parameters from "../../src/smtp/Parameters.js"
import type { Message as Prepared } from "../../src/smtp/Delivery.js"

const offering = (...lines: ReadonlyArray<string>) =>
  Capabilities.parse({ code: 250, text: ["here", ...lines].join("\n") })

const prepared = (content = "x\r\n.\r\n"): Prepared => ({
  mail: "MAIL FROM:<a@b>\r\n",
  rcpts: ["RCPT TO:<c@d>\r\n", "RCPT TO:<e@f>\r\n"],
  content: { head: content }
})

describe("xtext", () => {
  it("is what RFC 3461 has it", () => {
    assert.strictEqual(Parameters.xtext("a+b=c d!~"), "a+2Bb+3Dc+20d!~")
    assert.strictEqual(Parameters.xtext("é\t\u007f"), "+C3+A9+09+7F")
  })

  it("holds any text in what a parameter may hold, and gives it back", () => {
    const decode = (text: string) =>
      Buffer.from(
        text.replace(/\+([\dA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
        "latin1"
      ).toString("utf8")
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const encoded = Parameters.xtext(text)
        assert.match(encoded, /^(?:[!-*,-<>-~]|\+[\dA-F]{2})*$/)
        assert.strictEqual(decode(encoded), text)
      })
    )
  })
})

describe("the size of a message", () => {
  const line = fc.string({ unit: fc.constantFrom(".", "a", " ") })

  it("is that of its file, whatever dots were stuffed", () => {
    fc.assert(
      fc.property(fc.array(line), fc.nat(30), (lines, cut) => {
        const file = Buffer.from(lines.map((each) => `${each}\r\n`).join(""))
        const body = Either.getOrThrow(MessageFile.stuff(file))
        assert.strictEqual(Parameters.sizeOf({ head: "", body }), file.length)
        const text = Buffer.from(body).toString("latin1")
        assert.strictEqual(Parameters.sizeOf({ head: text }), file.length)
        // However it is cut in two, at a line's end or anywhere else but within what ends one.
        const at = Math.min(cut, body.length - 5)
        if (at <= 0 || /^(?:\n|\r\n)?\./.test(text.slice(at)) !== /^\./.test(text.slice(at))) return
        if (text[at - 1] === "\r" || (text[at - 1] === "\n" && text[at] === "." && text[at - 2] !== "\r")) return
        assert.strictEqual(Parameters.sizeOf({ head: text.slice(0, at), body: body.slice(at) }), file.length)
      })
    )
  })

  it("is that of the generated body", () => {
    assert.strictEqual(Parameters.sizeOf({ head: "", body: Message.generated(1000) }), 1002)
  })
})

describe("parameters", () => {
  const wishes: Parameters.Wishes = {
    mail: [
      { text: "RET=HDRS", needs: "DSN" },
      { text: ({ content }, number) => `SIZE=${content.head.length + number}`, needs: "SIZE" },
      { text: "BODY=8BITMIME", needs: "8BITMIME", ifOffered: true },
      { text: "HOLDFOR=60" }
    ],
    rcpt: [{ text: "NOTIFY=NEVER", needs: "DSN" }]
  }

  it("stand at the end of their commands", () => {
    const { dress, missing } = Parameters.agree(wishes, offering("DSN", "SIZE 1", "8BITMIME"), "fail")
    assert.deepStrictEqual(missing, [])
    assert.deepStrictEqual(dress!(prepared(), 100), {
      ...prepared(),
      mail: "MAIL FROM:<a@b> RET=HDRS BODY=8BITMIME HOLDFOR=60 SIZE=106\r\n",
      rcpts: ["RCPT TO:<c@d> NOTIFY=NEVER\r\n", "RCPT TO:<e@f> NOTIFY=NEVER\r\n"]
    })
  })

  it("what is not offered is missing, once for each extension, at the first command that would have had it", () => {
    const { dress, missing } = Parameters.agree(wishes, offering(), "skip")
    assert.deepStrictEqual(missing, [
      { step: "mail", what: "DSN" },
      { step: "mail", what: "SIZE" }
    ])
    assert.strictEqual(dress!(prepared(), 0).mail, "MAIL FROM:<a@b> HOLDFOR=60\r\n")
    assert.deepStrictEqual(dress!(prepared(), 0).rcpts, prepared().rcpts)
    const rcpt = Parameters.agree({ mail: [], rcpt: wishes.rcpt }, offering(), "skip")
    assert.deepStrictEqual(rcpt.missing, [{ step: "rcpt", what: "DSN" }])
    assert.isUndefined(rcpt.dress)
    assert.deepInclude(Parameters.notOffered(rcpt), { _tag: "NotOffered", step: "rcpt", what: "DSN" })
  })

  it("send: goes out all the same, but for what is only wanted if it is offered", () => {
    const { dress } = Parameters.agree(wishes, offering(), "send")
    assert.strictEqual(dress!(prepared(), 0).mail, "MAIL FROM:<a@b> RET=HDRS HOLDFOR=60 SIZE=6\r\n")
    assert.strictEqual(dress!(prepared(), 0).rcpts[0], "RCPT TO:<c@d> NOTIFY=NEVER\r\n")
  })

  it("commands that stay the same are made once, and others follow what they are made of", () => {
    const { dress } = Parameters.agree({ mail: [{ text: "A" }], rcpt: [{ text: "B" }] }, offering(), "fail")
    const message = prepared()
    assert.strictEqual(dress!(message, 0).rcpts, dress!(message, 1).rcpts)
    assert.deepStrictEqual(dress!({ ...message, rcpts: ["RCPT TO:<g@h>\r\n"] }, 2).rcpts, ["RCPT TO:<g@h> B\r\n"])
    assert.strictEqual(dress!({ ...message, mail: "MAIL FROM:<>\r\n" }, 3).mail, "MAIL FROM:<> A\r\n")
  })
})
