/**
 * A finished run as plain data: what every face shows, what files hold, and what adds up over hosts.
 *
 * Durations are kept as the buckets of `Histogram`, so that reports merge exactly: the percentiles of the whole come from the
 * whole's buckets. Texts that came from the network are printable. Times are in milliseconds.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Counts from "../measure/Counts.js"
import * as Accounting from "../measure/Accounting.js"
import type * as ErrorTally from "../measure/ErrorTally.js"
import type * as GeneratorHealth from "../measure/GeneratorHealth.js"
import type { Recorded } from "../measure/Recorded.js"
import type { Proved, Stamped } from "../measure/Proved.js"
import type * as ReplyTally from "../measure/ReplyTally.js"
import type * as Series from "../measure/Series.js"
import type * as StageTally from "../measure/StageTally.js"
import type * as TlsTally from "../measure/TlsTally.js"
import type * as WithoutTally from "../measure/WithoutTally.js"
import * as Arrival from "../plan/Arrival.js"
import type { Plan } from "../plan/Plan.js"
import * as Segment from "../plan/Segment.js"
import * as Printable from "../smtp/Printable.js"
import * as Durations from "./Durations.js"
import * as CorpusSummary from "./CorpusSummary.js"
import * as LoginSummary from "./LoginSummary.js"
import * as ProofReport from "./ProofReport.js"
import type { RunReport } from "./ReportSchema.js"
import * as RunSegments from "./RunSegments.js"
import * as Spans from "./Spans.js"
import * as StampedReport from "./StampedReport.js"
import * as StrikesReport from "./StrikesReport.js"
import * as Stages from "./Stages.js"
import * as TargetSummary from "./TargetSummary.js"

export { Anything, Interval, jsonSchema, type RunReport, schema, verdictKinds } from "./ReportSchema.js"

/**
 * What a report is made from: a result of `Load.run` or `Workers.run`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finished extends CorpusSummary.WithCorpus {
  readonly accounting: Accounting.Accounting
  readonly recorder: Recorded
  readonly runId: string
  readonly startedAt: Date
  readonly elapsed: number
  readonly stopped: boolean
  readonly endedBy: Option.Option<{ readonly message: string }>
  readonly workerDied?: Option.Option<{ readonly message: string }> | undefined
  readonly scenarios?: { readonly begun: number; readonly failed: number } | undefined
  readonly proof?: Proved | undefined
  readonly stamped?: Stamped | undefined
  /** What a sink of ours did by its rules. */
  readonly strikes?: ReadonlyArray<{ readonly rule: string; readonly times: number }> | undefined
}

/**
 * The report of a run. `version` is the tool's.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Effect from "effect/Effect"
 * import { JsonReport, Load, NodeServices, Plan, RunReport, TextReport, version } from "smtp-source"
 *
 * // A run in words, and as what can be kept, merged and compared.
 * export const reported = (target: string) =>
 *   Effect.gen(function* () {
 *     const plan = Plan.make({ target, messages: 1000, sessions: 20, reuse: true })
 *     const report = RunReport.make(plan, yield* Load.run(plan), { version })
 *     return { text: TextReport.render(report), json: JsonReport.render(report) }
 *   }).pipe(Effect.provide(NodeServices.layer))
 */
export const make = (
  plan: Plan,
  finished: Finished,
  {
    health,
    series,
    version
  }: {
    readonly version: string
    readonly health?: GeneratorHealth.Health | undefined
    readonly series?: Series.Series | undefined
  }
): RunReport => {
  const { accounting, endedBy, recorder, runId, scenarios, startedAt, stopped, workerDied = Option.none() } = finished
  const elapsed = micros(finished.elapsed)
  const { planned, recipients, ...messages } = Accounting.sum(accounting.planned, [accounting])
  const reason = workerDied.pipe(
    Option.orElse(() => endedBy),
    Option.orElse(() => noneCompleted(scenarios))
  )
  const active: Spans.Spans = [[0, elapsed]]
  const warmUpEnd = micros(recorder.warmUpEnd)
  const measured: Pick<RunReport, "measured"> =
    warmUpEnd > 0
      ? {
          measured: {
            accepted: messages.accepted - recorder.warmUpAccepted,
            active: elapsed > warmUpEnd ? [[warmUpEnd, elapsed]] : []
          }
        }
      : {}
  // Stages of a run that was over before them are reported up to there.
  const isCut = Option.isSome(reason) || stopped
  const ended = Option.isSome(reason) ? "failed" : stopped ? "stopped" : "completed"
  const segment = RunSegments.ofPlan(plan, runId)
  const begun = RunSegments.begun({ plan, series, startedAt: startedAt.toISOString() })
  const staged = stagesOf(recorder.stages?.toData(), isCut ? elapsed : undefined)
  return {
    version: 2,
    tool: { name: "smtp-source", version },
    runs: 1,
    ids: [Segment.nameOf(Segment.ofPlan(plan), runId)],
    startedAt: startedAt.toISOString(),
    elapsed,
    active,
    ended,
    ...(Option.isSome(reason) ? { reason: Printable.escape(reason.value.message) } : {}),
    plan: { ...plan },
    messages: { planned, ...messages, lost: 0 },
    ...(segment === undefined
      ? {}
      : { segments: [{ ...segment, ...begun, ended, elapsed, ...RunSegments.fared(health), lost: 0 }] }),
    recipients,
    ...(Arrival.isOpen(plan) ? { arrivals: arrivalsOf(recorder) } : {}),
    ...(scenarios === undefined ? {} : { scenarios: { begun: scenarios.begun, failed: scenarios.failed } }),
    ...measured,
    ...staged,
    rate: measuredRate({ messages, active, ...measured, ...staged }),
    bytes: { out: recorder.bytesOut, in: recorder.bytesIn },
    connections: recorder.connections(),
    durations: [...recorder.durations(), ...deliveryOf(finished.proof)].map(({ ending, histogram, of }) => ({
      // A step of a scenario's own has any name.
      of: Printable.escape(of),
      ending,
      ...Durations.ofHistogram(histogram)
    })),
    replies: repliesOf(recorder.replies()),
    ...tlsOf(recorder.tls()),
    ...LoginSummary.of(recorder.auth()),
    ...TargetSummary.of(recorder.targets()),
    ...withoutOf(recorder.without()),
    ...CorpusSummary.of(finished),
    ...StampedReport.of(finished.stamped),
    ...ProofReport.of(finished.proof),
    ...StrikesReport.of(finished),
    errors: errorsOf(recorder.errors()),
    ...(series === undefined || series.intervals.length === 0 ? {} : { series }),
    ...(health === undefined ? {} : { generator: health })
  }
}

/** From when messages were sent, or were due, to when they first came to the next hop. */
const deliveryOf = (proof: Proved | undefined) =>
  proof === undefined || proof.tally.first === 0
    ? []
    : [{ of: "delivery", ending: "accepted" as const, histogram: proof.tally.delivery }]

const arrivalsOf = (recorder: Recorded) => Counts.pick(Counts.arrivals, recorder)

const stagesOf = (
  counts: StageTally.StageCounts | undefined,
  end: number | undefined
): Pick<RunReport, "stages" | "rates" | "afterwards"> => {
  if (counts === undefined) return {}
  const stages = Stages.make(counts, end)
  const rates = Stages.ratesOf(stages)
  return { stages, ...(rates === undefined ? {} : { rates }), afterwards: counts.afterwards }
}

/** A run whose every scenario failed has not come to a good end, whatever its messages did. */
const noneCompleted = (scenarios: Finished["scenarios"]): Option.Option<{ readonly message: string }> =>
  scenarios !== undefined && scenarios.begun > 0 && scenarios.failed === scenarios.begun
    ? Option.some({
        message: scenarios.begun === 1 ? "the scenario failed" : `all ${scenarios.begun} scenarios failed`
      })
    : Option.none()

/**
 * Counts of replies, as a report has them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const repliesOf = (replies: ReadonlyArray<ReplyTally.ReplyCount>): RunReport["replies"] =>
  replies.map((reply) => ({
    ...withoutUndefined(reply),
    first: micros(reply.first),
    last: micros(reply.last),
    example: Printable.escapeBytes(reply.example),
    ...(reply.example.includes("\n") ? { lines: reply.example.split("\n").map(Printable.escapeBytes) } : {})
  }))

/**
 * Counts of TLS sessions, as a report has them, which leaves the field out where there were none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tlsOf = (tls: ReadonlyArray<TlsTally.TlsCount>): Pick<RunReport, "tls"> =>
  tls.length === 0 ? {} : { tls: tls.map((sessions) => ({ ...sessions })) }

/**
 * Counts of messages that went without an extension, as a report has them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutOf = (without: ReadonlyArray<WithoutTally.WithoutCount>): Pick<RunReport, "without"> =>
  without.length === 0 ? {} : { without }

/**
 * Counts of errors, as a report has them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const errorsOf = (errors: ReadonlyArray<ErrorTally.ErrorCount>): RunReport["errors"] =>
  errors.map((error) => ({
    ...error,
    first: micros(error.first),
    last: micros(error.last),
    example: Printable.escape(error.example),
    ...(error.reason === undefined ? {} : { reason: printable(error.kind, error.reason) }),
    ...(error.reply === undefined
      ? {}
      : { reply: { code: error.reply.code, text: Printable.escapeBytes(inOneLine(error.reply.text)) } })
  }))

/** What was malformed is bytes of the server's; why a connect failed was said by the system. */
const printable = (kind: ErrorTally.ErrorCount["kind"], reason: string): string =>
  kind === "ReplyMalformed" ? Printable.escapeBytes(inOneLine(reason)) : Printable.escape(reason)

const inOneLine = (text: string): string => text.replaceAll("\n", " ")

/**
 * A count of replies as JSON has it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutUndefined = ({ enhanced, ...reply }: ReplyTally.ReplyCount) =>
  enhanced === undefined ? reply : { ...reply, enhanced }

/**
 * To whole microseconds: sums of such are the same in any order, once they are rounded again.
 *
 * @since 0.1.0
 * @category reading
 */
export const micros = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000

/**
 * Messages in this many milliseconds, by the second.
 *
 * @since 0.1.0
 * @category reading
 */
export const rateOf = (messages: number, elapsed: number): number =>
  elapsed > 0 ? micros((messages * 1000) / elapsed) : 0

/**
 * Messages accepted per second, in the time that was measured; of an open run, while messages were due.
 *
 * @since 0.1.0
 * @category reading
 */
export const measuredRate = ({
  active,
  measured,
  messages,
  rates
}: {
  readonly rates?: Stages.Rates | undefined
  readonly messages: { readonly accepted: number }
  readonly active: Spans.Spans
  readonly measured?: { readonly accepted: number; readonly active: Spans.Spans }
}): number => rates?.accepted ?? rateOf((measured ?? messages).accepted, Spans.length(measured?.active ?? active))

/**
 * When runs were under way, also of a report that was written before reports had this.
 *
 * @since 0.1.0
 * @category reading
 */
export const activeOf = ({ active, elapsed }: Pick<RunReport, "active" | "elapsed">): Spans.Spans =>
  active.length > 0 ? active : [[0, elapsed]]
