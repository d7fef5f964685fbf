/**
 * What has arrived, as plain data: how the books of deliveries tell it to others.
 *
 * @since 0.1.0
 */
import * as ClockOffset from "./ClockOffset.js"
import * as Histogram from "./Histogram.js"

/**
 * The planes of the books that tell of arrivals.
 *
 * @since 0.1.0
 * @category constants
 */
export const planes = ["came", "confirmed", "again", "changed", "returned"] as const

/**
 * The counts of single arrivals that add up.
 *
 * @since 0.1.0
 * @category constants
 */
export const counts = ["duplicates", "repeats", "refused", "outOfOrder", "early", "delayed", "looped"] as const

/**
 * Planes of bits as text, as `Planes` has them, and counts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Came extends Readonly<Record<(typeof planes)[number], string>> {
  readonly counts: Readonly<Record<(typeof counts)[number], number>>
  /** How long delivery took. What came before it was sent has taken no time in it. */
  readonly delivery: Histogram.Buckets
  /** How long before it was sent came what did so. */
  readonly before: Histogram.Buckets
}

/**
 * What a sink has seen whose clock is ahead by this, by the generator's clock; and how far off that is, in milliseconds: by as much
 * as nobody knows of the clocks, and by what is lost where long times are told to three figures. Undefined where the clocks differ
 * by so much that times were cut off.
 *
 * @since 0.1.0
 * @category combinators
 */
export const corrected = (
  came: Came,
  offset: ClockOffset.ClockOffset
): { readonly came: Came; readonly within: number } | undefined => {
  const { ahead, within } = ClockOffset.middle(offset)
  const buckets = [
    ...came.before.map(([index, count]) => [index, count, -1] as const),
    ...withoutEarly(came).map(([index, count]) => [index, count, 1] as const)
  ]
  if (buckets.some(([index]) => index >= cutOff)) return undefined
  const delivery = Histogram.make()
  const before = Histogram.make()
  let [early, coarse] = [0, 0]
  for (const [index, count, sign] of buckets) {
    const [low, high] = [Histogram.lowestAt(index), Histogram.highestAt(index)]
    const took = (sign * (low + high)) / 2 - ahead * 1e6
    add(delivery, Math.max(0, took), count)
    if (took < 0) add(before, -took, count)
    if (took < -within * 1e6 - (high - low) / 2) early += count
    coarse = Math.max(coarse, (high - low) / 2e6)
  }
  return {
    came: {
      ...came,
      counts: { ...came.counts, early },
      delivery: Histogram.bucketsOf(delivery),
      before: Histogram.bucketsOf(before)
    },
    within: within + coarse
  }
}

const add = ({ counts }: Histogram.Histogram, nanoseconds: number, count: number): void => {
  const index = Histogram.indexOf(nanoseconds)
  counts[index] = counts[index]! + count
}

const cutOff = Histogram.indexOf(Histogram.longest)

/** What came before it was sent is in the histogram, too, as what took no time. */
const withoutEarly = ({ before, delivery }: Came): Histogram.Buckets => {
  const early = before.reduce((sum, [, count]) => sum + count, 0)
  return delivery.flatMap(([index, count]) => {
    const left = index === 0 ? count - early : count
    return left > 0 ? [[index, left] as const] : []
  })
}
