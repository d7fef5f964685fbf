/**
 * The one description of a run: plain data, from which come the command line, the environment's names, the manual page,
 * the JSON Schema and what a worker is given.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Conflict from "./Conflict.js"
import * as FieldNames from "./FieldNames.js"
import * as FieldsSchema from "./FieldsSchema.js"
import * as GivenFields from "./GivenFields.js"
import * as MessageFile from "./MessageFile.js"
import { fields, struct } from "./PlanFields.js"
import * as PlanIssue from "./PlanIssue.js"
import type { Plan, PlanInput } from "./PlanTypes.js"
import * as PlanValue from "./PlanValue.js"
import * as ShapeValue from "./ShapeValue.js"

export type { Plan, PlanInput } from "./PlanTypes.js"

/** As a file has it: a Duration is the text of a time. Nothing in a plan lies deeper than this, and what holds itself has no end. */
const written = (value: unknown, depth = 0): unknown => {
  if (Duration.isDuration(value)) return `${Duration.toMillis(value)}ms`
  if (typeof value !== "object" || value === null || depth === deepest) return value
  if (Array.isArray(value)) return value.map((each) => written(each, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, written(each, depth + 1)]))
}

const deepest = 8

/** Whether it has fields. An array or a Date, which are objects, too, would be a plan that says nothing. */
const isRecord = (input: unknown): boolean => Object.prototype.toString.call(input) === "[object Object]"

const noRecord = "expected the fields of a plan"

/** The defaults that depend on other fields: how many sessions an open run may have. */
const completed = (input: unknown): unknown => {
  if (typeof input !== "object" || input === null) return input
  const given: { readonly [field: string]: unknown } = { ...input }
  const open = given.rate !== undefined || given.stages !== undefined
  if (!open || given.maxSessions !== undefined) return given
  return { ...given, maxSessions: Schema.is(PlanValue.Count)(given.sessions) ? given.sessions : 1000 }
}

/** The fields, and the defaults that depend on others. */
const whole: Schema.Schema<Plan, PlanInput> = Schema.transform(
  Schema.Any.pipe(Schema.filter((input) => isRecord(input) || noRecord)),
  struct,
  {
    strict: false,
    decode: (input) => completed(written(input)),
    encode: (encoded) => encoded
  }
)

/**
 * The schema of a `Plan`: its fields, their defaults, and the rules between them. What it decodes is plain data; a copy of it is
 * the same plan.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema: Schema.Schema<Plan, PlanInput> = whole.pipe(
  Schema.filter((plan) => {
    const broken = Conflict.find(plan).map(({ rule }) => rule)
    return broken.length === 0 ? undefined : broken.join("; ")
  })
)

/**
 * The fields of the schema, with their descriptions (`PlanField.get`).
 *
 * @since 0.1.0
 * @category schemas
 */
export const planFields: Schema.Struct.Fields = fields

/**
 * A Plan, as it is written in a file, as a JSON Schema. The rules between fields, and the grammars of texts, are not in it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const jsonSchema = (): object =>
  FieldsSchema.make(struct, fields, { title: "A plan of smtp-source", description: "What --scenario reads." })

/**
 * Reads a Plan from plain data; the error holds all that is wrong with it, or else the rules between fields that it breaks.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decode = (input: unknown): Either.Either<Plan, ParseResult.ParseError> => {
  const plan = readGiven(input)
  return plan !== undefined && Conflict.find(plan).length === 0
    ? Either.right(plan)
    : Schema.decodeUnknownEither(schema)(input, { errors: "all", onExcessProperty: "error" })
}

const given = GivenFields.make(fields)

/** The plan, but for the rules between fields, where nothing is wrong with any of these. */
const readGiven = (input: unknown): Plan | undefined =>
  // It has read each field by the schema that the type of a plan is made from.
  isRecord(input) ? (given(completed(written(input))) as Plan | undefined) : undefined

const decodeFields = (input: unknown) => {
  const plan = readGiven(input)
  return plan === undefined
    ? Schema.decodeUnknownEither(whole)(input, { errors: "all", onExcessProperty: "error" })
    : Either.right(plan)
}

/**
 * A plan as it is written in a file: `decode` reads it back. Fields have their values in plain JSON.
 *
 * @since 0.1.0
 * @category constructors
 */
export const encode: (plan: Plan) => PlanInput = Schema.encodeSync(whole)

/**
 * Whether the plan says how many messages there are, or ends by its time. One that does not has a single message, which a
 * scenario need not keep to.
 *
 * @since 0.1.0
 * @category predicates
 */
export const saysMessages = ({ duration, messages, stages }: Plan): boolean =>
  messages !== undefined || duration !== undefined || stages !== undefined

/**
 * All that is wrong with plain data that is to be a Plan, a line for each field and for each rule between fields.
 *
 * @since 0.1.0
 * @category constructors
 */
export const problems = (input: unknown): ReadonlyArray<string> => [
  ...problemsOfFields(input),
  ...Conflict.find(written(input)).map(({ fields, rule }) => `${fields.join(", ")}: ${rule}`)
]

/**
 * What is wrong with the fields alone, a line for each: a part of a plan may need others to be whole.
 *
 * @since 0.1.0
 * @category constructors
 */
export const problemsOfFields = (input: unknown): ReadonlyArray<string> => issuesOfFields(input).map(({ text }) => text)

/**
 * The same, each with its place.
 *
 * @since 0.1.0
 * @category constructors
 */
export const issuesOfFields = (input: unknown): ReadonlyArray<PlanIssue.PlanIssue> =>
  isRecord(input)
    ? Either.match(decodeFields(input), {
        onLeft: (error) => PlanIssue.describe(error, input, meant),
        onRight: () => []
      })
    : [{ path: [], text: noRecord }]

const meant = (path: ReadonlyArray<PropertyKey>): string | undefined =>
  FieldNames.meant(path.length === 1 ? fields : path[0] === "shapes" ? ShapeValue.shapeFields : {}, String(path.at(-1)))

/**
 * What was to be a Plan is none.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidPlan extends Data.TaggedError("InvalidPlan")<{
  readonly problems: ReadonlyArray<string>
}> {
  override get message(): string {
    return this.problems.join("\n")
  }
}

/**
 * Makes a Plan of what a program was given, such as a file's fields or a form's: fails with all that is wrong with it.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Effect from "effect/Effect"
 * import { Load, NodeServices, Plan } from "smtp-source"
 *
 * export const run = (fields: unknown) =>
 *   Plan.fromInput(fields).pipe(
 *     Effect.flatMap((plan) => Load.run(plan)),
 *     Effect.catchTag("InvalidPlan", ({ problems }) => Effect.logError(problems.join("; "))),
 *     Effect.provide(NodeServices.layer)
 *   )
 */
export const fromInput = (input: unknown): Effect.Effect<Plan, InvalidPlan> =>
  Either.mapLeft(decode(input), () => new InvalidPlan({ problems: problems(input) }))

/**
 * Gives back a plan as it is. Fails with all that is wrong with one that was made by hand, such as a copy with another field.
 *
 * @since 0.1.0
 * @category constructors
 */
export const check = (plan: Plan): Effect.Effect<Plan, InvalidPlan> => {
  const fields = Schema.encodeUnknownEither(struct)(plan, {
    errors: "all",
    onExcessProperty: "error"
  })
  const wrong = [
    ...(Either.isLeft(fields) ? PlanIssue.describe(fields.left, plan, meant).map(({ text }) => text) : []),
    ...Conflict.find(plan).map(({ fields, rule }) => `${fields.join(", ")}: ${rule}`)
  ]
  return wrong.length === 0 ? Either.right(plan) : Either.left(new InvalidPlan({ problems: wrong }))
}

/**
 * A Plan out of a program's configuration: under `name`, the text of a JSON object of the plan's fields, as `--scenario`
 * reads it.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Effect from "effect/Effect"
 * import { Load, NodeServices, Plan } from "smtp-source"
 *
 * // MAIL_LOAD='{"target":"localhost:2525","messages":100}'
 * export const run = Plan.config("MAIL_LOAD").pipe(
 *   Effect.flatMap((plan) => Load.run(plan)),
 *   Effect.provide(NodeServices.layer)
 * )
 */
export const config = (name: string): Config.Config<Plan> =>
  Config.mapOrFail(Config.string(name), (text) =>
    Either.try({ try: (): unknown => JSON.parse(text), catch: () => ["expected JSON"] }).pipe(
      Either.flatMap((input) => Either.mapLeft(decode(input), () => problems(input))),
      // Config adds the name.
      Either.mapLeft((wrong) => ConfigError.InvalidData([], wrong.join("; ")))
    )
  )

/**
 * Makes a Plan that is written in the program itself, filling in the defaults. Throws an `InvalidPlan` where `input` breaks a
 * rule; `fromInput` is for what is not known before the program runs.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { Plan } from "smtp-source"
 *
 * export const plan = Plan.make({ target: "localhost:2525", messages: 100, sessions: 10, reuse: true })
 */
export const make = (input: PlanInput): Plan =>
  Either.getOrThrowWith(decode(input), () => new InvalidPlan({ problems: problems(input) }))

/**
 * Reads what a run of the plan needs of files: what -F names, in memory that threads can share. Undefined where the plan names
 * no file.
 *
 * @since 0.1.0
 * @category loading
 * @example
 * import * as Effect from "effect/Effect"
 * import { Load, Plan } from "smtp-source"
 *
 * // Asks for a FileSystem, such as that of @effect/platform-node, which the run itself does not need.
 * export const run = (plan: Plan.Plan) => Effect.flatMap(Plan.load(plan), (file) => Load.run(plan, { file }))
 */
export const load: (plan: Plan) => Effect.Effect<Uint8Array | undefined, MessageFile.FileUnusable, FileSystem> =
  MessageFile.read
