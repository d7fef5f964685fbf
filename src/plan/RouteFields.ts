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
import * as TargetList from "./TargetList.js"

const section = "Targets"

const Rule = Schema.String.pipe(
  Schema.filter((text) => Either.match(ConnectTo.parse(text), { onLeft: (reason) => reason, onRight: () => true }))
)

const Proxy = Schema.String.pipe(
  Schema.filter((text) => Either.match(parseProxy(text), { onLeft: (reason) => reason, onRight: () => true }))
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
  }),
  socks: PlanField.optional(Proxy, {
    section,
    placeholder: "host[:port]",
    description:
      "Connect through this SOCKS5 proxy (port 1080), as ssh -D opens one. It is told the target's name, and looks that up by itself; of mx: targets and of --spread, names are looked up here."
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
  const given = (field: string) => plan[field] !== undefined
  return [
    ...(["sink", "calibrate"] as const).flatMap((own) =>
      (["spread", "connectTo", "socks"] as const).map((field) => {
        const option = { spread: "--spread", connectTo: "--connect-to", socks: "--socks" }[field]
        return [
          plan[own] === true && given(field) && plan[field] !== false,
          [own, field],
          `${option} cannot be used with --${own}`
        ] as const
      })
    ),
    [given("socksLogin") && !given("socks"), ["socksLogin"], "--socks-login needs --socks"],
    [
      given("socks") && targets.some(({ target }) => target._tag === "Unix"),
      ["socks", "target"],
      "--socks cannot be used with unix: targets"
    ],
    [
      plan.spread === true && hasDomain,
      ["spread", "target"],
      "--spread cannot be used with mx: targets: hosts that are preferred alike take turns in any case"
    ]
  ]
}

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
