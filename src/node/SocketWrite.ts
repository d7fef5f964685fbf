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

/** What `net.Socket` keeps to itself. Windows has no descriptors, and other engines than Node no handles. */
interface Insides {
  readonly _handle?: { readonly fd?: number } | null
}

/** The descriptor of a socket that can be written to past its stream; -1 where it cannot. */
const descriptorOf = (socket: net.Socket): number =>
  socket.writableLength > 0 || !socket.writable ? -1 : ((socket as Insides)._handle?.fd ?? -1)

/**
 * Writes bytes, which must not be changed afterwards.
 *
 * @since 0.1.0
 * @category writing
 */
export const bytes = (socket: net.Socket, all: Uint8Array): void => {
  const descriptor = descriptorOf(socket)
  let written = 0
  if (descriptor >= 0) {
    try {
      written = fs.writeSync(descriptor, all)
    } catch {
      // The stream finds it, too.
    }
  }
  if (written < all.length) socket.write(written === 0 ? all : all.subarray(written))
}

/**
 * Writes a text, a byte in each character.
 *
 * @since 0.1.0
 * @category writing
 */
export const text = (socket: net.Socket, all: string): void => {
  const descriptor = descriptorOf(socket)
  let written = 0
  if (descriptor >= 0) {
    try {
      written = fs.writeSync(descriptor, all, null, "latin1")
    } catch {
      // The stream finds it, too.
    }
  }
  if (written < all.length) socket.write(written === 0 ? all : all.slice(written), "latin1")
}
