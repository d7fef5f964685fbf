/**
 * The connections that a session of a scenario opens: in their turn, introduced as a plan's are, and what is agreed on over each.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { Capabilities } from "../../smtp/Capabilities.js"
import type * as Dialogue from "../../smtp/Dialogue.js"
import * as Introduction from "../../smtp/Introduction.js"
import * as Reply from "../../smtp/Reply.js"
import type { ConnectFailed } from "../../smtp/SmtpError.js"
import type { Wire } from "../../smtp/Wire.js"
import * as Agreement from "../Agreement.js"
import * as ConnectAttempts from "../ConnectAttempts.js"
import type { Place } from "../ConnectGate.js"
import * as Introducing from "../Introducing.js"
import type { Route } from "../Routes.js"
import type { Connections } from "../SharedRun.js"

/** A connection that stands, its place in the gate, and its number among all of the run. */
interface Opened {
  readonly wire: Wire
  readonly place: Place
  readonly route: Route
  readonly number: number
}

/** What is agreed on with a server that offers this. */
interface Agreed {
  readonly agreement: Agreement.Agreement
  readonly capabilities: Capabilities
}

/**
 * The connections of one session. A session may have several at a time.
 *
 * @since 0.1.0
 * @category models
 */
export class SessionConnections {
  private readonly attempts: ConnectAttempts.ConnectAttempts
  private readonly agreements = new WeakMap<Wire, Agreed>()
  private readonly routes = new WeakMap<Wire, Route>()
  private readonly users = new WeakMap<Wire, string>()
  /** How many messages went over connections whose servers take a limited number. */
  private readonly carried = new WeakMap<Wire, number>()
  private latest: string | undefined = undefined
  /** The number of the session among all of the run, where it matters whom it logs in as. */
  private readonly session: number

  /** `onRoute` hears where the connection that is opened next goes. */
  constructor(
    private readonly run: Connections,
    session: number,
    private readonly onRoute: (route: Route) => void
  ) {
    this.attempts = ConnectAttempts.make(run)
    this.session = run.sessionNumber(session)
  }

  /** Place and connection belong to the scope from the moment that there is one. */
  private readonly opened: Effect.Effect<Opened, ConnectFailed, Scope.Scope> = Effect.flatMap(Effect.scope, (scope) => {
    const { nextConnection, plan, routes } = this.run
    // The gate gives a place, and the attempts a way, before there is a connection.
    let number = 0
    let place: Place
    let route: Route
    return this.attempts.open({
      onPlace: (entered) => {
        place = entered
        number = nextConnection()
        return { ways: routes.of(number), shape: undefined }
      },
      onRoute: (next) => {
        route = next
        this.onRoute(next)
      },
      onOpened: (wire) => {
        this.routes.set(wire, route)
        const close = Effect.sync(() => {
          place.leave()
          wire.close(plan.close)
        })
        return Effect.as(Scope.addFinalizer(scope, close), { wire, place, route, number })
      },
      onFailed: (error) => error
    })
  })

  /** A connection on which nothing was said yet. */
  readonly connect: Effect.Effect<Wire, ConnectFailed, Scope.Scope> = Effect.map(this.opened, ({ place, wire }) => {
    place.leave()
    return wire
  })

  /** A connection over which we were introduced, and logged in where the plan says so: all replies were positive. */
  readonly open: Effect.Effect<Wire, ConnectFailed | Dialogue.StepError, Scope.Scope> = Effect.flatMap(
    this.opened,
    ({ number, place, route, wire }) => {
      const { client, login } = Introducing.identityOf(this.run, this.session, number, route)
      const newcomer = { client, login, wire, route, place }
      return wire
        .converse(() => Introducing.script(this.run, newcomer, (_, reply) => Reply.isPositive(reply)))
        .pipe(
          Effect.onInterrupt(() => Effect.sync(() => wire.close("reset"))),
          Effect.ensuring(Effect.sync(() => place.leave())),
          Effect.flatMap((end): Effect.Effect<Wire, Dialogue.StepError> => {
            if (end._tag !== "Agreed") return Introduction.errorOf(end)
            this.agreements.set(wire, { agreement: end.agreement, capabilities: wire.capabilities })
            this.latest = login?.account.user
            if (this.latest !== undefined) this.users.set(wire, this.latest)
            return Effect.succeed(wire)
          })
        )
    }
  )

  /** What is agreed on with the server of a connection: anew where the scenario has introduced itself once more. */
  agreementOn(wire: Wire): Agreement.Agreement {
    const known = this.agreements.get(wire)
    if (known?.capabilities === wire.capabilities) return known.agreement
    const agreement = Agreement.make(this.run, wire)
    this.agreements.set(wire, { agreement, capabilities: wire.capabilities })
    return agreement
  }

  /** A message goes over the connection. */
  carry(wire: Wire, { mailMax }: Agreement.Agreement): void {
    if (mailMax === Number.POSITIVE_INFINITY) return
    const count = (this.carried.get(wire) ?? 0) + 1
    this.carried.set(wire, count)
    if (count > mailMax) this.run.onOverLimit("MAILMAX", mailMax)
  }

  /** Whether the connection has carried as many messages as its server takes (RFC 9422, MAILMAX). */
  isSpent(wire: Wire): boolean {
    const count = this.carried.get(wire)
    return count !== undefined && count >= this.agreementOn(wire).mailMax
  }

  /** Whom the latest connection is logged in as; before there is one, whom each of the session's will be, if that is known. */
  get latestUser(): string | undefined {
    return this.latest ?? this.run.logins?.userOf(this.session)
  }

  /** Whom a connection of this session is logged in as, where the plan had it log in. */
  userOf(wire: Wire): string | undefined {
    return this.users.get(wire)
  }

  /** Where a connection of this session goes. */
  routeOf(wire: Wire): Route | undefined {
    return this.routes.get(wire)
  }
}
