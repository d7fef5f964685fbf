/**
 * What is not to happen in a run, as an expression: the grammar of --fail-if.
 *
 *     expression  = measure comparison value
 *     comparison  = ">" / ">=" / "<" / "<="
 *     measure     = statistic "(" step [ "," ending ] ")"   ; a duration: of what was accepted, unless said otherwise
 *                 / "accepted" / "rejected" / "failed" / "unknown" / "not-started"   ; messages
 *                 / "code" "(" code ")"                     ; replies
 *                 / "rate"                                  ; messages accepted per second
 *     statistic   = "min" / "mean" / "max" / "p" number     ; p50, p99.9
 *     step        = "connect" / "greeting" / "hello" / "mail" / "rcpt" / "data" / "content" / "final" / "rset" / "quit"
 *                 / "other" / "transaction"
 *     ending      = "accepted" / "rejected" / "failed"
 *     code        = three digits, of which the last two may be "xx"
 *     value       = number ( "us" / "ms" / "s" / "min" )    ; of a duration
 *                 / number [ "%" ]                          ; of messages planned, or of all replies
 *                 / number [ "/s" ]                         ; of a rate
 *
 * Blanks may stand between any two of these.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { type Step, steps } from "../smtp/SmtpError.js"

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
  | { readonly _tag: "Duration"; readonly statistic: Statistic; readonly of: Of; readonly ending: Ending }
  | { readonly _tag: "Messages"; readonly end: End }
  | { readonly _tag: "Replies"; readonly code: string }
  | { readonly _tag: "Rate" }

/**
 * A percentile, or another figure.
 *
 * @since 0.1.0
 * @category models
 */
export type Statistic = "min" | "mean" | "max" | number

/**
 * What a duration is of.
 *
 * @since 0.1.0
 * @category models
 */
export type Of = Step | "transaction"

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
export type Unit = "" | "%" | "/s" | keyof typeof durationUnits

const endings = ["accepted", "rejected", "failed"] as const
const ends = ["accepted", "rejected", "failed", "unknown", "not-started"] as const
const comparisons = [">=", "<=", ">", "<"] as const
const ofs: ReadonlyArray<Of> = [...steps, "transaction"]

/**
 * The units of durations, in milliseconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const durationUnits = { us: 0.001, ms: 1, s: 1000, min: 60_000 } as const

/**
 * What is wrong with an expression, and where.
 *
 * @since 0.1.0
 * @category models
 */
export interface ParseFailure {
  /** From 1. */
  readonly column: number
  readonly expected: string
}

/**
 * Reads an expression.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<Verdict, ParseFailure> => {
  const reader = new Reader(text)
  const verdict = verdictOf(reader)
  return verdict === undefined || reader.failure !== undefined
    ? Either.left(reader.failure ?? { column: 1, expected: "an expression" })
    : Either.right(verdict)
}

/**
 * What is wrong, in words that show the place.
 *
 * @since 0.1.0
 * @category formatting
 */
export const describe = ({ column, expected }: ParseFailure): string => `column ${column}: expected ${expected}`

/**
 * The expression as text, in its shortest form with blanks around the comparison. `parse` reads it back.
 *
 * @since 0.1.0
 * @category formatting
 */
export const print = ({ amount, comparison, measure, unit }: Verdict): string =>
  `${printMeasure(measure)} ${comparison} ${decimal(amount)}${unit}`

/** Without an exponent. */
const decimal = (number: number): string => number.toFixed(9).replace(/\.?0+$/, "")

const printMeasure = (measure: Measure): string => {
  switch (measure._tag) {
    case "Duration": {
      const { ending, of, statistic } = measure
      const name = typeof statistic === "number" ? `p${decimal(statistic)}` : statistic
      return `${name}(${of}${ending === "accepted" ? "" : `, ${ending}`})`
    }
    case "Messages":
      return measure.end
    case "Replies":
      return `code(${measure.code})`
    case "Rate":
      return "rate"
  }
}

/** Reads from left to right and keeps the first failure. */
class Reader {
  failure: ParseFailure | undefined = undefined
  private at = 0

  constructor(private readonly text: string) {}

  /** What matches here, blanks before it skipped; undefined, and nothing read, where nothing does. */
  take(pattern: RegExp): string | undefined {
    const blanks = /^[ \t]*/.exec(this.text.slice(this.at))?.[0].length ?? 0
    const match = pattern.exec(this.text.slice(this.at + blanks))
    if (match === null || match.index !== 0) return undefined
    this.at += blanks + match[0].length
    return match[0]
  }

  /** One of the words, or a failure. */
  word<A extends string>(words: ReadonlyArray<A>, expected: string = oneOf(words)): A | undefined {
    const before = this.at
    const found = this.take(/^[a-z][a-z-]*/)
    const word = words.find((each) => each === found)
    if (word === undefined) this.fail(expected, before)
    return word
  }

  mark(mark: string): boolean {
    const found = this.take(mark === "(" ? /^\(/ : /^\)/) !== undefined
    if (!found) this.fail(`"${mark}"`)
    return found
  }

  isAtEnd(): boolean {
    return this.text.slice(this.at).trim() === ""
  }

  fail(expected: string, at = this.at): undefined {
    const blanks = /^[ \t]*/.exec(this.text.slice(at))?.[0].length ?? 0
    this.failure ??= { column: at + blanks + 1, expected }
    return undefined
  }
}

const oneOf = (words: ReadonlyArray<string>): string => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`

const verdictOf = (reader: Reader): Verdict | undefined => {
  const measure = measureOf(reader)
  if (measure === undefined) return undefined
  const found = reader.take(/^[<>]=?/)
  const comparison = comparisons.find((each) => each === found)
  if (comparison === undefined) return reader.fail(oneOf(comparisons))
  const digits = reader.take(number)
  if (digits === undefined) return reader.fail("a number")
  const unit = unitOf(measure, reader)
  if (unit === undefined) return undefined
  if (!reader.isAtEnd()) return reader.fail("nothing more")
  return { measure, comparison, amount: Number(digits), unit }
}

const number = /^\d{1,15}(\.\d{1,9})?/

const measureOf = (reader: Reader): Measure | undefined => {
  const percentile = reader.take(/^p(?=\d)/)
  if (percentile !== undefined) {
    const digits = reader.take(number)
    if (digits === undefined || Number(digits) > 100) return reader.fail("a percentile of at most 100")
    return durationOf(Number(digits), reader)
  }
  const word = reader.word(
    ["min", "mean", "max", "code", "rate", ...ends],
    `min, mean, max or p99 of a step, ${ends.join(", ")}, code or rate`
  )
  switch (word) {
    case undefined:
      return undefined
    case "rate":
      return { _tag: "Rate" }
    case "code": {
      if (!reader.mark("(")) return undefined
      const code = reader.take(/^[2-5](\d\d|xx)(?!\w)/)
      if (code === undefined) return reader.fail("a reply code, such as 421 or 4xx")
      return reader.mark(")") ? { _tag: "Replies", code } : undefined
    }
    case "min":
    case "mean":
    case "max":
      return durationOf(word, reader)
    default:
      return { _tag: "Messages", end: word }
  }
}

const durationOf = (statistic: Statistic, reader: Reader): Measure | undefined => {
  if (!reader.mark("(")) return undefined
  const of = reader.word(ofs)
  if (of === undefined) return undefined
  const ending = reader.take(/^,/) === undefined ? "accepted" : reader.word(endings)
  if (ending === undefined || !reader.mark(")")) return undefined
  return { _tag: "Duration", statistic, of, ending }
}

const unitOf = (measure: Measure, reader: Reader): Unit | undefined => {
  switch (measure._tag) {
    case "Duration": {
      const found = reader.take(/^(us|ms|s|min)(?!\w)/)
      const unit = (Object.keys(durationUnits) as Array<keyof typeof durationUnits>).find((each) => each === found)
      return unit ?? reader.fail("a unit: us, ms, s or min")
    }
    case "Rate":
      return reader.take(/^\/s/) === undefined ? "" : "/s"
    default:
      return reader.take(/^%/) === undefined ? "" : "%"
  }
}
