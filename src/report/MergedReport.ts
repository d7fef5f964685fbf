/**
 * Reports of several runs, put together: histograms, counts and series add up exactly.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Order from "effect/Order"
import * as Accounting from "../measure/Accounting.js"
import * as Counts from "../measure/Counts.js"
import * as ErrorTally from "../measure/ErrorTally.js"
import * as GeneratorHealth from "../measure/GeneratorHealth.js"
import * as Meter from "../measure/Meter.js"
import * as ReplyTally from "../measure/ReplyTally.js"
import * as TlsTally from "../measure/TlsTally.js"
import * as WithoutTally from "../measure/WithoutTally.js"
import * as Series from "../measure/Series.js"
import * as Coverage from "./Coverage.js"
import * as Durations from "./Durations.js"
import * as LoginSummary from "./LoginSummary.js"
import * as ProofReport from "./ProofReport.js"
import * as RunReport from "./RunReport.js"
import * as RunSegments from "./RunSegments.js"
import * as Spans from "./Spans.js"
import * as StampedReport from "./StampedReport.js"
import * as StrikesReport from "./StrikesReport.js"
import * as Stages from "./Stages.js"
import * as CorpusSummary from "./CorpusSummary.js"
import * as TargetSummary from "./TargetSummary.js"

/**
 * The report of two runs as of one: segments of one run (`Segment.of`), or a run and its repetition. The order does not
 * matter, nor does the grouping, and one of many may be added to the rest as it is read. Verdicts are left out: they are to be found anew. That no run is among them twice is for
 * the caller to see to, with `twice`.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge: {
  (that: RunReport.RunReport): (self: RunReport.RunReport) => RunReport.RunReport
  (self: RunReport.RunReport, that: RunReport.RunReport): RunReport.RunReport
} = dual(2, (one: RunReport.RunReport, two: RunReport.RunReport): RunReport.RunReport => {
  const [a, b] = [withoutMissing(one), withoutMissing(two)]
  const startedAt = compare(a.startedAt, b.startedAt) <= 0 ? a.startedAt : b.startedAt
  const later = ({ startedAt: own }: RunReport.RunReport) => Date.parse(own) - Date.parse(startedAt)
  const elapsed = RunReport.micros(Math.max(a.elapsed + later(a), b.elapsed + later(b)))
  const { planned, recipients, ...messages } = Accounting.sum(
    a.messages.planned + b.messages.planned,
    [a, b].map((report) => ({ ...report.messages, recipients: report.recipients }))
  )
  const active = Spans.union([a, b].map((report) => moved(RunReport.activeOf(report), later(report))))
  const measured: Pick<RunReport.RunReport, "measured"> =
    a.measured === undefined && b.measured === undefined
      ? {}
      : {
          measured: {
            accepted: [a, b].reduce((sum, { measured, messages }) => sum + (measured ?? messages).accepted, 0),
            active: Spans.union(
              [a, b].map((report) => moved(report.measured?.active ?? RunReport.activeOf(report), later(report)))
            )
          }
        }
  const staged = mergeStages(a, b)
  // Of what cannot be added up, that of the one which started first is taken.
  const [first] = [a, b].sort((left, right) => compare(identity(left), identity(right)))
  const { tool } = first ?? a
  // Together they are of no segment any more.
  const { segment: _, ...plan } = (first ?? a).plan
  const gravest = worst.find((ended) => a.ended === ended || b.ended === ended) ?? "completed"
  const reasons = [a, b]
    .flatMap(({ ended, reason }) => (ended === gravest && reason !== undefined ? [reason] : []))
    .sort()
  return {
    version: 2,
    tool,
    runs: a.runs + b.runs,
    ids: [...new Set([...a.ids, ...b.ids])].sort(),
    startedAt,
    elapsed,
    active,
    ended: gravest,
    ...(reasons[0] === undefined ? {} : { reason: reasons[0] }),
    plan,
    messages: { planned, ...messages, lost: a.messages.lost + b.messages.lost },
    ...RunSegments.merge([a, b]),
    recipients,
    ...mergeArrivals([a, b]),
    ...mergeScenarios([a, b]),
    ...measured,
    ...staged,
    rate: RunReport.measuredRate({ messages, active, ...measured, ...staged }),
    bytes: Counts.sum(Counts.bytes, [a.bytes, b.bytes]),
    connections: Counts.sum(Counts.connections, [a.connections, b.connections]),
    durations: mergeDurations([...a.durations, ...b.durations]),
    replies: ReplyTally.merge([a, b].map((report) => delayed(report.replies, later(report)))).map(
      RunReport.withoutUndefined
    ),
    ...RunReport.tlsOf(TlsTally.merge([a.tls ?? [], b.tls ?? []])),
    ...LoginSummary.merge([a, b]),
    ...TargetSummary.merge([a, b]),
    ...CorpusSummary.merge([a, b]),
    ...StampedReport.merge([a, b]),
    ...ProofReport.merge([a, b]),
    ...StrikesReport.merge([a, b]),
    ...RunReport.withoutOf(WithoutTally.merge([a.without ?? [], b.without ?? []])),
    errors: ErrorTally.merge([a, b].map((report) => delayed(report.errors, later(report)))),
    ...mergeSeries([a, b]),
    ...mergeGenerators([a, b])
  }
})

/**
 * The report of all segments of a run, with those that there is no result of: their messages are planned, and lost; and with
 * the number of segments that each interval of the series covers. A report of whole runs is as it was.
 *
 * @since 0.1.0
 * @category combining
 */
export const withMissing = (report: RunReport.RunReport): RunReport.RunReport => {
  const missing = RunSegments.missing(report)
  return Coverage.add(
    missing.length === 0
      ? report
      : withLost({ ...report, ...RunSegments.merge([report, { segments: missing }]) }, lostIn(missing))
  )
}

/** Of segments that were missing, results may have been found. */
const withoutMissing = (told: RunReport.RunReport): RunReport.RunReport => {
  const report = Coverage.remove(told)
  const { segments = [] } = report
  const missing = segments.filter(isMissing)
  return missing.length === 0
    ? report
    : withLost({ ...report, segments: segments.filter((segment) => !isMissing(segment)) }, -lostIn(missing))
}

const isMissing = ({ ended }: RunSegments.RunSegment): boolean => ended === "missing"

const lostIn = (segments: ReadonlyArray<RunSegments.RunSegment>): number =>
  segments.reduce((sum, { lost = 0 }) => sum + lost, 0)

const withLost = (report: RunReport.RunReport, more: number): RunReport.RunReport => {
  const { messages } = report
  return { ...report, messages: { ...messages, planned: messages.planned + more, lost: messages.lost + more } }
}

/**
 * Reports that are not to be added up: there is none, one is among them twice, or they are of different runs.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotMergeable extends Data.TaggedError("NotMergeable")<{
  readonly reason: string
}> {
  override get message(): string {
    return this.reason
  }
}

/**
 * The report of all segments of a run, or of several whole runs, with what is missing (`withMissing`).
 *
 * @since 0.1.0
 * @category combining
 */
export const all = (reports: Iterable<RunReport.RunReport>): Either.Either<RunReport.RunReport, NotMergeable> =>
  Either.gen(function* () {
    let sum: RunReport.RunReport | undefined
    for (const report of reports) {
      if (sum !== undefined) {
        const id = twice([sum, report])
        const problem = discord(sum, report) ?? (id === undefined ? undefined : `${id} is among them twice`)
        if (problem !== undefined) return yield* Either.left(new NotMergeable({ reason: problem }))
      }
      sum = sum === undefined ? report : merge(sum, report)
    }
    return sum === undefined ? yield* Either.left(new NotMergeable({ reason: "there is no result" })) : withMissing(sum)
  })

/**
 * Why two reports are not to be added up: they are segments of different runs, or cut in different ways. Undefined where they are.
 *
 * @since 0.1.0
 * @category reading
 */
export const discord: (
  a: Pick<RunReport.RunReport, "segments">,
  b: Pick<RunReport.RunReport, "segments">
) => string | undefined = RunSegments.discord

/**
 * The id of a run that is among them more than once, if one is: it would count as often.
 *
 * @since 0.1.0
 * @category reading
 */
export const twice = (reports: ReadonlyArray<Pick<RunReport.RunReport, "ids">>): string | undefined => {
  const ids = reports.flatMap(({ ids }) => ids)
  return ids.find((id, index) => ids.indexOf(id) < index)
}

const moved = (spans: Spans.Spans, by: number): Spans.Spans =>
  spans.map(([from, to]) => [RunReport.micros(from + by), RunReport.micros(to + by)])

const worst = ["cut", "failed", "stopped", "completed"] as const

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const identity = ({ plan, startedAt, tool }: RunReport.RunReport): string => startedAt + JSON.stringify([plan, tool])

/** The same, seen from an earlier start. */
const delayed = <A extends { readonly first: number; readonly last: number }>(entries: ReadonlyArray<A>, by: number) =>
  entries.map((entry) => ({
    ...entry,
    first: RunReport.micros(entry.first + by),
    last: RunReport.micros(entry.last + by)
  }))

const mergeDurations = (all: ReadonlyArray<Durations.Durations>): ReadonlyArray<Durations.Durations> =>
  Durations.ofSteps(Meter.sumSteps([all]))

const mergeArrivals = (reports: ReadonlyArray<RunReport.RunReport>): Pick<RunReport.RunReport, "arrivals"> => {
  const known = reports.flatMap(({ arrivals }) => (arrivals === undefined ? [] : [arrivals]))
  if (known.length === 0) return {}
  return { arrivals: Counts.sum(Counts.arrivals, known) }
}

const mergeStages = (
  a: RunReport.RunReport,
  b: RunReport.RunReport
): Pick<RunReport.RunReport, "stages" | "rates" | "afterwards"> => {
  // Segments of a run go on at the same time; whole runs are repetitions.
  const combine = a.segments !== undefined && RunSegments.discord(a, b) === undefined ? Stages.together : Stages.merge
  const stages = a.stages === undefined || b.stages === undefined ? undefined : combine(a.stages, b.stages)
  if (stages === undefined) return {}
  const rates = Stages.ratesOf(stages)
  return {
    stages,
    ...(rates === undefined ? {} : { rates }),
    afterwards: (a.afterwards ?? 0) + (b.afterwards ?? 0)
  }
}

const mergeScenarios = (reports: ReadonlyArray<RunReport.RunReport>): Pick<RunReport.RunReport, "scenarios"> => {
  const known = reports.flatMap(({ scenarios }) => (scenarios === undefined ? [] : [scenarios]))
  if (known.length === 0) return {}
  return { scenarios: Counts.sum(["begun", "failed"], known) }
}

const mergeSeries = (reports: ReadonlyArray<RunReport.RunReport>): Pick<RunReport.RunReport, "series"> => {
  const known = reports.flatMap(({ series, startedAt }) =>
    series === undefined ? [] : [{ series, startedAt: Date.parse(startedAt) }]
  )
  if (known.length === 0) return {}
  // Times are since the start of the whole, even where its first part has no series.
  const start = { series: Series.empty, startedAt: Math.min(...reports.map(({ startedAt }) => Date.parse(startedAt))) }
  return { series: Series.merge([...known, start]) }
}

const byRank = Order.tuple(Order.number, Order.number, Order.number, Order.number)

/** How busy it was is that of the busiest. */
const mergeGenerators = (reports: ReadonlyArray<RunReport.RunReport>): Pick<RunReport.RunReport, "generator"> => {
  const known = reports.flatMap(({ generator }) => (generator === undefined ? [] : [generator]))
  if (known.length === 0) return {}
  const sum = (of: (generator: (typeof known)[number]) => number) =>
    RunReport.micros(known.reduce((total, generator) => total + of(generator), 0))
  const most = (of: (generator: (typeof known)[number]) => number) => Math.max(...known.map(of))
  const rank = (generator: (typeof known)[number]) => {
    const { utilisation, waited = 0, watched = 0 } = generator
    return [GeneratorHealth.saturationOf(generator), utilisation, watched, waited] as const
  }
  const [busiest] = known.toSorted((a, b) => Order.reverse(byRank)(rank(a), rank(b)))
  const { utilisation = 0, waited, watched } = busiest ?? {}
  return {
    generator: {
      cpu: { user: sum(({ cpu }) => cpu.user), system: sum(({ cpu }) => cpu.system) },
      utilisation,
      ...(watched === undefined ? {} : { watched }),
      ...(waited === undefined ? {} : { waited }),
      delayMean: most(({ delayMean }) => delayMean),
      delayP99: most(({ delayP99 }) => delayP99)
    }
  }
}
