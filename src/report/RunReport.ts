/**
 * A finished run as plain data: what every face shows, what files hold, and what adds up over hosts.
 *
 * Durations are kept as the buckets of `Histogram`, so that reports merge exactly: the percentiles of the whole come from the
 * whole's buckets. Texts that came from the network are printable. Times are in milliseconds.
 *
 * @since 0.1.0
 */
import * as JSONSchema from "effect/JSONSchema"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Counts from "../measure/Counts.js"
import * as Accounting from "../measure/Accounting.js"
import type * as ErrorTally from "../measure/ErrorTally.js"
import type * as GeneratorHealth from "../measure/GeneratorHealth.js"
import type { Recorded } from "../measure/Recorded.js"
import type * as ReplyTally from "../measure/ReplyTally.js"
import type * as Series from "../measure/Series.js"
import type * as StageTally from "../measure/StageTally.js"
import type * as TlsTally from "../measure/TlsTally.js"
import type * as WithoutTally from "../measure/WithoutTally.js"
import * as Arrival from "../plan/Arrival.js"
import type { Plan } from "../plan/Plan.js"
import * as Segment from "../plan/Segment.js"
import * as Printable from "../smtp/Printable.js"
import { steps } from "../smtp/SmtpError.js"
import * as Durations from "./Durations.js"
import * as LoginSummary from "./LoginSummary.js"
import * as RunSegments from "./RunSegments.js"
import * as Spans from "./Spans.js"
import * as Stages from "./Stages.js"

/** No plan is deeper; what is might be too deep for what writes it again. */
const deepest = 32

const isShallow = (value: unknown, depth = 0): boolean =>
  typeof value !== "object" ||
  value === null ||
  (depth < deepest && Object.values(value).every((each) => isShallow(each, depth + 1)))

/**
 * Whatever a plan's field may be. In a JSON Schema it has no name, which may stand there once only.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Anything = Schema.Unknown.pipe(
  Schema.filter((value) => isShallow(value) || "nested too deeply")
).annotations({
  jsonSchema: { type: ["string", "number", "boolean", "array", "object", "null"] }
})

/**
 * What verdicts are: of what is not to be true, of what is to be, and of what ends a run at once.
 *
 * @since 0.1.0
 * @category constants
 */
export const verdictKinds = ["fail-if", "require", "abort-if"] as const

const Count = Schema.NonNegativeInt
const Milliseconds = Schema.Number

/** A count that earlier reports do not have. */
const LaterCount = Schema.optionalWith(Count, { default: () => 0, exact: true })

const Connections = Schema.Struct({
  opened: Count,
  failed: Count.annotations({ description: "Attempts that did not lead to a connection." }),
  local: LaterCount.annotations({
    description: "Attempts that failed for want of something on the generator's machine, such as descriptors or ports."
  }),
  reused: Count.annotations({ description: "Messages that went over a connection that had carried one before." }),
  unpipelined: LaterCount.annotations({
    description:
      "Connections that did not offer PIPELINING, where the plan asks for it: each command waited for its reply."
  }),
  closedByUs: Count,
  closedByServer: Count.annotations({ description: "Closed or reset by the server, or given up after its 421 or 521." })
})

/**
 * The schema of an interval of the series.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Interval = Schema.Struct({
  at: Milliseconds.annotations({ description: "When it ended, since the start." }),
  length: Milliseconds,
  started: Count,
  accepted: Count,
  rejected: Count,
  failed: Count,
  abandoned: LaterCount,
  unknown: Count,
  late: LaterCount,
  dropped: LaterCount,
  behind: LaterCount,
  bytes: Schema.Struct({ out: Count, in: Count }),
  connections: Connections,
  underWay: Schema.Int.annotations({ description: "Messages under way at its end." }),
  open: Schema.Int.annotations({ description: "Connections open at its end." }),
  errors: LaterCount.annotations({ description: "Errors of the server or the network." }),
  codes: Schema.optionalWith(Schema.Struct({ "4xx": Count, "5xx": Count }), {
    default: () => ({ "4xx": 0, "5xx": 0 }),
    exact: true
  }).annotations({ description: "Replies by the class of their code; without those of the warm-up." }),
  p50: Schema.optionalWith(Milliseconds, { exact: true }).annotations({
    description: "Like p99 and max, absent where no transaction was measured."
  }),
  p99: Schema.optionalWith(Milliseconds, { exact: true }),
  max: Schema.optionalWith(Milliseconds, { exact: true }),
  buckets: Durations.Buckets
}).annotations({
  description: "One interval of the run. The durations are those of the transactions that were accepted in it."
})

const Active = Schema.Array(Schema.Tuple(Milliseconds, Milliseconds))

const seen = { count: Count, first: Milliseconds, last: Milliseconds, example: Schema.String }
const Text = Schema.optionalWith(Schema.String, { exact: true })
const Step = Schema.Literal(...steps)

const fields = {
  version: Schema.Literal(1, 2).annotations({
    description:
      "Of this format. Version 2 has the ending unknown, the connection's duration, and more counts, which are 0 in version 1."
  }),
  tool: Schema.Struct({ name: Schema.String, version: Schema.String }),
  runs: Schema.Int.annotations({ description: "How many runs were merged into this one." }),
  ids: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [], exact: true }).annotations({
    description: "What tells each run from all others; it is in its messages' Message-Id, too."
  }),
  startedAt: Schema.String.annotations({ description: "The time of the first start (ISO 8601)." }),
  elapsed: Milliseconds.annotations({ description: "From the first start to the last end." }),
  active: Schema.optionalWith(Active, { default: () => [], exact: true }).annotations({
    description: "When a run was under way, since the first start: from and to, apart from each other and in order."
  }),
  ended: Schema.Literal("completed", "stopped", "failed", "cut").annotations({
    description: "cut: nobody saw the end, for the run was killed."
  }),
  reason: Schema.optionalWith(Schema.String, { exact: true }).annotations({ description: "What the run ended of." }),
  plan: Schema.Record({ key: Schema.String, value: Anything }),
  messages: Schema.Struct({
    planned: Count,
    started: Count,
    accepted: Count,
    rejected: Count,
    failed: Count,
    abandoned: LaterCount.annotations({
      description: "Of those that failed, the ones that were left half way because the plan says so."
    }),
    unknown: Count,
    notStarted: Count,
    lost: LaterCount.annotations({
      description:
        "Of a run that was cut, or a segment that is missing: messages of which nobody knows whether they were sent. All ends add up to planned."
    })
  }),
  segments: Schema.optionalWith(Schema.Array(RunSegments.schema), { exact: true }).annotations({
    description: "Of a run that several processes made: those that this is of, and those that are missing."
  }),
  recipients: Schema.Struct({
    offered: Count,
    accepted: Count,
    refused: Count,
    refusedAfterContent: Count,
    unknown: Count,
    abandoned: Count
  }),
  arrivals: Schema.optionalWith(
    Schema.Struct({
      late: Count.annotations({
        description: "Messages that waited for a session when they were due, and then began."
      }),
      dropped: Count.annotations({ description: "Messages that waited for too long, and were not begun." }),
      behind: LaterCount.annotations({
        description: "Messages that began more than 10 ms late with a session free: the generator was behind."
      })
    }),
    { exact: true }
  ).annotations({ description: "Of an open run, whose messages start when they are due." }),
  stages: Schema.optionalWith(Schema.Array(Stages.Stage), { exact: true }).annotations({
    description: "Of an open run: what was intended and what was done, while messages were due and after the warm-up."
  }),
  rates: Schema.optionalWith(
    Schema.Struct({ intended: Schema.Number, started: Schema.Number, accepted: Schema.Number }),
    { exact: true }
  ).annotations({ description: "Of all stages together, in messages per second." }),
  afterwards: Schema.optionalWith(Count, { exact: true }).annotations({
    description: "Of an open run, the messages that were accepted when no more were due."
  }),
  scenarios: Schema.optionalWith(Schema.Struct({ begun: Count, failed: Count }), { exact: true }).annotations({
    description: "Of scenarios of one's own: how often they were begun, and how often they failed."
  }),
  measured: Schema.optionalWith(Schema.Struct({ accepted: Count, active: Active }), { exact: true }).annotations({
    description:
      "Of a run with a warm-up, the messages accepted after it, and when that was. Durations, replies and the rate are of this time; messages, connections, bytes, errors and the series are of the whole run."
  }),
  rate: Schema.Number.annotations({
    description:
      "Messages accepted per second of the time in which a run was under way, without its warm-up; of an open run, while messages were due."
  }),
  bytes: Schema.Struct({ out: Count, in: Count }),
  connections: Connections,
  durations: Schema.Array(Durations.schema),
  replies: Schema.Array(
    Schema.Struct({
      step: Step,
      code: Count,
      enhanced: Text,
      ...seen,
      lines: Schema.optionalWith(Schema.Array(Schema.String), { exact: true }).annotations({
        description: "The lines of the example, where there are several."
      })
    })
  ),
  tls: Schema.optionalWith(
    Schema.Array(
      Schema.Struct({
        version: Schema.String,
        cipher: Schema.String,
        group: Schema.String,
        resumed: Schema.Boolean,
        trust: Schema.Literal("name", "chain", "pin", "none"),
        distrust: Schema.String,
        count: Count
      })
    ),
    { exact: true }
  ).annotations({
    description:
      "TLS sessions by version, cipher, key exchange group, whether they were resumed, and what the server was verified by; distrust is the code of what verification would have found, where none was asked for."
  }),
  auth: Schema.optionalWith(LoginSummary.schema, { exact: true }).annotations({
    description: LoginSummary.description
  }),
  without: Schema.optionalWith(Schema.Array(Schema.Struct({ what: Schema.String, messages: Count })), {
    exact: true
  }).annotations({
    description: "Messages that went without an extension that was asked for, since the server does not offer it."
  }),
  errors: Schema.Array(
    Schema.Struct({
      step: Step,
      kind: Schema.Literal(
        "ConnectFailed",
        "ConnectionLost",
        "ReplyTimeout",
        "ReplyMalformed",
        "TlsFailed",
        "NotOffered",
        "NotAllowed",
        "WireBusy",
        "ArgumentInvalid"
      ),
      detail: Schema.String,
      local: Schema.Boolean,
      reason: Text.annotations({ description: "Of the example: why a connect failed, or what was malformed." }),
      reply: Schema.optionalWith(Schema.Struct({ code: Count, text: Schema.String }), { exact: true }).annotations({
        description: "Of the example: what the server said before it ended the connection."
      }),
      waited: Schema.optionalWith(Milliseconds, { exact: true }).annotations({
        description: "Of the example: how long was waited for the reply."
      }),
      ...seen
    })
  ),
  series: Schema.optionalWith(Schema.Struct({ width: Milliseconds, intervals: Schema.Array(Interval) }), {
    exact: true
  }).annotations({
    description: "How the run went on. Intervals end at whole seconds of the time of day; width is how long they are."
  }),
  generator: Schema.optionalWith(
    Schema.Struct({
      cpu: Schema.Struct({ user: Milliseconds, system: Milliseconds }),
      utilisation: Schema.Number.annotations({ description: "The share of time in which the busiest thread worked." }),
      watched: Schema.optionalWith(Milliseconds, { exact: true }).annotations({ description: "For how long." }),
      waited: Schema.optionalWith(Milliseconds, { exact: true }).annotations({
        description: "How long the thread was ready to run and had no processor, where the system tells it."
      }),
      delayMean: Milliseconds.annotations({ description: "By how much the thread's timers are late." }),
      delayP99: Milliseconds
    }),
    { exact: true }
  ),
  verdicts: Schema.optionalWith(
    Schema.Array(
      Schema.Struct({
        kind: Schema.optionalWith(Schema.Literal(...verdictKinds), { default: () => "fail-if" as const, exact: true }),
        expression: Schema.String,
        failed: Schema.Boolean.annotations({
          description: "With require, that the expression is not true of the run; otherwise, that it is."
        }),
        undecided: Schema.optionalWith(Schema.Literal(true), { exact: true }).annotations({
          description: "What is lost may be so that the expression is true, or so that it is not."
        }),
        measured: Schema.String.annotations({ description: "For people, with its unit." }),
        value: Schema.optionalWith(Schema.Number, { exact: true }).annotations({
          description: "What was measured, in the unit of the expression; absent where nothing was."
        }),
        over: Schema.optionalWith(Schema.Tuple(Milliseconds, Milliseconds), { exact: true }).annotations({
          description: "From when to when it was measured, since the start, where that is not the whole run."
        })
      })
    ),
    { exact: true }
  )
}

/**
 * The schema of a report.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct(fields).annotations({
  title: "A report of smtp-source",
  description: "What --report json writes: one run, or several that were merged. Times are in milliseconds."
})

/**
 * A finished run.
 *
 * @since 0.1.0
 * @category models
 */
export type RunReport = typeof schema.Type

/**
 * The format as a JSON Schema, for those who read reports in other languages.
 *
 * @since 0.1.0
 * @category schemas
 */
export const jsonSchema = (): JSONSchema.JsonSchema7Root => JSONSchema.make(schema)

/**
 * What a report is made from: a result of `Load.run` or `Workers.run`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finished {
  readonly accounting: Accounting.Accounting
  readonly recorder: Recorded
  readonly runId: string
  readonly startedAt: Date
  readonly elapsed: number
  readonly stopped: boolean
  readonly endedBy: Option.Option<{ readonly message: string }>
  readonly workerDied?: Option.Option<{ readonly message: string }> | undefined
  readonly scenarios?: { readonly begun: number; readonly failed: number } | undefined
}

/**
 * The report of a run. `version` is the tool's.
 *
 * @since 0.1.0
 * @category constructors
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
  // Stages of a run that was over before them are told of up to there.
  const isCut = Option.isSome(reason) || stopped
  const ended = Option.isSome(reason) ? "failed" : stopped ? "stopped" : "completed"
  const segment = RunSegments.ofPlan(plan, runId)
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
    ...(segment === undefined ? {} : { segments: [{ ...segment, ended, elapsed, lost: 0 }] }),
    recipients,
    ...(Arrival.isOpen(plan) ? { arrivals: arrivalsOf(recorder) } : {}),
    ...(scenarios === undefined ? {} : { scenarios: { begun: scenarios.begun, failed: scenarios.failed } }),
    ...measured,
    ...staged,
    rate: measuredRate({ messages, active, ...measured, ...staged }),
    bytes: { out: recorder.bytesOut, in: recorder.bytesIn },
    connections: recorder.connections(),
    durations: [...recorder.durations()].map(({ ending, histogram, of }) => ({
      // A step of a scenario's own has any name.
      of: Printable.escape(of),
      ending,
      ...Durations.ofHistogram(histogram)
    })),
    replies: repliesOf(recorder.replies()),
    ...tlsOf(recorder.tls()),
    ...LoginSummary.of(recorder.auth()),
    ...withoutOf(recorder.without()),
    errors: errorsOf(recorder.errors()),
    ...(series === undefined || series.intervals.length === 0 ? {} : { series }),
    ...(health === undefined ? {} : { generator: health })
  }
}

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
 * Counts of TLS sessions, as a report has them, which is without a word where there were none.
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
 * Messages in so many milliseconds, by the second.
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
 * When runs were under way, also of a report that was written before reports told of it.
 *
 * @since 0.1.0
 * @category reading
 */
export const activeOf = ({ active, elapsed }: Pick<RunReport, "active" | "elapsed">): Spans.Spans =>
  active.length > 0 ? active : [[0, elapsed]]
