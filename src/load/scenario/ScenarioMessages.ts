/**
 * The messages of a scenario: taken one by one, sent, and booked, whatever becomes of them.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Delivery from "../../smtp/Delivery.js"
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
  (wire: Wire, message: TakenMessage): Effect.Effect<Outcome, never, ScenarioSession> => new Delivering(wire, message)
)

/** An Effect that can be told by looking at it: where nothing else is done with a message, the next may follow at once. */
class Delivering extends Effectable.Class<Outcome, never, ScenarioSession> {
  constructor(
    readonly wire: Wire,
    readonly message: TakenMessage
  ) {
    super()
  }

  override commit(): Effect.Effect<Outcome, never, ScenarioSession> {
    return Effect.flatMap(ScenarioSession, (session) => session.deliver(this.wire, this.message))
  }
}

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
): Effect.Effect<void, Exclude<E, SmtpError> | E2, R | R2 | ScenarioSession> =>
  Effect.flatMap(ScenarioSession, (session) =>
    Effect.uninterruptibleMask((restore) =>
      source === undefined
        ? Effect.gen(() => eachOfPlan(session, use, restore))
        : Effect.gen(() => each(session, source, use, restore))
    )
  )

function* each<A, E, R, E2, R2>(
  session: Session.Session,
  source: MessageSource<E2, R2>,
  use: (message: TakenMessage) => Effect.Effect<A, E, R>,
  restore: Restore
) {
  let taken = 0
  while (Option.isSome(yield* next(session, source, use, restore))) {
    if (++taken % messagesATurn === 0) yield* restore(Effect.yieldNow())
  }
}

/**
 * The messages of the plan are at hand. One that is sent over the connection of the one before it, and nothing else is done with
 * either, follows it as in a run of the plan alone: a turn of the fiber for each takes a third of a message's CPU.
 */
function* eachOfPlan<A, E, R>(
  session: Session.Session,
  use: (message: TakenMessage) => Effect.Effect<A, E, R>,
  restore: Restore
) {
  let used = nextOfPlan(session, "ends", use)
  let turns = 0
  while (used !== undefined) {
    const { effect, message }: Used<A, E, R> = used
    if (effect instanceof Delivering) {
      const { wire } = effect
      const following = (): TakenMessage | undefined => {
        session.end(used!.message)
        used = nextOfPlan(session, "ends", use)
        return used?.effect instanceof Delivering && used.effect.wire === wire ? used.effect.message : undefined
      }
      const exit = yield* Effect.exit(session.deliverEach(wire, effect.message, restore, following))
      if (Exit.isFailure(exit)) yield* booked(session, used.message, exit)
    } else {
      yield* booked(session, message, yield* Effect.exit(restore(effect)))
      used = nextOfPlan(session, "ends", use)
    }
    if (++turns % messagesATurn === 0) yield* restore(Effect.yieldNow())
  }
}

/** A message that was taken, and what is done with it. */
interface Used<A, E, R> {
  readonly message: TakenMessage
  readonly effect: Effect.Effect<A, E, R>
}

const begun = <A, E, R>(
  session: Session.Session,
  number: number,
  content: Delivery.Message,
  use: (message: TakenMessage) => Effect.Effect<A, E, R>
): Used<A, E, R> => {
  const message = session.start(number, content)
  try {
    return { message, effect: use(message) }
  } catch (defect) {
    return { message, effect: Effect.die(defect) }
  }
}

/** The next message of the plan. `unsaid` is what whoever asks does where the plan does not say how many there are. */
const nextOfPlan = <A, E, R>(
  session: Session.Session,
  unsaid: "ends" | "goes on",
  use: (message: TakenMessage) => Effect.Effect<A, E, R>
): Used<A, E, R> | undefined => {
  const number = session.ticket(unsaid)
  return Option.isNone(number) ? undefined : begun(session, number.value, session.planned(number.value), use)
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
    Effect.uninterruptibleMask((restore) => Effect.gen(() => next(session, source, use, restore)))
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
  use: (message: TakenMessage) => Effect.Effect<A, E, R>,
  restore: Restore
) {
  const used =
    source === undefined ? nextOfPlan(session, "goes on", use) : yield* nextOfSource(session, source, use, restore)
  if (used === undefined) return Option.none<Outcome>()
  const { effect, message } = used
  const exit = yield* effect instanceof Delivering
    ? Effect.exit(session.deliverEach(effect.wire, effect.message, restore))
    : Effect.exit(restore(effect))
  return Option.some(yield* booked(session, message, exit))
}

function* nextOfSource<A, E, R, E2, R2>(
  session: Session.Session,
  source: MessageSource<E2, R2>,
  use: (message: TakenMessage) => Effect.Effect<A, E, R>,
  restore: Restore
) {
  const number = session.ticket("goes on")
  if (Option.isNone(number)) return undefined
  const content = yield* restore(source.get(number.value))
  if (Option.isSome(content)) return begun(session, number.value, content.value, use)
  session.exhausted()
  return undefined
}

/** The use of a message is over, and this came of it. Gives how it is booked, or what is not of SMTP. */
const booked = <E>(
  session: Session.Session,
  message: TakenMessage,
  exit: Exit.Exit<unknown, E>
): Exit.Exit<Outcome, Exclude<E, SmtpError>> => {
  if (Exit.isSuccess(exit)) return Exit.succeed(session.end(message))
  const error = Cause.failureOption(exit.cause)
  const isSmtp = Option.isSome(error) && isSmtpError(error.value)
  if (isSmtp) session.unsent(message, outcomeOf(error.value))
  const outcome = session.end(message)
  // What is left of the cause are errors that are not SMTP's, defects and interruptions.
  return isSmtp ? Exit.succeed(outcome) : Exit.failCause(exit.cause as Cause.Cause<Exclude<E, SmtpError>>)
}
