/**
 * Ten thousand sessions at once: the original and ours in turns against smtp-sink with a short backlog. Tells how many
 * connections stood at once, what the sink's listener had no room for, and the memory that it took. With --tls, ours in plain
 * text and over TLS in turns against our own sink, which has no bound of its own.
 *
 *     npx tsx scripts/bench/sessions.ts [--sessions N] [--turns N] [--pause SECONDS] [--connecting N] [--tls]
 */
import { parseArgs } from "node:util"
import { measure, median } from "./ChildProcess.js"
import * as Kernel from "./Kernel.js"
import * as OwnSink from "./OwnSink.js"
import * as Sink from "./Sink.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as Table from "./Table.js"

const { values: options } = parseArgs({
  options: {
    sessions: { type: "string", default: "10000" },
    turns: { type: "string", default: "1" },
    backlog: { type: "string", default: "256" },
    /** The seconds between a session's two messages. */
    pause: { type: "string", default: "10" },
    /** Ours: how many sessions connect at once, in place of the default. */
    connecting: { type: "string" },
    tls: { type: "boolean", default: false },
    ours: { type: "string", default: new URL("../../dist/bin/smtp-source.js", import.meta.url).pathname },
    port: { type: "string", default: "25270" }
  }
})

const port = Number(options.port)
const sessions = Number(options.sessions)
const args = ["-d", "-s", String(sessions), "-m", String(2 * sessions), "-w", options.pause]

interface Run {
  readonly most: number
  readonly dropped: number
  readonly cpu: number
  readonly wall: number
  readonly peakMemory: number
}

const run = async (command: string, first: ReadonlyArray<string>, own?: SinkConfig): Promise<Run> => {
  const sink = own === undefined ? await Sink.start(port, [], Number(options.backlog)) : await OwnSink.start(own)
  const drops = Kernel.listenDrops()
  const before = Kernel.established()
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, Math.round((Kernel.established() - before) / 2))
  }, 100)
  try {
    const measured = await measure(command, [...first, ...args, sink.target])
    return { ...measured, most, dropped: Kernel.listenDrops() - drops }
  } finally {
    clearInterval(watch)
    await sink.stop()
  }
}

const own = [options.ours, ...(options.connecting === undefined ? [] : [`--connecting=${options.connecting}`])]
const secure = ["--tls=implicit", "--tls-verify=none"]
const before: Array<Run> = []
const after: Array<Run> = []
for (let turn = 0; turn < Number(options.turns); turn++) {
  before.push(options.tls ? await run(process.execPath, own, {}) : await run("smtp-source", []))
  after.push(
    options.tls
      ? await run(process.execPath, [...own, ...secure], { tls: "implicit" })
      : await run(process.execPath, own)
  )
}

const of = (runs: ReadonlyArray<Run>, what: keyof Run): number => median(runs.map((each) => each[what]))
const row = (name: string, runs: ReadonlyArray<Run>): void =>
  Table.row([
    name,
    String(of(runs, "most")),
    String(of(runs, "dropped")),
    of(runs, "cpu").toFixed(2),
    of(runs, "wall").toFixed(1),
    of(runs, "peakMemory").toFixed(0)
  ])

Table.begin(`${args.join(" ")}, backlog ${options.backlog}; medians of ${options.turns} turns`, [
  "",
  "most connections at once",
  "listen drops",
  "CPU s",
  "wall s",
  "peak MiB"
])
row(options.tls ? "plain text" : "the original", before)
row(options.tls ? "TLS" : "ours", after)
const [one, other] = [of(before, "peakMemory"), of(after, "peakMemory")]
if (options.tls) console.log(`\nMemory of TLS, KiB a session: ${(((other - one) * 1024) / sessions).toFixed(1)}`)
else console.log(`\nMemory, as a share of the original's: ${(other / one).toFixed(2)}`)
