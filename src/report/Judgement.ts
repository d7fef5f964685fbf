/**
 * Sets a run against the conditions that it was given.
 *
 * It is over 300 lines because runs that end, that go on, and of which something is lost are judged by one set of words.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Verdict from "../plan/Verdict.js"
import * as Printable from "../smtp/Printable.js"
import type { Recent } from "./Recent.js"
import * as LossInterval from "./LossInterval.js"
import { amount, asked, compare, sentence } from "./JudgementWords.js"
import * as Figures from "./Figures.js"
import * as RunReport from "./RunReport.js"
import * as RunSegments from "./RunSegments.js"
import * as VerdictFigure from "./VerdictFigure.js"

export { asked, sentence }

/**
 * What became of one expression.
 *
 * @since 0.1.0
 * @category models
 */
export type Judgement = NonNullable<RunReport.RunReport["verdicts"]>[number]

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
 * Judges the run by each expression: those of what is not to be true, and those of what is to be. The error tells of the first
 * that cannot be read.
 *
 * Where something of the run is lost, a verdict holds if it is the same whatever became of that: if all of it went well, and if
 * none did. Otherwise it is `undecided`, and has not failed. `allowMissing` judges by what is known alone.
 *
 * A duration of what was accepted that was never measured fails: a limit on what did not happen was not kept. Where nothing was
 * refused, or failed, no limit on it is broken.
 *
 * @since 0.1.0
 * @category judging
 */
export const judge: {
  (
    expressions: Expressions,
    options?: JudgeOptions
  ): (self: RunReport.RunReport) => Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable>
  (
    self: RunReport.RunReport,
    expressions: Expressions,
    options?: JudgeOptions
  ): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable>
} = dual(
  (args) => isReport(args[0]),
  (
    report: RunReport.RunReport,
    { failIf = [], implied = [], require = [] }: Expressions,
    { allowMissing = false }: JudgeOptions = {}
  ): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable> => {
    const { lost, planned } = report.messages
    const basis = { of: planned - lost, ofNone: 0, rate: rateOf(report) }
    const loss = allowMissing ? 0 : RunSegments.lossOf(report)
    const judgeAll = (kind: "fail-if" | "require", expressions: ReadonlyArray<string>) =>
      Either.map(read(expressions), (verdicts) =>
        verdicts.map(([expression, verdict]): Judgement => {
          const isOpen = loss > 0 || (!allowMissing && LossInterval.isOpen(report, verdict.measure))
          if (isOpen) return withLoss(report, kind, expression, verdict, loss)
          const value = VerdictFigure.valueOf(report, verdict, basis)
          if (value !== undefined) return judgement(kind, expression, verdict, value)
          const { measure } = verdict
          const failed = measure._tag !== "Duration" || measure.ending === "accepted"
          return { kind, expression, failed, measured: failed ? "never measured" : "none" }
        })
      )
    const judged = Either.all([judgeAll("fail-if", failIf), judgeAll("fail-if", implied), judgeAll("require", require)])
    return Either.map(judged, ([asked, unasked, required]) => [
      ...asked,
      ...unasked.map((each) => asImplied(report, each)),
      ...required
    ])
  }
)

/** What was measured is missing, of the messages or of the recipients. */
const asImplied = ({ proof }: RunReport.RunReport, judged: Judgement): Judgement => {
  const what = proof?.by === "messages" ? "message" : "recipient"
  const { measured, value } = judged
  return {
    ...judged,
    implied: true,
    measured: value === undefined ? `${measured} ${what}s` : Figures.counted(value, what)
  }
}

/** Expressions have no messages. */
const isReport = (value: Expressions | RunReport.RunReport): boolean => "messages" in value

/**
 * How a run is judged of which something is lost.
 *
 * @since 0.1.0
 * @category models
 */
export interface JudgeOptions {
  /** By what is known alone. */
  readonly allowMissing?: boolean | undefined
}

/**
 * The expressions that judge a run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Expressions {
  readonly failIf?: ReadonlyArray<string> | undefined
  readonly require?: ReadonlyArray<string> | undefined
  /** What is not to be true either, and is implied. */
  readonly implied?: ReadonlyArray<string> | undefined
}

/**
 * Those of the expressions that are true of a run that still goes on. What did not happen yet is not true, and a count that
 * grows is not below a limit until the end.
 *
 * Counts are since the start. Durations, shares and the rate are those of the last ten seconds, so that a start that was slow
 * is forgotten; or of as long, up to a minute, as it takes to have enough to judge by: ten values beyond a percentile, and a
 * hundred of what a mean or a share is of. With fewer nothing is judged before the end.
 *
 * @since 0.1.0
 * @category judging
 */
export const soFar = (
  report: RunReport.RunReport,
  expressions: ReadonlyArray<string>,
  recent: Recent
): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable> =>
  Either.map(read(expressions), (verdicts) =>
    verdicts.flatMap(([expression, verdict]) => {
      if (isLeft(verdict) || (isGrowing(verdict) && isBelow(verdict))) return []
      const found = isGrowing(verdict)
        ? { value: VerdictFigure.valueOf(report, verdict, VerdictFigure.basisOf(report, undefined)) }
        : lately(report, verdict, recent)
      if (found?.value === undefined) return []
      const made = judgement("abort-if", expression, verdict, found.value)
      return made.failed ? [{ ...made, ...("over" in found ? { over: found.over } : {}) }] : []
    })
  )

/** The value in the shortest recent time that holds enough to judge by. */
const lately = (
  report: RunReport.RunReport,
  verdict: Verdict.Verdict,
  recent: Recent
): { readonly value: number | undefined; readonly over: readonly [number, number] } | undefined => {
  const began = verdict.measure._tag === "Rate" ? repliesBegan(report) : Number.NEGATIVE_INFINITY
  for (let seconds = Math.min(10, recent.length); seconds <= recent.length; seconds++) {
    const part = recent.last(seconds, began)
    if (part === undefined) continue
    const over = [part.from, part.to] as const
    const rate =
      part.to - part.from >= second ? RunReport.rateOf(part.messages.accepted, part.to - part.from) : undefined
    if (verdict.measure._tag === "Rate") {
      return rateOf(report) === undefined || rate === undefined
        ? undefined
        : { value: VerdictFigure.valueOf(part, verdict, VerdictFigure.basisOf(part, rate)), over }
    }
    if (VerdictFigure.basisFor(part, verdict) >= VerdictFigure.leastFor(verdict)) {
      return { value: VerdictFigure.valueOf(part, verdict, VerdictFigure.basisOf(part, rate)), over }
    }
  }
  return undefined
}

/**
 * The verdicts that a plan asks for, on its run: that of --abort-if, which is looked at for a last time, and those of --fail-if
 * and --require. `aborted` is the one that stopped the run, if one did.
 *
 * @since 0.1.0
 * @category judging
 */
export const ofPlan = (
  report: RunReport.RunReport,
  { abortIf = [], failIf, require }: Expressions & { readonly abortIf?: ReadonlyArray<string> | undefined },
  aborted?: Judgement
): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable> =>
  Either.gen(function* () {
    const last = aborted === undefined ? yield* atLast(report, abortIf) : [aborted]
    return [...last.slice(0, 1), ...(yield* judge(report, withImplied(report, { failIf, require })))]
  })

/**
 * The expressions, and what a proof of delivery implies: nothing may be missing, unless one of them says how much may.
 *
 * @since 0.1.0
 * @category judging
 */
export const withImplied = ({ proof }: RunReport.RunReport, { failIf = [], require = [] }: Expressions): Expressions =>
  proof === undefined || [...failIf, ...require].some((expression) => /\bmissing\b/.test(expression))
    ? { failIf, require }
    : { failIf, require, implied: ["missing > 0"] }

/**
 * The report with its verdicts, and with the one that stopped the run as the reason.
 *
 * @since 0.1.0
 * @category judging
 */
export const withVerdicts = (
  report: RunReport.RunReport,
  verdicts: ReadonlyArray<Judgement>,
  aborted?: Judgement
): RunReport.RunReport => {
  if (verdicts.length === 0) return report
  return aborted !== undefined && report.ended === "stopped"
    ? { ...report, reason: `aborted: ${sentence(aborted)}`, verdicts }
    : { ...report, verdicts }
}

/**
 * Those of the expressions that are true of a run that came to its end: of all of it, from the figures that its report shows;
 * the rate is that from the first reply on.
 *
 * @since 0.1.0
 * @category judging
 */
export const atLast: {
  (
    expressions: ReadonlyArray<string>
  ): (self: RunReport.RunReport) => Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable>
  (
    self: RunReport.RunReport,
    expressions: ReadonlyArray<string>
  ): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable>
} = dual(
  2,
  (
    report: RunReport.RunReport,
    expressions: ReadonlyArray<string>
  ): Either.Either<ReadonlyArray<Judgement>, VerdictUnreadable> => {
    const { elapsed, messages } = report
    const began = repliesBegan(report)
    const whole = began < elapsed ? RunReport.rateOf(messages.accepted, elapsed - began) : undefined
    const rate = report.measured === undefined && report.rates === undefined ? whole : rateOf(report)
    return Either.map(read(expressions), (verdicts) =>
      verdicts.flatMap(([expression, verdict]) => {
        const value = VerdictFigure.valueOf(report, verdict, VerdictFigure.basisOf(report, rate))
        if (value === undefined) return []
        const made = judgement("abort-if", expression, verdict, value)
        return made.failed ? [made] : []
      })
    )
  }
)

/** While a run warms up it has no rate. */
const rateOf = ({ measured, rate }: RunReport.RunReport): number | undefined =>
  measured?.active.length === 0 ? undefined : rate

/** In milliseconds: timers that are a little late make intervals a little shorter. */
const second = 990

/** When the first reply came, in milliseconds since the start. */
const repliesBegan = ({ replies }: RunReport.RunReport): number => Math.min(...replies.map(({ first }) => first))

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

const judgement = (kind: Judgement["kind"], expression: string, verdict: Verdict.Verdict, value: number): Judgement => {
  const isTrue = compare[verdict.comparison](value, verdict.amount)
  const failed = kind === "require" ? !isTrue : isTrue
  return { kind, expression, failed, measured: amount(value, verdict), value }
}

/** By its bounds: all comparisons are of one direction, so that what is true at both ends is true between them. */
const withLoss = (
  report: RunReport.RunReport,
  kind: "fail-if" | "require",
  expression: string,
  verdict: Verdict.Verdict,
  loss: number
): Judgement => {
  const { measure, unit } = verdict
  const scale = VerdictFigure.scaleOf(verdict)
  const [least, most] = LossInterval.of(report, measure, unit === "%", loss).map((bound) => bound * scale)
  const [low, high] = [least ?? 0, most ?? Number.POSITIVE_INFINITY]
  const isTrue = compare[verdict.comparison](low, verdict.amount)
  const measured =
    low === high
      ? amount(low, verdict)
      : high === Number.POSITIVE_INFINITY
        ? `${amount(low, verdict)} or more`
        : `${amount(low, verdict)} to ${amount(high, verdict)}`
  return isTrue === compare[verdict.comparison](high, verdict.amount)
    ? { kind, expression, failed: kind === "require" ? !isTrue : isTrue, measured }
    : { kind, expression, failed: false, undecided: true, measured }
}
