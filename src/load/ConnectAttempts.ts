/**
 * The attempts to open a session's connections: in their turn at the gate, from the next local address, and again where
 * that may help.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as AddressRanges from "../plan/AddressRanges.js"
import type { Plan } from "../plan/PlanTypes.js"
import type { ConnectionShape } from "../plan/Shape.js"
import type { ConnectFailed } from "../smtp/SmtpError.js"
import type { ConnectOptions, Wire } from "../smtp/Wire.js"
import type { Place, Shut } from "./ConnectGate.js"
import * as RouteConnect from "./RouteConnect.js"
import type { Route, Ways } from "./Routes.js"
import type { Connecting } from "./SharedRun.js"
import type { StopRequest } from "./StopRequest.js"
import type { Restore } from "./Turnstile.js"

/**
 * Whom a connection is opened for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Opening<A, E = never> {
  /** The gate was passed. Gives where the connection goes, and its shape, where it has one. */
  readonly onPlace: (place: Place) => Bound
  /** This way is tried next. */
  readonly onRoute: (route: Route) => void
  readonly onOpened: (wire: Wire) => Effect.Effect<A, E>
  /** There is no further attempt. */
  readonly onFailed: (error: ConnectFailed) => Effect.Effect<A, E>
}

/**
 * Where a connection goes, and what is different about it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bound {
  readonly ways: Ways
  readonly shape: ConnectionShape | undefined
}

/**
 * How a session opens its connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectAttempts {
  /** Opens a connection in its turn; with `unless`, only where something more is to begin when that has come. */
  readonly open: {
    <A, E>(opening: Opening<A, E>): Effect.Effect<A, E>
    <A, E>(opening: Opening<A, E>, unless: StopRequest | undefined): Effect.Effect<A | Shut, E>
  }
}

/**
 * Those of a session that has opened none yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (shared: Connecting): ConnectAttempts => new SessionAttempts(shared)

/**
 * The options of one connection after another, each from the next local address of the plan; undefined where it names none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sources = (
  { source }: Pick<Plan, "source">,
  options: ConnectOptions
): (() => ConnectOptions) | undefined => {
  if (source === undefined) return undefined
  const { at, count } = AddressRanges.of(source)
  let turn = 0
  return () => ({ ...options, source: at(turn++ % count) })
}

/**
 * How long a session waits before it opens a connection, after this many in a row that came to nothing, in milliseconds: not
 * after the first, and then 1, 2, 4 and so on, up to a second. A server that refuses at once would otherwise be offered all
 * messages of the run in a moment.
 *
 * @since 0.1.0
 * @category reading
 */
export const backOff = (unopened: number): number => (unopened < 2 ? 0 : Math.min(1000, 2 ** (unopened - 2)))

/** What stays the same from one attempt to the next. `begun` is when the first one was. */
interface Attempt<A, E> extends Bound {
  readonly opening: Opening<A, E>
  readonly place: Place
  readonly restore: Restore
  readonly begun: number
}

class SessionAttempts implements ConnectAttempts {
  /** What -C leaves: for all of the session's life, not for each connection (clause S5.4). */
  private attempts: number

  constructor(private readonly shared: Connecting) {
    this.attempts = shared.plan.connectAttempts
  }

  open<A, E>(opening: Opening<A, E>): Effect.Effect<A, E>
  open<A, E>(opening: Opening<A, E>, unless: StopRequest | undefined): Effect.Effect<A | Shut, E>
  open<A, E>(opening: Opening<A, E>, unless?: StopRequest | undefined): Effect.Effect<A | Shut, E> {
    const { connectOptions, gate } = this.shared
    return gate.pass((place, restore) => {
      const { shape, ways } = opening.onPlace(place)
      return this.connect({ opening, ways, shape, place, restore, begun: connectOptions.deadlines.now() }, 1)
    }, unless)
  }

  /** Opens the connection, in as many attempts as there are. */
  private connect<A, E>(attempt: Attempt<A, E>, pause: number): Effect.Effect<A, E> {
    const { opening, place, restore, shape, ways } = attempt
    place.connecting()
    return Effect.matchEffect(
      RouteConnect.connect(this.shared, ways, this.nextOptions(shape), restore, opening.onRoute),
      {
        onFailure: (error) => this.again(error, attempt, pause),
        onSuccess: (wire) => {
          place.connected()
          return opening.onOpened(wire)
        }
      }
    )
  }

  private again<A, E>(error: ConnectFailed, attempt: Attempt<A, E>, pause: number): Effect.Effect<A, E> {
    const { begun, opening, place, restore } = attempt
    const { connectOptions, onUnused, plan } = this.shared
    if (plan.keepGoing && error.local && connectOptions.deadlines.now() - begun < connectOptions.timeout) {
      // This machine is out of something that other sessions will give back.
      onUnused(error)
      return restore(Effect.sleep(pause)).pipe(
        Effect.zipRight(place.turn(restore)),
        Effect.flatMap(() => this.connect(attempt, Math.min(pause * 2, 100)))
      )
    }
    if (this.attempts > 1 && !isHopeless(error)) {
      this.attempts--
      onUnused(error)
      return Effect.flatMap(place.turn(restore), () => this.connect(attempt, pause))
    }
    return opening.onFailed(error)
  }

  /** The local addresses take turns over all sessions; a shape has a rate of its own. */
  private nextOptions(shape: ConnectionShape | undefined): ConnectOptions {
    const { connectOptions, nextSource } = this.shared
    const next = nextSource?.() ?? connectOptions
    if (shape === undefined || shape.bytesPerSecond === next.bytesPerSecond) return next
    return { ...next, bytesPerSecond: shape.bytesPerSecond }
  }
}

/** To try again would end the same way: a name that has no address, or -T on a machine that has no means for it. */
const isHopeless = ({ code }: ConnectFailed): boolean => hopeless.has(code)

const hopeless = new Set(["ENOTFOUND", "EAI_AGAIN", "EWINDOW", "ENOMX", "ENOTSUP"])
