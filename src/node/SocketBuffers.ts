/**
 * Sockets whose buffers are set before they connect, for -T (clause S5.6).
 *
 * Node has no call for it. The optional package koffi makes the socket and sets its options through the C library, and
 * Node connects it.
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
  // The kernel rounds and bounds the size as it likes; so does it for the original.
  const value = Int32Array.of(Math.min(size, 0x7fff_ffff))
  library.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, value, 4)
  library.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, 4)
  return fd
}
