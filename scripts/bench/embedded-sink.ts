/**
 * Runs the original smtp-source against Debian's smtp-sink and against our sink, in its thread, in turns on loopback, and
 * prints the medians.
 *
 *     npx tsx scripts/bench/embedded-sink.ts [--turns N] [--scale N]
 */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import * as NodeSink from "../../src/node/NodeSink.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as Target from "../../src/smtp/Target.js"
import * as ChildProcess from "./ChildProcess.js"
import { measure, median } from "./ChildProcess.js"
import * as Sink from "./Sink.js"
import * as Table from "./Table.js"

const { values: options } = parseArgs({
  options: {
    turns: { type: "string", default: "5" },
    /** A share of the messages, for a quick look. */
    scale: { type: "string", default: "1" },
    port: { type: "string", default: "25260" }
  }
})

interface Row {
  readonly name: string
  readonly generator: ReadonlyArray<string>
  readonly messages: number
  readonly lmtp?: boolean
}

const rows: ReadonlyArray<Row> = [
  { name: "reuse, 20 sessions", generator: ["-d", "-s", "20"], messages: 20_000 },
  { name: "a connection per message, 20 sessions", generator: ["-s", "20"], messages: 20_000 },
  { name: "1 MB messages, 1 session", generator: ["-l", "1000000"], messages: 500 },
  {
    name: "LMTP, 5 recipients, 20 sessions",
    generator: ["-d", "-L", "-r", "5", "-s", "20"],
    messages: 10_000,
    lmtp: true
  }
]

/** A sink under test, and the CPU seconds that it has used. */
interface Subject {
  readonly target: string
  readonly cpu: () => number
}

interface Turn {
  readonly cpu: number
  readonly wall: number
}

/** The CPU seconds of another process. */
const cpuOf = (pid: number): number => {
  const { system, user } = ChildProcess.cpuOf(pid)
  return user + system
}

/** Those of this process: while the generator runs, the sink's thread is the only one here that does anything. */
const ownCpu = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1e6
}

const turn = async (subject: Subject, args: ReadonlyArray<string>): Promise<Turn> => {
  const before = subject.cpu()
  const { wall } = await measure("smtp-source", [...args, subject.target])
  return { cpu: subject.cpu() - before, wall }
}

const compare = ({ generator, lmtp, messages, name }: Row) =>
  Effect.gen(function* () {
    const config: SinkConfig = { protocol: lmtp === true ? "lmtp" : "smtp" }
    const sink = yield* Effect.flatMap(EmbeddedSink, (embedded) => embedded.start(config))
    const theirs = yield* Effect.acquireRelease(
      Effect.promise(() => Sink.start(Number(options.port), lmtp === true ? ["-L"] : [], 4000)),
      ({ stop }) => Effect.sync(stop)
    )
    const count = Math.max(20, Math.round(messages * Number(options.scale)))
    const args = [...generator, "-m", String(count)]
    const subjects: ReadonlyArray<Subject> = [
      { target: theirs.target, cpu: () => cpuOf(theirs.pid) },
      { target: Target.format(sink.target), cpu: ownCpu }
    ]
    const turns: ReadonlyArray<Array<Turn>> = [[], []]
    // The first turn warms up both, and is not counted.
    for (let index = 0; index <= Number(options.turns); index++) {
      for (const [which, subject] of subjects.entries()) {
        const measured = yield* Effect.promise(() => turn(subject, args))
        if (index > 0) turns[which]!.push(measured)
      }
    }
    const counted = (yield* sink.counts).messages
    if (counted !== count * (Number(options.turns) + 1)) throw new Error(`our sink counted ${counted} messages`)
    const of = (which: number, what: keyof Turn): number => median(turns[which]!.map((measured) => measured[what]))
    const perMessage = (which: number): string => ((of(which, "cpu") / count) * 1e6).toFixed(1)
    const rate = (which: number): string => String(Math.round(count / of(which, "wall")))
    const speed = median(turns[0]!.map(({ wall }, index) => wall / turns[1]![index]!.wall)).toFixed(2)
    Table.row([name, String(count), perMessage(0), perMessage(1), rate(0), rate(1), speed])
  })

const heading = [
  "row",
  "messages",
  "sink's CPU, µs a message: smtp-sink",
  "ours",
  "messages/s with smtp-sink",
  "with ours",
  "speed ratio"
]

Table.begin(`medians of ${options.turns} turns`, heading)
const all = Effect.forEach(rows, (row) => Effect.scoped(compare(row)), { discard: true })
await Effect.runPromise(Effect.provide(all, NodeSink.layer()))
