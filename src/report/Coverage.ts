/**
 * How much of a run that several processes made is known at each time: of a segment that was cut, what came after that is not.
 *
 * @since 0.1.0
 */
import type { Interval } from "../measure/Series.js"
import * as Figures from "./Figures.js"
import type { RunReport } from "./RunReport.js"

/**
 * The report with the number of segments that each interval of its series covers. A segment that has ended covers the rest of the
 * run, since it is known that it sends no more. Other reports are as they were.
 *
 * @since 0.1.0
 * @category combining
 */
export const add = (report: RunReport): RunReport => {
  const { segments = [], series, startedAt } = report
  const [first] = segments
  if (first === undefined || series === undefined || segments.some(({ run }) => run !== first.run)) return report
  const whole = segments.filter(({ ended }) => ended !== "cut" && ended !== "missing").length
  const ends = segments.flatMap(({ elapsed = 0, ended, startedAt: own = startedAt }) =>
    ended === "cut" ? [Date.parse(own) - Date.parse(startedAt) + elapsed] : []
  )
  const intervals = series.intervals.map((interval) => ({
    ...interval,
    // Starts are told in milliseconds.
    segments: whole + ends.filter((end) => end >= interval.at - 1).length
  }))
  return { ...report, series: { ...series, intervals } }
}

/**
 * The report without them, as it adds up with others.
 *
 * @since 0.1.0
 * @category combining
 */
export const remove = (report: RunReport): RunReport => {
  const { series } = report
  if (series === undefined || series.intervals.every(({ segments }) => segments === undefined)) return report
  return {
    ...report,
    series: { ...series, intervals: series.intervals.map(({ segments: _, ...interval }) => interval) }
  }
}

/** What of an interval is looked at. */
interface Covering {
  readonly segments?: number | undefined
}

/**
 * Whether an interval lacks a segment that others have: what was counted in it says nothing of a rate.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPartial = (all: ReadonlyArray<Covering>): ((interval: Covering) => boolean) => {
  const most = all.reduce((before, { segments = 0 }) => Math.max(before, segments), 0)
  return ({ segments = most }) => segments < most
}

/**
 * The rate in the intervals that lack nothing which others have, in words; undefined where none lacks anything.
 *
 * @since 0.1.0
 * @category formatting
 */
export const text = ({ segments = [], series }: RunReport): string | undefined => {
  const intervals = series?.intervals ?? []
  const lacks = isPartial(intervals)
  const full = intervals.filter((interval) => !lacks(interval))
  const [one] = full
  if (one === undefined || full.length === intervals.length) return undefined
  const sum = (of: (interval: Interval) => number) => full.reduce((total, interval) => total + of(interval), 0)
  const length = sum((interval) => interval.length)
  const rate = Figures.rate((sum(({ accepted }) => accepted) * 1000) / length)
  const which = one.segments === segments[0]?.of ? "all segments" : `${one.segments} segments`
  return `${rate}/s accepted in the ${Figures.duration(length / 1000)} of which ${which} are known`
}
