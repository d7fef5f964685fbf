/**
 * The fields of a plan that say by which way connections get to their targets.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as ConnectTo from "./ConnectTo.js"
import type { SocksLogin, SocksProxy } from "../smtp/SocksProxy.js"
import * as Target from "../smtp/Target.js"
import * as PlanField from "./PlanField.js"
import type * as PlanRule from "./PlanRule.js"
import * as PlanValue from "./PlanValue.js"
import * as TargetList from "./TargetList.js"

const section = "Targets"

const Rule = PlanValue.readable(Schema.String, ConnectTo.parse)

const Proxy = PlanValue.readable(Schema.String, parseProxy)

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
      "Connect to this address and port instead of that host and port, as curl's option does: mail.example:25:127.0.0.1:2525. An empty host or port matches any; an empty address or port stays that of the target. TLS still asks for, and verifies, the target's name. Of several, the first that matches is used. May be given several times."
  }),
  socks: PlanField.optional(Proxy, {
    section,
    placeholder: "host[:port]",
    description:
      "Connect through this SOCKS5 proxy (port 1080), as ssh -D opens one. The proxy looks up the target's name; for mx: targets and with --spread, names are looked up on this machine."
  }),
  socksLogin: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description:
      "Log in to the proxy with the user and the password in this file, in one line, with a colon between. They are in no report."
  })
}

/**
 * Reads a proxy, or says what is wrong with it.
 *
 * @since 0.1.0
 * @category parsing
 */
export function parseProxy(text: string): Either.Either<Pick<SocksProxy, "host" | "port">, string> {
  return Either.flatMap(Target.parse(`inet:${text}`, 1080), (target) =>
    target._tag === "Inet" ? Either.right(target) : Either.left("a host and a port are expected")
  )
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

const hasTarget = (plan: PlanRule.Given["plan"], kind: "Mx" | "Unix"): boolean =>
  Either.getOrElse(TargetList.parse(String(plan.target ?? "")), () => []).some(({ target }) => target._tag === kind)

/**
 * The rules between the fields.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  ...["sink", "calibrate"].flatMap((own) =>
    ["spread", "connectTo", "socks"].map((field) => ({
      asked: [own, field],
      says: `{${field}} cannot be used with {${own}}`
    }))
  ),
  { asked: ["socksLogin"], without: ["socks"], says: "{socksLogin} needs {socks}" },
  {
    asked: ["socks", "target"],
    when: ({ plan }) => hasTarget(plan, "Unix"),
    says: "{socks} cannot be used with unix: targets"
  },
  {
    asked: ["spread", "target"],
    when: ({ plan }) => hasTarget(plan, "Mx"),
    says: "{spread} cannot be used with mx: targets: hosts that are preferred alike take turns in any case"
  }
]

/**
 * The proxy of a plan, with whom it lets in.
 *
 * @since 0.1.0
 * @category reading
 */
export const proxyOf = (
  { socks }: { readonly socks?: string | undefined },
  login: Redacted.Redacted<SocksLogin> | undefined
): SocksProxy | undefined => (socks === undefined ? undefined : { ...Either.getOrThrow(parseProxy(socks)), login })
