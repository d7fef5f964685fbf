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
export const of = (plan: { readonly [field: string]: unknown }): string => {
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
    const name = `--${PlanField.get(known.ast._tag === "PropertySignatureTransformation" ? known.ast.to : known.ast)?.long ?? kebab(field)}`
    const values = Array.isArray(value) ? value : [value]
    return values.map((each) => {
      if (each === true) return name
      if (each === false) return `--no-${name.slice(2)}`
      return `${name}=${quoted(typeof each === "string" ? each : (JSON.stringify(each) ?? ""))}`
    })
  })
  const target = typeof plan.target === "string" ? [quoted(plan.target)] : []
  return ["smtp-source", ...options, ...target].join(" ")
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

const kebab = (field: string): string => field.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
