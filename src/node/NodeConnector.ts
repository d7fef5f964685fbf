/**
 * Connections over `node:net`: TCP over IPv4 and IPv6, and UNIX-domain sockets.
 *
 * It is over 300 lines because a socket is one state from the attempt to connect to its end, with a proxy or TLS between.
 *
 * @since 0.1.0
 */
import type * as net from "node:net"
import * as util from "node:util"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as AtHand from "../smtp/AtHand.js"
import { Conversation } from "../smtp/Conversation.js"
import { ConnectFailed } from "../smtp/SmtpError.js"
import * as Target from "../smtp/Target.js"
import type { TlsProblem, TlsSettings, TlsUnusable } from "../smtp/Tls.js"
import type { Transport } from "../smtp/Transport.js"
import { type ConnectOptions, Connector, type Expiring, type Wire } from "../smtp/Wire.js"
import { type Endpoint, NameLookup, type Resolvers } from "./NameLookup.js"
import * as NodeTls from "./NodeTls.js"
import type { TlsLine } from "./TlsLine.js"
import * as OneWrite from "./OneWrite.js"
import { PooledSocket, type SocketUser } from "./PooledSocket.js"
import * as SocketBuffers from "./SocketBuffers.js"
import * as SocksTunnel from "./SocksTunnel.js"

/**
 * Provides a `Connector` over real sockets. A name is resolved once in the layer's life.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Connector> = Layer.suspend(() => layerWith({}))

/**
 * The same, with answers about names from elsewhere than the system.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (resolvers: Resolvers): Layer.Layer<Connector> =>
  Layer.sync(Connector, () => {
    const names = new NameLookup(resolvers)
    const pool: Array<PooledSocket> = []
    return Connector.of({
      addresses: (target, options) =>
        Effect.map(names.resolve(target, options), (endpoints) =>
          endpoints.flatMap((endpoint) => ("path" in endpoint ? [] : [endpoint.host]))
        ),
      exchangers: (domain, options) => names.exchangers(domain, options),
      checkTls: (settings) => Either.map(tlsClient(settings), () => {}),
      connect: (target, options) => {
        const found = names.resolve(firstHop(target, options), options)
        // What is known already is the usual case, and needs no step of its own.
        const atHand = AtHand.success(found)
        return atHand !== undefined
          ? openFirst(target, atHand.value, options, pool)
          : Effect.flatMap(found, (endpoints) => openFirst(target, endpoints, options, pool))
      }
    })
  })

/** The first address at which there is a server. */
const openFirst = (
  target: Target.Target,
  endpoints: ReadonlyArray<Endpoint>,
  options: ConnectOptions,
  pool: Array<PooledSocket>
): Effect.Effect<Wire, ConnectFailed> => {
  // One is the usual case, and needs no loop.
  let attempt = open(target, endpoints[0]!, options, pool)
  for (let place = 1; place < endpoints.length; place++) {
    const endpoint = endpoints[place]!
    attempt = Effect.catchAll(attempt, () => open(target, endpoint, options, pool))
  }
  return attempt
}

/** A proxy looks up the target's name by itself. */
const firstHop = (target: Target.Target, { socks }: ConnectOptions): Target.Target =>
  socks === undefined ? target : Target.inet(socks.host, socks.port)

const open = (
  target: Target.Target,
  endpoint: Endpoint,
  options: ConnectOptions,
  pool: Array<PooledSocket>
): Effect.Effect<Wire, ConnectFailed> =>
  Effect.async<Wire, ConnectFailed>((resume) => {
    let socket: PooledSocket
    if (options.windowSize === undefined) {
      socket = pool.pop() ?? new PooledSocket({}, pool)
    } else {
      const fd = SocketBuffers.open("path" in endpoint ? "unix" : endpoint.family, options.windowSize)
      if (typeof fd === "string") {
        return resume(Exit.fail(new ConnectFailed({ code: "EWINDOW", reason: fd, local: false, target })))
      }
      socket = new PooledSocket({ fd }, undefined)
    }
    const connection = new SocketConnection(socket, target, endpoint, options, resume)
    connection.begin()
    return Effect.sync(() => connection.abandon())
  })

/** What the connections of this thread begin TLS with: one client for each of the settings, which costs as much as a handshake. */
const tlsClients = new WeakMap<TlsSettings, Either.Either<NodeTls.TlsClient, TlsUnusable>>()

const tlsClient = (settings: TlsSettings): Either.Either<NodeTls.TlsClient, TlsUnusable> => {
  const known = tlsClients.get(settings) ?? NodeTls.client(settings)
  tlsClients.set(settings, known)
  return known
}

/** Trouble of this machine, and not of the server's. */
const localTrouble = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "EADDRINUSE", "ENOBUFS", "ENOMEM"])

const reasonOf = ({ code, errno, message }: NodeJS.ErrnoException): string => {
  const known = errno === undefined ? undefined : util.getSystemErrorMap().get(errno)
  const described = known?.[1] ?? message
  return code === "EMFILE" ? `${described}: each connection takes one, and ulimit -Hn must allow them` : described
}

/**
 * The bytes of a large body that are handed over at once: after each of them it is seen that the server still reads. Fewer and larger
 * writes cost less, and a server that takes less than 4 KiB in a second is as good as stuck.
 */
const sliceOf = (timeout: number): number => Math.max(65_536, Math.min(1_048_576, Math.floor(timeout * 4.096)))

/**
 * One connection, from the attempt to open it to its end. Once it is over it has no socket, and does nothing: the socket may
 * be another connection's by then.
 */
class SocketConnection implements Transport, Expiring, SocketUser {
  deadline: number
  seat: number | undefined = undefined
  private socket: PooledSocket | undefined
  private conversation: Conversation | undefined = undefined
  /** Once TLS has begun, it has the socket. */
  private line: TlsLine | undefined = undefined
  /** The handshake with a proxy, while it is under way. */
  private tunnel: SocksTunnel.Tunnel | undefined = undefined
  private resume: ((result: Exit.Exit<Wire, ConnectFailed>) => void) | undefined

  constructor(
    socket: PooledSocket,
    private readonly target: Target.Target,
    private readonly endpoint: Endpoint,
    private readonly options: ConnectOptions,
    resume: (result: Exit.Exit<Wire, ConnectFailed>) => void
  ) {
    this.socket = socket
    this.resume = resume
    this.deadline = options.deadlines.now() + options.timeout
  }

  begin(): void {
    const { endpoint, options, socket } = this
    const { deadlines, source } = options
    deadlines.add(this)
    const where: net.SocketConnectOpts =
      "path" in endpoint || source === undefined ? endpoint : { ...endpoint, localAddress: source }
    socket?.connect(where, this)
  }

  /** Gives up: an attempt that is under way, or a connection that nobody has taken yet. */
  abandon(): void {
    if (this.resume !== undefined) this.expire()
    else this.conversation?.close("reset")
  }

  expire(): void {
    this.fail("ETIMEDOUT", "connection timed out")
  }

  secure(settings: TlsSettings): void {
    const { conversation, options, socket } = this
    if (socket === undefined || conversation === undefined) return
    const client = tlsClient(settings)
    if (Either.isLeft(client)) {
      const { message: reason } = client.left
      return conversation.ended({ kind: "other", code: "ESETTINGS", reason })
    }
    const raw = socket.surrender()
    this.socket = undefined
    this.line = client.right.begin(
      raw,
      {
        onData: (chunk, end) => conversation.receive(chunk, 0, end),
        onSecured: (session) => conversation.secured(session),
        onFailed: (problem) => this.lost(problem),
        onEnded: (how) => this.lost(how),
        onProgressed: () => conversation.progressed(),
        onFlushed: () => conversation.flushed()
      },
      { pieceSize: sliceOf(options.timeout) }
    )
    // Node tells nobody of a socket that was closed before.
    if (this.line === undefined) conversation.ended("closed")
  }

  private lost(how: "closed" | "reset" | TlsProblem): void {
    this.line = undefined
    this.conversation?.ended(how)
  }

  write(bytes: string, body: Uint8Array | undefined): boolean {
    if (this.line !== undefined) return this.line.write(bytes, body)
    const socket = this.socket?.socket
    if (socket === undefined) return true
    const size = bytes.length + (body === undefined ? 0 : body.length)
    if (body === undefined && size <= OneWrite.mostOfStack) socket.write(bytes, "latin1")
    else {
      // What is left of a large write must not wait for the acknowledgement of what went before; small ones need no such care.
      socket.setNoDelay(true)
      if (size > OneWrite.most) return this.writeAll(socket, bytes, body)
      socket.write(bytes === "" ? body! : OneWrite.joined(bytes, body))
    }
    if (socket.writableLength === 0) return true
    // What the kernel has not taken stays where it is until then.
    if (bytes !== "") OneWrite.keep()
    socket.write("", this.written)
    return false
  }

  private writeAll(socket: net.Socket, bytes: string, body: Uint8Array | undefined): boolean {
    const rest = body ?? Buffer.from(bytes, "latin1")
    socket.cork()
    if (body !== undefined && bytes !== "") socket.write(bytes, "latin1")
    this.writeFrom(socket, rest, 0, sliceOf(this.options.timeout))
    socket.uncork()
    return false
  }

  close(how: "reset" | "fin"): void {
    const { conversation, line, socket } = this
    this.socket = undefined
    this.line = undefined
    line?.close(how)
    if (conversation === undefined) socket?.discard()
    else socket?.release(how === "reset" && "path" in this.endpoint ? "close" : how)
  }

  private readonly written = (error?: Error | null): void => {
    if (error == null && this.socket !== undefined) this.conversation?.flushed()
  }

  private writeFrom(socket: net.Socket, body: Uint8Array, start: number, slice: number): void {
    const end = Math.min(start + slice, body.length)
    socket.write(body.subarray(start, end), (error) => {
      const { conversation } = this
      if (error != null || this.socket === undefined || conversation === undefined) return
      if (end === body.length) return conversation.flushed()
      conversation.progressed()
      if (conversation.state() === "open") this.writeFrom(socket, body, end, slice)
    })
  }

  connected(): void {
    if (this.resume === undefined) return
    const { options, socket, target } = this
    if (options.socks === undefined) return this.opened()
    if (target._tag === "Unix") return this.fail("ESOCKS", "a pathname is not for a proxy")
    this.tunnel = SocksTunnel.begin(options.socks, target, {
      write: (bytes) => socket?.socket.write(bytes),
      onFailed: (reason) => this.fail("ESOCKS", reason),
      onOpened: (said) => {
        this.tunnel = undefined
        if (this.resume === undefined) return
        this.opened()
        for (const chunk of said) this.received(chunk, chunk.length)
      }
    })
  }

  private opened(): void {
    const conversation = new Conversation(this, this.options)
    this.conversation = conversation
    this.settle(Exit.succeed(conversation))
  }

  received(buffer: Uint8Array, size: number): void {
    if (this.tunnel !== undefined) return this.tunnel.receive(Buffer.from(buffer.subarray(0, size)))
    this.conversation?.receive(buffer, 0, size)
  }

  ended(): void {
    this.conversation?.ended("closed")
  }

  broke(error: NodeJS.ErrnoException): void {
    if (this.resume !== undefined) this.fail(error.code ?? "EUNKNOWN", reasonOf(error))
    else this.conversation?.ended("reset")
  }

  closed(): void {
    if (this.resume !== undefined) return this.fail("ECONNABORTED", "connection aborted")
    this.socket = undefined
    this.conversation?.ended("closed")
  }

  private fail(code: string, why: string): void {
    const { endpoint, options, socket, target } = this
    if (this.resume === undefined) return
    this.socket = undefined
    this.tunnel = undefined
    socket?.discard()
    const { socks, source } = options
    const address = "path" in endpoint || socks !== undefined ? undefined : endpoint.host
    const reason = socks === undefined ? why : `SOCKS proxy ${socks.host}:${socks.port}: ${why}`
    const local = localTrouble.has(code)
    this.settle(Exit.fail(new ConnectFailed({ code, reason, local, target, address, source })))
  }

  private settle(result: Exit.Exit<Wire, ConnectFailed>): void {
    const { resume } = this
    this.resume = undefined
    this.deadline = Number.POSITIVE_INFINITY
    this.options.deadlines.remove(this)
    resume?.(result)
  }
}
