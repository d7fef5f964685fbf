/**
 * One -s slot of a run: a fiber that takes messages and sends them over one connection after another, or over one.
 *
 * Open runs (`OpenRun`) and transactions in one write (`DeepSession`) have loops of their own; all three share
 * `Connection` and `MessageEnd`. One loop over a feed of messages would have a case for each of them at every turn: a session
 * here has a message before it opens a connection, and takes that message to another connection itself; one of an open run
 * opens first, sends whichever message has waited longest, and gives back what it could not send; a deep one has several under
 * way, some of them unsent. And here, message follows message within one script, which an effect between them would end.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Plan } from "../plan/Plan.js"
import * as Delivery from "../smtp/Delivery.js"
import type { Outcome } from "../smtp/Outcome.js"
import type { SmtpError } from "../smtp/SmtpError.js"
import type { Script } from "../smtp/Wire.js"
import * as Connection from "./Connection.js"
import * as MessageEnd from "./MessageEnd.js"
import type { Booking, Connections, SharedRun } from "./SharedRun.js"

/**
 * Runs a session until no message is left. Interruption books the message under way and closes the connection.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (shared: SharedRun): Effect.Effect<void, MessageEnd.RunEnded> =>
  over(shared, (connection, underWay) => Effect.gen(() => loop(shared, connection, underWay)))

/**
 * The message that a session has begun and not ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnderWay extends MessageEnd.Begun {
  message: number | undefined
  begun: number | undefined
  due: number | undefined
  readonly delivery: Delivery.Delivery
}

/**
 * What sends one message after another over a connection of its own. When it ends, in whatever way, the message under way is
 * booked and the connection closed.
 *
 * @since 0.1.0
 * @category running
 */
export const over = (
  shared: Connections & Booking,
  send: (connection: Connection.Connection, underWay: UnderWay) => Effect.Effect<void, MessageEnd.RunEnded>
): Effect.Effect<void, MessageEnd.RunEnded> =>
  Effect.suspend(() => {
    const connection = Connection.make(shared)
    const underWay: UnderWay = {
      message: undefined,
      begun: undefined,
      due: undefined,
      delivery: deliveryOf(shared.plan)
    }
    return Effect.ensuring(
      send(connection, underWay),
      Effect.sync(() => {
        const { begun, delivery, due, message } = underWay
        if (message !== undefined)
          shared.onOutcome(message, connection.interrupted(delivery), false, connection.route, begun, due)
        connection.close()
      })
    )
  })

/**
 * Ends the message under way, at `ended`; gives what ends the run, if this does.
 *
 * @since 0.1.0
 * @category running
 */
export const end = (
  shared: Booking,
  connection: Connection.Connection,
  underWay: UnderWay,
  outcome: Outcome,
  ended: number
): SmtpError | undefined => {
  const message = underWay.message!
  underWay.message = undefined
  return MessageEnd.book(shared, connection, message, underWay, outcome, ended)
}

/**
 * What the messages of such a plan are delivered by, one after another.
 *
 * @since 0.1.0
 * @category constructors
 */
export const deliveryOf = (plan: Plan): Delivery.Delivery =>
  Delivery.make({ lmtp: plan.lmtp, afterUnexpected: afterUnexpected(plan) })

function* loop(shared: SharedRun, connection: Connection.Connection, underWay: UnderWay) {
  const { connectOptions, ledger, plan, reuse, tickets } = shared
  const { delivery } = underWay
  const { now } = connectOptions.deadlines

  const pauseBefore =
    shared.shape?.thinks === true ? (next: number) => connection.pauseBefore(next) : shared.pauseBefore
  // Nothing comes between the messages of a connection; then an envelope may ride with the message before it.
  const follows = reuse && pauseBefore === undefined
  const rides = plan.pipelining === "full" && follows
  let message = tickets.take()
  let next: number | undefined

  const begin = (taken: number) => {
    ledger.start()
    underWay.message = taken
    message = taken
    // It is not a transaction until the server has been greeted.
    underWay.begun = undefined
    connection.expect(taken)
    Delivery.begin(delivery)
  }

  let beginning = 0
  /** The next message, whose envelope rides with the one that is being sent. */
  let riding: Delivery.Message | undefined

  const dialogue = (ready: Delivery.Message): Script<Outcome> => {
    delivery.message = ready
    const ahead = rides && !connection.isLast()
    if (ahead) next ??= tickets.take()
    const prepared = ahead && next !== undefined ? connection.prepare(next) : undefined
    riding = prepared?.content.unusable === undefined ? prepared : undefined
    underWay.begun = beginning
    return connection.script(delivery, riding)
  }
  /** The message under way, over a connection that has just been opened, or that was not used for a while. */
  const first = (): Script<Outcome> => {
    beginning = now()
    return dialogue(connection.prepare(underWay.message!))
  }
  /** What follows a message as long as all goes well: the next one over the same connection, or QUIT. */
  const following = (outcome: Outcome): Script<Outcome> | undefined => {
    const { wire } = connection
    // QUIT was said.
    if (underWay.message === undefined) return undefined
    if (!MessageEnd.isAccepted(outcome) || wire?.state() !== "open") return undefined
    if (!reuse || connection.isSpent()) {
      if (connection.holds) return undefined
      end(shared, connection, underWay, outcome, wire.arrivedAt)
      return connection.part(outcome)
    }
    if (!follows) return undefined
    next ??= tickets.take()
    if (next === undefined) return undefined
    end(shared, connection, underWay, outcome, wire.arrivedAt)
    // The next transaction begins with the reply that ended this one: another look at the clock would tell the same.
    beginning = wire.arrivedAt
    const taken = next
    next = undefined
    begin(taken)
    return dialogue(riding ?? connection.prepare(taken))
  }

  while (message !== undefined) {
    const taken = message
    connection.expect(taken)
    const opened = yield* connection.open(() => begin(taken))
    // Nothing more begins: the message was taken in vain.
    if (opened?._tag === "Shut") break
    let outcome = opened ?? (yield* connection.converse(first, delivery, following))
    while (MessageEnd.wantsAnother(outcome, plan, connection)) {
      yield* connection.leave(false)
      underWay.begun = undefined
      Delivery.begin(delivery)
      outcome = (yield* connection.reopen) ?? (yield* connection.converse(first, delivery, following))
    }
    const error = underWay.message === undefined ? undefined : end(shared, connection, underWay, outcome, now())
    if (error !== undefined) return yield* new MessageEnd.RunEnded({ error })

    // The next message is taken before the pause: no pause follows the last one, and nobody wakes to nothing.
    message = next ?? tickets.take()
    next = undefined
    yield* connection.leave(reuse && !connection.isSpent() && message !== undefined)
    if (pauseBefore !== undefined && message !== undefined) {
      yield* shared.ending.pause(pauseBefore(message), connectOptions.deadlines)
    }
    // To pause and to hold takes time, in which the run may have been asked to stop.
    if ((pauseBefore !== undefined || connection.holds) && shared.ending.isMade()) {
      message = undefined
      yield* connection.leave(false)
    }
  }
}

const afterUnexpected = (plan: Plan): Delivery.AfterUnexpected =>
  plan.keepGoing ? "strict" : plan.acceptRejection ? "reset" : "stop"
