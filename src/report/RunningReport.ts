/**
 * The report of a run that still goes on, made from its samples; or of one whose end nobody saw.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { noRecipients } from "../measure/Accounting.js"
import * as Histogram from "../measure/Histogram.js"
import type { Sample } from "../measure/Meter.js"
import * as Counts from "../measure/Counts.js"
import * as Meter from "../measure/Meter.js"
import * as Series from "../measure/Series.js"
import * as Arrival from "../plan/Arrival.js"
import type { Plan } from "../plan/Plan.js"
import * as Rate from "../plan/Rate.js"
import * as Segment from "../plan/Segment.js"
import * as Durations from "./Durations.js"
import * as RunReport from "./RunReport.js"
import * as RunSegments from "./RunSegments.js"
import type * as Spans from "./Spans.js"
import * as Stages from "./Stages.js"

/**
 * What is known of a run before it begins.
 *
 * @since 0.1.0
 * @category models
 */
export interface Start extends Pick<RunReport.RunReport, "tool" | "ids" | "startedAt" | "plan"> {
  /** The number of messages, where it is not the run's time alone that ends it. */
  readonly planned?: number | undefined
  /** Which segment of a run it is; undefined where it is the whole. */
  readonly segment?: RunSegments.Which | undefined
}

/**
 * What is known of the run of a plan before it begins.
 *
 * @since 0.1.0
 * @category constructors
 */
export const startOf = (
  plan: Plan,
  {
    planned,
    runId,
    startedAt,
    version
  }: {
    readonly planned: number | undefined
    readonly runId: string
    readonly startedAt: Date
    readonly version: string
  }
): Start => ({
  planned,
  tool: { name: "smtp-source", version },
  ids: [Segment.nameOf(Segment.ofPlan(plan), runId)],
  startedAt: startedAt.toISOString(),
  plan: { ...plan },
  segment: RunSegments.ofPlan(plan, runId)
})

/**
 * A sample as a report has it: with texts that are printable.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry extends Pick<Sample, "interval" | "recipients" | "durations"> {
  /** Since the start of the run, not of the interval. */
  readonly replies: RunReport.RunReport["replies"]
  readonly errors: RunReport.RunReport["errors"]
  /** How the generator fared, since the start of the run, where that is known. */
  readonly generator?: RunReport.RunReport["generator"] | undefined
}

/**
 * A sample with its texts made printable.
 *
 * @since 0.1.0
 * @category constructors
 */
export const entry = ({ durations, errors, interval, recipients, replies }: Sample): Entry => ({
  interval,
  recipients,
  durations,
  replies: RunReport.repliesOf(replies),
  errors: RunReport.errorsOf(errors)
})

/**
 * Two entries that follow each other, as one.
 *
 * @since 0.1.0
 * @category combining
 */
export const join = (before: Entry, after: Entry): Entry => ({
  ...after,
  interval: Series.join([before.interval, after.interval]),
  recipients: sumRecipients(before.recipients, after.recipients),
  durations: Meter.sumSteps([before.durations, after.durations])
})

/**
 * Adds up what happened so far.
 *
 * @since 0.1.0
 * @category models
 */
export class RunningReport {
  series: Series.Series = Series.empty
  private readonly startedAt: number
  private total: Series.Interval | undefined = undefined
  private recipients: Sample["recipients"] = noRecipients
  private readonly durations = new Map<string, Pick<Meter.StepBuckets, "ending" | "of"> & Histogram.Histogram>()
  private last: Entry | undefined = undefined
  private readonly warmUpEnd: number | undefined
  private readonly measured: { accepted: number; from: number | undefined } = { accepted: 0, from: undefined }

  constructor(private readonly start: Start) {
    this.startedAt = Date.parse(start.startedAt)
    const { warmUp } = start.plan
    this.warmUpEnd =
      typeof warmUp === "string" ? Option.getOrUndefined(Either.getRight(Rate.parseDuration(warmUp))) : undefined
  }

  add(entry: Entry): void {
    const { durations, interval, recipients } = entry
    this.series = Series.append(this.series, interval, this.startedAt)
    const counts = { ...interval, buckets: [] }
    this.total = this.total === undefined ? counts : Series.together([this.total, counts])
    this.recipients = sumRecipients(this.recipients, recipients)
    for (const { buckets, ending, of } of durations) this.count(of, ending, buckets)
    this.last = entry
    // Of the interval in which the warm-up ends nobody knows what came after it.
    const from = interval.at - interval.length
    if (this.warmUpEnd === undefined || from < this.warmUpEnd) return
    this.measured.accepted += interval.accepted
    this.measured.from ??= from
  }

  /** Sums of buckets would be made anew with each second. */
  private count(of: string, ending: Meter.StepBuckets["ending"], buckets: Series.Buckets): void {
    const key = `${of} ${ending}`
    let sum = this.durations.get(key)
    if (sum === undefined) {
      sum = { of, ending, ...Histogram.make() }
      this.durations.set(key, sum)
    }
    for (const [index, count] of buckets) sum.counts[index] = (sum.counts[index] ?? 0) + count
  }

  /**
   * What is known of the run so far, as of one that was cut. Messages under way have an end that nobody saw, and are booked
   * as unknown, and those that were not started yet are lost: it may have gone on for a while. Or both are left open, where the
   * run still goes on.
   */
  report(underWay: "unknown" | "open" = "unknown"): RunReport.RunReport {
    const { start, total } = this
    const { abandoned = 0, accepted = 0, failed = 0, rejected = 0, started = 0, unknown = 0 } = total ?? {}
    const { ids, plan, planned = started, segment, startedAt, tool } = start
    const left = Math.max(0, planned - started)
    const lost = underWay === "open" ? 0 : left
    const elapsed = total?.at ?? 0
    const active: Spans.Spans = [[0, elapsed]]
    const { from } = this.measured
    const measured: Pick<RunReport.RunReport, "measured"> =
      this.warmUpEnd === undefined
        ? {}
        : { measured: { accepted: this.measured.accepted, active: from === undefined ? [] : [[from, elapsed]] } }
    // While a run goes on nobody asks for them.
    const staged = underWay === "open" ? {} : this.staged()
    const begun = RunSegments.begun({ plan, series: this.series, startedAt })
    const unseen = underWay === "open" ? 0 : started - accepted - rejected - failed - unknown
    return {
      version: 2,
      tool,
      runs: 1,
      ids,
      startedAt,
      elapsed,
      active,
      ended: "cut",
      plan,
      messages: {
        planned,
        started,
        accepted,
        rejected,
        failed,
        abandoned,
        unknown: unknown + unseen,
        notStarted: planned - started - lost,
        lost
      },
      ...(segment === undefined
        ? {}
        : {
            segments: [
              {
                ...segment,
                ...begun,
                ended: "cut" as const,
                elapsed,
                ...RunSegments.fared(this.last?.generator),
                ...(start.planned === undefined ? {} : { lost })
              }
            ]
          }),
      recipients: this.recipients,
      ...(plan.rate === undefined && plan.stages === undefined
        ? {}
        : { arrivals: Counts.sum(Counts.arrivals, total === undefined ? [] : [total]) }),
      ...measured,
      ...staged,
      rate: RunReport.measuredRate({ messages: { accepted }, active, ...measured, ...staged }),
      bytes: total?.bytes ?? { out: 0, in: 0 },
      connections: total?.connections ?? Counts.sum(Counts.connections, []),
      durations: Durations.ofSteps(
        [...this.durations.values()].map(({ ending, of, ...histogram }) => ({
          of,
          ending,
          buckets: Histogram.bucketsOf(histogram)
        }))
      ),
      replies: this.last?.replies ?? [],
      errors: this.last?.errors ?? [],
      ...(this.last?.generator === undefined ? {} : { generator: this.last.generator }),
      ...(this.series.intervals.length === 0 ? {} : { series: this.series })
    }
  }

  private staged(): Pick<RunReport.RunReport, "stages" | "rates" | "afterwards"> {
    const told = Stages.ofIntervals(intendedBy(this.start.plan), this.series, this.warmUpEnd ?? 0)
    if (told === undefined) return {}
    const rates = Stages.ratesOf(told.stages)
    return { ...told, ...(rates === undefined ? {} : { rates }) }
  }
}

const Arrivals = Schema.Struct({
  messages: Schema.optionalWith(Schema.NonNegativeInt, { default: () => Arrival.unlimited }),
  burst: Schema.optional(Schema.Int.pipe(Schema.between(1, Arrival.unlimited))),
  duration: Schema.optional(Schema.String),
  rate: Schema.optional(Schema.String),
  stages: Schema.optional(Schema.String),
  segment: Schema.optional(Schema.String),
  weights: Schema.optional(Schema.String)
})

/** What a plan has due when; of random arrivals, what is due on average. A journal may hold any plan: nothing for one that is none. */
const intendedBy = (plan: Start["plan"]): ReadonlyArray<Arrival.ArrivalStage> =>
  Schema.decodeUnknownEither(Arrivals)(plan).pipe(
    Either.flatMap((arrivals) => Either.try(() => stagesOf(Arrival.make(arrivals, ""), Segment.ofPlan(arrivals)))),
    Either.getOrElse(() => [])
  )

const stagesOf = (
  arrivals: Arrival.Arrivals | undefined,
  segment: Segment.Segment
): ReadonlyArray<Arrival.ArrivalStage> => (arrivals === undefined ? [] : Arrival.ofSegment(arrivals, segment).stages)

const sumRecipients = (a: Sample["recipients"], b: Sample["recipients"]): Sample["recipients"] =>
  Counts.sum(Counts.recipients, [a, b])
