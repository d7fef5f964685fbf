/**
 * The options of the command line, read off the Plan's schema: one row a field. Everything that the command line, the
 * environment, the manual and error messages know of an option comes from here.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import * as Plan from "../plan/Plan.js"
import * as PlanField from "../plan/PlanField.js"

/**
 * One option.
 *
 * @since 0.1.0
 * @category models
 */
export interface OptionRow {
  /** The field of the Plan; undefined for an option that only the command line has. */
  readonly field: string | undefined
  /** What the field takes, in a file or from a program; undefined where there is no field. */
  readonly schema: Schema.Schema<unknown, unknown> | undefined
  readonly long: string
  readonly short: string | undefined
  readonly kind: "flag" | "count" | "value"
  /** Whether a value that looks like a number is one. */
  readonly numeric: boolean
  /** The words that it takes: all of its values, or, where it is numeric, those besides numbers. */
  readonly choices: ReadonlyArray<string>
  readonly placeholder: string
  readonly description: string
  /** The default as text, where there is one that says something. */
  readonly default: string | undefined
  /** Letters and long names that stand for a value. */
  readonly presets: { readonly [name: string]: string }
  /** The value that the long name stands for alone; any other one is attached to it with `=`. */
  readonly alone: string | undefined
  readonly repeatable: boolean
  /** Whether `--no-…` undoes it. */
  readonly negatable: boolean
  readonly section: string
  /** The environment variable that stands in for the option. */
  readonly variable: string | undefined
  /** Whether a text that begins with a hyphen, and so is no number, is no value of it. */
  readonly refuses: (text: string) => boolean
}

/**
 * The heading under which the options of the original's manual stand.
 *
 * @since 0.1.0
 * @category constants
 */
export const oldOptions = "Options of the original"

/**
 * The heading of all others that name none.
 *
 * @since 0.1.0
 * @category constants
 */
export const newOptions = "Other options"

/** The types that a field takes from the outside: the members of a union, refinements and transformations undone. */
const outer = (ast: AST.AST): ReadonlyArray<AST.AST> => {
  if (AST.isUnion(ast)) return ast.types.flatMap(outer)
  if (AST.isRefinement(ast) || AST.isTransformation(ast)) return outer(ast.from)
  return AST.isUndefinedKeyword(ast) ? [] : [ast]
}

const rowOf = (
  name: string,
  property: AST.Annotated & PropertyShape,
  prefix: string | undefined
): ReadonlyArray<OptionRow> => {
  const signature = property.ast
  const isTransformed = signature._tag === "PropertySignatureTransformation"
  const field = PlanField.get(isTransformed ? signature.to : signature)
  if (field === undefined) return []
  const members = outer(isTransformed ? signature.from.type : signature.type)
  const choices = members.flatMap((member) => (AST.isLiteral(member) ? [String(member.literal)] : []))
  const kind = field.counted === true ? "count" : members.some(AST.isBooleanKeyword) ? "flag" : "value"
  const value = isTransformed ? signature.to.defaultValue?.() : undefined
  const silent = value === undefined || value === false || kind === "count"
  const long = field.long ?? PlanField.kebab(name)
  // Made when they are asked for: a line has a few of the options.
  const type = isTransformed ? signature.from.type : signature.type
  let schema: Schema.Schema<unknown, unknown> | undefined
  const schemaOf = () => (schema ??= Schema.make(type))
  return [
    {
      field: name,
      get schema() {
        return schemaOf()
      },
      long,
      short: field.short,
      kind,
      // What it is in the plan: a seed that looks like a number is text all the same.
      get numeric() {
        return outer(AST.typeAST(isTransformed ? signature.to.type : signature.type)).some(AST.isNumberKeyword)
      },
      choices,
      placeholder: field.placeholder ?? (choices.length > 0 ? choices.join("|") : "value"),
      description: field.description,
      default: silent ? undefined : String(value),
      presets: field.presets ?? {},
      alone: field.alone,
      repeatable: field.repeatable === true,
      negatable: kind !== "value",
      section: field.section ?? (field.short === undefined && field.presets === undefined ? newOptions : oldOptions),
      variable: prefix === undefined ? undefined : prefix + long.replaceAll("-", "_").toUpperCase(),
      refuses: (text) =>
        Either.isLeft(Schema.decodeUnknownEither(schemaOf())(field.repeatable === true ? [text] : text))
    }
  ]
}

/** What of a struct's field the fold looks at. */
interface PropertyShape {
  readonly ast: {
    readonly _tag: string
  } & (PropertyDeclaration | PropertyTransformation)
}
interface PropertyDeclaration extends AST.Annotated {
  readonly _tag: "PropertySignatureDeclaration"
  readonly type: AST.AST
}
interface PropertyTransformation {
  readonly _tag: "PropertySignatureTransformation"
  readonly from: { readonly type: AST.AST }
  readonly to: AST.Annotated & { readonly type: AST.AST; readonly defaultValue?: (() => unknown) | undefined }
}

/**
 * An option that only the command line has: it is no field of a schema.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commandOnly = (
  row: Partial<OptionRow> & { readonly long: string; readonly description: string }
): OptionRow => ({
  field: undefined,
  schema: undefined,
  short: undefined,
  kind: "flag",
  numeric: false,
  choices: [],
  placeholder: "",
  default: undefined,
  presets: {},
  alone: undefined,
  repeatable: false,
  negatable: false,
  section: newOptions,
  variable: undefined,
  refuses: (text) => row.choices?.includes(text) === false,
  ...row
})

/**
 * The environment's variable that names the file of --scenario.
 *
 * @since 0.1.0
 * @category constants
 */
export const scenarioVariable = "SMTP_SOURCE_SCENARIO"

/**
 * The environment's variable that names the target.
 *
 * @since 0.1.0
 * @category constants
 */
export const targetVariable = "SMTP_SOURCE_TARGET"

/**
 * The options by which each command tells of itself (`AboutItself`).
 *
 * @since 0.1.0
 * @category constants
 */
export const aboutItself: ReadonlyArray<OptionRow> = [
  commandOnly({ long: "help", description: "Print this text." }),
  commandOnly({ long: "version", description: "Print the version." }),
  commandOnly({
    long: "completions",
    kind: "value",
    choices: ["bash", "zsh", "fish"],
    placeholder: "bash|zsh|fish",
    description: "Print a script that teaches this shell to complete the options."
  })
]

/**
 * The option --scenario, with some of the fields that its file can have, and the name of their JSON Schema.
 *
 * @since 0.1.0
 * @category constructors
 */
export const scenario = (variable: string, fields: string, schema: string): OptionRow =>
  commandOnly({
    long: "scenario",
    kind: "value",
    placeholder: "file",
    variable,
    description: `Take what the command line and the environment leave open from this file: JSON or YAML, with the options' names as fields (${fields}). The package has its JSON Schema, as smtp-source/${schema}.`
  })

/**
 * The options that say what to do instead of a run.
 *
 * @since 0.1.0
 * @category constants
 */
export const commandRows: ReadonlyArray<OptionRow> = [
  scenario(scenarioVariable, "maxSessions for --max-sessions, messages for -m", "plan.schema.json"),
  commandOnly({
    long: "dry-run",
    description: "Print the plan as it was understood, and the first message's dialogue, and send nothing."
  }),
  commandOnly({
    long: "segments",
    kind: "value",
    section: "Many machines",
    placeholder: "count",
    description:
      "With --dry-run: print what each of this many segments of the run has, and send nothing. With --emit: run this many."
  }),
  commandOnly({
    long: "emit",
    kind: "value",
    section: "Many machines",
    choices: ["k8s", "slurm", "parallel", "mpi", "nomad"],
    placeholder: "engine",
    description:
      "With --segments: print what an engine takes to run the segments, with settings that start none of them twice, and send nothing: Kubernetes (k8s), Slurm, GNU parallel, Open MPI (mpi) or Nomad. Names of --report hold {segment}, and {run}; where no result is named, each leaves a journal."
  }),
  commandOnly({
    long: "wizard",
    description:
      "Ask for the options on the terminal, group by group, show the command line that they make, and run it."
  }),
  ...aboutItself
]

/**
 * The options that the fields of a schema are, in their order, with environment variables that begin with `prefix`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowsOf = (fields: object, prefix: string | undefined): ReadonlyArray<OptionRow> =>
  Object.entries(fields).flatMap(([name, property]) =>
    // A struct's field is a schema or a property signature; those that have a PlanField are all of the latter kind.
    rowOf(name, property as AST.Annotated & PropertyShape, prefix)
  )

/**
 * The options that describe a run, in the order of the schema.
 *
 * @since 0.1.0
 * @category constants
 */
export const planRows: ReadonlyArray<OptionRow> = rowsOf(Plan.planFields, "SMTP_SOURCE_")

/**
 * All options.
 *
 * @since 0.1.0
 * @category constants
 */
export const rows: ReadonlyArray<OptionRow> = [...planRows, ...commandRows]

/**
 * How messages name the option of a field: `-m, --messages`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const label = (row: OptionRow): string =>
  row.short === undefined ? `--${row.long}` : `-${row.short}, --${row.long}`
