/**
 * The logins of a run: which account each connection has, and when there is no use in going on.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Recorder } from "../measure/Recorder.js"
import * as AuthFields from "../plan/AuthFields.js"
import * as Draw from "../plan/Draw.js"
import type { Plan } from "../plan/Plan.js"
import type { AccountTable } from "../smtp/AccountTable.js"
import { AuthCrypto } from "../smtp/AuthCrypto.js"
import type { AuthSettings, Login } from "../smtp/Authentication.js"
import type { Introduced } from "../smtp/Introduction.js"
import type { Outcome } from "../smtp/Outcome.js"
import * as Reply from "../smtp/Reply.js"
import { ReplyRejected, type SmtpError } from "../smtp/SmtpError.js"
import type { Route } from "./Routes.js"

/**
 * The login of one connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectionLogin extends Login {
  /** The place of its account in the table. */
  readonly place: number
}

/**
 * What the logins of a part of a run are made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface LoginsOptions {
  readonly seed: string
  readonly recorder: Recorder
  /** This many in a row were refused for good. */
  readonly onHopeless: (count: number) => void
}

/**
 * The logins of a part of a run; undefined where the plan asks for none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: Plan,
  accounts: AccountTable | undefined,
  options: LoginsOptions
): Effect.Effect<Logins | undefined> =>
  Effect.map(Effect.serviceOption(AuthCrypto), (crypto) => {
    if (AuthFields.mechanismsOf(plan).length === 0 || accounts === undefined) return undefined
    // There are mechanisms: there are settings.
    const settings = (route: Route) => AuthFields.settings(plan, route, Option.getOrUndefined(crypto))!
    return new Logins(plan, settings, accounts, options)
  })

/**
 * The logins of a part of a run.
 *
 * @since 0.1.0
 * @category models
 */
export class Logins {
  private readonly key: number
  private readonly most: number
  /** How many in a row were refused for good. */
  private refused = 0
  private readonly known = new Map<Route, AuthSettings>()

  constructor(
    private readonly plan: Plan,
    private readonly settings: (route: Route) => AuthSettings,
    private readonly accounts: AccountTable,
    private readonly options: LoginsOptions
  ) {
    const { seed } = options
    this.key = Draw.keyOf(`${seed} accounts`)
    this.most = plan.authFailures === "off" ? Number.POSITIVE_INFINITY : plan.authFailures
    options.recorder.expectAccounts(accounts.size)
  }

  /** The login of the next connection: of a session, of that number among all connections, and by that way. */
  next(session: number, connection: number, route: Route): ConnectionLogin {
    const { accounts, plan } = this
    const settings = this.settingsFor(route)
    const place =
      plan.accountOrder === "session"
        ? session % accounts.size
        : plan.accountOrder === "round"
          ? connection % accounts.size
          : Math.floor(Draw.uniform(this.key, connection) * accounts.size)
    return { settings, account: accounts.at(place), place }
  }

  /** The user of all connections of that session; undefined where each has another one. */
  userOf(session: number): string | undefined {
    const { accounts, plan } = this
    return plan.accountOrder === "session" || accounts.size === 1
      ? accounts.at(session % accounts.size).user
      : undefined
  }

  private settingsFor(route: Route): AuthSettings {
    const settings = this.known.get(route) ?? this.settings(route)
    this.known.set(route, settings)
    return settings
  }

  /** Hears what came of it. */
  ended(end: Introduced, { place }: ConnectionLogin): void {
    const { onHopeless, recorder } = this.options
    const { mechanism } = end
    if (mechanism === undefined) return
    const reply = end._tag === "Ended" ? end.reply : undefined
    const isIn = end._tag === "Introduced" || (reply !== undefined && Reply.isPositive(reply))
    const code = reply?.code ?? 0
    const ending = isIn ? "accepted" : code >= 500 ? "refused" : code >= 400 ? "deferred" : "failed"
    recorder.onLogin(mechanism, ending, place)
    if (isIn) this.refused = 0
    else if (code >= 500 && ++this.refused === this.most) onHopeless(this.most)
  }

  /** What ends the run with this outcome, if it does whatever the plan says of refusals. */
  endedBy(outcome: Outcome): SmtpError | undefined {
    const isHopeless = this.refused >= this.most && outcome._tag === "Rejected" && outcome.step === "auth"
    return isHopeless ? new ReplyRejected(outcome) : undefined
  }
}
