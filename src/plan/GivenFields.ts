/**
 * Reads the fields of a plan that were given, one by one; the others have their defaults.
 *
 * The schema of the whole says the same, and in the end decides. But before its first answer it makes ready to read all fields,
 * twice, and most lines give a few: that was a tenth of what a short run took.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as AST from "effect/SchemaAST"

/** Gives what a field holds for what was written, in which nothing is too much. */
type Read = (written: unknown) => Either.Either<unknown, unknown>

interface Field {
  /** The default; undefined where absence is a value of its own. */
  readonly usual: (() => unknown) | undefined
  /** Made when it is first asked for. */
  readonly read: Read
}

/**
 * Makes the function that reads plain data as the struct of `fields` does, where nothing is wrong with it. Undefined where
 * anything is, the name of a field included: the struct knows what.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  fields: Schema.Struct.Fields
): ((input: unknown) => { readonly [field: string]: unknown } | undefined) => {
  const all = Object.entries(fields).map(([name, { ast }]) => [name, fieldOf(ast)] as const)
  return (input) => {
    if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined
    const given: { readonly [field: string]: unknown } = { ...input }
    if (Reflect.ownKeys(input).some((name) => typeof name !== "string" || !Object.hasOwn(fields, name)))
      return undefined
    const whole: { [field: string]: unknown } = {}
    for (const [name, { read, usual }] of all) {
      if (!Object.hasOwn(given, name)) {
        if (usual !== undefined) whole[name] = usual()
        continue
      }
      const value = read(given[name])
      if (Either.isLeft(value)) return undefined
      whole[name] = value.right
    }
    return whole
  }
}

const fieldOf = (ast: AST.AST | Schema.PropertySignature.AST): Field => {
  const isTransformed = ast._tag === "PropertySignatureTransformation"
  const type = isTransformed ? ast.from.type : ast._tag === "PropertySignatureDeclaration" ? ast.type : ast
  let known: Read | undefined
  return {
    usual: isTransformed ? ast.to.defaultValue : undefined,
    read: (written) => {
      known ??= ParseResult.decodeUnknownEither(Schema.make(type), { onExcessProperty: "error" })
      return known(written)
    }
  }
}
