import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Load from "../../src/load/Load.js"
import * as MessageSource from "../../src/load/scenario/MessageSource.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import type * as Plan from "../../src/plan/Plan.js"
import * as PlanModule from "../../src/plan/Plan.js"
import * as NodeAuthCrypto from "../../src/node/NodeAuthCrypto.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as Dialogue from "../../src/smtp/Dialogue.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as AccountTable from "../../src/smtp/AccountTable.js"
import type * as AuthMechanism from "../../src/smtp/AuthMechanism.js"
import { drive, type Script, type SimulationOptions, simulate } from "./ScriptedServer.js"

const one = [{ user: "load", password: "MARKsecret" }]
const many = Array.from({ length: 5 }, (_, index) => ({ user: `user${index}`, password: `MARK${index}` }))

const server = (
  mechanisms: ReadonlyArray<AuthMechanism.Mechanism>,
  accounts = one,
  tls?: SinkConfig["tls"]
): SinkConfig => ({
  auth: { mechanisms, accounts, required: true },
  tls
})

const base: Plan.PlanInput = { target: "localhost", messages: 3, reuse: true, keepGoing: true, auth: "auto" }

/** A run that logs in; the server in memory is on this machine, as far as clear text goes. */
const run = (plan: Plan.PlanInput, options: SimulationOptions = {}) =>
  drive(
    simulate(
      { ...base, ...(plan.accounts === undefined ? { user: "load" } : {}), ...plan },
      { accounts: AccountTable.of(one), server: server(["PLAIN", "LOGIN"]), ...options }
    )
  ).pipe(Effect.provide(NodeAuthCrypto.layer))

const commands = ({ server }: { readonly server: { readonly events: ReadonlyArray<{ readonly what: string }> } }) =>
  server.events.map(({ what }) => what)

const rejecting =
  (reply: string): Script =>
  ({ moment }) =>
    moment === "auth" ? { say: `${reply}\r\n` } : undefined

describe("a run that logs in", () => {
  it.scoped("does so once for each connection, after EHLO, and counts it", () =>
    Effect.gen(function* () {
      const result = yield* run({ perConnection: "2" })
      assert.strictEqual(result.accounting.accepted, 3)
      const verbs = commands(result)
        .map((what) => what.split(" ")[0])
        .filter((what) => what !== "connect")
      assert.deepStrictEqual(verbs.slice(0, 3), ["EHLO", "AUTH", "MAIL"])
      assert.strictEqual(result.server.count("AUTH"), 2)
      const auth = result.recorder.auth()!
      assert.deepStrictEqual(auth.mechanisms, [{ mechanism: "PLAIN", accepted: 2, deferred: 0, refused: 0, failed: 0 }])
    })
  )

  for (const mechanism of [
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "XOAUTH2",
    "OAUTHBEARER"
  ] as const) {
    it.scoped(`by ${mechanism}`, () =>
      Effect.gen(function* () {
        const result = yield* run({ auth: mechanism.toLowerCase() }, { server: server([mechanism]) })
        assert.strictEqual(result.accounting.accepted, 3)
        assert.strictEqual(result.recorder.auth()?.mechanisms[0]?.accepted, 1)
      })
    )
  }

  it.scoped("a password of one letter, which is in challenges, too, hides nothing from who answers them", () =>
    Effect.gen(function* () {
      const short = [{ user: "load", password: "x" }]
      for (const mechanism of ["LOGIN", "CRAM-MD5", "SCRAM-SHA-256"] as const) {
        for (let time = 0; time < 5; time++) {
          const options = { accounts: AccountTable.of(short), server: server([mechanism], short) }
          const { accounting } = yield* run({ perConnection: "1" }, options)
          assert.strictEqual(accounting.accepted, 3, mechanism)
        }
      }
    })
  )

  it.scoped("LMTP and TLS: after LHLO under TLS, with what is offered there", () =>
    Effect.gen(function* () {
      const result = yield* run(
        { tls: "starttls", lmtp: true, target: "mail.example.com" },
        { server: server(["PLAIN"], one, "required") }
      )
      assert.strictEqual(result.accounting.accepted, 3)
      const verbs = commands(result).map((what) => what.split(" ")[0])
      assert.deepStrictEqual(verbs.slice(0, 5), ["connect", "LHLO", "STARTTLS", "LHLO", "AUTH"])
    })
  )

  it.scoped("what was offered before TLS is void", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, nth }) =>
        moment === "hello"
          ? { say: nth === 0 ? "250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n" : "250 x\r\n" }
          : undefined
      const result = yield* run(
        { tls: "starttls", messages: 1 },
        { server: server(["PLAIN"], one, "required"), script }
      )
      assert.deepStrictEqual(result.ends, ["Failed, NotOffered auth"])
    })
  )

  it.scoped("without AUTH, nothing of it is said", () =>
    Effect.gen(function* () {
      const result = yield* drive(simulate({ messages: 2, reuse: true }, {}))
      assert.strictEqual(result.server.count("EHLO") + result.server.count("AUTH"), 0)
      assert.isUndefined(result.recorder.auth())
      assert.isUndefined(result.recorder.histogram("auth", "accepted"))
    })
  )

  it.scoped("its time is one duration, challenges included, and challenges are among the replies", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment }) => (moment === "auth" ? { after: 100 } : undefined)
      const result = yield* run({ auth: "login", messages: 1 }, { script })
      assert.strictEqual(result.elapsed, 300)
      const rows = [...result.recorder.durations()].filter(({ of }) => of === "auth")
      assert.deepStrictEqual(
        rows.map(({ ending }) => ending),
        ["accepted"]
      )
      const replies = result.recorder.replies().filter(({ step }) => step === "auth")
      assert.deepStrictEqual(
        replies.map(({ code, count }) => [code, count]),
        [
          [235, 1],
          [334, 2]
        ]
      )
    })
  )
})

describe("a login that is refused", () => {
  for (const [reply, ending] of [
    ["535 5.7.8 no", "refused"],
    ["454 4.7.0 later", "deferred"]
  ] as const) {
    it.scoped(`costs the message, and is counted: ${reply}`, () =>
      Effect.gen(function* () {
        const result = yield* run({}, { script: rejecting(reply) })
        assert.deepStrictEqual(result.ends, new Array(3).fill(`Rejected auth ${reply.slice(0, 3)}`))
        assert.deepInclude(result.recorder.auth()?.mechanisms[0], { accepted: 0, [ending]: 3 })
        assert.strictEqual(result.server.count("QUIT"), 3)
        assert.strictEqual(result.server.count("MAIL"), 0)
        assert.isDefined(result.recorder.histogram("auth", "rejected"))
      })
    )
  }

  it.scoped("without --keep-going it ends the run; with -A it costs each its connection", () =>
    Effect.gen(function* () {
      const strict = yield* run({ keepGoing: false }, { script: rejecting("535 no") })
      assert.strictEqual(strict.fatal, "ReplyRejected auth 535")
      const lenient = yield* run({ keepGoing: false, acceptRejection: true }, { script: rejecting("535 no") })
      assert.isUndefined(lenient.fatal)
      assert.deepStrictEqual(lenient.ends, new Array(3).fill("Rejected auth 535"))
      assert.strictEqual(lenient.server.count("connect"), 3)
    })
  )

  it.scoped("so many in a row end the run, whatever it goes on after; one that succeeds begins anew", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const onTrouble = (_: string, text: string) => told.push(text)
      const result = yield* run({ messages: 20, authFailures: 4 }, { script: rejecting("535 no"), onTrouble })
      assert.strictEqual(result.fatal, "ReplyRejected auth 535")
      assert.strictEqual(result.accounting.started, 4)
      assert.include(told.join("\n"), "4 logins in a row were refused, which ends the run (--auth-failures)")
      const script: Script = ({ connection, moment }) =>
        moment === "auth" && connection % 4 !== 3 ? { say: "535 no\r\n" } : undefined
      const mixed = yield* run({ messages: 20, perConnection: "1", authFailures: 4 }, { script })
      assert.isUndefined(mixed.fatal)
      assert.strictEqual(mixed.accounting.accepted, 5)
      const deep = { depth: 4, pipelining: "full", chunking: "on" } as const
      const together = yield* run({ messages: 20, authFailures: 4, ...deep }, { script: rejecting("535 no") })
      assert.strictEqual(together.fatal, "ReplyRejected auth 535")
      assert.strictEqual(together.accounting.started, 4)
      const off = yield* run({ messages: 20, authFailures: "off" }, { script: rejecting("535 no") })
      assert.isUndefined(off.fatal)
      const later = yield* run({ messages: 20, authFailures: 4 }, { script: rejecting("454 later") })
      assert.isUndefined(later.fatal)
    })
  )

  it.scoped("a mechanism that is not offered is never tried", () =>
    Effect.gen(function* () {
      const result = yield* run({ auth: "xoauth2", messages: 1 })
      assert.deepStrictEqual(result.ends, ["Failed, NotOffered auth"])
      assert.deepInclude(result.recorder.errors()[0], { kind: "NotOffered", step: "auth", detail: "AUTH XOAUTH2" })
      assert.strictEqual(result.server.count("AUTH"), 0)
      assert.strictEqual(result.server.count("QUIT"), 1)
    })
  )

  it.scoped("a password is not sent in clear text to another machine, unless that is wanted", () =>
    Effect.gen(function* () {
      const target = "mail.example.com"
      const result = yield* run({ target, messages: 1 })
      assert.deepStrictEqual(result.ends, ["Failed, NotAllowed auth"])
      assert.strictEqual(result.server.count("AUTH"), 0)
      assert.strictEqual((yield* run({ target, authInsecure: true })).accounting.accepted, 3)
      for (const here of ["127.0.0.2:25", "[::1]:25", "unix:/run/smtp"]) {
        assert.strictEqual((yield* run({ target: here })).accounting.accepted, 3, here)
      }
    })
  )

  it.scoped("a challenge that makes no sense is cancelled and costs the message as a malformed one", () =>
    Effect.gen(function* () {
      const script: Script = ({ line, moment }) =>
        moment === "auth" && line !== "*" ? { say: "334 ???\r\n" } : undefined
      const result = yield* run({ messages: 1 }, { script })
      assert.deepStrictEqual(result.ends, ["Failed, ReplyMalformed auth"])
      assert.include(commands(result), "*")
      assert.deepInclude(result.recorder.auth()?.mechanisms[0], { failed: 1 })
    })
  )

  it.scoped("a server that falls silent, or ends the connection, is told at its step", () =>
    Effect.gen(function* () {
      const silent: Script = ({ moment }) => (moment === "auth" ? { say: "" } : undefined)
      const late = yield* run({ messages: 1, timeout: 7 }, { script: silent })
      assert.deepStrictEqual(late.ends, ["Failed, ReplyTimeout auth"])
      assert.strictEqual(late.elapsed, 7000)
      const closing: Script = ({ moment }) => (moment === "auth" ? { say: "", end: "reset" } : undefined)
      assert.deepStrictEqual((yield* run({ messages: 1 }, { script: closing })).ends, ["Failed, ConnectionLost auth"])
    })
  )
})

/** Who logged in over each connection, in their order. */
const usersOf = (result: Parameters<typeof commands>[0]) =>
  commands(result).flatMap((what) => {
    const [, response] = /^AUTH PLAIN (.+)$/.exec(what) ?? []
    return response === undefined ? [] : [Buffer.from(response, "base64").toString().split("\0")[1]]
  })

describe("many accounts", () => {
  const all = { accounts: AccountTable.of(many), server: server(["PLAIN"], many) }
  it.scoped("session: each session has its own, with all its connections", () =>
    Effect.gen(function* () {
      const { accounting, recorder, server } = yield* run(
        { accounts: "file", sessions: 7, messages: 21, perConnection: "1" },
        all
      )
      assert.strictEqual(accounting.accepted, 21)
      const seen = usersOf({ server })
      assert.deepStrictEqual(seen.slice(0, 7), ["user0", "user1", "user2", "user3", "user4", "user0", "user1"])
      assert.strictEqual(recorder.auth()?.accounts, 5)
    })
  )

  it.scoped("round: each connection has the next one", () =>
    Effect.gen(function* () {
      const plan = { accounts: "file", accountOrder: "round", messages: 7, perConnection: "1" } as const
      const result = yield* run(plan, all)
      assert.deepStrictEqual(usersOf(result), ["user0", "user1", "user2", "user3", "user4", "user0", "user1"])
    })
  )

  it.scoped("random: drawn from the seed, the same each time", () =>
    Effect.gen(function* () {
      const plan = { accounts: "file", accountOrder: "random", messages: 40, perConnection: "1", seed: "x" } as const
      const once = usersOf(yield* run(plan, all))
      assert.deepStrictEqual(usersOf(yield* run(plan, all)), once)
      assert.strictEqual(new Set(once).size, 5)
      assert.notDeepEqual(usersOf(yield* run({ ...plan, seed: "y" }, all)), once)
    })
  )

  it.scoped("an account's own mechanism is the one for it", () =>
    Effect.gen(function* () {
      const own = [{ ...one[0]!, mechanism: "LOGIN" as const }]
      const result = yield* run({}, { accounts: AccountTable.of(own), server: server(["PLAIN", "LOGIN"], own) })
      assert.strictEqual(result.recorder.auth()?.mechanisms[0]?.mechanism, "LOGIN")
    })
  )
})

describe("-f {user}", () => {
  const all = { accounts: AccountTable.of(many), server: server(["PLAIN"], many) }
  const asked = { accounts: "file", accountOrder: "round", from: "{user}@b", messages: 7, perConnection: "2" } as const
  const offers = ["PIPELINING", "CHUNKING", "8BITMIME", "SMTPUTF8"]
  const senders = (result: Parameters<typeof commands>[0]) =>
    commands(result).flatMap((what) => /^MAIL FROM:<(.*?)>/.exec(what)?.[1] ?? [])
  const inHeaders = ({ server }: { readonly server: { readonly accepted: ReadonlyArray<string> } }) =>
    server.accepted.map((content) => /^From: <(.*)>\r$/m.exec(content)?.[1])

  for (const way of [
    {},
    { pipelining: "full" },
    { chunking: "on" },
    { chunking: "on", pipelining: "full", depth: 2 },
    { rate: "10/s", maxSessions: 1 },
    { headers: ["X-From: {{from}}"] }
  ] as const) {
    it.scoped(`is the account of the connection, in MAIL and in From: ${JSON.stringify(way)}`, () =>
      Effect.gen(function* () {
        const result = yield* run({ ...asked, ...way }, { ...all, offers, parts: {} })
        assert.strictEqual(result.accounting.accepted, 7)
        const expected = [0, 0, 1, 1, 2, 2, 3].map((user) => `user${user}@b`)
        assert.deepStrictEqual(senders(result), expected)
        assert.deepStrictEqual(inHeaders(result), expected)
      })
    )
  }

  it.scoped("a message that goes over another connection is from its user", () =>
    Effect.gen(function* () {
      const script: Script = ({ connection, moment, nth }) =>
        connection === 0 && moment === "mail" && nth === 1 ? { say: "421 later\r\n", end: "close" } : undefined
      const result = yield* run({ ...asked, perConnection: "5", messages: 2 }, { ...all, script })
      assert.deepStrictEqual(senders(result), ["user0@b", "user0@b", "user1@b"])
      assert.deepStrictEqual(inHeaders(result), ["user0@b", "user1@b"])
    })
  )

  it.scoped("a user beyond ASCII needs SMTPUTF8, and the others do without it", () =>
    Effect.gen(function* () {
      const foreign = [one[0]!, { user: "j\u00f6rg", password: "MARKx" }]
      const options = { accounts: AccountTable.of(foreign), server: server(["PLAIN"], foreign), offers }
      const plan = { ...asked, from: "{user}", messages: 2, perConnection: "1" } as const
      const result = yield* run(plan, options)
      assert.strictEqual(result.accounting.accepted, 2)
      assert.deepStrictEqual(
        commands(result)
          .filter((what) => what.startsWith("MAIL"))
          .map((what) => what.includes("SMTPUTF8")),
        [false, true]
      )
    })
  )

  it.scoped("segments have the senders of the whole run", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      for (const segment of ["1/2", "2/2"]) {
        const plan = { ...asked, accountOrder: "session", sessions: 4, messages: 4, perConnection: "1" } as const
        seen.push(...senders(yield* run({ ...plan, segment, runId: "x" }, all)))
      }
      assert.deepStrictEqual(seen, ["user0@b", "user2@b", "user1@b", "user3@b"])
    })
  )

  const scenarioPlan = (input: Plan.PlanInput) =>
    PlanModule.make({ target: "localhost", auth: "plain", accounts: "file", from: "{user}@b", ...input })

  it.effect("in a scenario, whatever order connections and messages have", () =>
    Effect.gen(function* () {
      const early = Scenario.forEachMessage((message) =>
        Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
      )
      const plan = scenarioPlan({ messages: 3, accountOrder: "round", headers: "X-A: b" })
      const { accounting } = yield* Load.run(plan, early, { accounts: AccountTable.of(many) })
      assert.strictEqual(accounting.accepted, 3)
      const { accepted } = yield* TestServer.TestServer
      assert.deepStrictEqual(
        accepted.map(({ content, sender }) => [sender, /^From: <(.*)>\r$/m.exec(content)?.[1]]),
        [0, 1, 2].map((user) => [`user${user}@b`, `user${user}@b`])
      )
    }).pipe(Effect.provide(TestServer.layer(server(["PLAIN"], many))))
  )

  it.effect("in a scenario, what its author has changed stays, and without a login nothing is sent", () =>
    Effect.gen(function* () {
      const scenario = Effect.gen(function* () {
        const wire = yield* Scenario.open
        yield* Scenario.forNextMessage((message) =>
          Scenario.deliver(wire, { ...message, mail: "MAIL FROM:<own@b>\r\n", rcpts: ["RCPT TO:<c@d>\r\n"] })
        )
        const bare = yield* Scenario.connect
        yield* Dialogue.greeting(bare)
        yield* Dialogue.hello(bare, "EHLO", "x")
        const outcome = yield* Scenario.send(bare)
        return outcome
      })
      const { sessions } = yield* Load.run(scenarioPlan({ messages: 2 }), scenario, {
        accounts: AccountTable.of(many)
      })
      const { accepted } = yield* TestServer.TestServer
      assert.deepStrictEqual(
        accepted.map(({ content, recipients, sender }) => [
          sender,
          recipients.join(),
          /^From: <(.*)>\r$/m.exec(content)?.[1]
        ]),
        [["own@b", "c@d", "user0@b"]]
      )
      const [exit] = sessions
      assert.match(String(JSON.stringify(exit)), /"NotAllowed"/)
    }).pipe(Effect.provide(TestServer.layer(server(["PLAIN"], many))))
  )

  it.effect("in a scenario that changes the plan's messages, the session's user, or it is refused", () =>
    Effect.gen(function* () {
      const changed = MessageSource.fromPlan.pipe(
        MessageSource.map((mail) => ({ ...mail, content: "Subject: x\n\n" })),
        MessageSource.take(2)
      )
      const sending = Scenario.forNextMessage(
        (message) => Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message))),
        changed
      )
      const options = { accounts: AccountTable.of(many) }
      const { accounting } = yield* Load.run(scenarioPlan({ sessions: 2, messages: 2 }), sending, options)
      assert.strictEqual(accounting.accepted, 2)
      const { accepted } = yield* TestServer.TestServer
      assert.deepStrictEqual(accepted.map(({ sender }) => sender).sort(), ["user0@b", "user1@b"])
      const { recorder } = yield* Load.run(scenarioPlan({ messages: 1, accountOrder: "round" }), sending, options)
      assert.deepInclude(recorder.errors()[0], { kind: "NotAllowed", step: "mail", count: 1 })
      assert.lengthOf(accepted, 2)
    }).pipe(Effect.provide(TestServer.layer(server(["PLAIN"], many))))
  )

  it.effect("a scenario is told whom each of its connections is logged in as", () =>
    Effect.gen(function* () {
      const users: Array<string> = []
      const scenario = Effect.gen(function* () {
        const first = yield* Scenario.open
        const second = yield* Scenario.kept
        const bare = yield* Scenario.connect
        for (const wire of [second, first, bare]) {
          users.push(Option.getOrElse(yield* Scenario.userOf(wire), () => "nobody"))
        }
      })
      yield* Load.run(scenarioPlan({ accountOrder: "round" }), scenario, { accounts: AccountTable.of(many) })
      assert.deepStrictEqual(users, ["user1", "user0", "nobody"])
    }).pipe(Effect.provide(TestServer.layer(server(["PLAIN"], many))))
  )

  it("is refused where there is no account, and braces of --expand are its own", () => {
    for (const input of [
      { from: "{user}" },
      { from: "{user}@b", auth: "off" },
      { from: "a{user}", auth: "anonymous" }
    ] as const) {
      assert.match(PlanModule.problems({ target: "localhost", ...input }).join(), /-f: \{user\} is the user of a login/)
    }
    assert.deepStrictEqual(PlanModule.problems({ target: "localhost", from: "{{user}}" }), [])
    const external = { from: "{user}", auth: "external", user: "ann" }
    assert.deepStrictEqual(PlanModule.problems({ target: "localhost", ...external }), [])
  })
})

describe("what goes with a login", () => {
  it.scoped("--abandon auth leaves after it, and is no error", () =>
    Effect.gen(function* () {
      const result = yield* run({ abandon: ["auth"], perConnection: "1" })
      assert.strictEqual(result.accounting.abandoned, 3)
      assert.strictEqual(result.server.count("MAIL"), 0)
      assert.strictEqual(result.server.count("AUTH"), 3)
      assert.strictEqual(result.recorder.auth()?.mechanisms[0]?.accepted, 3)
      assert.deepStrictEqual(result.recorder.errors(), [])
    })
  )

  it.scoped("--abandon hello leaves before it", () =>
    Effect.gen(function* () {
      const result = yield* run({ abandon: ["hello"] })
      assert.strictEqual(result.accounting.abandoned, 3)
      assert.strictEqual(result.server.count("AUTH"), 0)
    })
  )

  it.scoped("a connection keeps its place in the gate until it is in", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment }) => (moment === "auth" ? { after: 400 } : undefined)
      const result = yield* run({ sessions: 3, connecting: 1 }, { script })
      assert.deepStrictEqual(result.server.times("connect"), [0, 400, 800])
    })
  )

  it.scoped("messages that are due wait for it", () =>
    Effect.gen(function* () {
      const result = yield* run({ messages: 20, rate: "10/s", maxSessions: 3 })
      assert.strictEqual(result.accounting.accepted, 20)
    })
  )

  it.effect("scenarios open connections that are logged in", () =>
    Effect.gen(function* () {
      const plan = PlanModule.make({ target: "localhost", sessions: 5, auth: "plain", accounts: "file" })
      const sending = Effect.flatMap(Scenario.open, (wire) => Effect.asVoid(Scenario.send(wire)))
      const { accounting, recorder, scenarios } = yield* Load.run(plan, sending, {
        accounts: AccountTable.of(many)
      })
      assert.strictEqual(scenarios.failed, 0)
      assert.strictEqual(accounting.accepted, 5)
      assert.strictEqual(recorder.auth()?.mechanisms[0]?.accepted, 5)
    }).pipe(Effect.provide(TestServer.layer(server(["PLAIN"], many))))
  )

  it.effect("a dialogue of one's own logs in, or is told why not", () =>
    Effect.gen(function* () {
      const plan = PlanModule.make({ target: "localhost", sessions: 1, pipelining: "on" })
      const log = (password: string, options = {}) =>
        Effect.scoped(
          Effect.flatMap(Scenario.open, (wire) =>
            Dialogue.authenticate(wire, { user: "load", password: Redacted.make(password), ...options })
          )
        )
      const ends: Array<string> = []
      const told = (password: string, options = {}) =>
        Effect.match(log(password, options), {
          onFailure: (error) => ends.push(`${error._tag} ${error.step}`),
          onSuccess: ({ code }) => ends.push(String(code))
        })
      const scenario = Effect.gen(function* () {
        yield* told("MARKsecret", { insecure: true })
        yield* told("wrong", { insecure: true })
        yield* told("MARKsecret", { mechanisms: ["PLAIN"] })
        yield* told("MARKsecret", { mechanisms: ["XOAUTH2"], insecure: true })
        yield* told("MARKsecret", { mechanisms: ["SCRAM-SHA-256"] })
      })
      const { scenarios } = yield* Load.run(plan, scenario)
      assert.strictEqual(scenarios.failed, 0)
      const expected = ["235", "ReplyRejected auth", "NotAllowed auth", "NotOffered auth", "235"]
      assert.deepStrictEqual(ends, expected)
    }).pipe(Effect.provide(TestServer.layer(server(["PLAIN", "SCRAM-SHA-256"]))), Effect.provide(NodeAuthCrypto.layer))
  )

  it.scoped("segments of a run have accounts of their own", () =>
    Effect.gen(function* () {
      const all = { accounts: AccountTable.of(many), server: server(["PLAIN"], many) }
      const seen: Array<string | undefined> = []
      for (const segment of ["1/2", "2/2"]) {
        const plan = { accounts: "file", sessions: 4, messages: 4, perConnection: "1", segment, runId: "x" } as const
        const { server } = yield* run(plan, all)
        seen.push(...usersOf({ server }))
      }
      assert.deepStrictEqual(seen, ["user0", "user2", "user1", "user3"])
    })
  )

  it.effect("a program is told what it has to read first", () =>
    Effect.gen(function* () {
      const plan = PlanModule.make({ target: "localhost", auth: "plain", user: "load" })
      const error = yield* Effect.flip(Load.run(plan))
      assert.match(error.message, /auth \(read the accounts first/)
    }).pipe(Effect.provide(TestServer.layer()))
  )
})
