/**
 * A connection of a sink that has a behaviour: performs in real time what the session wants done. `TestConnection` does
 * the same in memory.
 *
 * What the client sends is read as long as nothing holds it, and taken from the socket only when it is read: a slow reader
 * lets the client's window fill.
 *
 * @since 0.1.0
 */
import type * as net from "node:net"
import { performance } from "node:perf_hooks"
import * as tls from "node:tls"
import * as Duration from "effect/Duration"
import type { Action, Behaving } from "../sink/Behaviour.js"
import type { SinkSession } from "../sink/SinkSession.js"

/** Actions that a client may leave us with before no more of its commands are read. */
const mostActions = 10_000

/** Replies that a client has not read, in bytes: one that leaves more is cut off. */
const mostUnread = 1_048_576

/** How long a connection is left to wait that is read no more, where the server has no patience of its own, in milliseconds. */
const usualPatience = 300_000

/** How long a client may take to close a connection that the server has ended, in milliseconds. */
const farewell = 10_000

/**
 * One connection, from its greeting on.
 *
 * @since 0.1.0
 * @category models
 */
export class BehavingConnection {
  private readonly queue: Array<Action> = []
  /** What was taken from the socket and is not read yet: one chunk, or none while the socket flows. */
  private unread: Buffer | undefined
  private held = false
  private reading: Behaving["reading"]
  private timer: NodeJS.Timeout | undefined
  /** Whether the timer is the one that watches a silent client. */
  private isIdle = false
  private ended = false
  /** The socket, or TLS over it. */
  private stream: net.Socket

  constructor(
    readonly socket: net.Socket,
    private readonly session: SinkSession,
    private readonly behaving: Behaving,
    private readonly context: tls.SecureContext | undefined
  ) {
    this.reading = behaving.reading
    this.stream = socket
    socket.on("data", this.received)
    socket.on("close", () => {
      this.ended = true
      clearTimeout(this.timer)
      session.closed()
    })
    this.offer()
    this.run()
  }

  private readonly received = (chunk: Buffer): void => {
    if (this.ended) return
    if (!this.held && this.reading === undefined && this.queue.length < mostActions) {
      this.take(chunk)
    } else {
      this.unread = this.unread === undefined ? chunk : Buffer.concat([this.unread, chunk])
      this.stream.pause()
    }
    // A wait that is under way goes on with what comes after it.
    if (this.timer === undefined || this.isIdle) this.run()
  }

  private take(bytes: Buffer): void {
    this.session.push(bytes)
    this.offer()
  }

  private offer(): void {
    for (const action of this.session.actions()) {
      if (action._tag === "Hold") this.held = true
      this.queue.push(action)
    }
  }

  /** Does all that can be done now. What is said goes out together. */
  private run(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.isIdle = false
    const { stream } = this
    stream.cork()
    const isDone = this.work()
    stream.uncork()
    if (!this.ended && this.stream.writableLength > mostUnread) this.socket.destroy()
    const { idle } = this.behaving
    if (!isDone || this.ended || idle === undefined) return
    this.isIdle = true
    this.timer = setTimeout(() => this.expire(idle.say), idle.after)
  }

  /** Returns whether nothing is left to be done until the client says more. */
  private work(): boolean {
    while (!this.ended) {
      const action = this.queue.shift()
      if (action !== undefined) {
        const wait = this.perform(action)
        if (wait > 0) {
          this.later(wait)
          return false
        }
      } else if (this.unread !== undefined && !this.held) {
        const { reading } = this
        if (reading !== undefined) {
          this.later(reading.every, () => this.readOn(reading.bytes))
          return false
        }
        this.readOn(this.unread.length)
      } else break
    }
    return true
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
    this.take(unread.subarray(0, end))
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
        if (drip === 0) this.stream.write(bytes, "latin1")
        else {
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

  /** Begins TLS; or gives the alert of a server that is out of order (internal_error). */
  private secure(fails: boolean): void {
    const { context, session, socket } = this
    socket.off("data", this.received)
    if (fails || context === undefined) {
      socket.once("data", () => socket.end(Buffer.of(0x15, 3, 3, 0, 2, 2, 80)))
      return
    }
    const stream = new tls.TLSSocket(socket, { isServer: true, secureContext: context })
    this.stream = stream
    stream.on("error", () => {})
    stream.on("_tlsError", () => socket.destroy())
    stream.on("data", this.received)
    stream.on("secure", () => {
      session.secured()
      this.offer()
      this.run()
    })
  }

  private expire(say: string | undefined): void {
    const last = this.session.expire(say)
    if (last === undefined) return
    this.stream.write(last)
    this.end("close")
  }

  private end(how: "quit" | "close" | "reset" | "stall"): void {
    const { socket, stream } = this
    this.ended = true
    if (how === "stall") {
      stream.pause()
      this.timer = setTimeout(() => socket.destroy(), this.behaving.idle?.after ?? usualPatience)
      return
    }
    if (how === "reset") return void (socket.remoteAddress === undefined ? socket.destroy() : socket.resetAndDestroy())
    // What a closed socket had not read would make the kernel send a reset, and the client might lose the last reply.
    stream.resume()
    if (how === "quit") return stream.destroySoon()
    stream.end()
    this.timer = setTimeout(() => socket.destroy(), farewell)
  }
}
