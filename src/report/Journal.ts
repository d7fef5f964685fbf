/**
 * A run as it goes, in lines of JSON: what it set out to do, each second of it, and its report at the end.
 *
 * Each line is written as soon as it is known, so that what a killed run had measured is there to be read.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Printable from "../smtp/Printable.js"
import * as JsonReport from "./JsonReport.js"
import { type Entry, RunningReport, type Start } from "./RunningReport.js"
import * as RunReport from "./RunReport.js"

const { durations, errors, ids, plan, recipients, replies, startedAt, tool } = RunReport.schema.fields

const Buckets = durations.value.fields.buckets

/**
 * The first line.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StartRecord = Schema.Struct({
  type: Schema.Literal("start"),
  version: Schema.Literal(1),
  tool,
  ids,
  startedAt,
  plan,
  planned: Schema.optionalWith(Schema.NonNegativeInt, { exact: true }).annotations({
    description: "The number of messages, where it is not the run's time alone that ends it."
  })
})

/**
 * One line for each second. Replies and errors are those since the start.
 *
 * @since 0.1.0
 * @category schemas
 */
export const IntervalRecord = Schema.Struct({
  type: Schema.Literal("interval"),
  interval: RunReport.Interval,
  recipients,
  durations: Schema.Array(
    Schema.Struct({ of: Schema.String, ending: durations.value.fields.ending, buckets: Buckets })
  ),
  replies,
  errors
})

/**
 * The last line.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EndRecord = Schema.Struct({ type: Schema.Literal("end"), report: RunReport.schema })

const Record = Schema.Union(StartRecord, IntervalRecord, EndRecord)

/**
 * A line of a journal.
 *
 * @since 0.1.0
 * @category models
 */
export type Record = typeof Record.Type

/**
 * The first line of the journal of a run.
 *
 * @since 0.1.0
 * @category rendering
 */
export const start = ({ ids, plan, planned, startedAt, tool }: Start): string =>
  line({ type: "start", version: 1, tool, ids, startedAt, plan, ...(planned === undefined ? {} : { planned }) })

/**
 * The line of an interval.
 *
 * @since 0.1.0
 * @category rendering
 */
export const interval = ({ durations, errors, interval, recipients, replies }: Entry): string =>
  line({ type: "interval", interval, recipients, durations, replies, errors })

/**
 * The last line.
 *
 * @since 0.1.0
 * @category rendering
 */
export const end = (report: RunReport.RunReport): string => line({ type: "end", report })

const line = (record: Record): string => `${JsonReport.ascii(JSON.stringify(record))}\n`

/**
 * A text that is no journal.
 *
 * @since 0.1.0
 * @category errors
 */
export class JournalUnreadable extends Data.TaggedError("JournalUnreadable")<{
  readonly line: number
  readonly reason: string
}> {
  override get message(): string {
    return `line ${this.line}: ${Printable.escape(this.reason)}`
  }
}

/**
 * What a journal tells.
 *
 * @since 0.1.0
 * @category models
 */
export interface Told {
  /** Of a run that was cut, what it had measured; `ended` is `cut` then, and `elapsed` says where the journal ends. */
  readonly report: RunReport.RunReport
  readonly complete: boolean
}

/**
 * Reads a journal: the report of a run that came to its end, exactly; of one that was killed, what is known up to the last
 * whole line. Messages that were under way then are booked as unknown.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (text: string): Either.Either<Told, JournalUnreadable> => {
  const lines = text.split("\n")
  // What follows the last line feed was cut in the middle, or is nothing.
  const whole = lines.slice(0, -1)
  let running: RunningReport | undefined
  let number = 0
  for (const each of whole) {
    number++
    const record = decode(each)
    if (Either.isLeft(record)) return Either.left(new JournalUnreadable({ line: number, reason: record.left }))
    const { right } = record
    if (right.type === "end") return Either.right({ report: right.report, complete: true })
    if (right.type === "start") {
      running = new RunningReport(right)
    } else if (running === undefined) {
      return Either.left(new JournalUnreadable({ line: number, reason: "expected the start of a run" }))
    } else {
      running.add(right)
    }
  }
  return running === undefined
    ? Either.left(new JournalUnreadable({ line: 1, reason: "expected the start of a run" }))
    : Either.right({ report: running.report(), complete: false })
}

const decodeRecord = Schema.decodeUnknownEither(Schema.parseJson(Record))

const decode = (text: string): Either.Either<Record, string> =>
  Either.mapLeft(decodeRecord(text), (error) => {
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
    if (issue === undefined) return "it makes no sense"
    return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`
  })
