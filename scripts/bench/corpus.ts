/**
 * What a corpus costs: an mbox of this many megabytes, sent from memory to a sink of our own.
 *
 *     npx tsx scripts/bench/corpus.ts [--megabytes 50,200,400] [--messages 50000]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { measure } from "./ChildProcess.js"
import * as Table from "./Table.js"

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "50,200,400" },
    messages: { type: "string", default: "50000" },
    ours: { type: "string", default: new URL("../../dist/bin/smtp-source.js", import.meta.url).pathname }
  }
})

/** Messages of 3 kB, and one of 250 kB for every ten of them: 25 kB in the mean. */
const write = (file: string, megabytes: number): number => {
  const mbox = fs.openSync(file, "w")
  const line = `${"The quick brown fox jumps over the lazy dog. ".repeat(2).slice(0, 75)}\n`
  let [size, count] = [0, 0]
  while (size < megabytes * 1_000_000) {
    const head = `From me@example.com Thu Nov 26 13:11:20 2026\nMessage-Id: <${count}@example.com>\nSubject: ${count}\n\n`
    size += fs.writeSync(mbox, `${head}${line.repeat(count % 11 === 10 ? 3300 : 40)}\n`)
    count++
  }
  fs.closeSync(mbox)
  return count
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-bench-"))
try {
  Table.begin("an mbox to a sink of our own", [
    "megabytes",
    "in it",
    "sent",
    "peak MiB",
    "CPU s",
    "wall s",
    "reading, CPU s"
  ])
  for (const megabytes of options.megabytes.split(",").map(Number)) {
    const file = path.join(folder, "mbox")
    const inIt = write(file, megabytes)
    const send = (messages: string) =>
      measure(process.execPath, [options.ours, "--sink", "-d", "-s", "20", "-m", messages, "--corpus", file])
    const reading = await send("1")
    const { cpu, peakMemory, wall } = await send(options.messages)
    Table.row([
      String(megabytes),
      String(inIt),
      options.messages,
      peakMemory.toFixed(0),
      cpu.toFixed(1),
      wall.toFixed(1),
      reading.cpu.toFixed(1)
    ])
  }
} finally {
  fs.rmSync(folder, { recursive: true })
}
