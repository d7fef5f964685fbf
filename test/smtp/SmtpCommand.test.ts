import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as SmtpCommand from "../../src/smtp/SmtpCommand.js"

describe("SmtpCommand", () => {
  it("writes each command as the original does (S7.1, S7.2)", () => {
    assert.strictEqual(SmtpCommand.hello("HELO", "me.example"), "HELO me.example\r\n")
    assert.strictEqual(SmtpCommand.hello("LHLO", "[127.0.0.1]"), "LHLO [127.0.0.1]\r\n")
    assert.strictEqual(SmtpCommand.mail("foo@example.com"), "MAIL FROM:<foo@example.com>\r\n")
    assert.strictEqual(SmtpCommand.rcpt("foo@example.com"), "RCPT TO:<foo@example.com>\r\n")
    assert.strictEqual(SmtpCommand.data, "DATA\r\n")
    assert.strictEqual(SmtpCommand.endOfData, ".\r\n")
    assert.strictEqual(SmtpCommand.rset, "RSET\r\n")
    assert.strictEqual(SmtpCommand.quit, "QUIT\r\n")
  })

  it("writes the null sender as an empty path (S1.11)", () => {
    assert.strictEqual(SmtpCommand.mail(""), "MAIL FROM:<>\r\n")
  })

  it("writes text as UTF-8, one byte in each character", () => {
    assert.strictEqual(SmtpCommand.rcpt("é@x"), "RCPT TO:<\xc3\xa9@x>\r\n")
    fc.assert(
      fc.property(fc.fullUnicodeString(), (text) => {
        assert.strictEqual(SmtpCommand.bytes(text), Buffer.from(text, "utf8").toString("latin1"))
      }),
      { seed: 1, numRuns: 1_000 }
    )
  })
})
