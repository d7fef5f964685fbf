import { createRequire } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Load from "../../src/load/Load.js"
import * as NodeConnector from "../../src/node/NodeConnector.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as Plan from "../../src/plan/Plan.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as SocksServer from "./SocksServer.js"

const hasPackage = (() => {
  try {
    return createRequire(import.meta.url).resolve("socks") !== ""
  } catch {
    return false
  }
})()

const login = { user: "me", password: "MARK secret" }

/** Runs a plan through a proxy before a sink. */
const run = (
  input: Plan.PlanInput,
  proxy: Omit<SocksServer.SocksServerOptions, "to"> = {},
  config: SinkConfig = {},
  socksLogin?: typeof login
) =>
  Effect.gen(function* () {
    const sinks = yield* EmbeddedSink
    const sink = yield* sinks.start(config)
    const { target } = sink
    const server = yield* SocksServer.make({ ...proxy, to: target._tag === "Inet" ? target.port : 0 })
    const plan = Plan.make({ target: "mail.example", socks: `127.0.0.1:${server.port}`, keepGoing: true, ...input })
    const options = {
      tls: { ca: sink.certificate },
      ...(socksLogin === undefined ? {} : { socksLogin: Redacted.make(socksLogin) })
    }
    const result = yield* Load.run(plan, options).pipe(Effect.provide(NodeConnector.layer))
    assert.deepStrictEqual(result.violations, [])
    const [error] = result.recorder.errors()
    return { ...result, asked: server.asked, counts: yield* sink.counts, plan, trouble: error?.example }
  }).pipe(Effect.scoped, Effect.provide(NodeSink.layer({ thread: false })))

describe.skipIf(!hasPackage)("a SOCKS proxy (the package socks)", () => {
  it.live("passes connections on to the target, whose name it looks up", () =>
    Effect.gen(function* () {
      const { accounting, asked, counts } = yield* run({ messages: 40, sessions: 4, target: "mail.example:2525" })
      assert.strictEqual(accounting.accepted, 40)
      assert.strictEqual(counts.messages, 40)
      assert.deepStrictEqual(asked, Array(40).fill("mail.example:2525"))
    })
  )

  it.live("is told addresses as addresses, and its answers may come byte by byte", () =>
    Effect.gen(function* () {
      const plan: Plan.PlanInput = { messages: 4, target: "192.0.2.1,[2001:db8::1]:26", reuse: true, sessions: 2 }
      const { accounting, asked } = yield* run(plan, { drips: true })
      assert.strictEqual(accounting.accepted, 4)
      assert.sameMembers([...asked], ["192.0.2.1:25", "[20010db8000000000000000000000001]:26"])
    })
  )

  it.live("is logged in to, and TLS is the target's own", () =>
    Effect.gen(function* () {
      for (const tls of ["starttls", "implicit"] as const) {
        const config: SinkConfig = { tls: tls === "implicit" ? "implicit" : "required" }
        const plan: Plan.PlanInput = { messages: 3, target: "localhost:25", tls }
        const proxy = { login: "me:MARK secret", merges: tls === "starttls" }
        const { accounting, asked, recorder } = yield* run(plan, proxy, config, login)
        assert.strictEqual(accounting.accepted, 3, tls)
        assert.deepStrictEqual(asked, Array(3).fill("me@localhost:25"))
        assert.strictEqual(recorder.tls()[0]?.trust, "name")
      }
    })
  )

  it.live.each<readonly [string, SocksServer.SocksServerOptions, RegExp, (typeof login | undefined)?]>([
    ["that refuses", { reply: 5 }, /: it did not connect us: connection refused$/],
    ["that wants a login", { login: "a:b" }, /: it wants a login that we do not have; see --socks-login$/],
    ["that does not know us", { login: "a:b" }, /: it refused the login of --socks-login$/, login],
    ["that is a mail server", { first: Buffer.from("220 mail.example ESMTP\r\n") }, /: it does not speak SOCKS5$/],
    ["that answers nothing", { first: "nothing" }, /connection timed out$/],
    ["that leaves", { first: "end" }, /127\.0\.0\.1:\d+: (?:connection aborted|it closed the connection)$/]
  ])("%s costs the message, by a line that names it", ([, proxy, reason, known]) =>
    Effect.gen(function* () {
      const { accounting, plan, recorder, trouble } = yield* run({ messages: 1, timeout: 1 }, proxy, {}, known)
      assert.strictEqual(accounting.failed, 1)
      assert.strictEqual(recorder.connections().failed, 1)
      assert.match(trouble!, /^connect to mail\.example:25: SOCKS proxy 127\.0\.0\.1:\d+: /)
      assert.match(trouble!, reason)
      assert.notMatch(JSON.stringify([trouble, plan]), /MARK/)
    })
  )

  it.live("that is not there is told from a target that is not", () =>
    Effect.gen(function* () {
      const { trouble } = yield* run({ messages: 1, socks: "127.0.0.1:1" })
      assert.strictEqual(trouble, "connect to mail.example:25: SOCKS proxy 127.0.0.1:1: connection refused")
    })
  )
})
