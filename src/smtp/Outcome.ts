/**
 * How one message ended: the five ends that every message comes to exactly one of, and the recipients' books with it.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Reply from "./Reply.js"
import * as SmtpError from "./SmtpError.js"

/**
 * What became of a message's recipients: `offered` is the sum of all the others.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recipients {
  /** RCPT commands sent. */
  readonly offered: number
  readonly accepted: number
  /** Refused at RCPT. */
  readonly refused: number
  /** Accepted at RCPT and refused after the final dot: all of them in SMTP, some of them in LMTP. */
  readonly refusedAfterContent: number
  /** The dot was sent, and no valid answer came. */
  readonly unknown: number
  /** The transaction ended before their answer, or before the final dot. */
  readonly abandoned: number
}

/**
 * How one recipient of a message fared, where that is not how the message did.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exception {
  /** Among the message's recipients, from 0. */
  readonly place: number
  readonly fate: "refused" | "unknown"
  /** At RCPT; or after the final dot, where each recipient has a reply of its own (LMTP). */
  readonly step: "rcpt" | "final"
  /** The server's reply; none where none came that made sense. */
  readonly reply?: Reply.Reply | undefined
}

/**
 * One message's end.
 *
 * - `Accepted`: the final 2xx was read in full, for one recipient at least.
 * - `Rejected`: the server said no, with a reply of class 4 or 5, at a step.
 * - `Failed`: it ended for another reason before the final dot was handed over: it is certainly not delivered.
 * - `Unknown`: the final dot was handed over, and no complete, valid answer came.
 * - `NotStarted`: nothing was done for it.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = Accepted | Rejected | Failed | Unknown | { readonly _tag: "NotStarted" }

/**
 * The end that every message hopes for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Accepted {
  readonly _tag: "Accepted"
  readonly recipients: Recipients
  readonly exceptions?: ReadonlyArray<Exception> | undefined
  /** The first answer to the final dot that was not positive, where there are several (LMTP). */
  readonly unwelcome?: Reply.Reply | undefined
  /** What ended the connection before all recipients had their answer (LMTP). */
  readonly lost?: SmtpError.WireError | undefined
}

/**
 * A refusal, at a step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rejected {
  readonly _tag: "Rejected"
  readonly step: SmtpError.Step
  readonly reply: Reply.Reply
  readonly recipients: Recipients
  readonly exceptions?: ReadonlyArray<Exception> | undefined
  /** What ended the connection afterwards, before it could be used again. */
  readonly lost?: SmtpError.WireError | undefined
}

/**
 * The end of a message that is certainly not delivered, for another reason than a refusal.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failed {
  readonly _tag: "Failed"
  readonly error: SmtpError.WireError | SmtpError.ConnectFailed
  readonly recipients: Recipients
  readonly exceptions?: ReadonlyArray<Exception> | undefined
}

/**
 * The end of a message of which nobody knows whether it was delivered.
 *
 * @since 0.1.0
 * @category models
 */
export interface Unknown {
  readonly _tag: "Unknown"
  readonly error: SmtpError.WireError
  readonly recipients: Recipients
  readonly exceptions?: ReadonlyArray<Exception> | undefined
}

/**
 * How one recipient fared: as the message, or by its own reply. `reply` is the refusal.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecipientOutcome {
  readonly fate: "accepted" | "refused" | "unknown" | "failed"
  readonly reply?: Reply.Reply | undefined
}

/**
 * How each recipient of a message fared, in their order. `recipients` is how many it has.
 *
 * @since 0.1.0
 * @category destructors
 * @example
 * import * as Effect from "effect/Effect"
 * import { Outcome, Scenario } from "smtp-source"
 *
 * const isLater = ({ fate, reply }: Outcome.RecipientOutcome) =>
 *   fate === "refused" && reply !== undefined && reply.code < 500
 *
 * // Those who are to come later are tried once more, a minute later, and the others are not.
 * export const mail = Scenario.forEachMessage((message) =>
 *   Effect.gen(function* () {
 *     const outcome = yield* Scenario.deliver(yield* Scenario.kept, message)
 *     const ends = Outcome.byRecipient(outcome, message.rcpts.length)
 *     const rcpts = message.rcpts.filter((_, place) => isLater(ends[place]!))
 *     if (rcpts.length === 0) return
 *     yield* Scenario.pause("1 minute")
 *     yield* Scenario.deliver(yield* Scenario.kept, { ...message, rcpts })
 *   })
 * )
 */
export const byRecipient: {
  (recipients: number): (outcome: Outcome) => ReadonlyArray<RecipientOutcome>
  (outcome: Outcome, recipients: number): ReadonlyArray<RecipientOutcome>
} = dual(2, (outcome: Outcome, recipients: number): ReadonlyArray<RecipientOutcome> => {
  const all = new Array<RecipientOutcome>(recipients).fill(asAWhole(outcome))
  if (outcome._tag === "NotStarted") return all
  for (const { fate, place, reply } of outcome.exceptions ?? []) if (place < recipients) all[place] = { fate, reply }
  return all
})

const asAWhole = (outcome: Outcome): RecipientOutcome => {
  switch (outcome._tag) {
    case "Accepted":
      return { fate: "accepted" }
    case "Rejected":
      return { fate: "refused", reply: outcome.reply }
    case "Unknown":
      return { fate: "unknown" }
    default:
      return { fate: "failed" }
  }
}

/**
 * Whether it ended half way because it was meant to: nothing went wrong.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAbandoned = (outcome: Outcome): boolean =>
  outcome._tag === "Failed" && outcome.error._tag === "ConnectionLost" && outcome.error.how === "abandoned"

/**
 * The books of a message of which no recipient was offered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noRecipients: Recipients = {
  offered: 0,
  accepted: 0,
  refused: 0,
  refusedAfterContent: 0,
  unknown: 0,
  abandoned: 0
}

/**
 * The end of a message that was never begun.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notStarted: Outcome = { _tag: "NotStarted" }

/**
 * The end of a message that was accepted for all of its recipients. The same object for the same count.
 *
 * @since 0.1.0
 * @category constructors
 */
export const acceptedByAll = (recipients: number): Outcome => {
  const known = accepted[recipients]
  if (known !== undefined) return known
  const outcome: Outcome = {
    _tag: "Accepted",
    recipients: { ...noRecipients, offered: recipients, accepted: recipients }
  }
  if (recipients < 1024) accepted[recipients] = outcome
  return outcome
}

const accepted: Array<Outcome | undefined> = []

/**
 * The outcome with no more than `most` characters of each reply that it holds, for those who keep many of them.
 *
 * @since 0.1.0
 * @category combinators
 */
export const shortened: {
  (most: number): (outcome: Outcome) => Outcome
  (outcome: Outcome, most: number): Outcome
} = dual(2, (outcome: Outcome, most: number): Outcome => {
  const short = shortenedAsAWhole(outcome, most)
  if (short._tag === "NotStarted" || short.exceptions === undefined) return short
  const exceptions = short.exceptions.map((exception) =>
    exception.reply === undefined ? exception : { ...exception, reply: Reply.shortened(exception.reply, most) }
  )
  return { ...short, exceptions }
})

const shortenedAsAWhole = (outcome: Outcome, most: number): Outcome => {
  switch (outcome._tag) {
    case "NotStarted":
      return outcome
    case "Accepted": {
      const { lost, unwelcome } = outcome
      if (lost === undefined && unwelcome === undefined) return outcome
      return {
        ...outcome,
        unwelcome: unwelcome && Reply.shortened(unwelcome, most),
        lost: lost && SmtpError.shortened(lost, most)
      }
    }
    case "Rejected": {
      const { lost, reply } = outcome
      if (lost === undefined && reply.text.length <= most) return outcome
      return { ...outcome, reply: Reply.shortened(reply, most), lost: lost && SmtpError.shortened(lost, most) }
    }
    case "Failed":
      return {
        ...outcome,
        error: outcome.error._tag === "ConnectFailed" ? outcome.error : SmtpError.shortened(outcome.error, most)
      }
    case "Unknown":
      return { ...outcome, error: SmtpError.shortened(outcome.error, most) }
  }
}
