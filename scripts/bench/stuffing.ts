/**
 * What it costs to make a message ready for DATA: microseconds of CPU a message, the median of several rounds, of `Stuffing`, and
 * of `MessageFile.stuff`, which goes byte by byte.
 *
 *     npx tsx scripts/bench/stuffing.ts
 */
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Stuffing from "../../src/plan/Stuffing.js"
import { median } from "./ChildProcess.js"

const rounds = 9

const text = (size: number, end: string): Uint8Array => {
  const line = `${"The quick brown fox jumps over the lazy dog. ".repeat(2).slice(0, 76 - end.length)}${end}`
  return Buffer.from(line.repeat(Math.ceil(size / line.length)).slice(0, size - end.length) + end, "latin1")
}

const cost = (calls: number, call: () => unknown): number => {
  const times: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    for (let index = 0; index < calls; index++) call()
    const { system, user } = process.cpuUsage(before)
    times.push((user + system) / calls)
  }
  return median(times)
}

process.stdout.write(`${"".padEnd(20)} ${"byte by byte".padStart(14)} ${"Stuffing".padStart(14)}\n`)
for (const [name, end] of [
  ["LF", "\n"],
  ["CRLF", "\r\n"]
] as const) {
  for (const size of [1_000, 4_000, 16_000, 25_000, 200_000, 1_000_000]) {
    const bytes = text(size, end)
    const calls = Math.max(20, Math.round(20_000_000 / size))
    const slow = cost(calls, () => MessageFile.stuff(bytes))
    const fast = cost(calls, () => {
      const made = Stuffing.content(bytes)
      // A string is put together when it is written: so that it is here, too.
      if (made._tag === "Right" && made.right.body === undefined) Buffer.from(made.right.head, "latin1")
    })
    const row = [slow, fast].map((time) => `${time.toFixed(2).padStart(11)} µs`).join(" ")
    process.stdout.write(`${`${size} bytes, ${name}`.padEnd(20)} ${row} ${(slow / fast).toFixed(1).padStart(6)} ×\n`)
  }
}
