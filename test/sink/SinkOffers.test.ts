import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Load from "../../src/load/Load.js"
import * as Plan from "../../src/plan/Plan.js"
import * as SinkOffer from "../../src/plan/SinkOffer.js"
import * as SinkMaking from "../../src/sink/SinkMaking.js"
import * as SinkOffers from "../../src/sink/SinkOffers.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as SinkPlan from "../../src/sink/SinkPlan.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"
import * as Simulation from "../../src/testing/Simulation.js"
import * as AccountTable from "../../src/smtp/AccountTable.js"
import * as TestServer from "../../src/sink/TestServer.js"

/** What is offered, and the codes of the replies to what is said then. */
const talk = (config: SinkConfig, text = ""): { readonly offers: ReadonlyArray<string>; readonly codes: string } => {
  const session = SmtpSink.make(config).open()
  const said = (bytes: string) => Buffer.from(session.push(Buffer.from(bytes)) ?? []).toString("latin1")
  const offers = said("EHLO x\r\n").split("\r\n").slice(1, -1)
  return {
    offers: offers.map((line) => line.slice(4)).filter((line) => line !== ""),
    codes: (said(text).match(/^\d{3}(?= )/gm) ?? []).join(" ")
  }
}

const words = SinkOffers.configOf
const command = (input: SinkPlan.SinkPlanInput): SinkConfig =>
  SinkMaking.configOf(Either.getOrThrow(SinkPlan.decode(input)))

const mail = (parameters = "") => `MAIL FROM:<a@b>${parameters}\r\n`
const to = (...names: ReadonlyArray<string>) => names.map((name) => `RCPT TO:<${name}@d>\r\n`).join("")

describe("an offer that cannot be read", () => {
  it("is an error that says which, and why", () => {
    assert.throws(() => words({ offer: ["size=x"] }), RangeError, /^offer: "size=x": expected a number of bytes/)
  })
})

describe("what a sink offers, in words", () => {
  it("is what is usual, and more or less", () => {
    const usual = talk({}).offers
    assert.deepStrictEqual(talk(words({})).offers, usual)
    assert.deepStrictEqual(
      talk(words({ hide: ["chunking", "size"] })).offers,
      usual.filter((line) => !/^(CHUNK|SIZE)/.test(line))
    )
    assert.deepStrictEqual(talk(words({ offer: ["rcptmax=5, x-a=b size=10k", "MailMax=2"] })).offers, [
      ...usual.map((line) => line.replace(/^SIZE .*/, "SIZE 10000")),
      "X-A b",
      "LIMITS RCPTMAX=5 MAILMAX=2"
    ])
  })

  it("is the original's for the command, and the letters and --max-size have their part", () => {
    const usual = talk(command({})).offers
    assert.deepStrictEqual(talk(command({ offer: ["chunking,binarymime"] })).offers, [
      ...usual,
      "CHUNKING",
      "BINARYMIME"
    ])
    assert.deepStrictEqual(talk(command({ offer: ["chunking"], hide: ["dsn"], maxSize: "5k", hard: "VRFY" })).offers, [
      "SIZE 5000",
      ...usual.filter((line) => line !== "DSN" && line !== "PIPELINING"),
      "CHUNKING"
    ])
    assert.deepStrictEqual(command({ offer: ["size=7"] }).maxMessageSize, 7)
  })

  it("is kept to: SIZE, RCPTMAX, MAILMAX", () => {
    const chunk = (text: string) => `BDAT ${text.length} LAST\r\n${text}`
    const config = words({ offer: ["size=10", "rcptmax=2", "mailmax=2"] })
    assert.strictEqual(talk(config, mail(" SIZE=10") + mail() + mail(" SIZE=11")).codes, "250 503 503")
    assert.strictEqual(talk(config, mail(" SIZE=11")).codes, "552")
    assert.strictEqual(talk(config, mail() + to("a", "b", "c")).codes, "250 250 250 452")
    assert.strictEqual(talk(config, mail() + to("a") + chunk("x".repeat(11))).codes, "250 250 552")
    // A transaction that was not ended counts as well.
    assert.strictEqual(talk(config, `${mail()}RSET\r\n${mail()}RSET\r\n${mail()}`).codes, "250 250 250 250 452")
    assert.strictEqual(talk(words({}), `${`${mail()}RSET\r\n`.repeat(30)}`).codes, "250 250 ".repeat(30).trim())
  })

  it("is all that is taken: parameters and commands of the rest are refused", () => {
    const cases: ReadonlyArray<readonly [SinkOffer.Extension, string, string]> = [
      ["8bitmime", mail(" BODY=8BITMIME"), "555"],
      ["binarymime", mail(" BODY=BINARYMIME"), "555"],
      ["size", mail(" SIZE=1"), "555"],
      ["smtputf8", mail(" SMTPUTF8"), "555"],
      ["dsn", mail(" RET=FULL ENVID=x"), "555"],
      ["deliverby", mail(" BY=120;R"), "555"],
      ["mt-priority", mail(" MT-PRIORITY=-3"), "555"],
      ["chunking", `${mail()}${to("a")}BDAT 1 LAST\r\nx`, "250 250 500"]
    ]
    for (const [name, text, codes] of cases) {
      for (const config of [words({ hide: [name] }), command({ offer: ["x-a"], hide: [name] })]) {
        assert.strictEqual(talk(config, text).codes.slice(0, codes.length), codes, name)
      }
      for (const config of [words({ offer: [name] }), command({ offer: [name] })]) {
        assert.match(talk(config, text).codes, /^(250 ?)+$/, name)
      }
    }
    // Without --offer, the command takes what stands there, as the original does.
    assert.strictEqual(talk(command({}), mail(" BODY=8BITMIME FOO=BAR")).codes, "250")
  })

  it("are logins by mechanisms that are named, anybody's or those of accounts", () => {
    const plainly = (user: string) => `AUTH PLAIN ${Buffer.from(`\0${user}\0secret`).toString("base64")}\r\n`
    const offered = (config: SinkConfig) => talk(config).offers.filter((line) => line.startsWith("AUTH"))
    const some = command({ offer: ["auth=plain,login,dsn"] })
    assert.deepStrictEqual(offered(command({})), ["AUTH PLAIN LOGIN"])
    assert.deepStrictEqual(offered(some), ["AUTH PLAIN LOGIN"])
    assert.include(talk(some).offers, "DSN")
    assert.deepStrictEqual(offered(command({ offer: ["auth=Login"] })), ["AUTH LOGIN"])
    // What is not offered is refused; whose login it is matters to nobody, and none is needed.
    assert.strictEqual(talk(command({ offer: ["auth=login"] }), plainly("anna")).codes, "504")
    assert.strictEqual(talk(command({ offer: ["auth=plain"] }), plainly("anna") + mail()).codes, "235 250")
    assert.strictEqual(talk(command({ offer: ["auth=plain"] }), mail()).codes, "250")
    const accounts = AccountTable.of([{ user: "anna", password: "secret" }]).toData()
    const known = SinkMaking.configOf(Either.getOrThrow(SinkPlan.decode({ offer: ["auth=plain"] })), accounts)
    assert.deepStrictEqual(offered(known), ["AUTH PLAIN"])
    assert.strictEqual(talk(known, plainly("bert") + mail() + plainly("anna") + mail()).codes, "535 530 235 250")
    assert.deepStrictEqual(offered(words({ offer: ["auth=login"] })), ["AUTH LOGIN"])
  })

  it("may be nonsense, which is told of with the word", () => {
    const wrong = (text: string) => Either.getOrElse(Either.flip(SinkOffer.parse(text)), () => "")
    // The whole text is shown by who tells of it: it is not said twice.
    assert.match(wrong("chunkin"), /^expected one of 8bitmime, .*, mailmax, or x-… \(did you mean chunking\?\)$/)
    assert.match(wrong("dsn, chunkin"), /^has "chunkin": expected one of .*did you mean chunking/)
    assert.strictEqual(wrong("size=x"), "expected a number of bytes, such as size=10M")
    assert.match(wrong("dsn size=0"), /^has "size=0": expected a number/)
    assert.strictEqual(wrong("dsn=1"), "expected dsn without a value")
    assert.match(wrong("rcptmax"), /^expected a whole number .*rcptmax=100$/)
    assert.match(wrong("deliverby=soon"), /seconds/)
    assert.strictEqual(wrong("starttls"), "expected no starttls, which --tls offers")
    assert.match(wrong("auth"), /^expected mechanisms of SCRAM-SHA-256, .*such as auth=plain,login$/)
    assert.match(wrong("x-a=\u00e9"), /ASCII/)
    assert.match(wrong(" , "), /expected the names/)
    const refused = (input: unknown) => String(Either.getOrThrow(Either.flip(SinkPlan.decode(input))))
    assert.include(refused({ offer: ["size=1"], maxSize: 5 }), "--max-size")
    assert.include(refused({ offer: ["dsn"], hide: ["dsn"] }), "--offer and --hide both name dsn")
    assert.include(refused({ offer: ["dsn auth=plain,cram-md5"] }), "needs --accounts")
    assert.include(refused({ offer: ["auth=plain"], hide: ["auth"] }), "--offer and --hide both name auth")
    assert.include(Plan.problems({ sink: true, sinkOffer: "auth=plain" })[0], "leave auth out of --sink-offer")
    assert.match(wrong("auth=plain,rot13"), /^has "rot13"/)
    assert.match(wrong("auth=rot13"), /^expected mechanisms/)
    assert.include(refused({ proxy: "10.0.0.1/8" }), "expected any, or addresses and networks")
    assert.deepStrictEqual(Plan.problems({ sink: true, sinkOffer: "dsn", sinkHide: "dsn" }), [
      "sinkOffer, sinkHide: --sink-offer and --sink-hide both name dsn"
    ])
    assert.include(Plan.problems({ target: "x", sinkOffer: "dsn" })[0], "--sink-offer needs --sink")
    assert.include(Plan.problems({ sink: true, sinkHide: "dns" })[0], "expected one of 8bitmime")
  })

  it.live("is what a run against the server in memory meets", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ messages: 5, reuse: true, chunking: "on", keepGoing: true })
      const run = (offers: SinkOffers.SinkOffers) =>
        Effect.gen(function* () {
          const { accounting } = yield* Load.run(plan)
          const { log } = yield* TestServer.TestServer
          return { accepted: accounting.accepted, connections: new Set(log.map(({ session }) => session)).size }
        }).pipe(Effect.provide(TestServer.layer(SinkOffers.configOf(offers))), (load) => Simulation.run(load))
      assert.deepStrictEqual(yield* run({}), { accepted: 5, connections: 1 })
      assert.strictEqual((yield* run({ hide: ["chunking"] })).accepted, 0)
      assert.deepStrictEqual(yield* run({ offer: ["mailmax=2"] }), { accepted: 5, connections: 3 })
    })
  )
})
