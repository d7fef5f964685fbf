/**
 * What the kernel counts: connections that stand, and those that a listener had no room for.
 */
import * as fs from "node:fs"

/** How many of this port's connections stand, as their listening side has them. */
export const established = (port: number): number => {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  return fs
    .readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .filter((line) => {
      const [, address, , state] = line.trim().split(/\s+/)
      return address?.endsWith(local) === true && state === "01"
    }).length
}

/** How many connections listeners have dropped since the machine started: their queues were full. */
export const listenDrops = (): number => {
  const [names, values] = fs
    .readFileSync("/proc/net/netstat", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("TcpExt:"))
    .map((line) => line.split(" "))
  return Number(values?.[names?.indexOf("ListenDrops") ?? -1])
}
