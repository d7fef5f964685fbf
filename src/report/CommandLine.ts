/**
 * The command line that repeats a run, from the plan in its report.
 *
 * @since 0.1.0
 */
import * as Arrival from "../plan/Arrival.js"
import * as Plan from "../plan/Plan.js"
import * as PlanField from "../plan/PlanField.js"

/**
 * The command, with each option that differs from its default by its long name, and the target last, quoted for a shell. It
 * tells of no secret that the plan does not hold.
 *
 * @since 0.1.0
 * @category formatting
 */
export const of = (plan: { readonly [field: string]: unknown }): string =>
  ["smtp-source", ...argumentsOf(plan)].map(quoted).join(" ")

/**
 * Its arguments, as they are.
 *
 * @since 0.1.0
 * @category formatting
 */
export const argumentsOf = (plan: { readonly [field: string]: unknown }): ReadonlyArray<string> => {
  const defaults: { readonly [field: string]: unknown } = {
    ...Plan.make({}),
    messages: Arrival.messagesOf({ duration: textOf(plan.duration), stages: textOf(plan.stages) })
  }
  const options = Object.entries(plan).flatMap(([field, value]) => {
    const known = Plan.planFields[field]
    const isUsual = JSON.stringify(value) === JSON.stringify(defaults[field])
    // Reports of earlier versions have it, and a number of one where none was said.
    const isUnlimited = field === "messages" && value === Arrival.unlimited
    if (known === undefined || field === "target" || value === undefined || isUsual || isUnlimited) return []
    const name = `--${PlanField.get(known.ast._tag === "PropertySignatureTransformation" ? known.ast.to : known.ast)?.long ?? PlanField.kebab(field)}`
    const values = Array.isArray(value) ? value : [value]
    const sign = signOf(values)
    return values.map((each) => {
      if (each === true) return name
      if (each === false) return `--no-${name.slice(2)}`
      return `${name}=${typeof each === "string" ? each : (shapeOf(each, sign) ?? JSON.stringify(each) ?? "")}`
    })
  })
  return typeof plan.target === "string" ? [...options, plan.target] : options
}

/** A shape of connections as the option has it: `90%: per-connection 1..20`. Undefined for what is none. */
const shapeOf = (value: unknown, sign: "%" | ""): string | undefined => {
  if (!isWeighted(value)) return undefined
  const { weight, ...parts } = value
  const told = Object.entries(parts).flatMap(([name, part]) =>
    [part].flat().map((each) => `${PlanField.kebab(name)} ${each}`)
  )
  return `${weight}${sign}${told.length === 0 ? "" : `: ${told.join(", ")}`}`
}

const isWeighted = (value: unknown): value is { readonly weight: unknown } =>
  typeof value === "object" && value !== null && "weight" in value

/** The sign after weights: in percent they add up to 100. */
const signOf = (shapes: ReadonlyArray<unknown>): "%" | "" => {
  const total = shapes.reduce<number>((sum, shape) => sum + (isWeighted(shape) ? Number(shape.weight) : 0), 0)
  return Math.abs(total - 100) < 1e-6 ? "%" : ""
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

/**
 * A word for a POSIX shell: in quotes where it needs them, after the name of an option.
 *
 * @since 0.1.0
 * @category formatting
 */
export const quoted = (text: string): string => {
  const [, name = "", value = ""] = /^(--[a-z-]+=)?(.*)$/s.exec(text) ?? []
  return name + (/^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`)
}
