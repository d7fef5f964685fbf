/**
 * A run as it goes, in lines of JSON: what it set out to do, each second of it, and its report at the end.
 *
 * Each line is written as soon as it is known, so that what a killed run had measured is there to be read.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import * as JSONSchema from "effect/JSONSchema"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Option from "effect/Option"
import * as Printable from "../smtp/Printable.js"
import * as JsonReport from "./JsonReport.js"
import { type Entry, RunningReport, type Start } from "./RunningReport.js"
import * as RunReport from "./RunReport.js"

const { durations, errors, generator, ids, plan, recipients, replies, startedAt, tool } = RunReport.schema.fields

const Buckets = durations.value.fields.buckets

/**
 * The first line.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StartRecord = Schema.Struct({
  type: Schema.Literal("start"),
  version: RunReport.schema.fields.version,
  tool,
  ids,
  startedAt,
  plan,
  planned: Schema.optionalWith(Schema.NonNegativeInt, { exact: true }).annotations({
    description: "The number of messages, where it is not the run's time alone that ends it."
  })
})

/**
 * One line for each second. Replies, errors and how the generator fared are those since the start.
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
  errors,
  generator
})

/**
 * The last line.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EndRecord = Schema.Struct({ type: Schema.Literal("end"), report: RunReport.schema })

const Record = Schema.Union(StartRecord, IntervalRecord, EndRecord).annotations({
  title: "A line of a journal of smtp-source",
  description: "What --report ndjson writes, line by line: a start, an interval for each second, and an end."
})

/**
 * The format of a line as a JSON Schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const jsonSchema = (): JSONSchema.JsonSchema7Root => JSONSchema.make(Record)

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
  line({ type: "start", version: 2, tool, ids, startedAt, plan, ...(planned === undefined ? {} : { planned }) })

/**
 * The line of an interval.
 *
 * @since 0.1.0
 * @category rendering
 */
export const interval = ({ durations, errors, generator, interval, recipients, replies }: Entry): string =>
  line({
    type: "interval",
    interval,
    recipients,
    durations,
    replies,
    errors,
    ...(generator === undefined ? {} : { generator })
  })

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
  /**
   * Of a run that was cut, what it had measured; `ended` is `cut` then, and `elapsed` says where the journal ends. Where it
   * goes on and makes no sense, `reason` says so.
   */
  readonly report: RunReport.RunReport
  readonly complete: boolean
}

/**
 * Reads a journal: the report of a run that came to its end, exactly, whatever became of the lines before; of one that was
 * killed, what is known up to the last whole line, or up to one that makes no sense. Messages that were under way then are
 * booked as unknown.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (text: string): Either.Either<Told, JournalUnreadable> => {
  const lines = text.split("\n")
  // What follows the last line feed was cut in the middle, or is nothing.
  const whole = lines.slice(0, -1)
  const last = whole.at(-1)
  const end = last === undefined ? undefined : Option.getOrUndefined(Either.getRight(decode(last)))
  if (end?.type === "end") return Either.right({ report: end.report, complete: true })
  const [first, ...others] = whole.map((each) => () => decode(each))
  const start = first?.() ?? Either.left("expected the start of a run")
  if (Either.isLeft(start)) return Either.left(new JournalUnreadable({ line: 1, reason: start.left }))
  if (start.right.type !== "start") {
    return Either.left(new JournalUnreadable({ line: 1, reason: "expected the start of a run" }))
  }
  const running = new RunningReport(start.right)
  for (const [index, next] of others.entries()) {
    const record = next()
    if (Either.isRight(record) && record.right.type === "interval") running.add(record.right)
    else {
      const reason = Either.isLeft(record) ? record.left : `expected an interval, not ${record.right.type}`
      const { message } = new JournalUnreadable({ line: index + 2, reason })
      return Either.right({ report: { ...running.report(), reason: `journal, ${message}` }, complete: false })
    }
  }
  return Either.right({ report: running.report(), complete: false })
}

const decodeRecord = Schema.decodeUnknownEither(Schema.parseJson(Record))

const decode = (text: string): Either.Either<Record, string> =>
  Either.mapLeft(decodeRecord(text), (error) => {
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
    if (issue === undefined) return "it makes no sense"
    return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`
  })
