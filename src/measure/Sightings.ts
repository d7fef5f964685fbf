/**
 * How often something was seen, when first and last, and what it looked like.
 *
 * @since 0.1.0
 */

/**
 * What is kept of all the times that something was seen. Times are in milliseconds since the run began.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sightings {
  readonly count: number
  readonly first: number
  readonly last: number
  /** One text, cut to `longestExample`: the first one, as it came. It is not fit for a terminal. */
  readonly example: string
}

/**
 * The characters kept of an example.
 *
 * @since 0.1.0
 * @category limits
 */
export const longestExample = 200

/**
 * Those of both together. The order does not matter.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (a: Sightings, b: Sightings): Sightings => ({
  count: a.count + b.count,
  first: Math.min(a.first, b.first),
  last: Math.max(a.last, b.last),
  example: leads(a, b) ? a.example : b.example
})

/** Which of both tells what it looked like. */
const leads = (a: Sightings, b: Sightings): boolean =>
  a.first < b.first || (a.first === b.first && a.example <= b.example)

/**
 * Sorts entries by their keys and adds up those of the same key.
 *
 * @since 0.1.0
 * @category combining
 */
export const mergeAll = <A extends Sightings>(
  entries: ReadonlyArray<A>,
  keyOf: (entry: A) => string
): ReadonlyArray<A> => {
  const byKey = new Map<string, A>()
  for (const entry of entries) {
    const key = keyOf(entry)
    const before = byKey.get(key)
    byKey.set(
      key,
      before === undefined ? entry : { ...(leads(before, entry) ? before : entry), ...merge(before, entry) }
    )
  }
  return [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? [])
}
