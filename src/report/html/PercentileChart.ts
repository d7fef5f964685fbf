/**
 * Durations by percentile, a curve for each step: what share of the messages had to wait how long.
 *
 * @since 0.1.0
 */
import * as Histogram from "../../measure/Histogram.js"
import type { Durations } from "../Durations.js"
import * as Axis from "./Axis.js"
import * as Chart from "./Chart.js"
import type { Markup } from "./Markup.js"

/**
 * The chart of what was accepted; nothing where nothing was.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (durations: ReadonlyArray<Durations>): ReadonlyArray<Markup> => {
  const accepted = durations.filter(({ count, ending }) => ending === "accepted" && count > 0)
  if (accepted.length === 0) return []
  const transactions = accepted.filter(({ of }) => of === "transaction")
  // A curve of few values tells less of percentiles than the table does.
  const often = Math.max(...accepted.map(({ count }) => count)) >= 10 * few ? few : 1
  const steps = accepted
    .filter(({ count, of }) => of !== "transaction" && !wholes.has(of) && count >= often)
    .sort((one, other) => other.count * other.mean - one.count * one.mean)
    .slice(0, transactions.length > 0 ? most : most + 1)
  const shown = [...transactions, ...steps]
  const highest = Math.max(...shown.map(({ max }) => max))
  // A step that takes no time at all would stretch the axis over powers of ten in which nothing is.
  const least = Math.max(Math.min(...shown.map(({ min }) => min)), highest / 1e5)
  const make = (width: number, id: string): Chart.Chart => ({
    id,
    title: "Latency by percentile",
    description: shown
      .map(
        ({ max, of, p50, p99 }) =>
          `${of}: half within ${Axis.time(p50)}, 99 % within ${Axis.time(p99)}, all within ${Axis.time(max)}`
      )
      .join("; "),
    width,
    height: 340,
    x: Axis.percentiles(Math.max(...shown.map(({ count }) => count))),
    y: Axis.logarithmic(least, highest, Axis.roundTime),
    curves: shown.map((each, index) => ({ name: each.of, style: styleOf(each, index), points: pointsOf(each) }))
  })
  return [
    Chart.figure(
      `How long steps took, by percentile: to the right of 99 % is what the slowest one in a hundred had to wait.${shown.length < accepted.length ? " Shown are the steps that took most of the time; the others are in the table." : ""}`,
      make,
      "percentiles"
    )
  ]
}

const few = 100

/** Beside the transaction: more curves than this cannot be told apart. */
const most = 3

/** What goes on as long as others do, or is a part of none. */
const wholes: ReadonlySet<string> = new Set(["connection", "service"])
const colours = 6

/** The transaction has a stroke of its own; the others share six colours, and neighbours differ in their strokes. */
const styleOf = ({ of }: Durations, index: number): string => {
  if (of === "transaction") return "c0"
  const stroke = index > colours ? " dotted" : index % 2 === 0 ? " dashed" : ""
  return `c${(index % colours) + 1}${stroke}`
}

/** Each value holds from where the one before ends to where its own share of the values ends. */
const pointsOf = ({ buckets, count }: Durations): Chart.Curve["points"] => {
  let before = 0
  return buckets.flatMap(([index, here]) => {
    const value = Histogram.highestAt(index) / 1e6
    const from = (before / count) * 100
    before += here
    const to = before === count ? 100 - 100 / count : (before / count) * 100
    return [
      [from, value],
      [Math.max(from, to), value]
    ] as const
  })
}
