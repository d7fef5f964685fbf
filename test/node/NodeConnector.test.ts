import * as net from "node:net"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Load from "../../src/load/Load.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import * as NodeConnector from "../../src/node/NodeConnector.js"
import * as NodeFileSystem from "../../src/node/NodeFileSystem.js"
import * as Plan from "../../src/plan/Plan.js"

const services = Layer.merge(NodeConnector.layer, NodeFileSystem.layer)

interface Serving {
  /** Milliseconds after a message's reply until the server closes. */
  readonly idle: number
  /** What it says then. */
  readonly farewell: string
}

interface Server {
  readonly target: string
  readonly connections: () => number
  /** The messages that were read to their end, by their subjects. */
  readonly messages: ReadonlyArray<string>
  /** Connections that the client ended in the middle: neither side had said that it would. */
  readonly broken: () => number
}

/** A server on loopback that closes a connection some time after it has taken a message. */
const serve = ({ farewell, idle }: Serving): Effect.Effect<Server, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<{ readonly server: Server; readonly close: () => void }>((resume) => {
      const messages: Array<string> = []
      const sockets = new Set<net.Socket>()
      let connections = 0
      let broken = 0
      const listener = net.createServer((socket) => {
        connections++
        sockets.add(socket)
        let input = ""
        let inContent = false
        let timer: NodeJS.Timeout | undefined
        let parted = false
        const part = (word: string) => {
          parted = true
          socket.end(word)
        }
        const take = (line: string) => {
          if (inContent) {
            const subject = /^Subject: (.*)$/.exec(line)
            if (subject !== null) messages.push(subject[1]!)
            if (line !== ".") return
            inContent = false
            socket.write("250 2.0.0 Ok\r\n")
            timer = setTimeout(() => part(farewell), idle)
            return
          }
          clearTimeout(timer)
          if (line === "DATA") {
            inContent = true
            socket.write("354 go\r\n")
          } else if (line === "QUIT") part("221 bye\r\n")
          else socket.write("250 Ok\r\n")
        }
        socket.on("data", (chunk) => {
          input += chunk.toString("latin1")
          const lines = input.split("\r\n")
          input = lines.pop()!
          for (const line of lines) take(line)
        })
        socket.on("error", () => {})
        socket.on("close", () => {
          clearTimeout(timer)
          if (!parted) broken++
          sockets.delete(socket)
        })
        socket.write("220 here\r\n")
      })
      listener.listen(0, "127.0.0.1", () => {
        const address = listener.address()
        if (address === null || typeof address === "string") return
        const server = {
          broken: () => broken,
          connections: () => connections,
          messages,
          target: `127.0.0.1:${address.port}`
        }
        const close = () => {
          listener.close()
          for (const socket of sockets) socket.destroy()
        }
        resume(Effect.succeed({ close, server }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ server }) => server))

const farewells = { "with a 421": "421 4.4.2 idle too long\r\n", "without a word": "" }

for (const [how, farewell] of Object.entries(farewells)) {
  describe(`a server that closes idle connections ${how}`, () => {
    const busy = { farewell, idle: 12 }
    const base = { sessions: 4, messages: 60, keepGoing: true, timeout: 5, seed: "1", subject: "m" } as const
    const plans: { readonly [name: string]: Plan.PlanInput } = {
      "-d --think": { ...base, reuse: true, think: "0.005..0.025" },
      "-d --think --hold": { ...base, reuse: true, think: "0.005..0.025", hold: "0.02" },
      "-d -A --think": { ...base, reuse: true, acceptRejection: true, think: "0.005..0.025" },
      "-d --rate": { ...base, reuse: true, rate: "50/s", maxSessions: 4 }
    }
    for (const [name, plan] of Object.entries(plans)) {
      it.scopedLive(`costs no message, and no other connection, with several sessions: ${name}`, () =>
        Effect.gen(function* () {
          const server = yield* serve(busy)
          const { accounting, recorder } = yield* Load.run(Plan.make({ ...plan, target: server.target }))
          assert.deepInclude(accounting, { accepted: 60, failed: 0, unknown: 0, rejected: 0 })
          assert.lengthOf(server.messages, 60)
          assert.strictEqual(server.broken(), 0)
          const { closedByServer, closedByUs, opened } = recorder.connections()
          assert.strictEqual(opened, server.connections())
          assert.strictEqual(opened, closedByServer + closedByUs)
          assert.isAbove(closedByServer, 0)
        }).pipe(Effect.provide(services))
      )
    }

    it.scopedLive("costs no session of a scenario its kept connection that another session has", () =>
      Effect.gen(function* () {
        const server = yield* serve(busy)
        const scenario = Effect.gen(function* () {
          const wire = yield* Scenario.kept
          yield* Scenario.send(wire)
          yield* Scenario.pause(2 + 25 * (yield* Scenario.draw))
        })
        const plan = Plan.make({
          sessions: 4,
          messages: 60,
          timeout: 5,
          seed: "1",
          subject: "m",
          target: server.target
        })
        const { accounting, recorder } = yield* Scenario.run(plan, Scenario.repeat(scenario, { times: 15 }))
        assert.strictEqual(server.broken(), 0)
        assert.strictEqual(accounting.started, 60)
        assert.strictEqual(accounting.unknown, 0)
        // A message that met the server's farewell half way is the scenario's own business.
        assert.strictEqual(accounting.accepted, server.messages.length)
        assert.isAbove(recorder.connections().closedByServer, 4)
      }).pipe(Effect.provide(services))
    )
  })
}

/** A server on a pathname that breaks off when it has read as many pieces of a message: it reads no more, and closes. */
const breakingOff = (path: string, pieces: number) =>
  Effect.acquireRelease(
    Effect.async<net.Server>((resume) => {
      const server = net.createServer((socket) => {
        let read = -1
        socket.on("error", () => {})
        socket.on("data", (chunk) => {
          if (read >= 0) read++
          else if (chunk.toString("latin1").startsWith("DATA")) {
            read = 0
            socket.write("354 go\r\n")
          } else socket.write("250 Ok\r\n")
          if (read === pieces) socket.destroy()
        })
        socket.write("220 here\r\n")
      })
      server.listen(path, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  )

describe("a message that goes out in one piece, which the server breaks off", () => {
  // Before it is written, the write fails at once; in the middle, it is under way when the connection ends.
  for (const [when, pieces] of [
    ["before it has read any of it", 0],
    ["in the middle", 1]
  ] as const) {
    it.scopedLive(`${when}, is certainly not delivered`, () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const path = `${yield* fileSystem.makeTempDirectoryScoped()}/smtp`
        yield* breakingOff(path, pieces)
        // More than the system buffers, and less than what is handed over at once.
        const plan = Plan.make({ target: `unix:${path}`, messages: 3, length: 900_000, keepGoing: true })
        const { accounting } = yield* Load.run(plan)
        assert.deepInclude(accounting, { failed: 3, unknown: 0, accepted: 0 })
      }).pipe(Effect.provide(services))
    )
  }
})
