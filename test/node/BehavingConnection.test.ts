import type * as net from "node:net"
import { Duplex } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import { BehavingConnection } from "../../src/node/BehavingConnection.js"
import type { ListenerHost } from "../../src/node/ListenerHost.js"
import type { Action } from "../../src/sink/Action.js"
import type { Behaving } from "../../src/sink/Behaviour.js"
import type { SinkSession } from "../../src/sink/SinkSession.js"

/** A socket without a network. */
const makeSocket = () => new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() }) as net.Socket

/** A session that begins with these actions, keeps what is read in pieces, and answers each piece by `reply`. */
class Session implements SinkSession {
  readonly greeting = undefined
  readonly verdict = "open"
  inContent = false
  readonly read: Array<string> = []
  /** Called when a piece has been read. */
  onRead = () => {}

  constructor(
    private readonly first: Array<Action>,
    private readonly reply?: Uint8Array | undefined
  ) {}

  push(chunk: Uint8Array, start = 0, end = chunk.length): Uint8Array | undefined {
    this.read.push(Buffer.from(chunk.subarray(start, end)).toString("latin1"))
    this.onRead()
    return this.reply
  }

  actions(): ReadonlyArray<Action> {
    return this.first.splice(0)
  }

  secured = () => undefined
  closed = () => {}
  expire = () => undefined
}

const behaving = { reading: undefined, idle: undefined } as Behaving

const host: ListenerHost = { tick: 0, idleTicks: 1, options: { idleSay: undefined }, context: undefined }

const soon = (now: number) => now + 1

const receive = (connection: BehavingConnection, text: string) =>
  connection.receive(Buffer.from(text, "latin1"), 0, text.length)

describe("a connection with a behaviour", () => {
  it("holds back who asks more in a wait than can be answered, and reads on after it", async () => {
    const socket = makeSocket()
    const session = new Session([{ _tag: "Wait", until: soon }], Buffer.alloc(150_000))
    const connection = new BehavingConnection(host, socket, session, behaving)
    let asked = 1
    while (receive(connection, "NOOP\r\n".repeat(1000)) && asked < 100) asked++
    // Four are answered by more than 512 KiB, and three make up the 16 KiB that are taken and not read.
    assert.deepStrictEqual([asked, session.read.length], [7, 4])
    const resumed = new Promise((resolve) => socket.once("resume", resolve))
    await resumed
    assert.strictEqual(session.read.join("").length, 7 * 6000)
    socket.destroy()
  })

  it("reads what comes in its order, whatever waits before it", async () => {
    const socket = makeSocket()
    const says = Array.from({ length: 9999 }, () => ({ _tag: "Say", bytes: ".", drip: 0 }) as const)
    const second = (now: number) => {
      // As soon as the wait is under way.
      queueMicrotask(() => receive(connection, "two"))
      return soon(now)
    }
    const session = new Session([{ _tag: "Wait", until: soon }, { _tag: "Wait", until: second }, ...says])
    const connection = new BehavingConnection(host, socket, session, behaving)
    const all = new Promise<void>((resolve) => {
      session.onRead = () => session.read.join("").length === 6 && resolve()
    })
    receive(connection, "one")
    await all
    assert.strictEqual(session.read.join(""), "onetwo")
    socket.destroy()
  })

  it("reads one content slowly to its end, and what comes after it as usual", async () => {
    const socket = makeSocket()
    const session = new Session([{ _tag: "Read", reading: { bytes: 1, every: 1 } }])
    session.inContent = true
    const connection = new BehavingConnection(host, socket, session, behaving)
    const read = (pieces: number) =>
      new Promise<void>((resolve) => {
        session.onRead = () => {
          if (session.read.length < pieces) return
          session.inContent = pieces < 4
          resolve()
        }
      })
    for (const [text, pieces] of [
      ["ab", 2],
      ["cd", 4]
    ] as const) {
      const done = read(pieces)
      receive(connection, text)
      await done
    }
    receive(connection, "ef")
    assert.deepStrictEqual(session.read, ["a", "b", "c", "d", "ef"])
    socket.destroy()
  })
})
