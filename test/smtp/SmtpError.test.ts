import { assert, describe, it } from "@effect/vitest"
import { ConnectionLost, ReplyMalformed, ReplyRejected } from "../../src/smtp/SmtpError.js"

describe("what an error says", () => {
  it("holds no byte beyond ASCII that a server sent, and no control character", () => {
    // A right-to-left override in UTF-8, and what a terminal would obey.
    const text = "\xe2\x80\xae\x1b[2J\x9b"
    const reply = { code: 550, text }
    for (const { message } of [
      new ReplyRejected({ step: "rcpt", reply }),
      new ConnectionLost({ step: "mail", how: "closed", reply, replies: [] }),
      new ReplyMalformed({ step: "data", reason: `550 ${text}`, replies: [] })
    ]) {
      assert.include(message, "550 \\xe2\\x80\\xae\\x1b[2J\\x9b")
      assert.match(message, /^[\x20-\x7e]+$/)
    }
  })
})
