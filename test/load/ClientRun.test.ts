import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Plan from "../../src/plan/Plan.js"
import { drive, type SimulationOptions, simulate } from "./ScriptedServer.js"

const offers = ["XCLIENT NAME ADDR PORT", "PIPELINING"]

const run = (input: Plan.PlanInput, options: SimulationOptions = {}) =>
  drive(simulate({ messages: 2, ...input }, { offers, ...options }))

const said = ({ server }: { readonly server: { readonly events: ReadonlyArray<{ readonly what: string }> } }) =>
  server.events.map(({ what }) => what).filter((what) => /^(?:EHLO|HELO|XCLIENT|MAIL|STARTTLS|PROXY)/.test(what))

describe("clients that each connection has", () => {
  it.scoped("XCLIENT comes after EHLO, and EHLO once more after it", () =>
    Effect.gen(function* () {
      const result = yield* run({ xclient: "ADDR,NAME=c{n}.example", clientAddresses: "192.0.2.0/24", from: "a@b" })
      assert.strictEqual(result.accounting.accepted, 2)
      assert.deepStrictEqual(said(result), [
        "EHLO localhost",
        "XCLIENT ADDR=192.0.2.0 NAME=c1.example",
        "EHLO localhost",
        "MAIL FROM:<a@b>",
        "EHLO localhost",
        "XCLIENT ADDR=192.0.2.1 NAME=c2.example",
        "EHLO localhost",
        "MAIL FROM:<a@b>"
      ])
      assert.isDefined(result.recorder.histogram("xclient", "accepted"))
    })
  )

  it.scoped("it comes after TLS, and what was offered before it is void", () =>
    Effect.gen(function* () {
      const asked = { xclient: "NAME=x", tls: "starttls", pipelining: "on", messages: 1 } as const
      const result = yield* run(asked, { server: { tls: "required" } })
      assert.strictEqual(result.accounting.accepted, 1)
      assert.deepStrictEqual(
        said(result).map((line) => line.split(" ")[0]),
        ["EHLO", "STARTTLS", "EHLO", "XCLIENT", "EHLO", "MAIL"]
      )
      const none = yield* run(asked, { offers: ["XCLIENT NAME"] })
      assert.strictEqual(none.fatal, "NotOffered starttls")
      assert.notInclude(said(none).join(), "XCLIENT")
    })
  )

  it.scoped("what of it is not offered costs the message; send says it all the same", () =>
    Effect.gen(function* () {
      const asked = { xclient: "HELO=x", keepGoing: true, messages: 1 } as const
      const missing = yield* run(asked)
      assert.deepStrictEqual(missing.ends, ["Failed, NotOffered xclient"])
      assert.strictEqual(missing.recorder.errors()[0]?.detail, "XCLIENT HELO")
      const none = yield* run(asked, { offers: [] })
      assert.strictEqual(none.recorder.errors()[0]?.detail, "XCLIENT")
      const sent = yield* run({ ...asked, notify: "never", whenNotOffered: "send" }, { offers: ["DSN"] })
      assert.deepStrictEqual(sent.ends, ["Rejected xclient 500"])
    })
  )

  it.scoped("what is not offered is left out where that is asked for, and counted for each message", () =>
    Effect.gen(function* () {
      const asked = { xclient: "HELO=x,NAME=y", whenNotOffered: "skip", messages: 3, reuse: true } as const
      const some = yield* run(asked)
      assert.strictEqual(some.accounting.accepted, 3)
      assert.include(said(some), "XCLIENT NAME=y")
      assert.deepStrictEqual(some.recorder.without(), [{ what: "XCLIENT HELO", messages: 3 }])
      const none = yield* run(asked, { offers: [] })
      assert.strictEqual(none.accounting.accepted, 3)
      assert.notInclude(said(none).join(), "XCLIENT")
      assert.deepStrictEqual(none.recorder.without(), [{ what: "XCLIENT", messages: 3 }])
    })
  )

  it.scoped("clients of a file take turns, or belong to sessions", () =>
    Effect.gen(function* () {
      const clients = Buffer.from("NAME,ADDR\na.example,192.0.2.1\nb.example,192.0.2.2\nc.example,192.0.2.3\n")
      const lines = (result: Parameters<typeof said>[0]) => said(result).filter((line) => line.startsWith("XCLIENT"))
      const asked = { clients: "clients.csv", xclient: "NAME", messages: 4 } as const
      const round = yield* run(asked, { clients })
      assert.deepStrictEqual(
        lines(round),
        ["a", "b", "c", "a"].map((name) => `XCLIENT NAME=${name}.example`)
      )
      const sessions = yield* run({ ...asked, clientOrder: "session", sessions: 2, messages: 8 }, { clients })
      assert.deepStrictEqual([...new Set(lines(sessions))].sort(), ["XCLIENT NAME=a.example", "XCLIENT NAME=b.example"])
    })
  )

  describe("of messages, by XFORWARD", () => {
    const forwarding = ["XFORWARD NAME ADDR PROTO HELO SOURCE", "PIPELINING"]
    const asked = { xforward: "ADDR,NAME=m{n}.example", clientAddresses: "192.0.2.0/24", from: "a@b" } as const
    const lines = ({ server }: { readonly server: { readonly events: ReadonlyArray<{ readonly what: string }> } }) =>
      server.events.map(({ what }) => what).filter((what) => /^(?:EHLO|XFORWARD|MAIL)/.test(what))

    for (const pipelining of ["off", "on"] as const) {
      it.scoped(`each has the next one, over the same connection, with pipelining ${pipelining}`, () =>
        Effect.gen(function* () {
          const result = yield* run({ ...asked, reuse: true, pipelining }, { offers: forwarding })
          assert.strictEqual(result.accounting.accepted, 2)
          assert.deepStrictEqual(lines(result), [
            "EHLO localhost",
            "XFORWARD ADDR=192.0.2.0 NAME=m1.example",
            "MAIL FROM:<a@b>",
            "XFORWARD ADDR=192.0.2.1 NAME=m2.example",
            "MAIL FROM:<a@b>"
          ])
          assert.isDefined(result.recorder.histogram("xforward", "accepted"))
        })
      )
    }

    it.scoped("what is not offered fails the message, or is left out, or said all the same", () =>
      Effect.gen(function* () {
        const plan = { xforward: "IDENT=x,NAME=y", keepGoing: true, messages: 2, reuse: true } as const
        const failed = yield* run(plan, { offers: forwarding })
        assert.deepStrictEqual(failed.ends, ["Failed, NotOffered xforward", "Failed, NotOffered xforward"])
        assert.strictEqual(failed.recorder.errors()[0]?.detail, "XFORWARD IDENT")
        const skipped = yield* run({ ...plan, whenNotOffered: "skip" }, { offers: forwarding })
        assert.strictEqual(skipped.accounting.accepted, 2)
        assert.include(lines(skipped), "XFORWARD NAME=y")
        assert.deepStrictEqual(skipped.recorder.without(), [{ what: "XFORWARD IDENT", messages: 2 }])
        const none = yield* run({ ...plan, whenNotOffered: "skip" }, { offers: [] })
        assert.notInclude(lines(none).join(), "XFORWARD")
        assert.deepStrictEqual(none.recorder.without(), [{ what: "XFORWARD", messages: 2 }])
        const sent = yield* run({ ...plan, whenNotOffered: "send" }, { offers: [] })
        assert.deepStrictEqual(sent.ends, ["Rejected xforward 500", "Rejected xforward 500"])
      })
    )

    it.scoped("a connection that is lost there costs that message, whatever became of the one before", () =>
      Effect.gen(function* () {
        const script: SimulationOptions["script"] = ({ line, total }) =>
          line.startsWith("XFORWARD") && total === 1 ? { say: "", end: "reset" } : undefined
        for (const chunking of ["off", "on"] as const) {
          const offers = [...forwarding, "CHUNKING"]
          const result = yield* run({ ...asked, reuse: true, chunking, pipelining: "on" }, { offers, script })
          assert.deepStrictEqual(result.ends, ["Accepted", "Failed, ConnectionLost xforward"])
        }
        const again = yield* run({ ...asked, reuse: true, keepGoing: true }, { offers: forwarding, script })
        assert.deepStrictEqual(again.ends, ["Accepted", "Accepted"])
      })
    )

    it.scoped("a refusal costs the message, and the next one goes over the same connection", () =>
      Effect.gen(function* () {
        const script: SimulationOptions["script"] = ({ line, total }) =>
          line.startsWith("XFORWARD") && total === 0 ? { say: "550 5.7.0 no\r\n" } : undefined
        const result = yield* run({ ...asked, reuse: true, keepGoing: true }, { offers: forwarding, script })
        assert.deepStrictEqual(result.ends, ["Rejected xforward 550", "Accepted"])
        assert.lengthOf(result.server.times("EHLO"), 1)
      })
    )
  })

  it.scoped("a refusal costs the message", () =>
    Effect.gen(function* () {
      const script: SimulationOptions["script"] = ({ moment }) =>
        moment === "xclient" ? { say: "550 5.7.0 not you\r\n" } : undefined
      const result = yield* run({ xclient: "NAME=x", keepGoing: true, messages: 1 }, { script })
      assert.deepStrictEqual(result.ends, ["Rejected xclient 550"])
    })
  )

  it.scoped("each connection has a name of its own", () =>
    Effect.gen(function* () {
      const result = yield* run({ helloPattern: "client{n}.example", from: "a@b", sessions: 2 })
      assert.deepStrictEqual(
        said(result)
          .filter((line) => line.startsWith("HELO"))
          .sort(),
        ["HELO client1.example", "HELO client2.example"]
      )
    })
  )

  it.scoped("the header of PROXY comes before anything else", () =>
    Effect.gen(function* () {
      const sent: Array<string> = []
      const onTrace = (direction: "sent" | "received", text: string) => {
        sent.push(`${direction} ${text}`)
      }
      const result = yield* run({ proxy: "1", clientAddresses: "192.0.2.7", messages: 1, keepGoing: true }, { onTrace })
      assert.strictEqual(sent[0], "sent PROXY TCP4 192.0.2.7 127.0.0.1 1024 25\r\n")
      // This server does not expect it.
      assert.strictEqual(result.server.count("PROXY"), 1)
    })
  )
})
