/**
 * Which name somebody meant who wrote an unknown one.
 *
 * @since 0.1.0
 */

/**
 * The name that is nearest to a word: the one that it abbreviates, or the one with the fewest letters to change. None where
 * all are far.
 *
 * @since 0.1.0
 * @category search
 */
export const nearest = (word: string, names: Iterable<string>): string | undefined => {
  const plain = simplified(word)
  if (plain.length < 2) return undefined
  const candidates = [...names].map((name) => ({ name, plain: simplified(name) }))
  const longer = candidates.filter((candidate) => candidate.plain.startsWith(plain))
  if (longer.length === 1) return longer[0]?.name
  const ranked = candidates
    .map((candidate) => ({ ...candidate, changes: changesBetween(plain, candidate.plain) }))
    .filter(({ changes }) => changes <= Math.max(1, Math.floor(plain.length / 3)))
    .sort((one, other) => one.changes - other.changes)
  return ranked[0]?.name
}

/** Names are written in kebab case, camel case and capitals. */
const simplified = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "")

/** How many letters have to be put in, left out, replaced or swapped with their neighbour. */
const changesBetween = (one: string, other: string): number => {
  let before: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const next = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      const least = Math.min(last[column]! + 1, next[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      next.push(swapped ? Math.min(least, before[column - 2]! + 1) : least)
    }
    before = last
    last = next
  }
  return last[other.length]!
}

/**
 * `(did you mean …?)`, with a blank before it, or nothing.
 *
 * @since 0.1.0
 * @category formatting
 */
export const hint = (meant: string | undefined): string => (meant === undefined ? "" : ` (did you mean ${meant}?)`)
