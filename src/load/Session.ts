/**
 * One -s slot of a run: a fiber that takes messages and sends them over one connection after another, or over one.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Plan } from "../plan/Plan.js"
import * as Delivery from "../smtp/Delivery.js"
import { type Accepted, isIntended, type Outcome } from "../smtp/Outcome.js"
import { ReplyRejected, type SmtpError } from "../smtp/SmtpError.js"
import type { Script, Wire } from "../smtp/Wire.js"
import * as Connection from "./Connection.js"
import type { SharedRun } from "./SharedRun.js"

/**
 * A session met what ends the whole run.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunEnded extends Data.TaggedError("RunEnded")<{
  readonly error: SmtpError
}> {}

/**
 * Runs a session until no message is left. Interruption books the message under way and closes the connection.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (shared: SharedRun): Effect.Effect<void, RunEnded> =>
  Effect.suspend(() => {
    const connection = Connection.make(shared)
    const underWay = nothingYet(shared.plan)
    return Effect.ensuring(
      Effect.gen(() => loop(shared, connection, underWay)),
      Effect.sync(() => abandon(shared, connection, underWay))
    )
  })

/**
 * The message that a session has begun and not ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnderWay {
  message: number | undefined
  /** Of a message that was due at a time: that time, and when it was taken up. */
  due?: number
  begun?: number
  readonly delivery: Delivery.Delivery
}

/**
 * No message yet, of this plan.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nothingYet = (plan: Plan): UnderWay => ({
  message: undefined,
  delivery: Delivery.make({ lmtp: plan.lmtp, afterUnexpected: afterUnexpected(plan) })
})

/**
 * Books the message under way, if there is one, and closes the connection.
 *
 * @since 0.1.0
 * @category running
 */
export const abandon = (shared: SharedRun, connection: Connection.Connection, underWay: UnderWay): void => {
  if (underWay.message !== undefined) {
    const { begun, delivery, due, message } = underWay
    shared.onOutcome(message, connection.interrupted(delivery), false, connection.route, begun, due)
  }
  connection.close()
}

function* loop(shared: SharedRun, connection: Connection.Connection, underWay: UnderWay) {
  const { connectOptions, ledger, onOutcome, plan, recorder, reuse, tickets } = shared
  const { delivery } = underWay
  const { now } = connectOptions.deadlines

  const pauseBefore =
    shared.shape?.thinks === true ? (next: number) => connection.pauseBefore(next) : shared.pauseBefore
  // Nothing comes between the messages of a connection; then an envelope may ride with the message before it.
  const follows = reuse && pauseBefore === undefined
  const rides = plan.pipelining === "full" && follows
  let message = tickets.take()
  let next: number | undefined
  /** When the transaction under way began; it is not a transaction until the server has been greeted. */
  let begun: number | undefined

  const begin = (taken: number) => {
    ledger.start()
    underWay.message = taken
    message = taken
    begun = undefined
    connection.expect(taken)
    Delivery.begin(delivery)
  }
  const end = (taken: number, outcome: Outcome, ended = now()): SmtpError | undefined => {
    const error = fatal(outcome, plan, connection.wire) ?? shared.logins?.endedBy(outcome)
    underWay.message = undefined
    if (begun !== undefined && begun >= recorder.measuresFrom && !isIntended(outcome))
      recorder.record("transaction", endings[outcome._tag], ended - begun)
    onOutcome(taken, outcome, error !== undefined, connection.route, begun)
    return error
  }

  /**
   * Sends one message after another over the connection, as long as all goes well, and ends with the outcome of the one
   * that does not, or that is the last one here.
   */
  function* messages(first: number): Script<Outcome> {
    let taken = first
    delivery.message = connection.prepare(taken)
    // The next transaction begins with the reply that ends this one: another look at the clock would tell the same.
    let beginning = now()
    while (true) {
      const ahead = rides && !connection.isLast()
      if (ahead) next ??= tickets.take()
      const ready = ahead && next !== undefined ? connection.prepare(next) : undefined
      const following = ready?.content.unusable === undefined ? ready : undefined
      begun = beginning
      const outcome = yield* connection.script(delivery, following)
      const { wire } = connection
      if (!isAccepted(outcome) || wire?.state() !== "open") return outcome
      if (!reuse || connection.isSpent()) {
        if (connection.holds) return outcome
        end(taken, outcome, wire.arrivedAt)
        yield* connection.part()
        return outcome
      }
      if (!follows) return outcome
      next ??= tickets.take()
      if (next === undefined) return outcome
      end(taken, outcome, wire.arrivedAt)
      beginning = wire.arrivedAt
      taken = next
      next = undefined
      begin(taken)
      delivery.message = following ?? connection.prepare(taken)
    }
  }

  while (message !== undefined) {
    const first = message
    connection.expect(first)
    const opened = yield* connection.open(() => begin(first))
    // Nothing more begins: the message was taken in vain.
    if (opened?._tag === "Shut") break
    let outcome = opened ?? (yield* connection.converse(() => messages(first), delivery))
    while (wantsAnother(outcome, plan, connection)) {
      const again: number = message
      yield* connection.leave(false)
      begun = undefined
      Delivery.begin(delivery)
      outcome = (yield* connection.reopen) ?? (yield* connection.converse(() => messages(again), delivery))
    }
    const error = underWay.message === undefined ? undefined : end(message, outcome)
    if (error !== undefined) return yield* new RunEnded({ error })

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

/**
 * Whether the message goes over another connection, with --keep-going: nothing of it was sent. The server takes no more
 * messages over this one, after it has taken others, and says so with 421 or 452 to MAIL; or it had closed it, or was about
 * to, before it read of this message.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const wantsAnother = (outcome: Outcome, plan: Plan, connection: Connection.Connection): boolean =>
  plan.keepGoing && connection.hasCarried() && isUnread(outcome)

/**
 * Whether nothing of the message was read by a server that takes no more messages over this connection.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const isUnread = (outcome: Outcome): boolean => isTurnedAway(outcome) || isClosedBefore(outcome)

const isTurnedAway = (outcome: Outcome): boolean =>
  outcome._tag === "Rejected" && outcome.step === "mail" && (outcome.reply.code === 421 || outcome.reply.code === 452)

const isClosedBefore = (outcome: Outcome): boolean =>
  outcome._tag === "Failed" &&
  outcome.error._tag === "ConnectionLost" &&
  outcome.error.step === "mail" &&
  (outcome.error.how === "closed" || outcome.error.how === "reset")

/**
 * Nothing else than a message that went well for all.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const isAccepted = (end: Outcome): end is Accepted =>
  end._tag === "Accepted" && end.unwelcome === undefined && end.lost === undefined

/**
 * How durations of such an outcome are filed.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const endings = {
  Accepted: "accepted",
  Rejected: "rejected",
  Failed: "failed",
  Unknown: "unknown",
  NotStarted: "failed"
} as const

const afterUnexpected = (plan: Plan): Delivery.AfterUnexpected =>
  plan.keepGoing ? "strict" : plan.acceptRejection ? "reset" : "stop"

/**
 * What ends the run, if this outcome does: clauses S9.4 and S10.1.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const fatal = (outcome: Outcome, plan: Plan, wire: Wire | undefined): SmtpError | undefined => {
  if (plan.keepGoing || outcome._tag === "NotStarted") return undefined
  if (outcome._tag === "Accepted") {
    const { lost, unwelcome } = outcome
    if (lost !== undefined || unwelcome === undefined || plan.acceptRejection) return lost
    return new ReplyRejected({ step: "final", reply: unwelcome })
  }
  if (outcome._tag === "Rejected") {
    return outcome.lost ?? (plan.acceptRejection ? undefined : new ReplyRejected(outcome))
  }
  if (isIntended(outcome)) return undefined
  return plan.acceptRejection && wire !== undefined && wire.state() !== "failed" ? undefined : outcome.error
}
