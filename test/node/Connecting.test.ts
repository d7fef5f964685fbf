import * as net from "node:net"
import { Worker } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Watchdog from "../../src/load/Watchdog.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as NodeConnector from "../../src/node/NodeConnector.js"
import * as Target from "../../src/smtp/Target.js"
import { type ConnectOptions, Connector } from "../../src/smtp/Wire.js"

const options = Effect.map(
  Watchdog.make,
  (deadlines): ConnectOptions => ({ deadlines, observer: new Recorder(), timeout: 5000 })
)

/** A server on all addresses of the loopback that notes whom it was called by. */
const listener = Effect.acquireRelease(
  Effect.async<{ readonly callers: ReadonlyArray<string>; readonly port: number; readonly close: () => void }>(
    (resume) => {
      const callers: Array<string> = []
      const server = net.createServer((socket) => {
        callers.push(socket.remoteAddress ?? "")
        socket.on("error", () => undefined)
        socket.write("220 here\r\n")
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ callers, close: () => server.close(), port }))
      })
    }
  ),
  ({ close }) => Effect.sync(close)
)

/**
 * A port that nobody answers at: its thread listens and accepts nothing. What the system accepts in its place is used up, and
 * the next handshake is never answered.
 */
const deaf = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly worker: Worker; readonly callers: ReadonlyArray<net.Socket> }>(
    (resume) => {
      const worker = new Worker(
        `const { parentPort } = require("node:worker_threads")
         const server = require("node:net").createServer()
         server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
           parentPort.postMessage(server.address().port)
           setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
         })`,
        { eval: true }
      )
      worker.once("message", (port: number) => {
        const callers: Array<net.Socket> = []
        // One at a time, until one has to wait.
        const call = () => {
          const socket = net.connect(port, "127.0.0.1")
          callers.push(socket)
          socket.on("error", () => undefined)
          const waiting = setTimeout(() => resume(Effect.succeed({ callers, port, worker })), 100)
          socket.once("connect", () => {
            clearTimeout(waiting)
            call()
          })
        }
        call()
      })
    }
  ),
  ({ callers, worker }) =>
    Effect.promise(() => {
      for (const socket of callers) socket.destroy()
      return worker.terminate()
    })
)

describe("a connection", () => {
  it.scopedLive("comes from the address of --source", () =>
    Effect.gen(function* () {
      const { callers, port } = yield* listener
      const { connect } = yield* Connector
      const usual = yield* options
      for (const source of [undefined, "127.0.0.2", "127.0.0.3", undefined]) {
        const wire = yield* connect(Target.inet("127.0.0.1", port), { ...usual, source })
        yield* wire.exchange(["greeting"], "")
        wire.close("reset")
      }
      assert.deepStrictEqual(callers, ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.1"])
    }).pipe(Effect.provide(NodeConnector.layer))
  )

  it.scopedLive("cannot come from an address that is another machine's, which is this machine's trouble", () =>
    Effect.gen(function* () {
      const { port } = yield* listener
      const { connect } = yield* Connector
      const error = yield* Effect.flip(
        connect(Target.inet("127.0.0.1", port), { ...(yield* options), source: "192.0.2.1" })
      )
      assert.deepInclude(error, { code: "EADDRNOTAVAIL", local: true, source: "192.0.2.1" })
    }).pipe(Effect.provide(NodeConnector.layer))
  )

  it.scopedLive("is of the family that was asked for", () =>
    Effect.gen(function* () {
      const { callers, port } = yield* listener
      const { connect } = yield* Connector
      const usual = yield* options
      const target = Target.inet("127.0.0.1", port)
      const error = yield* Effect.flip(connect(target, { ...usual, family: "ipv6" }))
      assert.strictEqual(error.message, `connect to 127.0.0.1:${port}: this is not an IPv6 address`)
      const wire = yield* connect(target, { ...usual, family: "ipv4" })
      yield* wire.exchange(["greeting"], "")
      wire.close("reset")
      assert.lengthOf(callers, 1)
    }).pipe(Effect.provide(NodeConnector.layer))
  )

  it.scopedLive("that nobody answers is given up after --timeout", () =>
    Effect.gen(function* () {
      const { port } = yield* deaf
      const { connect } = yield* Connector
      const usual = yield* options
      const { now } = usual.deadlines
      const begun = now()
      const error = yield* Effect.flip(connect(Target.inet("127.0.0.1", port), { ...usual, timeout: 150 }))
      assert.deepInclude(error, { code: "ETIMEDOUT", local: false })
      assert.strictEqual(error.message, `connect to 127.0.0.1:${port}: connection timed out`)
      assert.isAtLeast(now() - begun, 149)
      assert.isBelow(now() - begun, 4000)
    }).pipe(Effect.provide(NodeConnector.layer))
  )
})
