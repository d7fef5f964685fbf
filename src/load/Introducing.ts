/**
 * The introduction of a run's connections: as its way says, as whom its number says, and what is agreed on then.
 *
 * @since 0.1.0
 */
import type { ClientIdentity } from "../smtp/ClientIdentity.js"
import * as Introduction from "../smtp/Introduction.js"
import type * as Reply from "../smtp/Reply.js"
import type { Script, Wire } from "../smtp/Wire.js"
import * as Agreement from "./Agreement.js"
import type { Place } from "./ConnectGate.js"
import type { ConnectionLogin } from "./Logins.js"
import type { Route } from "./Routes.js"
import type { Numbering, Sending } from "./SharedRun.js"

/**
 * Who we are over one connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Identity {
  readonly login: ConnectionLogin | undefined
  /** On whose behalf it is, if on anybody's. */
  readonly client: ClientIdentity | undefined
}

/**
 * Who we are over the connection of that number among all of the run, which a session opened by that way.
 *
 * @since 0.1.0
 * @category constructors
 */
export const identityOf = (
  { clientOf, logins }: Numbering,
  session: number,
  connection: number,
  route: Route
): Identity => ({
  login: logins?.next(session, connection, route),
  client: clientOf?.(connection, session, route.goes)
})

/**
 * A connection that stands, and is to be introduced.
 *
 * @since 0.1.0
 * @category models
 */
export interface Newcomer extends Identity {
  readonly wire: Wire
  readonly route: Route
  readonly place: Place | undefined
}

/**
 * What an introduction came to: what is agreed on, or why nothing is.
 *
 * @since 0.1.0
 * @category models
 */
export type Introduced =
  | { readonly _tag: "Agreed"; readonly agreement: Agreement.Agreement }
  | Exclude<Introduction.Introduced, { readonly _tag: "Introduced" }>

/**
 * Introduces us. `goesOn` and `leaving` are as `Introduction.script` has them. The place in the gate is given up when what costs the
 * server most is over: until then, the next connection waits.
 *
 * @since 0.1.0
 * @category steps
 */
export function* script(
  shared: Sending & Pick<Numbering, "logins">,
  { client, login, place, route, wire }: Newcomer,
  goesOn: (step: Introduction.Welcome, reply: Reply.Reply) => boolean,
  leaving?: Introduction.Leaving | undefined
): Script<Introduced> {
  const { introduction } = route
  const lastCostly = Introduction.lastCostly(introduction, login)
  const answered = (step: Introduction.Welcome, reply: Reply.Reply): boolean => {
    if (step === lastCostly) place?.greeted()
    return goesOn(step, reply)
  }
  const end = yield* Introduction.script(introduction, answered, login, client, leaving)
  if (login !== undefined) shared.logins?.ended(end, login)
  if (end._tag !== "Introduced") return end
  wire.capabilities = end.capabilities
  const missing = (end.without ?? []).map((what) => ({ what }))
  return { _tag: "Agreed", agreement: Agreement.first(shared, wire, missing) }
}
