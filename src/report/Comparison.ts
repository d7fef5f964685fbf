/**
 * Two sides set against each other, each of one or more runs: what differs, and whether runs that are alike would differ so.
 *
 * With two runs or more on both sides, the runs' own values are compared by Welch's t-test: of their logarithms, since what
 * makes runs vary does so by a factor, or of the arcsine of the root, where they are shares. Each run counts as one
 * observation, however many messages it had: messages of one run are not independent of each other.
 *
 * With one run on a side there is no telling how much runs vary, and no test.
 *
 * Of the figures in each group, the probabilities are corrected after Holm.
 *
 * @since 0.1.0
 */
import * as GeneratorHealth from "../measure/GeneratorHealth.js"
import * as Welch from "../measure/Welch.js"
import { merge } from "./MergedReport.js"
import { type RunReport, valueAtPercentile } from "./RunReport.js"

/**
 * How the sides were tested.
 *
 * @since 0.1.0
 * @category models
 */
export type Method = "runs" | "none"

/**
 * What is to be made of a difference.
 *
 * - `changed`: runs that are alike seldom differ so.
 * - `no change found`: they do; that is not to say that nothing changed.
 * - `cannot tell`: there is no test for it.
 * - `same`: it does not differ by more than the histograms tell apart.
 *
 * @since 0.1.0
 * @category models
 */
export type Finding = "changed" | "no change found" | "cannot tell" | "same"

/**
 * One figure of both sides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row {
  /** What it is of: `run`, `transaction`, or a step. */
  readonly of: string
  /** `rate`, `p99`, `rejected` and so on. */
  readonly name: string
  readonly unit: "ms" | "/s" | "%"
  /** The mean over the side's runs: geometric, but for shares. */
  readonly before: number
  readonly after: number
  /** By which factor it changed, with 95 % confidence; undefined for shares and where there is no test. */
  readonly ratio: number | undefined
  readonly interval: readonly [low: number, high: number] | undefined
  readonly p: number | undefined
  readonly finding: Finding
  readonly better: "higher" | "lower"
}

/**
 * How often a server gave a reply, on both sides, per thousand messages started.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReplyRow {
  readonly step: string
  readonly code: number
  readonly enhanced: string | undefined
  readonly before: number
  readonly after: number
}

/**
 * The comparison.
 *
 * @since 0.1.0
 * @category models
 */
export interface Comparison {
  readonly method: Method
  readonly runs: readonly [before: number, after: number]
  /** In how many runs of each side the generator was the bottleneck: their figures may be its own. */
  readonly bottlenecks: readonly [before: number, after: number]
  /** Fields of the plan in which the sides differ. */
  readonly plan: ReadonlyArray<{ readonly field: string; readonly before: unknown; readonly after: unknown }>
  readonly rows: ReadonlyArray<Row>
  readonly replies: ReadonlyArray<ReplyRow>
}

type Runs = ReadonlyArray<RunReport>

/** Below this probability, corrected, a difference is a change. */
const limit = 0.05

/** Buckets are up to this wide, by ratio. */
const resolution = 2 / 1024

/**
 * Compares the runs of two sides; each has one at least, and none is among them twice (`MergedReport.twice`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (before: Runs, after: Runs): Comparison => {
  const method = before.length >= 2 && after.length >= 2 ? "runs" : "none"
  const together: readonly [RunReport, RunReport] = [before.reduce(merge), after.reduce(merge)]
  const ofRun = [rateRow(before, after), ...ends.map((end) => shareRow(before, after, end))]
  const groups = namesOf(together).map((of) =>
    statistics.flatMap((statistic) => durationRow(before, after, of, statistic) ?? [])
  )
  const main = corrected([...ofRun, ...groups.filter(([row]) => row?.of === "transaction").flat()])
  const steps = corrected(groups.filter(([row]) => row?.of !== "transaction").flat())
  return {
    method,
    runs: [before.length, after.length],
    bottlenecks: [bottlenecks(before), bottlenecks(after)],
    plan: planDifferences(together[0], together[1]),
    rows: [...main, ...steps],
    replies: replyRows(together)
  }
}

const bottlenecks = (runs: Runs): number =>
  runs.filter(({ generator }) => generator !== undefined && GeneratorHealth.isBottleneck(generator)).length

const ends = ["rejected", "failed", "unknown"] as const
const statistics = [
  ["p50", 50],
  ["p90", 90],
  ["p99", 99],
  ["p99.9", 99.9],
  ["max", 100]
] as const

/** A row whose probability is not corrected yet. */
type Draft = Omit<Row, "finding">

const factor = (
  before: ReadonlyArray<number>,
  after: ReadonlyArray<number>
): Pick<Draft, "before" | "after" | "ratio" | "interval" | "p"> => {
  const logs = (values: ReadonlyArray<number>) => values.map((value) => Math.log(Math.max(value, 1e-6)))
  const mean = (values: ReadonlyArray<number>) =>
    Math.exp(values.reduce((sum, value) => sum + value, 0) / values.length)
  const [left, right] = [mean(logs(before)), mean(logs(after))]
  const tested = Welch.test(logs(before), logs(after))
  return {
    before: left,
    after: right,
    ratio: right / left,
    interval: tested === undefined ? undefined : [Math.exp(tested.low), Math.exp(tested.high)],
    p: tested?.p
  }
}

const rateRow = (before: Runs, after: Runs): Draft => {
  const rates = (runs: Runs) => runs.map(({ rate }) => rate)
  return { of: "run", name: "rate", unit: "/s", better: "higher", ...factor(rates(before), rates(after)) }
}

const shareRow = (before: Runs, after: Runs, end: (typeof ends)[number]): Draft => {
  const share = ({ messages }: RunReport) => (messages.planned === 0 ? 0 : messages[end] / messages.planned)
  const stable = (run: RunReport) => Math.asin(Math.sqrt(share(run)))
  // Of so many messages, a share varies by as much even where no two runs show it.
  const least = (runs: Runs) =>
    1 / (4 * Math.max(1, runs.reduce((sum, { messages }) => sum + messages.planned, 0) / runs.length))
  const mean = (runs: Runs) => (runs.reduce((sum, run) => sum + share(run), 0) / runs.length) * 100
  const tested = Welch.test(before.map(stable), after.map(stable), { leastVariance: [least(before), least(after)] })
  return {
    of: "run",
    name: end,
    unit: "%",
    better: "lower",
    before: mean(before),
    after: mean(after),
    ratio: undefined,
    interval: undefined,
    p: tested?.p
  }
}

/** Undefined where a run of either side did not measure it, or not often enough. */
const durationRow = (
  before: Runs,
  after: Runs,
  of: string,
  [name, percentile]: (typeof statistics)[number]
): Draft | undefined => {
  const values = (runs: Runs) =>
    runs.flatMap(({ durations }) => {
      const found = durations.find((each) => each.of === of && each.ending === "accepted")
      // Of too few values a high percentile is the maximum once more.
      const told =
        found !== undefined && found.count > 0 && (percentile === 100 || found.count * (100 - percentile) >= 100)
      return told ? [valueAtPercentile(found, percentile)] : []
    })
  const [left, right] = [values(before), values(after)]
  if (left.length < before.length || right.length < after.length) return undefined
  return { of, name, unit: "ms", better: "lower", ...factor(left, right) }
}

const namesOf = (reports: ReadonlyArray<RunReport>): ReadonlyArray<string> => {
  const names = reports.flatMap(({ durations }) =>
    durations.flatMap(({ ending, of }) => (ending === "accepted" ? [of] : []))
  )
  return [...new Set(["transaction", ...names])]
}

const corrected = (drafts: ReadonlyArray<Draft>): ReadonlyArray<Row> => {
  const tested = drafts.filter(({ p }) => p !== undefined)
  const ps = Welch.holm(tested.map(({ p = 1 }) => p))
  return drafts.map((draft) => {
    const at = tested.indexOf(draft)
    const p = at < 0 ? undefined : ps[at]
    return { ...draft, p, finding: findingOf(draft, p) }
  })
}

const findingOf = ({ after, before, unit }: Draft, p: number | undefined): Finding => {
  const larger = Math.max(before, after)
  const apart = larger === 0 ? 0 : Math.abs(after - before) / larger
  if (unit === "ms" ? apart <= resolution : apart === 0) return "same"
  if (p === undefined) return "cannot tell"
  return p < limit ? "changed" : "no change found"
}

/**
 * The fields in which two plans differ, without those that say how a run is told of, and by which name the host greets.
 *
 * @since 0.1.0
 * @category reading
 */
export const planDifferences = (before: RunReport, after: RunReport): Comparison["plan"] =>
  [...new Set([...Object.keys(before.plan), ...Object.keys(after.plan)])]
    .filter((field) => !telling.has(field))
    .map((field) => ({ field, before: before.plan[field], after: after.plan[field] }))
    .filter((each) => JSON.stringify(each.before) !== JSON.stringify(each.after))

const telling = new Set([
  "report",
  "failIf",
  "abortIf",
  "verbose",
  "counter",
  "summary",
  "progress",
  "helloName",
  "drain"
])

const replyRows = ([before, after]: readonly [RunReport, RunReport]): ReadonlyArray<ReplyRow> => {
  const keyed = (report: RunReport) =>
    new Map(
      report.replies
        .filter(({ code }) => code < 200 || code >= 400)
        .map((reply) => [`${reply.step} ${reply.code} ${reply.enhanced ?? ""}`, reply])
    )
  const [left, right] = [keyed(before), keyed(after)]
  const perThousand = (count: number | undefined, { messages }: RunReport) =>
    messages.started === 0 ? 0 : ((count ?? 0) * 1000) / messages.started
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) => {
    const reply = left.get(key) ?? right.get(key)
    if (reply === undefined) return []
    return [
      {
        step: reply.step,
        code: reply.code,
        enhanced: reply.enhanced,
        before: perThousand(left.get(key)?.count, before),
        after: perThousand(right.get(key)?.count, after)
      }
    ]
  })
}
