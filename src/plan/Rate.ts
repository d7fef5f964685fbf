/**
 * Rates, durations and stages, as they are written: the grammars of --rate, --duration and --stages.
 *
 *     rate      = number [ "/" ( "s" / "m" / "min" / "h" ) ]       ; messages per second, unless said otherwise
 *     duration  = number [ "ms" / "s" / "m" / "min" / "h" ]        ; seconds, unless said otherwise
 *     stages    = stage *( "," stage )
 *     stage     = duration ":" rate [ ".." rate ]                  ; hold a rate, or go from one to another in a line
 *
 * Blanks may stand between any two of these. A rate of 0 is a rest, and is for stages alone.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"

/**
 * So many messages in so many milliseconds. The two are kept apart: 10 in an hour is no round number of messages in a second.
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

/**
 * What is wrong with a text, and where.
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
 * What is wrong, in words that show the place.
 *
 * @since 0.1.0
 * @category formatting
 */
export const describe = ({ column, expected }: ParseFailure): string => `column ${column}: expected ${expected}`

const units: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["min", 60_000],
  ["h", 3_600_000]
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
  const digits = cursor.take(number)
  if (digits === undefined || Number(digits) === 0) {
    return cursor.fail("a duration of more than 0, such as 90s, 10m or 1h", before)
  }
  const unit = units.get(cursor.take(/(ms|s|min|m|h)(?!\w)/y) ?? "s") ?? 1000
  return Number(digits) * unit
}

const whole = <A>(text: string, read: (cursor: Cursor) => A | undefined): Either.Either<A, ParseFailure> => {
  const cursor = new Cursor(text)
  const value = read(cursor)
  if (value !== undefined && !cursor.isAtEnd()) cursor.fail("nothing more")
  return value === undefined || cursor.failure !== undefined
    ? Either.left(cursor.failure ?? { column: 1, expected: "something" })
    : Either.right(value)
}

/** Reads from left to right and keeps the first failure. */
class Cursor {
  failure: ParseFailure | undefined = undefined
  at = 0

  constructor(private readonly text: string) {}

  /** What matches here, blanks before it skipped; undefined, and nothing read, where nothing does. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.afterBlanks(this.at)
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.at = pattern.lastIndex
    return found
  }

  isAtEnd(): boolean {
    return this.afterBlanks(this.at) === this.text.length
  }

  fail(expected: string, at = this.at): undefined {
    this.failure ??= { column: this.afterBlanks(at) + 1, expected }
    return undefined
  }

  private afterBlanks(at: number): number {
    let after = at
    while (this.text[after] === " " || this.text[after] === "\t") after++
    return after
  }
}
