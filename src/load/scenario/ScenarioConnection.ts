/**
 * The connections of a scenario: one for each scope, or one that is kept.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Dialogue from "../../smtp/Dialogue.js"
import type { ConnectFailed } from "../../smtp/SmtpError.js"
import type { Wire } from "../../smtp/Wire.js"
import { ScenarioSession } from "./ScenarioSession.js"

/**
 * Opens a connection, not greeted yet, and closes it with the scope. It waits at the run's gate. Nothing is said over it: a
 * login, and the client that the plan gives it, are up to the scenario.
 *
 * @since 0.1.0
 * @category steps
 */
export const connect: Effect.Effect<Wire, ConnectFailed, ScenarioSession | Scope.Scope> = Effect.flatMap(
  ScenarioSession,
  (session) => session.connect
)

/**
 * Opens a connection, waits for the greeting and introduces us as the plan says. When the scope is closed, it says QUIT if
 * all went well, and closes.
 *
 * @since 0.1.0
 * @category steps
 */
export const open: Effect.Effect<Wire, ConnectFailed | Dialogue.StepError, ScenarioSession | Scope.Scope> = Effect.gen(
  function* () {
    const session = yield* ScenarioSession
    const wire = yield* session.open
    yield* Effect.addFinalizer((exit) =>
      Exit.isSuccess(exit) && wire.state() === "open" ? Dialogue.quit(wire) : Effect.void
    )
    return wire
  }
)

/**
 * A connection that each session keeps: opened when it is asked for first, and again when the one before cannot be used any more,
 * since the server has closed or spoiled it, or the scenario has, or `deliver` has sent as many messages over it as the server
 * takes (LIMITS, RFC 9422). It is closed at the session's end, not with the scope; where
 * a plan's rate or stages have a session run the scenario again and again, it lasts from one time to the next, unless the
 * scenario failed.
 *
 * Make it once, outside of the scenario: who is given the same effect shares the connection, in this session. It is for one
 * thing at a time.
 *
 * @since 0.1.0
 * @category combinators
 */
export const keep = <E, R>(
  opening: Effect.Effect<Wire, E, R>
): Effect.Effect<Wire, E, Exclude<R, Scope.Scope> | ScenarioSession> => {
  const key = {}
  return Effect.flatMap(ScenarioSession, (session) => session.keep(key, opening))
}

/**
 * The session's own connection, opened as `open` does, and kept.
 *
 * @since 0.1.0
 * @category steps
 */
export const kept: Effect.Effect<Wire, ConnectFailed | Dialogue.StepError, ScenarioSession> = keep(open)

/**
 * Whom the plan has logged in over a connection that `open` or `kept` gave: for messages of one's own, which servers often take
 * from their sender alone. The plan's messages come from him where its sender is `{user}`.
 *
 * @since 0.1.0
 * @category steps
 * @example
 * import * as Effect from "effect/Effect"
 * import * as Option from "effect/Option"
 * import { Scenario, SmtpCommand } from "smtp-source"
 *
 * export const own = Scenario.forEachMessage((message) =>
 *   Effect.gen(function* () {
 *     const wire = yield* Scenario.kept
 *     const user = yield* Scenario.userOf(wire)
 *     const mail = SmtpCommand.mail(`${Option.getOrElse(user, () => "nobody")}@example.com`)
 *     return yield* Scenario.deliver(wire, { ...message, mail })
 *   })
 * )
 */
export const userOf = (wire: Wire): Effect.Effect<Option.Option<string>, never, ScenarioSession> =>
  Effect.map(ScenarioSession, (session) => session.userOf(wire))
