/**
 * The Plan's options for @effect/cli, folded from the table, and the Plan that they add up to.
 *
 * What the user typed has been through `Getopt` before. Each value travels behind a mark, so that the parser takes none of
 * them for an option, a flag's argument or a command of its own.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import * as Options from "@effect/cli/Options"
import type { FileSystem } from "@effect/platform/FileSystem"
import type { Path } from "@effect/platform/Path"
import type { Terminal } from "@effect/platform/Terminal"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Conflict from "../plan/Conflict.js"
import * as Plan from "../plan/Plan.js"
import { UsageError } from "./Fatal.js"
import type { Arguments } from "./Getopt.js"
import { label, type OptionRow, planRows, targetVariable } from "./OptionTable.js"

/** No command line holds it by accident, and it begins no option. */
const mark = "\u0001"

const config = CliConfig.make({ isCaseSensitive: true, autoCorrectLimit: 0, showBuiltIns: false })

const optionOf = (row: OptionRow): Options.Options<Option.Option<string>> => {
  const given = Options.text(row.long).pipe(
    Options.withPseudoName(row.placeholder),
    Options.withDescription(row.description)
  )
  const orVariable = row.variable === undefined ? given : Options.withFallbackConfig(given, Config.string(row.variable))
  return Options.optional(orVariable)
}

const command = Command.make("smtp-source", {
  given: Options.all(Object.fromEntries(planRows.map((row) => [row.long, optionOf(row)]))),
  target: Args.optional(Args.text({ name: "target" }))
})

/**
 * A plan that was read from a file.
 *
 * @since 0.1.0
 * @category models
 */
export interface WrittenPlan {
  readonly file: string
  readonly input: Partial<Plan.PlanInput>
}

/**
 * Reads the Plan from the arguments and, where they are silent, from the environment (`SMTP_SOURCE_…`, through the
 * ConfigProvider), and then from a file. `defaults` stands in where all are silent. The error names all that is wrong.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (
  { operands, options }: Arguments,
  defaults: Partial<Plan.PlanInput>,
  written?: WrittenPlan | undefined
): Effect.Effect<Plan.Plan, UsageError, FileSystem | Path | Terminal> =>
  Effect.gen(function* () {
    if (operands.length > 1) return yield* new UsageError({ reason: `too many targets: ${operands[1]}`, remind: true })
    const argv = planRows.flatMap((row) => {
      const values = options.get(row.long)
      if (values === undefined) return []
      return [`--${row.long}`, mark + values.at(-1)]
    })
    const operand = operands.map((target) => mark + target)
    const directive = yield* Effect.mapError(
      CommandDescriptor.parse(
        command.descriptor,
        ["smtp-source", ...argv, ...(operand.length > 0 ? ["--", ...operand] : [])],
        config
      ),
      // Getopt has let through what is in the table, and nothing else: the parser has nothing to object to.
      (error) => new UsageError({ reason: error._tag, remind: true })
    )
    if (directive._tag === "BuiltIn") return yield* new UsageError({ reason: "not an option", remind: true })
    const { given, target } = directive.value
    const input: Record<string, unknown> = { ...defaults, ...written?.input }
    const origins = new Map<string, Origin>()
    for (const row of planRows) {
      const value = Option.getOrUndefined(given[row.long] ?? Option.none())
      if (value === undefined || row.field === undefined) continue
      const typed = options.get(row.long)
      const texts = typed ?? [value]
      input[row.field] = row.repeatable ? texts.map((text) => read(row, text)) : read(row, texts.at(-1) ?? "")
      const text = row.repeatable ? texts.join(" ") : (texts.at(-1) ?? "")
      origins.set(row.field, {
        row,
        text,
        texts: row.repeatable ? texts : [],
        variable: typed === undefined ? row.variable : undefined
      })
    }
    if (Option.isSome(target)) input.target = target.value.slice(mark.length)
    else {
      // A variable that cannot be read is as good as none.
      const named = yield* Effect.orElseSucceed(Config.option(Config.string(targetVariable)), Option.none<string>)
      if (Option.isSome(named)) {
        input.target = named.value
        origins.set("target", { row: undefined, text: named.value, texts: [], variable: targetVariable })
      }
    }
    const rankOf = (field: string): number => {
      const origin = origins.get(field)
      if (origin === undefined) return field === "target" && Option.isSome(target) ? ranks.argument : ranks.file
      return origin.variable === undefined ? ranks.argument : ranks.variable
    }
    dropBeaten(input, rankOf)
    const issues = [...overridden(options), ...issuesOf(input, origins), ...conflictsOf(input, origins, written)]
    if (input.target === undefined && input.sink !== true && input.calibrate !== true) issues.push("no target")
    if (issues.length > 0) {
      const remind = issues.length === 1 && issues[0] === "no target"
      return yield* new UsageError({ reason: [...new Set(issues)].join("; "), remind })
    }
    return yield* Effect.orDie(Plan.decode(input))
  })

/** Where a field's value came from. */
interface Origin {
  readonly row: OptionRow | undefined
  readonly text: string
  /** Each value, of an option that may be repeated. */
  readonly texts: ReadonlyArray<string>
  /** The environment's variable, where the option was not given. */
  readonly variable: string | undefined
}

/** As atoi(3) reads numbers, but to the end: blanks and a sign may lead. */
const number = /^[ \t\n\v\f\r]*\+?\d+(\.\d+)?$/

/** What a value means to its field; what it cannot mean is left as it is, for the schema to refuse under its name. */
const read = (row: OptionRow, text: string): unknown => {
  if (row.kind === "flag") return booleans.get(text.toLowerCase()) ?? text
  if (row.numeric || row.kind === "count") return number.test(text) ? Number(text) : text
  return text
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const)
])

/** All that is wrong with the fields, one by one, each with the option, or the variable, that it came by. */
const issuesOf = (input: Record<string, unknown>, origins: ReadonlyMap<string, Origin>): ReadonlyArray<string> => {
  const decoded = Plan.decode(input)
  if (Either.isRight(decoded)) return []
  const told = new Set<string>()
  return ParseResult.ArrayFormatter.formatErrorSync(decoded.left).flatMap(({ message, path }) => {
    const field = String(path[0] ?? "")
    // Rules between fields have no field of their own, and are told of by `conflictsOf`. Of what a field could have been
    // instead, the first is told; `expected` knows the others.
    const origin = origins.get(field)
    // A list is told of item by item.
    const place = origin !== undefined && origin.texts.length > 0 ? `${field} ${String(path[1])}` : field
    if (field === "" || told.has(place)) return []
    told.add(place)
    if (field === "target") {
      return [origin === undefined ? message : `${targetVariable}: ${message}`]
    }
    if (origin?.row !== undefined) {
      const name = origin.variable ?? label(origin.row)
      // Of a list, the one that is wrong, and of its parts.
      const text = JSON.stringify(origin.texts[Number(path[1])] ?? origin.text)
      const part = path.length > 2 ? `${String(path[2])}: ` : ""
      const reason = part + expected(origin.row, message)
      if (reason.startsWith("expected")) return [`${name}: ${reason}, not ${text}`]
      return [`${name}: ${text}${/^(column|\w+: )/.test(reason) ? "," : ""} ${reason}`]
    }
    // Nobody gave it: a host's own name can be one that no HELO may hold.
    const row = planRows.find((each) => each.field === field)
    const name = row === undefined ? field : label(row)
    return [`${name}: must be given, for its default will not do: ${message}, not ${JSON.stringify(input[field])}`]
  })
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

/** What beats what. */
const ranks = { file: 0, variable: 1, argument: 2 }

/** Of fields that exclude each other, those that were given where it counts most take the place of the others. */
const dropBeaten = (input: Record<string, unknown>, rankOf: (field: string) => number): void => {
  for (const group of Conflict.exclusive) {
    const given = group.filter((field) => input[field] !== undefined && input[field] !== false)
    const highest = Math.max(...given.map(rankOf))
    for (const field of given) if (rankOf(field) < highest) delete input[field]
  }
}

/** The rules between fields that are broken. Of what broke them, the command line shows neither the file nor the variables. */
const conflictsOf = (
  input: Record<string, unknown>,
  origins: ReadonlyMap<string, Origin>,
  written: WrittenPlan | undefined
): ReadonlyArray<string> =>
  Conflict.find(input).map(({ fields, rule }) => {
    const variables = fields.flatMap((field) => origins.get(field)?.variable ?? [])
    const inFile = fields.filter((field) => !origins.has(field) && written !== undefined && field in written.input)
    const where = [
      ...(inFile.length === 0 ? [] : [`from ${written?.file}: ${inFile.join(", ")}`]),
      ...(variables.length === 0 ? [] : [`from the environment: ${variables.join(", ")}`])
    ]
    return where.length === 0 ? rule : `${rule} (${where.join("; ")})`
  })

/** What is wrong with values that later ones took the place of: they were asked for all the same (clause S1.5). */
const overridden = (options: Arguments["options"]): ReadonlyArray<string> =>
  planRows.flatMap((row) => {
    const { field } = row
    if (row.repeatable || field === undefined) return []
    const earlier = (options.get(row.long) ?? []).slice(0, -1)
    return earlier.flatMap((text) =>
      issuesOf({ [field]: read(row, text) }, new Map([[field, { row, text, texts: [], variable: undefined }]]))
    )
  })
