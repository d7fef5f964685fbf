/**
 * Conditions on a run, written by a program: what is measured, set against an amount. They give the texts that a plan holds,
 * in `failIf`, `require` and `abortIf`, so that a step or an ending that does not exist is an error of the compiler.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { dual } from "effect/Function"
import {
  type ArrivalEnd,
  type Comparison,
  type DeliveryEnd,
  type End,
  type Ending,
  type Measure,
  print,
  type RecipientEnd,
  type TlsEnd,
  type Unit
} from "./VerdictModel.js"

/**
 * A condition, as a plan holds it.
 *
 * @since 0.1.0
 * @category models
 */
export type Expression = string

/**
 * What a measure is set against: a Duration, where durations are measured; else a number, a share of all such as `"5%"`, or,
 * where the rate is measured, a number of messages in a second, a minute or an hour, such as `"300/s"`.
 *
 * @since 0.1.0
 * @category models
 */
export type Amount = Duration.DurationInput | `${number}%` | `${number}/${"s" | "min" | "h"}`

/**
 * The time that this many in a hundred of a step's durations do not exceed: `percentile(99, "transaction")`. Of those that
 * were accepted, unless said otherwise. The step may be one that a scenario names.
 *
 * @since 0.1.0
 * @category measures
 */
export const percentile = (percent: number, step: string, ending: Ending = "accepted"): Measure => ({
  _tag: "Duration",
  statistic: percent,
  of: step,
  ending
})

/**
 * The mean, the shortest or the longest of a step's durations.
 *
 * @since 0.1.0
 * @category measures
 */
export const duration = (statistic: "max" | "mean" | "min", step: string, ending: Ending = "accepted"): Measure => ({
  _tag: "Duration",
  statistic,
  of: step,
  ending
})

/**
 * The messages that ended like this.
 *
 * @since 0.1.0
 * @category measures
 */
export const messages = (end: End): Measure => ({ _tag: "Messages", end })

/**
 * The recipients that ended like this.
 *
 * @since 0.1.0
 * @category measures
 */
export const recipients = (end: RecipientEnd): Measure => ({ _tag: "Recipients", end })

/**
 * The messages of an open run that waited for a session, that the generator began late, or that were not begun.
 *
 * @since 0.1.0
 * @category measures
 */
export const arrivals = (end: ArrivalEnd): Measure => ({ _tag: "Arrivals", end })

/**
 * The recipients, or messages, that this became of after they were accepted, where a plan has a proof of delivery.
 *
 * @since 0.1.0
 * @category measures
 */
export const deliveries = (end: DeliveryEnd): Measure => ({ _tag: "Deliveries", end })

/**
 * The connections with TLS; or those of them that resumed a session.
 *
 * @since 0.1.0
 * @category measures
 */
export const tls = (end: TlsEnd): Measure => ({ _tag: "Tls", end })

/**
 * The handshakes of TLS, full ones and resumed ones, by time.
 *
 * @since 0.1.0
 * @category measures
 */
export const handshakes: Measure = { _tag: "Handshakes" }

/**
 * The replies with this code: `451`, or `4xx` for a class.
 *
 * @since 0.1.0
 * @category measures
 */
export const code = (code: number | `${2 | 3 | 4 | 5}xx`): Measure => ({ _tag: "Replies", code: String(code) })

/**
 * The errors of the server: lost connections, time-outs and the like.
 *
 * @since 0.1.0
 * @category measures
 */
export const errors: Measure = { _tag: "Errors" }

/**
 * The messages that were accepted, by time.
 *
 * @since 0.1.0
 * @category measures
 */
export const rate: Measure = { _tag: "Rate" }

/** Compares a measure with an amount, in the words of the grammar. */
const compare = (
  comparison: Comparison
): {
  (amount: Amount): (measure: Measure) => Expression
  (measure: Measure, amount: Amount): Expression
} =>
  dual(2, (measure: Measure, amount: Amount): Expression => {
    const { number, unit } = amountOf(measure, amount)
    return print({ measure, comparison, amount: number, unit })
  })

const amountOf = (measure: Measure, amount: Amount): { readonly number: number; readonly unit: Unit } => {
  const [, digits, written] = /^([^%/]*)(%|\/s|\/min|\/h)$/.exec(String(amount)) ?? []
  if (measure._tag === "Duration" && digits === undefined) {
    // Whole microseconds and more: the grammar has no exponents.
    return { number: Duration.toMillis(amount as Duration.DurationInput), unit: "ms" }
  }
  const unit = written as Unit | undefined
  return { number: Number(digits ?? amount), unit: unit ?? "" }
}

/**
 * Whether it is more than the amount.
 *
 * @since 0.1.0
 * @category comparisons
 * @example
 * import { Plan, Verdict } from "smtp-source"
 *
 * export const plan = Plan.make({
 *   target: "localhost:2525",
 *   messages: 1000,
 *   failIf: [
 *     Verdict.isAbove(Verdict.percentile(99, "transaction"), "250 millis"),
 *     Verdict.isAbove(Verdict.messages("failed"), 0)
 *   ],
 *   require: Verdict.isAtLeast(Verdict.messages("accepted"), "99.9%")
 * })
 */
export const isAbove = compare(">")

/**
 * Whether it is the amount or more.
 *
 * @since 0.1.0
 * @category comparisons
 */
export const isAtLeast = compare(">=")

/**
 * Whether it is less than the amount.
 *
 * @since 0.1.0
 * @category comparisons
 */
export const isBelow = compare("<")

/**
 * Whether it is the amount or less.
 *
 * @since 0.1.0
 * @category comparisons
 */
export const isAtMost = compare("<=")
