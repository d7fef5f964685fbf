/**
 * The values of a plan's fields: what each may be, and the words for what it may not.
 *
 * A file or a program may write a number where a number of seconds is meant, or of anything else, and one value where there
 * can be a list; the plan holds one form of each.
 *
 * It is over 300 lines because it is a list: a schema for each kind of value.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Target from "../smtp/Target.js"
import * as AddressRanges from "./AddressRanges.js"
import * as TargetList from "./TargetList.js"
import { describe, type ParseFailure } from "./Cursor.js"
import * as Rate from "./Rate.js"
import * as ReportRequest from "./ReportRequest.js"
import * as Segment from "./Segment.js"
import * as StartTime from "./StartTime.js"
import * as Timing from "./Timing.js"
import * as Verdict from "./Verdict.js"

/** Says the same whatever is wrong. */
const said = (message: string) => ({ message: () => ({ message, override: true }) })

const most = 2_147_483_647

/**
 * A whole number, up to what a C int holds: the original's counts wrap around beyond it (clause S1.6).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Count = Schema.Int.pipe(Schema.between(1, most)).annotations({
  message: ({ actual }) => ({
    message: Number(actual) > most ? `expected a whole number, ${most} or less` : "expected a whole number, 1 or more",
    override: true
  })
})

/**
 * How many threads: more than any machine has processors would only take its memory.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Workers = Schema.Union(
  Schema.Int.pipe(Schema.between(1, 512)).annotations(said("expected a whole number from 1 to 512")),
  Schema.Literal("auto")
)

/**
 * How often an option was given.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Times = Schema.NonNegativeInt.annotations(said("expected a whole number, 0 or more"))

/** For which a program may give a Duration, too: `Plan` writes it as text before it reads the fields. */
const ofTime = <A>(schema: Schema.Schema<A, number | string>): Schema.Schema<A, number | string | Duration.Duration> =>
  Schema.make(schema.ast)

/**
 * A number, or text that stands for one.
 *
 * @since 0.1.0
 * @category combinators
 */
export const amount = (
  read: (text: string) => number | undefined,
  { expected, least }: { readonly expected: string; readonly least: typeof Schema.Positive | typeof Schema.NonNegative }
) =>
  Schema.transformOrFail(Schema.Union(least, Schema.String), least.pipe(Schema.lessThanOrEqualTo(1e9)), {
    strict: true,
    decode: (input, _, ast) => {
      const number = typeof input === "number" ? input : read(input)
      return number === undefined ? ParseResult.fail(new ParseResult.Type(ast, input)) : ParseResult.succeed(number)
    },
    encode: (number) => ParseResult.succeed(number)
  }).annotations(said(expected))

const readSeconds = (text: string): number | undefined =>
  Either.match(Timing.parseTime(text), { onLeft: () => undefined, onRight: (time) => time / 1000 })

/**
 * A time in seconds, which text may give in another unit. It may be 0.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Time = ofTime(
  amount(readSeconds, {
    least: Schema.NonNegative,
    expected: "expected a time of 0 or more, in seconds or with a unit: ms, s, m, min or h"
  })
)

/**
 * A time of more than 0 in seconds, which text may give in another unit.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PositiveTime = ofTime(
  amount(readSeconds, {
    least: Schema.Positive,
    expected: "expected a time of more than 0, in seconds or with a unit: ms, s, m, min or h"
  })
)

/**
 * This many a second, which text may give by the minute or the hour.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PerSecond = amount(
  (text) =>
    Either.match(Rate.parseRate(text), {
      onLeft: () => undefined,
      onRight: ({ messages, per }) => (messages * 1000) / per
    }),
  { least: Schema.Positive, expected: "expected a rate of more than 0, such as 50, 50/s, 3000/m or 10/h" }
)

/**
 * This many bytes a second.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BytesPerSecond = amount(
  (text) => {
    const [, digits, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([kM]?)\s*$/.exec(text) ?? []
    return digits === undefined ? undefined : Number(digits) * (thousands[unit] ?? 1)
  },
  { least: Schema.Positive, expected: "expected a number of bytes of more than 0, such as 500, 2k or 1.5M" }
)

const thousands: { readonly [unit: string]: number } = { k: 1000, M: 1_000_000 }

/**
 * Text, for which a number may stand.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Text = Schema.transform(
  Schema.Union(Schema.String, Schema.Number).annotations(said("expected text or a number")),
  Schema.String,
  { strict: true, decode: String, encode: (text) => text }
)

/**
 * Text in a grammar, for which a number may stand.
 *
 * @since 0.1.0
 * @category schemas
 */
export const parsed = (parse: (text: string) => Either.Either<unknown, ParseFailure>) =>
  Text.pipe(Schema.filter((text) => Either.match(parse(text), { onLeft: describe, onRight: () => true })))

/**
 * That text can be read; what is said otherwise is the reason.
 *
 * @since 0.1.0
 * @category combinators
 */
export const readable = <I>(
  schema: Schema.Schema<string, I>,
  parse: (text: string) => Either.Either<unknown, string>
) =>
  schema.pipe(Schema.filter((text) => Either.match(parse(text), { onLeft: (reason) => reason, onRight: () => true })))

/**
 * Local addresses, separated by commas.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Addresses = Schema.String.pipe(
  Schema.filter((text) => text.split(",").every((each) => Target.isIpv6(each) || AddressRanges.areIn(each)), {
    message: () => "expected IPv4 or IPv6 addresses, or networks such as 127.0.1.0/24, with commas between them"
  })
)

/**
 * Text that goes into a command or a header: a line break would begin another one (CWE-93).
 *
 * @since 0.1.0
 * @category schemas
 */
export const OneLine = Text.pipe(
  Schema.filter((text) => !/[\u0000\r\n]/.test(text), { message: () => "holds a line break or a NUL" })
)

/**
 * A host name, or an address literal in brackets (clause S1.9).
 *
 * @since 0.1.0
 * @category schemas
 */
export const HelloName = Schema.String.pipe(
  Schema.filter((name) => isHelloName(name), {
    message: () => "expected a host name, or an address literal such as [127.0.0.1] or [IPv6:::1]"
  })
)

const isHelloName = (name: string): boolean => {
  const literal = /^\[(.*)\]$/.exec(name)?.[1]
  if (literal === undefined) return Target.isHostName(name)
  if (!/^ipv6:/i.test(literal)) return Target.isIpv4(literal)
  const address = literal.slice("ipv6:".length)
  // As lenient as the original about groups that are missing, and as strict about zones.
  return (Target.isIpv6(address) && !address.includes("%")) || /^[\da-f]{1,4}(:[\da-f]{1,4}){1,7}$/i.test(address)
}

/**
 * Where to listen: one address.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListenText = readable(Schema.String, Target.parse)

/**
 * Where to connect.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TargetText = readable(Schema.String, TargetList.parse)

/**
 * Whom to send metrics to.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Collector = Schema.String.pipe(
  Schema.filter((text) => text === "auto" || isCollector(text), {
    message: () => "expected auto, or a URL such as http://localhost:4318, without a user"
  })
)

const isCollector = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { password, protocol, username } = new URL(text)
  return /^https?:$/.test(protocol) && username === "" && password === ""
}

const ReportText = Schema.String.pipe(
  Schema.filter((text) => ReportRequest.parse(text) !== undefined, {
    message: () =>
      `expected ${ReportRequest.kinds.slice(0, -1).join(", ")} or ${ReportRequest.kinds.at(-1)}, or one of them with =FILE`
  })
)

const VerdictText = readable(Schema.String, (text) =>
  Either.mapLeft(Verdict.parse(text, Verdict.measured), Verdict.describe)
)

/**
 * A list of texts, for which one may stand.
 *
 * @since 0.1.0
 * @category combinators
 */
export const texts = (item: Schema.Schema<string>, expected: string) =>
  Schema.transform(
    Schema.Union(Schema.String, Schema.Array(Schema.String)).annotations(
      said(`expected ${expected}, or a list of them`)
    ),
    Schema.Array(item),
    { strict: true, decode: (input) => (typeof input === "string" ? [input] : input), encode: (list) => list }
  )

/**
 * What reports are wanted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reports = texts(ReportText, "a report, such as text or json=run.json")

/**
 * What is not to be true of a run.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Verdicts = texts(VerdictText, 'an expression, such as "failed > 0"')

/** What did not start is known at the end, and ends nothing. */
const AbortText = VerdictText.pipe(
  Schema.filter((text) => {
    const verdict = Verdict.parse(text)
    const measure = Either.isRight(verdict) ? verdict.right.measure : undefined
    const isLate = measure?._tag === "Messages" && measure.end === "not-started"
    return isLate || measure?._tag === "Tls" || measure?._tag === "Handshakes"
      ? "asks for what is known only at the end"
      : true
  })
)

/**
 * Expressions of --abort-if.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AbortVerdicts = texts(AbortText, 'an expression, such as "failed > 0"')

/**
 * A time, or a distribution of times.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TimingText = ofTime(parsed(Timing.parse))

/**
 * How long something lasts: more than 0.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DurationText = ofTime(parsed(Rate.parseDuration))

/**
 * Which segment of a run this is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SegmentText = Schema.String.pipe(
  Schema.filter((text) => text === "auto" || Segment.parse(text) !== undefined, {
    message: () => `expected a segment, such as 3/8, of at most ${Segment.most}; or auto`
  })
)

/**
 * The weights of all segments.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Weights = Schema.String.pipe(
  Schema.filter((text) => Segment.parseWeights(text) !== undefined, {
    message: () =>
      `expected whole numbers with commas between them, such as 1,2,5, that add up to ${Segment.most} at most`
  })
)

/**
 * The name of a run, which stands in Message-Id (the dot-atom of RFC 5322 §3.2.3) and in names of files.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RunId = Text.pipe(
  Schema.filter((text) => text.length <= 64 && /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(text), {
    message: () => "expected at most 64 letters, digits, - and _, and single dots between them"
  })
)

/**
 * When the run begins.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StartText = Schema.String.pipe(
  Schema.filter((text) => StartTime.timeOf(text, 0) !== undefined, {
    message: () => "expected a time with its zone, such as 2026-12-01T10:00:00Z, or a time from now, such as +30s"
  })
)
