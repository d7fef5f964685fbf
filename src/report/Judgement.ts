/**
 * Sets a run against what is not to happen in it.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Verdict from "../plan/Verdict.js"
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
 * Judges the run by each expression. One that cannot be read fails.
 *
 * A duration that was never measured fails, too: a limit on what did not happen was not kept.
 *
 * @since 0.1.0
 * @category judging
 */
export const judge = (report: RunReport.RunReport, expressions: ReadonlyArray<string>): ReadonlyArray<Judgement> =>
  expressions.map((expression) =>
    Either.match(Verdict.parse(expression), {
      onLeft: (failure) => ({ expression, failed: true, measured: Verdict.describe(failure) }),
      onRight: (verdict) => {
        const { amount, comparison, unit } = verdict
        const measured = valueOf(report, verdict)
        const failed = measured === undefined || compare[comparison](measured, amount)
        return { expression, failed, measured: measured === undefined ? neverMeasured : show(measured, unit) }
      }
    })
  )

/**
 * Those of the expressions that are true of a run that still goes on. What was not measured yet is not true.
 *
 * @since 0.1.0
 * @category judging
 */
export const soFar = (report: RunReport.RunReport, expressions: ReadonlyArray<string>): ReadonlyArray<Judgement> =>
  judge(report, expressions).filter(({ failed, measured }) => failed && measured !== neverMeasured)

const neverMeasured = "never measured"

const compare: { readonly [comparison in Verdict.Comparison]: (a: number, b: number) => boolean } = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b
}

/** In the unit of the verdict. */
const valueOf = (report: RunReport.RunReport, { measure, unit }: Verdict.Verdict): number | undefined => {
  switch (measure._tag) {
    case "Duration": {
      const milliseconds = durationOf(report, measure)
      return milliseconds === undefined ? undefined : milliseconds / millisecondsIn(unit)
    }
    case "Messages": {
      const { messages } = report
      const count = messages[measure.end === "not-started" ? "notStarted" : measure.end]
      return unit === "%" ? share(count, messages.planned) : count
    }
    case "Replies": {
      const matches = ({ code }: { readonly code: number }) =>
        measure.code.endsWith("xx") ? Math.floor(code / 100) === Number(measure.code[0]) : code === Number(measure.code)
      const count = total(report.replies.filter(matches))
      return unit === "%" ? share(count, total(report.replies)) : count
    }
    case "Rate":
      // While the run warms up there is none.
      return report.measured?.active.length === 0 ? undefined : report.rate
  }
}

const millisecondsIn = (unit: Verdict.Unit): number =>
  unit === "us" || unit === "ms" || unit === "s" || unit === "min" ? Verdict.durationUnits[unit] : 1

const share = (count: number, of: number): number => (of === 0 ? 0 : (count / of) * 100)

const total = (replies: RunReport.RunReport["replies"]): number => replies.reduce((sum, { count }) => sum + count, 0)

const durationOf = (
  { durations }: RunReport.RunReport,
  { ending, of, statistic }: Extract<Verdict.Measure, { readonly _tag: "Duration" }>
): number | undefined => {
  const found = durations.find((each) => each.of === of && each.ending === ending)
  if (found === undefined) return undefined
  return typeof statistic === "number" ? RunReport.valueAtPercentile(found, statistic) : found[statistic]
}

/** To six significant figures, without an exponent. */
const show = (number: number, unit: Verdict.Unit): string => {
  const digits = number === 0 ? 0 : Math.min(9, Math.max(0, 5 - Math.floor(Math.log10(Math.abs(number)))))
  const text = number.toFixed(digits)
  return `${text.includes(".") ? text.replace(/\.?0+$/, "") : text}${unit}`
}
