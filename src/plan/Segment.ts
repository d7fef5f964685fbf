/**
 * A part of a run: one of so many that are alike. Threads share a run so, and hosts can.
 *
 * What does not divide is shared out without a rest: the parts of any count add up to it. All else of a plan is the same for every
 * part: message k, when it is due, and what is drawn for it depend on the plan, the seed and k.
 *
 * @since 0.1.0
 */

/**
 * The part `index`, from 0, `of` so many.
 *
 * @since 0.1.0
 * @category models
 */
export interface Segment {
  readonly index: number
  readonly of: number
}

/**
 * All of it.
 *
 * @since 0.1.0
 * @category constants
 */
export const whole: Segment = { index: 0, of: 1 }

/**
 * How many of so many are the segment's: as many as any other's, or one more or less.
 *
 * @since 0.1.0
 * @category sharing
 */
export const shareOf = (count: number, { index, of }: Segment): number =>
  Math.floor((count * (index + 1)) / of) - Math.floor((count * index) / of)

/**
 * The segment's part of a rate, in events per second, and how many milliseconds after the run's start it begins, so that the
 * events of all are evenly spaced.
 *
 * @since 0.1.0
 * @category sharing
 */
export const rateOf = (rate: number, { index, of }: Segment): { readonly rate: number; readonly after: number } => ({
  rate: rate / of,
  after: rate === Number.POSITIVE_INFINITY ? 0 : (index * 1000) / rate
})
