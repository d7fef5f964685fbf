/**
 * What goes over a connection with TLS: plaintext in and out of Node's socket, and its end.
 *
 * @since 0.1.0
 */
import type * as net from "node:net"
import type * as tls from "node:tls"
import * as Tls from "../smtp/Tls.js"

/**
 * Who hears of a connection. Plaintext comes in a buffer that is reused: take what is needed before returning. Nothing is
 * called after `onFailed` or `onEnded`, nor once `close` was.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsHandlers {
  readonly onData: (chunk: Uint8Array, end: number) => void
  /** The handshake is done, and the server is the one that it should be. */
  readonly onSecured: (session: Tls.TlsSession) => void
  /** The handshake came to nothing; or TLS broke later, as it does in TLS 1.3 when a client's certificate is refused. */
  readonly onFailed: (problem: Tls.TlsProblem) => void
  /** The connection is over that had been secured. */
  readonly onEnded: (how: "closed" | "reset") => void
  /** Part of what is being written was taken. */
  readonly onProgressed: () => void
  /** All that was written has been handed to the kernel; only after a `write` that was not taken at once. */
  readonly onFlushed: () => void
}

/**
 * TLS on a socket.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsLine {
  /**
   * Writes `bytes`, one byte in each character, and then `body`: true when all of it was handed to the kernel at once.
   * Otherwise `onProgressed` and `onFlushed` tell. One write at a time.
   */
  readonly write: (bytes: string, body: Uint8Array | undefined) => boolean
  /** What was written and has not gone out, in bytes. */
  readonly unsent: () => number
  /** Says no more (close_notify and FIN), and goes on reading. */
  readonly end: () => void
  /** Ends it: by a reset, where the socket knows one, or by close_notify and FIN. */
  readonly close: (how: "reset" | "fin") => void
}

/**
 * Whether there is nothing left of a socket to begin TLS on.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isClosed = (raw: net.Socket): boolean => raw.destroyed || handleOf(raw) == null

/**
 * Puts bytes back that were read and belong to the handshake, before TLS begins on the socket.
 *
 * @since 0.1.0
 * @category running
 */
export const readAgain = (raw: net.Socket, bytes: Uint8Array | undefined): void => {
  if (bytes === undefined) return
  // A socket that flows, and that nobody listens to, would drop them.
  raw.pause()
  raw.unshift(bytes)
}

/** What `net.Socket` keeps to itself. */
interface SocketHandle {
  readonly writeQueueSize?: number
  readonly useUserBuffer?: (buffer: Uint8Array) => void
}

const handleOf = (socket: net.Socket): SocketHandle | null | undefined =>
  (socket as unknown as { readonly _handle?: SocketHandle | null })._handle

/** Shared by all sockets: what a read puts there is taken before the next read. */
const readBuffer = Buffer.alloc(65_536)

/** The bytes of a body that are written at once: Node joins and encrypts them in memory, where they stay until they are sent. */
const mostAtOnce = 262_144

/**
 * TLS on a socket of Node's, whichever side of it we are.
 *
 * @since 0.1.0
 * @category models
 */
export class NodeTlsLine implements TlsLine {
  private over = false
  private isSecured = false
  private readonly isTcp: boolean
  private readonly pieceSize: number
  /** The last piece of what is written has been written, and has not been handed over. */
  private finishing = false

  constructor(
    private readonly socket: tls.TLSSocket,
    private readonly raw: net.Socket,
    private readonly handlers: TlsHandlers,
    pieceSize = mostAtOnce
  ) {
    this.pieceSize = Math.min(pieceSize, mostAtOnce)
    this.isTcp = raw.remoteAddress !== undefined
    readInto(socket, readBuffer, (size, chunk) => this.received(chunk, size))
    socket.on("error", (error) => this.broke(error))
    socket.on("end", () => this.ended("closed"))
    socket.on("close", () => this.ended("closed"))
  }

  isOpen(): boolean {
    return !this.over
  }

  write(bytes: string, body: Uint8Array | undefined): boolean {
    if (this.socket.writableLength === 0) return this.begin(bytes, body)
    // Node's stream would keep a second write to itself, and could not tell when that one is handed over.
    this.socket.write("", () => {
      if (!this.over && this.begin(bytes, body)) this.handlers.onFlushed()
    })
    return false
  }

  unsent(): number {
    return this.socket.writableLength
  }

  end(): void {
    this.socket.end()
  }

  close(how: "reset" | "fin"): void {
    if (this.over) return
    this.over = true
    // The TLS socket's own reset throws. Its destroy frees OpenSSL's state at once where the socket underneath is closed
    // already, and we may have been called from within OpenSSL: the process would crash. The one underneath ends both.
    if (how === "fin") this.socket.destroySoon()
    else if (this.isTcp) this.raw.resetAndDestroy()
    else this.raw.destroy()
  }

  secured(session: Tls.TlsSession): void {
    if (this.over) return
    this.isSecured = true
    this.handlers.onSecured(session)
  }

  fail(problem: Tls.TlsProblem): void {
    if (this.over) return
    this.close("reset")
    this.handlers.onFailed(problem)
  }

  broke(error: NodeJS.ErrnoException): void {
    const problem = Tls.problemOf(error)
    // Node makes up a reset where the other side closed before the handshake was done.
    const isEnd = problem.kind === "reset" && error.syscall === undefined
    if (isEnd) this.ended("closed")
    else if (problem.kind === "reset") this.ended("reset")
    else this.fail(problem)
  }

  private ended(how: "closed" | "reset"): void {
    if (this.over) return
    if (!this.isSecured) return this.fail(Tls.endedEarly(how))
    this.over = true
    this.handlers.onEnded(how)
  }

  private received(chunk: Uint8Array, size: number): void {
    if (!this.over) this.handlers.onData(chunk, size)
  }

  private begin(bytes: string, body: Uint8Array | undefined): boolean {
    if (body === undefined) {
      this.finishing = true
      this.socket.write(bytes, "latin1", this.written)
      return this.settle()
    }
    // Two writes would be two records, or copied into one.
    const length = Math.min(body.length, Math.max(0, this.pieceSize - bytes.length))
    const first = Buffer.allocUnsafe(bytes.length + length)
    first.write(bytes, "latin1")
    first.set(body.subarray(0, length), bytes.length)
    return this.piece(first, body, length)
  }

  /** Writes a piece of a body, and after it what follows `at`; tells whether all of it was handed over at once. */
  private piece(bytes: Uint8Array, body: Uint8Array, at: number): boolean {
    if (at === body.length) {
      this.finishing = true
      this.socket.write(bytes, this.written)
      return this.settle()
    }
    this.socket.write(bytes, (error) => {
      if (error != null || this.over) return
      this.handlers.onProgressed()
      if (this.over) return
      const end = Math.min(at + this.pieceSize, body.length)
      if (this.piece(body.subarray(at, end), body, end)) this.handlers.onFlushed()
    })
    return false
  }

  /** Whether the kernel has all of it. Node's own word comes a turn of the event loop later, and a reply can be faster. */
  private settle(): boolean {
    if (handleOf(this.raw)?.writeQueueSize !== 0) return false
    this.finishing = false
    return true
  }

  private readonly written = (error?: Error | null): void => {
    if (error != null || this.over || !this.finishing) return
    this.finishing = false
    this.handlers.onFlushed()
  }
}

/**
 * Has a TLS socket read into a buffer of ours. Node gives no such option to one that is made over another socket, but has
 * all that it takes: it saves a fifth of a message's CPU. Should a Node come that is made otherwise, the chunks are taken on
 * their way into the stream.
 */
const readInto = (socket: tls.TLSSocket, buffer: Buffer, take: (size: number, chunk: Uint8Array) => void): void => {
  const handle = handleOf(socket)
  const symbols = Object.getOwnPropertySymbols(socket)
  const kBuffer = symbols.find(({ description }) => description === "kBuffer")
  const kBufferCb = symbols.find(({ description }) => description === "kBufferCb")
  if (kBuffer !== undefined && kBufferCb !== undefined && typeof handle?.useUserBuffer === "function") {
    Object.assign(socket, {
      [kBuffer]: buffer,
      [kBufferCb]: (size: number) => {
        take(size, buffer)
        return true
      }
    })
    handle.useUserBuffer(buffer)
    return
  }
  const push = socket.push.bind(socket)
  socket.push = (chunk: Buffer | null) => {
    if (chunk === null) return push(null)
    take(chunk.length, chunk)
    return true
  }
}
