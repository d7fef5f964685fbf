/**
 * A connection of a sink that answers as usual: at once, and to each read in one write.
 *
 * @since 0.1.0
 */
import type * as net from "node:net"
import type * as tls from "node:tls"
import type { SinkSession } from "../sink/SinkSession.js"
import * as NodeTls from "./NodeTls.js"
import * as SocketWrite from "./SocketWrite.js"
import { readAgain, type TlsHandlers, type TlsLine } from "./TlsLine.js"

/** Replies that a client has not read, in bytes: one that leaves more is cut off. */
const mostUnread = 1_048_576

/** The ticks that a client has to close a connection whose end it has been told. */
const farewell = 2

/**
 * What its connections know of a listener.
 *
 * @since 0.1.0
 * @category models
 */
export interface UsualHost {
  /** Its time, and how long a client may be silent in it. */
  readonly tick: number
  readonly idleTicks: number
  readonly options: { readonly idleSay: string | undefined }
  /** Of TLS, where there is a certificate. */
  readonly context: tls.SecureContext | undefined
}

/**
 * One connection, from its greeting on.
 *
 * @since 0.1.0
 * @category models
 */
export class UsualConnection {
  /** The tick at which it has been silent for too long. */
  due: number
  /** Once TLS has begun, it has the socket. */
  private line: TlsLine | undefined = undefined

  constructor(
    private readonly listener: UsualHost,
    readonly socket: net.Socket,
    readonly session: SinkSession
  ) {
    this.due = listener.tick + listener.idleTicks
    if (session.greeting !== undefined) SocketWrite.bytes(socket, session.greeting)
    this.look()
  }

  receive(chunk: Uint8Array, start: number, end: number): true {
    const { listener, session, socket } = this
    if (session.verdict !== "open") return true
    this.due = listener.tick + listener.idleTicks
    this.write(session.push(chunk, start, end))
    this.look()
    if ((this.line?.unsent() ?? socket.writableLength) > mostUnread) socket.destroy()
    return true
  }

  private write(bytes: Uint8Array | undefined): void {
    if (bytes === undefined) return
    if (this.line === undefined) SocketWrite.bytes(this.socket, bytes)
    else this.line.write("", bytes)
  }

  /** Does what the session wants done now. */
  private look(): void {
    const { verdict } = this.session
    if (verdict === "secure") this.secure()
    else if (verdict !== "open") this.end()
  }

  private secure(): void {
    const { listener, session, socket } = this
    const handlers: TlsHandlers = {
      onData: (chunk, end) => void this.receive(chunk, 0, end),
      onSecured: () => {
        this.write(session.secured())
        this.look()
      },
      onFailed: ignore,
      onEnded: () => this.line?.close("fin"),
      onProgressed: ignore,
      onFlushed: ignore
    }
    const { context } = listener
    readAgain(socket, session.unread)
    this.line = context === undefined ? undefined : NodeTls.serve(context, socket, handlers)
    if (this.line === undefined) socket.destroy()
  }

  expire(): void {
    const { session, socket } = this
    if (session.verdict !== "open") return void socket.destroy()
    this.write(session.expire(this.listener.options.idleSay))
    this.end()
  }

  private end(): void {
    const { line, listener, session, socket } = this
    this.due = listener.tick + farewell
    if (line !== undefined) {
      if (session.verdict === "close") line.end()
      else line.close(session.verdict === "reset" ? "reset" : "fin")
      return
    }
    if (session.verdict === "reset") reset(socket)
    // What a closed socket had not read would make the kernel send a reset, and the client might lose the last reply.
    else if (session.verdict === "close") socket.end()
    else if (socket.writableLength === 0) socket.destroy()
    else socket.destroySoon()
  }
}

/** A UNIX-domain socket knows no reset. */
const reset = (socket: net.Socket): unknown =>
  socket.remoteAddress === undefined ? socket.destroy() : socket.resetAndDestroy()

const ignore = (): void => {}
