import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as tls from "node:tls"
import { Worker } from "node:worker_threads"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { afterEach, assert, describe, it, vi } from "vitest"
import * as NodeTls from "../../src/node/NodeTls.js"
import { pinOf } from "../../src/node/ServerVerdict.js"
import type { TlsHandlers, TlsLine } from "../../src/node/TlsLine.js"
import * as SelfSigned from "../../src/node/SelfSigned.js"
import * as Tls from "../../src/smtp/Tls.js"

const authority = SelfSigned.authority()
const good = SelfSigned.issue(authority, ["mail.example.com", "127.0.0.1"])
const stranger = SelfSigned.authority("a stranger")

const cleanUp: Array<() => void> = []
afterEach(() => {
  for (const action of cleanUp.splice(0).reverse()) action()
  vi.restoreAllMocks()
})

/** A TCP server whose connections are treated by `serve`; its port. */
const listen = (serve: (socket: net.Socket) => void) =>
  new Promise<number>((resolve) => {
    const sockets = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      sockets.add(socket)
      socket.on("error", () => {})
      serve(socket)
    })
    cleanUp.push(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port))
  })

/** A TLS server that answers each chunk by the same chunk. */
const listenTls = (
  options: tls.TlsOptions = {},
  onSecure: (socket: tls.TLSSocket) => void = (socket) => socket.pipe(socket)
) => {
  const context: tls.TlsOptions = { cert: good.certificate, key: good.key, ...options }
  const server = tls.createServer(context, (socket) => {
    socket.on("error", () => {})
    onSecure(socket)
  })
  server.on("tlsClientError", () => {})
  return listen((socket) => server.emit("connection", socket))
}

const clientOf = (options: Partial<Tls.TlsSettings> = {}): NodeTls.TlsClient =>
  Either.getOrThrow(NodeTls.client(Tls.settings({ name: "mail.example.com", ca: authority.certificate, ...options })))

interface Seen {
  session?: Tls.TlsSession
  problem?: Tls.TlsProblem
  ended?: "closed" | "reset"
  text: string
}

/** Begins TLS on a new connection. `act` is called when it stands; it ends with a problem, with an end, or with `done`. */
const run = (
  port: number,
  client: NodeTls.TlsClient,
  options: NodeTls.BeginOptions & {
    readonly act?: (line: TlsLine, seen: Seen) => void
    readonly onData?: (line: TlsLine, seen: Seen) => void
    readonly until?: (seen: Seen) => boolean
  } = {}
) =>
  new Promise<Seen>((resolve) => {
    const { act, onData, until = (seen) => seen.session !== undefined } = options
    const raw = net.connect(port, "127.0.0.1", () => {
      const seen: Seen = { text: "" }
      const done = () => {
        line?.close("reset")
        resolve(seen)
      }
      const look = () => {
        if (until(seen)) done()
      }
      const line = client.begin(
        raw,
        {
          onSecured: (session) => {
            seen.session = session
            act?.(line!, seen)
            look()
          },
          onFailed: (problem) => {
            seen.problem = problem
            done()
          },
          onEnded: (how) => {
            seen.ended = how
            done()
          },
          onData: (chunk, end) => {
            seen.text += Buffer.from(chunk.buffer, chunk.byteOffset, end).toString("latin1")
            onData?.(line!, seen)
            look()
          },
          onProgressed: () => {},
          onFlushed: () => {}
        },
        options
      )
    })
    raw.on("error", () => {})
    cleanUp.push(() => raw.destroy())
  })

const never = () => false

describe("a handshake that succeeds", () => {
  it("tells version, cipher, group, and what makes the server the right one", async () => {
    const port = await listenTls()
    // Node 22 has a name for none of the groups that it asks for first.
    const { session } = await run(port, clientOf({ groups: "X25519" }))
    assert.strictEqual(session!.version, "TLSv1.3")
    assert.match(session!.cipher, /^TLS_/)
    assert.strictEqual(session!.group, "X25519")
    assert.deepInclude(session, { resumed: false, trust: "name", distrust: undefined })
  })

  it("an address is checked against the addresses of the certificate, and not told to the server", async () => {
    let told: unknown
    const port = await listenTls({}, (socket) => {
      told = socket.servername
      socket.write("hello")
    })
    const { session } = await run(port, clientOf({ name: "127.0.0.1" }), { until: ({ text }) => text !== "" })
    assert.strictEqual(session!.trust, "name")
    assert.isFalse(told)
    const { problem } = await run(port, clientOf({ name: "127.0.0.2" }))
    assert.strictEqual(problem!.kind, "name")
  })

  it("the name is told to the server (SNI)", async () => {
    let told: unknown
    const port = await listenTls({}, (socket) => {
      told = socket.servername
      socket.write("hello")
    })
    await run(port, clientOf(), { until: ({ text }) => text !== "" })
    assert.strictEqual(told, "mail.example.com")
  })

  it("versions, ciphers and groups are those asked for", async () => {
    const port = await listenTls({ ecdhCurve: "X25519:P-256" })
    const old = await run(port, clientOf({ newest: "1.2", ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384", groups: "P-256" }))
    assert.deepInclude(old.session, { version: "TLSv1.2", cipher: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" })
    assert.match(old.session!.group!, /^prime256v1|P-256$/)
    const recent = await run(port, clientOf({ ciphers: "TLS_CHACHA20_POLY1305_SHA256", groups: "X25519" }))
    assert.deepInclude(recent.session, { cipher: "TLS_CHACHA20_POLY1305_SHA256", group: "X25519" })
  })

  it("TLS 1.0 works where it is asked for", async () => {
    const port = await listenTls({ minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" })
    const { session } = await run(port, clientOf({ oldest: "1.0", newest: "1.1" }))
    assert.strictEqual(session!.version, "TLSv1")
  })

  it("never builds the chain of certificates as objects", async () => {
    const asked = vi.spyOn(tls.TLSSocket.prototype, "getPeerCertificate")
    const port = await listenTls()
    for (const verify of ["full", "chain", "none"] as const) {
      assert.isDefined((await run(port, clientOf({ verify }))).session)
    }
    assert.strictEqual(asked.mock.calls.length, 0)
  })

  it("a client's certificate is shown", async () => {
    const mine = SelfSigned.issue(authority, ["client.example.com"])
    let subject: unknown
    const port = await listenTls({ requestCert: true, ca: authority.certificate }, (socket) => {
      subject = socket.getPeerCertificate().subject
      socket.write("hello")
    })
    const identity = Redacted.make(mine)
    await run(port, clientOf({ identity }), { until: ({ text }) => text !== "" })
    assert.deepInclude(subject, { CN: "client.example.com" })
  })

  it("the secrets go to the key log, which only its owner can read", async () => {
    const keylog = path.join(os.tmpdir(), `keys-${process.pid}`)
    cleanUp.push(() => fs.rmSync(keylog, { force: true }))
    await run(await listenTls(), clientOf({ keylog }))
    assert.match(fs.readFileSync(keylog, "utf8"), /^CLIENT_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+\n/m)
    assert.strictEqual(fs.statSync(keylog).mode & 0o777, 0o600)
  })
})

describe("what the server is", () => {
  const cases: ReadonlyArray<
    readonly [
      title: string,
      server: tls.TlsOptions,
      client: Partial<Tls.TlsSettings>,
      kind: Tls.TlsFailure,
      code: string
    ]
  > = [
    ["self-signed", own(SelfSigned.selfSigned(["mail.example.com"])), {}, "certificate", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    [
      "of an unknown authority",
      own(SelfSigned.issue(stranger, ["mail.example.com"])),
      {},
      "certificate",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
    ],
    [
      "expired",
      own(SelfSigned.issue(authority, ["mail.example.com"], { to: new Date(Date.now() - 1000) })),
      {},
      "certificate",
      "CERT_HAS_EXPIRED"
    ],
    [
      "not valid yet",
      own(SelfSigned.issue(authority, ["mail.example.com"], { from: new Date(Date.now() + 3_600_000) })),
      { verify: "chain" },
      "certificate",
      "CERT_NOT_YET_VALID"
    ],
    ["another's", own(SelfSigned.issue(authority, ["other.example.com"])), {}, "name", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["of another key than the pin", {}, { pins: [Buffer.alloc(32).toString("base64")] }, "pin", "EPIN"]
  ]
  it.each(cases)(
    "a certificate that is %s is refused, before a byte is sent",
    async (_, server, client, kind, code) => {
      let got = ""
      const closed: Array<Promise<unknown>> = []
      const port = await listenTls(server, (socket) => {
        socket.on("data", (chunk) => {
          got += chunk
        })
        closed.push(new Promise((resolve) => socket.on("close", resolve)))
      })
      const seen = await run(port, clientOf(client), { until: never })
      assert.isUndefined(seen.session)
      assert.deepInclude(seen.problem, { kind, code })
      if (kind === "pin")
        assert.match(seen.problem!.reason, /^the server's key is none of --tls-pin, but sha256:.{43}=$/)
      await Promise.all(closed)
      assert.strictEqual(got, "")
    }
  )

  it.each(cases.filter(([, , { pins }]) => pins === undefined))(
    "one that is %s is taken without verification, and noted",
    async (_, server, client, kind, code) => {
      const { session } = await run(await listenTls(server), clientOf({ ...client, verify: "none" }))
      assert.strictEqual(session!.trust, "none")
      assert.deepInclude(session!.distrust, { kind, code })
    }
  )

  it("the chain alone does, where that is asked for", async () => {
    const port = await listenTls(own(SelfSigned.issue(authority, ["other.example.com"])))
    assert.strictEqual((await run(port, clientOf({ verify: "chain" }))).session!.trust, "chain")
  })

  it("the right key needs no authority and no name", async () => {
    const selfSigned = SelfSigned.selfSigned(["anything"])
    const pin = pinOf(new crypto.X509Certificate(selfSigned.certificate))
    const port = await listenTls(own(selfSigned))
    const pins = [Buffer.alloc(32).toString("base64"), pin]
    assert.deepInclude((await run(port, clientOf({ pins }))).session, { trust: "pin" })
  })
})

function own({ certificate, key }: SelfSigned.Certified): tls.TlsOptions {
  return { cert: certificate, key }
}

describe("a handshake that fails", () => {
  const unwilling: ReadonlyArray<readonly [title: string, kind: Tls.TlsFailure, serve: (socket: net.Socket) => void]> =
    [
      [
        "a greeting in plain text",
        "plain",
        (socket: net.Socket) => void socket.write("220 mail.example.com ESMTP\r\n")
      ],
      ["garbage", "plain", (socket: net.Socket) => void socket.write(Buffer.alloc(300, 0x7f))],
      ["an end", "closed", (socket: net.Socket) => void socket.end()],
      [
        "an end, once the client has spoken",
        "closed",
        (socket: net.Socket) => void socket.once("data", () => socket.end())
      ],
      ["a reset", "reset", (socket: net.Socket) => void socket.once("data", () => socket.resetAndDestroy())],
      [
        "an alert",
        "alert",
        // A fatal internal_error.
        (socket: net.Socket) => void socket.once("data", () => socket.write(Buffer.of(0x15, 3, 3, 0, 2, 2, 80)))
      ]
    ]
  it.each(unwilling)("%s is %s", async (_, kind, serve) => {
    const { problem, session } = await run(await listen(serve), clientOf(), { until: never })
    assert.isUndefined(session)
    assert.strictEqual(problem!.kind, kind, JSON.stringify(problem))
  })

  it.each([
    ["the server's versions are older", { maxVersion: "TLSv1.2" }, { oldest: "1.3" }, "protocol"],
    ["the server's versions are newer", { minVersion: "TLSv1.3" }, { newest: "1.2" }, "protocol"],
    [
      "no cipher is common",
      { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" },
      { ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" },
      "cipher"
    ],
    ["no group is common", { ecdhCurve: "P-384" }, { groups: "X25519" }, "cipher"]
  ] as const)("%s", async (_, server, client, kind) => {
    const { problem } = await run(await listenTls(server), clientOf(client), { until: never })
    assert.strictEqual(problem!.kind, kind, JSON.stringify(problem))
  })

  it("the reason is in words, without pointers", async () => {
    const port = await listen((socket) => socket.once("data", () => socket.write(Buffer.of(0x15, 3, 3, 0, 2, 2, 80))))
    const { problem } = await run(port, clientOf(), { until: never })
    assert.notMatch(problem!.reason, /[0-9A-F]{8}|:|\n/)
    assert.match(problem!.reason, /alert internal error/)
  })

  it("in TLS 1.3 a client's certificate is missed after the handshake, and that is told", async () => {
    const port = await listenTls({ requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" })
    const { problem, session } = await run(port, clientOf(), { until: never })
    assert.isDefined(session)
    assert.strictEqual(problem!.kind, "clientCertificate", JSON.stringify(problem))
  })

  it("a silent server is left to whoever watches the time", async () => {
    const port = await listen(() => {})
    const raw = net.connect(port, "127.0.0.1").on("error", () => {})
    await new Promise((resolve) => raw.on("connect", resolve))
    const calls: Array<string> = []
    const line = clientOf().begin(
      raw,
      handlersThat((name) => calls.push(name))
    )!
    await new Promise((resolve) => setImmediate(resolve))
    line.close("reset")
    await new Promise((resolve) => raw.on("close", resolve))
    assert.deepStrictEqual(calls, [])
  })
})

/** Handlers that only tell their names. */
const handlersThat = (tell: (name: keyof TlsHandlers) => void): TlsHandlers => ({
  onSecured: () => tell("onSecured"),
  onFailed: () => tell("onFailed"),
  onEnded: () => tell("onEnded"),
  onData: () => tell("onData"),
  onProgressed: () => tell("onProgressed"),
  onFlushed: () => tell("onFlushed")
})

describe("settings that cannot work", () => {
  const { certificate } = SelfSigned.selfSigned(["x"])
  it.each([
    ["ciphers", { ciphers: "NO-SUCH-CIPHER" }, /^unknown to this machine's OpenSSL: "NO-SUCH-CIPHER"$/],
    ["groups", { groups: "no-such-group" }, /OpenSSL: "no-such-group"$/],
    ["identity", { identity: Redacted.make({ certificate, key: good.key }) }, /key values mismatch/],
    ["identity", { identity: Redacted.make({ certificate: "nothing", key: good.key }) }, /./],
    ["ca", { ca: "nothing" }, /no certificate in PEM form/],
    ["ca", { ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }, /./],
    ["keylog", { keylog: "/nowhere/at/all" }, /no such file/]
  ] as const)("%s", (setting, options, reason) => {
    const result = NodeTls.client(Tls.settings({ name: "x", ...options }))
    assert.isTrue(Either.isLeft(result))
    if (Either.isRight(result)) return
    assert.strictEqual(result.left.setting, setting)
    assert.match(result.left.reason, reason)
    assert.notMatch(result.left.reason, /[0-9A-F]{8}|\n/)
  })

  it("a key with a passphrase is read with it, and not without", () => {
    const key = crypto
      .createPrivateKey(good.key)
      .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" })
      .toString()
    const make = (passphrase: string | undefined) =>
      NodeTls.client(
        Tls.settings({ name: "x", identity: Redacted.make({ certificate: good.certificate, key, passphrase }) })
      )
    assert.isTrue(Either.isRight(make("open sesame")))
    assert.isTrue(Either.isLeft(make("wrong")))
    assert.isTrue(Either.isLeft(make(undefined)))
  })
})

describe("resumption", () => {
  it.each(["1.2", "1.3"] as const)("TLS %s resumes the latest session, where that is asked for", async (version) => {
    const port = await listenTls({}, (socket) => {
      socket.on("end", () => socket.end())
      socket.write("hello")
    })
    const client = clientOf({ oldest: version, newest: version, resume: 1 })
    const once = () => run(port, client, { until: ({ text }) => text !== "" })
    assert.isFalse((await once()).session!.resumed)
    // Node hands over a ticket after what came with it.
    await new Promise((resolve) => setImmediate(resolve))
    const again = await once()
    assert.isTrue(again.session!.resumed)
    // It has no certificate to look at: the verdict is that of the first handshake.
    assert.strictEqual(again.session!.trust, "name")
  })

  it("without it no session is taken, which would cost a quarter of a handshake", async () => {
    const listening = vi.spyOn(tls.TLSSocket.prototype, "on")
    const port = await listenTls({}, (socket) => void socket.write("hello"))
    const client = clientOf()
    for (const _ of [1, 2]) {
      const { session } = await run(port, client, { until: ({ text }) => text !== "" })
      assert.isFalse(session!.resumed)
    }
    const events = listening.mock.calls.map(([event]) => event as string)
    assert.include(events, "secureConnect")
    assert.notInclude(events, "session")
  })

  it("a share of the connections resumes, evenly spread", async () => {
    const port = await listenTls({}, (socket) => void socket.write("hello"))
    const client = clientOf({ resume: 0.5 })
    const resumed: Array<boolean> = []
    for (let left = 6; left > 0; left--) {
      resumed.push((await run(port, client, { until: ({ text }) => text !== "" })).session!.resumed)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.deepStrictEqual(resumed, [false, true, false, true, false, true])
  })

  it("the ticket of a server that was not the right one is not kept", async () => {
    const port = await listenTls({ ...own(SelfSigned.issue(authority, ["other"])), maxVersion: "TLSv1.2" })
    const client = clientOf({ resume: 1 })
    for (const _ of [1, 2]) {
      const { problem } = await run(port, client, { until: never })
      assert.strictEqual(problem!.kind, "name")
    }
  })
})

describe("reading", () => {
  it("all connections read into one buffer", async () => {
    const port = await listenTls({}, (socket) => socket.write("hello"))
    const chunks = new Set<ArrayBufferLike>()
    for (const _ of [1, 2]) {
      const raw = net.connect(port, "127.0.0.1").on("error", () => {})
      await new Promise((resolve) => raw.on("connect", resolve))
      await new Promise<void>((resolve) => {
        const line = clientOf().begin(raw, {
          ...handlersThat(() => {}),
          onData: (chunk) => {
            chunks.add(chunk.buffer)
            line!.close("reset")
            resolve()
          }
        })
      })
    }
    assert.strictEqual(chunks.size, 1)
  })

  it("a Node that is made otherwise is read all the same", async () => {
    const port = await listenTls()
    const symbols = Object.getOwnPropertySymbols.bind(Object)
    vi.spyOn(Object, "getOwnPropertySymbols").mockImplementation((value: object) =>
      value instanceof tls.TLSSocket ? [] : symbols(value)
    )
    const message = "x".repeat(100_000)
    const { text } = await run(port, clientOf(), {
      act: (line) => void line.write(message, undefined),
      until: ({ text }) => text.length === message.length
    })
    assert.strictEqual(text, message)
  })

  it("an end is told, with close_notify and without", async () => {
    for (const end of [(socket: tls.TLSSocket) => socket.end("bye"), (socket: tls.TLSSocket) => socket.destroy()]) {
      const port = await listenTls({}, (socket) => void setImmediate(() => end(socket)))
      const seen = await run(port, clientOf(), { until: never })
      assert.isDefined(seen.session)
      assert.strictEqual(seen.ended, "closed")
    }
  })

  it("a reset is told", async () => {
    let raw: net.Socket | undefined
    const server = tls.createServer({ cert: good.certificate, key: good.key }, (socket) => {
      socket.on("error", () => {})
      socket.once("data", () => raw!.resetAndDestroy())
    })
    const port = await listen((socket) => {
      raw = socket
      server.emit("connection", socket)
    })
    const seen = await run(port, clientOf(), { act: (line) => void line.write("x", undefined), until: never })
    assert.strictEqual(seen.ended, "reset")
  })

  it("plain text after the handshake is no proper TLS", async () => {
    let raw: net.Socket | undefined
    const server = tls.createServer({ cert: good.certificate, key: good.key }, (socket) => {
      socket.on("error", () => {})
      raw!.write("250 in the clear\r\n")
    })
    const port = await listen((socket) => {
      raw = socket
      server.emit("connection", socket)
    })
    const { problem } = await run(port, clientOf(), { until: never })
    assert.isDefined(problem)
    assert.notInclude(["closed", "reset"], problem!.kind)
  })
})

describe("writing", () => {
  it("text, and bodies short and long, arrive whole and in order", async () => {
    const body = crypto.randomBytes(1_500_000)
    for (const part of [undefined, body.subarray(0, 10), body.subarray(0, 262_144 - 5), body]) {
      const want = `head${part === undefined ? "" : part.toString("latin1")}`
      const { text } = await run(await listenTls(), clientOf(), {
        act: (line) => void line.write("head", part),
        until: ({ text }) => text.length >= want.length
      })
      assert.isTrue(text === want)
    }
  })

  it("a peer that does not read leaves a body half handed over; it is told piece by piece as it does", async () => {
    let arrived: (socket: tls.TLSSocket) => void
    const peer = new Promise<tls.TLSSocket>((resolve) => {
      arrived = resolve
    })
    const port = await listenTls({}, (socket) => arrived(socket))
    const raw = net.connect(port, "127.0.0.1").on("error", () => {})
    await new Promise((resolve) => raw.on("connect", resolve))
    const calls: Array<string> = []
    let flushed: () => void
    const whole = new Promise<void>((resolve) => {
      flushed = resolve
    })
    const line = await new Promise<TlsLine>((resolve) => {
      const begun = clientOf().begin(raw, {
        ...handlersThat((name) => {
          calls.push(name)
          if (name === "onFlushed") flushed()
        }),
        onSecured: () => resolve(begun!)
      })
    })
    const body = Buffer.alloc(12_000_000)
    assert.isFalse(line.write("", body))
    const reader = await peer
    // The kernel's buffers are full once many turns of the loop bring nothing.
    for (let quiet = 0, before = -1; quiet < 50; quiet = calls.length === before ? quiet + 1 : 0) {
      before = calls.length
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.notInclude(calls, "onFlushed")
    assert.isBelow(calls.length, 45)
    reader.resume()
    await whole
    // Of 46 pieces, the last one is told as the end.
    assert.deepStrictEqual(calls, [...new Array<string>(45).fill("onProgressed"), "onFlushed"])
    line.close("reset")
  })

  it("what is written is handed over before the reply to it is heard, however late Node tells", async () => {
    // The server is in a thread of its own. Here each command is written in the phase of the loop after which Node hears of
    // the reply before it hears of the write, and the reply is given the time to come.
    const worker = new Worker(
      `const { parentPort, workerData } = require("node:worker_threads")
       const server = require("node:tls").createServer(workerData, (socket) => {
         socket.on("error", () => {})
         socket.on("data", () => socket.write("250 ok\\r\\n"))
       })
       server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port))`,
      { eval: true, workerData: { cert: good.certificate, key: good.key } }
    )
    cleanUp.push(() => void worker.terminate())
    const port = await new Promise<number>((resolve) => worker.once("message", resolve))
    const raw = net.connect(port, "127.0.0.1").on("error", () => {})
    await new Promise((resolve) => raw.on("connect", resolve))
    const events: Array<string> = []
    await new Promise<void>((resolve) => {
      let left = 20
      const pause = new Int32Array(new SharedArrayBuffer(4))
      const write = () => {
        if (left-- === 0) return resolve()
        if (line!.write("NOOP\r\n", undefined)) events.push("flushed")
        Atomics.wait(pause, 0, 0, 5)
      }
      const line = clientOf().begin(raw, {
        ...handlersThat(() => {}),
        onSecured: () => setImmediate(write),
        onFlushed: () => events.push("flushed"),
        // Every other command follows at once, when Node has not yet heard of the one before.
        onData: () => {
          events.push("reply")
          if (left % 2 === 0) write()
          else setImmediate(write)
        }
      })
    })
    raw.destroy()
    assert.deepStrictEqual(
      events,
      Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? "flushed" : "reply"))
    )
  })
})

describe("the end of a connection", () => {
  it("may be asked for from within a handshake, twice", async () => {
    const port = await listenTls(own(SelfSigned.issue(authority, ["other"])))
    for (let left = 30; left > 0; left--) {
      const raw = net.connect(port, "127.0.0.1").on("error", () => {})
      await new Promise((resolve) => raw.on("connect", resolve))
      await new Promise<void>((resolve) => {
        const line = clientOf().begin(raw, {
          ...handlersThat(() => {}),
          onFailed: () => {
            line!.close("reset")
            line!.close("fin")
            resolve()
          }
        })
      })
    }
  })

  it("a socket that is closed already is not begun on", async () => {
    const port = await listen((socket) => socket.destroy())
    const raw = net.connect(port, "127.0.0.1").on("error", () => {})
    await new Promise((resolve) => raw.resume().on("close", resolve))
    assert.isUndefined(
      clientOf().begin(
        raw,
        handlersThat(() => {})
      )
    )
  })

  it.each([
    ["reset", "ECONNRESET"],
    ["fin", "end"]
  ] as const)("a %s is one for the server, too", async (how, expected) => {
    const heard: Array<string> = []
    let closed: Promise<unknown> | undefined
    const port = await listenTls({}, (socket) => {
      socket.resume()
      socket.on("end", () => heard.push("end"))
      socket.on("error", (error: NodeJS.ErrnoException) => heard.push(error.code!))
      closed = new Promise((resolve) => socket.on("close", resolve))
      socket.write("hello")
    })
    await run(port, clientOf(), {
      until: never,
      onData: (line, seen) => {
        if (seen.text === "hello") line.close(how)
      }
    }).then.call(Promise.resolve(), () => {})
    while (closed === undefined) await new Promise((resolve) => setImmediate(resolve))
    await closed
    assert.include(heard, expected)
  })

  it("works over UNIX sockets, where nothing can be reset", async () => {
    const file = path.join(os.tmpdir(), `tls-${process.pid}`)
    const server = tls.createServer({ cert: good.certificate, key: good.key }, (socket) => {
      socket.on("error", () => {})
      socket.pipe(socket)
    })
    cleanUp.push(() => server.close())
    await new Promise<void>((resolve) => server.listen(file, resolve))
    const raw = net.connect(file).on("error", () => {})
    await new Promise((resolve) => raw.on("connect", resolve))
    const got = await new Promise<string>((resolve) => {
      const line = clientOf().begin(raw, {
        ...handlersThat(() => {}),
        onSecured: () => void line!.write("over here", undefined),
        onData: (chunk, end) => {
          resolve(Buffer.from(chunk.subarray(0, end)).toString())
          line!.close("reset")
        }
      })
    })
    assert.strictEqual(got, "over here")
  })
})

describe("a server's side", () => {
  it("answers, and tells of handshakes that fail", async () => {
    const context = NodeTls.serverContext(good)
    const problems: Array<string> = []
    let failed: () => void
    const told = new Promise<void>((resolve) => {
      failed = resolve
    })
    const port = await listen((socket) => {
      const line = NodeTls.serve(context, socket, {
        ...handlersThat(() => {}),
        onFailed: ({ kind }) => {
          problems.push(kind)
          failed()
        },
        onData: (chunk, end) => void line!.write(Buffer.from(chunk.subarray(0, end)).toString("latin1"), undefined)
      })
    })
    const { session, text } = await run(port, clientOf(), {
      act: (line) => void line.write("hello", undefined),
      until: ({ text }) => text === "hello"
    })
    assert.deepInclude(session, { version: "TLSv1.3", trust: "name" })
    assert.strictEqual(text, "hello")
    net
      .connect(port, "127.0.0.1")
      .on("error", () => {})
      .write("EHLO in the clear\r\n".repeat(10))
    await told
    assert.deepStrictEqual(problems, ["plain"])
  })
})
