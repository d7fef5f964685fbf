/**
 * How many messages were accepted and had not arrived, over time: the queue of the servers between.
 *
 * @since 0.1.0
 */
import * as Figures from "../Figures.js"
import * as Axis from "./Axis.js"
import * as Chart from "./Chart.js"
import type { Markup } from "./Markup.js"

/**
 * The chart of what was accepted and what has arrived in each second; nothing where that is all within one.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (seconds: ReadonlyArray<readonly [accepted: number, arrived: number]>): ReadonlyArray<Markup> => {
  if (seconds.length < 2) return []
  const sums = { accepted: 0, arrived: 0 }
  const all = seconds.map(([accepted, arrived], second) => {
    sums.accepted += accepted
    sums.arrived += arrived
    return { second: second + 1, depth: Math.max(0, sums.accepted - sums.arrived) }
  })
  const most = all.reduce((one, other) => (other.depth > one.depth ? other : one))
  const make = (width: number, id: string): Chart.Chart => {
    // A point for each two pixels at most: of those that share one, the highest.
    const step = Math.ceil(all.length / (width / 2))
    const shown = Array.from({ length: Math.ceil(all.length / step) }, (_, index) =>
      all.slice(index * step, (index + 1) * step).reduce((one, other) => (other.depth > one.depth ? other : one))
    )
    return {
      id,
      title: "On their way",
      description: `At most ${Figures.count(most.depth)} were accepted and not yet delivered, ${Axis.clock(most.second)} after the start.`,
      width,
      height: 180,
      x: Axis.seconds(all.length),
      y: Axis.linear(Math.max(1, most.depth), Figures.rate),
      curves: [
        {
          name: "not yet delivered",
          style: "c1",
          points: [[0, 0], ...shown.map(({ depth, second }) => [second, depth] as const)]
        }
      ],
      stretches: shown.map(({ depth, second }, index) => ({
        from: shown[index - 1]?.second ?? 0,
        to: second,
        text: `${Axis.clock(second)}: ${Figures.count(depth)} not yet delivered`
      }))
    }
  }
  return [Chart.figure("Accepted and not yet delivered, at the end of each second", make, "depth")]
}
