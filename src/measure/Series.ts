/**
 * How a run went on: what happened in each of its seconds.
 *
 * Intervals end at whole seconds of the time of day, so that those of threads, and of hosts, lie upon each other: series
 * merge exactly, second by second.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import { type Buckets, sumBuckets, valueAtPercentile } from "./Buckets.js"
import * as Counts from "./Counts.js"

export { type Buckets, coarse, sumBuckets, valueAtPercentile, valueAtRank } from "./Buckets.js"

/**
 * What became of connections.
 *
 * @since 0.1.0
 * @category models
 */
export type Connections = Counts.Counts<typeof Counts.connections>

/**
 * What is counted in an interval, and adds up.
 *
 * @since 0.1.0
 * @category models
 */
export interface Counted extends Counts.Counts<typeof Counts.intervals> {
  readonly bytes: Counts.Counts<typeof Counts.bytes>
  readonly connections: Connections
  /** Replies by the class of their code. */
  readonly codes: Counts.Counts<typeof Counts.codes>
}

const counted = (
  combine: <const Names extends ReadonlyArray<string>>(
    names: Names,
    of: (part: Counted) => Counts.Counts<Names>
  ) => Counts.Counts<Names>
): Counted => ({
  ...combine(Counts.intervals, (part) => part),
  bytes: combine(Counts.bytes, ({ bytes }) => bytes),
  connections: combine(Counts.connections, ({ connections }) => connections),
  codes: combine(Counts.codes, ({ codes }) => codes)
})

/**
 * The sum of what was counted; zeros where there is nothing to add up.
 *
 * @since 0.1.0
 * @category combining
 */
export const sum = (parts: ReadonlyArray<Counted>): Counted => counted((names, of) => Counts.sum(names, parts.map(of)))

/**
 * What was counted since `before`.
 *
 * @since 0.1.0
 * @category combining
 */
export const difference: {
  (before: Counted): (self: Counted) => Counted
  (self: Counted, before: Counted): Counted
} = dual(
  2,
  (self: Counted, before: Counted): Counted => counted((names, of) => Counts.difference(names, of(self), of(before)))
)

/**
 * One interval of a run. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Interval extends Counted {
  /** When it ended, since the run's start. */
  readonly at: number
  readonly length: number
  /** Messages under way at its end: one for each session that is busy. */
  readonly underWay: number
  /** Connections open at its end. */
  readonly open: number
  /** How many segments of a run it covers, where several processes made it. Sums of intervals do not have it. */
  readonly segments?: number
  /**
   * Of the transactions that were accepted in it, and that began after the warm-up, in two significant figures; absent where
   * there were none.
   */
  readonly p50?: number
  readonly p99?: number
  readonly max?: number
  readonly buckets: Buckets
}

/**
 * The intervals of a run, in their order, each about as long as `width` says, in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Series {
  readonly width: number
  readonly intervals: ReadonlyArray<Interval>
}

/**
 * How many intervals a series keeps. Beyond them it keeps half as many of twice the width.
 *
 * @since 0.1.0
 * @category limits
 */
export const most = 3600

/**
 * A series without intervals.
 *
 * @since 0.1.0
 * @category constructors
 */
export const empty: Series = { width: 1000, intervals: [] }

/**
 * What follows from an interval's buckets.
 *
 * @since 0.1.0
 * @category reading
 */
export const statistics = (buckets: Buckets): Pick<Interval, "p50" | "p99" | "max" | "buckets"> => {
  const count = buckets.reduce((sum, [, here]) => sum + here, 0)
  if (count === 0) return { buckets }
  const at = (percentile: number) => valueAtPercentile(buckets, count, percentile)
  return { p50: at(50), p99: at(99), max: at(100), buckets }
}

/**
 * Adds an interval at the end. `startedAt` is the run's start, in milliseconds of the time of day. An interval that lies in
 * the same second as the last one, or in the same longer stretch, becomes part of it.
 *
 * @since 0.1.0
 * @category combining
 */
export const append: {
  (interval: Interval, startedAt: number): (self: Series) => Series
  (self: Series, interval: Interval, startedAt: number): Series
} = dual(3, (self: Series, interval: Interval, startedAt: number): Series => {
  const last = self.intervals.at(-1)
  const keyOf = (each: Interval) => Math.ceil((startedAt + each.at) / self.width)
  if (last !== undefined && keyOf(last) === keyOf(interval)) {
    return { ...self, intervals: [...self.intervals.slice(0, -1), join([last, interval])] }
  }
  const longer: Series = { ...self, intervals: [...self.intervals, interval] }
  return longer.intervals.length > most ? widen(longer, self.width * 2, startedAt) : longer
})

/**
 * Several intervals that follow each other, as one.
 *
 * @since 0.1.0
 * @category combining
 */
export const join = (parts: ReadonlyArray<Interval>): Interval => {
  const last = parts.reduce((latest, part) => (part.at >= latest.at ? part : latest))
  return { ...together(parts), underWay: last.underWay, open: last.open }
}

/**
 * Several intervals of the same time, as one.
 *
 * @since 0.1.0
 * @category combining
 */
export const together = (parts: ReadonlyArray<Interval>): Interval => {
  const total = (of: (part: Interval) => number) => parts.reduce((before, part) => before + of(part), 0)
  const at = Math.max(...parts.map((part) => part.at))
  const from = Math.min(...parts.map((part) => part.at - part.length))
  return {
    at,
    length: Math.round((at - from) * 1000) / 1000,
    ...sum(parts),
    underWay: total((part) => part.underWay),
    open: total((part) => part.open),
    ...statistics(sumBuckets(parts.map((part) => part.buckets)))
  }
}

/**
 * The same in intervals of twice the width: half as many.
 *
 * @since 0.1.0
 * @category combining
 */
export const halved: {
  (startedAt: number): (self: Series) => Series
  (self: Series, startedAt: number): Series
} = dual(2, (self: Series, startedAt: number): Series => widen(self, self.width * 2, startedAt))

const widen = ({ intervals }: Series, width: number, startedAt: number): Series => ({
  width,
  intervals: grouped(intervals, (interval) => Math.ceil((startedAt + interval.at) / width)).map(join)
})

const grouped = <A>(all: ReadonlyArray<A>, keyOf: (one: A) => number): ReadonlyArray<ReadonlyArray<A>> => {
  const groups = new Map<number, Array<A>>()
  for (const one of all) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return [...groups].sort(([left], [right]) => left - right).map(([, group]) => group)
}

/**
 * The series of runs, or of parts of one, that went on at the same time or one after another. `startedAt` is the start of
 * each, in milliseconds of the time of day; times in the result are since the earliest. The order does not matter.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (parts: ReadonlyArray<{ readonly series: Series; readonly startedAt: number }>): Series => {
  const width = Math.max(...parts.map(({ series }) => series.width))
  const startedAt = Math.min(...parts.map((part) => part.startedAt))
  const moved = parts.flatMap((part) => {
    const series = part.series.width === width ? part.series : widen(part.series, width, part.startedAt)
    const later = part.startedAt - startedAt
    return later === 0
      ? series.intervals
      : series.intervals.map((interval) => ({ ...interval, at: Math.round((interval.at + later) * 1000) / 1000 }))
  })
  const merged = {
    width,
    intervals: grouped(moved, (interval) => Math.ceil((startedAt + interval.at) / width)).map((group) =>
      group.length === 1 ? group[0]! : together(group)
    )
  }
  return merged.intervals.length > most ? widen(merged, width * 2, startedAt) : merged
}
