/**
 * Times as they are written: one time, or a distribution of times.
 *
 *     time    = number [ "ms" / "s" / "m" / "min" / "h" ]          ; seconds, unless said otherwise
 *     timing  = time                                               ; always the same
 *             / time ".." time                                     ; anything between, each as likely
 *             / "exp(" time ")"                                    ; as between events at random, with this mean
 *
 * In 100..200ms the unit is that of both. Blanks may stand between any two of these.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { type Cursor, type ParseFailure, whole } from "./Cursor.js"
import * as Distribution from "./Distribution.js"
import * as Rate from "./Rate.js"

/**
 * Reads a time of 0 or more, in milliseconds.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseTime = (text: string): Either.Either<number, ParseFailure> =>
  whole(text, (cursor) => {
    const time = Rate.timeOf(cursor)
    return time === undefined ? cursor.fail("a time, such as 5, 500ms or 2m") : time.number * (time.unit ?? 1000)
  })

/**
 * Reads a timing; the longest time that it names is more than 0.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<Distribution.Distribution, ParseFailure> => whole(text, timingOf)

/**
 * Reads a timing where a cursor stands.
 *
 * @since 0.1.0
 * @category parsing
 */
export const timingOf = (cursor: Cursor): Distribution.Distribution | undefined => {
  if (cursor.take(/exp\s*\(/y) !== undefined) {
    const mean = positive(cursor)
    if (mean === undefined) return undefined
    return cursor.take(/\)/y) === undefined ? cursor.fail('")"') : Distribution.exponential(mean)
  }
  const before = cursor.at
  const first = Rate.timeOf(cursor)
  if (first === undefined) return cursor.fail("a time, such as 5, 500ms or 1..2s, or exp(5)")
  if (cursor.take(/\.\./y) === undefined) {
    const time = first.number * (first.unit ?? 1000)
    return time > 0 ? Distribution.fixed(time) : cursor.fail("a time of more than 0", before)
  }
  const from = cursor.at
  const second = Rate.timeOf(cursor)
  if (second === undefined) return cursor.fail("another time")
  const max = second.number * (second.unit ?? 1000)
  const min = first.number * (first.unit ?? second.unit ?? 1000)
  return max > min ? Distribution.uniform(min, max) : cursor.fail("a longer time than the first", from)
}

const positive = (cursor: Cursor): number | undefined => {
  const before = cursor.at
  const time = Rate.timeOf(cursor)
  if (time === undefined || time.number === 0) return cursor.fail("a time of more than 0, such as 5 or 500ms", before)
  return time.number * (time.unit ?? 1000)
}
