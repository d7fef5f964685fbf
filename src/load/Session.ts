/**
 * One -s slot of a run: a fiber that takes messages and sends them over one connection after another, or over one.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Plan } from "../plan/Plan.js"
import type { Outcome } from "../smtp/Outcome.js"
import * as Settlement from "../smtp/Settlement.js"
import { ReplyRejected, type SmtpError } from "../smtp/SmtpError.js"
import type { Wire } from "../smtp/Wire.js"
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
    const underWay: UnderWay = { message: undefined, progress: { offered: 0, refused: 0 } }
    return Effect.ensuring(
      Effect.gen(() => loop(shared, connection, underWay)),
      Effect.sync(() => {
        if (underWay.message !== undefined) {
          shared.onOutcome(underWay.message, Settlement.interrupted(connection.wire, underWay.progress), false)
        }
        connection.close()
      })
    )
  })

/** The message that a session has begun and not ended. */
interface UnderWay {
  message: number | undefined
  readonly progress: Settlement.Progress
}

function* loop(shared: SharedRun, connection: Connection.Connection, underWay: UnderWay) {
  const { addresses, connectOptions, contentOf, ledger, onOutcome, pauseBefore, plan, recorder, tickets } = shared
  const { progress } = underWay
  const { now } = connectOptions.deadlines
  const options: Settlement.TransactionOptions = { lmtp: plan.lmtp, afterUnexpected: afterUnexpected(plan) }

  // An envelope may ride with the message before it, if nothing is to come between them.
  const rides = plan.pipelining === "full" && plan.reuse && pauseBefore === undefined
  const prepare = (message: number): Settlement.Message => ({
    mail: addresses.mail,
    rcpts: addresses.rcpts(message),
    content: contentOf(message)
  })

  let message = tickets.take()
  while (message !== undefined) {
    ledger.start()
    underWay.message = message
    progress.offered = 0
    progress.refused = 0
    let outcome = yield* connection.open
    let next: number | undefined
    if (outcome === undefined) {
      if (rides) next = tickets.take()
      const begun = now()
      outcome = yield* connection.transaction(
        prepare(message),
        next === undefined ? undefined : prepare(next),
        options,
        progress
      )
      recorder.record("transaction", endings[outcome._tag], now() - begun)
    }
    underWay.message = undefined
    const error = fatal(outcome, plan, connection.wire)
    onOutcome(message, outcome, error !== undefined)
    if (error !== undefined) return yield* new RunEnded({ error })

    // The next message is taken before the pause: no pause follows the last one, and nobody wakes to nothing.
    message = next ?? tickets.take()
    yield* connection.leave(plan.reuse && message !== undefined)
    if (pauseBefore !== undefined && message !== undefined) {
      yield* Effect.raceFirst(Effect.sleep(pauseBefore(message)), shared.stopping)
      if (tickets.isClosed()) {
        message = undefined
        yield* connection.leave(false)
      }
    }
  }
}

const endings = {
  Accepted: "accepted",
  Rejected: "rejected",
  Failed: "failed",
  Unknown: "failed",
  NotStarted: "failed"
} as const

const afterUnexpected = (plan: Plan): Settlement.AfterUnexpected =>
  plan.keepGoing ? "strict" : plan.acceptRejection ? "reset" : "stop"

/** What ends the run, if this outcome does: clauses S9.4 and S10.1. */
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
  return plan.acceptRejection && wire !== undefined && wire.state() !== "failed" ? undefined : outcome.error
}
