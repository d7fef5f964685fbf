/**
 * What the fields of a plan are called, and what else people write for them: the names of their options.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as PlanField from "./PlanField.js"
import * as Suggestion from "./Suggestion.js"

/**
 * How a field is to be written, in quotes, for a name that is none: `"maxSessions"` for `max-sessions`, and
 * `family: ipv4` for `ipv4`. None where nobody can tell.
 *
 * @since 0.1.0
 * @category search
 */
export const meant = (fields: Schema.Struct.Fields, name: string): string | undefined => {
  for (const [field, { ast }] of Object.entries(fields)) {
    const annotated = ast._tag === "PropertySignatureTransformation" ? ast.to : ast
    const { long, presets = {}, short } = PlanField.get(annotated) ?? {}
    if (name === long || name === short) return JSON.stringify(field)
    if (Object.hasOwn(presets, name)) return `${field}: ${presets[name]}`
  }
  const near = Suggestion.nearest(name, Object.keys(fields))
  return near === undefined ? undefined : JSON.stringify(near)
}
