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
import type * as PlanRule from "./PlanRule.js"
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

const Headers = PlanValue.texts(HeaderText, 'a header, such as "X-Priority: 1"')

const Attachments = PlanValue.texts(PlanValue.readable(Schema.String, Attachment.parse), "a file or a size")

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
      'The kind of body that each message has: text (the default: lines of X); words, which compress as prose does; random, lines of base64, which do not compress; gtube, words with the string that tests spam filters; eicar, words with the attached file that tests virus scanners; or several kinds, each with its share: "97%: words, 2%: gtube, 1%: eicar". Its size is that of -l, or 1,000 bytes; no two bodies of words or random are alike. What a message gets is drawn from --seed.'
  }),
  attach: PlanField.optional(Attachments, {
    section,
    repeatable: true,
    placeholder: "[share:]file|size",
    description:
      'Attach this file, or this many random bytes, to each message, or to a share of them: report.pdf, "20%: 100k..2M", "5%: report.pdf". Sizes are those of -l, before they are encoded. May be given several times.'
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
      "Take the values of {{row.NAME}} from this CSV file, whose first row names the columns. Each message has a row; after the last row comes the first again."
  }),
  dataOrder: PlanField.withDefault(Schema.Literal(...ItemOrder.orders), "sequential", {
    section,
    description:
      "In which order messages get the rows of --data: sequential, as they are there; random, any one each time; shuffle, each once in random order, and then again in another order."
  }),
  once: PlanField.withDefault(Schema.Boolean, false, {
    section,
    description:
      "Send one message for each row of --data, or each message of --corpus once, and then end. With -m, end after that many at the latest."
  })
}

const rowVariable = /\{\{\s*row\./

/** Rows that are there to be used, and are not. */
const unusedRows: PlanRule.PlanRule = ({ has, option, plan }) => {
  if (!has("data") || has("expand")) return []
  const literal = ["from", "to", "subject"].filter((field) => rowVariable.test(String(plan[field])))
  const used = has("template") || rowVariable.test(JSON.stringify(plan.headers ?? ""))
  if (used || literal.length > 0) {
    return literal.map((field) => ({
      fields: [field, "data"],
      rule: `${option(field)}: {{row.…}} is sent as it is without --expand`
    }))
  }
  const rule = "nothing uses --data: put {{row.NAME}} into --template or --header, or with --expand into -f, -t or -S"
  return [{ fields: ["data"], rule }]
}

/**
 * The rules between them.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  { asked: ["file", "length"], says: "the {length} option cannot be used with {file}", replaces: true },
  { asked: ["file", "body"], says: "{body} and {file} exclude each other", replaces: true },
  ...["file", "length", "body"].map((field) => ({
    asked: ["template", field],
    says: `{template} and {${field}} exclude each other`,
    replaces: true
  })),
  ...["file", "template", "bare"].map((field) => ({
    asked: ["attach", field],
    says: `{attach} cannot be used with {${field}}`
  })),
  { asked: ["template", "bare"], says: "{template} cannot be used with {bare}" },
  { asked: ["template", "subject"], says: "{template} cannot be used with {subject}: it has its own Subject" },
  ...CorpusFields.rules,
  unusedRows,
  { asked: ["dataOrder"], without: ["data"], says: "{dataOrder} needs {data}" },
  { asked: ["once"], without: ["data", "corpus"], says: "{once} needs {data} or {corpus}" },
  { asked: ["once", ["order", "random"]], says: "{once} cannot be used with {order} random" },
  { asked: ["once", ["dataOrder", "random"]], says: "{once} cannot be used with {dataOrder} random" },
  { asked: ["headers", "bare"], says: "{headers} cannot be used with {bare}, which sends no headers" }
]
