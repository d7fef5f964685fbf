/**
 * The rules between fields, as data, and what is said where one is broken.
 *
 * A rule names fields, and whatever they are called on the command line, and are when nobody asks for them, comes from the fields
 * themselves. A new rule is an entry in the table of the room whose field it is about.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as PlanField from "./PlanField.js"

/**
 * A rule that is broken, in words, and the fields that break it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Conflict {
  readonly rule: string
  readonly fields: ReadonlyArray<string>
}

/**
 * A field that is asked for: it is there, and neither false nor its default, which a plan that is read again has in it. With values:
 * it has one of these.
 *
 * @since 0.1.0
 * @category models
 */
export type Asked = string | readonly [field: string, ...values: ReadonlyArray<string>]

/**
 * Fields that cannot be asked for together, or alone.
 *
 * @since 0.1.0
 * @category models
 */
export interface FieldRule {
  /** It is broken where all of these are asked for, */
  readonly asked?: ReadonlyArray<Asked>
  /** and at least one of these, where there are any, */
  readonly some?: ReadonlyArray<Asked>
  /** and none of these, */
  readonly without?: ReadonlyArray<Asked>
  /** and this is so. */
  readonly when?: (given: Given) => boolean
  /** What is said then. `{field}` is a field's option, and `{*}` are the options of those of `some` that are asked for. */
  readonly says: string
  /** The fields that break it, as far as they are given: otherwise those that are asked for. */
  readonly fields?: ReadonlyArray<string>
  /**
   * Given on the command line, one of its fields takes the place of those of the environment and of a file; and given in the
   * environment, of those of a file.
   */
  readonly replaces?: boolean
}

/**
 * A rule, or rules whose words and fields depend on the plan.
 *
 * @since 0.1.0
 * @category models
 */
export type PlanRule = FieldRule | ((given: Given) => ReadonlyArray<Conflict>)

/**
 * A plan as it was given: of what is not there, nobody can say that it was asked for. Values may be of any kind, and texts unread.
 *
 * @since 0.1.0
 * @category models
 */
export interface Given {
  readonly plan: { readonly [field: string]: unknown }
  /** Whether the field is there, and not false. */
  readonly has: (field: string) => boolean
  readonly asks: (asked: Asked) => boolean
  /** The field's name as an option. */
  readonly option: (field: string) => string
}

/**
 * A plan of these fields, as it was given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const given =
  (fields: Schema.Struct.Fields) =>
  (plan: Given["plan"]): Given => {
    const has = (field: string) => plan[field] !== undefined && plan[field] !== false
    return {
      plan,
      has,
      asks: (asked) => {
        if (typeof asked === "string") return has(asked) && plan[asked] !== PlanField.defaultOf(fields[asked])
        const [field, ...values] = asked
        return values.some((value) => plan[field] === value)
      },
      option: (field) => PlanField.optionOf(field, fields[field])
    }
  }

/**
 * What is broken, in the order of the rules.
 *
 * @since 0.1.0
 * @category predicates
 */
export const broken = (rules: ReadonlyArray<PlanRule>, given: Given): ReadonlyArray<Conflict> =>
  rules
    .flatMap((rule) => (typeof rule === "function" ? rule(given) : conflictsOf(rule, given)))
    .map(({ fields, rule }) => ({ rule, fields: fields.filter(given.has) }))

const conflictsOf = (rule: FieldRule, given: Given): ReadonlyArray<Conflict> => {
  const { asked = [], some = [], without = [], when, says } = rule
  if (!asked.every(given.asks) || without.some(given.asks)) return []
  const those = some.filter(given.asks)
  if ((some.length > 0 && those.length === 0) || when?.(given) === false) return []
  const named = (_: string, field: string) =>
    field === "*" ? those.map((each) => given.option(fieldOf(each))).join(", ") : given.option(field)
  return [{ rule: says.replace(/\{(\*|\w+)\}/g, named), fields: rule.fields ?? [...those, ...asked].map(fieldOf) }]
}

const fieldOf = (asked: Asked): string => (typeof asked === "string" ? asked : asked[0])

/**
 * The fields of each rule that has one take the place of others.
 *
 * @since 0.1.0
 * @category destructors
 */
export const exclusive = (rules: ReadonlyArray<PlanRule>): ReadonlyArray<ReadonlyArray<string>> =>
  rules.flatMap((rule) =>
    typeof rule === "function" || rule.replaces !== true
      ? []
      : [[...(rule.asked ?? []), ...(rule.some ?? [])].map(fieldOf)]
  )
