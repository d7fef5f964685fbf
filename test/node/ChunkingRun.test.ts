import * as net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as Load from "../../src/load/Load.js"
import * as Laws from "../../src/measure/Laws.js"
import * as NodeConnector from "../../src/node/NodeConnector.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as Plan from "../../src/plan/Plan.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"

/** Passes on a client's bytes up to so many, and then resets both sides. */
const cutter = (port: number, after: number) =>
  Effect.acquireRelease(
    Effect.async<net.Server>((resume) => {
      const server = net.createServer((client) => {
        const upstream = net.connect(port, "127.0.0.1")
        let left = after
        for (const socket of [client, upstream]) socket.on("error", () => {})
        client.on("data", (bytes) => {
          upstream.write(bytes.subarray(0, left))
          left -= bytes.length
          if (left > 0) return
          client.resetAndDestroy()
          upstream.destroySoon()
        })
        upstream.on("data", (bytes) => void (left > 0 && client.write(bytes)))
        client.on("close", () => upstream.destroy())
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  )

const run = (input: Plan.PlanInput, cut?: number) =>
  Effect.gen(function* () {
    const sink = yield* Effect.flatMap(EmbeddedSink, ({ start }) => start())
    const port = sink.target._tag === "Inet" ? sink.target.port : 0
    const through = cut === undefined ? port : ((yield* cutter(port, cut)).address() as net.AddressInfo).port
    const result = yield* Load.run(Plan.make({ ...input, target: `127.0.0.1:${through}` }))
    // What was on its way is read by then.
    if (cut !== undefined) yield* Effect.sleep(30)
    return { ...result, counts: yield* sink.counts }
  }).pipe(Effect.scoped, Effect.provide([NodeSink.layer({ thread: false }), NodeConnector.layer]))

const deep: Plan.PlanInput = { pipelining: "full", chunking: "on", depth: 10, reuse: true }

describe("chunks over sockets", () => {
  it.live("carry bodies of any size, whole and in pieces", () =>
    Effect.gen(function* () {
      const found = yield* Effect.forEach(
        [
          { length: 1_000_000 },
          { length: 1_000_000, chunking: "64k" },
          { length: 1_000_000, chunking: "64k", pipelining: "on" },
          { length: 1_000_000, chunking: "64k", pipelining: "full", lmtp: false, depth: 3 },
          { length: 20_000, ...deep }
        ] as ReadonlyArray<Plan.PlanInput>,
        (input) => run({ messages: 12, sessions: 2, reuse: true, chunking: "on", ...input })
      )
      for (const { accounting, counts, violations } of found) {
        assert.deepStrictEqual(violations, [])
        assert.strictEqual(accounting.accepted, 12)
        assert.strictEqual(counts.messages, 12)
      }
    })
  )

  it.live("a reset after any byte leaves at most as many unknown as were in one write", () =>
    Effect.gen(function* () {
      const cuts = fc.sample(fc.integer({ min: 1, max: 12_000 }), { seed: 7, numRuns: 24 })
      yield* Effect.forEach(
        cuts,
        (cut) =>
          Effect.gen(function* () {
            const { accounting, counts, violations } = yield* run({ ...deep, messages: 40, timeout: 5 }, cut)
            assert.deepStrictEqual(violations, [])
            assert.isAtMost(accounting.unknown, 10)
            assert.deepStrictEqual(Laws.ofDelivery(accounting, { messages: counts.messages }), [], `cut at ${cut}`)
          }),
        { concurrency: 8 }
      )
    })
  )
})
