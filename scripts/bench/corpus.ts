/**
 * What a corpus costs: messages of 25 kB from one in memory, from one on disk and from a template beside the same 25 kB held constant,
 * in turns; and an mbox of this many megabytes, gone through once.
 *
 *     npx tsx scripts/bench/corpus.ts [--megabytes 100,2500] [--messages 20000] [--rounds 5]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { measure, median } from "./ChildProcess.js"
import * as OwnSink from "./OwnSink.js"
import * as Table from "./Table.js"

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "100,2500" },
    messages: { type: "string", default: "20000" },
    rounds: { type: "string", default: "5" },
    ours: { type: "string", default: new URL("../../dist/bin/smtp-source.js", import.meta.url).pathname }
  }
})

const line = `${"The quick brown fox jumps over the lazy dog. ".repeat(2).slice(0, 75)}\n`

const headOf = (number: number): string =>
  `From me@example.com Thu Nov 26 13:11:20 2026\nReceived: from a.example (a.example [192.0.2.1])\n\tby b.example; Thu, 26 Nov 2026 13:11:20 +0000\nMessage-Id: <${number}@example.com>\nDate: Thu, 26 Nov 2026 13:11:20 +0000\nFrom: Me <me@example.com>\nTo: You <you@example.com>\nSubject: ${number}\n\n`

/** An mbox of this many bytes, whose messages have as many lines as is said. */
const write = (file: string, bytes: number, linesOf: (number: number) => number): number => {
  const mbox = fs.openSync(file, "w")
  let [size, count] = [0, 0]
  let pieces: Array<string> = []
  let waiting = 0
  while (size < bytes) {
    const message = `${headOf(count)}${line.repeat(linesOf(count))}\n`
    pieces.push(message)
    waiting += message.length
    size += message.length
    count++
    if (waiting < 4_000_000 && size < bytes) continue
    fs.writeSync(mbox, pieces.join(""), null, "latin1")
    pieces = []
    waiting = 0
  }
  fs.closeSync(mbox)
  return count
}

/** 25 kB with the headers. */
const lines = 325

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-bench-"))
const sink = await OwnSink.start({})
try {
  const send = (messages: string, ...words: ReadonlyArray<string>) =>
    measure(process.execPath, [options.ours, "-d", "-s", "20", "-m", messages, ...words, sink.target])
  const file = path.join(folder, "same")
  write(file, 100_000_000, () => lines)
  const constant = path.join(folder, "constant")
  fs.writeFileSync(constant, line.repeat(lines))
  const template = path.join(folder, "template")
  fs.writeFileSync(template, `Subject: {{number}}\nX-Id: {{uuid}}\n\nHello {{hex 16}}\n${line.repeat(lines)}`)
  const ways: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["held constant (-F)", ["-F", constant]],
    ["of a template, three variables", ["--template", template]],
    ["of a corpus in memory", ["--corpus", file]],
    ["of a corpus on disk", ["--corpus", file, "--corpus-memory", "1M"]],
    ["of a corpus on disk, shuffled", ["--corpus", file, "--corpus-memory", "1M", "--order", "shuffle"]]
  ]
  const costs = ways.map((): Array<number> => [])
  const walls = ways.map((): Array<number> => [])
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [index, [, words]] of ways.entries()) {
      // What a start costs, and to read the files, is taken off.
      const one = await send("1", ...words)
      const all = await send(options.messages, ...words)
      costs[index]!.push(((all.cpu - one.cpu) / (Number(options.messages) - 1)) * 1e6)
      walls[index]!.push(Number(options.messages) / all.wall)
    }
  }
  Table.begin(`${options.messages} messages of 25 kB to a sink of another process, ${options.rounds} rounds in turns`, [
    "messages",
    "CPU µs each, median",
    "of the constant's, median of rounds",
    "messages/s"
  ])
  for (const [index, [name]] of ways.entries()) {
    const ratios = costs[index]!.map((cost, round) => cost / costs[0]![round]!)
    Table.row([
      name,
      median(costs[index]!).toFixed(1),
      `${median(ratios).toFixed(2)} ×`,
      median(walls[index]!).toFixed(0)
    ])
  }
  fs.rmSync(file)
  console.log("")
  Table.begin("an mbox that is gone through once", [
    "megabytes",
    "messages",
    "peak MiB",
    "CPU s",
    "wall s",
    "to index, CPU s",
    "messages/s"
  ])
  for (const megabytes of options.megabytes.split(",").map(Number)) {
    const large = path.join(folder, "large")
    // Messages of 3 kB, and one of 250 kB for every ten of them: 25 kB in the mean.
    const count = write(large, megabytes * 1e6, (number) => (number % 11 === 10 ? 3300 : 40))
    const words = ["--corpus", large, "--corpus-memory", "1M", "--once"]
    const reading = await send("1", ...words)
    const { cpu, peakMemory, wall } = await send(String(count), ...words)
    Table.row([
      String(megabytes),
      String(count),
      peakMemory.toFixed(0),
      cpu.toFixed(1),
      wall.toFixed(1),
      reading.cpu.toFixed(1),
      (count / (wall - reading.wall)).toFixed(0)
    ])
    fs.rmSync(large)
  }
} finally {
  await sink.stop()
  fs.rmSync(folder, { recursive: true })
}
