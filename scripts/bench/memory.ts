/**
 * Whether memory grows with the sessions that send a large file, or with the number of messages: the peak of the resident
 * set, of ours and for the file of the original.
 *
 *     npx tsx scripts/bench/memory.ts [--megabytes N] [--messages N]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { measure } from "./ChildProcess.js"
import * as Sink from "./Sink.js"
import * as Table from "./Table.js"

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "100" },
    /** The longer of the two long runs. */
    messages: { type: "string", default: "5000000" },
    ours: { type: "string", default: new URL("../../dist/bin/smtp-source.js", import.meta.url).pathname },
    port: { type: "string", default: "25280" }
  }
})

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-bench-"))
const file = path.join(folder, "large.eml")
const line = `${"x".repeat(78)}\r\n`
fs.writeFileSync(file, line.repeat((Number(options.megabytes) * 1_000_000) / line.length))

const sink = await Sink.start(Number(options.port), [], 4000)
const row = async (name: string, command: string, args: ReadonlyArray<string>): Promise<void> => {
  const { cpu, peakMemory, wall } = await measure(command, [...args, sink.target])
  Table.row([name, peakMemory.toFixed(0), cpu.toFixed(2), wall.toFixed(1)])
}

try {
  Table.begin(`-F with ${options.megabytes} MB`, ["", "peak MiB", "CPU s", "wall s"])
  const sends = (sessions: number) => ["-d", "-F", file, "-s", String(sessions), "-m", "20"]
  for (const sessions of [1, 10]) {
    await row(`the file, the original, sessions: ${sessions}`, "smtp-source", sends(sessions))
    await row(`the file, ours, sessions: ${sessions}`, process.execPath, [options.ours, ...sends(sessions)])
  }
  for (const messages of [Math.round(Number(options.messages) / 50), Number(options.messages)]) {
    const many = ["-d", "-s", "20", "--pipelining=full", "-m", String(messages)]
    await row(`ours, messages: ${messages}`, process.execPath, [options.ours, ...many])
  }
} finally {
  sink.stop()
  fs.rmSync(folder, { recursive: true })
}
