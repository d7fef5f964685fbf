/**
 * The sink's listener over `node:net`. It runs in a thread of its own, without Effect, or in this one.
 *
 * Bounded: connections, how long one may be silent, and how much it may leave unread. All sockets read into one buffer,
 * and one timer watches them all.
 *
 * It is over 300 lines because who is let in, who waits and who is silent for too long is one state.
 *
 * @since 0.1.0
 */
import * as dns from "node:dns"
import * as net from "node:net"
import * as os from "node:os"
import type { Behaving } from "../sink/Behaviour.js"
import type * as tls from "node:tls"
import type { SinkSession, SmtpSink } from "../sink/SmtpSink.js"
import { Crowd } from "../smtp/Crowd.js"
import type { Target } from "../smtp/Target.js"
import type { TlsIdentity } from "../smtp/Tls.js"
import * as NodeTls from "./NodeTls.js"
import * as SocketBuffers from "./SocketBuffers.js"
import { BehavingConnection } from "./BehavingConnection.js"
import type { ListenerHost } from "./ListenerHost.js"
import { UsualConnection } from "./UsualConnection.js"

/**
 * Where to listen, and the bounds. Plain data.
 *
 * @since 0.1.0
 * @category models
 */
export interface ListenOptions {
  /** A host and a port (0 for any), or a UNIX-domain path. */
  readonly target: Target
  readonly backlog: number
  /** The bytes of each buffer of its sockets; undefined for what the system gives. */
  readonly windowSize?: number | undefined
  readonly maxConnections: number
  readonly family: "any" | "ipv4" | "ipv6"
  /** What becomes of connections beyond them. */
  readonly beyond: "busy" | "wait"
  /** What a client is told that was silent for too long; undefined for 421. */
  readonly idleSay: string | undefined
  /** In milliseconds; exact to some seconds. */
  readonly idleTimeout: number
  /** The certificate to show, where the sink speaks TLS. */
  readonly certified?: TlsIdentity | undefined
  /** The sink's, if it has one: its limits go before the ones above. */
  readonly behaving?: Behaving | undefined
}

/**
 * A sink that listens, or is about to.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkListener {
  /** Calls back, once, when all replies that are owed now have been said, or their connections are over. */
  readonly whenAnswered: (done: () => void) => void
  /** Stops listening and ends all connections; calls back, once, when they are over, and what was under way on them is lost. */
  readonly close: (done: () => void) => void
}

/**
 * Listens until `close` is called. Exactly one of the functions is called, once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const listen = (
  sink: SmtpSink,
  options: ListenOptions,
  onListening: (target: Target) => void,
  onFailed: (error: NodeJS.ErrnoException) => void
): SinkListener => new Listener(sink, options, onListening, onFailed)

/** How often the connections are looked at, in milliseconds. */
const tickInterval = 5000

/** Shared by all sockets: what a read puts there is taken before the next read. */
const shared = Buffer.alloc(65_536)

/** What Node's `net.Server` keeps to itself: the handle that it listens by, and those of its connections. */
interface ServerHandle {
  readonly fd: number
  readonly setNoDelay: (on: boolean) => number
  onconnection: (this: unknown, status: number, client: unknown) => void
}

/** A connection that was accepted. */
interface ClientHandle {
  readonly close: () => void
}

/** Finds where to listen: an empty host is every interface. */
const hostOf = (
  host: string,
  family: ListenOptions["family"],
  done: (error: NodeJS.ErrnoException | null, found?: net.ListenOptions) => void
): void => {
  if (family === "any") return done(null, { host: host === "" ? undefined : host })
  const version = family === "ipv4" ? 4 : 6
  const ipv6Only = version === 6
  if (host === "") return done(null, { host: version === 4 ? "0.0.0.0" : "::", ipv6Only })
  // Node takes an address for what it is, whatever family it is asked for.
  if (net.isIP(host) !== 0) {
    return net.isIP(host) === version ? done(null, { host, ipv6Only }) : done(systemError("EAFNOSUPPORT"))
  }
  dns.lookup(host, { family: version }, (error, address) => done(error, { host: address, ipv6Only }))
}

/** Whether a socket that is made of this handle reads into a buffer that is given to it: Node's own alone have that. */
const readsIntoBuffers = (handle: unknown): handle is ClientHandle =>
  typeof handle === "object" &&
  handle !== null &&
  "useUserBuffer" in handle &&
  typeof handle.useUserBuffer === "function"

class Listener implements SinkListener, ListenerHost {
  private readonly connections = new Crowd<UsualConnection | BehavingConnection>()
  /** Who waits to be served until others have gone. */
  private readonly waiting = new Set<net.Socket>()
  /** The same, of those whose sockets are not made before their turn: nothing of them is read until then. */
  private readonly handles: Array<ClientHandle> = []
  tick = 0
  private isClosed = false
  /** Whether its sockets send at once without being told. */
  private isPrompt = false
  readonly idleTicks: number
  private readonly server: net.Server
  private readonly timer: NodeJS.Timeout
  /** Of TLS, where there is a certificate. */
  readonly context: tls.SecureContext | undefined

  constructor(
    private readonly sink: SmtpSink,
    readonly options: ListenOptions,
    onListening: (target: Target) => void,
    onFailed: (error: NodeJS.ErrnoException) => void
  ) {
    const { backlog, behaving, target } = options
    const patience = behaving?.idle?.after ?? options.idleTimeout
    this.context = options.certified === undefined ? undefined : NodeTls.serverContext(options.certified)
    const interval = Math.min(tickInterval, Math.max(1, patience / 4))
    this.idleTicks = Math.ceil(patience / interval) + 1
    this.timer = setInterval(() => this.sweep(), interval)
    this.timer.unref()
    this.server = net.createServer((socket) => {
      socket.on("error", ignore)
      if (behaving !== undefined) return this.admit(socket, behaving)
      const connection = this.add(socket)
      socket.on("data", (chunk) => connection?.receive(chunk, 0, chunk.length))
    })
    const fail = (error: NodeJS.ErrnoException): void => {
      clearInterval(this.timer)
      onFailed(error)
    }
    this.server.on("error", fail)
    const listenOn = (where: net.ListenOptions): void => {
      if (this.isClosed) return
      this.server.listen({ ...where, backlog }, () => {
        this.server.off("error", fail).on("error", ignore)
        if (!this.sizeBuffers()) {
          this.server.close()
          return fail(systemError("ENOTSUP"))
        }
        this.takeOver()
        const address = this.server.address()
        onListening(
          target._tag === "Unix" || address === null || typeof address === "string"
            ? target
            : { _tag: "Inet", host: address.address, port: address.port }
        )
      })
    }
    if (target._tag === "Unix") listenOn({ path: target.path })
    else {
      hostOf(target.host, options.family, (error, host) => {
        // Nobody is told before there is something to close.
        if (error !== null) setImmediate(fail, error)
        else listenOn({ ...host, port: target.port })
      })
    }
  }

  close(done: () => void): void {
    this.isClosed = true
    clearInterval(this.timer)
    let left = 1 + this.connections.size
    const one = (): void => {
      if (--left === 0) done()
    }
    this.server.close(one)
    for (const { socket } of this.connections) socket.once("close", one).destroy()
    // Who waits has had no turn, and gets none when the others go.
    for (const socket of this.waiting) socket.destroy()
    this.waiting.clear()
    for (const handle of this.handles.splice(0)) handle.close()
  }

  whenAnswered(done: () => void): void {
    let left = 1
    const one = (): void => {
      if (--left === 0) done()
    }
    for (const connection of this.connections) {
      if (!(connection instanceof BehavingConnection)) continue
      left++
      connection.whenAnswered(one)
    }
    one()
  }

  /** Serves a connection that the behaviour lets in, now or later; another is told that it is one too many. */
  private admit(socket: net.Socket, behaving: Behaving): void {
    const { beyond, limit } = behaving.connections
    if (this.connections.size < limit) return this.serve(socket, behaving)
    if (beyond === "busy") return turnAway(socket, this.sink)
    this.waiting.add(socket)
    socket.on("close", () => this.waiting.delete(socket))
  }

  private serve(socket: net.Socket, behaving: Behaving): void {
    const connection = this.behave(socket, behaving)
    socket.on("data", (chunk) => {
      if (!connection.receive(chunk, 0, chunk.length)) socket.pause()
    })
  }

  private behave(socket: net.Socket, behaving: Behaving): BehavingConnection {
    this.prompt(socket)
    return this.enter(new BehavingConnection(this, socket, this.openSession(socket), behaving))
  }

  private enter<Connection extends UsualConnection | BehavingConnection>(connection: Connection): Connection {
    this.connections.add(connection)
    connection.socket.on("close", () => {
      this.connections.delete(connection)
      connection.closed()
      this.next()
    })
    return connection
  }

  /** The replies to two reads are two small writes: Nagle's algorithm would hold the second back. */
  private prompt(socket: net.Socket): void {
    if (this.options.target._tag === "Inet" && !this.isPrompt) socket.setNoDelay(true)
  }

  private openSession(socket: net.Socket): SinkSession {
    return this.sink.open(this.sink.wantsClients ? socket.remoteAddress : undefined)
  }

  private handle(): Partial<ServerHandle> | null | undefined {
    return (this.server as unknown as { readonly _handle?: Partial<ServerHandle> | null })._handle
  }

  /** Connections inherit the buffers of the socket that accepts them. */
  private sizeBuffers(): boolean {
    const { windowSize } = this.options
    if (windowSize === undefined) return true
    const { fd = -1 } = this.handle() ?? {}
    return fd >= 0 && SocketBuffers.resize(fd, windowSize)
  }

  /**
   * Accepts connections in the server's stead: it has no way to say that its sockets read into one buffer, which saves a
   * tenth of the CPU of a short message and a quarter of a long one. A server that is made otherwise (Deno's and Bun's are,
   * and a later Node's may be) goes on accepting as it does.
   */
  private takeOver(): void {
    const handle = this.handle()
    const accept = handle?.onconnection
    if (handle == null || typeof accept !== "function" || !readsIntoBuffers(handle)) return
    // Linux hands it on to all that are accepted: a system call less for each.
    this.isPrompt = process.platform === "linux" && handle.setNoDelay?.(true) === 0
    handle.onconnection = (status, client) => {
      if (status !== 0 || !readsIntoBuffers(client)) return accept.call(handle, status, client)
      const { behaving } = this.options
      if (behaving !== undefined) {
        if (this.connections.size >= behaving.connections.limit) accept.call(handle, status, client)
        else this.open(client)
        return
      }
      if (this.options.beyond === "wait" && this.connections.size >= this.options.maxConnections) {
        if (this.handles.length < this.options.backlog) this.handles.push(client)
        else client.close()
        return
      }
      this.open(client)
    }
  }

  private open(client: ClientHandle): void {
    let connection: UsualConnection | BehavingConnection | undefined
    const onread: net.OnReadOpts = {
      buffer: shared,
      callback: (size) => connection?.receive(shared, 0, size) !== false
    }
    // All that Node's socket makes of its options: where it has to add what is missing to its copy of them, V8 makes a shape of
    // its own for each copy, which costs 6 µs a socket.
    const socketOptions: object = {
      handle: client,
      onread,
      allowHalfOpen: false,
      emitClose: false,
      autoDestroy: true,
      decodeStrings: false
    }
    const socket = new net.Socket(socketOptions)
    socket.on("error", ignore)
    const { behaving } = this.options
    connection = behaving === undefined ? this.add(socket) : this.behave(socket, behaving)
  }

  /** A connection is over: the next one that waits has its turn. */
  private next(): void {
    const client = this.handles.shift()
    if (client !== undefined) return this.open(client)
    const { behaving } = this.options
    if (behaving === undefined) return
    for (const next of this.waiting) {
      this.waiting.delete(next)
      return this.serve(next, behaving)
    }
  }

  private add(socket: net.Socket): UsualConnection | undefined {
    if (this.connections.size >= this.options.maxConnections) {
      turnAway(socket, this.sink)
      return undefined
    }
    this.prompt(socket)
    return this.enter(new UsualConnection(this, socket, this.openSession(socket)))
  }

  private sweep(): void {
    this.tick++
    for (const connection of this.connections) if (connection.due <= this.tick) connection.expire()
  }
}

const turnAway = (socket: net.Socket, sink: SmtpSink): void => {
  socket.write(sink.busy)
  socket.destroy()
}

const systemError = (code: "EAFNOSUPPORT" | "ENOTSUP"): NodeJS.ErrnoException =>
  Object.assign(new Error(code), { code, errno: -os.constants.errno[code] })

const ignore = (): void => {}
