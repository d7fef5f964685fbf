/**
 * What it takes to read the journal of a long run: each second of it has the durations of eight steps, with 600 buckets each.
 *
 *     npx tsx scripts/bench/journals.ts [--megabytes N,N,...]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import * as Series from "../../src/measure/Series.js"
import * as Journal from "../../src/report/Journal.js"
import * as Buckets from "./Buckets.js"
import { measure } from "./ChildProcess.js"
import * as Table from "./Table.js"

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "100,323,600" },
    ours: { type: "string", default: new URL("../../dist/bin/smtp-report.js", import.meta.url).pathname }
  }
})

const steps = ["mail", "rcpt", "data", "content", "final", "rset", "quit"] as const

const line = Journal.intervals()

const second = (number: number): string => {
  const transaction = Buckets.next()
  const accepted = transaction.reduce((sum, [, count]) => sum + count, 0)
  const interval = { ...Series.sum([]), started: accepted, accepted, ...Series.statistics(Series.coarse(transaction)) }
  return line({
    interval: { at: number * 1000, length: 1000, underWay: 0, open: 0, ...interval },
    recipients: { offered: accepted, accepted, refused: 0, refusedAfterContent: 0, unknown: 0, abandoned: 0 },
    durations: [
      ...steps.map((of) => ({ of, ending: "accepted" as const, buckets: Buckets.next() })),
      { of: "transaction", ending: "accepted", buckets: transaction }
    ],
    replies: [],
    errors: []
  })
}

const write = (file: string, megabytes: number): number => {
  const journal = fs.openSync(file, "w")
  const tool = { name: "smtp-source", version: "0.1.0" }
  fs.writeSync(journal, Journal.start({ tool, ids: ["long"], startedAt: "2026-01-01T00:00:00.000Z", plan: {} }))
  let seconds = 0
  for (let bytes = 0; bytes < megabytes * 1e6; ) bytes += fs.writeSync(journal, second(++seconds))
  fs.closeSync(journal)
  return seconds
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-bench-"))
try {
  Table.begin("smtp-report of a journal", ["megabytes", "seconds of the run", "peak MiB", "CPU s", "wall s"])
  for (const megabytes of options.megabytes.split(",").map(Number)) {
    const file = path.join(folder, "long.ndjson")
    const seconds = write(file, megabytes)
    const { cpu, peakMemory, wall } = await measure(process.execPath, [options.ours, file])
    Table.row([String(megabytes), String(seconds), peakMemory.toFixed(0), cpu.toFixed(1), wall.toFixed(1)])
  }
} finally {
  fs.rmSync(folder, { recursive: true })
}
