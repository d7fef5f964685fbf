import * as net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import { cuts, dialogue, split } from "../../scripts/fuzz/Dialogues.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as Behaviour from "../../src/sink/Behaviour.js"
import * as NodeAuthCrypto from "../../src/node/NodeAuthCrypto.js"
import * as AccountFile from "../../src/plan/AccountFile.js"
import { EmbeddedSink, type SinkServing } from "../../src/sink/EmbeddedSink.js"
import * as Misbehaviour from "../../src/sink/Misbehaviour.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"

/** Replies, each with all of its lines under one code, and at most the beginning of none. */
const wellFormed = /^(?:(\d\d\d)(?:-[\x20-\x7e]*\r\n\1)*(?: [\x20-\x7e]*)?\r\n)*$/

const accounts = Either.getOrThrow(AccountFile.parse(Buffer.from("user,password\nu,secret\n"))).toData()

const configs: { readonly [name: string]: SinkConfig } = {
  strict: { maxMessageSize: 1000, maxCommandLength: 512, maxRecipients: 3 },
  lmtp: { protocol: "lmtp", maxErrors: 5 },
  loose: { manners: "loose", servesRefused: true, offers: ["PIPELINING", "XCLIENT", "XFORWARD", "CHUNKING"] },
  "with accounts": { auth: { accounts, required: true } },
  proxied: { proxy: "any" },
  "with TLS": { tls: "offered", auth: { accounts, required: false } },
  "with TLS, required": { tls: "required" }
}

const misbehaving = Misbehaviour.behaviourOf({
  fault: [
    "rcpt 20% 451",
    "mail 10% 550 5.1.1 No such user",
    "final 10% twice",
    "final 10% 552 if header Subject ~ x",
    "quit 10% close"
  ],
  limit: ["3 messages/connection", "2 recipients"],
  triggers: true
})

/** What a connection may hold beside what it held when it was opened, in bytes. */
const mostHeld = 100_000

/** The bytes of all texts and arrays that can be reached from here. */
const held = (root: object): number => {
  const seen = new Set<unknown>()
  const open: Array<unknown> = [root]
  let bytes = 0
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value === "string") bytes += value.length
    if (typeof value !== "object" || value === null || seen.has(value)) continue
    seen.add(value)
    if (ArrayBuffer.isView(value)) bytes += value.buffer.byteLength
    else if (value instanceof Map || value instanceof Set) open.push(...value.values())
    else open.push(...Object.values(value).filter((part) => part !== undefined))
  }
  return bytes
}

/** Says it all to a session, as a listener does, and gives all that it said. */
const talk = (session: SmtpSink.SinkSession, pieces: ReadonlyArray<Buffer>, begin = ""): string => {
  const said: Array<string> = []
  const take = (bytes: Uint8Array | undefined): void => {
    if (bytes !== undefined) said.push(Buffer.from(bytes).toString("latin1"))
    for (const action of session.actions()) if (action._tag === "Say") said.push(action.bytes)
  }
  take(session.greeting)
  if (begin !== "") take(session.push(Buffer.from(begin)))
  const before = held(session)
  for (const piece of pieces) {
    take(session.push(piece))
    if (session.verdict === "secure") take(session.secured())
    if (session.verdict !== "open") break
  }
  assert.isBelow(held(session) - before, mostHeld)
  session.closed()
  return said.join("")
}

describe("the sink, whatever a client says", () => {
  for (const [name, config] of Object.entries(configs)) {
    for (const behaves of [false, true]) {
      it(`answers in well-formed replies, however it comes in pieces: ${name}${behaves ? ", misbehaving" : ""}`, () => {
        const open = (): SmtpSink.SmtpSink => {
          const behaviour = behaves ? Behaviour.make(misbehaving, () => 0) : undefined
          return SmtpSink.make({ ...config, behaviour, crypto: NodeAuthCrypto.make() })
        }
        // A nonce is another one each time, and what comes behind STARTTLS is dropped as far as it came with it.
        const isSettled = config.tls === undefined && config.auth === undefined
        fc.assert(
          fc.property(dialogue, cuts, (bytes, places) => {
            const [one, other] = [open(), open()]
            // Without it there is no session.
            const begin = config.proxy === undefined ? "" : "PROXY UNKNOWN\r\n"
            const said = talk(one.open("192.0.2.1"), [bytes], begin)
            const again = talk(other.open("192.0.2.1"), split(bytes, places), begin)
            assert.match(said, wellFormed)
            assert.match(again, wellFormed)
            const { ended, sessions } = one.counts()
            assert.deepStrictEqual([sessions, ended], [1, 1])
            if (!isSettled) return
            assert.strictEqual(again, said)
            assert.deepStrictEqual(other.counts(), one.counts())
          }),
          { seed: 1, numRuns: 40 }
        )
      })
    }
  }

  it("holds no more of what has no end", () => {
    const endless = ["x", "MAIL FROM:<", "AUTH PLAIN ", "Subject: x\r\n", "a\nb\r", ".", "\0"]
    const before = ["", "EHLO x\r\n", "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", "BDAT 999999999\r\n"]
    for (const begin of before) {
      for (const text of endless) {
        for (const behaves of [false, true]) {
          const behaviour = behaves ? Behaviour.make(misbehaving, () => 0) : undefined
          const sink = SmtpSink.make({ behaviour, auth: { accounts, required: false } })
          const chunk = Buffer.from(text.repeat(Math.ceil(16_384 / text.length)))
          talk(sink.open(), [Buffer.from(begin), ...Array.from({ length: 30 }, () => chunk)])
        }
      }
    }
  })
})

/** Says it over a socket, piece by piece, and gives what is answered until the connection is over. */
const converse = (port: number, pieces: ReadonlyArray<Buffer>, leaves: boolean): Promise<string> =>
  new Promise((resolve) => {
    let replies = ""
    const socket = net.connect(port, "127.0.0.1", () => {
      for (const piece of pieces) socket.write(piece)
      if (leaves) socket.resetAndDestroy()
      else socket.end()
    })
    socket.on("data", (bytes) => {
      replies += bytes.toString("latin1")
    })
    socket.on("error", () => {})
    socket.on("close", () => resolve(replies))
  })

describe("the sink's listener, whatever a client says", () => {
  const servings: { readonly [name: string]: readonly [SinkConfig, SinkServing] } = {
    "as usual": [{}, { thread: false }],
    misbehaving: [{}, { thread: false, behaviour: misbehaving }],
    "with TLS": [{ tls: "offered" }, { thread: false }],
    "with TLS, misbehaving": [{ tls: "offered" }, { thread: false, behaviour: misbehaving }]
  }
  for (const [name, [config, serving]] of Object.entries(servings)) {
    it.scopedLive(`answers in replies, and goes on serving: ${name}`, () =>
      Effect.gen(function* () {
        const embedded = yield* EmbeddedSink
        const sink = yield* embedded.start(config, serving)
        const port = sink.target._tag === "Inet" ? sink.target.port : 0
        let talks = 0
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(dialogue, cuts, fc.nat(3), async (bytes, places, manner) => {
              talks++
              const replies = await converse(port, split(bytes, places), manner === 0)
              // What follows an answer to STARTTLS is an alert.
              const [text = ""] = replies.split("220 2.0.0 Ready")
              // A reset may cut the last line.
              for (const line of text.split("\r\n").slice(0, -1)) assert.match(line, /^\d\d\d(?:[ -][\x20-\x7e]*)?$/)
            }),
            { seed: 2, numRuns: 25 }
          )
        )
        const last = yield* Effect.promise(() => converse(port, [Buffer.from("EHLO x\r\nQUIT\r\n")], false))
        assert.match(last, /^220 [^\n]*\n(?:250-[^\n]*\n)+250 [^\n]*\n(?:221 [^\n]*\n)?$/)
        const { sessions } = yield* sink.counts
        assert.isAtMost(sessions, talks + 1)
        assert.isAbove(sessions, talks / 2)
      }).pipe(Effect.provide(NodeSink.layer()))
    )
  }
})
