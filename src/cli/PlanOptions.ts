/**
 * The Plan that the command line, the environment and a file add up to.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Conflict from "../plan/Conflict.js"
import * as Plan from "../plan/Plan.js"
import * as Environment from "./Environment.js"
import { UsageError } from "./Fatal.js"
import type { WrittenPlan } from "./ScenarioFile.js"
import type { Arguments } from "./Getopt.js"
import { label, type OptionRow, planRows, targetVariable } from "./OptionTable.js"

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
): Effect.Effect<Plan.Plan, UsageError> =>
  Effect.gen(function* () {
    const [operand, second] = operands
    if (second !== undefined) {
      const meant = /^\d+$/.test(second)
        ? `a port follows a colon: ${operand}:${second}`
        : "several have commas between"
      return yield* new UsageError({ reason: `too many targets: ${second} (${meant})`, remind: true })
    }
    const input: Record<string, unknown> = { ...written?.input }
    const origins = new Map<string, Origin>()
    const issues: Array<string> = []
    const target = operand ?? (yield* Environment.valueOf(targetVariable))
    if (target !== undefined) {
      input.target = target
      const variable = operand === undefined ? targetVariable : undefined
      origins.set("target", { variable })
      const [issue] = Plan.problemsOfFields({ target })
      if (issue !== undefined) issues.push(issue.replace(/^target: /, variable === undefined ? "" : `${variable}: `))
    }
    yield* readValues(options, { input, origins, issues })
    for (const [field, value] of Object.entries(defaults)) {
      if (input[field] !== undefined || origins.has(field)) continue
      input[field] = value
      const row = planRows.find((each) => each.field === field)
      const issue = row === undefined ? undefined : unusable(row, value)
      if (issue !== undefined) issues.push(issue)
    }
    const rankOf = (field: string): number => {
      const origin = origins.get(field)
      if (origin === undefined) return ranks.file
      return origin.variable === undefined ? ranks.argument : ranks.variable
    }
    dropBeaten(input, rankOf)
    issues.push(...conflictsOf(input, origins, written))
    if (input.target === undefined && input.sink !== true && input.calibrate !== true) issues.push("no target")
    if (issues.length > 0) {
      const remind = issues.length === 1 && issues[0] === "no target"
      return yield* new UsageError({ reason: [...new Set(issues)].join("; "), remind })
    }
    return yield* Effect.orDie(Plan.decode(input))
  })

/** @effect/cli and what it brings, which a line without options does without. */
const parser = Effect.promise(() => import("./FieldOption.js"))

/** What is read of the options, one by one. */
interface Read {
  readonly input: Record<string, unknown>
  readonly origins: Map<string, Origin>
  readonly issues: Array<string>
}

/** Reads each option by itself: its value, or what is wrong with it. */
const readValues = (options: Arguments["options"], { input, issues, origins }: Read) =>
  Effect.gen(function* () {
    const valueOf = yield* Environment.reader
    for (const row of planRows) {
      const texts = options.get(row.long)
      const variable = texts === undefined ? yield* valueOf(row.variable) : undefined
      if (row.field === undefined || (texts === undefined && variable === undefined)) continue
      origins.set(row.field, { variable: variable === undefined ? undefined : row.variable })
      const name = variable === undefined ? label(row) : row.variable
      const FieldOption = yield* parser
      const option = FieldOption.make(row)
      // What later values took the place of was asked for all the same (clause S1.5).
      const attempts = texts === undefined || row.repeatable ? [texts] : texts.map((text) => [text])
      for (const attempt of attempts) {
        const parsed = yield* Effect.either(FieldOption.parse(row, option, { texts: attempt, variable }))
        if (Either.isRight(parsed)) input[row.field] = parsed.right
        else {
          issues.push(...parsed.left.map((line) => `${name}: ${line}`))
          // It was asked for, and may break a rule between fields besides.
          input[row.field] = row.repeatable ? (attempt ?? variable) : (attempt?.at(-1) ?? variable)
        }
      }
    }
  })

/**
 * What is wrong with the options' values, each by itself, for where something else is wrong with the command line, so
 * that the rules between options cannot be judged.
 *
 * @since 0.1.0
 * @category parsing
 */
export const problemsOfValues = ({ options }: Arguments): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const issues: Array<string> = []
    yield* readValues(options, { input: {}, origins: new Map(), issues })
    return issues
  })

/** Where a field's value came from: the environment's variable, or the command line. */
interface Origin {
  readonly variable: string | undefined
}

/** The host's own name, which nobody gave, can be one that no HELO may hold. */
const unusable = (row: OptionRow, value: unknown): string | undefined => {
  if (row.schema === undefined || Either.isRight(ParseResult.decodeUnknownEither(row.schema)(value))) return undefined
  return `${label(row)} is required: this machine's own name, ${JSON.stringify(value)}, is not a valid host name`
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
