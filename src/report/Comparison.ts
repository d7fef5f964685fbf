/**
 * Two sides set against each other, each of one or more runs: what differs, and whether runs that are alike would differ so.
 *
 * With two runs or more on both sides, the runs' own values are compared by Welch's t-test: of their logarithms, since what
 * makes runs vary does so by a factor, or of the arcsine of the root, where they are shares. Each run counts as one
 * observation, however many messages it had: messages of one run are not independent of each other.
 *
 * With one run on a side there is no telling how much runs vary, and no test.
 *
 * Of the figures in each group, all intervals hold at once with 95 % confidence (Bonferroni), and a figure changed where its
 * interval says so: the interval and the finding are one statement.
 *
 * @since 0.1.0
 */
import * as Welch from "../measure/Welch.js"
import { merge } from "./MergedReport.js"
import { valueAtPercentile } from "./Durations.js"
import * as Bottleneck from "./Bottleneck.js"
import type { Comparison, Finding, Row } from "./ComparisonSchema.js"
import type { RunReport } from "./RunReport.js"

export { type Comparison, type Finding, jsonSchema, type Method, type Row, schema } from "./ComparisonSchema.js"

type Runs = ReadonlyArray<RunReport>

/** Below this probability, corrected for the number of figures, a difference is a change. */
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
    version: 1,
    method,
    runs: [before.length, after.length],
    bottlenecks: [bottlenecks(before), bottlenecks(after)],
    plan: planDifferences(together[0], together[1]),
    rows: [...main, ...steps],
    missing: missingOf(together),
    replies: replyRows(together)
  }
}

const bottlenecks = (runs: Runs): number => runs.filter((run) => Bottleneck.causesOf(run).length > 0).length

const ends = ["rejected", "failed", "unknown"] as const
/** Few, for each that is tested beside them widens the intervals of all. */
const statistics = [
  ["p50", 50],
  ["p99", 99]
] as const

/** A row that is not tested yet. */
interface Draft extends Omit<Row, "finding" | "interval" | "p"> {
  /** Undefined where there is no test. */
  readonly test: (confidence: number) => Welch.Difference | undefined
}

const factor = (
  before: ReadonlyArray<number>,
  after: ReadonlyArray<number>
): Pick<Draft, "before" | "after" | "ratio" | "test"> => {
  const logs = (values: ReadonlyArray<number>) => values.map((value) => Math.log(Math.max(value, 1e-6)))
  const mean = (values: ReadonlyArray<number>) =>
    Math.exp(values.reduce((sum, value) => sum + value, 0) / values.length)
  const [left, right] = [mean(logs(before)), mean(logs(after))]
  return {
    before: left,
    after: right,
    ratio: right / left,
    test: (confidence) => Welch.test(logs(before), logs(after), { confidence })
  }
}

const rateRow = (before: Runs, after: Runs): Draft => {
  const rates = (runs: Runs) => runs.map(({ rate }) => rate)
  return { of: "run", name: "rate", unit: "/s", better: "higher", ...factor(rates(before), rates(after)) }
}

const shareRow = (before: Runs, after: Runs, end: (typeof ends)[number]): Draft => {
  const share = ({ messages }: RunReport) => (messages.planned === 0 ? 0 : messages[end] / messages.planned)
  const stable = (run: RunReport) => Math.asin(Math.sqrt(share(run)))
  // Of this many messages, a share varies by as much even where no two runs show it.
  const least = (runs: Runs) =>
    1 / (4 * Math.max(1, runs.reduce((sum, { messages }) => sum + messages.planned, 0) / runs.length))
  const mean = (runs: Runs) => (runs.reduce((sum, run) => sum + share(run), 0) / runs.length) * 100
  // What no run showed cannot be found to have changed, and does not count among the figures.
  const never = [...before, ...after].every(({ messages }) => messages[end] === 0)
  return {
    of: "run",
    name: end,
    unit: "%",
    better: "lower",
    before: mean(before),
    after: mean(after),
    test: (confidence) =>
      never
        ? undefined
        : Welch.test(before.map(stable), after.map(stable), {
            leastVariance: [least(before), least(after)],
            confidence
          })
  }
}

/** How long the generator takes to write, and how late it begins, is no server's merit or fault. */
const generatorsOwn: ReadonlySet<string> = new Set(["content", "start", "queued"])

/** What a server that grew slower to greet would show in. */
const handshake = ["connect", "greeting", "hello"]

const missingOf = ([before, after]: readonly [RunReport, RunReport]): Comparison["missing"] => {
  const of = ({ durations }: RunReport) =>
    new Set(durations.flatMap(({ count, ending, of }) => (ending === "accepted" && count > 0 ? [of] : [])))
  const [left, right] = [of(before), of(after)]
  const warm = before.measured !== undefined || after.measured !== undefined
  const names = [...new Set([...(warm ? handshake : []), ...left, ...right])]
  return names.flatMap((name) => {
    if (left.has(name) && right.has(name)) return []
    return [{ of: name, on: left.has(name) ? "after" : right.has(name) ? "before" : "both" } as const]
  })
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
      const told = found !== undefined && found.count > 0 && found.count * (100 - percentile) >= 100
      return told ? [valueAtPercentile(found, percentile)] : []
    })
  const [left, right] = [values(before), values(after)]
  if (left.length < before.length || right.length < after.length) return undefined
  const better = generatorsOwn.has(of) ? "neither" : "lower"
  return { of, name, unit: "ms", better, ...factor(left, right) }
}

const namesOf = (reports: ReadonlyArray<RunReport>): ReadonlyArray<string> => {
  const names = reports.flatMap(({ durations }) =>
    durations.flatMap(({ ending, of }) => (ending === "accepted" ? [of] : []))
  )
  return [...new Set(["transaction", ...names])]
}

const corrected = (drafts: ReadonlyArray<Draft>): ReadonlyArray<Row> => {
  const tests = drafts.filter(({ test }) => test(0.95) !== undefined).length
  return drafts.map(({ test, ...draft }) => {
    const tested = test(1 - limit / tests)
    if (tested === undefined) return { ...draft, finding: findingOf(draft, undefined) }
    const p = Math.min(1, tested.p * tests)
    // A factor beyond all numbers is none in JSON.
    const bound = (logarithm: number) => Math.min(Math.exp(logarithm), Number.MAX_VALUE)
    const interval = draft.ratio === undefined ? undefined : ([bound(tested.low), bound(tested.high)] as const)
    return { ...draft, interval, p, finding: findingOf(draft, p) }
  })
}

const findingOf = (
  { after, before, better, unit }: Pick<Row, "after" | "before" | "better" | "unit">,
  p: number | undefined
): Finding => {
  const larger = Math.max(before, after)
  const apart = larger === 0 ? 0 : Math.abs(after - before) / larger
  if (unit === "ms" ? apart <= resolution : apart === 0) return "same"
  if (p === undefined) return "cannot tell"
  if (p >= limit) return "not proven"
  if (better === "neither") return "changed"
  return after > before === (better === "higher") ? "better" : "worse"
}

/**
 * What has a plan.
 *
 * @since 0.1.0
 * @category models
 */
export type Planned = Pick<RunReport, "plan">

/**
 * The fields in which two plans differ, without those that say how a run is reported, and by which name the host greets.
 *
 * @since 0.1.0
 * @category reading
 */
export const planDifferences = (before: Planned, after: Planned): Comparison["plan"] =>
  [...new Set([...Object.keys(before.plan), ...Object.keys(after.plan)])]
    .filter((field) => !telling.has(field))
    .map((field) => ({ field, before: before.plan[field], after: after.plan[field] }))
    .filter((each) => JSON.stringify(each.before) !== JSON.stringify(each.after))

const telling = new Set([
  "report",
  "failIf",
  "require",
  "abortIf",
  "verbose",
  "counter",
  "summary",
  "progress",
  "helloName",
  "drain",
  "segment",
  "runId",
  "startAt",
  "compareClocks"
])

const replyRows = ([before, after]: readonly [RunReport, RunReport]): Comparison["replies"] => {
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
