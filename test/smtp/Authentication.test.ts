import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"
import * as NodeAuthCrypto from "../../src/node/NodeAuthCrypto.js"
import * as SinkAuth from "../../src/sink/SinkAuth.js"
import { SinkLogins } from "../../src/sink/SinkLogins.js"
import type { Account } from "../../src/smtp/AccountTable.js"
import * as Authentication from "../../src/smtp/Authentication.js"
import * as AuthMechanism from "../../src/smtp/AuthMechanism.js"
import * as Base64 from "../../src/smtp/Base64.js"
import type { Reply } from "../../src/smtp/Reply.js"
import { ScramKeys } from "../../src/smtp/ScramKeys.js"
import { make as drive } from "./DrivenConversation.js"

const crypto = NodeAuthCrypto.make()
const keys = new ScramKeys(crypto)

const settings: Authentication.AuthSettings = {
  mechanisms: AuthMechanism.usual,
  initialResponse: "auto",
  insecure: false,
  host: "mail.example.com",
  port: 587,
  crypto,
  keys
}

const account: Account = { user: "load", password: "MARKsecret" }

const replyOf = (line: string): Reply => ({ code: Number(line.slice(0, 3)), text: line.slice(4) })

interface Talk {
  readonly account?: Account
  readonly offers?: string | undefined
  readonly secure?: boolean
}

/** Runs a login against who answers each line, and tells what was said and what came of it. */
const talk = (
  changes: Partial<Authentication.AuthSettings>,
  answer: (line: string, nth: number) => string,
  { account: as = account, offers = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256", secure = true }: Talk = {}
) => {
  const capabilities = new Map(offers === "" ? [] : [["AUTH", offers]])
  const running = Authentication.script({ settings: { ...settings, ...changes }, account: as }, capabilities, secure)
  const said: Array<string> = []
  const shown: Array<string> = []
  let turn = running.next([])
  while (turn.done !== true) {
    const { bytes, secret, steps } = turn.value
    assert.deepStrictEqual(steps, ["auth"])
    said.push(bytes.replace(/\r\n$/, ""))
    shown.push(secret?.shown.replace(/\r\n$/, "") ?? "(all)")
    turn = running.next([replyOf(answer(said.at(-1)!, said.length))])
  }
  return { end: turn.value, said, shown }
}

const plain = ["PLAIN"] as const
const login = ["LOGIN"] as const
const accepts = () => "235 2.7.0 in"

const reason = (end: Authentication.Authenticated): string =>
  "error" in end ? end.error.message : assert.fail(`it came to ${end._tag}`)

describe("the choice of a mechanism", () => {
  const chosen = (changes: Partial<Authentication.AuthSettings>, talking: Talk = {}) =>
    talk(changes, () => "535 no", talking).said[0]?.split(" ")[1]

  it("auto takes the strongest that is offered, whatever the order of the offers and the letters", () => {
    assert.strictEqual(chosen({}), "SCRAM-SHA-256")
    assert.strictEqual(chosen({}, { offers: "login plain scram-sha-1" }), "SCRAM-SHA-1")
    assert.strictEqual(chosen({}, { offers: "LOGIN PLAIN" }), "PLAIN")
  })

  it("a list is tried in its order, by what is offered; an account's own mechanism goes before it", () => {
    assert.strictEqual(chosen({ mechanisms: ["LOGIN", "PLAIN"] }), "LOGIN")
    assert.strictEqual(chosen({ mechanisms: ["XOAUTH2", "PLAIN"] }), "PLAIN")
    assert.strictEqual(chosen({}, { account: { ...account, mechanism: "CRAM-MD5" } }), "CRAM-MD5")
  })

  it("none is tried that is not offered", () => {
    const silent = talk({}, accepts, { offers: "" })
    assert.deepStrictEqual([silent.said, reason(silent.end)], [[], "the server does not offer AUTH"])
    const other = talk({ mechanisms: ["XOAUTH2"] }, accepts)
    assert.deepStrictEqual([other.said, reason(other.end)], [[], "the server does not offer AUTH XOAUTH2"])
  })

  it("passwords go in clear text only under TLS, or where that is allowed", () => {
    const open = talk({}, accepts, { offers: "PLAIN LOGIN", secure: false })
    assert.deepStrictEqual(open.said, [])
    assert.match(reason(open.end), /^AUTH PLAIN would show the password .* use --tls, or --auth-insecure$/)
    assert.strictEqual(open.end._tag === "NotTried" && open.end.error._tag, "NotAllowed")
    assert.strictEqual(chosen({ insecure: true }, { offers: "PLAIN LOGIN", secure: false }), "PLAIN")
    assert.strictEqual(chosen({}, { offers: "PLAIN CRAM-MD5", secure: false }), "CRAM-MD5")
    for (const mechanism of ["LOGIN", "XOAUTH2", "OAUTHBEARER"] as const) {
      const { said } = talk({ mechanisms: [mechanism] }, accepts, { offers: mechanism, secure: false })
      assert.deepStrictEqual(said, [])
    }
  })
})

describe("the initial response", () => {
  const b64 = Base64.encode("\0load\0MARKsecret")

  it("goes with the command; never: after an empty challenge", () => {
    assert.deepStrictEqual(talk({ mechanisms: plain }, accepts).said, [`AUTH PLAIN ${b64}`])
    const later = talk({ mechanisms: plain, initialResponse: "never" }, (_, nth) => (nth === 1 ? "334 " : "235 in"))
    assert.deepStrictEqual(later.said, ["AUTH PLAIN", b64])
    assert.strictEqual(later.end._tag, "Authenticated")
    // Some servers have a blank too many.
    const odd = talk({ mechanisms: plain, initialResponse: "never" }, (_, nth) => (nth === 1 ? "334  " : "235 in"))
    assert.deepStrictEqual(odd.said, ["AUTH PLAIN", b64])
  })

  it("auto: a line of 512 bytes is the longest, its end included", () => {
    const ofLength = (initialResponse: "auto" | "always", length: number) => {
      const token = "t".repeat(length)
      const as = { user: "u", password: token }
      const answer = (line: string) => (line === "AUTH XOAUTH2" ? "334 " : "235 in")
      return talk({ mechanisms: ["XOAUTH2"], initialResponse }, answer, { offers: "XOAUTH2", account: as }).said[0]!
    }
    // AUTH XOAUTH2, a blank, base64 and CRLF: 13 + 496 + 2 is the most that fits into 512.
    const fits = 372 - "user=u\x01auth=Bearer \x01\x01".length
    assert.strictEqual(ofLength("auto", fits).length + 2, 511)
    assert.strictEqual(ofLength("auto", fits + 1), "AUTH XOAUTH2")
    assert.isAbove(ofLength("always", fits + 1).length, 512)
  })

  it("an empty one is =, with the command alone", () => {
    const nobody = { offers: "EXTERNAL", account: { user: "", password: "" } }
    assert.deepStrictEqual(talk({ mechanisms: ["EXTERNAL"] }, accepts, nobody).said, ["AUTH EXTERNAL ="])
    const answer = (_: string, nth: number) => (nth === 1 ? "334 " : "235 in")
    const never = talk({ mechanisms: ["EXTERNAL"], initialResponse: "never" }, answer, nobody)
    assert.deepStrictEqual(never.said, ["AUTH EXTERNAL", ""])
  })
})

describe("what the server answers", () => {
  it("any 2xx is in; 4xx and 5xx refuse; anything else is malformed", () => {
    assert.strictEqual(talk({ mechanisms: plain }, () => "250 fine").end._tag, "Authenticated")
    for (const code of [421, 432, 454, 500, 501, 504, 534, 535, 538]) {
      const { end } = talk({ mechanisms: plain }, () => `${code} no`)
      assert.strictEqual(end._tag === "Refused" && end.reply.code, code)
    }
    for (const code of [354, 399, 100]) {
      assert.strictEqual(talk({ mechanisms: plain }, () => `${code} what`).end._tag, "NotBelieved")
    }
  })

  it("a challenge that is not base64 is cancelled, and malformed", () => {
    for (const challenge of ["???", "ab", "YWI=YWI=", "YWI=\nYWI="]) {
      const { end, said, shown } = talk({ mechanisms: login }, (_, nth) => (nth === 1 ? `334 ${challenge}` : "501 ok"))
      assert.deepStrictEqual(said, ["AUTH LOGIN", "*"])
      assert.deepStrictEqual(shown, said)
      assert.match(reason(end), /not base64/)
    }
  })

  it("challenges without an end are cancelled", () => {
    const endless = talk({ mechanisms: login }, (line) => (line === "*" ? "501 ok" : "334 VXNlcm5hbWU6"))
    assert.deepStrictEqual(endless.said, ["AUTH LOGIN", "bG9hZA==", Base64.encode("MARKsecret"), "*"])
    assert.match(reason(endless.end), /a challenge more/)
  })

  it("a response is sent after 334, and after nothing else", () => {
    for (const code of ["250", "354", "454", "503"]) {
      const { said } = talk({ mechanisms: login }, () => `${code} VXNlcm5hbWU6`)
      assert.deepStrictEqual(said, ["AUTH LOGIN"])
    }
  })

  it("SCRAM: success without proof is malformed", () => {
    const { end } = talk({ mechanisms: ["SCRAM-SHA-256"] }, accepts)
    assert.match(reason(end), /no proof/)
  })
})

/** Lets a client log in at a server of ours, line by line. */
const meets = (
  mechanism: AuthMechanism.Mechanism,
  as: Account,
  known: Account,
  initialResponse: "auto" | "never" | "always"
) => {
  const auth = SinkAuth.make({ accounts: [known], mechanisms: [mechanism] }, false, crypto)
  const logins = new SinkLogins(auth, 2048)
  const { end } = talk(
    { mechanisms: [mechanism], initialResponse },
    (line) => {
      const reply = logins.isUnderWay ? logins.take(line) : logins.begin(line.slice("AUTH ".length), true, false)
      logins.settle(reply.text)
      return reply.text.replace(/\r\n$/, "")
    },
    { account: as, offers: mechanism }
  )
  return { end: end._tag, isIn: logins.isIn }
}

describe("a client and a server that verifies it", () => {
  const text = fc
    .oneof(fc.string({ minLength: 1, maxLength: 40 }), fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }))
    // The same by SASLprep, so that names are found again; and what the formats cannot hold.
    .filter((each) => crypto.prepare(each, "stored") === each && !/[\0-\x1f\x7f]/.test(each) && each.trim() !== "")
  const when = fc.constantFrom<Authentication.AuthSettings["initialResponse"]>("auto", "never", "always")

  for (const mechanism of AuthMechanism.mechanisms.filter((each) => !AuthMechanism.needsNoPassword(each))) {
    it(`${mechanism}: the right password is in, another one is not`, () => {
      fc.assert(
        fc.property(text, text, text, when, (user, password, other, initialResponse) => {
          const known = { user, password }
          assert.deepInclude(meets(mechanism, known, known, initialResponse), { end: "Authenticated", isIn: true })
          if (other === password) return
          const wrong = meets(mechanism, { user, password: other }, known, initialResponse)
          assert.deepInclude(wrong, { end: "Refused", isIn: false })
          if (other === user) return
          const stranger = meets(mechanism, { user: other, password }, known, initialResponse)
          assert.deepInclude(stranger, { end: "Refused", isIn: false })
        }),
        { numRuns: AuthMechanism.needsCrypto(mechanism) ? 25 : 100 }
      )
    })
  }

  for (const mechanism of ["EXTERNAL", "ANONYMOUS"] as const) {
    it(`${mechanism} needs no password`, () => {
      for (const initialResponse of ["auto", "never"] as const) {
        const nobody = { user: "", password: "" }
        assert.isTrue(meets(mechanism, nobody, nobody, initialResponse).isIn)
      }
    })
  }
})

describe("secrets", () => {
  /** Logs in over a conversation to a server that says this, and tells all that anybody is told. */
  const told = (mechanism: AuthMechanism.Mechanism, ...says: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const { clock, conversation, receive, seen, trace, transport } = drive()
      receive("220 hi\r\n")
      yield* Effect.fork(conversation.exchange(["greeting"], ""))
      yield* Effect.yieldNow()
      const capabilities = new Map([["AUTH", mechanism]])
      const mechanisms = [mechanism]
      const fiber = yield* Effect.fork(
        Effect.either(
          conversation.converse(function* () {
            const end = yield* Authentication.script(
              { settings: { ...settings, mechanisms }, account },
              capabilities,
              true
            )
            const [after] = yield { steps: ["mail"], bytes: "MAIL FROM:<a@b>\r\n" }
            return { end, after }
          })
        )
      )
      for (const say of says) {
        yield* Effect.yieldNow()
        clock.now += 10
        receive(say)
      }
      return { result: yield* Fiber.join(fiber), seen, sent: transport.written.map(([bytes]) => bytes), trace }
    })

  const password = Base64.encode("MARKsecret")
  const whole = Base64.encode("\0load\0MARKsecret")

  it.effect("are not in a trace, nor in the reply of a server that repeats them, then or later", () =>
    Effect.gen(function* () {
      const { result, sent, trace } = yield* told(
        "PLAIN",
        `535-no MARKsecret\r\n535 ${whole} ${whole.replace(/=+$/, "")} ${password}\r\n`,
        `550 ${whole} and xMARKsecretx\r\n`
      )
      assert.strictEqual(sent[0], `AUTH PLAIN ${whole}\r\n`)
      assert.deepStrictEqual(trace.slice(1), [
        "sent AUTH PLAIN ***\r\n",
        "received 535 no ***\n*** *** ***",
        "sent MAIL FROM:<a@b>\r\n",
        "received 550 *** and x***x"
      ])
      assert.notMatch(JSON.stringify(result), /MARKsecret/)
      assert.notInclude(JSON.stringify(result), password.slice(0, 12))
    })
  )

  it.effect("each line of LOGIN is one", () =>
    Effect.gen(function* () {
      const { trace } = yield* told(
        "LOGIN",
        "334 VXNlcm5hbWU6\r\n",
        "334 UGFzc3dvcmQ6\r\n",
        `500 5.5.1 Command unrecognized: "${password}"\r\n`,
        "250 ok\r\n"
      )
      const said = trace.filter((line) => line.startsWith("sent"))
      assert.deepStrictEqual(said.slice(0, 3), ["sent AUTH LOGIN\r\n", "sent ***\r\n", "sent ***\r\n"])
      assert.include(trace, 'received 500 5.5.1 Command unrecognized: "***"')
    })
  )

  it.effect("the time of a login is one, from the command to the last reply", () =>
    Effect.gen(function* () {
      const { seen } = yield* told("LOGIN", "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 in\r\n", "250 ok\r\n")
      assert.deepStrictEqual(
        seen.slice(1).map(([step, code, elapsed]) => [step, code, elapsed]),
        [
          ["auth", 334, 10],
          ["auth", 334, 20],
          ["auth", 235, 30],
          ["mail", 250, 10]
        ]
      )
    })
  )
})
