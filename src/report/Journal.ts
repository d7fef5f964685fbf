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
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Histogram from "../measure/Histogram.js"
import * as Printable from "../smtp/Printable.js"
import * as DecodedReport from "./DecodedReport.js"
import * as JournalCounts from "./JournalCounts.js"
import * as JsonReport from "./JsonReport.js"
import { type Entry, RunningReport, type Start } from "./RunningReport.js"
import * as RunReport from "./RunReport.js"
import * as RunSegments from "./RunSegments.js"

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
  }),
  segment: Schema.optionalWith(RunSegments.Which, { exact: true }).annotations({
    description: "Which segment of a run it is, where several processes make one."
  })
})

/**
 * One line for each second. Replies and errors are those since the start, of the kinds that there were more of: the first
 * time in full, then without what stays as it was. How the generator fared is since the start, too.
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
  replies: Schema.Array(Schema.Union(replies.value, JournalCounts.ReplyAgain)).annotations({
    description:
      "Since the start, of the kinds that there were more of than in the line before; in full the first time."
  }),
  errors: Schema.Array(Schema.Union(errors.value, JournalCounts.ErrorAgain)).annotations({
    description: "Since the start, like replies."
  }),
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
export const start = ({ ids, plan, planned, segment, startedAt, tool }: Start): string =>
  line({
    type: "start",
    version: 2,
    tool,
    ids,
    startedAt,
    plan,
    ...(planned === undefined ? {} : { planned }),
    ...(segment === undefined ? {} : { segment })
  })

/**
 * Makes the lines of intervals, which are to be asked for in their order: each tells what is new since the one before.
 *
 * @since 0.1.0
 * @category rendering
 */
export const intervals = (): ((entry: Entry) => string) => {
  const teller = new JournalCounts.Teller()
  return ({ durations, errors, generator, interval, recipients, replies }) =>
    line({
      type: "interval",
      interval,
      recipients,
      durations,
      ...teller.next({ errors, replies }),
      ...(generator === undefined ? {} : { generator })
    })
}

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
   * goes on and is invalid, `reason` says so.
   */
  readonly report: RunReport.RunReport
  readonly complete: boolean
  /** The first invalid line, if there is one. */
  readonly problem?: JournalUnreadable
}

/**
 * Reads a journal: the report of a run that came to its end, exactly, whatever became of the lines before; of one that was
 * killed, what is known up to the last whole line, or up to an invalid one. Messages that were under way then are
 * booked as unknown. Two journals in one are none.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (text: string): Either.Either<Told, JournalUnreadable> => {
  const reader = new Reader()
  let from = 0
  // What follows the last line feed was cut in the middle, or is nothing.
  for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
    reader.take(text.slice(from, to))
    from = to + 1
  }
  return reader.told()
}

/**
 * Reads a journal line by line, and keeps none of them: however long the run was, it takes no more memory than its report.
 *
 * @since 0.1.0
 * @category parsing
 */
export class Reader {
  private line = 0
  private running: RunningReport | undefined
  private readonly counts = new JournalCounts.Listener()
  /** Why nothing more was added up, and what the last line says. */
  private problem: JournalUnreadable | undefined
  private end: RunReport.RunReport | undefined
  /** What follows the end. */
  private second: JournalUnreadable | undefined

  /** Takes the next whole line, without its line feed. */
  take(text: string): void {
    this.line++
    const { end, line, problem } = this
    if (text.trim() === "" && end !== undefined) return
    if (end !== undefined && text.startsWith('{"type":"start"')) {
      this.second ??= new JournalUnreadable({ line, reason: isSecond })
      return
    }
    // Of lines after an invalid one, only the end counts.
    if ((problem ?? end) !== undefined && !text.startsWith('{"type":"end"')) {
      this.problem ??= new JournalUnreadable({ line, reason: isBeyond })
      return
    }
    const record = decode(text)
    if (Either.isRight(record) && record.right.type === "end") this.end = record.right.report
    else if (problem === undefined) this.add(record, text)
  }

  /** What the lines so far tell. */
  told(): Either.Either<Told, JournalUnreadable> {
    const { end, problem, running, second } = this
    if (second !== undefined) return Either.left(second)
    if (end !== undefined) return Either.right({ report: end, complete: true, ...(problem && { problem }) })
    if (running === undefined) return Either.left(problem ?? new JournalUnreadable({ line: 1, reason: noStart }))
    const report = { ...running.report(), ...this.counts.counts() }
    if (problem === undefined) return Either.right({ report, complete: false })
    const reason = `journal, ${problem.message}`
    return Either.right({ report: { ...report, reason }, complete: false, problem })
  }

  private add(record: Either.Either<Record, string>, text: string): void {
    const { line, running } = this
    if (Either.isRight(record) && running === undefined && record.right.type === "start") {
      this.running = new RunningReport(record.right)
    } else if (Either.isRight(record) && running !== undefined && record.right.type === "interval") {
      // What replies and errors come to is asked for at the end.
      const known = hasBuckets(record.right) && this.counts.take(record.right)
      if (known) running.add({ ...record.right, replies: [], errors: [] })
      else this.problem = new JournalUnreadable({ line, reason: hasBuckets(record.right) ? noBeginning : noBucket })
    } else {
      const expected = Either.isRight(record) ? `expected an interval, not ${record.right.type}` : record.left
      const isStart = Either.isLeft(record) && text.startsWith('{"type":"start"')
      const reason = running === undefined && !isStart ? noStart : expected
      this.problem = new JournalUnreadable({ line, reason })
    }
  }
}

const noStart = "no start of a run: cut off, or not written by --report ndjson"
const noBeginning = "it goes on with replies or errors that no line has told of"

const noBucket = "durations: beyond the last bucket"
const isSecond = "another journal begins here: give each one in a file of its own"
const isBeyond = "it comes after the end"

/** Whether there are buckets of these numbers. */
const hasBuckets = ({ durations, interval }: typeof IntervalRecord.Type): boolean =>
  [interval, ...durations].every(({ buckets }) => buckets.every(([index]) => index < Histogram.counters))

const decodeRecord = Schema.decodeUnknownEither(Schema.Union(StartRecord, IntervalRecord))

const decode = (text: string): Either.Either<Record, string> =>
  Either.flatMap(
    Either.try({
      try: (): unknown => JSON.parse(text),
      catch: (error) => (error instanceof Error ? error.message : String(error))
    }),
    (value): Either.Either<Record, string> => {
      if (Predicate.hasProperty(value, "type") && value.type === "end" && Predicate.hasProperty(value, "report")) {
        return Either.mapBoth(DecodedReport.of(value.report), {
          onLeft: (reason) => `report: ${reason}`,
          onRight: (report) => ({ type: "end", report })
        })
      }
      return Either.mapLeft(decodeRecord(value), (error) => {
        const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
        if (issue === undefined) return "it is invalid"
        return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`
      })
    }
  )
