/**
 * A run in a few lines, for the person who waits for it.
 *
 * @since 0.1.0
 */
import type { Accounting } from "../measure/Accounting.js"
import * as Histogram from "../measure/Histogram.js"
import * as GeneratorHealth from "../measure/GeneratorHealth.js"
import { measured, measuredBesides, type Recorder } from "../measure/Recorder.js"
import * as Printable from "../smtp/Printable.js"

/**
 * What a summary tells of. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Summarised {
  readonly accounting: Accounting
  readonly recorder: Recorder
  readonly elapsed: number
  readonly stopped: boolean
  /** How the generator fared, where that was watched. */
  readonly health?: GeneratorHealth.Health | undefined
  /** Of scenarios of one's own: how often they were begun, and failed. */
  readonly scenarios?: { readonly begun: number; readonly failed: number } | undefined
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
  const rate = measured > 0 ? (accepted - warmUpAccepted) / measured : 0
  const ends = [
    `${count(accepted)} accepted`,
    `${count(rejected)} rejected`,
    `${count(failed - abandoned)} failed`,
    ...(abandoned === 0 ? [] : [`${count(abandoned)} abandoned as planned`]),
    `${count(unknown)} unknown`,
    `${count(notStarted)} not started`
  ]
  const { behind, dropped, lateStarts } = recorder
  const isSlow = health !== undefined && GeneratorHealth.isBottleneck(health)
  const took = `${duration(seconds)}${stopped ? " until stopped" : ""}`
  const failures =
    scenarios === undefined ? [] : [`${count(scenarios.failed)} of ${count(scenarios.begun)} scenarios failed`]
  const lines =
    scenarios !== undefined && planned === 0
      ? [...failures, took]
      : [
          ...(isSlow || GeneratorHealth.isBehind(behind, started) ? [bottleneck] : []),
          `${count(planned)} messages: ${ends.join(", ")}`,
          ...(scenarios !== undefined && scenarios.failed > 0 ? failures : []),
          `${took}, ${count(Math.round(rate))} messages/s`
        ]
  if (warmUpEnd > 0) {
    const lasted = duration(warmUpEnd / 1000)
    lines.push(
      measured > 0
        ? `the rate and the durations leave out the first ${lasted}, a warm-up`
        : `nothing was measured: the run was over before its warm-up of ${lasted}`
    )
  }
  if (recipients.offered > accounting.started) {
    lines.push(`${count(recipients.offered)} recipients: ${count(recipients.accepted)} accepted`)
  }
  const start = recorder.ownHistogram("start", "accepted")
  if (start !== undefined) {
    const lateness = milliseconds(Histogram.valueAtPercentile(start, 99))
    const waited = `${count(lateStarts)} waited for a session, ${count(dropped)} dropped`
    const late = behind === 0 ? "" : `, ${count(behind)} started late because the generator was behind`
    lines.push(`${waited}${late}, lateness p99 ${lateness}`)
  }
  const histogram = recorder.histogram("transaction", "accepted")
  if (histogram !== undefined) {
    const at = (percentile: number) => milliseconds(Histogram.valueAtPercentile(histogram, percentile))
    lines.push(`transaction p50 ${at(50)}, p90 ${at(90)}, p99 ${at(99)}, max ${at(100)}`)
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

const bottleneck = "the generator was the bottleneck: the server may be faster than this"

/** What is not a step of a scenario's own. */
const known: ReadonlySet<string> = new Set([...measured, ...measuredBesides])

/**
 * A number with its thousands apart.
 *
 * @since 0.1.0
 * @category formatting
 */
export const count = (number: number): string => String(number).replace(/\B(?=(\d{3})+$)/g, ",")

/**
 * Nanoseconds as milliseconds, in three significant figures.
 *
 * @since 0.1.0
 * @category formatting
 */
export const milliseconds = (nanoseconds: number): string => `${significant(nanoseconds / 1e6)} ms`

/**
 * A time in seconds, or in minutes and seconds.
 *
 * @since 0.1.0
 * @category formatting
 */
export const duration = (seconds: number): string =>
  seconds < 60 ? `${significant(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`

const significant = (number: number): string => {
  if (number === 0) return "0"
  const digits = Math.max(0, 2 - Math.floor(Math.log10(number)))
  return number.toFixed(Math.min(digits, 6))
}
