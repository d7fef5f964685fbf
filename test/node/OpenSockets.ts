/** What the system says of the sockets of this process. */
import * as fs from "node:fs"
import { createRequire } from "node:module"

const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi")
const getsockopt = koffi
  .load("libc.so.6")
  .func("int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ void *length)")

// Of Linux.
const SOL_SOCKET = 1
const options = { send: 7, receive: 8 } as const

/** The size of a socket's buffer, in bytes. */
export const bufferOf = (fd: number, which: keyof typeof options): number => {
  const value = new Int32Array(1)
  const status = getsockopt(fd, SOL_SOCKET, options[which], value, Int32Array.of(4)) as number
  return status === 0 ? value[0]! : Number.NaN
}

/** The descriptors of all sockets. */
export const sockets = (): ReadonlyArray<number> =>
  fs.readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:") ? [Number(fd)] : []
    } catch {
      return []
    }
  })
