import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as Load from "../../src/load/Load.js"
import * as Watchdog from "../../src/load/Watchdog.js"
import { Recorder } from "../../src/measure/Recorder.js"
import { NameLookup, type ResolveMx } from "../../src/node/NameLookup.js"
import * as NodeConnector from "../../src/node/NodeConnector.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as Plan from "../../src/plan/Plan.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import type { ConnectOptions } from "../../src/smtp/Wire.js"
import * as NameServer from "./NameServer.js"

const optionsFor = (timeout: number) =>
  Effect.map(Watchdog.make, (deadlines): ConnectOptions => ({ deadlines, observer: new Recorder(), timeout }))

const exchangers = [
  { priority: 20, exchange: "second.example.org" },
  { priority: 10, exchange: "first.example.org" }
]

describe("the mail exchangers of a domain", () => {
  it.scopedLive("are asked of a name server: once, whatever order the answer has", () =>
    Effect.gen(function* () {
      const { asked, resolveMx } = yield* NameServer.make({
        "example.org": exchangers,
        "none.example": [{ priority: 0, exchange: "" }],
        "bare.example": []
      })
      const names = new NameLookup({ resolveMx })
      const options = yield* optionsFor(5000)
      const [one, two] = yield* Effect.all(
        [names.exchangers("example.org", options), names.exchangers("example.org", options)],
        { concurrency: "unbounded" }
      )
      assert.sameDeepMembers([...one], exchangers)
      assert.strictEqual(one, two)
      assert.deepStrictEqual(asked, ["example.org"])
      assert.deepStrictEqual(yield* names.exchangers("none.example", options), [{ priority: 0, exchange: "" }])
      assert.deepStrictEqual(yield* names.exchangers("bare.example", options), [])
      const { code, message } = yield* Effect.flip(names.exchangers("other.example", options))
      assert.deepStrictEqual([code, message], ["ENOTFOUND", "connect: mx:other.example: the domain does not exist"])
    })
  )

  it.scoped("that nobody tells of are given up after the time-out, and asked for again", () =>
    Effect.gen(function* () {
      let asked = 0
      const resolveMx: ResolveMx = () => {
        asked++
      }
      const names = new NameLookup({ resolveMx })
      const options = yield* optionsFor(1000)
      const asking = yield* Effect.fork(Effect.flip(names.exchangers("slow.example", options)))
      yield* TestClock.adjust(1000)
      const { code, message } = yield* Fiber.join(asking)
      assert.strictEqual(code, "ETIMEDOUT")
      assert.include(message, "mx:slow.example: the lookup of this domain's MX records timed out")
      assert.strictEqual(asked, 1)
    })
  )

  it.scopedLive("are connected to: the next one, where the preferred one is down", () =>
    Effect.gen(function* () {
      const { resolveMx } = yield* NameServer.make({ "example.org": exchangers })
      const sinks = yield* EmbeddedSink
      const sink = yield* sinks.start()
      const { target } = sink
      const port = target._tag === "Inet" ? target.port : 0
      const plan = Plan.make({
        target: "mx:example.org",
        messages: 4,
        sessions: 2,
        // Nobody listens at port 1 of loopback.
        connectTo: ["first.example.org:25:127.0.0.1:1", `second.example.org:25:127.0.0.1:${port}`]
      })
      const { accounting, recorder } = yield* Load.run(plan).pipe(
        Effect.provide(NodeConnector.layerWith({ resolveMx }))
      )
      assert.strictEqual(accounting.accepted, 4)
      assert.strictEqual((yield* sink.counts).messages, 4)
      assert.deepStrictEqual(
        recorder.targets().map(({ accepted, opened, target, unopened }) => [target, opened, unopened, accepted]),
        [
          ["first.example.org:25", 0, 4, 0],
          ["second.example.org:25", 4, 0, 4]
        ]
      )
    }).pipe(Effect.provide(NodeSink.layer({ thread: false })))
  )
})
