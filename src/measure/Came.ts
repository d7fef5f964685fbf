/**
 * What has arrived, as plain data: how the books of deliveries tell it to others.
 *
 * @since 0.1.0
 */
import type * as Histogram from "./Histogram.js"

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
  /** How long delivery took. */
  readonly delivery: Histogram.Buckets
}
