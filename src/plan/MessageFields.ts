/**
 * What the fields of a plan that make its messages may be.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Amount from "./Amount.js"
import * as Body from "./Body.js"
import { describe, type ParseFailure } from "./Cursor.js"
import * as PlanField from "./PlanField.js"
import * as PlanValue from "./PlanValue.js"

const section = "Messages"

/** A number, or text that says how it is drawn. */
const amounts = (parse: (text: string) => Either.Either<Amount.Amounts, ParseFailure>, expected: string) =>
  Schema.Union(Schema.Number, Schema.String)
    .annotations({ message: () => ({ message: expected, override: true }) })
    .pipe(
      Schema.filter((value) => {
        if (typeof value === "string") return Either.match(parse(value), { onLeft: describe, onRight: () => true })
        const number = Schema.decodeEither(PlanValue.Count)(value)
        return Either.isRight(number) ? true : number.left.message
      })
    )

/**
 * A size in bytes, or a distribution of sizes.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Sizes = amounts(Amount.parseSizes, "expected a number of bytes, or sizes such as 1k..100k")

/**
 * A number of recipients, or a distribution of such numbers.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Counts = amounts(Amount.parseCounts, "expected a number of recipients, or numbers such as 1..20")

const HeaderText = Schema.String.pipe(
  Schema.filter((text) => /^[!-9;-~]+:[^\u0000\r\n]*$/.test(text), {
    message: () => 'expected a header on one line, such as "X-Priority: 1"'
  })
)

/** A list of headers, for which one may stand. */
const Headers = Schema.transform(
  Schema.Union(Schema.String, Schema.Array(Schema.String)).annotations({
    message: () => ({ message: 'expected a header, such as "X-Priority: 1", or a list of them', override: true })
  }),
  Schema.Array(HeaderText),
  { strict: true, decode: (input) => (typeof input === "string" ? [input] : input), encode: (list) => list }
)

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  body: PlanField.optional(PlanValue.parsed(Body.parse), {
    section,
    placeholder: "kind",
    description:
      'What the body of each message is of: text (the default: lines of X), words (they compress as prose does), random (lines of base64, which do not compress), gtube or eicar (words with the string that spam filters, or the attached file that virus scanners, are tested with); or of several kinds, each with its share: "97%: words, 2%: gtube, 1%: eicar". Its size is that of -l, or 1,000 bytes; no two bodies of words or random are alike. What a message gets is drawn from --seed.'
  }),
  headers: PlanField.optional(Headers, {
    section,
    long: "header",
    repeatable: true,
    placeholder: "name: value",
    description:
      'Add this header to each message, above all others: "X-Priority: 1". With -F, too. May be given several times.'
  })
}

/**
 * The rules between them that are broken.
 *
 * @since 0.1.0
 * @category predicates
 */
export const conflicts = (
  given: (field: string) => boolean
): ReadonlyArray<readonly [broken: boolean, fields: ReadonlyArray<string>, rule: string]> => [
  [given("file") && given("length"), ["file", "length"], "the -l option cannot be used with -F"],
  [given("file") && given("body"), ["file", "body"], "--body and -F exclude each other"],
  [given("headers") && given("bare"), ["headers", "bare"], "--header cannot be used with -o, which sends no headers"]
]
