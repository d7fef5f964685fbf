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
 *                 / "delivered" / "missing" / "returned" / "duplicated" / "changed" / "depth"
 *                                                           ; what became of what was accepted, where that is proved
 *                 / "secured" / "resumed"                   ; connections with TLS, and those of them that resumed a session
 *                 / "handshakes"                            ; of TLS, full ones and resumed ones, in a time
 *                 / "errors"                                ; lost connections, time-outs, and so on, of the server
 *                 / "code" "(" code ")"                     ; replies
 *                 / "rate"                                  ; messages accepted in a time
 *     statistic   = "min" / "mean" / "max" / "p" number     ; p50, p99.9
 *     step        = "connect" / "tls" / "greeting" / "hello" / "starttls" / "xclient" / "auth" / "xforward" / "mail" / "rcpt" / "data"
 *                 / "chunk" / "content" / "final" / "rset" / "quit" / "idle" / "other" / "transaction" / "connection" / "service" / "start" / "queued" / "delivery"
 *                 / name                                    ; a scenario's own
 *     name        = letter *( letter / digit / "-" / "_" / "." )
 *                 / DQUOTE *( any but DQUOTE and "\" / "\" any ) DQUOTE
 *     ending      = "accepted" / "rejected" / "failed" / "unknown"
 *     recipient   = "accepted" / "refused" / "refused-after-content" / "unknown" / "abandoned"
 *     code        = three digits, of which the last two may be "xx"
 *     value       = number ( "us" / "ms" / "s" / "min" / "h" ) ; of a duration
 *                 / number [ "%" ]                          ; of messages planned, of recipients offered, of all replies,
                                                           ; of connections opened, or of those with TLS
 *                 / number [ "/s" / "/m" / "/min" / "/h" ]  ; of a rate
 *
 * Blanks may stand between any two of these.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { Cursor, type ParseFailure, read } from "./Cursor.js"
import * as Suggestion from "./Suggestion.js"
import {
  arrivalEnds,
  comparisons,
  deliveryEnds,
  durationUnits,
  endings,
  ends,
  type Measure,
  measured,
  printMeasure,
  rateUnits,
  recipientEnds,
  type Statistic,
  tlsEnds,
  type Unit,
  type Verdict
} from "./VerdictModel.js"

export { describe, type ParseFailure } from "./Cursor.js"
export {
  type Amount,
  arrivals,
  code,
  deliveries,
  duration,
  type Expression,
  errors,
  handshakes,
  isAbove,
  isAtLeast,
  isAtMost,
  isBelow,
  messages,
  percentile,
  rate,
  recipients,
  tls
} from "./VerdictExpression.js"
export {
  type ArrivalEnd,
  type Comparison,
  type DeliveryEnd,
  durationUnits,
  type End,
  type Ending,
  type Measure,
  measured,
  print,
  printMeasure,
  type RecipientEnd,
  rateUnits,
  isRate,
  type Statistic,
  type TlsEnd,
  type Unit,
  type Verdict
} from "./VerdictModel.js"

/**
 * Reads an expression. `names` are what it may be about, where that is known; otherwise a step may have any name.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string, names?: ReadonlyArray<string>): Either.Either<Verdict, ParseFailure> =>
  read(new Reader(text, names), verdictOf)

/** With the words and names of expressions. */
class Reader extends Cursor {
  constructor(
    text: string,
    private readonly names: ReadonlyArray<string> | undefined
  ) {
    super(text)
  }

  /** One of the words, or a failure. */
  word<A extends string>(words: ReadonlyArray<A>, expected: string = oneOf(words)): A | undefined {
    const before = this.at
    const found = this.take(/[a-z][a-z-]*/y)
    const word = words.find((each) => each === found)
    if (word === undefined) this.fail(expected, before)
    return word
  }

  /** What a duration is of. */
  name(): string | undefined {
    const before = this.at
    const quoted = this.take(/"(?:[^"\\]|\\.)*"/sy)
    const name = quoted?.slice(1, -1).replace(/\\(.)/gs, "$1") ?? this.take(/[A-Za-z][\w.-]*/y)
    const known = this.names === undefined || (name !== undefined && this.names.includes(name))
    if (name !== undefined && name !== "" && known) return name
    return this.fail(oneOf(this.names ?? [...measured, "a step's own name"]), before)
  }

  mark(mark: string): boolean {
    const found = this.take(mark === "(" ? /\(/y : /\)/y) !== undefined
    if (!found) this.fail(`"${mark}"`)
    return found
  }
}

const oneOf = (words: ReadonlyArray<string>): string => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`

const verdictOf = (reader: Reader): Verdict | undefined => {
  const measure = measureOf(reader)
  if (measure === undefined) return undefined
  const found = reader.take(/[<>]=?/y)
  const comparison = comparisons.find((each) => each === found)
  if (comparison === undefined) {
    const { at } = reader
    return reader.fail(oneOf(comparisons) + meantBy(reader.take(/(?:==?|!=) ?0(?![.\d])/y), measure), at)
  }
  const digits = reader.take(number)
  if (digits === undefined) return reader.fail("a number")
  const unit = unitOf(measure, reader)
  if (unit === undefined) return undefined
  if (!reader.isAtEnd()) return reader.fail("the end: one condition is one expression")
  return { measure, comparison, amount: Number(digits), unit }
}

/** Nothing that is counted is below 0. */
const meantBy = (text: string | undefined, measure: Measure): string =>
  text === undefined || measure._tag === "Duration"
    ? ""
    : Suggestion.hint(`${printMeasure(measure)} ${text.startsWith("!") ? ">" : "<="} 0`)

const number = /\d{1,15}(\.\d{1,9})?/y

const measureOf = (reader: Reader): Measure | undefined => {
  const percentile = reader.take(/p(?=\d)/y)
  if (percentile !== undefined) {
    const digits = reader.take(number)
    if (digits === undefined || Number(digits) > 100) return reader.fail("a percentile of at most 100")
    return durationOf(Number(digits), reader)
  }
  const word = reader.word(
    [
      "min",
      "mean",
      "max",
      "recipients",
      "errors",
      "code",
      "rate",
      "handshakes",
      ...ends,
      ...arrivalEnds,
      ...tlsEnds,
      ...deliveryEnds
    ],
    `min, mean, max, p50, p99 and so on of a step, ${ends.join(", ")}, recipients, ${arrivalEnds.join(", ")}, errors, code, rate, ${tlsEnds.join(", ")}, handshakes, or ${deliveryEnds.join(", ")} of a proof`
  )
  if (word === undefined) return undefined
  if (isAmong(ends, word)) return { _tag: "Messages", end: word }
  if (isAmong(arrivalEnds, word)) return { _tag: "Arrivals", end: word }
  if (isAmong(tlsEnds, word)) return { _tag: "Tls", end: word }
  if (isAmong(deliveryEnds, word)) return { _tag: "Deliveries", end: word }
  switch (word) {
    case "rate":
      return { _tag: "Rate" }
    case "handshakes":
      return { _tag: "Handshakes" }
    case "errors":
      return { _tag: "Errors" }
    case "recipients": {
      if (!reader.mark("(")) return undefined
      const end = reader.word(recipientEnds)
      return end !== undefined && reader.mark(")") ? { _tag: "Recipients", end } : undefined
    }
    case "code": {
      if (!reader.mark("(")) return undefined
      const code = reader.take(/[2-5](\d\d|xx)(?!\w)/y)
      if (code === undefined) return reader.fail("a reply code, such as 421 or 4xx")
      return reader.mark(")") ? { _tag: "Replies", code } : undefined
    }
    case "min":
    case "mean":
    case "max":
      return durationOf(word, reader)
  }
}

const isAmong = <Word extends string>(words: ReadonlyArray<Word>, word: string): word is Word =>
  words.some((each) => each === word)

const durationOf = (statistic: Statistic, reader: Reader): Measure | undefined => {
  if (reader.take(/\(/y) === undefined) return reader.fail("a step, as in p99(transaction)")
  const of = reader.name()
  if (of === undefined) return undefined
  const ending = reader.take(/,/y) === undefined ? "accepted" : reader.word(endings)
  if (ending === undefined || !reader.mark(")")) return undefined
  return { _tag: "Duration", statistic, of, ending }
}

const unitOf = (measure: Measure, reader: Reader): Unit | undefined => {
  switch (measure._tag) {
    case "Duration": {
      const found = reader.take(/(us|ms|s|min|h)(?!\w)/y)
      const unit = (Object.keys(durationUnits) as Array<keyof typeof durationUnits>).find((each) => each === found)
      return unit ?? reader.fail("a unit: us, ms, s, min or h")
    }
    case "Handshakes":
    case "Rate":
      return rateUnitOf(reader)
    default:
      return reader.take(/%/y) === undefined ? "" : "%"
  }
}

const rateUnitOf = (reader: Reader): Unit | undefined => {
  const found = reader.take(/\/(s|min|m|h)(?!\w)/y)
  const unit =
    found === "/m" ? "/min" : (Object.keys(rateUnits) as Array<keyof typeof rateUnits>).find((each) => each === found)
  if (unit !== undefined) return unit
  return reader.take(/(?=\/)/y) === undefined ? "" : reader.fail("/s, /min or /h")
}
