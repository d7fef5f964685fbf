/**
 * A connection of a sink that answers as usual: at once, and to each read in one write.
 *
 * @since 0.1.0
 */
import type * as net from "node:net"
import type { SinkSession } from "../sink/SinkSession.js"
import * as NodeTls from "./NodeTls.js"
import type { ListenerHost, OpenConnection } from "./ListenerHost.js"
import { SocketWriter } from "./SocketWriter.js"
import { readAgain, type TlsHandlers, type TlsLine } from "./TlsLine.js"

/** Replies that a client has not read, in bytes: one that leaves more is cut off. */
const mostUnread = 1_048_576

/** The ticks that a client has to close a connection whose end it has been told. */
const farewell = 2

/**
 * One connection, from its greeting on.
 *
 * @since 0.1.0
 * @category models
 */
export class UsualConnection implements OpenConnection {
  seat: number | undefined = undefined
  due: number
  private readonly writer: SocketWriter
  /** Once TLS has begun, it has the socket. */
  private line: TlsLine | undefined = undefined

  constructor(
    private readonly host: ListenerHost,
    readonly socket: net.Socket,
    private readonly session: SinkSession
  ) {
    this.due = host.tick + host.idleTicks
    this.writer = new SocketWriter(socket)
    if (session.greeting !== undefined) this.writer.bytes(session.greeting)
    this.look()
  }

  receive(chunk: Uint8Array, start: number, end: number): true {
    const { host, session, socket } = this
    if (session.verdict !== "open") return true
    this.due = host.tick + host.idleTicks
    this.write(session.push(chunk, start, end))
    this.look()
    if ((this.line?.unsent() ?? socket.writableLength) > mostUnread) socket.destroy()
    return true
  }

  closed(): void {
    this.session.closed()
  }

  private write(bytes: Uint8Array | undefined): void {
    if (bytes === undefined) return
    if (this.line === undefined) this.writer.bytes(bytes)
    else this.line.write("", bytes)
  }

  /** Does what the session wants done now. */
  private look(): void {
    const { verdict } = this.session
    if (verdict === "secure") this.secure()
    else if (verdict !== "open") this.end()
  }

  private secure(): void {
    const { host, session, socket } = this
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
    const { context } = host
    readAgain(socket, session.unread)
    this.line = context === undefined ? undefined : NodeTls.serve(context, socket, handlers)
    if (this.line === undefined) socket.destroy()
  }

  expire(): void {
    const { session, socket } = this
    if (session.verdict !== "open") return void socket.destroy()
    this.write(session.expire(this.host.options.idleSay))
    this.end()
  }

  private end(): void {
    const { line, host, session, socket } = this
    this.due = host.tick + farewell
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
