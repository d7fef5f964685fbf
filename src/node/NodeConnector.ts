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
  return Connector.of({
    connect: (target, options) =>
      Effect.flatMap(resolve(target, options, resolved), (endpoints) => {
        // The first address is the usual case, and needs no loop.
        let attempt = open(endpoints[0]!, options)
        for (const endpoint of endpoints.slice(1)) attempt = Effect.catchAll(attempt, () => open(endpoint, options))
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

/** Shared by all sockets: what a read puts there is taken before the next read. */
const shared = new Uint8Array(65_536)

const open = (endpoint: Endpoint, options: ConnectOptions): Effect.Effect<Wire, ConnectFailed> =>
  Effect.async<Wire, ConnectFailed>((resume) => {
    let wire: Conversation | undefined
    const onread: net.OnReadOpts = {
      buffer: shared,
      callback: (size) => {
        wire?.receive(shared, 0, size)
        return true
      }
    }
    let socket: net.Socket
    if (options.windowSize === undefined) {
      socket = new net.Socket({ onread } as net.SocketConstructorOpts)
    } else {
      const made = SocketBuffers.open("path" in endpoint ? "unix" : endpoint.family, options.windowSize)
      if (typeof made === "string") {
        return resume(Exit.fail(new ConnectFailed({ code: "EWINDOW", reason: made, local: true })))
      }
      socket = new net.Socket({ fd: made, onread } as net.SocketConstructorOpts)
    }
    const { deadlines, timeout } = options
    const late: Expiring = {
      deadline: deadlines.now() + timeout,
      expire: () => {
        deadlines.remove(late)
        socket.destroy()
        resume(Exit.fail(new ConnectFailed({ code: "ETIMEDOUT", reason: "Connection timed out", local: false })))
      }
    }
    deadlines.add(late)
    socket.setNoDelay(true)
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (wire !== undefined) return wire.ended(error.code === "ETIMEDOUT" ? "closed" : "reset")
      deadlines.remove(late)
      resume(Exit.fail(connectFailed(error)))
    })
    socket.on("end", () => wire?.ended("closed"))
    socket.on("close", () => wire?.ended("closed"))
    socket.on("connect", () => {
      deadlines.remove(late)
      wire = new Conversation(new SocketTransport(socket, () => wire), options)
      resume(Exit.succeed(wire))
    })
    if ("path" in endpoint) socket.connect({ path: endpoint.path })
    else {
      const { family, host, port } = endpoint
      socket.connect(
        options.source === undefined ? { host, port, family } : { host, port, family, localAddress: options.source }
      )
    }
    return Effect.sync(() => {
      if (wire !== undefined) return
      deadlines.remove(late)
      socket.destroy()
    })
  })

/** Trouble of this machine, and not of the server's. */
const localTrouble = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "EADDRINUSE", "ENOBUFS", "ENOMEM"])

const connectFailed = (error: NodeJS.ErrnoException): ConnectFailed => {
  const code = error.code ?? "EUNKNOWN"
  const known = error.errno === undefined ? undefined : util.getSystemErrorMap().get(error.errno)
  return new ConnectFailed({ code, reason: known?.[1] ?? error.message, local: localTrouble.has(code) })
}

/** The bytes of a large body that are handed over at once: so often is seen that the server still reads. */
const slice = 262_144

class SocketTransport implements Transport {
  constructor(
    private readonly socket: net.Socket,
    private readonly wire: () => Conversation | undefined
  ) {}

  write(bytes: string, body: Uint8Array | undefined): boolean {
    const { socket } = this
    if (body === undefined) {
      socket.write(bytes, "latin1")
      if (socket.writableLength === 0) return true
      socket.write("", this.written)
      return false
    }
    if (bytes !== "") {
      socket.cork()
      socket.write(bytes, "latin1")
      this.writeFrom(body, 0)
      socket.uncork()
    } else {
      this.writeFrom(body, 0)
    }
    return false
  }

  close(how: "reset" | "fin"): void {
    const { socket } = this
    if (socket.destroyed) return
    if (how === "fin") socket.destroySoon()
    else socket.resetAndDestroy()
  }

  private readonly written = (error?: Error | null): void => {
    if (error == null) this.wire()?.flushed()
  }

  private writeFrom(body: Uint8Array, start: number): void {
    const end = Math.min(start + slice, body.length)
    this.socket.write(body.subarray(start, end), (error) => {
      if (error != null) return
      const wire = this.wire()
      if (end === body.length) return wire?.flushed()
      wire?.progressed()
      if (wire?.state() === "open") this.writeFrom(body, end)
    })
  }
}
