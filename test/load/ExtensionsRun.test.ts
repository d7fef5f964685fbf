import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Plan from "../../src/plan/Plan.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import { overOne, simulate as simulateScenario } from "./scenario/scenarios.js"
import { drive, type SimulationOptions, simulate } from "./ScriptedServer.js"

const all = ["PIPELINING", "SIZE 1000", "8BITMIME", "SMTPUTF8", "DSN"]

const run = (input: Plan.PlanInput, options: SimulationOptions = { offers: all }) =>
  drive(simulate({ messages: 3, reuse: true, ...input }, options))

const said = (
  { server }: { readonly server: { readonly events: ReadonlyArray<{ readonly what: string }> } },
  verb: string
) => server.events.map(({ what }) => what).filter((what) => what.startsWith(verb))

describe("extensions in a run", () => {
  it.scoped("any of them makes it EHLO, and stands in each transaction", () =>
    Effect.gen(function* () {
      const result = yield* run({ notify: "never", dsnReturn: "headers", envelopeId: "m{n}", from: "a@b", to: "c@d" })
      assert.strictEqual(result.accounting.accepted, 3)
      assert.lengthOf(said(result, "EHLO"), 1)
      assert.deepStrictEqual(
        said(result, "MAIL"),
        [1, 2, 3].map((n) => `MAIL FROM:<a@b> RET=HDRS ENVID=m${n}`)
      )
      assert.deepStrictEqual(said(result, "RCPT"), new Array(3).fill("RCPT TO:<c@d> NOTIFY=NEVER"))
    })
  )

  it.scoped("with the envelope in one write, and the next one behind the dot, it is the same", () =>
    Effect.gen(function* () {
      const asked = { declareSize: true, notify: "failure", numberRecipients: true, recipients: 2 } as const
      const one = yield* run(asked)
      const full = yield* run({ ...asked, pipelining: "full" })
      assert.strictEqual(full.accounting.accepted, 3)
      assert.deepStrictEqual(said(full, "MAIL"), said(one, "MAIL"))
      assert.deepStrictEqual(said(full, "RCPT"), said(one, "RCPT"))
    })
  )

  it.scoped("SIZE is the size of the message, to the byte", () =>
    Effect.gen(function* () {
      const result = yield* run({ messages: 1, declareSize: true })
      const size = Number(/SIZE=(\d+)$/.exec(said(result, "MAIL")[0]!)![1])
      assert.strictEqual(size, result.server.accepted[0]!.length - ".\r\n".length)
    })
  )

  it.scoped("SIZE is that of each message, where sizes are drawn", () =>
    Effect.gen(function* () {
      const offers = ["SIZE 100000000", "8BITMIME"]
      for (const body of ["text", "words", "random"]) {
        const result = yield* run({ messages: 5, declareSize: true, body, length: "10k..50k", seed: "x" }, { offers })
        const sizes = said(result, "MAIL").map((line) => Number(/SIZE=(\d+)$/.exec(line)![1]))
        assert.deepStrictEqual(
          sizes,
          result.server.accepted.map(({ length }) => length - ".\r\n".length)
        )
        assert.strictEqual(new Set(sizes).size, 5)
      }
    })
  )

  it.scoped("a header beyond ASCII is 8BITMIME", () =>
    Effect.gen(function* () {
      const result = yield* run({ messages: 1, pipelining: "on", headers: "X-One: \u00fc" })
      assert.match(said(result, "MAIL")[0]!, / BODY=8BITMIME$/)
    })
  )

  it.scoped("a size that is too large is refused with the sender", () =>
    Effect.gen(function* () {
      const server = { maxMessageSize: 100 }
      const result = yield* run({ length: 1000, declareSize: true, keepGoing: true }, { offers: all, server })
      assert.deepStrictEqual(result.ends, new Array(3).fill("Rejected mail 552"))
      assert.strictEqual(result.server.count("DATA"), 0)
    })
  )

  it.scoped("what is not offered costs the message, and nothing of it is sent", () =>
    Effect.gen(function* () {
      const result = yield* run({ notify: "never", keepGoing: true }, { offers: ["SIZE"] })
      assert.deepStrictEqual(result.ends, new Array(3).fill("Failed, NotOffered rcpt"))
      assert.deepInclude(result.recorder.errors()[0], { kind: "NotOffered", detail: "DSN", count: 3 })
      assert.strictEqual(result.server.count("MAIL"), 0)
    })
  )

  it.scoped("it ends the run that does not go on whatever happens", () =>
    Effect.gen(function* () {
      const result = yield* run({ declareSize: true }, { offers: [] })
      assert.strictEqual(result.fatal, "NotOffered mail")
    })
  )

  it.scoped("a server that does not know EHLO offers nothing", () =>
    Effect.gen(function* () {
      const result = yield* run(
        { declareSize: true },
        { offers: all, script: ({ line }) => (line.startsWith("EHLO") ? { say: "500 what?\r\n" } : undefined) }
      )
      assert.strictEqual(result.fatal, "NotOffered mail")
      assert.lengthOf(said(result, "HELO"), 1)
    })
  )

  it.scoped("skip: goes without, and counts the messages", () =>
    Effect.gen(function* () {
      const asked = { notify: "never", declareSize: true, whenNotOffered: "skip" } as const
      const result = yield* run(asked, { offers: ["SIZE"] })
      assert.strictEqual(result.accounting.accepted, 3)
      assert.deepStrictEqual(result.recorder.without(), [{ what: "DSN", messages: 3 }])
      assert.notMatch(said(result, "RCPT").join(), /NOTIFY/)
      assert.match(said(result, "MAIL").join(), /SIZE=/)
    })
  )

  it.scoped("send: says it all the same, and has the server's answer", () =>
    Effect.gen(function* () {
      const result = yield* run({ notify: "never", whenNotOffered: "send", keepGoing: true }, { offers: [] })
      assert.deepStrictEqual(result.ends, new Array(3).fill("Rejected rcpt 555"))
    })
  )

  it.scoped("parameters as they are need no offer", () =>
    Effect.gen(function* () {
      const result = yield* run({ mailParameters: ["HOLDFOR=60"], keepGoing: true, messages: 1 }, { offers: [] })
      assert.deepStrictEqual(result.ends, ["Rejected mail 555"])
      assert.match(said(result, "MAIL")[0]!, / HOLDFOR=60$/)
    })
  )

  it.scoped("with rows, each message has SMTPUTF8 that has an address beyond ASCII, and no other", () =>
    Effect.gen(function* () {
      const data = new TextEncoder().encode("a,b\nann,x\nbjörn,y\ncéline,z\ndan,ü\n")
      const of = (to: string) =>
        Effect.map(
          drive(
            simulate(
              {
                messages: 4,
                reuse: true,
                notify: "never",
                from: "me@x",
                to,
                expand: true,
                data: "u",
                headers: "X: {{row.b}}"
              },
              { offers: all, parts: { data, rows: 4 } }
            )
          ),
          (result) => said(result, "MAIL").map((line) => line.includes("SMTPUTF8"))
        )
      assert.deepStrictEqual(yield* of("{{row.a}}@x"), [false, true, true, false])
      assert.deepStrictEqual(yield* of("{{pick ü|ü}}@x"), [true, true, true, true])
      assert.deepStrictEqual(yield* of("you@x"), [false, false, false, false])
    })
  )

  it.scoped("an address beyond ASCII needs SMTPUTF8 once EHLO is said, and HELO leaves it as it was", () =>
    Effect.gen(function* () {
      const from = "ü@example.com"
      const offered = yield* run({ from, pipelining: "on", messages: 1 })
      assert.match(said(offered, "MAIL")[0]!, / BODY=8BITMIME SMTPUTF8$/)
      const none = yield* run({ from, pipelining: "on", messages: 1 }, { offers: ["PIPELINING"] })
      assert.strictEqual(none.fatal, "NotOffered mail")
      const old = yield* run({ from, messages: 1 })
      assert.match(said(old, "MAIL")[0]!, />$/)
    })
  )

  it.scoped("a connection carries no more messages than the server's LIMITS allow", () =>
    Effect.gen(function* () {
      const server = { offers: ["PIPELINING", "SIZE", "LIMITS RCPTMAX=100 MAILMAX=2"] }
      for (const pipelining of ["on", "full"] as const) {
        const result = yield* run({ pipelining, messages: 5 }, server)
        assert.strictEqual(result.accounting.accepted, 5)
        assert.strictEqual(result.server.count("connect"), 3)
        assert.strictEqual(result.server.count("QUIT"), 3)
      }
      const fewer = yield* run({ declareSize: true, messages: 3, reuse: false, perConnection: "1" }, server)
      assert.strictEqual(fewer.server.count("connect"), 3)
      const due = yield* run({ rate: "100/s", maxSessions: 1, pipelining: "on", messages: 5 }, server)
      assert.strictEqual(due.accounting.accepted, 5)
      assert.isAtLeast(due.server.count("connect"), 3)
      // HELO has no offers.
      const old = yield* run({ messages: 5 }, server)
      assert.strictEqual(old.server.count("connect"), 1)
    })
  )

  it.scoped("more recipients than LIMITS allows are sent all the same, and told of once", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const onTrouble = (kind: string, text: string) => told.push(`${kind}: ${text}`)
      const limited = { offers: ["PIPELINING", "CHUNKING", "LIMITS RCPTMAX=2"], onTrouble }
      const ways = [{ pipelining: "on" }, { pipelining: "full", chunking: "on", depth: 2 }] as const
      for (const way of ways) {
        const result = yield* run({ ...way, recipients: 3 }, limited)
        assert.strictEqual(result.accounting.recipients.accepted, 9)
        assert.deepStrictEqual(told, [
          "RCPTMAX: the server says that it takes 2 recipients with a message (LIMITS RCPTMAX), and is sent more: it may refuse them"
        ])
        told.length = 0
        yield* run({ ...way, recipients: 2 }, limited)
        assert.deepStrictEqual(told, [])
      }
    })
  )

  it.effect(
    "in a scenario, a connection that is kept is replaced when it has carried as many; who sends more is told",
    () =>
      Effect.gen(function* () {
        const offers = ["LIMITS MAILMAX=2"]
        const asked = { messages: 5, declareSize: true, whenNotOffered: "skip" } as const
        const over = yield* simulateScenario(
          asked,
          Scenario.forEachMessage((message) =>
            Effect.flatMap(Scenario.kept, (wire) => Scenario.deliver(wire, message))
          ),
          { offers }
        )
        assert.strictEqual(over.accounting.accepted, 5)
        assert.lengthOf(over.server.sessions, 3)
        assert.lengthOf(
          over.server.log.filter(({ line }) => line === "QUIT"),
          3
        )
        const told: Array<string> = []
        const onTrouble = (kind: string) => told.push(kind)
        const one = yield* simulateScenario(asked, overOne(), { offers, run: { onTrouble } })
        assert.strictEqual(one.accounting.accepted, 5)
        assert.deepStrictEqual(told, ["MAILMAX"])
      })
  )

  it.scoped("messages that are due have them, too", () =>
    Effect.gen(function* () {
      const result = yield* run({ rate: "10/s", notify: "never", envelopeId: "{n}" })
      assert.deepStrictEqual(
        said(result, "MAIL").map((line) => line.split(" ").at(-1)),
        ["ENVID=1", "ENVID=2", "ENVID=3"]
      )
      assert.lengthOf(
        said(result, "RCPT").filter((line) => line.endsWith("NOTIFY=NEVER")),
        3
      )
    })
  )

  it.effect("the messages of a scenario have them, and one that cannot have them is not sent", () =>
    Effect.gen(function* () {
      const all = Scenario.forEachMessage((message) =>
        Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
      )
      const asked = { messages: 2, notify: "never" } as const
      const offered = yield* simulateScenario(asked, all)
      assert.strictEqual(offered.accounting.accepted, 2)
      assert.lengthOf(
        offered.server.log.filter(({ line }) => line.endsWith(" NOTIFY=NEVER")),
        2
      )
      const without = yield* simulateScenario(asked, all, { offers: [] })
      assert.strictEqual(without.accounting.failed, 2)
      assert.deepInclude(without.recorder.errors()[0], { kind: "NotOffered", detail: "DSN", count: 2 })
      const skipped = yield* simulateScenario({ ...asked, whenNotOffered: "skip" }, all, { offers: [] })
      assert.strictEqual(skipped.accounting.accepted, 2)
      assert.deepStrictEqual(skipped.recorder.without(), [{ what: "DSN", messages: 2 }])
    })
  )
})
