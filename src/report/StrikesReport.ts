/**
 * What a sink of ours did by its rules (--sink-fault and its like), and how often, as a report has it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Printable from "../smtp/Printable.js"
import * as Figures from "./Figures.js"

/**
 * The schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Array(Schema.Struct({ rule: Schema.String, times: Schema.NonNegativeInt }))

/**
 * What a report's own schema says of it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const description =
  "How often each rule of the sink, or of the next hop, has struck (--sink-fault and its like)."

type Strikes = typeof schema.Type

interface WithStrikes {
  readonly strikes?: Strikes | undefined
}

/**
 * As a report has it; the field is left out where there was no rule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = ({ strikes = [] }: WithStrikes): { readonly strikes?: Strikes } =>
  strikes.length === 0 ? {} : { strikes: strikes.map(({ rule, times }) => ({ rule: Printable.escape(rule), times })) }

/**
 * Of several runs: rules that are the same add up.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (reports: ReadonlyArray<WithStrikes>): { readonly strikes?: Strikes } => {
  const sums = new Map<string, number>()
  for (const { rule, times } of reports.flatMap(({ strikes = [] }) => strikes)) {
    sums.set(rule, (sums.get(rule) ?? 0) + times)
  }
  const strikes = Array.from(sums, ([rule, times]) => ({ rule, times }))
  return strikes.length === 0 ? {} : { strikes: strikes.sort((one, other) => (one.rule < other.rule ? -1 : 1)) }
}

/**
 * In words, a rule each.
 *
 * @since 0.1.0
 * @category rendering
 */
export const lines = ({ strikes = [] }: WithStrikes): ReadonlyArray<string> =>
  strikes.map(({ rule, times }) => `${Figures.counted(times, "time")}: ${rule}`)
