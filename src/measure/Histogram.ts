/**
 * A log-linear histogram of durations with HdrHistogram's layout: three significant figures from 1 ns to an hour.
 *
 * Recording adds one to a counter of a typed array. Histograms add up exactly, over threads, runs and hosts; percentiles
 * come from the buckets alone.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"

/** Two times the resolution that three significant figures need, as a power of two. */
const subBucketCount = 2048
const subBucketHalf = subBucketCount / 2
const subBucketHalfMagnitude = 10

/**
 * The longest duration that is told from longer ones, in nanoseconds: an hour. What is longer counts as this long.
 *
 * @since 0.1.0
 * @category limits
 */
export const longest = 3_600_000_000_000

const bucketCount = 32

/**
 * The counters of one histogram.
 *
 * @since 0.1.0
 * @category limits
 */
export const counters = (bucketCount + 1) * subBucketHalf

/**
 * A histogram of nanoseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Histogram {
  /** One counter for each bucket, in HdrHistogram's order. */
  readonly counts: Float64Array
}

/**
 * An empty histogram. Give it shared memory to fill it in one thread and read it in another.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (memory: ArrayBufferLike = new ArrayBuffer(counters * 8), offset = 0): Histogram => ({
  counts: new Float64Array(memory, offset, counters)
})

/**
 * Where a duration is counted.
 *
 * @since 0.1.0
 * @category indexing
 */
export const indexOf = (nanoseconds: number): number => {
  // Whole numbers that fit 31 bits, which is two seconds, are the usual case and the fast one.
  if (nanoseconds >= 0 && nanoseconds < 0x8000_0000) {
    const value = nanoseconds | 0
    const bucket = Math.max(0, 21 - Math.clz32(value))
    return (bucket << subBucketHalfMagnitude) + (value >> bucket)
  }
  if (!(nanoseconds > 0)) return 0
  const value = Math.floor(Math.min(nanoseconds, longest))
  const bucket = 52 - Math.clz32(Math.floor(value / 0x8000_0000))
  return (bucket << subBucketHalfMagnitude) + Math.floor(value / 2 ** bucket)
}

/**
 * The lowest duration that is counted at `index`, in nanoseconds.
 *
 * @since 0.1.0
 * @category indexing
 */
export const lowestAt = (index: number): number => {
  const bucket = (index >> subBucketHalfMagnitude) - 1
  const subBucket = (index & (subBucketHalf - 1)) + subBucketHalf
  return bucket < 0 ? subBucket - subBucketHalf : subBucket * 2 ** bucket
}

/**
 * The highest duration that is counted at `index`, in nanoseconds.
 *
 * @since 0.1.0
 * @category indexing
 */
export const highestAt = (index: number): number => lowestAt(index + 1) - 1

/**
 * Counts one duration.
 *
 * @since 0.1.0
 * @category recording
 */
export const record = (self: Histogram, nanoseconds: number): void => {
  const index = indexOf(nanoseconds)
  self.counts[index] = self.counts[index]! + 1
}

/**
 * Adds the counts of `that` to `self`.
 *
 * @since 0.1.0
 * @category combining
 */
export const add = (self: Histogram, that: Histogram): void => {
  const { counts } = self
  for (let index = 0; index < counters; index++) {
    const count = that.counts[index]!
    if (count !== 0) counts[index] = counts[index]! + count
  }
}

/**
 * The buckets of a histogram that are not empty: index and count, by index.
 *
 * @since 0.1.0
 * @category models
 */
export type Buckets = ReadonlyArray<readonly [index: number, count: number]>

/**
 * The buckets that are not empty.
 *
 * @since 0.1.0
 * @category reading
 */
export const bucketsOf = ({ counts }: Histogram): Buckets => {
  const buckets: Array<readonly [index: number, count: number]> = []
  counts.forEach((count, index) => {
    if (count !== 0) buckets.push([index, count])
  })
  return buckets
}

/**
 * The histogram that has these buckets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofBuckets = (buckets: Buckets): Histogram => {
  const histogram = make()
  for (const [index, count] of buckets) histogram.counts[index] = count
  return histogram
}

/**
 * How many durations were counted.
 *
 * @since 0.1.0
 * @category reading
 */
export const total = (self: Histogram): number => {
  let sum = 0
  for (const count of self.counts) sum += count
  return sum
}

/**
 * The duration that `percentile` per cent of those counted do not exceed, in nanoseconds: the highest one of its bucket,
 * as HdrHistogram has it. 0 where nothing was counted.
 *
 * @since 0.1.0
 * @category reading
 */
export const valueAtPercentile: {
  (percentile: number): (self: Histogram) => number
  (self: Histogram, percentile: number): number
} = dual(2, (self: Histogram, percentile: number): number => {
  const count = total(self)
  const rank = Math.max(1, Math.ceil((Math.min(percentile, 100) / 100) * count - 1e-9))
  let seen = 0
  for (let index = 0; index < counters; index++) {
    seen += self.counts[index]!
    if (seen >= rank && seen > 0) return highestAt(index)
  }
  return 0
})

/**
 * The mean duration, by the middle of each bucket, in nanoseconds. 0 where nothing was counted.
 *
 * @since 0.1.0
 * @category reading
 */
export const mean = (self: Histogram): number => {
  let sum = 0
  let count = 0
  for (let index = 0; index < counters; index++) {
    const here = self.counts[index]!
    if (here === 0) continue
    count += here
    sum += (here * (lowestAt(index) + highestAt(index))) / 2
  }
  return count === 0 ? 0 : sum / count
}

/**
 * The shortest and the longest duration counted, by their buckets, in nanoseconds. Zeros where nothing was counted.
 *
 * @since 0.1.0
 * @category reading
 */
export const range = (self: Histogram): { readonly min: number; readonly max: number } => {
  const first = self.counts.findIndex((count) => count !== 0)
  if (first < 0) return { min: 0, max: 0 }
  return { min: lowestAt(first), max: highestAt(self.counts.findLastIndex((count) => count !== 0)) }
}
