/**
 * The messages of a scenario: taken one by one, sent, and booked, whatever becomes of them.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type { Outcome } from "../../smtp/Outcome.js"
import { isSmtpError, type SmtpError } from "../../smtp/SmtpError.js"
import type { Wire } from "../../smtp/Wire.js"
import type { MessageSource } from "./MessageSource.js"
import type * as Session from "./ScenarioSession.js"
import { ScenarioSession } from "./ScenarioSession.js"
import { outcomeOf, type TakenMessage } from "./TakenMessages.js"
import type { Restore } from "../Turnstile.js"

/**
 * Sends a message over a connection that stands, greeted and introduced, and gives its outcome; it does not fail. After an
 * interruption the connection cannot be used any more. A message whose commands were changed, and of which one is not one
 * whole line, is not sent: its outcome is `Failed` with `ArgumentInvalid`.
 *
 * A message may be sent again, as a client does that was told to come later. Each attempt is measured as a transaction; the
 * message is booked once, when its use ends, by its last attempt. But what was accepted stays accepted, and what may have been
 * accepted (`Unknown`) is no longer so only when a later attempt is.
 *
 * @since 0.1.0
 * @category steps
 */
export const deliver: {
  (message: TakenMessage): (wire: Wire) => Effect.Effect<Outcome, never, ScenarioSession>
  (wire: Wire, message: TakenMessage): Effect.Effect<Outcome, never, ScenarioSession>
} = dual(
  2,
  (wire: Wire, message: TakenMessage): Effect.Effect<Outcome, never, ScenarioSession> =>
    Effect.flatMap(ScenarioSession, (session) => session.deliver(wire, message))
)

/**
 * Sends the next message, of the plan or of the source. None where no message is left. A connection that may break is better
 * one that is `kept`.
 *
 * @since 0.1.0
 * @category steps
 */
export const send = <E = never, R = never>(
  wire: Wire,
  source?: MessageSource<E, R>
): Effect.Effect<Option.Option<Outcome>, E, R | ScenarioSession> =>
  withNext(source, (message) => deliver(wire, message))

/**
 * Tells how an attempt to send a message ended that a dialogue of one's own has made. It is measured, from the end of the
 * attempt before it or from when the message was taken up, and counts as `deliver` says. False where this outcome was told
 * before, where the message's use is over, and for `NotStarted`, which is no attempt.
 *
 * @since 0.1.0
 * @category steps
 */
export const book: {
  (outcome: Outcome): (message: TakenMessage) => Effect.Effect<boolean, never, ScenarioSession>
  (message: TakenMessage, outcome: Outcome): Effect.Effect<boolean, never, ScenarioSession>
} = dual(
  2,
  (message: TakenMessage, outcome: Outcome): Effect.Effect<boolean, never, ScenarioSession> =>
    Effect.map(ScenarioSession, (session) => session.book(message, outcome))
)

/**
 * Takes one message after another, of the plan or of the source, as long as there are any, and does something with each.
 *
 * A message is booked when its use ends, by its last attempt (`deliver`, `book`). One without an attempt is booked by how `use`
 * ended: an error of SMTP's is why it failed, and the next one follows; after anything else it was given up. Other errors
 * end the loop.
 *
 * @since 0.1.0
 * @category combinators
 */
export const forEachMessage = <A, E, R, E2 = never, R2 = never>(
  use: (message: TakenMessage) => Effect.Effect<A, E, R>,
  source?: MessageSource<E2, R2>
): Effect.Effect<void, Exclude<E, SmtpError> | E2, R | R2 | ScenarioSession> => {
  return Effect.flatMap(ScenarioSession, (session) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        let taken = 0
        while (Option.isSome(yield* next(session, source, "all", use, restore))) {
          if (++taken % messagesATurn === 0) yield* restore(Effect.yieldNow())
        }
      })
    )
  )
}

/**
 * After how many messages a session lets others have their turn, for one that never waits would not. A turn costs a tenth of
 * what a message does, and who sends a message waits for its replies.
 */
const messagesATurn = 32

/**
 * Takes the next message, of the plan or of the source, does something with it, and gives how it was booked: by `use`, or by
 * how that ended, as `forEachMessage` says. None where no message is left.
 *
 * With a connection that is kept, this is what a plan of -d does with each message:
 *
 * @since 0.1.0
 * @category combinators
 * @example
 * import * as Effect from "effect/Effect"
 * import { Scenario } from "smtp-source"
 *
 * export const one = Scenario.forNextMessage((message) =>
 *   Effect.flatMap(Scenario.kept, (wire) => Scenario.deliver(wire, message))
 * )
 */
export const forNextMessage = <A, E, R, E2 = never, R2 = never>(
  use: (message: TakenMessage) => Effect.Effect<A, E, R>,
  source?: MessageSource<E2, R2>
): Effect.Effect<Option.Option<Outcome>, Exclude<E, SmtpError> | E2, R | R2 | ScenarioSession> => withNext(source, use)

/** Does something with the next message, which is booked in any case; gives how. */
const withNext = <A, E, R, E2, R2>(
  source: MessageSource<E2, R2> | undefined,
  use: (message: TakenMessage) => Effect.Effect<A, E, R>
): Effect.Effect<Option.Option<Outcome>, Exclude<E, SmtpError> | E2, R | R2 | ScenarioSession> =>
  Effect.flatMap(ScenarioSession, (session) =>
    Effect.uninterruptibleMask((restore) => Effect.gen(() => next(session, source, "one", use, restore)))
  )

/**
 * The same, where nothing interrupts it but what it restores.
 *
 * It is one generator function for all messages: the engine keeps a hidden class for each that is made, and with it all that
 * it has captured (a message, its content) until the next big collection of garbage.
 */
function* next<A, E, R, E2, R2>(
  session: Session.Session,
  source: MessageSource<E2, R2> | undefined,
  wanted: "one" | "all",
  use: (message: TakenMessage) => Effect.Effect<A, E, R>,
  restore: Restore
) {
  const number = session.ticket(source === undefined && wanted === "all" ? "ends" : "goes on")
  if (Option.isNone(number)) return Option.none<Outcome>()
  const content =
    source === undefined ? Option.some(session.planned(number.value)) : yield* restore(source.get(number.value))
  if (Option.isNone(content)) {
    session.exhausted()
    return Option.none<Outcome>()
  }
  const message = session.start(number.value, content.value)
  const exit = yield* Effect.exit(restore(use(message)))
  if (Exit.isSuccess(exit)) return Option.some(session.end(message))
  const error = Cause.failureOption(exit.cause)
  const isSmtp = Option.isSome(error) && isSmtpError(error.value)
  if (isSmtp) session.unsent(message, outcomeOf(error.value))
  const outcome = session.end(message)
  // What is left of the cause are errors that are not SMTP's, defects and interruptions.
  return isSmtp ? Option.some(outcome) : yield* Effect.failCause(exit.cause as Cause.Cause<Exclude<E, SmtpError>>)
}
