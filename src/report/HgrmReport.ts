/**
 * Distributions in the form that HdrHistogram prints and its plotters read: one for each step and ending, in milliseconds.
 *
 * @since 0.1.0
 */
import * as Histogram from "../measure/Histogram.js"
import * as Printable from "../smtp/Printable.js"
import type { Durations } from "./Durations.js"
import type { RunReport } from "./RunReport.js"

/**
 * One distribution, and what it is of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Distribution {
  /** Fit for a file's name: `rcpt-accepted`. */
  readonly name: string
  readonly text: string
}

/**
 * The name of the distribution of accepted transactions.
 *
 * @since 0.1.0
 * @category constants
 */
export const main = "transaction-accepted"

/**
 * The distributions, that of accepted transactions first. A plotter wants each in a file of its own.
 *
 * @since 0.1.0
 * @category rendering
 */
export const distributions = ({ durations }: RunReport): ReadonlyArray<Distribution> => {
  const all = durations.map((each) => ({ each, leads: each.of === "transaction" && each.ending === "accepted" }))
  const ordered = [...all.filter(({ leads }) => leads), ...all.filter(({ leads }) => !leads)]
  return ordered.map(({ each }) => ({
    name: `${each.of}-${each.ending}`.replace(/[^\w-]/g, "_"),
    text: distribution(each)
  }))
}

/**
 * All distributions in one text, each under a line that says what it is of.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (report: RunReport): string =>
  distributions(report)
    .map(({ name, text }) => `# ${Printable.escape(name)}\n${text}`)
    .join("\n")

/** Reporting levels in each half of what is left to 100 %. */
const ticksPerHalf = 5

const distribution = ({ buckets, count, max, mean }: Durations): string => {
  const lines: Array<string> = []
  let level = 0
  let seen = 0
  for (const [index, here] of buckets) {
    seen += here
    const value = fixed(Histogram.highestAt(index) / 1e6, 3, 12)
    // As HdrHistogram has it, the last bucket gets one line, and another one at 100 %.
    do {
      if ((seen / count) * 100 < level) break
      const rest = 1 - level / 100
      lines.push(`${value} ${fixed(level / 100, 12)} ${String(seen).padStart(10)} ${fixed(1 / rest, 2, 14)}`)
      level += 100 / (ticksPerHalf * 2 ** (Math.floor(Math.log2(1 / rest)) + 1))
    } while (seen < count)
    if (seen === count) lines.push(`${value} ${fixed(1, 12)} ${String(seen).padStart(10)}`)
  }
  return [
    `${"Value".padStart(12)} ${"Percentile".padStart(14)} ${"TotalCount".padStart(10)} ${"1/(1-Percentile)".padStart(14)}`,
    "",
    ...lines,
    `#[Mean    = ${fixed(mean, 3, 12)}, StdDeviation   = ${fixed(deviation({ buckets, count, mean }), 3, 12)}]`,
    `#[Max     = ${fixed(max, 3, 12)}, Total count    = ${String(count).padStart(12)}]`,
    `#[Buckets = ${String(bucketCount).padStart(12)}, SubBuckets     = ${String(subBucketCount).padStart(12)}]`,
    ""
  ].join("\n")
}

const bucketCount = 32
const subBucketCount = 2048

const fixed = (number: number, digits: number, width = 0): string => number.toFixed(digits).padStart(width)

const deviation = ({ buckets, count, mean }: Pick<Durations, "buckets" | "count" | "mean">): number => {
  const middle = (index: number) => (Histogram.lowestAt(index) + Histogram.highestAt(index)) / 2e6
  const squares = buckets.reduce((sum, [index, here]) => sum + here * (middle(index) - mean) ** 2, 0)
  return count === 0 ? 0 : Math.sqrt(squares / count)
}
