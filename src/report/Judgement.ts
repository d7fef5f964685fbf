/**
 * Sets a run against what is not to happen in it.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import type { Interval } from "../measure/Series.js"
import * as Verdict from "../plan/Verdict.js"
import * as Printable from "../smtp/Printable.js"
import * as Durations from "./Durations.js"
import * as RunReport from "./RunReport.js"

/**
 * What became of one expression.
 *
 * @since 0.1.0
 * @category models
 */
export interface Judgement {
  readonly expression: string
  /** Whether what was not to happen did, or could not be told. */
  readonly failed: boolean
  /** The measured value, for people. */
  readonly measured: string
}

/**
 * An expression that cannot be read.
 *
 * @since 0.1.0
 * @category errors
 */
export class VerdictUnreadable extends Data.TaggedError("VerdictUnreadable")<{
  readonly expression: string
  readonly column: number
  readonly expected: string
}> {
  override get message(): string {
    return `${Printable.escape(JSON.stringify(this.expression))} ${Verdict.describe(this)}`
  }
}

/**
 * Judges the run by each expression; the error tells of the first that cannot be read.
 *
 * A duration of what was accepted that was never measured fails: a limit on what did not happen was not kept. Where nothing was
 * refused, or failed, no limit on it is broken.
 *
 * @since 0.1.0
 * @category judging
 */
export const judge = (
  report: RunReport.RunReport,
  expressions: ReadonlyArray<string>
): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable> =>
  Either.map(read(expressions), (verdicts) =>
    verdicts.map(([expression, verdict]) => {
      const measured = valueOf(report, verdict, { of: report.messages.planned, ofNone: 0, rate: rateOf(report) })
      if (measured === undefined) {
        const { measure } = verdict
        const failed = measure._tag !== "Duration" || measure.ending === "accepted"
        return { expression, failed, measured: failed ? "never measured" : "none" }
      }
      return judgement(expression, verdict, measured)
    })
  )

/**
 * Those of the expressions that are true of a run that still goes on. What did not happen yet is not true: shares are of the
 * messages that have ended, a count that grows is not below a limit until the end, and the rate is that of `lately`, the last
 * interval, where that is a full second that began after the first reply.
 *
 * @since 0.1.0
 * @category judging
 */
export const soFar = (
  report: RunReport.RunReport,
  expressions: ReadonlyArray<string>,
  lately?: Interval
): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable> => {
  const full =
    lately !== undefined &&
    rateOf(report) !== undefined &&
    lately.length >= second &&
    repliesBegan(report) <= lately.at - lately.length
  const rate = full ? RunReport.rateOf(lately.accepted, lately.length) : undefined
  return looked(report, expressions, rate, (verdict) => isLeft(verdict) || (isGrowing(verdict) && isBelow(verdict)))
}

/**
 * Those of the expressions that are true of a run that came to its end, looked at as `soFar` does for the last time: the rate
 * is that from the first reply on.
 *
 * @since 0.1.0
 * @category judging
 */
export const atLast = (
  report: RunReport.RunReport,
  expressions: ReadonlyArray<string>
): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable> => {
  const { elapsed, messages } = report
  const began = repliesBegan(report)
  const whole = began < elapsed ? RunReport.rateOf(messages.accepted, elapsed - began) : undefined
  const rate = report.measured === undefined ? whole : rateOf(report)
  return looked(report, expressions, rate, () => false)
}

/** While a run warms up it has no rate. */
const rateOf = ({ measured, rate }: RunReport.RunReport): number | undefined =>
  measured?.active.length === 0 ? undefined : rate

/** In milliseconds: timers that are a little late make intervals a little shorter. */
const second = 990

/** When the first reply came, in milliseconds since the start. */
const repliesBegan = ({ replies }: RunReport.RunReport): number => Math.min(...replies.map(({ first }) => first))

const looked = (
  report: RunReport.RunReport,
  expressions: ReadonlyArray<string>,
  rate: number | undefined,
  isOpen: (verdict: Verdict.Verdict) => boolean
): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable> => {
  const { accepted, failed, rejected, unknown } = report.messages
  const basis = { of: accepted + failed + rejected + unknown, ofNone: undefined, rate }
  return Either.map(read(expressions), (verdicts) =>
    verdicts.flatMap(([expression, verdict]) => {
      const measured = isOpen(verdict) ? undefined : valueOf(report, verdict, basis)
      if (measured === undefined) return []
      const made = judgement(expression, verdict, measured)
      return made.failed ? [made] : []
    })
  )
}

/** What did not start is known at the end. */
const isLeft = ({ measure }: Verdict.Verdict): boolean => measure._tag === "Messages" && measure.end === "not-started"

const isBelow = ({ comparison }: Verdict.Verdict): boolean => comparison === "<" || comparison === "<="

/** Whether it is a count, which only grows. */
const isGrowing = ({ measure, unit }: Verdict.Verdict): boolean =>
  unit === "" && measure._tag !== "Rate" && measure._tag !== "Duration"

const read = (
  expressions: ReadonlyArray<string>
): Either.Either<ReadonlyArray<readonly [string, Verdict.Verdict]>, VerdictUnreadable> =>
  Either.all(
    expressions.map((expression) =>
      Either.mapBoth(Verdict.parse(expression), {
        onLeft: (failure) => new VerdictUnreadable({ expression, ...failure }),
        onRight: (verdict) => [expression, verdict] as const
      })
    )
  )

const judgement = (expression: string, { amount, comparison, unit }: Verdict.Verdict, measured: number): Judgement => ({
  expression,
  failed: compare[comparison](measured, amount),
  measured: show(measured, unit)
})

const compare: { readonly [comparison in Verdict.Comparison]: (a: number, b: number) => boolean } = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b
}

/** What shares are of, and how fast it went. */
interface Basis {
  /** Messages. */
  readonly of: number
  /** What the share of nothing is. */
  readonly ofNone: number | undefined
  /** Messages accepted per second; undefined where it cannot be told yet. */
  readonly rate: number | undefined
}

/** In the unit of the verdict. */
const valueOf = (report: RunReport.RunReport, { measure, unit }: Verdict.Verdict, basis: Basis): number | undefined => {
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
      const { behind, dropped, late } = report.arrivals ?? { behind: 0, dropped: 0, late: 0 }
      return counted(measure.end === "late" ? late + behind : dropped, report.messages.started + dropped)
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

/** What the plan abandons has not failed. */
const messagesOf = ({ messages }: RunReport.RunReport, end: Verdict.End): number =>
  end === "failed" ? messages.failed - messages.abandoned : end === "not-started" ? messages.notStarted : messages[end]

const millisecondsIn = (unit: Verdict.Unit): number =>
  unit === "us" || unit === "ms" || unit === "s" || unit === "min" ? Verdict.durationUnits[unit] : 1

const secondsIn = (unit: Verdict.Unit): number =>
  unit === "/s" || unit === "/min" || unit === "/h" ? Verdict.rateUnits[unit] : 1

const total = (all: ReadonlyArray<{ readonly count: number }>): number => all.reduce((sum, { count }) => sum + count, 0)

const durationOf = (
  { durations }: RunReport.RunReport,
  { ending, of, statistic }: Extract<Verdict.Measure, { readonly _tag: "Duration" }>
): number | undefined => {
  const found = durations.find((each) => each.of === Printable.escape(of) && each.ending === ending)
  if (found === undefined) return undefined
  return typeof statistic === "number" ? Durations.valueAtPercentile(found, statistic) : found[statistic]
}

/** To six significant figures, without an exponent. */
const show = (number: number, unit: Verdict.Unit): string => {
  const digits = number === 0 ? 0 : Math.min(9, Math.max(0, 5 - Math.floor(Math.log10(Math.abs(number)))))
  const text = number.toFixed(digits)
  return `${text.includes(".") ? text.replace(/\.?0+$/, "") : text}${unit}`
}
