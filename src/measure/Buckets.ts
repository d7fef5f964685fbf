/**
 * The buckets of a histogram that are not empty: percentiles and sums of them. Seconds of a run have them, which hold few
 * durations each.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Histogram from "./Histogram.js"

/**
 * The buckets of a histogram that are not empty: index and count, by index.
 *
 * @since 0.1.0
 * @category models
 */
export type Buckets = Histogram.Buckets

/**
 * The duration that `percentile` per cent of those in the buckets do not exceed, in milliseconds; 0 where there are none.
 *
 * @since 0.1.0
 * @category reading
 */
export const valueAtPercentile: {
  (count: number, percentile: number): (self: Buckets) => number
  (self: Buckets, count: number, percentile: number): number
} = dual(3, (self: Buckets, count: number, percentile: number): number =>
  valueAtRank(self, Math.max(1, Math.ceil((Math.min(percentile, 100) / 100) * count - 1e-9)))
)

/**
 * The duration of this rank, from 1, in milliseconds; 0 where there are fewer.
 *
 * @since 0.1.0
 * @category reading
 */
export const valueAtRank: {
  (rank: number): (self: Buckets) => number
  (self: Buckets, rank: number): number
} = dual(2, (self: Buckets, rank: number): number => {
  let before = 0
  for (const [index, here] of self) {
    before += here
    if (before >= rank) return Histogram.highestAt(index) / 1e6
  }
  return 0
})

/** Only what some other program wrote may not be. */
const isInOrder = (buckets: Buckets): boolean => {
  let last = -1
  for (const [index] of buckets) {
    if (index <= last) return false
    last = index
  }
  return true
}

const sumInOrder = (left: Buckets, right: Buckets): Buckets => {
  const sum: Array<Bucket> = []
  let [here, there] = [0, 0]
  while (here < left.length || there < right.length) {
    const one = left[here]
    const other = right[there]
    if (other === undefined || (one !== undefined && one[0] < other[0])) {
      if (one !== undefined) sum.push(one)
      here++
    } else if (one === undefined || other[0] < one[0]) {
      sum.push(other)
      there++
    } else {
      sum.push(bucket(one[0], one[1] + other[1]))
      here++
      there++
    }
  }
  return sum
}

/**
 * The sum of buckets, in any order.
 *
 * @since 0.1.0
 * @category combining
 */
export const sumBuckets = (all: ReadonlyArray<Buckets>): Buckets => {
  const [first, second, ...rest] = all
  if (first === undefined) return []
  if (second === undefined || (second.length === 0 && rest.length === 0)) return first
  // Results are added up one by one, and each second of them has buckets: without sorting it takes a fifth less CPU.
  if (rest.length === 0 && isInOrder(first) && isInOrder(second)) return sumInOrder(first, second)
  const counts = new Map<number, number>()
  for (const [index, count] of all.flat()) counts.set(index, (counts.get(index) ?? 0) + count)
  return [...counts].sort(([left], [right]) => left - right)
}

/**
 * The buckets in two significant figures: each eight neighbours are counted at the last of them. A run has thousands of
 * intervals, and what is shown of one is no finer.
 *
 * @since 0.1.0
 * @category combining
 */
export const coarse = (buckets: Buckets): Buckets => {
  const coarser: Array<Bucket> = []
  let to = -1
  let counted = 0
  for (const [index, count] of buckets) {
    if ((index | 7) === to) {
      counted += count
      continue
    }
    if (to >= 0) coarser.push(bucket(to, counted))
    to = index | 7
    counted = count
  }
  if (to >= 0) coarser.push(bucket(to, counted))
  return coarser.slice()
}

type Bucket = Buckets[number]

/**
 * The same object for the same bucket, mostly: seconds of a steady run hold much the same, and an object for each of their
 * buckets takes 90 MB in an hour.
 */
const bucket = (index: number, count: number): Bucket => {
  const slot = (index * 31 + count) & (slots - 1)
  const known = table[slot]
  if (known !== undefined && known[0] === index && known[1] === count) return known
  const made: Bucket = [index, count]
  table[slot] = made
  return made
}

const slots = 16_384
const table: Array<Bucket | undefined> = new Array(slots)
