/**
 * Charts of how a run went on: what became of messages, and how long transactions took, by the time since the start.
 *
 * @since 0.1.0
 */
import * as Histogram from "../../measure/Histogram.js"
import * as Coverage from "../Coverage.js"
import * as Summary from "../Summary.js"
import * as Axis from "./Axis.js"
import * as Chart from "./Chart.js"
import { type Markup, markup } from "./Markup.js"

/**
 * What happened in an interval of the run. Times are in milliseconds; it ended at `at`, since the start.
 *
 * @since 0.1.0
 * @category models
 */
export interface Moment {
  readonly at: number
  readonly length: number
  readonly accepted: number
  readonly rejected: number
  readonly failed: number
  /** Of those that failed, the ones that were left half way because the plan says so. */
  readonly abandoned: number
  readonly unknown: number
  /** The buckets of the accepted transactions that ended in it. */
  readonly buckets: ReadonlyArray<readonly [index: number, count: number]>
  /** Connections that were open, and messages under way, at its end. */
  readonly open?: number
  readonly underWay?: number
  /** How many segments of a run it covers. Those that lack one which others have are gaps. */
  readonly segments?: number | undefined
}

/**
 * What is known of a run besides: of an open one, what was to be when.
 *
 * @since 0.1.0
 * @category models
 */
export interface Besides {
  readonly arrivals?: unknown
  readonly stages?: ReadonlyArray<{
    readonly from: number
    readonly to: number
    readonly rate: readonly [number, number]
    readonly runs: number
  }>
}

/**
 * The charts; nothing where the run was too short for them. In an open run transactions begin when they are due.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (all: ReadonlyArray<Moment>, { arrivals, stages = [] }: Besides = {}): ReadonlyArray<Markup> => {
  const isPartial = Coverage.isPartial(all)
  const moments = withoutScraps(all.map((moment) => ({ ...moment, isGap: isPartial(moment) })))
  if (moments.length < 2) return []
  return [throughput(moments, stages), latency(moments, arrivals !== undefined), ...connections(moments)]
}

interface Covered extends Moment {
  /** Whether it says nothing of the whole. */
  readonly isGap: boolean
}

const isKnown = ({ isGap }: Covered): boolean => !isGap

/** What the pointer shows of a moment. */
const toldOf = (moment: Covered, text: string): string =>
  moment.isGap ? `${when(moment)}: not known of all segments` : text

/** What was to be when; stages of several runs that were put together say nothing of the time of day. */
const intendedOf = (stages: NonNullable<Besides["stages"]>): Chart.Curve["points"] =>
  stages.some(({ runs }) => runs > 1)
    ? []
    : stages.flatMap(({ from, rate: [first, last], to }) => [[from / 1000, first] as const, [to / 1000, last] as const])

const connections = (all: ReadonlyArray<Covered>): ReadonlyArray<Markup> => {
  if (all.some(({ open, underWay }) => open === undefined || underWay === undefined)) return []
  const make = (width: number, id: string): Chart.Chart => {
    const moments = gathered(all, width / 4)
    const known = moments.filter(isKnown)
    const most = Math.max(1, ...known.map(({ open = 0, underWay = 0 }) => Math.max(open, underWay)))
    const ifKnown = (moment: Covered, value: number | undefined) => (moment.isGap ? undefined : value)
    return {
      id,
      title: "Connections over time",
      description: `Up to ${rate(Math.max(0, ...known.map(({ open = 0 }) => open)))} connections were open.`,
      width,
      height: 160,
      x: Axis.seconds(endOf(moments)),
      y: Axis.linear(most, rate),
      roomFor: widestName,
      curves: [
        { name: "open", style: "c3", points: moments.map((each) => [each.at / 1000, ifKnown(each, each.open)]) },
        {
          name: "busy",
          style: "c1 dashed",
          points: moments.map((each) => [each.at / 1000, ifKnown(each, each.underWay)])
        }
      ],
      stretches: moments.map((moment) => ({
        ...span(moment),
        text: toldOf(
          moment,
          `${Axis.clock(moment.at / 1000)}: ${rate(moment.open ?? 0)} open, ${rate(moment.underWay ?? 0)} messages under way`
        )
      }))
    }
  }
  return [Chart.figure("Connections that were open, and messages under way", make, "connections")]
}

/** A run begins and ends within a second: what little of it there is says nothing of a rate, and goes with its neighbour. */
const withoutScraps = (moments: ReadonlyArray<Covered>): ReadonlyArray<Covered> => {
  const usual = Math.max(...moments.map(({ length }) => length))
  const isScrap = (moment: Moment | undefined) => moment !== undefined && moment.length < usual / 4
  const [first, second, ...others] = moments
  const begun = isScrap(first) && second !== undefined ? [joined([first!, second]), ...others] : moments
  const [before, last] = begun.slice(-2)
  return isScrap(last) && before !== undefined ? [...begun.slice(0, -2), joined([before, last!])] : begun
}

/** Of the curves of latency. */
const widestName = "intended"

const ends = ["accepted", "rejected", "failed", "abandoned", "unknown"] as const

/** What the plan abandons has not failed. */
const endedSo = (moment: Moment, end: (typeof ends)[number]): number =>
  end === "failed" ? moment.failed - moment.abandoned : moment[end]

const throughput = (all: ReadonlyArray<Covered>, stages: NonNullable<Besides["stages"]>): Markup => {
  const intended = intendedOf(stages)
  const make = (width: number, id: string): Chart.Chart => {
    const moments = gathered(all, width / 4)
    const perSecond = (moment: Moment, count: number) => (moment.length > 0 ? (count * 1000) / moment.length : 0)
    const total = (moment: Moment) => ends.reduce((sum, end) => sum + endedSo(moment, end), 0)
    const known = moments.filter(isKnown)
    const most = Math.max(
      0,
      ...known.map((moment) => perSecond(moment, total(moment))),
      ...intended.map(([, rate]) => rate ?? 0)
    )
    const present = ends.filter((end) => end === "accepted" || known.some((moment) => endedSo(moment, end) > 0))
    const columns = present.map((end, index) => ({
      style: `area-${end}`,
      columns: known.map((moment) => {
        const below = present.slice(0, index).reduce((sum, each) => sum + endedSo(moment, each), 0)
        return {
          ...span(moment),
          bottom: perSecond(moment, below),
          top: perSecond(moment, below + endedSo(moment, end))
        }
      })
    }))
    return {
      id,
      title: "Messages per second over time",
      description:
        known.length === 0
          ? "No part of it is known of all segments."
          : `From ${rate(Math.min(...known.map((moment) => perSecond(moment, moment.accepted))))} to ${rate(Math.max(...known.map((moment) => perSecond(moment, moment.accepted))))} messages accepted per second.`,
      width,
      height: 220,
      x: Axis.seconds(endOf(moments)),
      y: Axis.linear(most, rate),
      curves: intended.length === 0 ? [] : [{ name: "intended", style: "c0 dashed", points: intended }],
      columns,
      roomFor: widestName,
      stretches: moments.map((moment) => ({
        ...span(moment),
        text: toldOf(
          moment,
          `${when(moment)}: ${present.map((end) => `${rate(perSecond(moment, endedSo(moment, end)))} ${end}`).join(", ")} per second`
        )
      }))
    }
  }
  return Chart.figure(
    intended.length === 0
      ? "Messages per second, by how they ended"
      : "Messages per second, by how they ended, and as intended (the line)",
    make,
    "throughput"
  )
}

const latency = (all: ReadonlyArray<Covered>, open: boolean): Markup => {
  const make = (width: number, id: string): Chart.Chart => {
    const moments = gathered(all, width / 4)
    const told = moments.map((moment) => ({ moment, at: moment.isGap ? undefined : percentilesOf(moment.buckets) }))
    const known = told.flatMap(({ at }) => (at === undefined ? [] : [at]))
    const [least, most] = [Math.min(...known.map(({ p50 }) => p50)), Math.max(...known.map(({ max }) => max))]
    const curve = (name: "p50" | "p99" | "max", style: string): Chart.Curve => ({
      name,
      style,
      points: told.map(({ at, moment }) => [(moment.at - moment.length / 2) / 1000, at?.[name]])
    })
    return {
      id,
      title: "Latency of accepted transactions over time",
      description:
        known.length === 0
          ? "No message was accepted."
          : `The median is between ${Axis.time(least)} and ${Axis.time(Math.max(...known.map(({ p50 }) => p50)))}, the maximum ${Axis.time(most)}.`,
      width,
      height: 240,
      x: Axis.seconds(endOf(moments)),
      // A tail that is far above the median would press it flat.
      y: most > least * 20 ? Axis.logarithmic(least, most, Axis.roundTime) : Axis.linear(most, Axis.roundTime),
      roomFor: widestName,
      curves: known.length === 0 ? [] : [curve("p50", "c1"), curve("p99", "c2"), curve("max", "c4 dotted")],
      stretches: told.map(({ at, moment }) => ({
        ...span(moment),
        text: toldOf(
          moment,
          `${when(moment)}: ${at === undefined ? "none accepted" : `p50 ${Axis.time(at.p50)}, p99 ${Axis.time(at.p99)}, max ${Axis.time(at.max)}`}`
        )
      }))
    }
  }
  return Chart.figure(
    markup`Latency of accepted transactions, from ${open ? "when due" : "MAIL"} to the reply to the final dot`,
    make,
    "latency"
  )
}

const span = ({ at, length }: Moment) => ({ from: (at - length) / 1000, to: at / 1000 })

const when = ({ at, length }: Moment): string => `${Axis.clock((at - length) / 1000)} to ${Axis.clock(at / 1000)}`

const endOf = (moments: ReadonlyArray<Moment>): number => Math.max(...moments.map(({ at }) => at)) / 1000

const rate = (number: number): string =>
  number < 10 ? String(Number(number.toFixed(1))) : Summary.count(Math.round(number))

/** No more than `most`: neighbours together, by their sums, their maxima and their buckets. */
const gathered = (moments: ReadonlyArray<Covered>, most: number): ReadonlyArray<Covered> => {
  const size = Math.ceil(moments.length / most)
  if (size <= 1) return moments
  return Array.from({ length: Math.ceil(moments.length / size) }, (_, index) =>
    joined(moments.slice(index * size, (index + 1) * size))
  )
}

const joined = (part: ReadonlyArray<Covered>): Covered => {
  const sum = (of: (moment: Moment) => number) => part.reduce((total, moment) => total + of(moment), 0)
  const most = (of: (moment: Moment) => number) => part.reduce((before, moment) => Math.max(before, of(moment)), 0)
  return {
    // What lacks something in a part of it lacks it.
    isGap: part.some(({ isGap }) => isGap),
    at: part.at(-1)?.at ?? 0,
    length: sum(({ length }) => length),
    accepted: sum(({ accepted }) => accepted),
    rejected: sum(({ rejected }) => rejected),
    failed: sum(({ failed }) => failed),
    abandoned: sum(({ abandoned }) => abandoned),
    unknown: sum(({ unknown }) => unknown),
    // A peak is what one looks for.
    open: most(({ open = 0 }) => open),
    underWay: most(({ underWay = 0 }) => underWay),
    buckets: part.flatMap(({ buckets }) => buckets).sort(([one], [other]) => one - other)
  }
}

const percentilesOf = (buckets: Moment["buckets"]) => {
  const count = buckets.reduce((sum, [, here]) => sum + here, 0)
  if (count === 0) return undefined
  const at = (percentile: number): number => {
    let before = 0
    for (const [index, here] of buckets) {
      before += here
      if (before >= Math.ceil((percentile / 100) * count - 1e-9)) return Histogram.highestAt(index) / 1e6
    }
    return 0
  }
  return { p50: at(50), p99: at(99), max: at(100) }
}
