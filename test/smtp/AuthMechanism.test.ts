import { assert, describe, it } from "@effect/vitest"
import type { AuthClient } from "../../src/smtp/AuthClient.js"
import * as AuthMechanism from "../../src/smtp/AuthMechanism.js"
import * as NodeAuthCrypto from "../../src/node/NodeAuthCrypto.js"
import * as ScramClient from "../../src/smtp/ScramClient.js"
import * as SmtpCommand from "../../src/smtp/SmtpCommand.js"
import { ScramKeys } from "../../src/smtp/ScramKeys.js"

const crypto = NodeAuthCrypto.make()
const keys = new ScramKeys(crypto)

const begun = (client: ReturnType<typeof AuthMechanism.make>): AuthClient => {
  if ("problem" in client) return assert.fail(client.problem)
  return client
}

const make = (mechanism: AuthMechanism.Mechanism, user: string, password: string, host = "", port = 0) =>
  begun(AuthMechanism.make(mechanism, { user, password, host, port }, crypto, keys))

const scram = (hash: "sha1" | "sha256", nonce: string, user = "user", password = "pencil") =>
  begun(ScramClient.make(hash, { user, password, host: "", port: 0 }, keys, nonce))

/** What a client has against a challenge. */
const problem = (client: AuthClient, ...challenges: ReadonlyArray<string>): string => {
  const answers = challenges.map((challenge) => client.respond(challenge))
  const last = answers.at(-1)
  return typeof last === "object" ? last.problem : assert.fail(`it answered ${JSON.stringify(last)}`)
}

describe("the examples of the standards", () => {
  it("PLAIN, RFC 4616 §4", () => {
    assert.strictEqual(make("PLAIN", "tim", "tanstaaftanstaaf").initial, "\0tim\0tanstaaftanstaaf")
  })

  it("CRAM-MD5, RFC 2195 §2", () => {
    const client = make("CRAM-MD5", "tim", "tanstaaftanstaaf")
    assert.isUndefined(client.initial)
    const answer = client.respond("<1896.697170952@postoffice.reston.mci.net>")
    assert.strictEqual(answer, "tim b913a602c7eda7a495b4e6e7334d3890")
  })

  it("SCRAM-SHA-1, RFC 5802 §5", () => {
    const client = scram("sha1", "fyko+d2lbbFgONRv9qkxdawL")
    assert.strictEqual(client.initial, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")
    assert.strictEqual(
      client.respond("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    )
    assert.isString(client.unproven())
    assert.strictEqual(client.respond("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), "")
    assert.isUndefined(client.unproven())
  })

  it("SCRAM-SHA-256, RFC 7677 §3", () => {
    const client = scram("sha256", "rOprNGfwEbeRWgbNEkqO")
    const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    assert.strictEqual(
      client.respond(`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`),
      `c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`
    )
    assert.strictEqual(client.respond("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), "")
    assert.isUndefined(client.unproven())
  })

  it("OAUTHBEARER, RFC 7628 §4.1", () => {
    const token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
    const client = make("OAUTHBEARER", "user@example.com", token, "server.example.com", 143)
    const expected = `n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer ${token}\x01\x01`
    assert.strictEqual(client.initial, expected)
    // Why it is refused comes as a challenge.
    assert.strictEqual(client.respond('{"status":"invalid_token"}'), "\x01")
    assert.match(problem(client, "{}"), /a challenge more/)
  })
})

describe("the other mechanisms", () => {
  it("LOGIN says the name and then the password, whatever it is asked", () => {
    const client = make("LOGIN", "tim", "tanstaaf")
    assert.isUndefined(client.initial)
    assert.deepStrictEqual([client.respond("Username:"), client.respond("")], ["tim", "tanstaaf"])
    assert.match(problem(client, "Again:"), /a challenge more/)
  })

  it("XOAUTH2 says the token, and nothing to what a refusal says", () => {
    const client = make("XOAUTH2", "someuser@example.com", "ya29.token")
    assert.strictEqual(client.initial, "user=someuser@example.com\x01auth=Bearer ya29.token\x01\x01")
    assert.strictEqual(client.respond('{"status":"401"}'), "")
    assert.match(problem(client, "{}"), /a challenge more/)
  })

  it("EXTERNAL says who we are to be, or nothing; ANONYMOUS likewise", () => {
    assert.strictEqual(make("EXTERNAL", "", "").initial, "")
    assert.strictEqual(make("EXTERNAL", "me@example.com", "").initial, "me@example.com")
    assert.strictEqual(make("ANONYMOUS", "trace", "").initial, "trace")
  })

  it("names and passwords go as UTF-8", () => {
    assert.strictEqual(make("PLAIN", "jürgen", "grün").initial, "\0j\xc3\xbcrgen\0gr\xc3\xbcn")
  })

  it("without AuthCrypto, what needs it cannot be begun", () => {
    const credentials = { user: "u", password: "p", host: "", port: 0 }
    for (const mechanism of AuthMechanism.mechanisms) {
      const client = AuthMechanism.make(mechanism, credentials, undefined, undefined)
      assert.strictEqual("problem" in client, AuthMechanism.needsCrypto(mechanism), mechanism)
    }
  })
})

describe("SCRAM against a server that is not what it should be", () => {
  const nonce = "rOprNGfwEbeRWgbNEkqO"
  const first = `r=${nonce}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`

  it.each([
    ["another nonce", "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", /nonce/],
    ["our nonce and nothing of its own", `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, /nonce/],
    ["a salt that is not base64", `r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6g=,i=4096`, /base64/],
    ["no round at all", `r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0`, /rounds/],
    ["more rounds than there is time for", `r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4294967295`, /rounds/],
    ["an extension that must be understood", `m=x,r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, /not SCRAM/],
    ["nothing", "", /not SCRAM/]
  ])("%s", (_, challenge, reason) => {
    assert.match(problem(scram("sha256", nonce), challenge), reason)
  })

  it("a signature that is wrong is no proof", () => {
    const client = scram("sha256", nonce)
    assert.match(problem(client, first, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), /does not know the password/)
    assert.isString(client.unproven())
  })

  it("an error is answered with nothing: the reply tells", () => {
    const client = scram("sha256", nonce)
    client.respond(first)
    assert.strictEqual(client.respond("e=invalid-proof"), "")
    assert.isString(client.unproven())
  })

  it("success without any challenge is not believed", () => {
    assert.isString(scram("sha256", nonce).unproven())
    assert.isString(make("CRAM-MD5", "u", "p").unproven())
    assert.isUndefined(make("PLAIN", "u", "p").unproven())
  })
})

describe("SASLprep", () => {
  const nonce = "rOprNGfwEbeRWgbNEkqO"
  const first = `r=${nonce}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`

  it("makes one of what looks the same (RFC 4013 §3)", () => {
    assert.strictEqual(crypto.prepare("I\u00adX", "stored"), "IX")
    assert.strictEqual(crypto.prepare("\u00aa", "stored"), "a")
    const proof = (password: string) => scram("sha256", nonce, "user", password).respond(first)
    assert.strictEqual(proof("I\u00adX"), proof("IX"))
    assert.notStrictEqual(proof("IY"), proof("IX"))
  })

  it("forbids control characters", () => {
    assert.isUndefined(crypto.prepare("\u0007", "stored"))
    for (const [user, password] of [
      ["a\u0007", "p"],
      ["a", "p\u0007"]
    ] as const) {
      const client = ScramClient.make("sha1", { user, password, host: "", port: 0 }, keys)
      assert.match("problem" in client ? client.problem : "", /SASLprep forbids/)
    }
  })

  it("lets in a name that is younger than it, and no such password (RFC 5802 §5.1, §2.2)", () => {
    // Unicode has had a capital ß since 2008.
    assert.strictEqual(scram("sha1", nonce, "\u1e9e").initial, `n,,n=${SmtpCommand.bytes("\u1e9e")},r=${nonce}`)
    const client = ScramClient.make("sha1", { user: "a", password: "\u1e9e", host: "", port: 0 }, keys)
    assert.match("problem" in client ? client.problem : "", /^the password holds characters that SASLprep forbids/)
  })

  it("escapes commas and equals signs in names", () => {
    assert.strictEqual(scram("sha1", nonce, "a,b=c").initial, `n,,n=a=2Cb=3Dc,r=${nonce}`)
  })
})

describe("derived keys", () => {
  it("are derived once for each salt, number of rounds, name and password", () => {
    let derived = 0
    const counting = new ScramKeys({
      ...crypto,
      derive: (...parameters) => {
        derived++
        return crypto.derive(...parameters)
      }
    })
    const salt = Buffer.from("salt")
    const one = counting.of("sha1", "u", "p", salt, 2)
    assert.strictEqual(counting.of("sha1", "u", "p", Buffer.from("salt"), 2), one)
    assert.strictEqual(derived, 1)
    counting.of("sha1", "u", "p", salt, 3)
    counting.of("sha256", "u", "p", salt, 2)
    counting.of("sha1", "u", "q", salt, 2)
    counting.of("sha1", "v", "p", salt, 2)
    counting.of("sha1", "u", "p", Buffer.from("pepper"), 2)
    assert.strictEqual(derived, 6)
  })
})
