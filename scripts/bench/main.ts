/**
 * Runs the original smtp-source and ours in turns against Debian's smtp-sink on loopback, and prints the medians.
 *
 *     npm run bench [-- --turns N] [--only TEXT] [--scale N] [--steady]
 */
import { parseArgs } from "node:util"
import { type Measurement, measure, median } from "./ChildProcess.js"
import { password, type Row, rows } from "./rows.js"
import * as OwnSink from "./OwnSink.js"
import * as Sink from "./Sink.js"
import * as Table from "./Table.js"
import * as TlsClient from "./TlsClient.js"

const { values: options } = parseArgs({
  options: {
    turns: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    /** A share of the messages, for a quick look. */
    scale: { type: "string", default: "1" },
    /** What a message costs once all is warm: the start, and the first tenth of the messages, are measured alone and taken off. */
    steady: { type: "boolean", default: false },
    ours: { type: "string", default: new URL("../../dist/bin/smtp-source.js", import.meta.url).pathname },
    port: { type: "string", default: "25250" }
  }
})

process.env.SMTP_SOURCE_PASSWORD = password
const library = new URL("library.mjs", import.meta.url).pathname

interface Result {
  readonly row: Row
  readonly original: ReadonlyArray<Measurement>
  readonly ours: ReadonlyArray<Measurement>
}

/** The command that ours is set against, and its arguments. */
const against = (
  row: Row,
  common: ReadonlyArray<string>,
  target: string,
  own: string | undefined
): readonly [command: string, args: ReadonlyArray<string>] => {
  if (row.against === "ours") return [process.execPath, [options.ours, ...common, target]]
  if (row.against === undefined) return ["smtp-source", [...common, target]]
  const [, port = ""] = (own ?? target).split(":")
  return [TlsClient.command(), [...row.against.c, ...common.filter((word) => word !== "-d"), port]]
}

const compare = async (row: Row): Promise<Result> => {
  const sink = await Sink.start(Number(options.port), row.sink ?? [], 4000)
  const own = row.ownSink === undefined ? undefined : await OwnSink.start(row.ownSink)
  // A sink that is slower makes for more turns of the generator's loop: both have ours, then.
  const plain = own === undefined || row.against !== "ours" ? undefined : await OwnSink.start({})
  const messages = Math.max(100, Math.round(row.messages * Number(options.scale)))
  const first = options.steady ? Math.round(messages / 10) : 0
  const target = own?.target ?? sink.target
  const argsOfOurs = (messages: number): ReadonlyArray<string> =>
    row.library === undefined
      ? [options.ours, ...row.common, "-m", String(messages), ...(row.ours ?? []), target]
      : [library, ...row.library, String(messages), target]
  const argsOf = (messages: number) => [...row.common, "-m", String(messages)]
  const original: Array<Measurement> = []
  const ours: Array<Measurement> = []
  try {
    for (let turn = 0; turn < Number(options.turns); turn++) {
      original.push(
        await measureAfter(first, messages, (count) =>
          against(row, argsOf(count), plain?.target ?? sink.target, own?.target)
        )
      )
      ours.push(await measureAfter(first, messages, (count) => [process.execPath, argsOfOurs(count)]))
    }
  } finally {
    sink.stop()
    await own?.stop()
    await plain?.stop()
  }
  return { row: { ...row, messages: messages - first }, original, ours }
}

/** What the messages after the first ones cost. */
const measureAfter = async (
  first: number,
  messages: number,
  commandOf: (messages: number) => readonly [command: string, args: ReadonlyArray<string>]
): Promise<Measurement> => {
  const start = first === 0 ? undefined : await measure(...commandOf(first))
  const whole = await measure(...commandOf(messages))
  if (start === undefined) return whole
  return { cpu: whole.cpu - start.cpu, wall: whole.wall - start.wall, peakMemory: whole.peakMemory }
}

const cells = ({ original, ours, row }: Result): ReadonlyArray<string> => {
  const of = (measurements: ReadonlyArray<Measurement>, what: keyof Measurement) =>
    median(measurements.map((measurement) => measurement[what]))
  const ratio = (what: keyof Measurement) => median(ours.map((own, turn) => own[what] / original[turn]![what]))
  const perMessage = (measurements: ReadonlyArray<Measurement>) =>
    ((of(measurements, "cpu") / row.messages) * 1e6).toFixed(1)
  const rate = (measurements: ReadonlyArray<Measurement>) => Math.round(row.messages / of(measurements, "wall"))
  const cpu = ratio("cpu")
  const speed = 1 / ratio("wall")
  const goal = row.goal === undefined ? "" : `${row.goal}${cpu <= row.goal ? "" : " missed"}`
  const rateGoal = row.rateGoal === undefined ? "" : `${row.rateGoal}${speed >= row.rateGoal ? "" : " missed"}`
  return [
    row.name,
    String(row.messages),
    of(original, "cpu").toFixed(2),
    of(ours, "cpu").toFixed(2),
    perMessage(original),
    perMessage(ours),
    cpu.toFixed(2),
    goal,
    String(rate(original)),
    String(rate(ours)),
    speed.toFixed(2),
    rateGoal,
    of(original, "peakMemory").toFixed(0),
    of(ours, "peakMemory").toFixed(0)
  ]
}

const heading = [
  "row",
  "messages",
  "CPU s, original",
  "ours",
  "µs a message, original",
  "ours",
  "CPU ratio",
  "at most",
  "messages/s, original",
  "ours",
  "speed ratio",
  "at least",
  "peak MiB, original",
  "ours"
]

Table.begin(`medians of ${options.turns} turns${options.steady ? ", each after a tenth of the messages" : ""}`, heading)
for (const row of rows) if (row.name.includes(options.only)) Table.row(cells(await compare(row)))
