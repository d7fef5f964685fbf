/**
 * What --corpus is given: a path, or a share of the messages and a path.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"

/**
 * Where a corpus is, and its share of the messages in hundredths of a percent, where it has one.
 *
 * @since 0.1.0
 * @category models
 */
export interface CorpusPath {
  readonly path: string
  readonly weight: number | undefined
}

/**
 * Reads `ham.mbox`, or `90%: ham.mbox`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): CorpusPath => {
  const [, digits, path = ""] = /^\s*(\d{1,3}(?:\.\d{1,9})?)\s*%\s*:\s*(.*)$/s.exec(text) ?? []
  return digits === undefined ? { path: text, weight: undefined } : { path, weight: Math.round(Number(digits) * 100) }
}

/**
 * Reads several: either none has a share, or they add up to 100 %.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseAll = (texts: ReadonlyArray<string>): Either.Either<ReadonlyArray<CorpusPath>, string> => {
  const paths = texts.map(parse)
  const shares = paths.flatMap(({ weight }) => (weight === undefined ? [] : [weight]))
  if (paths.some(({ path }) => path === "" || path.includes("\0"))) return Either.left("expected a path")
  if (shares.length === 0) return Either.right(paths)
  if (shares.length < paths.length) return Either.left("expected a share of each corpus, or of none")
  const total = shares.reduce((sum, share) => sum + share, 0)
  if (shares.includes(0)) return Either.left("expected a share of 0.01% or more")
  return total === 10_000
    ? Either.right(paths)
    : Either.left(`expected shares that add up to 100%, not ${total / 100}%`)
}
