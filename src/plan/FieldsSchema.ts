/**
 * The JSON Schema of fields that a file can hold: what editors know of them.
 *
 * @since 0.1.0
 */
import * as JSONSchema from "effect/JSONSchema"
import type * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import * as PlanField from "./PlanField.js"

/**
 * Of a struct with these fields, each with its description and its default. The rules between fields, and the grammars of texts,
 * are not in it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const make = <A, I>(
  struct: Schema.Schema<A, I>,
  fields: Schema.Struct.Fields,
  { description, title }: { readonly title: string; readonly description: string }
): object => {
  const { properties, ...rest } = JSON.parse(JSON.stringify(JSONSchema.make(struct)), withoutNoise)
  const described = Object.entries(fields).map(([name, field]) => {
    const { ast } = field
    const usual = PlanField.defaultOf(field)
    const annotated = ast._tag === "PropertySignatureTransformation" ? ast.to : ast
    const description = annotated.annotations[AST.DescriptionAnnotationId]
    return [name, { ...properties[name], ...(usual === undefined ? {} : { default: usual }), description }]
  })
  return {
    ...rest,
    title,
    description,
    properties: {
      $schema: { type: "string", description: "Where this schema is, for editors." },
      ...Object.fromEntries(described)
    }
  }
}

/** What Effect's own schemas say of themselves tells users of a file nothing. */
const withoutNoise = (_key: string, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  const { description, title, ...rest } = value as { readonly [key: string]: unknown }
  return {
    ...rest,
    // A property may have such a name.
    ...(typeof title === "object" ? { title } : {}),
    ...(typeof description === "object" ? { description } : {})
  }
}
