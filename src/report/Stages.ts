/**
 * What an open run was to do and what it did, stage by stage, as reports have it. One rate is one stage.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Series from "../measure/Series.js"
import * as StageTally from "../measure/StageTally.js"
import type { ArrivalStage } from "../plan/Arrival.js"
import * as Durations from "./Durations.js"
import { Count } from "./CountField.js"

const Milliseconds = Schema.Number

/**
 * The schema of a stage.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Stage = Schema.Struct({
  from: Milliseconds.annotations({ description: "Since messages began to be due, without the warm-up." }),
  to: Milliseconds,
  runs: Schema.Int.annotations({ description: "How many runs the counts are of." }),
  rate: Schema.Tuple(Schema.Number, Schema.Number).annotations({
    description: "Messages per second that were intended, of each run, where it begins and where it ends."
  }),
  due: Count,
  started: Count.annotations({ description: "Messages that began while it lasted." }),
  accepted: Count.annotations({ description: "Messages that were accepted while it lasted." }),
  late: Count.annotations({ description: "Messages due in it that began more than 10 ms late, for whatever reason." }),
  p50: Schema.optionalWith(Milliseconds, { exact: true }).annotations({
    description: "Like p99 and max, of the transactions that were due in it and accepted, from when they were due."
  }),
  p99: Schema.optionalWith(Milliseconds, { exact: true }),
  max: Schema.optionalWith(Milliseconds, { exact: true }),
  buckets: Durations.Buckets
})

/**
 * A stage of a run.
 *
 * @since 0.1.0
 * @category models
 */
export type Stage = typeof Stage.Type

/**
 * Messages per second while messages were due.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rates {
  readonly intended: number
  readonly started: number
  readonly accepted: number
}

/**
 * The stages up to `end`, in milliseconds, where a run was over before them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  { stages }: StageTally.StageCounts,
  end: number = Number.POSITIVE_INFINITY
): ReadonlyArray<Stage> =>
  stages.flatMap((stage) => {
    if (stage.to <= stage.from || stage.from >= end) return []
    const { buckets, ...rest } = StageTally.between(stage, stage.from, end)
    return [{ ...rest, from: micros(rest.from), to: micros(rest.to), runs: 1, ...Series.statistics(buckets) }]
  })

/**
 * The stages of a run whose end nobody saw, as its intervals tell of them: each counts for the stage in which it lies, for the
 * most part. Durations are of the messages that were accepted in the stage. Undefined where a stage is shorter than an interval.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofIntervals = (
  intended: ReadonlyArray<ArrivalStage>,
  { intervals, width }: Series.Series,
  measuresFrom: number
): { readonly stages: ReadonlyArray<Stage>; readonly afterwards: number } | undefined => {
  if (intended.length === 0 || intended.some(({ from, to }) => to - from < width)) return undefined
  const parts = [...intended, undefined].map(() => [] as Series.Interval[])
  let place = 0
  for (const interval of intervals) {
    const middle = interval.at - interval.length / 2
    if (middle < measuresFrom) continue
    while (middle >= (intended[place]?.to ?? Number.POSITIVE_INFINITY)) place++
    parts[place]?.push(interval)
  }
  const stages = intended.map((stage, index) => {
    const part = parts[index] ?? []
    const { accepted, behind, late, started } = Series.sum(part)
    const buckets = Series.sumBuckets(part.map((interval) => interval.buckets))
    return { ...StageTally.between(stage, measuresFrom, stage.to), started, accepted, late: late + behind, buckets }
  })
  const afterwards = Series.sum(parts.at(-1) ?? []).accepted
  return { stages: make({ stages, afterwards }, intervals.at(-1)?.at), afterwards }
}

const micros = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000

/**
 * The rates of stages together; undefined where nothing was due for any time.
 *
 * @since 0.1.0
 * @category reading
 */
export const ratesOf = (stages: ReadonlyArray<Stage>): Rates | undefined => {
  const lasted = stages.reduce((sum, { from, runs, to }) => sum + (to - from) * runs, 0)
  if (lasted <= 0) return undefined
  const perSecond = (of: (stage: Stage) => number) =>
    micros((stages.reduce((sum, stage) => sum + of(stage), 0) * 1000) / lasted)
  return {
    intended: perSecond(({ due }) => due),
    started: perSecond(({ started }) => started),
    accepted: perSecond(({ accepted }) => accepted)
  }
}

/**
 * The stages of two reports as those of one: undefined where they are not of the same stages.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (a: ReadonlyArray<Stage>, b: ReadonlyArray<Stage>): ReadonlyArray<Stage> | undefined => {
  const isSame = a.length === b.length && a.every((stage, index) => alike(stage, b[index]))
  if (!isSame) return undefined
  return a.map((stage, index) => {
    const other = b[index] ?? stage
    const sum = (of: (stage: Stage) => number) => of(stage) + of(other)
    return {
      from: stage.from,
      to: stage.to,
      rate: stage.rate,
      runs: sum(({ runs }) => runs),
      due: sum(({ due }) => due),
      started: sum(({ started }) => started),
      accepted: sum(({ accepted }) => accepted),
      late: sum(({ late }) => late),
      ...Series.statistics(Series.sumBuckets([stage.buckets, other.buckets]))
    }
  })
}

/**
 * The stages of segments of one run, which went on at the same time: their rates add up. Undefined where they are not of the same
 * stages.
 *
 * @since 0.1.0
 * @category combining
 */
export const together = (a: ReadonlyArray<Stage>, b: ReadonlyArray<Stage>): ReadonlyArray<Stage> | undefined => {
  // A segment that was over before the others knows of fewer.
  const [longer, shorter] = a.length < b.length ? [b, a] : [a, b]
  if (shorter.some((stage, index) => !atOnce(stage, longer[index] ?? stage))) return undefined
  return longer.map((stage, index) => {
    const other = shorter[index]
    return other === undefined ? stage : added(stage, other)
  })
}

const added = (stage: Stage, other: Stage): Stage => {
  const sum = (of: (stage: Stage) => number) => of(stage) + of(other)
  return {
    from: Math.min(stage.from, other.from),
    to: Math.max(stage.to, other.to),
    rate: [micros(sum(({ rate }) => rate[0])), micros(sum(({ rate }) => rate[1]))],
    runs: 1,
    due: sum(({ due }) => due),
    started: sum(({ started }) => started),
    accepted: sum(({ accepted }) => accepted),
    late: sum(({ late }) => late),
    ...Series.statistics(Series.sumBuckets([stage.buckets, other.buckets]))
  }
}

/** The one that was over first may have been cut short. */
const atOnce = (one: Stage, other: Stage): boolean => one.from < other.to && other.from < one.to

/** Warm-ups end a little sooner or later. */
const alike = (one: Stage, other: Stage | undefined): boolean =>
  other !== undefined &&
  [
    [one.from, other.from],
    [one.to, other.to],
    [one.rate[0], other.rate[0]],
    [one.rate[1], other.rate[1]]
  ].every(([left = 0, right = 0]) => Math.abs(left - right) <= 0.01 * Math.max(left, right, 100))
