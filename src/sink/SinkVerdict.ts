/**
 * Conditions on what a sink has counted: `messages < 1000`, `refused(rcpt) > 0`, `rate < 500/s`.
 *
 *     verdict = measure ( ">" / ">=" / "<" / "<=" ) number [ "/s" ]     ; the unit with rate alone
 *     measure = a counter / "refused" [ "(" step ")" ] / "rate"
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { type Cursor, type ParseFailure, whole } from "../plan/Cursor.js"
import type { SinkCounts } from "./SinkCounts.js"
import { type Stage, stages } from "../smtp/Stage.js"

/**
 * The counters that can be asked for by name, and what they count.
 *
 * @since 0.1.0
 * @category constants
 */
export const counters = {
  messages: "messages",
  contents: "contents",
  recipients: "recipients",
  delivered: "delivered",
  sessions: "sessions",
  quits: "quits",
  bytes: "bytesIn",
  secured: "secured",
  injected: "injected",
  authenticated: "authenticated",
  unproxied: "unproxied",
  unkept: "unkept"
} as const satisfies { readonly [name: string]: keyof SinkCounts }

type CounterName = keyof typeof counters

/**
 * A condition that was read.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkVerdict {
  readonly measure:
    | { readonly _tag: "Counter"; readonly name: CounterName }
    | { readonly _tag: "Refused"; readonly stage: Stage | undefined }
    | { readonly _tag: "Rate" }
  readonly comparison: ">" | ">=" | "<" | "<="
  readonly amount: number
}

const measures = [...Object.keys(counters), "refused", "rate"]

/**
 * Reads a condition.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<SinkVerdict, ParseFailure> =>
  whole(text, (cursor) => {
    const measure = measureOf(cursor)
    if (measure === undefined) return undefined
    const found = cursor.take(/[<>]=?/y)
    const comparison = comparisons.find((each) => each === found)
    if (comparison === undefined) return cursor.fail(">=, <=, > or <")
    const digits = cursor.take(/\d{1,15}(?:\.\d{1,9})?/y)
    if (digits === undefined) return cursor.fail("a number")
    if (measure._tag === "Rate") cursor.take(/\/\s*s(?!\w)/y)
    return { measure, comparison, amount: Number(digits) }
  })

const comparisons = [">=", "<=", ">", "<"] as const

const measureOf = (cursor: Cursor): SinkVerdict["measure"] | undefined => {
  const before = cursor.at
  const name = cursor.take(/[a-z]+/y)
  if (name === "rate") return { _tag: "Rate" }
  if (name === "refused") {
    if (cursor.take(/\(/y) === undefined) return { _tag: "Refused", stage: undefined }
    const inside = cursor.at
    const word = cursor.take(/[a-z]+/y)
    const stage = stages.find((each) => each === word)
    if (stage === undefined) return cursor.fail(`one of ${stages.join(", ")}`, inside)
    return cursor.take(/\)/y) === undefined ? cursor.fail('")"') : { _tag: "Refused", stage }
  }
  return name !== undefined && Object.hasOwn(counters, name)
    ? { _tag: "Counter", name: name as CounterName } // as it is one of them
    : cursor.fail(`one of ${measures.join(", ")}`, before)
}

/**
 * What a condition looks at.
 *
 * @since 0.1.0
 * @category reading
 */
export const measured = ({ measure }: SinkVerdict, counts: SinkCounts, rate: number): number => {
  switch (measure._tag) {
    case "Counter":
      return counts[counters[measure.name]]
    case "Refused":
      return measure.stage === undefined ? refusedIn(counts) : counts.refused[measure.stage]
    case "Rate":
      return rate
  }
}

/**
 * All replies that were not positive.
 *
 * @since 0.1.0
 * @category reading
 */
export const refusedIn = ({ refused }: SinkCounts): number =>
  Object.values(refused).reduce((sum, count) => sum + count, 0)

/**
 * Whether a condition is true of what was measured.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isTrue = ({ amount, comparison }: SinkVerdict, value: number): boolean => {
  switch (comparison) {
    case ">":
      return value > amount
    case ">=":
      return value >= amount
    case "<":
      return value < amount
    case "<=":
      return value <= amount
  }
}
