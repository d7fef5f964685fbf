/**
 * Which headers of the messages of a corpus are made anew.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"

/**
 * The headers that can be made anew.
 *
 * @since 0.1.0
 * @category constants
 */
export const rewritable = ["message-id", "date", "from", "to", "subject"] as const

/**
 * A header that can be made anew.
 *
 * @since 0.1.0
 * @category models
 */
export type Rewritable = (typeof rewritable)[number]

/**
 * Reads which headers are made anew: `message-id,date`, or `none`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<ReadonlyArray<Rewritable>, string> => {
  if (text.trim() === "none") return Either.right([])
  const names = text.split(",").map((name) => name.trim().toLowerCase())
  const known = rewritable.filter((name) => names.includes(name))
  return names.every((name) => rewritable.some((each) => each === name))
    ? Either.right(known)
    : Either.left(
        `expected none, or some of ${rewritable.slice(0, -1).join(", ")} and ${rewritable.at(-1)}, with commas between`
      )
}
