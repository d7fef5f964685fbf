import { assert, describe, it } from "@effect/vitest"
import { ConnectionLost, ReplyMalformed, ReplyRejected, ReplyTimeout } from "../../src/smtp/SmtpError.js"

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

  it("names the step, and hello whatever verb was said: EHLO, HELO or LHLO", () => {
    const reply = { code: 502, text: "what" }
    const said = [
      new ReplyRejected({ step: "hello", reply }),
      new ReplyTimeout({ step: "hello", waited: 2500, replies: [] }),
      new ReplyRejected({ step: "starttls", reply }),
      new ReplyRejected({ step: "final", reply })
    ]
    assert.deepStrictEqual(
      said.map(({ message }) => message),
      [
        "hello rejected: 502 what",
        "timeout while sending EHLO, HELO or LHLO (2.5 s)",
        "STARTTLS rejected: 502 what",
        "message rejected: 502 what"
      ]
    )
  })
})
