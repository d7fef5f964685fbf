/**
 * A proof of delivery that goes on for long: the built command sends through a real Postfix at a rate, is its next hop, withholds one
 * reply in a hundred, and must say of each message what has become of it.
 *
 *     npx tsx scripts/bench/soak.ts [--minutes 10] [--rate 50/s] [--command dist/bin/smtp-source.js]
 *
 * It fails where anything is missing, doubled or changed, where the books do not balance, where Postfix has logged another number of
 * withheld replies than the proof has copies, or where the command's memory has grown by more than `mostGrowth` after its first fifth.
 * Needs Postfix, and root, which it starts with.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import * as Postfix from "../../test/servers/Postfix.js"
import * as RealServer from "../../test/servers/RealServer.js"

const { values: flags } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    rate: { type: "string", default: "50/s" },
    command: { type: "string", default: "dist/bin/smtp-source.js" }
  }
})

/** In MiB: what the collector of garbage lets lie about is within it. */
const mostGrowth = 24

/** In MiB; undefined once the process is gone. */
const memoryOf = (pid: number): number | undefined => {
  try {
    const kilobytes = /^VmRSS:\s*(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
  } catch {
    return undefined
  }
}

interface Run {
  readonly status: number | null
  readonly stderr: string
  /** Memory, each second. */
  readonly memory: ReadonlyArray<number>
}

const send = (words: ReadonlyArray<string>): Effect.Effect<Run> =>
  Effect.async((resume) => {
    const child = spawn(process.execPath, [flags.command, ...words], { stdio: ["ignore", "ignore", "pipe"] })
    const memory: Array<number> = []
    let stderr = ""
    child.stderr.on("data", (chunk) => {
      stderr += chunk
    })
    const timer = setInterval(() => {
      const now = memoryOf(child.pid ?? 0)
      if (now !== undefined) memory.push(now)
    }, 1000)
    child.once("close", (status) => {
      clearInterval(timer)
      resume(Effect.succeed({ status, stderr, memory }))
    })
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const soak = Effect.gen(function* () {
  if (Postfix.lacks.length > 0) return yield* Effect.dieMessage(`this machine lacks ${Postfix.lacks.join(" and ")}`)
  const [port, next] = yield* Effect.all([RealServer.freePort, RealServer.lowPort])
  const log = yield* Postfix.launch({ listeners: [{ port }], parameters: Postfix.relaying(next, 5) })
  const file = path.join(yield* RealServer.directory, "run.json")
  const proof = ["--prove", "--downstream", `127.0.0.1:${next}`, "--settle", "90", "--sink-fault", "final 1% close"]
  const load = ["--rate", flags.rate, "--duration", `${flags.minutes}m`, "--max-sessions", "50", "--keep-going"]
  const run = yield* send([...load, ...proof, "--report", `json=${file}`, "--report", "text", `127.0.0.1:${port}`])
  console.log(run.stderr)
  const report = JSON.parse(fs.readFileSync(file, "utf8"))
  const lost = fs.readFileSync(log, "utf8").match(/lost connection with .* while sending end of data/g)?.length ?? 0
  const settled = run.memory.slice(Math.floor(run.memory.length / 5))
  const growth = Math.max(...settled) - (settled[0] ?? 0)
  const { changes, deliveredAccepted, duplicates, accepted, missing, repeats, unconfirmed } = report.proof
  const changed = Object.values<number>(changes).reduce((sum, count) => sum + count, 0)
  console.log(
    `${accepted} accepted, ${deliveredAccepted} delivered, ${repeats} sent again, ${lost} lost by Postfix's log; ` +
      `memory ${Math.round(settled[0] ?? 0)} MiB after a fifth, ${Math.round(Math.max(...settled))} at most`
  )
  const wrong = [
    ...(run.status === 0 ? [] : [`the exit status is ${run.status}`]),
    ...(missing + duplicates + changed === 0
      ? []
      : [`${missing} missing, ${duplicates} duplicates, ${changed} changed`]),
    ...(repeats + unconfirmed === lost ? [] : [`${repeats} + ${unconfirmed} copies, and ${lost} in Postfix's log`]),
    ...(growth <= mostGrowth ? [] : [`the memory has grown by ${growth.toFixed(1)} MiB`])
  ]
  if (wrong.length > 0) return yield* Effect.dieMessage(wrong.join("; "))
}).pipe(Effect.scoped)

await Effect.runPromise(soak)
