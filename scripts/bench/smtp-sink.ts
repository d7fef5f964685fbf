/**
 * Runs the original smtp-source against Debian's smtp-sink and against our command of that name, in turns on loopback, and prints
 * medians of the CPU that they used: in the same rows, with files, and ours with faults.
 *
 *     npx tsx scripts/bench/smtp-sink.ts [--turns N] [--scale N] [--only SUBSTRING] [--original PATH]
 *
 * With --original, what is compared with ours is another build of it, or another program with smtp-sink's letters.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { type Cpu, cpuOf, measure, median, nanosOf } from "./ChildProcess.js"
import * as Sink from "./Sink.js"
import * as Table from "./Table.js"

const { values: options } = parseArgs({
  options: {
    turns: { type: "string", default: "5" },
    /** A share of the messages, for a quick look. */
    scale: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    original: { type: "string", default: "smtp-sink" },
    port: { type: "string", default: "25270" }
  }
})

interface Row {
  readonly name: string
  readonly generator: ReadonlyArray<string>
  readonly messages: number
  /** Of both. */
  readonly sink?: ReadonlyArray<string>
  /** Of ours alone. */
  readonly ours?: ReadonlyArray<string>
}

const place = fs.mkdtempSync(path.join(os.tmpdir(), "bench-sink-"))
fs.chmodSync(place, 0o777)
process.once("exit", () => fs.rmSync(place, { recursive: true, force: true }))

const reuse = ["-d", "-s", "20"]
/** They are looked at for each reply, and strike none. */
const faults = [
  "--fault",
  "rcpt 5% 451 if to nobody@*",
  "--fault",
  "final close if session > 1000000",
  "--limit",
  "1000000/s"
]
const rows: ReadonlyArray<Row> = [
  { name: "reuse, 20 sessions", generator: reuse, messages: 20_000 },
  { name: "the same, ours with faults and a limit", generator: reuse, messages: 20_000, ours: faults },
  { name: "the same, -c", generator: reuse, messages: 20_000, sink: ["-c"] },
  { name: "a connection per message, 20 sessions", generator: ["-s", "20"], messages: 10_000 },
  { name: "the same, ours with faults and a limit, too", generator: ["-s", "20"], messages: 10_000, ours: faults },
  { name: "1 MB messages, 1 session", generator: ["-l", "1000000"], messages: 200 },
  {
    name: "LMTP, 5 recipients, 20 sessions",
    generator: ["-d", "-L", "-r", "5", "-s", "20"],
    messages: 10_000,
    sink: ["-L"]
  },
  { name: "-D, reuse, 20 sessions", generator: reuse, messages: 10_000, sink: ["-D", path.join(place, "all-%s")] },
  { name: "-d, reuse, 20 sessions", generator: reuse, messages: 10_000, sink: ["-d", path.join(place, "each.")] }
]

const compare = async ({ generator, messages, name, ours = [], sink = [] }: Row): Promise<void> => {
  const port = Number(options.port)
  const command = [process.execPath, path.resolve("dist/bin/smtp-sink.js")] as const
  const { original } = options
  const other: readonly [string, ...ReadonlyArray<string>] = original.endsWith(".js")
    ? [process.execPath, original]
    : [original]
  const subjects: Array<Sink.Sink> = []
  try {
    subjects.push(await Sink.start(port, sink, 4000, other))
    subjects.push(await Sink.start(port + 1, [...sink, ...ours], 4000, command))
    const count = Math.max(20, Math.round(messages * Number(options.scale)))
    const turns: ReadonlyArray<Array<Cpu & { readonly nanos: number; readonly wall: number }>> = [[], []]
    // The first turn warms up both, as long as it takes V8 to compile what is done often, and is not counted.
    const first = Math.max(count, messages / 2)
    for (let index = 0; index <= Number(options.turns); index++) {
      const inTurn = [...subjects.entries()]
      // Neither is always the first.
      for (const [which, { pid, target }] of index % 2 === 0 ? inTurn : inTurn.reverse()) {
        const [before, begun] = [cpuOf(pid), nanosOf(pid)]
        const { wall } = await measure("smtp-source", [...generator, "-m", String(index === 0 ? first : count), target])
        const [after, ended] = [cpuOf(pid), nanosOf(pid)]
        if (index > 0) {
          const [user, system] = [after.user - before.user, after.system - before.system]
          turns[which]!.push({ nanos: ended - begun, user, system, wall })
        }
      }
    }
    /** Of all turns together, for a tick is a long time. */
    const micros = (which: number, part: keyof Cpu): number =>
      (turns[which]!.reduce((sum, turn) => sum + turn[part], 0) / (turns[which]!.length * count)) * 1e6
    const parts = (which: number): string =>
      `${micros(which, "user").toFixed(1)} + ${micros(which, "system").toFixed(1)}`
    const ratio = median(turns[0]!.map(({ nanos }, index) => turns[1]![index]!.nanos / nanos))
    const speed = median(turns[0]!.map(({ wall }, index) => wall / turns[1]![index]!.wall))
    Table.row([name, String(count), parts(0), parts(1), ratio.toFixed(2), speed.toFixed(2)])
  } finally {
    for (const { stop } of subjects) stop()
  }
}

Table.begin(`medians of ${options.turns} turns; load average ${os.loadavg()[0]?.toFixed(0)}`, [
  "row",
  "messages",
  "CPU, µs a message, user + system: Postfix's smtp-sink",
  "ours",
  "CPU ratio, ours : theirs",
  "rate, ours : theirs"
])
for (const row of rows) if (row.name.includes(options.only)) await compare(row)
