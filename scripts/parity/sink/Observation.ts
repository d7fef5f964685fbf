/**
 * Starts a sink, says to it what a case has, and tells all that it did as one text, without what differs from run to run.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Case } from "./cases.js"

/** How long a sink may say nothing before the next piece is sent, in milliseconds. */
const patience = 5000

/** Whom root becomes, for the original asks for it. */
const user = process.getuid?.() === 0 ? ["-u", "nobody"] : []

const freePort = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = net.createServer().on("error", reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

/** What a program does with a case. */
export const observe = async (program: string, one: Case): Promise<string> => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "parity-sink-"))
  fs.chmodSync(directory, 0o777)
  const host = one.where === "::1" ? "::1" : "127.0.0.1"
  const port = one.where === "unix" ? 0 : await freePort(host)
  const target = one.where === "unix" ? { path: path.join(directory, "socket") } : { host, port }
  const address = target.path === undefined ? `[${host}]:${port}` : `unix:${target.path}`
  const [command, first] = program.endsWith(".js") ? [process.execPath, [path.resolve(program)]] : [program, []]
  const child = spawn(command, [...first, ...user, ...one.options, address, "100"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"]
  })
  let shown = ""
  let said = ""
  child.stdout.on("data", (bytes: Buffer) => {
    shown += bytes.toString("latin1")
  })
  child.stderr.on("data", (bytes: Buffer) => {
    said += bytes.toString("latin1")
  })
  const ended = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)))
  try {
    await untilListening(target, child)
    const talks: Array<string> = []
    if (one.client !== undefined) talks.push(await clientOf(one.client, directory, address))
    for (const talk of one.talks) {
      talks.push(await converse(target, talk))
      // Sessions are counted in their turn.
      await sleep(100)
    }
    // Those that end by themselves may take a moment.
    const ends = one.options.some((word) => word === "-n" || word === "-M")
    if (ends) await Promise.race([ended, sleep(patience)])
    const wasOver = child.exitCode !== null
    if (!wasOver) child.kill("SIGTERM")
    const code = await ended
    fs.rmSync(path.join(directory, "socket"), { force: true })
    const status = wasOver ? `ended by itself with ${code}` : "was stopped"
    return [...talks, visible(counters(shown)), status, ...filesOf(directory)].join("\n")
  } catch (error) {
    child.kill("SIGKILL")
    return `${String(error)}\n${said}`
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

/** What a client shows and how it ends, without what differs from run to run. */
const clientOf = ([program, ...words]: NonNullable<Case["client"]>, cwd: string, address: string): Promise<string> =>
  new Promise((resolve) => {
    const client = spawn(
      program,
      words.map((word) => (word === "ADDRESS" ? address : word)),
      { cwd, stdio: ["ignore", "pipe", "pipe"] }
    )
    // Which of the two comes first is a matter of chance.
    const shown = [client.stdout, client.stderr].map((stream) => {
      const pieces: Array<Buffer> = []
      stream.on("data", (bytes: Buffer) => pieces.push(bytes))
      return pieces
    })
    client.on("error", (error) => resolve(String(error)))
    client.on("close", (code) => {
      const same = Buffer.concat(shown.flat())
        .toString("latin1")
        .replaceAll(/(\]:|port |127\.0\.0\.1:|[\s[])\d{4,5}\b/g, "$1PORT")
        .replaceAll(/^(.*(?:Date|Message-Id|Subject): ).*$/gim, "$1…")
      resolve(`${visible(same)}\n${program} ended with ${code}`)
    })
  })

/** The first connection that is accepted would be counted: it is looked at from outside. */
const untilListening = async (target: { readonly path?: string; readonly port?: number }, child: ChildProcess) => {
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`)
    if (target.path !== undefined ? fs.existsSync(target.path) : isBound(target.port ?? 0)) return
    await sleep(25)
  }
  throw new Error("does not listen")
}

const isBound = (port: number): boolean => {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, "0")} `
  return ["/proc/net/tcp", "/proc/net/tcp6"].some((file) =>
    fs
      .readFileSync(file, "latin1")
      .split("\n")
      .some((line) => line.includes(hex) && / 0A /.test(line))
  )
}

const converse = (target: net.NetConnectOpts, pieces: ReadonlyArray<string>): Promise<string> =>
  new Promise((resolve) => {
    const waiting = [...pieces]
    const seen: Array<string> = []
    let reply = ""
    let timer: NodeJS.Timeout | undefined
    const socket = net.connect(target)
    const next = () => {
      clearTimeout(timer)
      seen.push(visible(reply))
      reply = ""
      const piece = waiting.shift()
      if (piece === undefined) return void socket.end()
      seen.push(`> ${visible(piece).slice(0, 80)}`)
      socket.write(piece, "latin1")
      timer = setTimeout(next, patience)
    }
    timer = setTimeout(next, 2 * patience)
    socket.on("data", (bytes) => {
      reply += bytes.toString("latin1")
      // What is whole may go on: it does so at once, or not at all.
      if (!/(?:^|\n)\d{3} [^\n]*\n$/.test(reply)) return
      clearTimeout(timer)
      // Where nothing is left to be said, a close may follow.
      timer = setTimeout(next, waiting.length === 0 || /(?:^|\n)[24]21 /.test(reply) ? 2000 : 60)
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      clearTimeout(timer)
      seen.push(`${visible(reply)} <end>`)
      resolve(seen.join("\n").replace(/\n <end>$/, " <end>"))
    })
  })

/** The last of several that were displayed for the same event, as a terminal shows them. */
const counters = (shown: string): string => shown.replace(/\r/g, "\r\n")

const visible = (text: string): string =>
  text
    .replace(/[^ -~\n]/g, (character) => (character === "\r" ? "\\r" : `\\x${character.charCodeAt(0).toString(16)}`))
    .replaceAll("\r", "\\r")
    .replace(/\\r\n/g, "\\r\\n")

const filesOf = (directory: string): ReadonlyArray<string> =>
  fs
    .readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => fs.statSync(path.join(directory, name)).isFile())
    .map((name) => {
      const content = fs.readFileSync(path.join(directory, name), "latin1")
      return `${name.replace(/[0-9a-f]{6,8}$/, "ID")}\n${content}`
        .replace(/ id [0-9a-f]+;/g, " id ID;")
        .replace(/\t\w{3}, .* \+0000 \(UTC\)/g, "\tDATE")
        .replaceAll(/^(Date|Message-Id|Subject): .*$/gim, "$1: …")
    })
    .sort()
