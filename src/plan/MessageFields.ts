/**
 * What the fields of a plan that make its messages may be.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Amount from "./Amount.js"
import * as Attachment from "./Attachment.js"
import * as Body from "./Body.js"
import { describe, type ParseFailure } from "./Cursor.js"
import * as CorpusFields from "./CorpusFields.js"
import * as ItemOrder from "./ItemOrder.js"
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

const AttachText = Schema.String.pipe(
  Schema.filter((text) => Either.match(Attachment.parse(text), { onLeft: (reason) => reason, onRight: () => true }))
)

/** A list of what is attached, for which one may stand. */
const Attachments = Schema.transform(
  Schema.Union(Schema.String, Schema.Array(Schema.String)).annotations({
    message: () => ({ message: "expected a file or a size, or a list of them", override: true })
  }),
  Schema.Array(AttachText),
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
  attach: PlanField.optional(Attachments, {
    section,
    repeatable: true,
    placeholder: "[share:]file|size",
    description:
      'Attach a file, or random bytes of this size, to each message, or to a share of them: report.pdf, "20%: 100k..2M", "5%: report.pdf". Sizes are those of -l, before they are encoded. May be given several times.'
  }),
  headers: PlanField.optional(Headers, {
    section,
    long: "header",
    repeatable: true,
    placeholder: "name: value",
    description:
      'Add this header to each message, above all others: "X-Priority: 1". With -F, too. It may have variables, as --template. May be given several times.'
  }),
  template: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description:
      "Send messages made from this file, which is a whole message, headers and body, with variables: {{message}} (its number from 0) and {{number}} (from 1), {{run}}, {{uuid}}, {{date}}, {{date iso}}, {{date + 1d}}, {{hex 16}}, {{int 1..100}}, {{words 20}}, {{pick a|b|c}}, {{row.NAME}} (of --data), {{helo}}, and of the envelope {{from}}, {{to}} and {{recipient}}. {{{{ is a literal {{. Values are drawn from --seed and the message's number."
  }),
  expand: PlanField.withDefault(Schema.Boolean, false, {
    section,
    description:
      "Let -f, -t, -S, --mail-parameter and --rcpt-parameter have variables, too, as --template. Without it, braces in them are braces."
  }),
  ...CorpusFields.fields,
  data: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description:
      "Take values for {{row.NAME}} from this CSV file, whose first row names the columns: a row for each message, and from the first again after the last."
  }),
  dataOrder: PlanField.withDefault(Schema.Literal(...ItemOrder.orders), "sequential", {
    section,
    description:
      "Which row of --data a message gets: sequential, the next one; random, any one; shuffle, each once in random order, and then again in another order."
  }),
  once: PlanField.withDefault(Schema.Boolean, false, {
    section,
    description:
      "Send one message for each row of --data, or one of each in --corpus, and then end. With -m, end after that number, if there are more."
  })
}

const optionOf = (field: string): string => (field === "file" ? "-F" : field === "length" ? "-l" : `--${field}`)

const rowVariable = /\{\{\s*row\./

/** Rows that are there to be used, and are not. */
const unusedRows = (
  plan: { readonly [field: string]: unknown },
  given: (field: string) => boolean
): ReadonlyArray<readonly [broken: boolean, fields: ReadonlyArray<string>, rule: string]> => {
  if (!given("data") || given("expand")) return []
  const letters = [
    ["from", "-f"],
    ["to", "-t"],
    ["subject", "-S"]
  ] as const
  const literal = letters.filter(([field]) => rowVariable.test(String(plan[field])))
  const parameters = given("expand") ? [plan.mailParameters, plan.rcptParameters] : []
  const used = given("template") || rowVariable.test(JSON.stringify([plan.headers ?? "", ...parameters]))
  return [
    ...literal.map(
      ([field, letter]) => [true, [field, "data"], `${letter}: {{row.…}} is sent as it is without --expand`] as const
    ),
    [
      !used && literal.length === 0,
      ["data"],
      "nothing uses --data: put {{row.NAME}} into --template or --header, or with --expand into -f, -t or -S"
    ]
  ]
}

/**
 * The rules between them that are broken.
 *
 * @since 0.1.0
 * @category predicates
 */
export const conflicts = (
  plan: { readonly [field: string]: unknown },
  given: (field: string) => boolean
): ReadonlyArray<readonly [broken: boolean, fields: ReadonlyArray<string>, rule: string]> => [
  [given("file") && given("length"), ["file", "length"], "the -l option cannot be used with -F"],
  [given("file") && given("body"), ["file", "body"], "--body and -F exclude each other"],
  ...["file", "length", "body"].map(
    (field) =>
      [
        given("template") && given(field),
        ["template", field],
        `--template and ${optionOf(field)} exclude each other`
      ] as const
  ),
  ...["file", "template", "bare"].map(
    (field) =>
      [
        given("attach") && given(field),
        ["attach", field],
        `--attach cannot be used with ${field === "bare" ? "-o" : optionOf(field)}`
      ] as const
  ),
  [given("template") && given("bare"), ["template", "bare"], "--template cannot be used with -o"],
  [
    given("template") && given("subject"),
    ["template", "subject"],
    "--template cannot be used with -S: it has its own Subject"
  ],
  ...CorpusFields.conflicts(plan, given),
  ...unusedRows(plan, given),
  [
    plan.dataOrder !== undefined && plan.dataOrder !== "sequential" && !given("data"),
    ["dataOrder"],
    "--data-order needs --data"
  ],
  [given("once") && !given("data") && !given("corpus"), ["once"], "--once needs --data or --corpus"],
  [given("once") && plan.order === "random", ["once", "order"], "--once cannot be used with --order random"],
  [
    given("once") && plan.dataOrder === "random",
    ["once", "dataOrder"],
    "--once cannot be used with --data-order random"
  ],
  [given("headers") && given("bare"), ["headers", "bare"], "--header cannot be used with -o, which sends no headers"]
]
