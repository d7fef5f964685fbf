import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Plan from "../../src/plan/Plan.js"
import type { TlsFiles } from "../../src/plan/TlsFields.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Target from "../../src/smtp/Target.js"
import type { TlsSettings } from "../../src/smtp/Tls.js"
import { type ConnectOptions, Connector, type Script, type Wire } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { connectionsOf, type Way, ways } from "./Ways.js"
import { well } from "./WorkersHere.js"

// What is not the dialogue's but the connection's own business reaches whoever opens connections, however a plan is run.

interface Asked extends Partial<ConnectOptions> {
  readonly target: string
}

/** What a connector was asked for, and the settings with which TLS was begun over its wires. */
class Recording extends Context.Tag("Recording")<
  Recording,
  { readonly asked: Array<Asked>; readonly secured: Array<TlsSettings> }
>() {}

/** A script that tells of its exchanges. */
function* told<A>(script: Script<A>, tell: (settings: TlsSettings) => void): Script<A> {
  let turn = script.next([])
  while (turn.done !== true) {
    const { secure } = turn.value
    if (secure !== undefined) tell(secure)
    turn = script.next(yield turn.value)
  }
  return turn.value
}

const recording = Layer.effectContext(
  Effect.gen(function* () {
    const inner = yield* Connector
    const asked: Array<Asked> = []
    const secured: Array<TlsSettings> = []
    const connector = Connector.of({
      connect: (target, options) =>
        Effect.map(inner.connect(target, options), (wire): Wire => {
          asked.push({ ...options, target: Target.format(target) })
          const converse = wire.converse.bind(wire) as Wire["converse"]
          const tell = (settings: TlsSettings) => void secured.push(settings)
          return Object.assign(wire, {
            converse: <A>(script: () => Script<A>) => converse(() => told(script(), tell))
          })
        })
    })
    return Context.make(Connector, connector).pipe(Context.add(Recording, { asked, secured }))
  })
)

const target = "mail.example:2525"
const identity = Redacted.make({ certificate: "certificate", key: "key" })
const tls: Plan.PlanInput = { tls: "starttls" }

interface Row {
  readonly name: string
  readonly input: Plan.PlanInput
  readonly files?: TlsFiles
  readonly asked?: Partial<Asked>
  readonly secured?: Partial<TlsSettings>
}

const rows: ReadonlyArray<Row> = [
  {
    name: "nothing but the target",
    input: {},
    asked: { family: "any", windowSize: undefined, bytesPerSecond: undefined, timeout: 300_000 }
  },
  { name: "another target", input: { target: "other.example:26" }, asked: { target: "other.example:26" } },
  { name: "--connect-to", input: { connectTo: ["::other.example:26"] }, asked: { target: "other.example:26" } },
  { name: "-4", input: { family: "ipv4" }, asked: { family: "ipv4" } },
  { name: "-6", input: { family: "ipv6" }, asked: { family: "ipv6" } },
  { name: "-T", input: { windowSize: 4321 }, asked: { windowSize: 4321 } },
  { name: "--send-rate", input: { sendRate: 7_000_000 }, asked: { bytesPerSecond: 7_000_000 } },
  { name: "--timeout", input: { timeout: 7 }, asked: { timeout: 7000 } },
  { name: "--source", input: { source: "192.0.2.7" }, asked: { source: "192.0.2.7" } },
  { name: "--tls", input: tls, secured: { name: "mail.example", verify: "full", oldest: "1.2", newest: "1.3" } },
  { name: "--tls-verify", input: { ...tls, tlsVerify: "chain" }, secured: { verify: "chain" } },
  { name: "--tls-name", input: { ...tls, tlsName: "mx.example" }, secured: { name: "mx.example" } },
  {
    name: "--tls-pin",
    input: { ...tls, tlsPins: [`sha256:${"A".repeat(43)}=`] },
    secured: { pins: [`${"A".repeat(43)}=`] }
  },
  { name: "--tls-versions", input: { ...tls, tlsVersions: "1.3" }, secured: { oldest: "1.3", newest: "1.3" } },
  { name: "--tls-ciphers", input: { ...tls, tlsCiphers: "HIGH" }, secured: { ciphers: "HIGH" } },
  { name: "--tls-groups", input: { ...tls, tlsGroups: "X25519" }, secured: { groups: "X25519" } },
  { name: "--tls-resume", input: { ...tls, tlsResume: "40%" }, secured: { resume: 0.4 } },
  { name: "--tls-keylog", input: { ...tls, tlsKeylog: "keys" }, secured: { keylog: "keys" } },
  { name: "what --tls-ca holds", input: tls, files: { ca: "authority" }, secured: { ca: "authority" } }
]

const run = (way: Way, input: Plan.PlanInput, files: TlsFiles | undefined) =>
  Effect.gen(function* () {
    yield* ways[way]({ target, helloName: "me.example", ...input }, files === undefined ? {} : { tls: files })
    return yield* Recording
  }).pipe(
    Effect.provide(
      Layer.provideMerge(well, Layer.provide(recording, TestServer.layer({ tls: input.tls ? "offered" : "off" })))
    ),
    (program) => Simulation.run(program)
  )

for (const way of Object.keys(ways) as ReadonlyArray<Way>) {
  describe(`the connector of ${way}`, () => {
    const connections = connectionsOf(way)

    for (const { asked = {}, files, input, name, secured = {} } of rows) {
      it.effect(`is given ${name}`, () =>
        Effect.gen(function* () {
          const seen = yield* run(way, input, files)
          assert.lengthOf(seen.asked, connections)
          for (const one of seen.asked) {
            assert.deepInclude(one, { target, ...asked })
            assert.strictEqual(one.source, asked.source)
          }
          assert.lengthOf(seen.secured, input.tls === undefined ? 0 : connections)
          for (const one of seen.secured) assert.deepInclude(one, secured)
        })
      )
    }

    it.effect("is given the identity of --tls-cert and --tls-key, which no text shows", () =>
      Effect.gen(function* () {
        const { secured } = yield* run(way, tls, { identity })
        assert.lengthOf(secured, connections)
        for (const one of secured) {
          assert.deepStrictEqual(one.identity && Redacted.value(one.identity), Redacted.value(identity))
          assert.notInclude(JSON.stringify(one), "certificate")
        }
      })
    )

    it.effect("is given the addresses of --source in turn", () =>
      Effect.gen(function* () {
        const sources = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
        const { asked } = yield* run(way, { source: "192.0.2.1,192.0.2.2/31" }, undefined)
        const threads = way === "a run over threads" ? 2 : 1
        // Each thread begins with the first.
        const turns = Array.from({ length: connections }, (_, turn) => sources[Math.floor(turn / threads) % 3])
        assert.deepStrictEqual(
          asked.map(({ source }) => source),
          turns
        )
      })
    )
  })
}
