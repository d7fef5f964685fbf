/**
 * Connections over `node:net`: TCP over IPv4 and IPv6, and UNIX-domain sockets.
 *
 * All sockets read into one buffer, which is parsed before the next read: a buffer for each would cost more memory than
 * all else that a session has.
 *
 * @since 0.1.0
 */
import * as dns from "node:dns"
import * as net from "node:net"
import * as util from "node:util"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { Conversation, type Transport } from "../smtp/Conversation.js"
import { ConnectFailed } from "../smtp/SmtpError.js"
import type { Target } from "../smtp/Target.js"
import { type ConnectOptions, Connector, type Expiring, type Wire } from "../smtp/Wire.js"
import * as SocketBuffers from "./SocketBuffers.js"

/**
 * Provides a `Connector` over real sockets. A name is resolved once in the layer's life.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Connector> = Layer.sync(Connector, () => {
  const resolved = new Map<string, ReadonlyArray<Endpoint>>()
  const idle: Array<Line> = []
  return Connector.of({
    connect: (target, options) =>
      Effect.flatMap(resolve(target, options, resolved), (endpoints) => {
        // The first address is the usual case, and needs no loop.
        let attempt = open(endpoints[0]!, options, idle)
        for (const endpoint of endpoints.slice(1))
          attempt = Effect.catchAll(attempt, () => open(endpoint, options, idle))
        return attempt
      })
  })
})

/** Where one attempt goes: an address literal and a port, or a path. */
type Endpoint = { readonly path: string } | { readonly host: string; readonly port: number; readonly family: 4 | 6 }

const resolve = (
  target: Target,
  options: ConnectOptions,
  resolved: Map<string, ReadonlyArray<Endpoint>>
): Effect.Effect<ReadonlyArray<Endpoint>, ConnectFailed> => {
  const family = options.family ?? "any"
  const key = target._tag === "Unix" ? target.path : `${family} ${target.host} ${target.port}`
  const known = resolved.get(key)
  if (known !== undefined) return Exit.succeed(known)
  if (target._tag === "Unix") return Exit.succeed([{ path: target.path }])
  const { host, port } = target
  return Effect.async<ReadonlyArray<Endpoint>, ConnectFailed>((resume) => {
    const wanted = family === "ipv4" ? 4 : family === "ipv6" ? 6 : 0
    dns.lookup(host, { all: true, family: wanted, verbatim: true }, (error, addresses) => {
      if (error !== null || addresses.length === 0) {
        const code = error?.code ?? "ENOTFOUND"
        const reason = code === "EAI_AGAIN" ? "the name server does not answer" : "no address for this name"
        return resume(Exit.fail(new ConnectFailed({ code, reason: `${host}: ${reason}`, local: false })))
      }
      const endpoints = addresses.map(
        (entry): Endpoint => ({ host: entry.address, port, family: entry.family === 6 ? 6 : 4 })
      )
      resolved.set(key, endpoints)
      resume(Exit.succeed(endpoints))
    })
  })
}

/** Trouble of this machine, and not of the server's. */
const localTrouble = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "EADDRINUSE", "ENOBUFS", "ENOMEM"])

const connectFailed = (error: NodeJS.ErrnoException): ConnectFailed => {
  const code = error.code ?? "EUNKNOWN"
  const known = error.errno === undefined ? undefined : util.getSystemErrorMap().get(error.errno)
  const described = known?.[1] ?? error.message
  const reason =
    code === "EMFILE" ? `${described}: each connection takes one, and ulimit -Hn must allow them` : described
  return new ConnectFailed({ code, reason, local: localTrouble.has(code) })
}

const open = (endpoint: Endpoint, options: ConnectOptions, idle: Array<Line>): Effect.Effect<Wire, ConnectFailed> =>
  Effect.async<Wire, ConnectFailed>((resume) => {
    let line: Line
    if (options.windowSize === undefined) {
      line = idle.pop() ?? new Line({}, idle)
    } else {
      const fd = SocketBuffers.open("path" in endpoint ? "unix" : endpoint.family, options.windowSize)
      if (typeof fd === "string") {
        return resume(Exit.fail(new ConnectFailed({ code: "EWINDOW", reason: fd, local: false })))
      }
      line = new Line({ fd }, undefined)
    }
    line.connect(endpoint, options, resume)
    return Effect.sync(() => line.abandon())
  })

/** Shared by all sockets: what a read puts there is taken before the next read. */
const readBuffer = new Uint8Array(65_536)

/**
 * The bytes of a large body that are handed over at once: so often is seen that the server still reads. Fewer and larger
 * writes cost less, and a server that takes less than 4 KiB in a second is as good as stuck.
 */
const sliceOf = (timeout: number): number => Math.max(65_536, Math.min(1_048_576, Math.floor(timeout * 4.096)))

/**
 * A socket, and what it is used for now. Once closed it serves the next connection: a new socket with its streams costs
 * 10 µs more.
 */
class Line implements Transport, Expiring {
  deadline = Number.POSITIVE_INFINITY
  private readonly socket: net.Socket
  private wire: Conversation | undefined = undefined
  private options: ConnectOptions | undefined = undefined
  private resume: ((result: Exit.Exit<Wire, ConnectFailed>) => void) | undefined = undefined
  private failed = false
  private isTcp = true

  /** A line that is closed is added to `idle`, if there is one. */
  constructor(
    options: net.SocketConstructorOpts,
    private readonly idle: Array<Line> | undefined
  ) {
    const onread: net.OnReadOpts = {
      buffer: readBuffer,
      callback: (size) => {
        this.wire?.receive(readBuffer, 0, size)
        return true
      }
    }
    // The types of Node know `onread` for `connect` alone; the constructor is where it is read.
    const socket = new net.Socket({ ...options, onread } as net.SocketConstructorOpts)
    socket.on("connect", () => this.connected())
    socket.on("error", (error: NodeJS.ErrnoException) => this.broke(error))
    socket.on("end", () => this.wire?.ended("closed"))
    socket.on("close", () => this.closed())
    this.socket = socket
  }

  connect(endpoint: Endpoint, options: ConnectOptions, resume: (result: Exit.Exit<Wire, ConnectFailed>) => void): void {
    const { deadlines, source, timeout } = options
    this.options = options
    this.resume = resume
    this.deadline = deadlines.now() + timeout
    deadlines.add(this)
    this.isTcp = !("path" in endpoint)
    if ("path" in endpoint) return void this.socket.connect({ path: endpoint.path })
    const { family, host, port } = endpoint
    this.socket.connect(source === undefined ? { host, port, family } : { host, port, family, localAddress: source })
  }

  /** Gives up: an attempt that is under way, or a connection that nobody has taken yet. */
  abandon(): void {
    if (this.resume !== undefined) this.expire()
    else this.wire?.close("reset")
  }

  expire(): void {
    this.settle(Exit.fail(connectionTimedOut))
  }

  write(bytes: string, body: Uint8Array | undefined): boolean {
    const { socket } = this
    if (body === undefined) {
      socket.write(bytes, "latin1")
      if (socket.writableLength === 0) return true
      socket.write("", this.written)
      return false
    }
    // The rest of a body must not wait for the acknowledgement of what went before; single writes need no such care.
    socket.setNoDelay(true)
    socket.cork()
    if (bytes !== "") socket.write(bytes, "latin1")
    this.writeFrom(body, 0, sliceOf(this.options?.timeout ?? 0))
    socket.uncork()
    return false
  }

  close(how: "reset" | "fin"): void {
    const { socket } = this
    this.wire = undefined
    if (how === "fin") socket.destroySoon()
    else if (this.isTcp) socket.resetAndDestroy()
    else socket.destroy()
  }

  private readonly written = (error?: Error | null): void => {
    if (error == null) this.wire?.flushed()
  }

  private writeFrom(body: Uint8Array, start: number, slice: number): void {
    const { wire } = this
    const end = Math.min(start + slice, body.length)
    this.socket.write(body.subarray(start, end), (error) => {
      if (error != null || wire === undefined || wire !== this.wire) return
      if (end === body.length) return wire.flushed()
      wire.progressed()
      if (wire.state() === "open") this.writeFrom(body, end, slice)
    })
  }

  private connected(): void {
    const { options } = this
    if (options === undefined || this.resume === undefined) return
    const wire = new Conversation(this, options)
    this.wire = wire
    this.settle(Exit.succeed(wire))
  }

  private broke(error: NodeJS.ErrnoException): void {
    this.failed = true
    if (this.resume !== undefined) this.settle(Exit.fail(connectFailed(error)))
    else this.wire?.ended("reset")
  }

  private closed(): void {
    const { wire } = this
    this.wire = undefined
    wire?.ended("closed")
    if (!this.failed) this.idle?.push(this)
  }

  private settle(result: Exit.Exit<Wire, ConnectFailed>): void {
    const { options, resume } = this
    this.resume = undefined
    this.deadline = Number.POSITIVE_INFINITY
    options?.deadlines.remove(this)
    if (Exit.isFailure(result)) {
      this.failed = true
      this.socket.destroy()
    }
    resume?.(result)
  }
}

const connectionTimedOut = new ConnectFailed({ code: "ETIMEDOUT", reason: "connection timed out", local: false })
