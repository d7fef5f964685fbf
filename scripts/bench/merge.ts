/**
 * What it takes to put a thousand results together, each of an hour's segment: 3600 seconds with some 75 buckets each, and the
 * durations of eight steps with 600 buckets each.
 *
 *     npx tsx scripts/bench/merge.ts [--results N,N,...] [--seconds N]
 *
 * No more than `distinct` are on the disk at a time: each is read again and again (--force), which costs the same as another one.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import * as Series from "../../src/measure/Series.js"
import * as Durations from "../../src/report/Durations.js"
import * as Buckets from "./Buckets.js"
import { measure } from "./ChildProcess.js"
import * as Table from "./Table.js"

const { values: options } = parseArgs({
  options: {
    results: { type: "string", default: "10,100,1000" },
    seconds: { type: "string", default: "3600" },
    distinct: { type: "string", default: "10" },
    ours: { type: "string", default: new URL("../../dist/bin/smtp-report.js", import.meta.url).pathname }
  }
})

const seconds = Number(options.seconds)
const names = ["transaction", "mail", "rcpt", "data", "content", "final", "rset", "quit"]

/** The report of segment `index` of `of`, as JSON. */
const result = (index: number, of: number): string => {
  const intervals = Array.from({ length: seconds }, (_, second) => {
    const transaction = Series.coarse(Buckets.next().slice(0, 75))
    const accepted = transaction.reduce((sum, [, count]) => sum + count, 0)
    const counts = { ...Series.sum([]), started: accepted, accepted, ...Series.statistics(transaction) }
    return { at: (second + 1) * 1000, length: 1000, underWay: 0, open: 0, ...counts }
  })
  const messages = intervals.reduce((sum, { accepted }) => sum + accepted, 0)
  const elapsed = seconds * 1000
  return JSON.stringify({
    version: 2,
    tool: { name: "smtp-source", version: "0.1.0" },
    runs: 1,
    ids: [`bench ${index}/${of}`],
    startedAt: "2026-01-01T00:00:00.000Z",
    elapsed,
    active: [[0, elapsed]],
    ended: "completed",
    plan: { target: "mail.example", runId: "bench", segment: `${index}/${of}` },
    messages: {
      planned: messages,
      started: messages,
      accepted: messages,
      rejected: 0,
      failed: 0,
      unknown: 0,
      notStarted: 0
    },
    segments: [{ run: "bench", index, of, whole: messages * of, ended: "completed", elapsed, lost: 0 }],
    recipients: { offered: messages, accepted: messages, refused: 0, refusedAfterContent: 0, unknown: 0, abandoned: 0 },
    rate: messages / seconds,
    bytes: { out: messages, in: messages },
    connections: { opened: 1, failed: 0, reused: 0, closedByUs: 1, closedByServer: 0 },
    durations: Durations.ofSteps(names.map((of) => ({ of, ending: "accepted" as const, buckets: Buckets.next() }))),
    replies: [],
    errors: [],
    series: { width: 1000, intervals }
  })
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-bench-"))
try {
  const counts = options.results.split(",").map(Number)
  const most = Math.max(...counts)
  const files = Array.from({ length: Math.min(most, Number(options.distinct)) }, (_, index) => {
    const file = path.join(folder, `${index + 1}.json`)
    fs.writeFileSync(file, result(index + 1, most))
    return file
  })
  const megabytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0) / files.length / 1e6
  Table.begin(`smtp-report of results of ${megabytes.toFixed(1)} MB`, ["results", "peak MiB", "CPU s", "wall s"])
  for (const count of counts) {
    const given = Array.from({ length: count }, (_, index) => files[index % files.length] ?? "")
    const args = [options.ours, "--force", "--allow-missing", ...given]
    const { cpu, peakMemory, wall } = await measure(process.execPath, args)
    Table.row([String(count), peakMemory.toFixed(0), cpu.toFixed(1), wall.toFixed(1)])
  }
} finally {
  fs.rmSync(folder, { recursive: true })
}
