/**
 * What a comparison holds, as a schema: its fields, and what each may be.
 *
 * @since 0.1.0
 */
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"
import { Anything } from "./RunReport.js"

const Row = Schema.Struct({
  of: Schema.String.annotations({ description: "What it is of: run, transaction, or a step." }),
  name: Schema.String.annotations({ description: "rate, p99, rejected and so on." }),
  unit: Schema.Literal("ms", "/s", "%"),
  before: Schema.Number.annotations({ description: "The mean over the side's runs: geometric, but for shares." }),
  after: Schema.Number,
  ratio: Schema.optional(Schema.Number).annotations({
    description: "By which factor it changed; not of shares."
  }),
  interval: Schema.optional(Schema.Tuple(Schema.Number, Schema.Number)).annotations({
    description:
      "The factors, low and high, that hold the true one: with 95 % confidence those of all figures of the run and the transaction at once, and those of all steps. Where there is a test, and not of shares."
  }),
  p: Schema.optional(Schema.Number).annotations({ description: "Corrected for the number of figures (Bonferroni)." }),
  finding: Schema.Literal("better", "worse", "changed", "not proven", "cannot tell", "same").annotations({
    description:
      "better, worse: runs that are alike seldom differ so. changed: the same, of what is the generator's own and says nothing of the server. not proven: runs that are alike do differ so; that is not to say that nothing changed. cannot tell: there is no test for it. same: it does not differ by more than the histograms tell apart."
  }),
  better: Schema.Literal("higher", "lower", "neither").annotations({
    description: "neither: of steps that are the generator's own, such as content and start."
  })
})

const Sides = Schema.Tuple(Schema.NonNegativeInt, Schema.NonNegativeInt)

/**
 * The schema of a comparison.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({
  version: Schema.Literal(1).annotations({ description: "Of this format." }),
  method: Schema.Literal("runs", "none").annotations({ description: "How the sides were tested." }),
  runs: Sides.annotations({ description: "How many there are before, and after." }),
  bottlenecks: Sides.annotations({
    description: "In how many runs of each side the generator was the bottleneck: their figures may be its own."
  }),
  plan: Schema.Array(
    Schema.Struct({
      field: Schema.String,
      before: Schema.optional(Anything),
      after: Schema.optional(Anything)
    })
  ).annotations({ description: "Fields of the plan in which the sides differ." }),
  rows: Schema.Array(Row),
  missing: Schema.Array(
    Schema.Struct({ of: Schema.String, on: Schema.Literal("before", "after", "both") })
  ).annotations({
    description:
      "Steps that were measured on the other side and not on this one; connect, greeting and hello also where the warm-up has left them out on both."
  }),
  replies: Schema.Array(
    Schema.Struct({
      step: Schema.String,
      code: Schema.Number,
      enhanced: Schema.optional(Schema.String),
      before: Schema.Number,
      after: Schema.Number
    })
  ).annotations({
    description: "How often a server gave a reply that refuses, on both sides, per thousand messages started."
  })
}).annotations({ title: "A comparison by smtp-report", description: "What --compare with --format json writes." })

/**
 * The comparison.
 *
 * @since 0.1.0
 * @category models
 */
export type Comparison = typeof schema.Type

/**
 * One figure of both sides.
 *
 * @since 0.1.0
 * @category models
 */
export type Row = typeof Row.Type

/**
 * How the sides were tested.
 *
 * @since 0.1.0
 * @category models
 */
export type Method = Comparison["method"]

/**
 * What is to be made of a difference.
 *
 * @since 0.1.0
 * @category models
 */
export type Finding = Row["finding"]

/**
 * The format as a JSON Schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const jsonSchema = (): JSONSchema.JsonSchema7Root => JSONSchema.make(schema)
