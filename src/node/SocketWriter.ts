/**
 * Writes to sockets past their streams.
 *
 * What a stream does for each write - an object for the request, a callback, a turn of its own to call it - costs as much again as
 * the system call. Where nothing waits in the stream, what is short goes to the socket's descriptor at once; what the kernel does
 * not take, and every error, is left to the stream.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import type * as net from "node:net"

/** Looked up once: it is done for each reply. */
const { writeSync } = fs

/** What `net.Socket` keeps to itself. Windows has no descriptors, and other engines than Node no handles. */
interface Insides {
  readonly _handle?: { readonly fd?: number } | null
}

/**
 * The writer of a socket that is connected.
 *
 * @since 0.1.0
 * @category models
 */
export class SocketWriter {
  /** The socket's own for as long as that can be written to; -1 where there is none. */
  private readonly descriptor: number

  constructor(private readonly socket: net.Socket) {
    this.descriptor = (socket as Insides)._handle?.fd ?? -1
  }

  private get isFree(): boolean {
    const { descriptor, socket } = this
    return descriptor >= 0 && socket.writableLength === 0 && socket.writable
  }

  /** Writes bytes, which must not be changed afterwards. */
  bytes(all: Uint8Array): void {
    let written = 0
    if (this.isFree) {
      try {
        written = writeSync(this.descriptor, all)
      } catch {
        // The stream finds it, too.
      }
    }
    if (written < all.length) this.socket.write(written === 0 ? all : all.subarray(written))
  }

  /** Writes a text, a byte in each character. */
  text(all: string): void {
    let written = 0
    if (this.isFree) {
      try {
        written = writeSync(this.descriptor, all, null, "latin1")
      } catch {
        // The stream finds it, too.
      }
    }
    if (written < all.length) this.socket.write(written === 0 ? all : all.slice(written), "latin1")
  }
}
