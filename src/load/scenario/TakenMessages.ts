/**
 * The messages that a session of a scenario has taken up: what their attempts came to, and the one end that each is booked
 * with.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Delivery from "../../smtp/Delivery.js"
import * as Outcome from "../../smtp/Outcome.js"
import type { Content } from "../../smtp/Wire.js"
import { ConnectionLost, type SmtpError } from "../../smtp/SmtpError.js"
import { endings } from "../MessageEnd.js"
import type { Route } from "../Routes.js"
import type { Booking } from "../SharedRun.js"

/**
 * A message that a session has taken up. It is in the books as started, and is booked once, when its use ends.
 *
 * @since 0.1.0
 * @category models
 */
export interface TakenMessage extends Delivery.Message {
  /** From 0. */
  readonly number: number
}

const origin = Symbol("origin")

/** A message that was taken up, and what has become of it so far. Times are by the run's clock. */
class Taken implements TakenMessage {
  /** A copy with other recipients is the same message. */
  readonly [origin]: Taken = this
  /** When its first attempt began, and when its last one ended. */
  from: number | undefined = undefined
  ended: number | undefined = undefined
  outcome: Outcome.Outcome | undefined = undefined
  /** Where the attempt went that the outcome is of. */
  route: Route | undefined = undefined
  booked = false

  constructor(
    readonly number: number,
    readonly mail: string,
    readonly rcpts: ReadonlyArray<string>,
    readonly content: Content,
    readonly at: number,
    readonly due: number | undefined
  ) {}
}

/** What has become of a message, if it was taken up here. */
const known = (message: TakenMessage & Partial<Pick<Taken, typeof origin>>): Taken | undefined => message[origin]

/**
 * What a message that was tried again has come to. The last attempt counts, but none takes back what a server has accepted, or
 * may have accepted.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const afterAnother = (before: Outcome.Outcome | undefined, last: Outcome.Outcome): Outcome.Outcome => {
  if (before === undefined) return last
  if (before._tag === "Accepted") return before
  return before._tag === "Unknown" && last._tag !== "Accepted" ? before : last
}

/**
 * The messages of one session.
 *
 * @since 0.1.0
 * @category models
 */
export class TakenMessages {
  /** Where the last attempt of all went: to open a connection, or to send a message over one. */
  route: Route | undefined = undefined

  constructor(
    private readonly run: Booking,
    private readonly isOpen: boolean,
    /** A message was accepted that had been accepted before. */
    private readonly onAcceptedAgain: () => void
  ) {}

  /** Takes up a message at `at`, which was due at `due`. */
  start(number: number, content: Delivery.Message, at: number, due: number | undefined): TakenMessage {
    this.run.ledger.start()
    return new Taken(number, content.mail, content.rcpts, content.content, at, due)
  }

  /** The message as it was taken up, before its author changed anything; undefined where it was not taken up here. */
  original(message: TakenMessage): TakenMessage | undefined {
    return known(message)
  }

  /**
   * When an attempt begins that is about to. In an open run the opening of the connection is part of the first, as it is where
   * a plan runs by itself.
   */
  beginning(message: TakenMessage, now: number): number {
    const taken = known(message)
    return this.isOpen && taken !== undefined && taken.ended === undefined ? taken.at : now
  }

  /** Measures an attempt that began at `from`, and notes what it came to. */
  attempt(message: TakenMessage, outcome: Outcome.Outcome, from: number, now: number): void {
    const due = known(message)?.due
    const { recorder } = this.run
    if ((due ?? from) >= recorder.measuresFrom) {
      const ending = endings[outcome._tag]
      recorder.record("transaction", ending, now - (due ?? from))
      if (due !== undefined) recorder.recordOwn("service", ending, now - from)
    }
    this.note(message, outcome, from, now)
  }

  /** Notes what an attempt came to that was broken off. Accepted is accepted, though. */
  brokenOff(message: TakenMessage, outcome: Outcome.Outcome, from: number, now: number): void {
    if (outcome._tag === "Accepted") this.attempt(message, outcome, from, now)
    else this.note(message, outcome, from, now)
  }

  /**
   * Notes what a dialogue of the user's own came to, as an attempt that began when the one before it ended. False where this
   * is known, or where the message is in the books.
   */
  tell(message: TakenMessage, outcome: Outcome.Outcome, now: number): boolean {
    const taken = known(message)
    if (taken === undefined || taken.booked || taken.outcome === outcome) return false
    if (outcome._tag === "NotStarted") return false
    this.attempt(message, outcome, taken.ended ?? taken.at, now)
    return true
  }

  /**
   * Notes what kept the message from being sent, unless an attempt came to an end before. A message that was due has had its
   * time, whatever became of it.
   */
  unsent(message: TakenMessage, outcome: Outcome.Outcome, now: number): void {
    const taken = known(message)
    if (taken === undefined || taken.outcome !== undefined) return
    if (this.isOpen) this.attempt(message, outcome, taken.at, now)
    else this.note(message, outcome, taken.at, now)
  }

  /** What the message has come to so far. */
  outcome(message: TakenMessage): Option.Option<Outcome.Outcome> {
    return Option.fromNullable(known(message)?.outcome)
  }

  /** The use of the message is over: books it, as given up where there was no attempt. Gives how. */
  end(message: TakenMessage, now: () => number): Outcome.Outcome {
    const taken = known(message)
    const outcome = taken?.outcome ?? abandoned
    if (taken === undefined || taken.booked) return outcome
    taken.booked = true
    taken.outcome = outcome
    const { at, due, ended = now(), from = at, route } = taken
    this.run.onOutcome(message.number, outcome, false, route, from, due, ended)
    return outcome
  }

  private note(message: TakenMessage, outcome: Outcome.Outcome, from: number, now: number): void {
    const taken = known(message)
    if (taken === undefined || taken.booked) return
    const before = taken.outcome
    if (before?._tag === "Accepted" && outcome._tag === "Accepted") this.onAcceptedAgain()
    taken.outcome = afterAnother(before, outcome)
    if (taken.outcome === outcome) taken.route = this.route
    taken.from ??= from
    taken.ended = now
    // What went wrong in an attempt that does not count cost no message.
    const passed = taken.outcome === outcome ? before : outcome
    if (passed?._tag === "Failed" || passed?._tag === "Unknown") this.run.recorder.onError(passed.error, () => now)
  }
}

/**
 * How a message ended that was given up before it was sent.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const abandoned: Outcome.Outcome = {
  _tag: "Failed",
  error: new ConnectionLost({ step: "mail", how: "interrupted", replies: [] }),
  recipients: Outcome.noRecipients
}

/**
 * How a message ended whose session met this before it was sent.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const outcomeOf = (error: SmtpError): Outcome.Outcome => {
  const delivery = Delivery.make({ lmtp: false, afterUnexpected: "strict" })
  switch (error._tag) {
    case "ConnectFailed":
      return { _tag: "Failed", error, recipients: Outcome.noRecipients }
    case "ReplyRejected":
      return Delivery.refused(error.step, error.reply, delivery)
    default:
      return Delivery.broken(error, delivery)
  }
}
