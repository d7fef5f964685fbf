/**
 * The file in which a sink says what has arrived of which runs: `smtp-sink --prove` writes it, `smtp-report --delivered` reads it.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Histogram from "../measure/Histogram.js"
import * as Durations from "./Durations.js"
import { Count } from "./CountField.js"

const Buckets = Durations.Buckets.pipe(
  Schema.filter((buckets) => buckets.every(([index]) => index < Histogram.counters), {
    message: () => "expected buckets of a histogram"
  })
)

const Run = Schema.Struct({
  run: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{16}$/)),
  came: Schema.String,
  confirmed: Schema.String,
  again: Schema.String,
  changed: Schema.String,
  returned: Schema.String,
  counts: Schema.Struct({
    duplicates: Count,
    repeats: Count,
    refused: Count,
    outOfOrder: Count,
    early: Count,
    delayed: Count,
    looped: Count
  }),
  delivery: Buckets,
  before: Schema.optionalWith(Buckets, { default: () => [], exact: true })
})

const schema = Schema.Struct({
  arrivals: Schema.Literal(1),
  /** Which sink it is: a later file of the same one holds what an earlier one does. */
  sink: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{16}$/)),
  /** False where the sink was taking messages when it wrote: what came after that is not in it. */
  complete: Schema.Boolean,
  unstamped: Count,
  runs: Schema.Array(Run)
})

/**
 * What the file says.
 *
 * @since 0.1.0
 * @category models
 */
export type ArrivalsFile = typeof schema.Type

/**
 * What the file begins with: no result, no message and no mbox does so.
 *
 * @since 0.1.0
 * @category constants
 */
export const start = '{"arrivals":'

/**
 * The file's text.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = ({ complete, runs, sink, unstamped }: Omit<ArrivalsFile, "arrivals">): string =>
  `${JSON.stringify({ arrivals: 1, sink, complete, unstamped, runs })}\n`

/**
 * Whether a file is one, by how it begins.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOne = (bytes: Buffer): boolean => bytes.toString("latin1", 0, start.length) === start

/**
 * Reads the file's text, or says what is wrong with it.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<ArrivalsFile, string> =>
  Either.mapLeft(decode(text), (error) => {
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
    return issue === undefined || issue.path.length === 0 ? "cut off, or no JSON" : `${issue.path.join(".")} is damaged`
  })

const decode = Schema.decodeEither(Schema.parseJson(schema))
