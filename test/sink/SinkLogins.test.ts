import { assert, describe, it } from "@effect/vitest"
import * as NodeAuthCrypto from "../../src/node/NodeAuthCrypto.js"
import type { SinkOptions } from "../../src/sink/SinkOptions.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"

const b64 = (text: string) => Buffer.from(text, "latin1").toString("base64")
const right = b64("\0load\0secret")
const accounts = [{ user: "load", password: "secret" }]
const required: SinkOptions = { auth: { accounts, required: true }, crypto: NodeAuthCrypto.make() }

/** The replies to these lines, the greeting's left out: codes, or all of them for EHLO. */
const talk = (lines: ReadonlyArray<string>, options: SinkOptions = required) => {
  const sink = SmtpSink.make(options)
  const session = sink.open()
  const told = lines.map((line) => Buffer.from(session.push(Buffer.from(`${line}\r\n`)) ?? []).toString("latin1"))
  return { codes: told.map((text) => text.slice(0, 3)).join(" "), counts: sink.counts(), session, told }
}

describe("a sink with logins", () => {
  it("takes no mail before one", () => {
    const { codes, counts } = talk(["EHLO me", "MAIL FROM:<a@b>", `AUTH PLAIN ${right}`, "MAIL FROM:<a@b>"])
    assert.strictEqual(codes, "250 530 235 250")
    assert.strictEqual(counts.authenticated, 1)
    assert.strictEqual(counts.refused.mail, 1)
  })

  it("takes mail without one where it is not required", () => {
    assert.strictEqual(talk(["EHLO me", "MAIL FROM:<a@b>"], { auth: {} }).codes, "250 250")
  })

  it("refuses a wrong password, and lets in who tries again", () => {
    const { codes, counts } = talk(["EHLO me", `AUTH PLAIN ${b64("\0load\0wrong")}`, `AUTH PLAIN ${right}`])
    assert.strictEqual(codes, "250 535 235")
    assert.strictEqual(counts.refused.auth, 1)
  })

  it("is logged in at once, and not in a transaction", () => {
    assert.strictEqual(talk([`AUTH PLAIN ${right}`, `AUTH PLAIN ${right}`]).codes, "235 503")
    assert.strictEqual(talk(["MAIL FROM:<a@b>", `AUTH PLAIN ${right}`], { auth: {} }).codes, "250 503")
  })

  it("knows what is no mechanism, no base64, and too much", () => {
    assert.strictEqual(talk(["AUTH NOPE", "AUTH", "AUTH PLAIN ???", "AUTH PLAIN a b"]).codes, "504 501 501 501")
    assert.strictEqual(talk(["AUTH EXTERNAL ="]).codes, "504")
    assert.strictEqual(talk(["AUTH PLAIN"], {}).codes, "500")
  })

  it("asks for what is missing, and heeds a cancellation", () => {
    assert.strictEqual(talk(["auth plain", right]).codes, "334 235")
    assert.strictEqual(talk(["AUTH LOGIN", b64("load"), b64("secret")]).codes, "334 334 235")
    assert.strictEqual(talk(["AUTH LOGIN", "*", "NOOP"]).codes, "334 501 250")
    assert.strictEqual(talk(["AUTH LOGIN", "???", "NOOP"]).codes, "334 501 250")
  })

  it("takes responses of 12,288 bytes, and commands of no more than before", () => {
    const long = b64(`\0load\0${"x".repeat(9000)}`)
    assert.strictEqual(talk(["AUTH PLAIN", long, `NOOP ${"x".repeat(3000)}`]).codes, "334 535 500")
    assert.strictEqual(talk(["AUTH PLAIN", b64("x".repeat(12_000)), "NOOP"]).codes, "334 500 501")
  })

  it("offers what shows a password under TLS alone, where there is TLS, and forgets a login that came before", () => {
    const { told } = talk(["EHLO me"], { ...required, tls: "offered" })
    assert.match(told[0]!, /AUTH SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5\r\n/)
    const sink = SmtpSink.make({ ...required, tls: "offered" })
    const session = sink.open()
    const say = (line: string) => Buffer.from(session.push(Buffer.from(`${line}\r\n`)) ?? []).toString("latin1")
    assert.match(say(`AUTH PLAIN ${right}`), /^504/)
    say("STARTTLS")
    session.secured()
    assert.match(say("EHLO me"), /AUTH SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN XOAUTH2 OAUTHBEARER\r\n/)
    assert.match(say(`AUTH PLAIN ${right}`), /^235/)
  })

  it("does not offer what it cannot verify", () => {
    const anybody = talk(["EHLO me", `AUTH PLAIN ${b64("\0who\0ever")}`], { auth: {} })
    assert.match(anybody.told[0]!, /AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER\r\n/)
    assert.match(anybody.told[1]!, /^235/)
    const offered = (options: SinkOptions) => /AUTH .*/.exec(talk(["EHLO me"], options).told[0]!)?.[0]
    assert.strictEqual(offered({ auth: {}, crypto: NodeAuthCrypto.make() }), "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER")
    assert.strictEqual(offered({ auth: { accounts } }), "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER")
  })

  it("ends the session of who guesses on", () => {
    const guesses = Array.from({ length: 20 }, (_, index) => `AUTH PLAIN ${b64(`\0load\0${index}`)}`)
    const { codes, session } = talk(guesses)
    assert.match(codes, /535 421$/)
    assert.strictEqual(session.verdict, "close")
  })
})
