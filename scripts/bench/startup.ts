/**
 * How long the command takes to start: `--version` and a run of one message, beside Node with nothing to do, in turns.
 *
 *     npx tsx scripts/bench/startup.ts [--turns N]
 */
import { parseArgs } from "node:util"
import { type Measurement, measure, median } from "./ChildProcess.js"
import * as Sink from "./Sink.js"
import * as Table from "./Table.js"

const { values: options } = parseArgs({
  options: {
    turns: { type: "string", default: "21" },
    ours: { type: "string", default: new URL("../../dist/bin/smtp-source.js", import.meta.url).pathname },
    port: { type: "string", default: "25290" }
  }
})

const sink = await Sink.start(Number(options.port), [], 100)
const subjects: ReadonlyArray<
  readonly [name: string, goal: number | undefined, command: string, args: ReadonlyArray<string>]
> = [
  ["node -e 0", undefined, process.execPath, ["-e", "0"]],
  ["--version", 2, process.execPath, [options.ours, "--version"]],
  ["one message", 2.6, process.execPath, [options.ours, sink.target]],
  ["one message, the original", undefined, "smtp-source", [sink.target]]
]
const turns: Array<ReadonlyArray<Measurement>> = []
try {
  for (let turn = 0; turn < Number(options.turns); turn++) {
    const measured: Array<Measurement> = []
    for (const [, , command, args] of subjects) measured.push(await measure(command, args))
    turns.push(measured)
  }
} finally {
  sink.stop()
}

Table.begin(`medians of ${options.turns} turns`, ["", "wall ms", "CPU ms", "wall, as many times Node's", "at most"])
subjects.forEach(([name, goal], index) => {
  const of = (what: keyof Measurement) => median(turns.map((turn) => turn[index]![what])) * 1000
  const ratio = median(turns.map((turn) => turn[index]!.wall / turn[0]!.wall))
  Table.row([
    name,
    of("wall").toFixed(0),
    of("cpu").toFixed(0),
    ratio.toFixed(2),
    goal === undefined ? "" : `${goal}${ratio <= goal ? "" : " missed"}`
  ])
})
