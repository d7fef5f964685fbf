/**
 * The options of smtp-sink, read off its plan's schema, and the plan that they add up to.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as SinkPlan from "../sink/SinkPlan.js"
import * as Environment from "./Environment.js"
import * as FieldOption from "./FieldOption.js"
import type { Arguments } from "./Getopt.js"
import { aboutItself, label, type OptionRow, rowsOf, scenario } from "./OptionTable.js"
import type { WrittenPlan } from "./ScenarioFile.js"
import type { Known } from "./UnknownVariables.js"

/**
 * The command's name.
 *
 * @since 0.1.0
 * @category constants
 */
export const program = "smtp-sink"

const prefix = "SMTP_SINK_"

/** Names the file of --scenario. */
const scenarioVariable = `${prefix}SCENARIO`

/** Holds the passphrase of --tls-key. It stands in for no option: what is secret is not seen in a list of processes. */
const passphraseVariable = `${prefix}TLS_PASSPHRASE`

/**
 * The options that are fields of the plan.
 *
 * @since 0.1.0
 * @category constants
 */
export const planRows: ReadonlyArray<OptionRow> = rowsOf(SinkPlan.fields, prefix)

/**
 * All options.
 *
 * @since 0.1.0
 * @category constants
 */
export const rows: ReadonlyArray<OptionRow> = [
  ...planRows,
  scenario(scenarioVariable, "maxConnections for -m, fault for --fault, listen for the address", "sink.schema.json"),
  ...aboutItself
]

/**
 * The environment's variables that stand in for the operands.
 *
 * @since 0.1.0
 * @category constants
 */
export const operandVariables = { listen: `${prefix}LISTEN`, backlog: `${prefix}BACKLOG` } as const

/**
 * The environment's variables that mean something.
 *
 * @since 0.1.0
 * @category constants
 */
export const known: Known = {
  program,
  prefix,
  variables: [
    ...rows.flatMap(({ variable }) => (variable === undefined ? [] : [variable])),
    ...Object.values(operandVariables),
    passphraseVariable
  ]
}

/**
 * The passphrase of --tls-key, where there is one.
 *
 * @since 0.1.0
 * @category getters
 */
export const passphrase: Effect.Effect<string | undefined> = Environment.valueOf(passphraseVariable)

/**
 * The file that holds a plan, and what named it; undefined where nothing does.
 *
 * @since 0.1.0
 * @category getters
 */
export const scenarioOf = ({
  options
}: Arguments): Effect.Effect<readonly [file: string, option: string] | undefined> =>
  Effect.gen(function* () {
    const typed = options.get("scenario")?.at(-1)
    if (typed !== undefined) return [typed, "--scenario"] as const
    const named = yield* Environment.valueOf(scenarioVariable)
    return named === undefined ? undefined : ([named, scenarioVariable] as const)
  })

/**
 * Reads the plan from the arguments and, where they are silent, from the environment, and then from a file, whose fields were checked
 * each by itself. The error names all that is wrong.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (
  { operands, options }: Arguments,
  written?: WrittenPlan | undefined
): Effect.Effect<SinkPlan.SinkPlan, ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const valueOf = yield* Environment.reader
    const input: Record<string, unknown> = { ...written?.input }
    const issues: Array<string> = []
    if (operands.length > 2)
      issues.push(`too many arguments: ${JSON.stringify(operands[2])}, after the address and the backlog`)
    const listen = operands[0] ?? (yield* valueOf(operandVariables.listen))
    if (listen !== undefined) input.listen = listen
    const backlog = operands[1] ?? (yield* valueOf(operandVariables.backlog))
    if (backlog !== undefined) input.backlog = /^\d+$/.test(backlog) ? Number(backlog) : backlog
    for (const row of planRows) {
      const texts = options.get(row.long)
      const variable = texts === undefined ? yield* valueOf(row.variable) : undefined
      if (row.field === undefined || (texts === undefined && variable === undefined)) continue
      const name = variable === undefined ? label(row) : row.variable
      const parsed = yield* Effect.either(FieldOption.parse(row, FieldOption.make(row), { texts, variable }))
      if (Either.isRight(parsed)) input[row.field] = parsed.right
      else issues.push(...parsed.left.map((line) => `${name}: ${line}`))
    }
    const plan = SinkPlan.decode(input)
    if (Either.isLeft(plan)) {
      for (const { message, path } of ParseResult.ArrayFormatter.formatErrorSync(plan.left)) {
        const [field] = path
        if (field === "backlog") issues.push(`backlog: ${message}, not ${JSON.stringify(backlog)}`)
        else if (field === "listen" || field === undefined) issues.push(message)
      }
    }
    if (issues.length > 0) return yield* Effect.fail([...new Set(issues)])
    return yield* Effect.orDie(plan)
  })
