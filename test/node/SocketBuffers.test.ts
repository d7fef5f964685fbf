import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Watchdog from "../../src/load/Watchdog.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as NodeConnector from "../../src/node/NodeConnector.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as SocketBuffers from "../../src/node/SocketBuffers.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import * as Target from "../../src/smtp/Target.js"
import { type ConnectOptions, Connector } from "../../src/smtp/Wire.js"
import { bufferOf, sockets } from "./OpenSockets.js"

// Linux doubles what it is asked for, and has a least size of its own.
const size = 12_345
const doubled = 2 * size

describe("SocketBuffers", () => {
  for (const family of [4, 6, "unix"] as const) {
    it(`opens a socket with both buffers of this size: ${family}`, () => {
      const fd = SocketBuffers.open(family, size)
      if (typeof fd === "string") assert.fail(fd)
      try {
        assert.deepStrictEqual([bufferOf(fd, "send"), bufferOf(fd, "receive")], [doubled, doubled])
      } finally {
        fs.closeSync(fd)
      }
    })
  }

  it("leaves to the system what is too large for it", () => {
    const fd = SocketBuffers.open(4, 1e12)
    if (typeof fd === "string") assert.fail(fd)
    assert.isAbove(bufferOf(fd, "send"), doubled)
    fs.closeSync(fd)
  })
})

describe("a sink with -T", () => {
  for (const thread of [true, false]) {
    for (const behaviour of thread ? [undefined] : [undefined, {}]) {
      const place = thread ? "in a thread" : behaviour === undefined ? "here" : "here, with a behaviour"
      it.scopedLive(`gives its connections buffers of this size: ${place}`, () =>
        Effect.gen(function* () {
          const embedded = yield* EmbeddedSink
          const sized = () =>
            sockets().filter((fd) => bufferOf(fd, "send") === doubled && bufferOf(fd, "receive") === doubled).length
          const before = sized()
          const { target } = yield* embedded.start({}, { windowSize: size, thread, behaviour })
          if (target._tag !== "Inet") return assert.fail("a port")
          // The one that listens.
          assert.strictEqual(sized() - before, 1)
          const client = yield* Effect.acquireRelease(
            Effect.async<net.Socket>((resume) => {
              const socket = net.connect(target.port, target.host)
              // It is accepted once it is greeted.
              socket.once("data", () => resume(Effect.succeed(socket)))
            }),
            (socket) => Effect.sync(() => socket.destroy())
          )
          assert.strictEqual(sized() - before, 2)
          client.destroy()
        }).pipe(Effect.provide(NodeSink.layer()))
      )
    }
  }
})

describe("a connection with -T", () => {
  const places = {
    tcp: { listen: { port: 0, host: "127.0.0.1" }, target: (port: number) => Target.inet("127.0.0.1", port) },
    unix: (() => {
      const socket = path.join(os.tmpdir(), `smtp-source-buffers-${process.pid}`)
      return { listen: { path: socket }, target: () => Target.unix(socket) }
    })()
  }
  for (const [name, { listen, target }] of Object.entries(places)) {
    it.scopedLive(`has buffers of this size, both of them, and is a connection as any other: ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* Effect.acquireRelease(
          Effect.async<net.Server>((resume) => {
            const made = net.createServer((socket) => {
              socket.on("error", () => undefined)
              socket.write("220 here\r\n")
            })
            made.listen(listen, () => resume(Effect.succeed(made)))
          }),
          (made) => Effect.sync(() => made.close())
        )
        const address = server.address()
        const where = target(typeof address === "object" && address !== null ? address.port : 0)
        const { connect } = yield* Connector
        const options: ConnectOptions = { deadlines: yield* Watchdog.make, observer: new Recorder(), timeout: 5000 }
        const sized = () =>
          sockets().filter((fd) => bufferOf(fd, "send") === doubled && bufferOf(fd, "receive") === doubled)

        const usual = yield* connect(where, options)
        assert.lengthOf(sized(), 0)
        const wire = yield* connect(where, { ...options, windowSize: size })
        assert.lengthOf(sized(), 1)
        const [greeting] = yield* wire.exchange(["greeting"], "")
        assert.strictEqual(greeting?.code, 220)
        wire.close("reset")
        usual.close("reset")
      }).pipe(Effect.provide(NodeConnector.layer))
    )
  }
})
