/**
 * A connection of a sink that has a behaviour: performs in real time what the session wants done. `TestConnection` does
 * the same in memory.
 *
 * What the client sends is read as long as nothing holds it, and taken from the socket only when it is read: a slow reader
 * lets the client's window fill.
 *
 * It is over 300 lines because reading, writing and waiting hold each other up: they are one state.
 *
 * @since 0.1.0
 */
import type * as net from "node:net"
import { performance } from "node:perf_hooks"
import * as tls from "node:tls"
import * as Duration from "effect/Duration"
import type { Action } from "../sink/Action.js"
import type { Behaving } from "../sink/Behaviour.js"
import type { SinkSession } from "../sink/SinkSession.js"
import type { ListenerHost, OpenConnection } from "./ListenerHost.js"
import { SocketWriter } from "./SocketWriter.js"
import { readAgain } from "./TlsLine.js"

/** Actions that a client may leave us with before no more of its commands are read. */
const mostActions = 10_000

/** What is taken from the socket before it is read, in bytes, give or take a read: then the client's window fills. */
const mostHeld = 16_384

/** Replies that a client has not read, in bytes: one that leaves more is cut off. */
const mostUnread = 1_048_576

/**
 * Replies that wait for their turn, in bytes, give or take those to a read, before no more commands are read. They may go out
 * together: what a wait of ours has gathered is less than a client may leave unread.
 */
const mostOwed = 524_288

/** How long a connection is left to wait that is read no more, where the server has no patience of its own, in milliseconds. */
const usualPatience = 300_000

/** How long a client may take to close a connection that the server has ended, in milliseconds. */
const farewell = 10_000

/** The alert of a TLS server that is out of order. */
const internalError = Buffer.of(0x15, 3, 3, 0, 2, 2, 80)

/**
 * One connection, from its greeting on.
 *
 * @since 0.1.0
 * @category models
 */
export class BehavingConnection implements OpenConnection {
  seat: number | undefined = undefined
  due: number
  /** What is to be done, in turn; a function is told that all before it is done. */
  private readonly queue: Array<Action | (() => void)> = []
  /** What the queue has to say, in bytes. */
  private owed = 0
  /** What was taken from the socket and is not read yet: nothing that came later is read before. */
  private unread: Buffer | undefined
  private held = false
  private reading: Behaving["reading"]
  /** Of a wait that is under way. */
  private timer: NodeJS.Timeout | undefined
  /** What is to be written, a byte in each character. */
  private unsaid = ""
  private ended = false
  /** What has come since, in bytes: of a client that is left to wait no more is taken than of one that is held. */
  private dropped = 0
  /** Whatever comes is dropped, so that the client can read the last reply. */
  private isDraining = false
  /** Whoever begins TLS now is given an alert. */
  private refusesTls = false
  private readonly writer: SocketWriter
  /** The socket, or TLS over it. */
  private stream: net.Socket

  constructor(
    private readonly host: ListenerHost,
    readonly socket: net.Socket,
    private readonly session: SinkSession,
    private readonly behaving: Behaving
  ) {
    this.due = host.tick + host.idleTicks
    this.reading = behaving.reading
    this.writer = new SocketWriter(socket)
    this.stream = socket
    this.offer(session.greeting)
    this.run()
  }

  /**
   * Takes what came over the socket, in a buffer that may be used again; tells whether to go on reading. Where not, the socket is
   * resumed when there is room again.
   */
  receive(chunk: Uint8Array, start: number, end: number): boolean {
    // What belongs to TLS is its own to read.
    if (this.stream !== this.socket) return true
    if (!this.refusesTls || this.ended) return this.received(chunk, start, end)
    this.refuseTls()
    return true
  }

  private refuseTls(): void {
    this.stream.write(internalError)
    this.end("close")
  }

  closed(): void {
    this.ended = true
    clearTimeout(this.timer)
    this.session.closed()
    this.tell()
  }

  /** Calls back, once, when all that is owed now has been said, or when the connection is over. */
  whenAnswered(done: () => void): void {
    if (this.ended || this.queue.length === 0) done()
    else this.queue.push(done)
  }

  /** There is nothing left to wait for. */
  private tell(): void {
    for (const each of this.queue.splice(0)) if (typeof each === "function") each()
  }

  private received(chunk: Uint8Array, start: number, end: number): boolean {
    if (this.ended) {
      this.dropped += end - start
      return this.dropped < mostHeld || this.isDraining
    }
    if (this.session.verdict === "secure" && !this.isSecuring) {
      // Said in plain text, it is not kept until TLS stands, however long that takes.
      this.take(chunk, start, end)
    } else if (this.unread === undefined && this.reading === undefined && this.hasRoom && !this.isSecuring) {
      this.take(chunk, start, end)
    } else {
      const piece = chunk.subarray(start, end)
      this.unread = this.unread === undefined ? Buffer.from(piece) : Buffer.concat([this.unread, piece])
    }
    // A wait that is under way goes on with what comes after it.
    if (this.timer === undefined) this.run()
    return this.unread === undefined || this.unread.length < mostHeld
  }

  /** Whether more may be asked of us before we have done what was asked. */
  private get hasRoom(): boolean {
    return !this.held && this.queue.length < mostActions && this.owed < mostOwed
  }

  /** Whether the client has been told all that comes before TLS: what it sends now belongs to the handshake. */
  private get isSecuring(): boolean {
    if (this.timer === undefined) return false
    const next = this.queue[0]
    return typeof next === "object" && next._tag === "Secure"
  }

  private take(bytes: Uint8Array, start: number, end: number): void {
    const { session, unread } = this
    this.offer(session.push(bytes, start, end))
    if (unread === undefined || session.verdict !== "secure") return
    // It has come before the client could know of TLS.
    this.unread = undefined
    this.stream.resume()
    session.push(unread)
  }

  /** What is said at once comes before what is to be done now, and after what is still to be done. */
  private offer(said: Uint8Array | undefined): void {
    if (said !== undefined) {
      if (this.timer !== undefined || this.queue.length > 0) {
        this.owed += said.length
        this.queue.push({ _tag: "Say", bytes: Buffer.from(said).toString("latin1"), drip: 0 })
      } else {
        this.flush()
        if (this.stream === this.socket) this.writer.bytes(said)
        else this.stream.write(said)
      }
    }
    for (const action of this.session.actions()) {
      if (action._tag === "Hold") this.held = true
      else if (action._tag === "Say") this.owed += action.bytes.length
      this.queue.push(action)
    }
  }

  /** Does all that can be done now. What is said goes out together. */
  private run(): void {
    const { host } = this
    if (this.timer !== undefined) clearTimeout(this.timer)
    this.timer = undefined
    // Most of the time, all has been said.
    if (this.queue.length > 0 || this.unread !== undefined) this.work()
    this.flush()
    this.due = host.tick + host.idleTicks
    if (!this.ended && this.stream.writableLength > mostUnread) this.socket.destroy()
  }

  private flush(): void {
    const { unsaid } = this
    if (unsaid === "") return
    this.unsaid = ""
    if (this.stream === this.socket) this.writer.text(unsaid)
    else this.stream.write(unsaid, "latin1")
  }

  private work(): void {
    while (!this.ended) {
      const action = this.queue.shift()
      if (typeof action === "function") {
        this.flush()
        action()
      } else if (action !== undefined) {
        const wait = this.perform(action)
        if (wait > 0) {
          return this.later(wait)
        }
      } else if (this.unread !== undefined && !this.held) {
        const { reading } = this
        if (reading !== undefined) {
          return this.later(reading.every, () => this.readOn(reading.bytes))
        }
        this.readOn(this.unread.length)
      } else return
    }
  }

  private later(millis: number, then: () => void = () => {}): void {
    this.timer = setTimeout(() => {
      this.timer = undefined
      then()
      this.run()
    }, millis)
  }

  private readOn(most: number): void {
    const { unread } = this
    if (unread === undefined) return
    const end = Math.min(unread.length, most)
    this.unread = end === unread.length ? undefined : unread.subarray(end)
    if (this.unread === undefined) this.stream.resume()
    this.take(unread, 0, end)
    // The next content, and commands, are read as usual.
    if (this.unread === undefined && !this.session.inContent) this.reading = this.behaving.reading
  }

  /** Returns how long to wait before the next action, in milliseconds. */
  private perform(action: Action): number {
    switch (action._tag) {
      case "Wait": {
        const now = performance.now()
        return action.until(now) - now
      }
      case "Say": {
        const { bytes, drip } = action
        if (drip === 0) {
          this.unsaid += bytes
          this.owed -= bytes.length
        } else {
          if (bytes.length > 1) this.queue.unshift({ ...action, bytes: bytes.slice(1) })
          this.queue.unshift({ ...action, bytes: bytes.slice(0, 1), drip: 0 })
        }
        return drip
      }
      case "Hold":
        this.held = true
        return 0
      case "Read": {
        this.held = false
        const { reading } = action
        this.reading =
          reading === undefined ? this.behaving.reading : { ...reading, every: Duration.toMillis(reading.every) }
        return 0
      }
      case "Secure":
        this.secure(action.fail !== undefined)
        return 0
      case "End":
        this.end(action.how)
        return 0
    }
  }

  /** Begins TLS; or gives an alert to whoever does. */
  private secure(fails: boolean): void {
    const { host, session, socket } = this
    const { context } = host
    // What was said before is plain text.
    this.flush()
    const hello = [session.unread, this.unread].filter((bytes) => bytes !== undefined)
    this.unread = undefined
    if (fails || context === undefined) {
      this.refusesTls = true
      if (hello.length > 0) this.refuseTls()
      return
    }
    readAgain(socket, hello.length === 0 ? undefined : Buffer.concat(hello))
    const stream = new tls.TLSSocket(socket, { isServer: true, secureContext: context })
    this.stream = stream
    stream.on("error", () => {})
    stream.on("_tlsError", () => socket.destroy())
    stream.on("data", (chunk: Buffer) => {
      if (!this.received(chunk, 0, chunk.length)) stream.pause()
    })
    stream.on("secure", () => {
      this.offer(session.secured())
      this.run()
    })
  }

  /** A client that waits for us is not silent. */
  expire(): void {
    const { behaving, host, session } = this
    if (this.ended || behaving.idle === undefined) return
    this.due = host.tick + host.idleTicks
    const last = this.timer === undefined ? session.expire(behaving.idle.say) : undefined
    if (last === undefined) return
    this.stream.write(last)
    this.end("close")
  }

  private end(how: "quit" | "close" | "reset" | "stall"): void {
    const { socket, stream } = this
    this.flush()
    this.ended = true
    this.tell()
    if (how === "stall") {
      this.timer = setTimeout(() => socket.destroy(), this.behaving.idle?.after ?? usualPatience)
      return
    }
    if (how === "reset") return void (socket.remoteAddress === undefined ? socket.destroy() : socket.resetAndDestroy())
    this.isDraining = true
    // Who has said good-bye sends nothing more, and has its answer.
    if (how === "quit" && stream === socket && socket.writableLength === 0) return void socket.destroy()
    // What a closed socket had not read would make the kernel send a reset, and the client might lose the last reply.
    stream.resume()
    if (how === "quit") return stream.destroySoon()
    stream.end()
    this.timer = setTimeout(() => socket.destroy(), farewell)
  }
}
