/**
 * The options of @effect/cli, one for each field of the Plan: named, described and typed by the field, and read from the
 * environment where the command line is silent.
 *
 * What was typed has been through `Getopt` before, which knows the habits that @effect/cli does not (clusters, attached values,
 * values that begin with a hyphen, letters given several times). So each option is asked alone, with the values that are its
 * own: all that are wrong are reported at once, where @effect/cli's own parser ends with the first.
 *
 * @since 0.1.0
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as ParseResult from "effect/ParseResult"
import type { OptionRow } from "./OptionTable.js"

/**
 * How @effect/cli reads: as it is written.
 *
 * @since 0.1.0
 * @category constants
 */
export const config = CliConfig.make({ isCaseSensitive: true, autoCorrectLimit: 0, showBuiltIns: false })

/**
 * The option of a field. It gives what a file would hold for the field.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (row: OptionRow): Options.Options<unknown> => {
  const { variable } = row
  switch (row.kind) {
    case "flag": {
      const negationNames = row.negatable ? [`no-${row.long}`] : []
      const flag = described(row, Options.boolean(row.long, { aliases: letters(row), negationNames }))
      return variable === undefined
        ? flag
        : Options.withFallbackConfig(flag, Config.mapOrFail(Config.string(variable), readBoolean))
    }
    case "count":
    case "value":
      // What is repeated is never missing to @effect/cli, which so does not ask the environment: `parse` does.
      if (row.repeatable) return typed(row, Options.repeated(described(row, Options.text(row.long))))
      return typed(row, withVariable(row, described(row, lettered(row, text(row)))))
  }
}

/** What stands in a variable is no choice to @effect/cli, which takes it as it is: the field's type looks at both. */
const text = ({ choices, long, numeric }: OptionRow): Options.Options<string> =>
  choices.length > 0 && !numeric ? Options.choice(long, choices) : Options.text(long)

const letters = ({ short }: OptionRow): ReadonlyArray<string> => (short === undefined ? [] : [short])

const lettered = <A>({ short }: OptionRow, option: Options.Options<A>): Options.Options<A> =>
  short === undefined ? option : Options.withAlias(option, short)

const described = <A>({ description, placeholder }: OptionRow, option: Options.Options<A>): Options.Options<A> =>
  option.pipe(Options.withPseudoName(placeholder), Options.withDescription(description))

const withVariable = ({ variable }: OptionRow, option: Options.Options<string>): Options.Options<string> =>
  variable === undefined ? option : Options.withFallbackConfig(option, Config.string(variable))

/** As `Options.withSchema`, with the field's own words for what it is not, and every one of them. */
const typed = (
  row: OptionRow,
  option: Options.Options<string> | Options.Options<Array<string>>
): Options.Options<unknown> => {
  const { schema } = row
  if (schema === undefined) return option
  const decode = ParseResult.decodeUnknownEither(schema, { errors: "all" })
  const check = (given: string | ReadonlyArray<string>): Effect.Effect<unknown, ValidationError.ValidationError> => {
    const value = typeof given === "string" ? read(row, given) : given.map((text) => read(row, text))
    return Either.match(decode(value), {
      onLeft: (issue) => {
        const lines = complaints(row, ParseResult.ArrayFormatter.formatIssueSync(issue), given)
        return Effect.fail(ValidationError.invalidValue(HelpDoc.blocks(lines.map((line) => HelpDoc.p(line)))))
      },
      onRight: () => Effect.succeed(value)
    })
  }
  return Options.mapEffect(option as Options.Options<string | Array<string>>, check)
}

/**
 * What was given for an option: its values in order, or, where there is none, what stands in its variable. The error is a line
 * for each thing that is wrong, without the option's name.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (
  row: OptionRow,
  option: Options.Options<unknown>,
  given: { readonly texts: ReadonlyArray<string> | undefined; readonly variable: string | undefined }
): Effect.Effect<unknown, ReadonlyArray<string>> => {
  const { texts = row.repeatable && given.variable !== undefined ? [given.variable] : undefined } = given
  const values = texts === undefined ? HashMap.empty() : HashMap.make([`--${row.long}`, texts] as const)
  return Options.parse(option, values, config).pipe(
    Effect.mapError((error) => {
      // The words of what @effect/cli refuses by itself are not for users.
      const text = texts?.at(-1) ?? given.variable ?? ""
      const own = row.kind === "flag" || (row.choices.length > 0 && !row.numeric)
      return own ? [`${expected(row, "")}, not ${JSON.stringify(text)}`] : paragraphs(error.error)
    }),
    Effect.provide(FileSystem.layerNoop({}))
  )
}

/** The lines of a document that has nothing but paragraphs. */
const paragraphs = (document: HelpDoc.HelpDoc): ReadonlyArray<string> => {
  if (HelpDoc.isSequence(document)) return [...paragraphs(document.left), ...paragraphs(document.right)]
  return HelpDoc.isParagraph(document) ? [textOf(document.value)] : []
}

/** A span without its looks. */
const textOf = (span: Span.Span): string => {
  if (span._tag === "Sequence") return textOf(span.left) + textOf(span.right)
  return typeof span.value === "string" ? span.value : textOf(span.value)
}

/** Of a list, the one that is wrong is named, and of its parts, which. Of what could have been instead, the first. */
const complaints = (
  row: OptionRow,
  issues: ReadonlyArray<ParseResult.ArrayFormatterIssue>,
  given: string | ReadonlyArray<string>
): ReadonlyArray<string> => {
  const told = new Map<string, string>()
  for (const { message, path } of issues) {
    const [index, ...inside] = typeof given === "string" ? [undefined, ...path] : path
    const place = String(index)
    if (told.has(place)) continue
    const text = JSON.stringify(typeof given === "string" ? given : (given[Number(index)] ?? given.join(" ")))
    const part = inside.length === 0 ? "" : `${String(inside[0])}: `
    const reason = part + expected(row, message)
    told.set(
      place,
      reason.startsWith("expected")
        ? `${reason}, not ${text}`
        : `${text}${/^(column|\w+: )/.test(reason) ? "," : ""} ${reason}`
    )
  }
  return [...told.values()]
}

/** What an option takes, in a sentence, where its schema has none for it. */
const expected = (row: OptionRow, message: string): string => {
  if (row.kind === "flag") return "expected true or false"
  if (row.kind === "count") return "expected a whole number, 0 or more"
  if (row.choices.length === 0) return message
  const last = row.choices.at(-1)
  const words = row.choices.length === 1 ? last : `${row.choices.slice(0, -1).join(", ")} or ${last}`
  return row.numeric ? `${message}, or ${words}` : `expected ${words}`
}

/** As atoi(3) reads numbers, but to the end: blanks and a sign may lead. */
const number = /^[ \t\n\v\f\r]*\+?\d+(\.\d+)?$/

/** What a value means to its field; what it cannot mean is left as it is, for the schema to refuse. */
const read = (row: OptionRow, text: string): unknown =>
  (row.numeric || row.kind === "count") && number.test(text) ? Number(text) : text

const readBoolean = (text: string): Either.Either<boolean, ConfigError.ConfigError> => {
  const value = booleans.get(text.toLowerCase())
  return value === undefined ? Either.left(ConfigError.InvalidData([], "no boolean")) : Either.right(value)
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const)
])
