/**
 * What it costs to record a reply: nanoseconds a call, the median of several rounds.
 *
 *     npx tsx scripts/bench/sample.ts
 */
import * as Histogram from "../../src/measure/Histogram.js"
import { Recorder } from "../../src/measure/Recorder.js"
import { ReplyTally } from "../../src/measure/ReplyTally.js"
import type { Reply } from "../../src/smtp/Reply.js"
import { type Step, steps } from "../../src/smtp/SmtpError.js"
import { median } from "./ChildProcess.js"

const calls = 2_000_000
const rounds = 9

const dialogue: ReadonlyArray<readonly [Step, Reply]> = [
  ["mail", { code: 250, text: "2.1.0 Ok" }],
  ["rcpt", { code: 250, text: "2.1.5 Ok" }],
  ["data", { code: 354, text: "End data with <CR><LF>.<CR><LF>" }],
  ["final", { code: 250, text: "2.0.0 Ok" }]
]

/** Replies that hold a queue id: each one is an object of its own. */
const unique: ReadonlyArray<Reply> = Array.from({ length: 4096 }, (_, index) => ({
  code: 250,
  text: `2.0.0 Ok: queued as ${index.toString(16).padStart(10, "0")}`
}))

const row = (name: string, call: (index: number) => void) => {
  const times: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    const begun = process.hrtime.bigint()
    for (let index = 0; index < calls; index++) call(index)
    times.push(Number(process.hrtime.bigint() - begun) / calls)
  }
  process.stdout.write(`${name.padEnd(44)} ${median(times).toFixed(1).padStart(7)} ns\n`)
}

const histogram = Histogram.make()
row("a duration into a histogram", (index) => Histogram.record(histogram, 100_000 + index))

const tally = new ReplyTally()
const places = dialogue.map(([step]) => steps.indexOf(step))
row("a repeated reply into the tally", (index) => tally.count(places[index & 3]!, dialogue[index & 3]![1], index))

const alternating = new ReplyTally()
const pair = [dialogue[0]![1], dialogue[1]![1]]
row("two replies in turns into the tally", (index) => alternating.count(4, pair[index & 1]!, index))

const fresh = new ReplyTally()
row("a reply never seen before into the tally", (index) => fresh.count(7, { ...unique[index & 4095]! }, index))

const recorder = new Recorder()
row("a repeated reply into the recorder, all in all", (index) => {
  const [step, reply] = dialogue[index & 3]!
  recorder.onReply(step, reply, 0.1, index)
})
