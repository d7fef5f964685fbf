/**
 * Rates, durations and stages, as they are written: the grammars of --rate, --duration and --stages.
 *
 *     rate      = number [ "/" ( "s" / "m" / "min" / "h" ) ]       ; messages per second, unless said otherwise
 *     duration  = number [ "ms" / "s" / "m" / "min" / "h" ]        ; seconds, unless said otherwise; or the unit's whole
 *                                                                  ; name, as Effect has it: 5 seconds
 *     stages    = stage *( "," stage )
 *     stage     = duration ":" rate [ ".." rate ]                  ; hold a rate, or go from one to another in a line
 *
 * Blanks may stand between any two of these. A rate of 0 is a rest, and is for stages alone.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { type Cursor, type ParseFailure, whole } from "./Cursor.js"

export { describe, type ParseFailure } from "./Cursor.js"

/**
 * This many messages in this many milliseconds. The two are kept apart: 10 in an hour is no round number of messages in a second.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rate {
  readonly messages: number
  readonly per: number
}

/**
 * A rate that is held, or that goes from one to another in a straight line.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stage {
  /** In milliseconds. */
  readonly lasts: number
  readonly from: Rate
  readonly to: Rate
}

/** Effect's words for them may stand in their place: 5 seconds. */
const units: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["millis", 1],
  ["s", 1000],
  ["second", 1000],
  ["seconds", 1000],
  ["m", 60_000],
  ["min", 60_000],
  ["minute", 60_000],
  ["minutes", 60_000],
  ["h", 3_600_000],
  ["hour", 3_600_000],
  ["hours", 3_600_000]
])

/**
 * Reads a rate, which is more than 0.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseRate = (text: string): Either.Either<Rate, ParseFailure> =>
  whole(text, (cursor) => {
    const rate = rateOf(cursor)
    return rate?.messages === 0 ? cursor.fail("a rate of more than 0", 0) : rate
  })

/**
 * Reads a duration of more than 0, in milliseconds.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseDuration = (text: string): Either.Either<number, ParseFailure> =>
  whole(text, (cursor) => durationOf(cursor))

/**
 * Reads stages, of which one at least is more than a rest.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseStages = (text: string): Either.Either<ReadonlyArray<Stage>, ParseFailure> =>
  whole(text, (cursor) => {
    const stages: Array<Stage> = []
    do {
      const stage = stageOf(cursor)
      if (stage === undefined) return undefined
      stages.push(stage)
    } while (cursor.take(/,/y) !== undefined)
    if (!cursor.isAtEnd()) return cursor.fail('"," and another stage, or nothing more')
    return stages.some(({ from, to }) => from.messages > 0 || to.messages > 0)
      ? stages
      : cursor.fail("a stage with a rate of more than 0", 0)
  })

const stageOf = (cursor: Cursor): Stage | undefined => {
  const lasts = durationOf(cursor)
  if (lasts === undefined) return undefined
  if (cursor.take(/:/y) === undefined) return cursor.fail('":" and a rate')
  const from = rateOf(cursor)
  if (from === undefined) return undefined
  const to = cursor.take(/\.\./y) === undefined ? from : rateOf(cursor)
  return to === undefined ? undefined : { lasts, from, to }
}

// A point that begins ".." is not the number's.
const number = /\d{1,12}(\.\d{1,9})?/y

const rateOf = (cursor: Cursor): Rate | undefined => {
  const digits = cursor.take(number)
  if (digits === undefined) return cursor.fail("a rate, such as 500/s, 30000/m or 10/h")
  if (cursor.take(/\//y) === undefined) return { messages: Number(digits), per: 1000 }
  const per = units.get(cursor.take(/(s|min|m|h)(?!\w)/y) ?? "")
  return per === undefined ? cursor.fail("s, m, min or h") : { messages: Number(digits), per }
}

const durationOf = (cursor: Cursor): number | undefined => {
  const before = cursor.at
  const time = timeOf(cursor)
  return time === undefined || time.number === 0
    ? cursor.fail("a duration of more than 0, such as 90s, 10m or 1h", before)
    : time.number * (time.unit ?? 1000)
}

/**
 * Reads a number and, where it has one, its unit, in milliseconds. Undefined, and nothing read, where no number stands.
 *
 * @since 0.1.0
 * @category parsing
 */
export const timeOf = (cursor: Cursor): { readonly number: number; readonly unit: number | undefined } | undefined => {
  const digits = cursor.take(number)
  if (digits === undefined) return undefined
  const unit = units.get(cursor.take(/(ms|millis|s|min|m|h|(second|minute|hour)s?)(?!\w)/y) ?? "")
  // What begins like a word is meant to be one.
  if (unit === undefined && cursor.take(/(?=[a-z])/iy) !== undefined) cursor.fail("ms, s, m, min or h")
  return { number: Number(digits), unit }
}
