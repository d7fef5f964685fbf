/**
 * Reads a report out of plain data, such as JSON has: by the schema, and by what no schema tells of.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Histogram from "../measure/Histogram.js"
import * as PlainIntervals from "./PlainIntervals.js"
import * as RunReport from "./RunReport.js"

/**
 * The report; the error says what is wrong, and where in it.
 *
 * @since 0.1.0
 * @category parsing
 */
export const of = (value: unknown): Either.Either<RunReport.RunReport, string> =>
  Either.mapLeft(decoded(value), (error) => {
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
    return issue === undefined ? error.message : at(issue.path, issue.message)
  }).pipe(
    Either.flatMap((report) => {
      const [defect] = defects(report)
      return defect === undefined ? Either.right(report) : Either.left(defect)
    })
  )

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
