/**
 * What a report holds, as a schema: its fields, what each may be, and how versions differ.
 *
 * It is over 300 lines because it is a table: a row for each field.
 *
 * @since 0.1.0
 */
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"
import { steps } from "../smtp/SmtpError.js"
import * as Durations from "./Durations.js"
import * as LoginSummary from "./LoginSummary.js"
import * as ProofReport from "./ProofReport.js"
import * as RunSegments from "./RunSegments.js"
import * as StampedReport from "./StampedReport.js"
import * as StrikesReport from "./StrikesReport.js"
import * as Stages from "./Stages.js"
import * as CorpusSummary from "./CorpusSummary.js"
import * as TargetSummary from "./TargetSummary.js"
import * as ArrivalCounters from "./ArrivalCounters.js"
import * as ConnectionCounters from "./ConnectionCounters.js"
import * as CounterTable from "./CounterTable.js"
import { Count, LaterCount } from "./CountField.js"

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

const Milliseconds = Schema.Number

const Connections = Schema.Struct(CounterTable.fields(ConnectionCounters.counters))

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
  ...ArrivalCounters.intervalFields,
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
  segments: Schema.optionalWith(Count, { exact: true }).annotations({
    description:
      "Of a run that several processes made: how many of its segments it covers; the others are lost by then."
  }),
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
  arrivals: Schema.optionalWith(Schema.Struct(CounterTable.fields(ArrivalCounters.counters)), {
    exact: true
  }).annotations({ description: "Of an open run, whose messages start when they are due." }),
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
  targets: Schema.optionalWith(TargetSummary.schema, { exact: true }).annotations({
    description: TargetSummary.description
  }),
  corpus: Schema.optionalWith(CorpusSummary.schema, { exact: true }).annotations({
    description: CorpusSummary.description
  }),
  without: Schema.optionalWith(Schema.Array(Schema.Struct({ what: Schema.String, messages: Count })), {
    exact: true
  }).annotations({
    description: "Messages that went without an extension that was asked for, since the server does not offer it."
  }),
  stamped: Schema.optionalWith(StampedReport.schema, { exact: true }).annotations({
    description: StampedReport.description
  }),
  proof: Schema.optionalWith(ProofReport.schema, { exact: true }).annotations({
    description: ProofReport.description
  }),
  strikes: Schema.optionalWith(StrikesReport.schema, { exact: true }).annotations({
    description: StrikesReport.description
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
        "ContentUnusable",
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
        implied: Schema.optionalWith(Schema.Literal(true), { exact: true }).annotations({
          description: "It is implied: a proof of delivery expects that nothing is missing."
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
