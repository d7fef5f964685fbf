/**
 * A socket that serves one connection after another: a new one with its streams costs 10 µs more.
 *
 * All sockets read into one buffer, which is parsed before the next read: a buffer for each would cost more memory than
 * all else that a session has.
 *
 * @since 0.1.0
 */
import * as net from "node:net"

/**
 * Who uses a socket now, and is told what becomes of it, until `release` or `closed`.
 *
 * @since 0.1.0
 * @category models
 */
export interface SocketUser {
  readonly connected: () => void
  /** Bytes 0 to `size` of `buffer` arrived. The buffer is overwritten by the next read. */
  readonly received: (buffer: Uint8Array, size: number) => void
  /** The server will say nothing more. */
  readonly ended: () => void
  readonly broke: (error: NodeJS.ErrnoException) => void
  readonly closed: () => void
}

/** Shared by all sockets: what a read puts there is taken before the next read. */
const readBuffer = new Uint8Array(65_536)

/**
 * A socket, and its user. Once it is closed nobody uses it, and it waits in its pool for the next one.
 *
 * @since 0.1.0
 * @category models
 */
export class PooledSocket {
  readonly socket: net.Socket
  private user: SocketUser | undefined = undefined
  private failed = false

  /** Without a pool it serves one connection only. */
  constructor(
    options: net.SocketConstructorOpts,
    private readonly pool: Array<PooledSocket> | undefined
  ) {
    const onread: net.OnReadOpts = {
      buffer: readBuffer,
      callback: (size) => {
        this.user?.received(readBuffer, size)
        return true
      }
    }
    // The types of Node know `onread` for `connect` alone; the constructor is where it is read.
    const socket = new net.Socket({ ...options, onread } as net.SocketConstructorOpts)
    socket.on("connect", () => this.user?.connected())
    socket.on("end", () => this.user?.ended())
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.failed = true
      this.user?.broke(error)
    })
    socket.on("close", () => this.closed())
    this.socket = socket
  }

  /** Connects on behalf of its next user. */
  connect(options: net.SocketConnectOpts, user: SocketUser): void {
    this.user = user
    this.socket.connect(options)
  }

  /** Ends the connection. Its user hears nothing any more. */
  release(how: "reset" | "fin" | "close"): void {
    const { socket } = this
    this.user = undefined
    if (how === "fin") socket.destroySoon()
    else if (how === "reset") socket.resetAndDestroy()
    else socket.destroy()
  }

  /** Leaves the socket to TLS. Its user hears nothing any more of it, and no other connection gets it. */
  surrender(): net.Socket {
    this.user = undefined
    this.failed = true
    return this.socket
  }

  /** Ends an attempt to connect that came to nothing. */
  discard(): void {
    this.user = undefined
    this.failed = true
    this.socket.destroy()
  }

  private closed(): void {
    const { user } = this
    this.user = undefined
    user?.closed()
    // What failed once is not trusted with another connection.
    if (!this.failed) this.pool?.push(this)
  }
}
