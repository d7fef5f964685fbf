/**
 * What a verdict's measure comes to in a report, or in a part of a run.
 *
 * @since 0.1.0
 */
import * as Counts from "../measure/Counts.js"
import * as Verdict from "../plan/Verdict.js"
import * as Printable from "../smtp/Printable.js"
import * as Durations from "./Durations.js"
import * as ProofReport from "./ProofReport.js"
import type * as RunReport from "./RunReport.js"
import * as TlsFigures from "./TlsFigures.js"

/**
 * What shares are of, and how fast it went.
 *
 * @since 0.1.0
 * @category models
 */
export interface Basis {
  /** Messages. */
  readonly of: number
  /** What the share of nothing is. */
  readonly ofNone: number | undefined
  /** Messages accepted per second; undefined where it cannot be told yet. */
  readonly rate: number | undefined
}

/**
 * What figures are taken from: a report, or a recent part of a run.
 *
 * @since 0.1.0
 * @category models
 */
export type Measurable = Pick<
  RunReport.RunReport,
  "arrivals" | "durations" | "errors" | "messages" | "recipients" | "replies"
> &
  Partial<Pick<RunReport.RunReport, "active" | "connections" | "elapsed" | "proof" | "tls">>

/**
 * What shares of a part of a run are of: of nothing there is none.
 *
 * @since 0.1.0
 * @category destructors
 */
export const basisOf = ({ messages }: Measurable, rate: number | undefined): Basis => {
  const { accepted, failed, rejected, unknown } = messages
  return { of: accepted + failed + rejected + unknown, ofNone: undefined, rate }
}

/**
 * The figure, in the unit of the verdict; undefined where there is nothing to have one of.
 *
 * @since 0.1.0
 * @category destructors
 */
export const valueOf = (report: Measurable, { measure, unit }: Verdict.Verdict, basis: Basis): number | undefined => {
  const counted = (count: number, of: number) => (unit !== "%" ? count : of === 0 ? basis.ofNone : (count / of) * 100)
  switch (measure._tag) {
    case "Duration": {
      const milliseconds = durationOf(report, measure)
      return milliseconds === undefined ? undefined : milliseconds / millisecondsIn(unit)
    }
    case "Messages":
      return counted(messagesOf(report, measure.end), basis.of)
    case "Recipients": {
      const { end } = measure
      const { recipients } = report
      return counted(recipients[end === "refused-after-content" ? "refusedAfterContent" : end], recipients.offered)
    }
    case "Arrivals": {
      const arrivals = report.arrivals ?? Counts.sum(Counts.arrivals, [])
      return counted(arrivals[measure.end], report.messages.started + arrivals.dropped)
    }
    case "Deliveries": {
      const { proof } = report
      if (proof === undefined) return undefined
      const count = ProofReport.countOf(proof, measure.end)
      return measure.end === "depth" ? count : counted(count, proof.accepted)
    }
    case "Tls": {
      const { count, of } = TlsFigures.counts(report, measure.end)
      return counted(count, of)
    }
    case "Handshakes": {
      const handshakes = TlsFigures.handshakes(report)
      return handshakes === undefined ? undefined : handshakes * secondsIn(unit)
    }
    case "Errors": {
      const errors = report.errors.filter(({ local }) => !local)
      return counted(total(errors), basis.of)
    }
    case "Replies": {
      const matches = ({ code }: { readonly code: number }) =>
        measure.code.endsWith("xx") ? Math.floor(code / 100) === Number(measure.code[0]) : code === Number(measure.code)
      return counted(total(report.replies.filter(matches)), total(report.replies))
    }
    case "Rate":
      return basis.rate === undefined ? undefined : basis.rate * secondsIn(unit)
  }
}

/**
 * How many values the verdict's figure comes from.
 *
 * @since 0.1.0
 * @category destructors
 */
export const basisFor = (part: Measurable, { measure }: Verdict.Verdict): number => {
  switch (measure._tag) {
    case "Duration":
      return found(part, measure)?.count ?? 0
    case "Recipients":
      return part.recipients.offered
    case "Arrivals":
      return part.messages.started
    case "Replies":
      return total(part.replies)
    default:
      return basisOf(part, undefined).of
  }
}

/**
 * How many values it takes to judge by.
 *
 * @since 0.1.0
 * @category destructors
 */
export const leastFor = ({ measure }: Verdict.Verdict): number => {
  if (measure._tag !== "Duration" || measure.statistic === "mean") return 100
  if (typeof measure.statistic !== "number" || measure.statistic >= 100) return 1
  return 1000 / (100 - measure.statistic) - 1e-9
}

/**
 * How many of the verdict's unit one is of what reports hold: milliseconds, messages a second, shares of 1, or counts.
 *
 * @since 0.1.0
 * @category destructors
 */
export const scaleOf = ({ measure, unit }: Verdict.Verdict): number => {
  if (measure._tag === "Duration") return 1 / millisecondsIn(unit)
  if (Verdict.isRate(measure)) return secondsIn(unit)
  return unit === "%" ? 100 : 1
}

/** What the plan abandons has not failed. */
const messagesOf = ({ messages }: Measurable, end: Verdict.End): number =>
  end === "failed" ? messages.failed - messages.abandoned : end === "not-started" ? messages.notStarted : messages[end]

const millisecondsIn = (unit: Verdict.Unit): number =>
  unit in Verdict.durationUnits ? Verdict.durationUnits[unit as keyof typeof Verdict.durationUnits] : 1

const secondsIn = (unit: Verdict.Unit): number =>
  unit === "/s" || unit === "/min" || unit === "/h" ? Verdict.rateUnits[unit] : 1

const total = (all: ReadonlyArray<{ readonly count: number }>): number => all.reduce((sum, { count }) => sum + count, 0)

type Duration = Extract<Verdict.Measure, { readonly _tag: "Duration" }>

const found = ({ durations }: Measurable, { ending, of }: Duration): Durations.Durations | undefined =>
  durations.find((each) => each.of === Printable.escape(of) && each.ending === ending)

const durationOf = (part: Measurable, measure: Duration): number | undefined => {
  const durations = found(part, measure)
  if (durations === undefined) return undefined
  const { statistic } = measure
  return typeof statistic === "number" ? Durations.valueAtPercentile(durations, statistic) : durations[statistic]
}
