/**
 * By how much later than it was due each message of an open run starts, and whether the rate is kept: over loopback against
 * our own sink, and over a wire in memory, where nothing else but the generator takes time.
 *
 *     npx tsx scripts/bench/precision.ts [--seconds N] [--rate N] [--memory-rate N]
 */
import { parseArgs } from "node:util"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Load from "../../src/load/Load.js"
import * as Histogram from "../../src/measure/Histogram.js"
import * as NodeServices from "../../src/node/NodeServices.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as Plan from "../../src/plan/Plan.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import * as Capabilities from "../../src/smtp/Capabilities.js"
import type { Reply } from "../../src/smtp/Reply.js"
import type { Step } from "../../src/smtp/SmtpError.js"
import * as Target from "../../src/smtp/Target.js"
import { type ConnectOptions, Connector, type Wire } from "../../src/smtp/Wire.js"

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    rate: { type: "string", default: "5000" },
    "memory-rate": { type: "string", default: "20000" }
  }
})

/** The bounds of the bars, in milliseconds. */
const bounds = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5, 10, 50, Number.POSITIVE_INFINITY]

const tell = (name: string, rate: number, { accounting, recorder, ...rest }: Load.RunResult, sent: Sent) => {
  if (rest.endedBy._tag === "Some") throw new Error(`${name}: ${rest.endedBy.value.message}`)
  const histogram = recorder.ownHistogram("start", "accepted")
  if (histogram === undefined) throw new Error(`${name}: no message was started`)
  const total = Histogram.total(histogram)
  const bars = bounds.map(() => 0)
  histogram.counts.forEach((count, index) => {
    const late = Histogram.highestAt(index) / 1e6
    bars[bounds.findIndex((bound) => late <= bound)]! += count
  })
  const at = (percentile: number) => (Histogram.valueAtPercentile(histogram, percentile) / 1e6).toFixed(2)
  const mean = ((accounting.started - 1) / (sent.last - sent.first)) * 1000
  const lines = [
    `${name}: ${rate}/s for ${options.seconds} s; ${accounting.accepted} of ${accounting.planned} accepted`,
    `  mean rate ${mean.toFixed(1)}/s (${(((mean - rate) / rate) * 100).toFixed(3)} %), ${recorder.late} found no session free`,
    `  late by p50 ${at(50)}, p90 ${at(90)}, p99 ${at(99)}, p99.9 ${at(99.9)}, max ${at(100)} ms`,
    ...bars.map((count, index) => {
      const share = count / total
      const bar = "#".repeat(Math.ceil(share * 50))
      return `  ${`≤ ${bounds[index]} ms`.padEnd(14)}${(share * 100).toFixed(2).padStart(7)} %  ${bar}`
    })
  ]
  process.stdout.write(`${lines.join("\n")}\n\n`)
}

/** When the first and the last content was handed over. */
class Sent {
  first = 0
  last = 0
  readonly onContentSent = () => {
    this.last = performance.now()
    this.first ||= this.last
  }
}

const run = (name: string, rate: string, target?: string) =>
  Effect.gen(function* () {
    const sent = new Sent()
    tell(name, Number(rate), yield* Load.run(plan(rate, target), sent), sent)
  })

const plan = (rate: string, target?: string) =>
  Plan.make({
    rate: `${rate}/s`,
    duration: `${options.seconds}s`,
    reuse: true,
    // So that the first connections do not count.
    warmUp: "2s",
    ...(target === undefined ? {} : { target })
  })

const loopback = Effect.scoped(
  Effect.gen(function* () {
    const sink = yield* (yield* EmbeddedSink).start({ protocol: "smtp" })
    yield* run("loopback", options.rate, Target.format(sink.target))
  })
).pipe(Effect.provide(Layer.merge(NodeServices.layer, NodeSink.layer())))

/** A server that says yes at once, without a byte: so that what takes time is the generator. */
const connect = ({ observer }: ConnectOptions): Wire => {
  const yes: Reply = { code: 250, text: "ok" }
  const goOn: Reply = { code: 354, text: "go on" }
  const answer = (step: Step): Reply => {
    const now = performance.now()
    const reply = step === "data" ? goOn : yes
    if (step === "final") observer.onContent(0, now)
    observer.onReply(step, reply, 0, now)
    return reply
  }
  return {
    capabilities: Capabilities.none,
    exchange: (steps) => Effect.sync(() => steps.map(answer)),
    write: () => Effect.void,
    startTls: () => Effect.die("not of use here"),
    session: () => undefined,
    converse: (script) =>
      Effect.sync(() => {
        const dialogue = script()
        let turn = dialogue.next()
        while (turn.done !== true) turn = dialogue.next(turn.value.steps.map(answer))
        return turn.value
      }),
    state: () => "open",
    awaited: () => undefined,
    get arrivedAt() {
      return performance.now()
    },
    received: () => [],
    close: () => {}
  }
}

const memory = run("in memory", options["memory-rate"]).pipe(
  Effect.provide(
    Layer.merge(
      Layer.succeed(Connector, {
        connect: (_, connectOptions) => Effect.sync(() => connect(connectOptions)),
        target: Target.inet("in.memory", 25)
      }),
      FileSystem.layerNoop({})
    )
  )
)

await Effect.runPromise(Effect.zipRight(loopback, memory))
