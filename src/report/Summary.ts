/**
 * A run in a few lines, for the person who waits for it.
 *
 * @since 0.1.0
 */
import type { Accounting } from "../measure/Accounting.js"
import * as Histogram from "../measure/Histogram.js"
import type * as GeneratorHealth from "../measure/GeneratorHealth.js"
import { measured, measuredBesides, type Recorded } from "../measure/Recorder.js"
import type { Proved } from "../measure/Proved.js"
import * as Printable from "../smtp/Printable.js"
import * as Tls from "../smtp/Tls.js"
import * as Counts from "../measure/Counts.js"
import * as ArrivalCounters from "./ArrivalCounters.js"
import * as ConnectionCounters from "./ConnectionCounters.js"
import * as CounterTable from "./CounterTable.js"
import * as Bottleneck from "./Bottleneck.js"
import * as Figures from "./Figures.js"
import * as LoginSummary from "./LoginSummary.js"
import * as ProofLines from "./ProofLines.js"
import * as ProofReport from "./ProofReport.js"
import * as Stages from "./Stages.js"
import * as TargetSummary from "./TargetSummary.js"

export { count, counted, duration, milliseconds } from "./Figures.js"

const { count, counted, duration, milliseconds } = Figures

/**
 * What a summary tells of. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Summarised {
  readonly accounting: Accounting
  readonly recorder: Recorded
  readonly elapsed: number
  readonly stopped: boolean
  /** How the generator fared, where that was watched. */
  readonly health?: GeneratorHealth.Health | undefined
  /** Of scenarios of one's own: how often they were begun, and failed. */
  readonly scenarios?: { readonly begun: number; readonly failed: number } | undefined
  /** What became of the messages afterwards, where a proof was asked for. */
  readonly proof?: Proved | undefined
}

/**
 * The lines of a summary, without line ends.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (finished: Summarised): ReadonlyArray<string> => {
  const { accounting, elapsed, health, recorder, scenarios, stopped } = finished
  const { abandoned, accepted, failed, notStarted, planned, recipients, rejected, started, unknown } = accounting
  const seconds = elapsed / 1000
  const { warmUpAccepted, warmUpEnd } = recorder
  const measured = Math.max(0, elapsed - warmUpEnd) / 1000
  const counts = recorder.stages?.toData()
  const rates = counts === undefined ? undefined : Stages.ratesOf(Stages.make(counts, stopped ? elapsed : undefined))
  const rate = rates?.accepted ?? (measured > 0 ? (accepted - warmUpAccepted) / measured : 0)
  const ends = [
    `${count(accepted)} accepted`,
    `${count(rejected)} rejected`,
    `${count(failed - abandoned)} failed`,
    ...(abandoned === 0 ? [] : [`${count(abandoned)} abandoned as planned`]),
    `${count(unknown)} unknown`,
    ...(notStarted === 0 ? [] : [`${count(notStarted)} not started`])
  ]
  const { opened, unpipelined } = recorder
  const arrivals = Counts.pick(Counts.arrivals, recorder)
  const reason = Bottleneck.brief({
    ...(health === undefined ? {} : { generator: health }),
    arrivals,
    messages: { accepted, rejected, started }
  })
  const took = `${duration(seconds)}${stopped ? " until stopped" : ""}`
  const failures =
    scenarios === undefined ? [] : [`${count(scenarios.failed)} of ${count(scenarios.begun)} scenarios failed`]
  const lines =
    scenarios !== undefined && planned === 0
      ? [...failures, took]
      : [
          ...(reason === undefined ? [] : [bottleneck, reason]),
          `${counted(planned, "message")}: ${ends.join(", ")}`,
          ...(scenarios !== undefined && scenarios.failed > 0 ? failures : []),
          `${took}, ${
            rates === undefined
              ? `${Figures.rate(rate)} messages/s`
              : `${Figures.rate(rates.intended)}/s intended, ${Figures.rate(rates.started)}/s started, ${Figures.rate(rates.accepted)}/s accepted`
          }`
        ]
  if (warmUpEnd > 0) {
    const lasted = duration(warmUpEnd / 1000)
    lines.push(
      measured > 0
        ? `the rate and the durations leave out the first ${lasted}, a warm-up`
        : `nothing was measured: the warm-up of ${lasted} outlasted the run`
    )
  }
  if (recipients.offered > accounting.started) {
    lines.push(`${count(recipients.offered)} recipients: ${count(recipients.accepted)} accepted`)
  }
  const { proof } = ProofReport.of(finished.proof)
  if (proof !== undefined) {
    for (const [name, text] of ProofLines.lines(proof)) if (name !== "") lines.push(`${name}: ${text}`)
    const { delivery } = finished.proof!.tally
    if (Histogram.total(delivery) > 0) lines.push(spread("delivery", delivery))
  }
  const { others, shown } = TargetSummary.first({ targets: recorder.targets() }, mostTargets)
  for (const target of shown) lines.push(`to ${Printable.escape(target.target)}: ${TargetSummary.text(target, count)}`)
  if (others > 0) lines.push(`and to ${counted(others, "other target")}`)
  const { auth } = LoginSummary.of(recorder.auth())
  for (const logins of auth?.mechanisms ?? []) {
    lines.push(`logins by ${logins.mechanism}: ${LoginSummary.text(logins, count)}`)
  }
  if (unpipelined > 0) {
    lines.push(
      `${count(unpipelined)} of ${counted(opened, "connection")} ${ConnectionCounters.counters.unpipelined.phrase}`
    )
  }
  for (const { messages, what } of recorder.without()) {
    lines.push(`${counted(messages, "message")} without ${what}, which was asked for`)
  }
  const unverified = recorder.tls().filter(({ trust }) => trust === "none")
  if (unverified.length > 0) {
    const sessions = unverified.reduce((sum, { count }) => sum + count, 0)
    const found = [...new Set(unverified.map(({ distrust }) => distrust))].filter((code) => code !== "")
    lines.push(
      `${counted(sessions, "TLS session")} not verified${found.length === 0 ? "" : `: ${found.map(Tls.distrustText).join(", ")}`}`
    )
  }
  const start = recorder.ownHistogram("start", "accepted")
  if (start !== undefined) {
    const lateness = milliseconds(Histogram.valueAtPercentile(start, 99))
    lines.push(
      `${CounterTable.phrases(ArrivalCounters.counters, arrivals, count).join(", ")}, lateness p99 ${lateness}`
    )
  }
  const histogram = recorder.histogram("transaction", "accepted")
  if (histogram !== undefined) {
    lines.push(spread("transaction", histogram))
  }
  for (const { ending, histogram, of } of recorder.durations()) {
    if (known.has(of)) continue
    const many = Histogram.total(histogram)
    const often = measured > 0 ? `, ${count(Math.round(many / measured))}/s` : ""
    const p99 = milliseconds(Histogram.valueAtPercentile(histogram, 99))
    lines.push(`${Printable.escape(of)}: ${count(many)} ${ending}${often}, p99 ${p99}`)
  }
  return lines
}

/** One time has no percentiles. */
const spread = (name: string, histogram: Histogram.Histogram): string => {
  const at = (percentile: number) => milliseconds(Histogram.valueAtPercentile(histogram, percentile))
  return Histogram.total(histogram) === 1
    ? `${name} ${at(100)}`
    : `${name} p50 ${at(50)}, p90 ${at(90)}, p99 ${at(99)}, max ${at(100)}`
}

/** How many targets are shown at most. */
const mostTargets = 5

const bottleneck = "the generator was the bottleneck: the server may be faster"

/** What is not a step of a scenario's own. */
const known: ReadonlySet<string> = new Set([...measured, ...measuredBesides])
