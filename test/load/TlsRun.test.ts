import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Plan from "../../src/plan/Plan.js"
import * as PlanModule from "../../src/plan/Plan.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as Tls from "../../src/smtp/Tls.js"
import { drive, type Script, type SimulationOptions, simulate } from "./ScriptedServer.js"

const on =
  (wanted: string, answer: ReturnType<Script>): Script =>
  ({ moment }) =>
    moment === wanted ? answer : undefined

const offered: SinkConfig = { tls: "offered" }
const required: SinkConfig = { tls: "required" }
const implicit: SinkConfig = { tls: "implicit" }

const run = (tls: "starttls" | "if-offered" | "implicit", options: SimulationOptions = {}, lmtp = false) =>
  drive(simulate({ messages: 3, sessions: 1, reuse: true, keepGoing: true, tls, lmtp }, options))

const commands = ({ server }: { readonly server: { readonly events: ReadonlyArray<{ readonly what: string }> } }) =>
  server.events.map(({ what }) => what.split(/[ :]/)[0])

describe("a run over TLS", () => {
  it.scoped("STARTTLS comes after EHLO, and EHLO once more after it", () =>
    Effect.gen(function* () {
      const result = yield* run("starttls", { server: required })
      assert.strictEqual(result.accounting.accepted, 3)
      assert.deepStrictEqual(commands(result).slice(0, 5), ["connect", "EHLO", "STARTTLS", "EHLO", "MAIL"])
      const [sessions] = result.recorder.tls()
      assert.deepInclude(sessions, { version: "TLSv1.3", trust: "name", count: 1 })
    })
  )

  it.scoped("LMTP does it with LHLO", () =>
    Effect.gen(function* () {
      const result = yield* run("starttls", { server: required }, true)
      assert.strictEqual(result.accounting.accepted, 3)
      assert.deepStrictEqual(commands(result).slice(0, 5), ["connect", "LHLO", "STARTTLS", "LHLO", "MAIL"])
    })
  )

  it.scoped("implicit: TLS comes before the greeting", () =>
    Effect.gen(function* () {
      const result = yield* run("implicit", { server: implicit })
      assert.strictEqual(result.accounting.accepted, 3)
      assert.deepStrictEqual(commands(result).slice(0, 3), ["connect", "EHLO", "MAIL"])
      assert.strictEqual(result.recorder.tls()[0]?.count, 1)
    })
  )

  it.scoped("what was offered before TLS is void", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, nth }) =>
        moment === "hello"
          ? { say: nth === 0 ? "250-x\r\n250-PIPELINING\r\n250 STARTTLS\r\n" : "250 x\r\n" }
          : undefined
      const result = yield* drive(
        simulate({ messages: 1, tls: "starttls", pipelining: "on" }, { server: offered, script })
      )
      assert.strictEqual(result.accounting.accepted, 1)
      const [mail] = result.server.times("MAIL")
      assert.isDefined(mail)
      // In a group they would be one write; here each waits for the reply before it.
      assert.strictEqual(result.recorder.histogram("rcpt", "accepted") !== undefined, true)
    })
  )

  it.scoped("starttls: a server that does not offer it costs the message, and is told so once", () =>
    Effect.gen(function* () {
      const result = yield* run("starttls")
      assert.deepStrictEqual(result.ends, new Array(3).fill("Failed, NotOffered starttls"))
      const [error, ...others] = result.recorder.errors()
      assert.deepInclude(error, { kind: "NotOffered", step: "starttls", detail: "STARTTLS", count: 3 })
      assert.lengthOf(others, 0)
      assert.strictEqual(result.server.count("MAIL"), 0)
      assert.strictEqual(result.server.count("QUIT"), 3)
    })
  )

  it.scoped("if-offered: goes without, where it is not offered, and with it where it is", () =>
    Effect.gen(function* () {
      const without = yield* run("if-offered")
      assert.strictEqual(without.accounting.accepted, 3)
      assert.deepStrictEqual(without.recorder.tls(), [])
      const withIt = yield* run("if-offered", { server: offered })
      assert.strictEqual(withIt.accounting.accepted, 3)
      assert.strictEqual(withIt.recorder.tls()[0]?.count, 1)
    })
  )

  for (const tls of ["starttls", "if-offered"] as const) {
    it.scoped(`${tls}: a refusal costs the message; nothing is ever sent in plain text then`, () =>
      Effect.gen(function* () {
        const script = on("starttls", { say: "454 4.7.0 TLS not available\r\n" })
        const result = yield* run(tls, { server: offered, script })
        assert.deepStrictEqual(result.ends, new Array(3).fill("Rejected starttls 454"))
        assert.strictEqual(result.server.count("MAIL"), 0)
      })
    )
  }

  it.scoped("with -A a refusal costs the message its connection, and the next one has its own", () =>
    Effect.gen(function* () {
      const script = on("starttls", { say: "454 4.7.0 TLS not available\r\n" })
      const plan = { messages: 3, reuse: true, acceptRejection: true, tls: "starttls" } as const
      const result = yield* drive(simulate(plan, { server: offered, script }))
      assert.deepStrictEqual(result.ends, new Array(3).fill("Rejected starttls 454"))
      assert.strictEqual(result.server.count("connect"), 3)
      assert.isUndefined(result.fatal)
    })
  )

  for (const kind of Tls.kinds) {
    it.scoped(`a handshake that fails (${kind}) costs the message, and is counted by its kind`, () =>
      Effect.gen(function* () {
        const result = yield* run("starttls", { server: required, script: on("tls", { fail: kind }) })
        assert.deepStrictEqual(result.ends, new Array(3).fill("Failed, TlsFailed tls"))
        assert.deepInclude(result.recorder.errors()[0], { kind: "TlsFailed", step: "tls", detail: kind, count: 3 })
        assert.strictEqual(result.server.count("MAIL"), 0)
      })
    )
  }

  it.scoped("without --keep-going a handshake that fails ends the run", () =>
    Effect.gen(function* () {
      const script = on("tls", { fail: "certificate" })
      const result = yield* drive(simulate({ messages: 3, tls: "starttls" }, { server: required, script }))
      assert.strictEqual(result.fatal, "TlsFailed tls")
    })
  )

  it.scoped("a handshake that takes too long is a time-out of its own step, exactly", () =>
    Effect.gen(function* () {
      const result = yield* drive(
        simulate(
          { messages: 1, tls: "implicit", timeout: 7, keepGoing: true },
          { server: implicit, script: on("tls", { after: 60_000 }) }
        )
      )
      assert.deepStrictEqual(result.ends, ["Failed, ReplyTimeout tls"])
      assert.strictEqual(result.elapsed, 7000)
    })
  )

  it.scoped("a server that ends the connection instead is a lost connection", () =>
    Effect.gen(function* () {
      for (const [tls, server] of [
        ["starttls", required],
        ["implicit", implicit]
      ] as const) {
        const result = yield* run(tls, { server, script: on("tls", { say: "", end: "reset" }) })
        assert.deepStrictEqual(result.ends, new Array(3).fill("Failed, ConnectionLost tls"))
      }
    })
  )

  it.scoped("plain text in place of the handshake is told", () =>
    Effect.gen(function* () {
      const late = yield* run("starttls", { server: required, script: on("tls", { after: 20, say: "250 fake\r\n" }) })
      assert.deepStrictEqual(late.ends, new Array(3).fill("Failed, TlsFailed tls"))
      assert.strictEqual(late.recorder.errors()[0]?.detail, "plain")
      const script = on("starttls", { say: "220 go\r\n250 fake\r\n" })
      const early = yield* run("starttls", { server: required, script })
      assert.deepStrictEqual(early.ends, new Array(3).fill("Failed, TlsFailed tls"))
      assert.strictEqual(early.recorder.errors()[0]?.detail, "injection")
      assert.lengthOf(early.recorder.errors(), 1)
    })
  )

  it.scoped("a server that speaks first and in plain text does not speak TLS", () =>
    Effect.gen(function* () {
      const result = yield* run("implicit")
      assert.deepStrictEqual(result.ends, new Array(3).fill("Failed, TlsFailed tls"))
      assert.strictEqual(result.recorder.errors()[0]?.detail, "plain")
    })
  )

  it.scoped("the handshake is measured as a step of its own", () =>
    Effect.gen(function* () {
      const result = yield* drive(
        simulate({ messages: 1, tls: "starttls" }, { server: required, script: on("tls", { after: 34 }) })
      )
      const histogram = result.recorder.histogram("tls", "accepted")
      assert.isDefined(histogram)
      const [row] = [...result.recorder.durations()].filter(({ of }) => of === "tls")
      assert.strictEqual(row?.ending, "accepted")
      assert.strictEqual(result.elapsed, 34)
    })
  )

  it.scoped("a connection keeps its place in the gate until TLS stands", () =>
    Effect.gen(function* () {
      const result = yield* drive(
        simulate(
          { messages: 3, sessions: 3, connecting: 1, tls: "starttls" },
          { server: required, script: on("tls", { after: 400 }) }
        )
      )
      assert.deepStrictEqual(result.server.times("connect"), [0, 400, 800])
    })
  )
})

describe("--abandon of TLS", () => {
  for (const [step, tls, server, lines, handshakes] of [
    ["starttls", "starttls", required, ["EHLO", "STARTTLS"], 0],
    ["tls", "starttls", required, ["EHLO", "STARTTLS"], 1],
    ["tls", "implicit", implicit, [], 1],
    ["hello", "starttls", required, ["EHLO", "STARTTLS", "EHLO"], 1]
  ] as const) {
    it.scoped(`${tls}: leaves after ${step}, and nothing else is said`, () =>
      Effect.gen(function* () {
        const plan = { messages: 3, tls, abandon: `${step} close`, reuse: true, auth: "off" } as const
        for (const input of [plan, { ...plan, rate: "10/s", maxSessions: 2 }]) {
          const result = yield* drive(simulate(input, { server }))
          assert.isUndefined(result.fatal)
          assert.strictEqual(result.accounting.abandoned, 3)
          assert.deepStrictEqual(result.recorder.errors(), [])
          const said = commands(result).filter((what) => what !== "connect" && what !== "fin")
          assert.deepStrictEqual(said, [...lines, ...lines, ...lines])
          assert.strictEqual(result.recorder.tls()[0]?.count ?? 0, 3 * handshakes)
          assert.strictEqual(result.server.count("fin"), 3)
        }
      })
    )
  }

  it.scoped("a refusal of STARTTLS is one, and a server that does not offer it has nothing to be left after", () =>
    Effect.gen(function* () {
      const script = on("starttls", { say: "454 later\r\n" })
      const plan = { messages: 1, keepGoing: true, tls: "if-offered", abandon: "starttls" } as const
      const refused = yield* drive(simulate(plan, { server: offered, script }))
      assert.deepStrictEqual(refused.ends, ["Rejected starttls 454"])
    })
  )

  it("needs TLS", () => {
    const problems = (input: Plan.PlanInput) => PlanModule.problems({ target: "mail.example", ...input }).join("; ")
    assert.match(problems({ abandon: "tls" }), /--abandon tls needs --tls$/)
    assert.match(
      problems({ abandon: "starttls 5%", tls: "implicit" }),
      /--abandon starttls needs --tls starttls or if-/
    )
    assert.match(problems({ shapes: ["1: abandon tls"] }), /--abandon tls needs --tls/)
    assert.strictEqual(problems({ shapes: ["1: tls implicit, abandon tls"] }), "")
  })
})

describe("shapes with TLS and without", () => {
  const plan = { messages: 60, seed: "x", keepGoing: true, perConnection: "1" } as const
  const shaped = (shapes: ReadonlyArray<string>, input: Plan.PlanInput = {}, options: SimulationOptions = {}) =>
    drive(simulate({ ...plan, shapes, ...input }, { server: offered, ...options }))

  for (const input of [{}, { rate: "100/s", maxSessions: 1 }] as const) {
    it.scoped(`connections are of each by its weight, and counted apart: ${JSON.stringify(input)}`, () =>
      Effect.gen(function* () {
        const result = yield* shaped(["70%: tls starttls", "30%: tls off"], input)
        assert.strictEqual(result.accounting.accepted, 60)
        const secured = result.server.count("STARTTLS")
        assert.closeTo(secured / 60, 0.7, 0.15)
        assert.strictEqual(result.recorder.tls()[0]?.count, secured)
        const told = result.recorder.targets().map(({ accepted, opened, target }) => [target, opened, accepted])
        assert.deepStrictEqual(told, [
          ["server.in.memory:25 (STARTTLS)", secured, secured],
          ["server.in.memory:25 (without TLS)", 60 - secured, 60 - secured]
        ])
        // All introduce themselves alike.
        assert.strictEqual(result.server.count("EHLO"), 60 + secured)
        const again = yield* shaped(["70%: tls starttls", "30%: tls off"], input)
        assert.strictEqual(again.server.count("STARTTLS"), secured)
      })
    )
  }

  it.scoped("what a shape leaves open is as --tls says; all alike have no counts apart", () =>
    Effect.gen(function* () {
      const mixed = yield* shaped(["1: tls off", "1"], { tls: "starttls" })
      const count = mixed.server.count("STARTTLS")
      assert.isTrue(count > 0 && count < 60)
      const alike = yield* shaped(["1: per-connection 1", "1"], { tls: "starttls" })
      assert.strictEqual(alike.server.count("STARTTLS"), 60)
      assert.deepStrictEqual(alike.recorder.targets(), [])
    })
  )

  it.scoped("a server without TLS costs the messages of those that need it", () =>
    Effect.gen(function* () {
      const { accounting, recorder } = yield* shaped(["1: tls starttls", "1: tls if-offered"], {}, { server: {} })
      const failed = recorder.errors().find(({ kind }) => kind === "NotOffered")?.count ?? 0
      assert.isTrue(failed > 0 && failed < 60)
      assert.strictEqual(accounting.accepted, 60 - failed)
    })
  )

  it("what is wrong with them is told", () => {
    const problems = (input: Plan.PlanInput) => PlanModule.problems({ target: "mail.example", ...input }).join("; ")
    assert.match(problems({ shapes: ["1: tls maybe"] }), /expected off, starttls, if-offered or implicit/)
    assert.match(problems({ shapes: ["1: tls"] }), /expected what tls is to be/)
    assert.match(problems({ shapes: ["1: tls off"], tlsName: "x" }), /options that begin with --tls- need --tls/)
    assert.strictEqual(problems({ shapes: ["1: tls implicit"], tlsName: "x" }), "")
    assert.match(problems({ shapes: ["1: tls starttls"], bare: true }), /STARTTLS needs EHLO/)
    assert.match(
      problems({ tls: "starttls", shapes: ["1: tls off", "9"], requireTls: true }),
      /--require-tls needs --tls/
    )
    const login = { tls: "starttls", auth: "plain", user: "load" } as const
    assert.match(problems({ ...login, shapes: ["1: tls off", "9"] }), /show the password/)
    assert.strictEqual(problems({ ...login, shapes: ["1: tls implicit", "9"] }), "")
    const sink = PlanModule.problems({ sink: true, shapes: ["1: tls implicit", "1: tls off"] })
    assert.match(sink.join(), /--sink has implicit TLS for all connections or for none/)
  })
})

describe("the sink", () => {
  it.scoped("required: refuses what must not come before TLS", () =>
    Effect.gen(function* () {
      const result = yield* drive(simulate({ messages: 1, keepGoing: true }, { server: required }))
      assert.deepStrictEqual(result.ends, ["Rejected hello 530"])
    })
  )
})
