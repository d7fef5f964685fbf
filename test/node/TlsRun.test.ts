import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as tls from "node:tls"
import { assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Watchdog from "../../src/load/Watchdog.js"
import * as Load from "../../src/load/Load.js"
import * as Laws from "../../src/measure/Laws.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as NodeConnector from "../../src/node/NodeConnector.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as NodeTls from "../../src/node/NodeTls.js"
import * as SelfSigned from "../../src/node/SelfSigned.js"
import * as Plan from "../../src/plan/Plan.js"
import { EmbeddedSink, type SinkServing } from "../../src/sink/EmbeddedSink.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as Introduction from "../../src/smtp/Introduction.js"
import * as Target from "../../src/smtp/Target.js"
import * as Tls from "../../src/smtp/Tls.js"
import { Connector, type WireObserver } from "../../src/smtp/Wire.js"

const run = (input: Plan.PlanInput, options: Load.RunOptions) =>
  Effect.gen(function* () {
    const result = yield* Load.run(Plan.make({ keepGoing: true, timeout: 10, ...input }), options)
    const cutOff = result.stopped || Option.isSome(result.endedBy)
    assert.deepStrictEqual(Laws.violations({ ...result, warmedUp: false, cutOff, partial: false }), [])
    return result
  }).pipe(Effect.provide(NodeConnector.layer))

const sinkTls = { starttls: "required", "if-offered": "offered", implicit: "implicit" } as const

/** Runs a plan against the sink, and gives what both have counted. */
const againstSink = (
  input: Plan.PlanInput & { readonly tls: keyof typeof sinkTls },
  options: NodeSink.NodeSinkOptions = {},
  config: SinkConfig = {},
  serving: SinkServing = {}
) =>
  Effect.gen(function* () {
    const { start } = yield* EmbeddedSink
    const sink = yield* start(
      { protocol: input.lmtp === true ? "lmtp" : "smtp", tls: sinkTls[input.tls], ...config },
      serving
    )
    const result = yield* run({ ...input, target: Target.format(sink.target) }, { tls: { ca: sink.certificate } })
    return { result, counts: yield* sink.counts }
  }).pipe(Effect.provide(NodeSink.layer({ thread: false, ...options })))

describe("runs over TLS on sockets", () => {
  for (const tls of ["starttls", "if-offered", "implicit"] as const) {
    for (const input of [
      { reuse: true },
      { reuse: true, pipelining: "full" as const, length: 100_000 },
      { lmtp: true, recipients: 3 },
      { close: "fin" as const }
    ]) {
      it.scopedLive(`${tls} ${JSON.stringify(input)}: every message arrives, and both sides count the same`, () =>
        Effect.gen(function* () {
          const { counts, result } = yield* againstSink({ ...input, tls, messages: 20, sessions: 4 })
          assert.strictEqual(result.accounting.accepted, 20)
          assert.deepStrictEqual([counts.messages, counts.secured, counts.injected], [20, counts.sessions, 0])
          const secured = result.recorder.tls().reduce((sum, { count }) => sum + count, 0)
          assert.strictEqual(secured, counts.sessions)
          assert.strictEqual(result.recorder.tls()[0]?.trust, "name")
        })
      )
    }
  }

  for (const behaviour of [undefined, {}]) {
    it.scopedLive(
      `after the header of the PROXY protocol, ${behaviour === undefined ? "as usual" : "misbehaving"}`,
      () =>
        Effect.gen(function* () {
          for (const [proxy, tls] of [
            ["1", "implicit"],
            ["2", "implicit"],
            ["2", "starttls"]
          ] as const) {
            const asked = { proxy, tls, clientAddresses: "192.0.2.0/24", messages: 5, sessions: 2 }
            const { counts, result } = yield* againstSink(asked, { behaviour }, { proxy: "any" })
            assert.strictEqual(result.accounting.accepted, 5)
            assert.deepStrictEqual([counts.messages, counts.secured, counts.unproxied], [5, 5, 0])
          }
        })
    )
  }

  it.scopedLive("over a UNIX-domain socket", () =>
    Effect.gen(function* () {
      const listen = Target.unix(path.join(os.tmpdir(), `tls-sink-${process.pid}`))
      const { counts, result } = yield* againstSink({ tls: "starttls", lmtp: true, messages: 5 }, { listen })
      assert.deepStrictEqual([result.accounting.accepted, counts.secured], [5, 5])
    })
  )

  it.scopedLive("a sink in a thread of its own speaks it as well", () =>
    Effect.gen(function* () {
      const { counts, result } = yield* againstSink({ tls: "starttls", messages: 5 }, { thread: true })
      assert.deepStrictEqual([result.accounting.accepted, counts.secured], [5, 5])
    })
  )

  it.scopedLive("a sink that behaves as it is told does so under TLS", () =>
    Effect.gen(function* () {
      const behaviour = { faults: [{ at: "rcpt" as const, every: 2, say: "450 4.2.0 later\r\n" }] }
      for (const tls of ["starttls", "implicit"] as const) {
        const { counts, result } = yield* againstSink({ tls, messages: 4, reuse: true }, { behaviour })
        assert.deepStrictEqual([result.accounting.accepted, result.accounting.rejected], [2, 2])
        assert.strictEqual(counts.secured, counts.sessions)
      }
    })
  )

  it.scopedLive("a sink whose handshake fails gives an alert", () =>
    Effect.gen(function* () {
      const behaviour = { faults: [{ at: "tls" as const, fail: "alert" as const }] }
      for (const tls of ["starttls", "implicit"] as const) {
        const { result } = yield* againstSink({ tls, messages: 1 }, { behaviour })
        assert.deepInclude(result.recorder.errors()[0], { kind: "TlsFailed", step: "tls", detail: "alert" })
      }
    })
  )

  it.scopedLive("whom nobody vouches for is refused, and is taken with --tls-verify none, which is told", () =>
    Effect.gen(function* () {
      const { start } = yield* EmbeddedSink
      const sink = yield* start({ tls: "implicit" })
      const target = Target.format(sink.target)
      const refused = yield* run({ target, tls: "implicit" }, {})
      assert.deepInclude(refused.recorder.errors()[0], { kind: "TlsFailed", step: "tls", detail: "certificate" })
      const taken = yield* run({ target, tls: "implicit", tlsVerify: "none" }, {})
      assert.strictEqual(taken.accounting.accepted, 1)
      assert.deepInclude(taken.recorder.tls()[0], { trust: "none", distrust: "DEPTH_ZERO_SELF_SIGNED_CERT" })
    }).pipe(Effect.provide(NodeSink.layer({ thread: false })))
  )

  it.scopedLive("200 connections at once: nothing is lost, and nothing is taken for malformed", () =>
    Effect.gen(function* () {
      const { counts, result } = yield* againstSink(
        { tls: "implicit", messages: 1000, sessions: 200, reuse: true, timeout: 60 },
        { thread: true }
      )
      assert.deepStrictEqual(result.recorder.errors(), [])
      assert.deepStrictEqual([result.accounting.accepted, counts.messages, counts.secured], [1000, 1000, 200])
    })
  )

  it.scopedLive("settings that cannot work are refused before anything is sent", () =>
    Effect.gen(function* () {
      const plan = { target: "localhost:9", tls: "starttls" as const }
      for (const [input, options, message] of [
        [{ tlsCiphers: "NO-SUCH" }, {}, /^--tls-ciphers: unknown to .*: "NO-SUCH"$/],
        [{ tlsGroups: "no-such" }, {}, /^--tls-groups: /],
        [{}, { tls: { ca: "nothing" } }, /^--tls-ca: no certificate/],
        [{ tlsKeylog: "/nowhere/at/all" }, {}, /^--tls-keylog: /]
      ] as const) {
        const error = yield* Effect.flip(run({ ...plan, ...input }, options))
        assert.strictEqual(error._tag, "TlsUnusable")
        assert.match(error.message, message)
      }
    })
  )
})

const good = SelfSigned.selfSigned(["localhost", "127.0.0.1"])
const trusting: Load.RunOptions = { tls: { ca: good.certificate } }

/** A server of one's own for the scope; its address. */
const listen = (serve: (socket: net.Socket) => void): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<{ readonly server: net.Server; readonly sockets: Set<net.Socket> }>((resume) => {
        const sockets = new Set<net.Socket>()
        const server = net.createServer((socket) => {
          sockets.add(socket)
          socket.on("error", () => {})
          serve(socket)
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, sockets })))
      }),
      ({ server, sockets }) =>
        Effect.sync(() => {
          server.close()
          for (const socket of sockets) socket.destroy()
        })
    ),
    ({ server }) => `127.0.0.1:${(server.address() as net.AddressInfo).port}`
  )

/** Greets, answers EHLO, and leaves what follows STARTTLS to `after`. */
const untilStartTls = (after: (socket: net.Socket) => void) => (socket: net.Socket) => {
  socket.write("220 x ESMTP\r\n")
  socket.on("data", (chunk) => {
    if (/^EHLO/.test(chunk.toString())) socket.write("250-x\r\n250 STARTTLS\r\n")
    else if (/^STARTTLS/.test(chunk.toString())) {
      socket.removeAllListeners("data")
      after(socket)
    } else if (/^QUIT/.test(chunk.toString())) socket.end("221 bye\r\n")
  })
}

describe("what a server can do after STARTTLS", () => {
  const cases: ReadonlyArray<readonly [title: string, after: (socket: net.Socket) => void, end: string]> = [
    ["a whole reply behind the 220", (socket) => socket.write("220 go\r\n250-evil\r\n250 PIPELINING\r\n"), "injection"],
    ["half a reply behind it", (socket) => socket.write("220 go\r\n250-evil"), "injection"],
    ["two bytes behind it", (socket) => socket.write("220 go\r\n25"), "injection"],
    [
      "plain text once the client has begun TLS",
      (socket) => {
        socket.write("220 go\r\n")
        socket.once("data", () => socket.write("250 fake\r\n".repeat(10)))
      },
      "plain"
    ],
    ["an end behind it", (socket) => socket.end("220 go\r\n"), "closed"],
    [
      "a reset behind it",
      (socket) => {
        socket.write("220 go\r\n")
        socket.once("data", () => socket.resetAndDestroy())
      },
      "reset"
    ]
  ]
  it.scopedLive.each(cases)("%s", ([, after, kind]) =>
    Effect.gen(function* () {
      const target = yield* listen(untilStartTls(after))
      const result = yield* run({ target, tls: "starttls", messages: 2, reuse: true }, trusting)
      assert.deepStrictEqual([result.accounting.failed, result.accounting.accepted], [2, 0])
      const [error, ...others] = result.recorder.errors()
      assert.deepInclude(error, { kind: "TlsFailed", step: "tls", detail: kind, count: 2 })
      assert.lengthOf(others, 0)
    })
  )

  it.scopedLive("a socket that is closed by then ends the connection at once, of which Node tells nobody", () =>
    Effect.gen(function* () {
      const connecting = vi.spyOn(net.Socket.prototype, "connect")
      yield* Effect.addFinalizer(() => Effect.sync(() => connecting.mockRestore()))
      const target = yield* listen(untilStartTls((socket) => socket.write("220 go\r\n")))
      const recorder = new Recorder()
      const observer: WireObserver = Object.assign(Object.create(recorder), {
        onReply: (step: string) => {
          if (step === "starttls") for (const socket of connecting.mock.contexts) (socket as net.Socket).destroy()
        }
      })
      const { connect } = yield* Connector
      const [host, port] = target.split(":")
      const deadlines = yield* Watchdog.make
      const wire = yield* connect(Target.inet(host!, Number(port)), { deadlines, observer, timeout: 20_000 })
      const introduction = Introduction.make(
        {
          ...{ bare: false, lmtp: false, extended: true },
          tls: { how: "starttls", settings: Tls.settings({ name: "localhost" }) }
        },
        "here"
      )
      const error = yield* Effect.flip(Introduction.run(wire, introduction))
      assert.deepInclude(error, { _tag: "ConnectionLost", step: "tls", how: "closed" })
    }).pipe(Effect.provide(NodeConnector.layer))
  )

  it.scopedLive("silence ends at the time limit, at the step", () =>
    Effect.gen(function* () {
      const target = yield* listen(untilStartTls((socket) => socket.write("220 go\r\n")))
      const result = yield* run({ target, tls: "starttls", timeout: 0.2 }, trusting)
      assert.deepInclude(result.recorder.errors()[0], { kind: "ReplyTimeout", step: "tls" })
    })
  )

  it.scopedLive("a client certificate that is missed after the handshake (TLS 1.3) strikes the step that waits", () =>
    Effect.gen(function* () {
      const server = tls.createServer({
        cert: good.certificate,
        key: good.key,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: "TLSv1.3"
      })
      server.on("tlsClientError", () => {})
      const target = yield* listen((socket) => server.emit("connection", socket))
      const result = yield* run({ target, tls: "implicit" }, trusting)
      assert.deepInclude(result.recorder.errors()[0], {
        kind: "TlsFailed",
        step: "greeting",
        detail: "clientCertificate"
      })
    })
  )

  /** Sends all before TLS at once, and this under it; gives the first reply to that. */
  const injected = (port: number, ca: string | undefined, before: string, under: string) =>
    Effect.async<string>((resume) => {
      const raw = net.connect(port, "127.0.0.1", () => raw.write(before))
      let plain = ""
      raw.on("error", () => {})
      raw.on("data", function heard(chunk) {
        plain += chunk
        if (!plain.endsWith("start TLS\r\n")) return
        raw.off("data", heard)
        const client = NodeTls.client(Tls.settings({ name: "localhost", ca }))
        if (client._tag === "Left") return resume(Effect.die(client.left))
        const line = client.right.begin(raw, {
          onSecured: () => void line!.write(under, undefined),
          onData: (bytes, end) => {
            line!.close("reset")
            resume(Effect.succeed(Buffer.from(bytes.subarray(0, end)).toString()))
          },
          onFailed: ({ reason }) => resume(Effect.die(reason)),
          onEnded: (how) => resume(Effect.die(how)),
          onProgressed: () => {},
          onFlushed: () => {}
        })
      })
    })

  const slow: ReadonlyArray<SinkServing> = [
    {},
    { behaviour: { latency: 10 } },
    { behaviour: { reading: { bytes: 20, every: 50 } } },
    { behaviour: { faults: [{ at: "starttls", after: 300 }] } },
    { behaviour: { faults: [{ at: "tls", after: 300, goesOn: true }] } }
  ]
  for (const serving of slow) {
    it.scopedLive(`what comes before TLS is not taken for what comes under it: ${JSON.stringify(serving)}`, () =>
      Effect.gen(function* () {
        const { start } = yield* EmbeddedSink
        const sink = yield* start({ tls: "offered" }, serving)
        if (sink.target._tag === "Unix") return assert.fail()
        // More than is read until the handshake is over, where reading is slow.
        const evil = `${"NOOP\r\n".repeat(200)}MAIL FROM:<evil@x>\r\n`
        const { certificate, target } = sink
        const reply = yield* injected(target.port, certificate, `EHLO x\r\nSTARTTLS\r\n${evil}`, "RCPT TO:<b@x>\r\n")
        assert.strictEqual(reply, "503 5.5.1 Error: need MAIL command\r\n")
        assert.strictEqual((yield* sink.counts).injected, 1)
      }).pipe(Effect.provide(NodeSink.layer({ thread: false })))
    )
  }

  const hello: ReadonlyArray<readonly [proxied: boolean, serving: SinkServing]> = [
    [false, { behaviour: { faults: [{ at: "tls", after: 200, goesOn: true }] } }],
    [false, { behaviour: { reading: { bytes: 50, every: 1 } } }],
    [true, {}],
    [true, { behaviour: { faults: [{ at: "tls", after: 200, goesOn: true }] } }],
    [true, { behaviour: { reading: { bytes: 50, every: 1 } } }]
  ]
  for (const [proxied, serving] of hello) {
    it.scopedLive(`a handshake that comes early is kept for TLS: ${JSON.stringify([proxied, serving])}`, () =>
      Effect.gen(function* () {
        const input = {
          tls: "implicit" as const,
          messages: 4,
          sessions: 2,
          ...(proxied ? { proxy: "1" as const, clientAddresses: "192.0.2.0/30" } : {})
        }
        const { counts, result } = yield* againstSink(input, {}, proxied ? { proxy: "any" } : {}, serving)
        assert.strictEqual(result.accounting.accepted, 4)
        assert.deepStrictEqual([counts.secured, counts.injected], [counts.sessions, 0])
      })
    )
  }
})
