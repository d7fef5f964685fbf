/**
 * What a sink has seen, as smtp-sink --report tells it: the counts, what struck, and the seconds in which anything came.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"
import type { Strikes } from "./Behaviour.js"
import type { SinkCounts } from "./SinkCounts.js"
import * as SinkVerdict from "./SinkVerdict.js"

const Count = Schema.NonNegativeInt

const Second = Schema.Struct({
  second: Count.annotations({ description: "The second, from 0, of the sink's time." }),
  sessions: Count.annotations({ description: "Sessions that began in it." }),
  messages: Count.annotations({ description: "Messages that were accepted in it." }),
  refused: Count.annotations({ description: "Replies in it that were not positive." }),
  bytes: Count.annotations({ description: "Bytes that were received in it." })
})

/**
 * One second.
 *
 * @since 0.1.0
 * @category models
 */
export type Second = typeof Second.Type

/**
 * The schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({
  format: Schema.Literal("smtp-sink/1"),
  version: Schema.String.annotations({ description: "Of the program that wrote it." }),
  startedAt: Schema.String.annotations({ description: "When it began to listen, as RFC 3339 has it." }),
  elapsed: Schema.Number.annotations({ description: "For how long it listened, in seconds." }),
  rate: Schema.Number.annotations({
    description: "Messages a second that were accepted, from the first second in which any was to the last."
  }),
  sessions: Count,
  quits: Count.annotations({ description: "Sessions that were ended by QUIT." }),
  contents: Count.annotations({ description: "Contents that came to their end, whatever they were answered." }),
  messages: Count.annotations({ description: "Messages that were accepted." }),
  recipients: Count.annotations({ description: "Recipients that were accepted, whatever became of their message." }),
  delivered: Count.annotations({ description: "Recipients of messages that were accepted." }),
  bytes: Count.annotations({ description: "Bytes that were received." }),
  secured: Count.annotations({ description: "TLS handshakes that succeeded." }),
  injected: Count.annotations({ description: "Clients that sent more after STARTTLS, before TLS." }),
  authenticated: Count.annotations({ description: "Logins that were accepted." }),
  unproxied: Count.annotations({ description: "Connections without the PROXY header that was required." }),
  unkept: Count.annotations({ description: "Messages that could not be kept, and were refused." }),
  refused: Schema.Record({ key: Schema.String, value: Count }).annotations({
    description: "Replies that were not positive, by the step that they answered."
  }),
  strikes: Schema.Array(Schema.Struct({ rule: Schema.String, times: Count })).annotations({
    description: "How often each rule of its misbehaviour has struck."
  }),
  seconds: Schema.Array(Second).annotations({
    description: "The seconds in which anything came, by what was counted about once a second; at most a day of them."
  }),
  verdicts: Schema.Array(
    Schema.Struct({ expression: Schema.String, measured: Schema.Number, failed: Schema.Boolean })
  ).annotations({ description: "The conditions of --fail-if, what was measured, and whether it is so." })
})

/**
 * A report.
 *
 * @since 0.1.0
 * @category models
 */
export type SinkReport = typeof schema.Type

/**
 * The report's JSON Schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const jsonSchema = (): object => ({ ...JSONSchema.make(schema), title: "A report of smtp-sink" })

/** The seconds that are kept: those of a day. */
const most = 86_400

/**
 * The seconds of a sink, made of its counts as they are looked at.
 *
 * @since 0.1.0
 * @category models
 */
export class Seconds {
  readonly all: Array<Second> = []
  private before = { sessions: 0, messages: 0, refused: 0, bytes: 0 }

  /** What was counted since the last look came in this second. */
  take(counts: SinkCounts, second: number): void {
    const { bytesIn: bytes, messages, sessions } = counts
    const now = { sessions, messages, refused: SinkVerdict.refusedIn(counts), bytes }
    const { before } = this
    this.before = now
    const came = {
      second,
      sessions: now.sessions - before.sessions,
      messages: now.messages - before.messages,
      refused: now.refused - before.refused,
      bytes: now.bytes - before.bytes
    }
    if (came.sessions + came.messages + came.refused + came.bytes > 0 && this.all.length < most) this.all.push(came)
  }
}

/**
 * What a report is made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Seen {
  readonly version: string
  readonly startedAt: Date
  /** In seconds. */
  readonly elapsed: number
  readonly counts: SinkCounts
  readonly strikes: ReadonlyArray<Strikes>
  readonly seconds: ReadonlyArray<Second>
  /** Conditions, as they were checked before. */
  readonly failIf: ReadonlyArray<string>
}

/**
 * The report.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ counts, elapsed, failIf, seconds, startedAt, strikes, version }: Seen): SinkReport => {
  const rate = rateOf(seconds)
  const { bytesIn: bytes, ended: _, ...others } = counts
  return {
    format: "smtp-sink/1",
    version,
    startedAt: startedAt.toISOString(),
    elapsed: Math.round(elapsed * 1000) / 1000,
    rate,
    ...others,
    bytes,
    strikes,
    seconds,
    verdicts: failIf.map((expression) => {
      const verdict = Either.getOrThrow(SinkVerdict.parse(expression))
      const measured = SinkVerdict.measured(verdict, counts, rate)
      return { expression, measured, failed: SinkVerdict.isTrue(verdict, measured) }
    })
  }
}

/** Of seconds in which messages came, and those between; 0 where none came. */
const rateOf = (seconds: ReadonlyArray<Second>): number => {
  const full = seconds.filter(({ messages }) => messages > 0)
  const [first] = full
  const last = full.at(-1)
  if (first === undefined || last === undefined) return 0
  const messages = full.reduce((sum, each) => sum + each.messages, 0)
  return Math.round((10 * messages) / (last.second - first.second + 1)) / 10
}
