/**
 * The targets of a run that has several, as a report has them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as TargetTally from "../measure/TargetTally.js"
import { Count } from "./CountField.js"

/**
 * The connections and messages by target.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Array(
  Schema.Struct({
    target: Schema.String,
    opened: Count.annotations({ description: "Connections to it that were opened." }),
    unopened: Count.annotations({ description: "Attempts that did not lead to a connection." }),
    accepted: Count,
    rejected: Count,
    failed: Count,
    abandoned: Count.annotations({
      description: "Of those that failed, the ones that were left half way because the plan says so."
    }),
    unknown: Count
  })
)

/**
 * What a report's own schema says of them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const description =
  "Of a run with several targets: the connections to each, and how the messages ended that went there. A message counts for the target of the connection that it was begun for last, whether or not that was opened."

/**
 * The targets of a report.
 *
 * @since 0.1.0
 * @category models
 */
export type TargetSummary = typeof schema.Type

/** What has them, where there are several. */
interface WithTargets {
  readonly targets?: TargetSummary
}

/**
 * Of what was counted; the field is left out where there was nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (targets: ReadonlyArray<TargetTally.TargetCount>): WithTargets =>
  targets.length === 0 ? {} : { targets }

/**
 * Of several runs together.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (reports: ReadonlyArray<WithTargets>): WithTargets =>
  of(TargetTally.merge(reports.map(({ targets = [] }) => targets)))

/**
 * What became of messages to one target and of connections to it, in words: "75 accepted, 2 rejected; 10 connections opened, 1
 * failed".
 *
 * @since 0.1.0
 * @category formatting
 */
export const text = (
  { abandoned, accepted, failed, opened, rejected, unknown, unopened }: TargetSummary[number],
  count: (number: number) => string
): string => {
  const messages = [
    `${count(accepted)} accepted`,
    ...(rejected > 0 ? [`${count(rejected)} rejected`] : []),
    ...(failed > abandoned ? [`${count(failed - abandoned)} failed`] : []),
    ...(abandoned > 0 ? [`${count(abandoned)} abandoned as planned`] : []),
    ...(unknown > 0 ? [`${count(unknown)} unknown`] : [])
  ]
  const connections = [
    `${count(opened)} ${opened === 1 ? "connection" : "connections"} opened`,
    ...(unopened > 0 ? [`${count(unopened)} failed`] : [])
  ]
  return `${messages.join(", ")}; ${connections.join(", ")}`
}

/**
 * The first of the targets, at most this many, and how many more there are.
 *
 * @since 0.1.0
 * @category reading
 */
export const first = (
  { targets = [] }: WithTargets,
  most: number
): { readonly shown: TargetSummary; readonly others: number } => ({
  shown: targets.slice(0, most),
  others: Math.max(0, targets.length - most)
})
