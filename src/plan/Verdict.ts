/**
 * A condition on a run, as an expression: the grammar of --fail-if, --require and --abort-if.
 *
 *     expression  = measure comparison value
 *     comparison  = ">" / ">=" / "<" / "<="
 *     measure     = statistic "(" step [ "," ending ] ")"   ; a duration: of what was accepted, unless said otherwise
 *                 / "accepted" / "rejected" / "failed" / "abandoned" / "unknown" / "not-started"   ; messages
 *                 / "recipients" "(" recipient ")"
 *                 / "late" / "behind" / "dropped"           ; messages of an open run that waited for a session, that the
                                                         ; generator began late, and that were not begun
 *                 / "errors"                                ; lost connections, time-outs, and so on, of the server
 *                 / "code" "(" code ")"                     ; replies
 *                 / "rate"                                  ; messages accepted in a time
 *     statistic   = "min" / "mean" / "max" / "p" number     ; p50, p99.9
 *     step        = "connect" / "greeting" / "hello" / "mail" / "rcpt" / "data" / "content" / "final" / "rset" / "quit"
 *                 / "idle" / "other" / "transaction" / "connection" / "service" / "start" / "queued"
 *                 / name                                    ; a scenario's own
 *     name        = letter *( letter / digit / "-" / "_" / "." )
 *                 / DQUOTE *( any but DQUOTE and "\" / "\" any ) DQUOTE
 *     ending      = "accepted" / "rejected" / "failed" / "unknown"
 *     recipient   = "accepted" / "refused" / "refused-after-content" / "unknown" / "abandoned"
 *     code        = three digits, of which the last two may be "xx"
 *     value       = number ( "us" / "ms" / "s" / "min" / "h" ) ; of a duration
 *                 / number [ "%" ]                          ; of messages planned, of recipients offered, or of all replies
 *                 / number [ "/s" / "/m" / "/min" / "/h" ]  ; of a rate
 *
 * Blanks may stand between any two of these.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
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
  | { readonly _tag: "Arrivals"; readonly end: "late" | "behind" | "dropped" }
  | { readonly _tag: "Errors" }
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

const endings = ["accepted", "rejected", "failed", "unknown"] as const
const ends = ["accepted", "rejected", "failed", "abandoned", "unknown", "not-started"] as const
const recipientEnds = ["accepted", "refused", "refused-after-content", "unknown", "abandoned"] as const
const comparisons = [">=", "<=", ">", "<"] as const

/**
 * What is measured in the run of a plan. Scenarios measure steps of their own besides.
 *
 * @since 0.1.0
 * @category constants
 */
export const measured: ReadonlyArray<string> = [...steps, "transaction", "connection", "service", "start", "queued"]

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
 * Reads an expression. `names` are what it may be about, where that is known; otherwise a step may have any name.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string, names?: ReadonlyArray<string>): Either.Either<Verdict, ParseFailure> => {
  const reader = new Reader(text, names)
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
      return measure.end
    case "Recipients":
      return `recipients(${measure.end})`
    case "Errors":
      return "errors"
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

  constructor(
    private readonly text: string,
    private readonly names: ReadonlyArray<string> | undefined
  ) {}

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

  /** What a duration is of. */
  name(): string | undefined {
    const before = this.at
    const quoted = this.take(/^"(?:[^"\\]|\\.)*"/s)
    const name = quoted?.slice(1, -1).replace(/\\(.)/gs, "$1") ?? this.take(/^[A-Za-z][\w.-]*/)
    const known = this.names === undefined || (name !== undefined && this.names.includes(name))
    if (name !== undefined && name !== "" && known) return name
    return this.fail(oneOf(this.names ?? [...measured, "a step's own name"]), before)
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
  if (!reader.isAtEnd()) return reader.fail("the end: one condition is one expression")
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
    ["min", "mean", "max", "recipients", "late", "behind", "dropped", "errors", "code", "rate", ...ends],
    `min, mean, max, p50, p99 and so on of a step, ${ends.join(", ")}, recipients, late, behind, dropped, errors, code or rate`
  )
  switch (word) {
    case undefined:
      return undefined
    case "rate":
      return { _tag: "Rate" }
    case "errors":
      return { _tag: "Errors" }
    case "late":
    case "behind":
    case "dropped":
      return { _tag: "Arrivals", end: word }
    case "recipients": {
      if (!reader.mark("(")) return undefined
      const end = reader.word(recipientEnds)
      return end !== undefined && reader.mark(")") ? { _tag: "Recipients", end } : undefined
    }
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
  if (reader.take(/^\(/) === undefined) return reader.fail("a step, as in p99(transaction)")
  const of = reader.name()
  if (of === undefined) return undefined
  const ending = reader.take(/^,/) === undefined ? "accepted" : reader.word(endings)
  if (ending === undefined || !reader.mark(")")) return undefined
  return { _tag: "Duration", statistic, of, ending }
}

const unitOf = (measure: Measure, reader: Reader): Unit | undefined => {
  switch (measure._tag) {
    case "Duration": {
      const found = reader.take(/^(us|ms|s|min|h)(?!\w)/)
      const unit = (Object.keys(durationUnits) as Array<keyof typeof durationUnits>).find((each) => each === found)
      return unit ?? reader.fail("a unit: us, ms, s, min or h")
    }
    case "Rate":
      return rateUnitOf(reader)
    default:
      return reader.take(/^%/) === undefined ? "" : "%"
  }
}

const rateUnitOf = (reader: Reader): Unit | undefined => {
  const found = reader.take(/^\/(s|min|m|h)(?!\w)/)
  const unit =
    found === "/m" ? "/min" : (Object.keys(rateUnits) as Array<keyof typeof rateUnits>).find((each) => each === found)
  if (unit !== undefined) return unit
  return reader.take(/^(?=\/)/) === undefined ? "" : reader.fail("/s, /min or /h")
}
