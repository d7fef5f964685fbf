/**
 * What a condition on a run is made of, and how it is printed. `Verdict` reads it.
 *
 * @since 0.1.0
 */
import { steps } from "../smtp/SmtpError.js"

/**
 * An expression, taken apart.
 *
 * @since 0.1.0
 * @category models
 */
export interface Verdict {
  readonly measure: Measure
  readonly comparison: Comparison
  readonly amount: number
  readonly unit: Unit
}

/**
 * What is looked at.
 *
 * @since 0.1.0
 * @category models
 */
export type Measure =
  | { readonly _tag: "Duration"; readonly statistic: Statistic; readonly of: string; readonly ending: Ending }
  | { readonly _tag: "Messages"; readonly end: End }
  | { readonly _tag: "Recipients"; readonly end: RecipientEnd }
  | { readonly _tag: "Arrivals"; readonly end: ArrivalEnd }
  | { readonly _tag: "Deliveries"; readonly end: DeliveryEnd }
  | { readonly _tag: "Errors" }
  | { readonly _tag: "Replies"; readonly code: string }
  | { readonly _tag: "Tls"; readonly end: TlsEnd }
  | { readonly _tag: "Handshakes" }
  | { readonly _tag: "Rate" }

/**
 * A percentile, or another figure.
 *
 * @since 0.1.0
 * @category models
 */
export type Statistic = "min" | "mean" | "max" | number

/**
 * How that ended.
 *
 * @since 0.1.0
 * @category models
 */
export type Ending = (typeof endings)[number]

/**
 * How messages ended.
 *
 * @since 0.1.0
 * @category models
 */
export type End = (typeof ends)[number]

/**
 * What became of recipients.
 *
 * @since 0.1.0
 * @category models
 */
export type RecipientEnd = (typeof recipientEnds)[number]

/**
 * What can be counted of the messages of an open run.
 *
 * @since 0.1.0
 * @category models
 */
export type ArrivalEnd = (typeof arrivalEnds)[number]

/**
 * What becomes of messages after they were accepted, where that is proved; `depth` is the most that were on their way.
 *
 * @since 0.1.0
 * @category models
 */
export type DeliveryEnd = (typeof deliveryEnds)[number]

/**
 * What connections have had: TLS, or an earlier session of it again.
 *
 * @since 0.1.0
 * @category models
 */
export type TlsEnd = (typeof tlsEnds)[number]

/**
 * How the measured is set against the amount.
 *
 * @since 0.1.0
 * @category models
 */
export type Comparison = (typeof comparisons)[number]

/**
 * What an amount is counted in; nothing, for a plain number.
 *
 * @since 0.1.0
 * @category models
 */
export type Unit = "" | "%" | keyof typeof rateUnits | keyof typeof durationUnits

/** How what was measured can have ended. */
export const endings = ["accepted", "rejected", "failed", "unknown"] as const
/** How messages can end. */
export const ends = ["accepted", "rejected", "failed", "abandoned", "unknown", "not-started"] as const
/** What can become of recipients. */
export const recipientEnds = ["accepted", "refused", "refused-after-content", "unknown", "abandoned"] as const
/** What can be counted of messages of an open run: that they began late, for one reason or the other, or not at all. */
export const arrivalEnds = ["late", "behind", "dropped"] as const
/** What can become of what was accepted. */
export const deliveryEnds = ["delivered", "missing", "returned", "duplicated", "changed", "depth"] as const
/** What connections can have had of TLS. */
export const tlsEnds = ["secured", "resumed"] as const
/** The longer ones first, as they are read. */
export const comparisons = [">=", "<=", ">", "<"] as const

/**
 * What is measured in the run of a plan. Scenarios measure steps of their own besides.
 *
 * @since 0.1.0
 * @category constants
 */
export const measured: ReadonlyArray<string> = [
  ...steps,
  "transaction",
  "connection",
  "service",
  "start",
  "queued",
  "delivery"
]

/**
 * Whether it is a number in a time.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isRate = ({ _tag }: Measure): boolean => _tag === "Rate" || _tag === "Handshakes"

/**
 * The units of durations, in milliseconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const durationUnits = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000 } as const

/**
 * The units of rates, in seconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const rateUnits = { "/s": 1, "/min": 60, "/h": 3600 } as const

/**
 * The expression as text, in its shortest form with blanks around the comparison. `parse` reads it back.
 *
 * @since 0.1.0
 * @category formatting
 */
export const print = ({ amount, comparison, measure, unit }: Verdict): string =>
  `${printMeasure(measure)} ${comparison} ${decimal(amount)}${unit}`

/** A name as `parse` reads it back. */
const printName = (name: string): string => (plainName.test(name) ? name : `"${name.replace(/["\\]/g, "\\$&")}"`)

const plainName = /^[A-Za-z][\w.-]*$/

/** Without an exponent. */
const decimal = (number: number): string => number.toFixed(9).replace(/\.?0+$/, "")

/**
 * What is looked at, as the expression has it: `p99(transaction)`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const printMeasure = (measure: Measure): string => {
  switch (measure._tag) {
    case "Duration": {
      const { ending, of, statistic } = measure
      const name = typeof statistic === "number" ? `p${decimal(statistic)}` : statistic
      return `${name}(${printName(of)}${ending === "accepted" ? "" : `, ${ending}`})`
    }
    case "Messages":
    case "Arrivals":
    case "Deliveries":
    case "Tls":
      return measure.end
    case "Recipients":
      return `recipients(${measure.end})`
    case "Errors":
      return "errors"
    case "Replies":
      return `code(${measure.code})`
    case "Handshakes":
      return "handshakes"
    case "Rate":
      return "rate"
  }
}
