/**
 * Reads back what `--report` wrote as json, html or ndjson.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Histogram from "../measure/Histogram.js"
import * as Journal from "./Journal.js"
import * as PlainIntervals from "./PlainIntervals.js"
import * as RunReport from "./RunReport.js"

/**
 * The report in a file's text; the error says what is wrong, and where in it.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<RunReport.RunReport, string> => {
  const reader = new Reader()
  reader.take(text)
  return reader.report()
}

/** In characters: a text has an end in this language, and a report is far from it. */
const longest = 2 ** 28

/**
 * Reads a file as it comes, in parts. Of a journal, which may be longer than any text can be, no more is kept than its report.
 *
 * @since 0.1.0
 * @category parsing
 */
export class Reader {
  private readonly decoder = new TextDecoder()
  private journal: Journal.Reader | undefined
  /** Of a journal, the line that has not come to its end; of anything else, all. */
  private parts: Array<string> = []
  private length = 0
  private isKnown = false

  /** Takes the next part of the file, in UTF-8. */
  push(chunk: Uint8Array): void {
    this.take(this.decoder.decode(chunk, { stream: true }))
  }

  take(text: string): void {
    if (this.journal !== undefined) return this.takeLines(this.journal, text)
    this.keep(text)
    if (this.isKnown) return
    const begin = this.parts.join("").trimStart()
    if (begin.length < marker.length) return
    this.isKnown = true
    if (!begin.startsWith(marker)) return
    this.parts = []
    this.length = 0
    this.journal = new Journal.Reader()
    this.takeLines(this.journal, begin)
  }

  /** What the parts so far hold; the error says what is wrong, and where. */
  report(): Either.Either<RunReport.RunReport, string> {
    if (this.length > longest) return Either.left(`longer than any report: over ${longest} characters`)
    if (this.journal === undefined) return reportOf(this.parts.join(""))
    return Either.mapBoth(this.journal.told(), { onLeft: (error) => error.message, onRight: ({ report }) => report })
  }

  private takeLines(journal: Journal.Reader, text: string): void {
    let from = 0
    for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
      this.keep(text.slice(from, to))
      journal.take(this.parts.join(""))
      this.parts = []
      this.length = 0
      from = to + 1
    }
    this.keep(text.slice(from))
  }

  private keep(text: string): void {
    this.length += text.length
    if (text !== "" && this.length <= longest) this.parts.push(text)
  }
}

/**
 * What is said of a file with nothing in it: a run has begun to write it, and has left no more.
 *
 * @since 0.1.0
 * @category constants
 */
export const nothing = "empty: nothing was saved in it"

const noResult = "no result that --report json=FILE or ndjson=FILE has saved"

/** What a line of a journal begins with. */
const marker = '{"type":'

const reportOf = (text: string): Either.Either<RunReport.RunReport, string> =>
  Either.gen(function* () {
    if (text.trim() === "") return yield* Either.left(nothing)
    const json = yield* jsonOf(text)
    const value = yield* Either.try({
      try: (): unknown => JSON.parse(json),
      catch: (error) => `${noResult}: not JSON: ${error instanceof Error ? error.message : String(error)}`
    })
    const version = typeof value === "object" && value !== null && "version" in value ? value.version : undefined
    if (typeof version === "number" && version !== 1 && version !== 2) {
      return yield* Either.left(`version ${version} of the format, of which this smtp-report reads versions 1 and 2`)
    }
    if (version === undefined) return yield* Either.left(`${noResult}: it has no version`)
    const report = yield* Either.mapLeft(decoded(value), (error) => {
      const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
      return issue === undefined ? error.message : at(issue.path, issue.message)
    })
    const [defect] = defects(report)
    return defect === undefined ? report : yield* Either.left(defect)
  })

const decode = Schema.decodeUnknownEither(RunReport.schema, { onExcessProperty: "ignore" })

/** What is plain needs no schema. */
const decoded = (value: unknown): Either.Either<RunReport.RunReport, ParseResult.ParseError> => {
  const series = Predicate.hasProperty(value, "series") ? value.series : undefined
  const intervals = Predicate.hasProperty(series, "intervals") ? series.intervals : undefined
  if (!Predicate.isObject(value) || !Predicate.isObject(series) || !PlainIntervals.are(intervals)) return decode(value)
  return Either.map(decode({ ...value, series: { ...series, intervals: [] } }), (report) => ({
    ...report,
    ...(report.series === undefined ? {} : { series: { ...report.series, intervals } })
  }))
}

/** An HTML report holds itself as JSON. */
const jsonOf = (text: string): Either.Either<string, string> => {
  if (!/^\s*<!doctype html>/i.test(text)) return Either.right(text)
  const embedded = /<script type="application\/json" id="report">([^<]*)<\/script>/.exec(text)?.[1]
  return embedded === undefined ? Either.left("an HTML page that is no report") : Either.right(embedded)
}

const at = (path: ReadonlyArray<PropertyKey>, message: string): string => {
  const place = path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "")
  return `${place === "" ? "the whole" : place}: ${message.split("\n")[0]}`
}

/** What no schema tells of: sums that do not hold, and buckets that no histogram has. */
const defects = ({ durations, messages, startedAt }: RunReport.RunReport): ReadonlyArray<string> => {
  const { accepted, failed, lost, notStarted, planned, rejected, unknown } = messages
  const sum = accepted + rejected + failed + unknown + notStarted + lost
  return [
    ...(Number.isNaN(Date.parse(startedAt)) ? [`startedAt: not a time: ${JSON.stringify(startedAt)}`] : []),
    ...(sum === planned ? [] : [`messages: the ends add up to ${sum}, and ${planned} were planned`]),
    ...durations.flatMap(({ buckets, count }, index) => {
      const place = `durations[${index}]`
      const counted = buckets.reduce((total, [, here]) => total + here, 0)
      const wrong = buckets.findIndex(
        ([bucket], position) => bucket >= Histogram.counters || bucket <= (buckets[position - 1]?.[0] ?? -1)
      )
      if (wrong >= 0) return [`${place}.buckets[${wrong}]: not in order, or beyond the last bucket`]
      return counted === count ? [] : [`${place}.count: ${count}, and its buckets hold ${counted}`]
    })
  ]
}
