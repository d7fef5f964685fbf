import { assert, describe, it } from "@effect/vitest"
import * as Tls from "../../src/smtp/Tls.js"
import { ConnectionLost, ReplyMalformed, ReplyRejected, ReplyTimeout, TlsFailed } from "../../src/smtp/SmtpError.js"

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

  it("names the options that let in a server that may be the right one", () => {
    const said = (problem: Tls.TlsProblem) => new TlsFailed({ ...problem, step: "tls", replies: [] }).message
    const begin = "TLS failed"
    const trust = "(--tls-ca or --tls-pin trusts it, --tls-verify none trusts any)"
    for (const [code, words] of [
      ["DEPTH_ZERO_SELF_SIGNED_CERT", "the certificate is self-signed"],
      ["SELF_SIGNED_CERT_IN_CHAIN", "the chain ends in a certificate authority that is not trusted"],
      ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "the certificate's issuer is not known"]
    ] as const) {
      assert.strictEqual(said(Tls.certificateProblem(code)), `${begin}: ${words} ${trust}`)
    }
    const name = { kind: "name", code: "ERR_TLS_CERT_ALTNAME_INVALID", reason: "for a, not for b" } as const
    const other = "(--tls-name expects another name, --tls-verify chain takes any)"
    assert.strictEqual(said(name), `${begin}: for a, not for b ${other}`)
    assert.strictEqual(said(Tls.certificateProblem("CERT_HAS_EXPIRED")), `${begin}: the certificate has expired`)
    assert.strictEqual(said(Tls.endedEarly("reset")), `${begin}: the server reset the connection during the handshake`)
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
