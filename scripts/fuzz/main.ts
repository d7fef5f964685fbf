/**
 * A long look at smtp-sink as a server that anybody can talk to: clients that say nonsense, in pieces, and leave in any way, many at
 * a time, to the built command with one set of options after another.
 *
 *     npm run fuzz:sink -- [--seconds 60] [--clients 50] [--seed 1] [--only SUBSTRING]
 *
 * It fails where a reply is none, where the sink ends, where sessions are left over when all clients have gone, where it no longer
 * greets, or where its memory has grown by more than `mostGrowth` since its first tenth.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import * as fc from "fast-check"
import { cuts, dialogue, split } from "./Dialogues.js"

const { values: flags } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    clients: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" }
  }
})

/** In MB. What V8 lets lie about is within it. */
const mostGrowth = 64

const misbehaving = [
  ...[
    "--fault",
    "rcpt 20% 451",
    "--fault",
    "mail 5% drip 200/s",
    "--fault",
    "final 10% twice",
    "--fault",
    "data 5% silence"
  ],
  ...["--fault", "quit 10% close", "--fault", "hello 2% endless", "--fault", "final 5% reset", "--latency", "1..5ms"],
  ...[
    "--limit",
    "1000/s",
    "--limit",
    "3 messages/connection",
    "--greylist",
    "1s",
    "--tarpit",
    "1ms after 5 errors",
    "--triggers"
  ]
]

const configurations: { readonly [name: string]: ReadonlyArray<string> } = {
  plain: [],
  letters: ["-f", "VRFY", "-r", "RSET", "-q", "NOOP", "-Q", "XCLIENT", "-W", "MAIL:0.01:50", "-w", "0.01"],
  lmtp: ["-L", "--offer", "chunking"],
  offers: ["--offer", "chunking,binarymime,smtputf8,deliverby,mt-priority,size=10k,rcptmax=3,mailmax=5"],
  proxied: ["--proxy", "any", "--offer", "chunking"],
  misbehaving,
  "slow readers": ["--read-rate", "20k", "-H", "0.01", "--offer", "chunking"],
  tls: ["--tls", "offered", "--offer", "chunking"],
  "misbehaving over TLS": ["--tls", "offered", ...misbehaving],
  dumps: ["--dump", "mbox=mbox", "--dump", "eml=eml", "--dump", "ndjson=log", "-D", "all", "--offer", "chunking"]
}

/** How a client treats the connection. */
type Manner = "ends" | "leaves" | "resets" | "does not read" | "says nothing more"
const manners: ReadonlyArray<Manner> = ["ends", "ends", "leaves", "resets", "does not read", "says nothing more"]

interface Served {
  readonly child: ChildProcess
  readonly port: number
  readonly metrics: number
  readonly folder: string
  readonly said: () => string
}

const start = (options: ReadonlyArray<string>): Promise<Served> =>
  new Promise((resolve, reject) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fuzz-sink-"))
    const words = ["-m", "200", "-t", "2", "--listen-metrics", "127.0.0.1:0", ...options, "127.0.0.1:0"]
    const child = spawn(process.execPath, [path.resolve("dist/bin/smtp-sink.js"), ...words], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"]
    })
    let said = ""
    child.stderr?.on("data", (bytes: Buffer) => {
      said += bytes.toString("latin1")
      const [, port] = /listening on 127\.0\.0\.1:(\d+)\n/.exec(said) ?? []
      const [, metrics] = /metrics on http:\/\/127\.0\.0\.1:(\d+)\//.exec(said) ?? []
      if (port !== undefined && metrics !== undefined) {
        resolve({ child, folder, port: Number(port), metrics: Number(metrics), said: () => said })
      }
    })
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${said}`)))
  })

/** A client's whole life; gives what it was answered, as far as it read. */
const talk = (port: number, pieces: ReadonlyArray<Buffer>, manner: Manner): Promise<string> =>
  new Promise((resolve) => {
    let replies = ""
    const socket = net.connect(port, "127.0.0.1", () => {
      void (async () => {
        for (const piece of pieces) {
          socket.write(piece)
          // Otherwise the kernel puts them together.
          await new Promise((next) => setImmediate(next))
        }
        if (manner === "ends") socket.end()
        else if (manner === "leaves") socket.destroy()
        else if (manner === "resets") socket.resetAndDestroy()
        else setTimeout(() => socket.destroy(), 300)
      })()
    })
    socket.setTimeout(10_000, () => socket.destroy())
    if (manner === "does not read") socket.pause()
    socket.on("data", (bytes: Buffer) => {
      if (replies.length < 1_000_000) replies += bytes.toString("latin1")
    })
    socket.on("error", () => {})
    socket.on("close", () => resolve(replies))
  })

/** The first line that is no reply. What follows an answer to STARTTLS is TLS; the last line may be cut. */
const noReply = (replies: string): string | undefined =>
  (replies.split(/220 2\.0\.0 Ready/)[0] ?? "")
    .split("\r\n")
    .slice(0, -1)
    .find((line) => !/^(?:\d\d\d(?:[ -][\x20-\x7e]*)?|There is no code before this\.)$/.test(line))

const memoryOf = ({ child }: Served): number =>
  Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${child.pid}/status`, "latin1"))?.[1] ?? 0) / 1024

const openOf = async ({ metrics }: Served): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()
  return Number(/^smtp_sink_sessions (\d+)$/m.exec(text)?.[1] ?? -1)
}

const farewell = (isProxied: boolean) => Buffer.from(`${isProxied ? "PROXY UNKNOWN\r\n" : ""}QUIT\r\n`)

/** Gives what went wrong, if anything did. */
const fuzz = async (name: string, options: ReadonlyArray<string>, millis: number): Promise<ReadonlyArray<string>> => {
  const sink = await start(options)
  const wrong: Array<string> = []
  let ended: number | null | undefined
  sink.child.removeAllListeners("exit").once("exit", (code) => {
    ended = code
  })
  const began = performance.now()
  let talks = 0
  let bytes = 0
  let early = 0
  const client = async (number: number): Promise<void> => {
    for (let turn = 0; performance.now() - began < millis && ended === undefined && wrong.length < 5; turn++) {
      const seed = Number(flags.seed) * 1_000_000 + number * 10_000 + turn
      const [said, places, manner] = fc.sample(fc.tuple(dialogue, cuts, fc.constantFrom(...manners)), {
        seed,
        numRuns: 1
      })[0]!
      const begin =
        name === "proxied" && seed % 8 > 0 ? Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n") : Buffer.alloc(0)
      const all = Buffer.concat([begin, said])
      const line = noReply(await talk(sink.port, split(all, places), manner))
      if (line !== undefined) wrong.push(`seed ${seed}: no reply: ${JSON.stringify(line.slice(0, 200))}`)
      talks++
      bytes += all.length
      if (early === 0 && performance.now() - began > millis / 10) early = memoryOf(sink)
    }
  }
  await Promise.all(Array.from({ length: Number(flags.clients) }, (_, number) => client(number)))
  if (ended === undefined) {
    // Those who were silent are waited for until -t is over, and for how long a close may take.
    let open = await openOf(sink)
    for (let tries = 0; tries < 40 && open > 0; tries++) {
      await sleep(500)
      open = await openOf(sink)
    }
    if (open !== 0) wrong.push(`${open} sessions are left`)
    const last = await talk(sink.port, [farewell(name === "proxied")], "says nothing more")
    if (!/^220 /.test(last)) wrong.push(`the last client was told ${JSON.stringify(last.slice(0, 100))}`)
    const late = memoryOf(sink)
    if (late - early > mostGrowth) wrong.push(`memory: ${early.toFixed(0)} MB, then ${late.toFixed(0)} MB`)
    console.log(
      `${name}: ${talks} talks, ${(bytes / 1e6).toFixed(1)} MB; memory ${early.toFixed(0)} to ${late.toFixed(0)} MB`
    )
  }
  if (ended === undefined) {
    const over = new Promise((resolve) => sink.child.once("exit", resolve))
    sink.child.kill("SIGTERM")
    await over
  } else wrong.push(`it ended with ${ended}: ${sink.said().slice(-500)}`)
  if (/panic|Error:/.test(sink.said())) wrong.push(sink.said().slice(-500))
  fs.rmSync(sink.folder, { recursive: true, force: true })
  return wrong
}

const chosen = Object.entries(configurations).filter(([name]) => name.includes(flags.only))
let failures = 0
for (const [name, options] of chosen) {
  const wrong = await fuzz(name, options, (Number(flags.seconds) * 1000) / chosen.length)
  failures += wrong.length
  for (const text of wrong) console.log(`${name}: FAILED: ${text}`)
}
console.log(failures === 0 ? "nothing went wrong" : `${failures} went wrong`)
process.exitCode = failures === 0 ? 0 : 1
