/**
 * By how much a clock is ahead of another, as far as that is known: between two bounds, in milliseconds. A clock that is behind is
 * ahead by less than nothing.
 *
 * Each question has an answer that was written between them: the time in it, less that of the question, is the most that the clock
 * can be ahead, and less that of the answer's arrival the least. What takes less time to ask is known better; no number of answers
 * tells more of which way took how long.
 *
 * @since 0.1.0
 */

/**
 * The bounds.
 *
 * @since 0.1.0
 * @category models
 */
export type ClockOffset = readonly [least: number, most: number]

/**
 * Of one question, asked and answered at these times of the own clock, all in microseconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (asked: number, told: number, answered: number): ClockOffset => [
  (told - answered) / 1000,
  (told - asked) / 1000
]

/**
 * The one that says more.
 *
 * @since 0.1.0
 * @category combining
 */
export const better = (one: ClockOffset, other: ClockOffset): ClockOffset =>
  other[1] - other[0] < one[1] - one[0] ? other : one

/**
 * What holds of several times, or of several clocks that are set against the same one: bounds that hold for all of them.
 *
 * @since 0.1.0
 * @category combining
 */
export const together = (one: ClockOffset, other: ClockOffset): ClockOffset => [
  Math.min(one[0], other[0]),
  Math.max(one[1], other[1])
]

/**
 * As one number, and how far off that may be.
 *
 * @since 0.1.0
 * @category destructors
 */
export const middle = ([least, most]: ClockOffset): { readonly ahead: number; readonly within: number } => ({
  ahead: (least + most) / 2,
  within: (most - least) / 2
})

/**
 * Clocks of sinks, by the sink, of which each is there once.
 *
 * @since 0.1.0
 * @category combining
 */
export const bySink = (clocks: ReadonlyArray<SinkClockOffset>): ReadonlyArray<SinkClockOffset> => {
  const all = new Map<string, ClockOffset>()
  for (const { ahead, sink } of clocks) {
    const before = all.get(sink)
    all.set(sink, before === undefined ? ahead : together(before, ahead))
  }
  return Array.from(all, ([sink, ahead]) => ({ sink, ahead })).sort((one, other) => (one.sink < other.sink ? -1 : 1))
}

/**
 * Clocks of sinks that several generators have compared with theirs: those that all of them have, and what holds of all.
 *
 * @since 0.1.0
 * @category combining
 */
export const common = (several: ReadonlyArray<ReadonlyArray<SinkClockOffset>>): ReadonlyArray<SinkClockOffset> =>
  bySink(several.flat()).filter(({ sink }) => several.every((clocks) => clocks.some((clock) => clock.sink === sink)))

/**
 * By how much the clock of a sink is ahead of the generator's.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkClockOffset {
  /** As its file calls it. */
  readonly sink: string
  readonly ahead: ClockOffset
}
