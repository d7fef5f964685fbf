/**
 * What the end of a message means: for the books and the measurements, for its session, and for the run. Sessions of every kind
 * end their messages here.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { Plan } from "../plan/Plan.js"
import { type Accepted, isAbandoned, type Outcome } from "../smtp/Outcome.js"
import { ReplyRejected, type SmtpError, type Step } from "../smtp/SmtpError.js"
import type { Wire } from "../smtp/Wire.js"
import type { Connection } from "./Connection.js"
import type { Booking } from "./SharedRun.js"

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
 * Since when a message is under way, in milliseconds by the run's clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Begun {
  /** When its transaction began, once it has; of one that was due at a time, when it was taken up. */
  readonly begun: number | undefined
  /** When it was due, where it was due at a time. */
  readonly due?: number | undefined
}

/**
 * Measures and books a message that ended at `ended`, and gives what ends the run, if this does. A message that was due at a
 * time is measured from then, and as `service` from when it was taken up.
 *
 * @since 0.1.0
 * @category running
 */
export const book = (
  shared: Booking,
  { route, wire }: Connection,
  message: number,
  { begun, due }: Begun,
  outcome: Outcome,
  ended: number
): SmtpError | undefined => {
  const { onOutcome, recorder } = shared
  const error = endsRun(shared, outcome, wire)
  const from = due ?? begun
  if (from !== undefined && from >= recorder.measuresFrom && !isAbandoned(outcome)) {
    const ending = endings[outcome._tag]
    recorder.record("transaction", ending, ended - from)
    if (due !== undefined && begun !== undefined) recorder.recordOwn("service", ending, ended - begun)
  }
  onOutcome(message, outcome, error !== undefined, route, begun, due, ended)
  return error
}

/**
 * What ends the run, if this outcome does: by the plan, or since no login has any prospect.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const endsRun = (
  { logins, plan }: Pick<Booking, "logins" | "plan">,
  outcome: Outcome,
  wire: Wire | undefined
): SmtpError | undefined => fatal(outcome, plan, wire) ?? logins?.endedBy(outcome)

/** Clauses S9.4 and S10.1. */
const fatal = (outcome: Outcome, plan: Plan, wire: Wire | undefined): SmtpError | undefined => {
  if (plan.keepGoing || outcome._tag === "NotStarted") return undefined
  if (outcome._tag === "Accepted") {
    const { lost, unwelcome } = outcome
    if (lost !== undefined || unwelcome === undefined || plan.acceptRejection) return lost
    return new ReplyRejected({ step: "final", reply: unwelcome })
  }
  if (outcome._tag === "Rejected") {
    return outcome.lost ?? (plan.acceptRejection ? undefined : new ReplyRejected(outcome))
  }
  if (isAbandoned(outcome)) return undefined
  return plan.acceptRejection && wire !== undefined && wire.state() !== "failed" ? undefined : outcome.error
}

/**
 * Whether the message goes over another connection, with --keep-going: nothing of it was sent. The server takes no more
 * messages over this one, after it has taken others, and says so with 421 or 452 to MAIL; or it had closed it, or was about
 * to, before it read of this message.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const wantsAnother = (outcome: Outcome, plan: Plan, connection: Connection): boolean =>
  plan.keepGoing && connection.hasCarried() && isUnread(outcome)

/**
 * Whether nothing of the message was read by a server that takes no more messages over this connection.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const isUnread = (outcome: Outcome): boolean => isTurnedAway(outcome) || isClosedBefore(outcome)

const isTurnedAway = (outcome: Outcome): boolean =>
  outcome._tag === "Rejected" && isFirst(outcome.step) && (outcome.reply.code === 421 || outcome.reply.code === 452)

const isClosedBefore = (outcome: Outcome): boolean =>
  outcome._tag === "Failed" &&
  outcome.error._tag === "ConnectionLost" &&
  isFirst(outcome.error.step) &&
  (outcome.error.how === "closed" || outcome.error.how === "reset")

/**
 * Accepted by every recipient, and the connection still usable.
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

/** The steps that a message may begin with. */
const isFirst = (step: Step): boolean => step === "mail" || step === "xforward"
