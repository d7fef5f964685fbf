/**
 * Debian's smtp-sink on loopback: what both generators aim at.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as net from "node:net"

/** A sink that runs. */
export interface Sink {
  readonly target: string
  readonly pid: number
  readonly stop: () => void
}

/** Starts smtp-sink with the given options, and waits until it answers. */
export const start = async (
  port: number,
  options: ReadonlyArray<string>,
  backlog: number,
  [command, ...first]: readonly [string, ...ReadonlyArray<string>] = ["smtp-sink"]
): Promise<Sink> => {
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : []
  const target = `127.0.0.1:${port}`
  const child = spawn(command, [...first, ...user, "-m", "20000", ...options, target, String(backlog)], {
    stdio: "ignore"
  })
  await answers(port, child)
  return { target, pid: child.pid ?? 0, stop: () => child.kill() }
}

const answers = async (port: number, child: ChildProcess): Promise<void> => {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`smtp-sink ended with status ${child.exitCode}`)
    if (await connects(port)) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error("smtp-sink does not answer")
}

const connects = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1")
    socket.on("error", () => resolve(false))
    socket.on("data", () => {
      socket.destroy()
      resolve(true)
    })
  })
