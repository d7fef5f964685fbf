/**
 * The fields of a plan that say by which way connections get to their targets.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as ConnectTo from "./ConnectTo.js"
import * as PlanField from "./PlanField.js"
import * as TargetList from "./TargetList.js"

const section = "Targets"

const Rule = Schema.String.pipe(
  Schema.filter((text) => Either.match(ConnectTo.parse(text), { onLeft: (reason) => reason, onRight: () => true }))
)

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  spread: PlanField.withDefault(Schema.Boolean, false, {
    section,
    description:
      "Connect to all addresses of the target's name in turn: each is a target of its own, and counted as such. Without it, the first address is connected to, and the others where that fails."
  }),
  connectTo: PlanField.optional(Schema.Array(Rule), {
    section,
    repeatable: true,
    placeholder: "host:port:address:port",
    description:
      "Connect to this address and port instead of that host and port, as curl has it. Empty parts match all, or stay as they are. TLS asks for, and verifies, the name of the target all the same. The first that matches counts. May be given several times."
  })
}

/**
 * The rules of a plan, as far as they can be read.
 *
 * @since 0.1.0
 * @category reading
 */
export const rulesOf = ({ connectTo }: { readonly connectTo?: unknown }): ReadonlyArray<ConnectTo.ConnectTo> =>
  (Array.isArray(connectTo) ? connectTo : []).flatMap((rule) =>
    Either.match(ConnectTo.parse(String(rule)), { onLeft: () => [], onRight: (read) => [read] })
  )

/**
 * The rules between the fields that are broken.
 *
 * @since 0.1.0
 * @category predicates
 */
export const conflicts = (plan: {
  readonly [field: string]: unknown
}): ReadonlyArray<readonly [broken: boolean, fields: ReadonlyArray<string>, rule: string]> => {
  const targets = Either.getOrElse(TargetList.parse(String(plan.target ?? "")), () => [])
  const hasDomain = targets.some(({ target }) => target._tag === "Mx")
  return [
    [
      plan.spread === true && hasDomain,
      ["spread", "target"],
      "--spread cannot be used with mx: targets: hosts that are preferred alike take turns in any case"
    ]
  ]
}
