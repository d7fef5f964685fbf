/**
 * What the kernel counts: connections that stand, and those that a listener had no room for.
 */
import * as fs from "node:fs"

/**
 * How many connections stand on this machine; of those over loopback, both ends count. The list of them would tell whose they
 * are, but to read it takes longer than ten thousand connections take to open.
 */
export const established = (): number => counter("/proc/net/snmp", "Tcp", "CurrEstab")

/** How many connections listeners have dropped since the machine started: their queues were full. */
export const listenDrops = (): number => counter("/proc/net/netstat", "TcpExt", "ListenDrops")

/** Files of counters have two lines for each group: names, and values. */
const counter = (file: string, group: string, name: string): number => {
  const [names, values] = fs
    .readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith(`${group}:`))
    .map((line) => line.split(" "))
  return Number(values?.[names?.indexOf(name) ?? -1])
}
