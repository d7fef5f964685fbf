/**
 * The servers that a run's connections go to, and which of them each connection goes to.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import type { Recorder } from "../measure/Recorder.js"
import type { Counter } from "../measure/TargetTally.js"
import * as ConnectTo from "../plan/ConnectTo.js"
import * as Partition from "../plan/Partition.js"
import type { Plan } from "../plan/Plan.js"
import * as RouteFields from "../plan/RouteFields.js"
import * as Segment from "../plan/Segment.js"
import * as TargetList from "../plan/TargetList.js"
import * as TlsFields from "../plan/TlsFields.js"
import type { Introduction } from "../smtp/Introduction.js"
import * as MailExchangers from "../smtp/MailExchangers.js"
import { ConnectFailed } from "../smtp/SmtpError.js"
import * as Target from "../smtp/Target.js"
import type { TlsWay } from "../smtp/Tls.js"
import type { ConnectOptions, Connector } from "../smtp/Wire.js"
import * as ConnectionBegin from "./ConnectionBegin.js"

/**
 * The way to one server.
 *
 * @since 0.1.0
 * @category models
 */
export interface Route {
  /** The server that is asked for: its name is what TLS and logins go by. */
  readonly asked: Target.Target
  /** Where connections to it go. */
  readonly goes: Target.Target
  /** How they begin. */
  readonly introduction: Introduction
  /** What it is counted by, where there are several. */
  readonly counter: Counter | undefined
}

/**
 * The ways of one connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ways {
  /** What is booked with a connection that finds no way at all. */
  readonly first: Route
  /** The ways, to be tried one after another until a connection stands: one at least. */
  readonly all: (options: ConnectOptions) => Effect.Effect<ReadonlyArray<Route>, ConnectFailed>
}

/**
 * The ways of a run's connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Routes {
  /** The ways of the connection of this number, whose shape may have TLS of its own, or none. */
  readonly of: (connection: number, tls?: TlsWay | undefined) => Ways
}

/**
 * What ways are made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface RoutesOptions {
  /** The targets, in the plan's order, of connections that use TLS in this way. */
  readonly targetsOf: (tls: TlsWay) => TargetList.TargetList
  /** The name to introduce ourselves by. */
  readonly helloName: string
  readonly tls: TlsFields.TlsFiles
  readonly recorder: Recorder
  readonly connector: Connector["Type"]
}

/**
 * The ways of a plan's connections. Each segment takes the targets in turn by itself, and each begins with another one: so both
 * it and the whole run keep to the weights.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (plan: Plan, options: RoutesOptions): Routes => {
  const known = new Map<TlsWay, (connection: number) => Ways>()
  return {
    of: (connection, tls = plan.tls) => {
      const made = known.get(tls) ?? byTls(plan, options, tls)
      known.set(tls, made)
      return made(connection)
    }
  }
}

/** Whether some connections use TLS in one way, and others in another, or not at all: each way has counts of its own. */
const isMixed = (plan: Plan): boolean => TlsFields.waysOf({ ...plan }).length > 1

const wayTexts: { readonly [way in TlsWay]: string } = {
  off: "without TLS",
  starttls: "STARTTLS",
  "if-offered": "STARTTLS if offered",
  implicit: "implicit TLS"
}

/** The ways of connections that use TLS in this way. */
const byTls = (plan: Plan, options: RoutesOptions, tls: TlsWay): ((connection: number) => Ways) => {
  const { connector, targetsOf } = options
  const targets = targetsOf(tls)
  const routeTo = routing(plan, options, tls)
  const destinations = targets.map(({ target }) => {
    if (target._tag === "Mx") return exchangers(target, connector, routeTo)
    const route = routeTo(target, targets.length > 1 || isMixed(plan) ? "always" : plan.spread ? "where used" : "not")
    return plan.spread ? spread(route, connector, routeTo) : alone(route)
  })
  const own = Segment.ofPlan(plan)
  const { count } = Partition.of(own)
  const turn = TargetList.turns(targets)
  return (connection) => {
    const { nth, place } = turn(count(connection) + own.index)
    return destinations[place]!(nth)
  }
}

/** The ways of the connections to one target, counted from 0. */
type Destination = (nth: number) => Ways

const alone = (first: Route): Destination => {
  const all = Exit.succeed([first])
  const ways: Ways = { first, all: () => all }
  return () => ways
}

/** Each address of the name is a target of its own. */
const spread = (first: Route, { addresses }: Connector["Type"], routeTo: RouteTo): Destination => {
  const { asked, goes } = first
  if (goes._tag === "Unix" || addresses === undefined) return alone(first)
  return (nth) => ({
    first,
    all: (options) =>
      Effect.map(addresses(goes, options), (found) => {
        const address = found[nth % found.length] ?? goes.host
        const name = `${Target.format(asked)} (${address})`
        return [
          address === goes.host ? first : routeTo(asked, "where used", { name, goes: Target.inet(address, goes.port) })
        ]
      })
  })
}

/** The hosts of a domain, the preferred ones first: TLS asks for a host's name, and verifies it. */
const exchangers = (
  to: TargetList.MailDomain,
  { exchangers: recordsOf }: Connector["Type"],
  routeTo: RouteTo
): Destination => {
  const { domain, port } = to
  const name = TargetList.format(to)
  const first = routeTo(Target.inet(domain, port), "where used", { name })
  const none = (code: string, reason: string) => new ConnectFailed({ code, reason: `${name}: ${reason}`, local: false })
  return (nth) => ({
    first,
    all: (options) =>
      Effect.flatMap(recordsOf?.(domain, options) ?? none("ENOTSUP", "nothing is known of domains here"), (records) =>
        Either.match(MailExchangers.hosts(domain, records), {
          onLeft: (reason) => none("ENOMX", reason),
          onRight: (groups) =>
            Effect.succeed(
              MailExchangers.inTurn(groups, nth).map((host) => routeTo(Target.inet(host, port), "where used"))
            )
        })
      )
  })
}

/** The way to a server: the same one each time, since what TLS begins with is kept by it. */
type RouteTo = (
  asked: Target.Target,
  counts: "always" | "where used" | "not",
  otherwise?: { readonly name: string; readonly goes?: Target.Target }
) => Route

const routing = (plan: Plan, { helloName, recorder, tls }: RoutesOptions, way: TlsWay): RouteTo => {
  const rules = RouteFields.rulesOf(plan)
  const suffix = isMixed(plan) ? ` (${wayTexts[way]})` : ""
  const known = new Map<string, Route>()
  return (asked, counts, { goes = ConnectTo.redirect(rules, asked), name } = { name: Target.format(asked) }) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const route: Route = {
      asked,
      goes,
      introduction: ConnectionBegin.introductionOf(plan, helloName, TlsFields.use(plan, tls, asked, way)),
      counter: counts === "not" ? undefined : recorder.targetCounter(name + suffix, counts === "always")
    }
    known.set(name, route)
    return route
  }
}
