/**
 * Durations as reports have them: the buckets that are not empty, and what follows from them. Times are in milliseconds.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Histogram from "../measure/Histogram.js"
import type * as Meter from "../measure/Meter.js"
import { endings, measured } from "../measure/Recorder.js"
import * as Series from "../measure/Series.js"
import { Count } from "./CountField.js"

/**
 * Whether these are buckets. By hand: a journal of hours holds tens of millions of them.
 *
 * @since 0.1.0
 * @category predicates
 */
export function areBuckets(input: unknown): input is Series.Buckets {
  return Array.isArray(input) && input.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isCount))
}

const isCount = (input: unknown): boolean => Number.isSafeInteger(input) && Number(input) >= 0

const Milliseconds = Schema.Number

/**
 * The schema of what histograms have counted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Buckets = Schema.declare(areBuckets).annotations({
  identifier: "Buckets",
  message: () => "expected pairs of whole numbers, a bucket's index and its count",
  jsonSchema: {
    type: "array",
    items: {
      type: "array",
      minItems: 2,
      maxItems: 2,
      items: { type: "integer", minimum: 0 }
    }
  },
  description:
    "The buckets that are not empty: index and count, by index. The layout is HdrHistogram's, with three significant figures from 1 ns."
})

/**
 * The schema of the durations of one step that ended so.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({
  of: Schema.String.annotations({
    description:
      "A step; or transaction, from MAIL to the reply to the final dot; connection, from when it stood to its end, which failed where the server ended it. In an open run a transaction counts from when the message was due, service from when a session took it up, and start is how much later that was. queued are the writes that waited for the socket, for a millisecond or more."
  }),
  ending: Schema.Literal(...endings).annotations({
    description:
      "failed: also what was cut off by a time-out or a lost connection, after this time. unknown: the final dot was sent, and no valid answer came."
  }),
  count: Count,
  min: Milliseconds,
  mean: Milliseconds,
  p50: Milliseconds,
  p90: Milliseconds,
  p99: Milliseconds,
  p999: Milliseconds.annotations({ description: "The 99.9th percentile." }),
  max: Milliseconds,
  buckets: Buckets
})

/**
 * The durations of one step that ended so.
 *
 * @since 0.1.0
 * @category models
 */
export type Durations = typeof schema.Type

/**
 * What a histogram has counted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofHistogram = (histogram: Histogram.Histogram): Omit<Durations, "of" | "ending"> =>
  statistics(Histogram.bucketsOf(histogram))

/**
 * Durations of steps in the order of the dialogue, with what follows from their buckets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofSteps = (steps: ReadonlyArray<Meter.StepBuckets>): ReadonlyArray<Durations> =>
  steps
    .map(({ buckets, ending, of }) => ({ of, ending, ...statistics(buckets) }))
    .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))

/** Sorts as the dialogue goes. */
const placeOf = ({ ending, of }: Pick<Durations, "of" | "ending">): string => {
  const place = (measured as ReadonlyArray<string>).indexOf(of)
  return `${String(place < 0 ? measured.length : place).padStart(2, "0")} ${of} ${endings.indexOf(ending)}`
}

/**
 * The duration that `percentile` per cent of those in the buckets do not exceed, in milliseconds; 0 where there are none.
 *
 * @since 0.1.0
 * @category reading
 */
export const valueAtPercentile = (
  { buckets, count }: Pick<Durations, "buckets" | "count">,
  percentile: number
): number => Series.valueAtPercentile(buckets, count, percentile)

/**
 * The duration of this rank, from 1, in milliseconds; 0 where there are fewer.
 *
 * @since 0.1.0
 * @category reading
 */
export const valueAtRank: (buckets: Durations["buckets"], rank: number) => number = Series.valueAtRank

/** What follows from the buckets. */
const statistics = (buckets: Durations["buckets"]): Omit<Durations, "of" | "ending"> => {
  const count = buckets.reduce((sum, [, here]) => sum + here, 0)
  const middle = (index: number) => (Histogram.lowestAt(index) + Histogram.highestAt(index)) / 2
  const sum = buckets.reduce((total, [index, here]) => total + here * middle(index), 0)
  const at = (percentile: number) => valueAtPercentile({ buckets, count }, percentile)
  return {
    count,
    min: Histogram.lowestAt(buckets[0]?.[0] ?? 0) / 1e6,
    mean: count === 0 ? 0 : Math.round(sum / count) / 1e6,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: at(100),
    buckets
  }
}
