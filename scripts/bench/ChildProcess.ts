/**
 * Runs a command to its end and measures it as the kernel saw it.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"

/** CPU and wall time in seconds, memory in MiB. */
export interface Measurement {
  readonly cpu: number
  readonly wall: number
  readonly peakMemory: number
}

/** Linux counts the CPU of processes in ticks of this many a second, whatever the kernel's own tick. */
const ticksPerSecond = 100

/** CPU time, in seconds. */
export interface Cpu {
  readonly user: number
  readonly system: number
}

/** CPU times of a process: two of the fields after the command's name, which may hold spaces, the first being the third of all. */
const cpuTimes = (pid: number | "self", [user, system]: readonly [number, number]): Cpu => {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return { user: Number(fields[user]) / ticksPerSecond, system: Number(fields[system]) / ticksPerSecond }
}

/** Of another process. */
export const cpuOf = (pid: number): Cpu => cpuTimes(pid, [11, 12])

/** All CPU time of another process by now, in nanoseconds: that of the threads which it still has. */
export const nanosOf = (pid: number): number =>
  fs
    .readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]))
    .reduce((sum, each) => sum + each, 0)

/** Of the children that this process has waited for. */
const childrenCpu = (): number => {
  const { system, user } = cpuTimes("self", [13, 14])
  return user + system
}

const peakMemory = (pid: number): number => {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, "utf8")
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/** Runs a command; it must succeed. Only one at a time may run in this process, or their CPU would mix. */
export const measure = (command: string, args: ReadonlyArray<string>): Promise<Measurement> =>
  new Promise((resolve, reject) => {
    const cpuBefore = childrenCpu()
    const begun = performance.now()
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] })
    let peak = 0
    let complaints = ""
    const watch = setInterval(() => {
      peak = Math.max(peak, peakMemory(child.pid ?? 0))
    }, 50)
    child.stderr.on("data", (chunk) => {
      complaints += chunk
    })
    child.on("error", reject)
    child.on("close", (status) => {
      clearInterval(watch)
      const wall = (performance.now() - begun) / 1000
      if (status === 0) resolve({ cpu: childrenCpu() - cpuBefore, wall, peakMemory: peak })
      else reject(new Error(`${command} ${args.join(" ")}: exit status ${status}: ${complaints}`))
    })
  })

/** The middle one of the numbers. */
export const median = (numbers: ReadonlyArray<number>): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
