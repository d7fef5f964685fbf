import * as net from "node:net"
import type * as dns from "node:dns"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Watchdog from "../../src/load/Watchdog.js"
import { Recorder } from "../../src/measure/Recorder.js"
import { type Endpoint, type Lookup, NameLookup } from "../../src/node/NameLookup.js"
import * as NodeConnector from "../../src/node/NodeConnector.js"
import * as Target from "../../src/smtp/Target.js"
import { type ConnectOptions, Connector } from "../../src/smtp/Wire.js"
import * as TestClock from "effect/TestClock"

type Answer = (error: NodeJS.ErrnoException | null, addresses: ReadonlyArray<dns.LookupAddress>) => void

/** A lookup that answers when it is told to. */
const make = Effect.gen(function* () {
  const asked: Array<{ readonly host: string; readonly family: unknown; readonly answer: Answer }> = []
  const lookup: Lookup = (host, { family }, answer) => asked.push({ host, family, answer })
  const deadlines = yield* Watchdog.make
  const options: ConnectOptions = { deadlines, observer: new Recorder(), timeout: 1000 }
  return { asked, names: new NameLookup({ lookup }), options }
})

const target = Target.inet("mx.test", 25)
const addresses = [
  { address: "192.0.2.1", family: 4 },
  { address: "2001:db8::1", family: 6 }
]
const endpoints: ReadonlyArray<Endpoint> = [
  { host: "192.0.2.1", port: 25, family: 4 },
  { host: "2001:db8::1", port: 25, family: 6 }
]

describe("a name", () => {
  it.scoped("is looked up once for all who ask meanwhile, and afterwards", () =>
    Effect.gen(function* () {
      const { asked, names, options } = yield* make
      const all = yield* Effect.fork(
        Effect.all(
          [1, 2, 3].map(() => names.resolve(target, options)),
          { concurrency: "unbounded" }
        )
      )
      yield* Effect.repeatN(Effect.yieldNow(), 10)
      assert.lengthOf(asked, 1)
      asked[0]?.answer(null, addresses)
      assert.deepStrictEqual(yield* Fiber.join(all), [endpoints, endpoints, endpoints])
      assert.deepStrictEqual(yield* names.resolve(target, options), endpoints)
      assert.lengthOf(asked, 1)
    })
  )

  it.scoped("that is not found is looked up again by who asks later", () =>
    Effect.gen(function* () {
      const { asked, names, options } = yield* make
      for (const code of ["ENOTFOUND", "EAI_AGAIN"]) {
        const one = yield* Effect.fork(Effect.flip(names.resolve(target, options)))
        yield* Effect.yieldNow()
        asked.at(-1)?.answer(Object.assign(new Error(code), { code }), [])
        const error = yield* Fiber.join(one)
        assert.deepInclude(error, { code, target })
      }
      assert.lengthOf(asked, 2)
    })
  )

  it.scoped("is waited for no longer than the time-out, and its answer is still of use", () =>
    Effect.gen(function* () {
      const { asked, names, options } = yield* make
      const one = yield* Effect.fork(Effect.flip(names.resolve(target, options)))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(one.unsafePoll(), null)
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(one)
      assert.strictEqual(error.code, "ETIMEDOUT")
      assert.strictEqual(error.message, "connect to mx.test:25: the lookup of this name timed out")
      asked[0]?.answer(null, addresses)
      assert.deepStrictEqual(yield* names.resolve(target, options), endpoints)
    })
  )

  it.scoped("keeps nobody waiting who is interrupted", () =>
    Effect.gen(function* () {
      const { asked, names, options } = yield* make
      const one = yield* Effect.fork(names.resolve(target, options))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(one)
      asked[0]?.answer(null, addresses)
      assert.deepStrictEqual(yield* names.resolve(target, options), endpoints)
    })
  )
})

describe("an address", () => {
  it.scoped("needs no lookup, and must be of the family that is asked for", () =>
    Effect.gen(function* () {
      const { asked, names, options } = yield* make
      for (const [host, family, right, wrong] of [
        ["127.0.0.1", 4, "ipv4", "ipv6"],
        ["::1", 6, "ipv6", "ipv4"]
      ] as const) {
        const literal = Target.inet(host, 25)
        for (const of of [right, "any"] as const) {
          assert.deepStrictEqual(yield* names.resolve(literal, { ...options, family: of }), [
            { host, port: 25, family }
          ])
        }
        const error = yield* Effect.flip(names.resolve(literal, { ...options, family: wrong }))
        assert.match(error.message, /^connect to .*: this is not an IPv[46] address$/)
      }
      assert.lengthOf(asked, 0)
    })
  )
})

describe("a connection that is refused", () => {
  it.scopedLive("says where to, and which address was tried", () =>
    Effect.gen(function* () {
      const port = yield* Effect.async<number>((resume) => {
        const listener = net.createServer().listen(0, "127.0.0.1", () => {
          const address = listener.address()
          listener.close(() => resume(Effect.succeed(typeof address === "object" ? (address?.port ?? 0) : 0)))
        })
      })
      const deadlines = yield* Watchdog.make
      const connector = yield* Connector
      const options: ConnectOptions = { deadlines, observer: new Recorder(), timeout: 5000, family: "ipv4" }
      const named = yield* Effect.flip(connector.connect(Target.inet("localhost", port), options))
      assert.strictEqual(named.message, `connect to localhost:${port} (127.0.0.1): connection refused`)
      const from = { ...options, source: "127.0.0.1" }
      const literal = yield* Effect.flip(connector.connect(Target.inet("127.0.0.1", port), from))
      assert.strictEqual(literal.message, `connect to 127.0.0.1:${port} from 127.0.0.1: connection refused`)
      const nowhere = yield* Effect.flip(connector.connect(Target.unix("/no/such/socket"), options))
      assert.strictEqual(nowhere.message, "connect to unix:/no/such/socket: no such file or directory")
    }).pipe(Effect.provide(NodeConnector.layer))
  )
})
