/**
 * Stretches of time in which something went on, apart from each other and in order. Times are in milliseconds.
 *
 * @since 0.1.0
 */

/**
 * The stretches.
 *
 * @since 0.1.0
 * @category models
 */
export type Spans = ReadonlyArray<readonly [from: number, to: number]>

/**
 * Whatever lies in one of them, or in several.
 *
 * @since 0.1.0
 * @category combining
 */
export const union = (all: ReadonlyArray<Spans>): Spans => {
  const apart: Array<readonly [number, number]> = []
  for (const [from, to] of all.flat().sort(([one], [other]) => one - other)) {
    const last = apart.at(-1)
    if (last === undefined || from > last[1]) apart.push([from, to])
    else apart[apart.length - 1] = [last[0], Math.max(last[1], to)]
  }
  return apart
}

/**
 * How long they are together.
 *
 * @since 0.1.0
 * @category reading
 */
export const length = (spans: Spans): number => spans.reduce((sum, [from, to]) => sum + to - from, 0)
