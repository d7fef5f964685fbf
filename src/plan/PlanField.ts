/**
 * What the command line, the environment, the manual page and error messages need to know about a field of the Plan.
 *
 * The knowledge rides on the schema as an annotation, so that a field is described in one place.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type * as AST from "effect/SchemaAST"

/**
 * How a field is given on the command line.
 *
 * @since 0.1.0
 * @category models
 */
export interface PlanField {
  /** The old letter. */
  readonly short?: string | undefined
  /** The long name, where it is not the field's name in kebab case. */
  readonly long?: string | undefined
  /** The value's name in the manual. */
  readonly placeholder?: string | undefined
  /** One paragraph for the manual, beginning with a verb. */
  readonly description: string
  /** Given n times, the value is n. */
  readonly counted?: boolean | undefined
  /** Letters and long names that stand for one value of the field: `-4` for `--family ipv4`. */
  readonly presets?: { readonly [name: string]: string } | undefined
  /** The value that the long name stands for alone. Any other one is attached to it with `=`. */
  readonly alone?: string | undefined
  /** May be given several times; the values add up to a list, in order. */
  readonly repeatable?: boolean | undefined
  /** The heading of the manual under which the option stands. */
  readonly section?: string | undefined
}

/**
 * The key of the annotation that holds a `PlanField`.
 *
 * @since 0.1.0
 * @category symbols
 */
export const PlanFieldId: unique symbol = Symbol.for("smtp-source/PlanField")

/**
 * Describes a field whose absence is a value of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const optional = <A, I>(schema: Schema.Schema<A, I>, field: PlanField) =>
  Schema.optionalWith(schema, { exact: true }).annotations({ description: field.description, [PlanFieldId]: field })

/**
 * Describes a field that has a default.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withDefault = <A, I>(schema: Schema.Schema<A, I>, value: A, field: PlanField) =>
  Schema.optionalWith(schema, { exact: true, default: () => value }).annotations({
    description: field.description,
    [PlanFieldId]: field
  })

/**
 * The description that an annotated field carries.
 *
 * @since 0.1.0
 * @category destructors
 */
export const get = (annotated: AST.Annotated): PlanField | undefined =>
  annotated.annotations[PlanFieldId] as PlanField | undefined

/**
 * A field's name as options have it: `tlsVerify` is `tls-verify`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)

/**
 * What a field is where it is not given; undefined where it is nothing then.
 *
 * @since 0.1.0
 * @category destructors
 */
export const defaultOf = (schema: Schema.Struct.Field | undefined): unknown =>
  schema?.ast._tag === "PropertySignatureTransformation" ? schema.ast.to.defaultValue?.() : undefined

/**
 * What a field's schema says of it.
 *
 * @since 0.1.0
 * @category destructors
 */
export const of = ({ ast }: Schema.Struct.Field): PlanField | undefined =>
  get(ast._tag === "PropertySignatureTransformation" ? ast.to : ast)

/**
 * A field as messages name it: by its old letter, or else by its long name.
 *
 * @since 0.1.0
 * @category formatting
 */
export const optionOf = (name: string, schema: Schema.Struct.Field | undefined): string => {
  const { long = kebab(name), short } = (schema && of(schema)) ?? {}
  return short === undefined ? `--${long}` : `-${short}`
}
