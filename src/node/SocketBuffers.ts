/**
 * Sockets whose buffers are set before they connect or accept, for -T (clause S5.6).
 *
 * Node has no call for it. The optional package koffi makes the socket and sets its options through the C library, and
 * Node connects it. A server's socket is Node's own: the connections that it accepts inherit its buffers.
 *
 * @since 0.1.0
 */
import { createRequire } from "node:module"

const load = createRequire(import.meta.url)

// The numbers of Linux. Elsewhere they differ, and -T is refused.
const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_SNDBUF = 7
const SO_RCVBUF = 8

interface Library {
  readonly socket: (domain: number, type: number, protocol: number) => number
  readonly setsockopt: (fd: number, level: number, name: number, value: Int32Array, length: number) => number
}

let library: Library | string | undefined

const libraryOrReason = (): Library | string => {
  if (process.platform !== "linux") return "setting the socket's buffers (-T) works on Linux only"
  try {
    const koffi = load("koffi") as typeof import("koffi")
    const libc = koffi.load("libc.so.6")
    return {
      socket: libc.func("int socket(int domain, int type, int protocol)"),
      setsockopt: libc.func("int setsockopt(int fd, int level, int name, void *value, unsigned int length)")
    }
  } catch {
    return "setting the socket's buffers (-T) needs the optional package koffi, which cannot be loaded"
  }
}

/**
 * Opens a socket with send and receive buffers of `size` bytes and gives its descriptor, or the reason why not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (family: 4 | 6 | "unix", size: number): number | string => {
  library ??= libraryOrReason()
  if (typeof library === "string") return library
  const domain = family === 4 ? AF_INET : family === 6 ? AF_INET6 : AF_UNIX
  const fd = library.socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) return "cannot open a socket"
  setBuffers(library, fd, size)
  return fd
}

/**
 * Why `resize` cannot do its work here; undefined where it can.
 *
 * @since 0.1.0
 * @category predicates
 */
export const unusable = (): string | undefined => {
  library ??= libraryOrReason()
  return typeof library === "string" ? library : undefined
}

/**
 * Gives the socket with this descriptor send and receive buffers of `size` bytes; false where that cannot be had.
 *
 * @since 0.1.0
 * @category combinators
 */
export const resize = (fd: number, size: number): boolean => {
  library ??= libraryOrReason()
  return typeof library !== "string" && setBuffers(library, fd, size)
}

/** The kernel rounds and bounds the size as it likes; so does it for the original. */
const setBuffers = (library: Library, fd: number, size: number): boolean => {
  const value = Int32Array.of(Math.min(size, 0x7fff_ffff))
  const sent = library.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, value, 4)
  return library.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, 4) === 0 && sent === 0
}
