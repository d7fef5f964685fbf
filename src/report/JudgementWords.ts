/**
 * Verdicts in words: what was asked for, and what was measured.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Verdict from "../plan/Verdict.js"
import type * as RunReport from "./RunReport.js"
import * as Summary from "./Summary.js"

type Judged = NonNullable<RunReport.RunReport["verdicts"]>[number]

/**
 * What comparisons say of a value and a limit.
 *
 * @since 0.1.0
 * @category judging
 */
export const compare: { readonly [comparison in Verdict.Comparison]: (a: number, b: number) => boolean } = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b
}

/**
 * What was asked and what was measured, as a sentence: `p99(transaction) is 1.86 ms (fails above 250 ms)`. It reads the same
 * whether the verdict failed or not. One that is implied says what would allow it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const sentence = (judged: Judged): string => {
  const { expression, implied, kind, measured, over, value } = judged
  if (implied === true) return ofMissing(measured, value)
  const parsed = Verdict.parse(expression)
  // Only what some other program wrote.
  if (Either.isLeft(parsed)) return `${expression}: ${measured}`
  const verdict = parsed.right
  const limit = quantity(decimal(verdict.amount, Number.POSITIVE_INFINITY), verdict)
  const asked = `${demands[kind]} ${bounds[kind === "require" ? "must" : "fails"][verdict.comparison]} ${limit}`
  const when = over === undefined ? "" : ` from ${seconds(over[0])} to ${seconds(over[1])}`
  const is =
    measured === "none" ? "was not seen" : measured === "never measured" ? "was never measured" : `is ${measured}`
  return `${Verdict.printMeasure(verdict.measure)} ${is}${when} (${asked})`
}

/** Where something of the run is lost, there is no one value. */
const ofMissing = (measured: string, value: number | undefined): string => {
  if (/^0 \w+$/.test(measured)) return "nothing is missing"
  const [are, them] = value === 1 ? ["is", "it"] : ["are", "them"]
  const hint = value === undefined ? "" : `; --fail-if 'missing > ${value}' would allow ${them}`
  return `${measured} ${are} missing${hint}`
}

/**
 * The verdict as it was asked for: `--fail-if missing > 5`. A proof of delivery asks for one by itself.
 *
 * @since 0.1.0
 * @category formatting
 */
export const asked = ({ expression, implied, kind }: Judged): string =>
  implied === true ? "--prove" : `--${kind} ${expression}`

const demands = { "fail-if": "fails", require: "must be", "abort-if": "aborts" } as const

const bounds = {
  fails: { ">": "above", ">=": "at or above", "<": "below", "<=": "at or below" },
  must: { ">": "above", ">=": "at least", "<": "below", "<=": "at most" }
} as const

const seconds = (milliseconds: number): string => `${decimal(milliseconds / 1000, 3)} s`

/**
 * With its unit, in three digits, or as many more as tell it apart from the limit.
 *
 * @since 0.1.0
 * @category formatting
 */
export const amount = (value: number, verdict: Verdict.Verdict): string => {
  const { amount, comparison } = verdict
  for (let digits = 3; digits < 9; digits++) {
    const text = decimal(value, isCount(verdict) ? Number.POSITIVE_INFINITY : digits)
    const shown = Number(text)
    if (compare[comparison](shown, amount) === compare[comparison](value, amount)) return quantity(text, verdict)
  }
  return quantity(decimal(value, 9), verdict)
}

const isCount = ({ measure, unit }: Verdict.Verdict): boolean => unit === "" && !Verdict.isRate(measure)

/** With its unit: a number without one is of seconds, where it is a rate. */
const quantity = (number: string, { measure, unit }: Verdict.Verdict): string => {
  const [whole = "", fraction] = number.split(".")
  const text = fraction === undefined ? Summary.count(Number(whole)) : `${Summary.count(Number(whole))}.${fraction}`
  if (Verdict.isRate(measure)) return `${text}${unit === "" ? "/s" : unit}`
  return unit === "" ? text : `${text} ${unit}`
}

/** To this many significant digits, none of them before the point lost, without an exponent. */
const decimal = (number: number, digits: number): string => {
  if (number === 0) return "0"
  if (digits === Number.POSITIVE_INFINITY) return number.toFixed(9).replace(/\.?0+$/, "")
  const places = Math.min(9, Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(number)))))
  const text = number.toFixed(places)
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text
}
