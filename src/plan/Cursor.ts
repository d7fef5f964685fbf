/**
 * Reads the small grammars that a plan's texts are written in, from left to right, and keeps the place of the first failure.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"

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

/**
 * Reads all of a text: what `read` leaves is a failure.
 *
 * @since 0.1.0
 * @category parsing
 */
export const whole = <A>(text: string, valueOf: (cursor: Cursor) => A | undefined): Either.Either<A, ParseFailure> =>
  read(new Cursor(text), valueOf)

/**
 * Reads all that a cursor has before it: what `valueOf` leaves is a failure.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = <A, C extends Cursor>(
  cursor: C,
  valueOf: (cursor: C) => A | undefined
): Either.Either<A, ParseFailure> => {
  const value = valueOf(cursor)
  if (value !== undefined && !cursor.isAtEnd()) cursor.fail("nothing more")
  return value === undefined || cursor.failure !== undefined
    ? Either.left(cursor.failure ?? { column: 1, expected: "something" })
    : Either.right(value)
}

/**
 * A place in a text.
 *
 * @since 0.1.0
 * @category models
 */
export class Cursor {
  failure: ParseFailure | undefined = undefined
  at = 0

  constructor(private readonly text: string) {}

  /** What matches here, blanks before it skipped; undefined, and nothing read, where nothing does. `pattern` is sticky. */
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
