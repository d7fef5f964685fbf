import * as childProcess from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as tls from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as NodeSink from "../../src/node/NodeSink.js"
import { EmbeddedSink, type RunningSink } from "../../src/sink/EmbeddedSink.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as Target from "../../src/smtp/Target.js"

const start = (options?: NodeSink.NodeSinkOptions, config?: SinkConfig) =>
  Effect.flatMap(EmbeddedSink, (sink) => sink.start(config)).pipe(Effect.provide(NodeSink.layer(options)))

const endpoint = (target: Target.Target): net.NetConnectOpts =>
  target._tag === "Unix" ? { path: target.path } : { host: target.host, port: target.port }

/** What the sink says to `input`, and to `content` after 354, until it ends the connection, and how it ends it. */
const say = ({ target }: RunningSink, input: string, content = "") =>
  Effect.async<{ readonly replies: string; readonly error?: string | undefined }>((resume) => {
    let replies = ""
    let error: string | undefined
    const socket = net.connect(endpoint(target), () => socket.write(input))
    socket.on("data", (chunk) => {
      replies += chunk
      if (replies.includes("\n354")) socket.write(content)
    })
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      error = code
    })
    socket.on("close", () => resume(Effect.succeed({ replies, error })))
    return Effect.sync(() => socket.destroy())
  })

const message = "MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nHello\r\n.\r\n"

const generator = "/usr/sbin/smtp-source"

/** Runs Postfix's generator; its exit status. */
const generate = ({ target }: RunningSink, ...options: ReadonlyArray<string>) =>
  Effect.async<number | null>((resume) => {
    const child = childProcess.spawn(generator, [...options, Target.format(target)], { stdio: "inherit" })
    child.on("close", (status) => resume(Effect.succeed(status)))
    return Effect.sync(() => child.kill())
  })

/** The class of the handles that Node's servers and sockets keep to themselves. */
const handles = Effect.async<{ useUserBuffer?: unknown }>((resume) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { _handle } = server as unknown as { readonly _handle: object }
    let found = _handle
    while (!Object.hasOwn(found, "useUserBuffer")) found = Object.getPrototypeOf(found)
    server.close(() => resume(Effect.succeed(found)))
  })
})

describe("NodeSink, where a server's handle is not that of Node", () => {
  it.scopedLive("takes messages as the server gives them", () =>
    Effect.gen(function* () {
      const prototype = yield* handles
      const { useUserBuffer } = prototype
      // As Bun's and Deno's are, which have no such thing.
      yield* Effect.acquireRelease(
        Effect.sync(() => delete prototype.useUserBuffer),
        () => Effect.sync(() => Object.assign(prototype, { useUserBuffer }))
      )
      const sink = yield* start({ thread: false })
      const { replies } = yield* say(sink, `EHLO x\r\n${message}QUIT\r\n`)
      assert.match(replies, /^220 .*250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n$/s)
      assert.strictEqual((yield* sink.counts).messages, 1)
    })
  )
})

describe("NodeSink, over one address family", () => {
  for (const [family, own, other] of [
    ["ipv4", "127.0.0.1", "::1"],
    ["ipv6", "::1", "127.0.0.1"]
  ] as const) {
    it.scopedLive(`refuses an address of the other one: ${family}`, () =>
      Effect.gen(function* () {
        const { target } = yield* start({ family, thread: false, listen: Target.inet(own, 0) })
        assert.include(Target.format(target), own)
        const refused = yield* Effect.flip(start({ family, thread: false, listen: Target.inet(other, 0) }))
        assert.strictEqual(refused.code, "EAFNOSUPPORT")
      })
    )
  }

  it.scopedLive("looks a name up in it", () =>
    Effect.gen(function* () {
      const { target } = yield* start({ family: "ipv4", thread: false, listen: Target.inet("localhost", 0) })
      assert.match(Target.format(target), /^127\.0\.0\.1:\d+$/)
    })
  )
})

describe("NodeSink, closed while it takes messages", () => {
  /** A client that has been told to go ahead. */
  const ready = ({ target }: RunningSink) =>
    Effect.async<{ readonly socket: net.Socket; readonly replies: () => string; readonly closed: Promise<unknown> }>(
      (resume) => {
        let replies = ""
        const socket = net.connect(endpoint(target), () =>
          socket.write("HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n")
        )
        const closed = new Promise((resolve) => socket.once("close", resolve))
        socket
          .on("error", () => {})
          .on("data", (chunk) => {
            const before = replies
            replies += chunk
            if (!before.includes("\n354") && replies.includes("\n354")) {
              resume(Effect.succeed({ socket, closed, replies: () => replies }))
            }
          })
      }
    )

  it.scopedLive.each([
    ["as usual", {}, {}],
    ["with a behaviour", { behaviour: { connections: { limit: 2, beyond: "wait" } } }, {}],
    ["over TLS", {}, { tls: "implicit" }],
    ["over TLS, with a behaviour", { behaviour: {} }, { tls: "implicit" }]
  ] as ReadonlyArray<readonly [string, NodeSink.NodeSinkOptions, SinkConfig]>)(
    "leaves nothing of a message that is not whole: %s",
    ([, options, config]) =>
      Effect.gen(function* () {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sink-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true })))
        const length = 100_000
        const input = `EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n${"Hello\r\n".repeat(length / 5)}`
        const ended: Array<Promise<unknown>> = []
        let lost = 0
        const written = yield* Effect.scoped(
          Effect.gen(function* () {
            let tellTaken = () => {}
            const taken = new Promise<void>((resolve) => (tellTaken = resolve))
            let filled = 0
            const sink = yield* start(
              {
                ...options,
                thread: false,
                dumps: [
                  { format: "eml", path: folder },
                  { format: "each", path: path.join(folder, "each."), start: "" }
                ],
                tap: () => {
                  let size = 0
                  return {
                    take: (_, from, to) => {
                      if (size < length && size + to - from >= length && ++filled === 2) setImmediate(tellTaken)
                      size += to - from
                    },
                    end: () => {},
                    lost: () => lost++
                  }
                }
              },
              config
            )
            // The third one waits for its turn, where there is a limit.
            for (let index = 0; index < 3; index++) {
              const socket =
                config.tls === undefined
                  ? net.connect(endpoint(sink.target))
                  : tls.connect({ ...endpoint(sink.target), rejectUnauthorized: false } as tls.ConnectionOptions)
              ended.push(new Promise((resolve) => socket.once("close", resolve)))
              socket
                .resume()
                .on("error", () => {})
                .write(index < 2 ? input : "QUIT\r\n")
            }
            yield* Effect.promise(() => taken)
            return fs.readdirSync(folder).length
          })
        )
        assert.deepStrictEqual([written, lost, fs.readdirSync(folder)], [4, 2, []])
        yield* Effect.promise(() => Promise.all(ended))
      })
  )

  it.scopedLive("has answered all that it has counted", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 2; round++) {
        const { clients, counts } = yield* Effect.scoped(
          Effect.gen(function* () {
            const sink = yield* start({ thread: true })
            const clients = yield* Effect.all(Array.from({ length: 20 }, () => ready(sink)))
            const ending = performance.now() + 10_000
            for (const { socket } of clients) socket.write("Hello\r\n.\r\n")
            // As soon as one is counted, without a moment for anything else.
            while (Effect.runSync(sink.counts).messages === 0 && performance.now() < ending);
            return { clients, counts: sink.counts }
          })
        )
        yield* Effect.promise(() => Promise.all(clients.map(({ closed }) => closed)))
        const answered = clients.filter(({ replies }) => replies().split("\n354")[1]?.includes("\n250 "))
        assert.strictEqual(answered.length, (yield* counts).messages)
      }
    })
  )
})

for (const thread of [true, false]) {
  describe(thread ? "NodeSink, in a thread of its own" : "NodeSink, in this thread", () => {
    it.scopedLive("takes messages, and counts them", () =>
      Effect.gen(function* () {
        const sink = yield* start({ thread })
        const { error, replies } = yield* say(sink, `EHLO x\r\n${message}${message}QUIT\r\n`)
        assert.match(replies, /^220 .*250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n$/s)
        assert.isUndefined(error)
        const { bytesIn, messages, quits, recipients, sessions } = yield* sink.counts
        assert.deepStrictEqual([sessions, quits, messages, recipients, bytesIn], [1, 1, 2, 2, 14 + 2 * message.length])
      })
    )

    it.scopedLive("speaks what it is asked to", () =>
      Effect.gen(function* () {
        const sink = yield* start({ thread }, { protocol: "lmtp", hostname: "sink.example.com" })
        const { replies } = yield* say(sink, "HELO x\r\nLHLO x\r\nQUIT\r\n")
        assert.match(replies, /^220 sink.example.com LMTP\r\n500 .*\r\n250-sink.example.com\r\n/)
      })
    )

    it.scopedLive("listens at a path", () =>
      Effect.gen(function* () {
        const directory = fs.mkdtempSync(path.join(os.tmpdir(), "sink-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(directory, { recursive: true })))
        const listen = Target.unix(path.join(directory, "socket"))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const sink = yield* start({ thread, listen })
            assert.deepStrictEqual(sink.target, listen)
            assert.match((yield* say(sink, `HELO x\r\n${message}QUIT\r\n`)).replies, /221 2.0.0 Bye\r\n$/)
          })
        )
        assert.deepStrictEqual(fs.readdirSync(directory), [])
      })
    )

    it.scopedLive("says why it cannot listen", () =>
      Effect.gen(function* () {
        const { target } = yield* start({ thread })
        const error = yield* Effect.flip(start({ thread, listen: target }))
        assert.strictEqual(error.code, "EADDRINUSE")
        assert.deepInclude(error.cause, { code: "EADDRINUSE" })
        assert.strictEqual(error.message, `sink: ${Target.format(target)}: address already in use`)
      })
    )

    it.scopedLive("ends its connections with its scope", () =>
      Effect.gen(function* () {
        let closed: Promise<unknown> | undefined
        const { target } = yield* Effect.scoped(
          Effect.gen(function* () {
            const sink = yield* start({ thread })
            const socket = net.connect(endpoint(sink.target)).on("error", () => {})
            yield* Effect.promise(() => new Promise((resolve) => socket.once("data", resolve)))
            closed = new Promise((resolve) => socket.once("close", resolve))
            return sink
          })
        )
        yield* Effect.promise(() => closed!)
        const { error } = yield* say({ target, counts: Effect.die("not asked for") }, "")
        assert.strictEqual(error, "ECONNREFUSED")
      })
    )

    for (const [options, config] of [
      [["-s", "20", "-m", "1000"], {}],
      [["-d", "-s", "20", "-m", "1000"], {}],
      [["-d", "-s", "20", "-m", "1000", "-r", "3", "-l", "100000"], {}],
      [["-L", "-d", "-s", "20", "-m", "1000", "-r", "3"], { protocol: "lmtp" }]
    ] as ReadonlyArray<readonly [ReadonlyArray<string>, SinkConfig]>) {
      it.scopedLive.skipIf(!fs.existsSync(generator))(`serves smtp-source ${options.join(" ")}`, () =>
        Effect.gen(function* () {
          const sink = yield* start({ thread }, config)
          assert.strictEqual(yield* generate(sink, ...options), 0)
          const counts = yield* sink.counts
          const sessions = options.includes("-d") ? 20 : 1000
          assert.deepStrictEqual(
            [counts.sessions, counts.quits, counts.messages, counts.recipients],
            [sessions, sessions, 1000, options.includes("-r") ? 3000 : 1000]
          )
          assert.isTrue(Object.values(counts.refused).every((count) => count === 0))
        })
      )
    }
  })
}

describe("NodeSink's bounds", () => {
  it.scopedLive("a client that is silent for too long is told so", () =>
    Effect.gen(function* () {
      const sink = yield* start({ thread: false, idleTimeout: "100 millis" })
      const { error, replies } = yield* say(sink, "HELO x\r\n")
      assert.match(replies, /250 localhost\r\n421 4.4.2 .*\r\n$/)
      assert.isUndefined(error)
    })
  )

  it.scopedLive("with a behaviour, too, unless it is the sink that it waits for", () =>
    Effect.gen(function* () {
      const idle = { after: "100 millis", say: "421 4.4.2 Bye\r\n" } as const
      const sink = yield* start({ behaviour: { idle, faults: [{ at: "mail", after: "400 millis", goesOn: true }] } })
      const { replies } = yield* say(sink, "HELO x\r\nMAIL FROM:<a@b.example>\r\n")
      assert.match(replies, /\r\n250 2.1.0 .*\r\n421 4.4.2 Bye\r\n$/)
    })
  )

  it.scopedLive("a client that does not hang up is cut off", () =>
    Effect.gen(function* () {
      const sink = yield* start({ thread: false, idleTimeout: "100 millis" })
      const socket = net.connect({ ...endpoint(sink.target), allowHalfOpen: true } as net.NetConnectOpts)
      const beats = setInterval(() => socket.write("nonsense\r\n".repeat(20)), 10)
      yield* Effect.promise(() => new Promise((resolve) => socket.resume().on("error", resolve)))
      clearInterval(beats)
    })
  )

  it.scopedLive("one connection too many is turned away", () =>
    Effect.gen(function* () {
      const sink = yield* start({ thread: false, maxConnections: 1 })
      const first = net.connect(endpoint(sink.target))
      yield* Effect.promise(() => new Promise((resolve) => first.once("data", resolve)))
      assert.match((yield* say(sink, "")).replies, /^421 4.7.0 .* too many connections\r\n$/)
      first.destroy()
      yield* Effect.sleep("50 millis")
      assert.match((yield* say(sink, "QUIT\r\n")).replies, /^220 .*\r\n221 .*\r\n$/)
      assert.strictEqual((yield* sink.counts).sessions, 2)
    })
  )

  it.scopedLive("a client that reads no replies is cut off", () =>
    Effect.gen(function* () {
      const sink = yield* start({ thread: false })
      const socket = net.connect(endpoint(sink.target)).pause()
      const chunk = "NOOP\r\n".repeat(10_000)
      const more = (): void => void socket.write(chunk, (error) => error ?? setImmediate(more))
      more()
      yield* Effect.promise(() => new Promise((resolve) => socket.on("error", resolve)))
      assert.isTrue(process.memoryUsage().external < 200_000_000)
    })
  )

  it.scopedLive("too many errors: the last reply arrives although more was sent", () =>
    Effect.gen(function* () {
      const sink = yield* start({ thread: false })
      const { error, replies } = yield* say(sink, "x\r\n".repeat(100_000))
      assert.match(replies, /421 4.7.0 .* too many errors\r\n$/)
      assert.isUndefined(error)
    })
  )

  it.scopedLive("scripted ends of a connection reach the client", () =>
    Effect.gen(function* () {
      const how = (end: "close" | "reset") =>
        Effect.flatMap(start({ behaviour: { faults: [{ at: "final", say: "", end }] } }), (sink) =>
          say(sink, "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n", ".\r\n")
        )
      const closed = yield* how("close")
      assert.match(closed.replies, /354 .*\r\n$/)
      assert.isUndefined(closed.error)
      assert.strictEqual((yield* how("reset")).error, "ECONNRESET")
    })
  )

  it.scopedLive("what is answered as usual comes after what is still to be said", () =>
    Effect.gen(function* () {
      const sink = yield* start({ behaviour: { faults: [{ at: "mail", after: 50, goesOn: true }] } })
      const replies = yield* Effect.async<string>((resume) => {
        let heard = ""
        const socket = net.connect(endpoint(sink.target), () => socket.write("HELO x\r\nMAIL FROM:<a@x>\r\n"))
        socket.on("data", (chunk) => {
          // The first piece is the greeting, or has the answer to HELO with it.
          if (!heard.includes("250 ") && `${heard}${chunk}`.includes("250 ")) socket.write("RCPT TO:<b@x>\r\nQUIT\r\n")
          heard += chunk
        })
        socket.on("close", () => resume(Effect.succeed(heard)))
      })
      assert.match(replies, /^220 .*\r\n250 localhost\r\n250 2\.1\.0 .*\r\n250 2\.1\.5 .*\r\n221 .*\r\n$/)
    })
  )

  it.scopedLive.each([
    ["is left to wait", { at: "mail", say: "", end: "stall" }],
    ["has a content that is not read yet", { at: "content", after: 3_600_000, goesOn: true }]
  ] as const)("a client that leaves is noticed, although it %s", ([_, fault]) =>
    Effect.gen(function* () {
      const left = yield* Deferred.make<void>()
      const sink = yield* start({
        behaviour: { faults: [fault] },
        onCount: () => Deferred.unsafeDone(left, Effect.void)
      })
      const socket = net.connect(endpoint(sink.target), () => {
        const said = "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n"
        socket.write(said, () => socket.resetAndDestroy())
      })
      yield* Deferred.await(left)
      assert.strictEqual((yield* sink.counts).ended, 1)
    })
  )
})
