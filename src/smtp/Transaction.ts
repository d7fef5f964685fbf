/**
 * Transactions: the dialogue of one message after another over a connection (RFC 5321 §3.3, RFC 2033 §4).
 *
 * What is said is one list of commands, and what its replies mean is in one place, however the commands are grouped: each by
 * itself; or the envelope in one write, for servers that offered PIPELINING (RFC 2920); and then, where it is known, the next
 * message's envelope in the same write as this one's final dot.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Outcome from "./Outcome.js"
import * as Reply from "./Reply.js"
import * as Settlement from "./Settlement.js"
import * as SmtpCommand from "./SmtpCommand.js"
import type { Step, WireError } from "./SmtpError.js"
import * as Steps from "./Steps.js"
import type { Exchange, Script, Wire } from "./Wire.js"

/**
 * How an envelope is written: command by command, each after the reply to the one before; or all at once.
 *
 * @since 0.1.0
 * @category models
 */
export type Grouping = "each" | "envelope"

/**
 * The transactions of one connection, one after another.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transactions {
  readonly grouping: Grouping
  /**
   * The dialogue of a transaction, up to the reply to the final dot or to the reply that ends it before; `finish` does the
   * rest. It begins `progress` anew.
   *
   * `next` is what is sent after it over the same connection, where that is known. With a grouping, its envelope rides with
   * this message's content, so it must be the message of the next call, if there is one. Once a transaction went wrong nothing
   * rides, and the envelope that did is forgotten: the next call sends it again.
   */
  readonly script: (
    message: Settlement.Message,
    next: Settlement.Message | undefined,
    options: Settlement.TransactionOptions,
    progress: Settlement.Progress
  ) => Script<Outcome.Outcome | Settlement.Unsent>
  /** The outcome of the message whose dialogue ended with this error. */
  readonly broken: (
    error: WireError,
    options: Settlement.TransactionOptions,
    progress: Settlement.Progress
  ) => Outcome.Outcome
}

/**
 * The transactions of a connection on which nothing was sent yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (grouping: Grouping): Transactions => new ConnectionTransactions(grouping)

class ConnectionTransactions implements Transactions {
  /** The replies to the next message's envelope, where that rode with the last content. */
  private ahead: ReadonlyArray<Reply.Reply> | undefined = undefined
  /** How often the dot that is being sent is answered; 0 before it is. */
  private dotAnswers = 0

  constructor(readonly grouping: Grouping) {}

  *script(
    message: Settlement.Message,
    next: Settlement.Message | undefined,
    options: Settlement.TransactionOptions,
    progress: Settlement.Progress
  ): Script<Outcome.Outcome | Settlement.Unsent> {
    const count = message.rcpts.length
    progress.offered = 0
    progress.refused = 0
    progress.settled = undefined
    this.dotAnswers = 0
    let group: ReadonlyArray<Reply.Reply> | undefined
    if (this.grouping === "envelope") {
      progress.offered = count
      group = this.ahead ?? (yield { steps: envelopeSteps(count), bytes: envelope(message) })
      this.ahead = undefined
    }
    for (let place = 0; place <= count; place++) {
      if (group === undefined) progress.offered = place
      const reply: Reply.Reply = group === undefined ? (yield command(message, place))[0]! : group[place]!
      const unwelcome = answered(place, reply, count, options, progress)
      if (unwelcome !== undefined) {
        const data = group?.[count + 1]
        const goAhead = data !== undefined && Settlement.isGoAhead(data, options)
        return Settlement.unsent(unwelcome, reply, progress, goAhead)
      }
    }
    // The group was cut short where the server closes the connection: then that was its last word.
    const data: Reply.Reply = group === undefined ? (yield Steps.data)[0]! : (group[count + 1] ?? group.at(-1)!)
    if (!Settlement.isGoAhead(data, options)) return Settlement.unsent("data", data, progress)

    const answers = options.lmtp ? progress.offered - progress.refused : 1
    this.dotAnswers = answers
    const { body, head } = message.content
    // A server that answers once for several recipients of LMTP would have later replies taken for theirs.
    if (group === undefined || next === undefined || body !== undefined || answers > 1) {
      return Settlement.settle(yield Steps.content(message.content, answers), progress, options.lmtp, undefined)
    }
    const recipients = next.rcpts.length
    const all = yield {
      steps: ridingSteps(answers, recipients),
      bytes: head + envelope(next),
      contentLength: head.length
    }
    if (all.length === answers + recipients + 2) this.ahead = all.slice(answers)
    return Settlement.settle(all.slice(0, answers), progress, options.lmtp, undefined)
  }

  /** The connection broke, before the dot was answered or after that: the replies that came still count. */
  broken(error: WireError, options: Settlement.TransactionOptions, progress: Settlement.Progress): Outcome.Outcome {
    const { replies } = error
    if (progress.settled !== undefined) return progress.settled
    if (this.dotAnswers > 0) {
      if (replies.length < this.dotAnswers) return Settlement.broken(error, progress)
      const finals = isOneShort(error) ? [] : replies.slice(0, this.dotAnswers)
      return Settlement.settle(finals, progress, options.lmtp, error)
    }
    // What the server refused of a group before it went stays refused.
    const count = progress.offered
    for (let place = 0; place <= count && place < replies.length; place++) {
      const reply = replies[place]!
      const step = answered(place, reply, count, lenient, progress)
      if (step === undefined) continue
      const outcome = Settlement.ofUnsent({ _tag: "Unsent", step, reply, goAhead: false }, progress)
      return outcome._tag === "Rejected" ? { ...outcome, lost: error } : outcome
    }
    return Settlement.broken(error, progress)
  }
}

/**
 * Whether the last reply of a group that lacks only one may be the reply to DATA, so that the missing one may be that to the
 * dot before: it refuses, as DATA is refused where all recipients were.
 */
const isOneShort = ({ _tag, replies, step }: WireError): boolean =>
  _tag === "ReplyTimeout" && step === "data" && Reply.isRefusal(replies[replies.length - 1]!)

const lenient: Settlement.TransactionOptions = { lmtp: false, afterUnexpected: "reset" }

/** One command of an envelope: MAIL is the first, and then come the recipients. */
const command = (message: Settlement.Message, place: number): Exchange =>
  place === 0 ? Steps.command("mail", message.mail) : Steps.command("rcpt", message.rcpts[place - 1]!)

/**
 * Books the reply to one command of an envelope of so many recipients, and gives its step where the message is not sent
 * because of it: that of MAIL, or of the last recipient that was refused when all of them were.
 */
const answered = (
  place: number,
  reply: Reply.Reply,
  recipients: number,
  options: Settlement.TransactionOptions,
  progress: Settlement.Progress
): "mail" | "rcpt" | undefined => {
  if (Settlement.isSuccess(reply, options)) return undefined
  if (place === 0) {
    // Without a sender the recipients were never considered.
    progress.offered = 0
    return "mail"
  }
  progress.refused++
  return progress.refused === recipients || Settlement.endsTransaction(reply, options) ? "rcpt" : undefined
}

const envelope = (message: Settlement.Message): string => {
  let commands = message.mail
  for (const rcpt of message.rcpts) commands += rcpt
  return commands + SmtpCommand.data
}

const envelopeSteps = (recipients: number): ReadonlyArray<Step> => ridingSteps(0, recipients)

/** `final`, so many times, and the steps of an envelope. The same array for the same numbers. */
const ridingSteps = (finals: number, recipients: number): ReadonlyArray<Step> => {
  const key = finals * 1_048_576 + recipients
  const known = knownSteps.get(key)
  if (known !== undefined) return known
  const made: ReadonlyArray<Step> = [
    ...new Array<Step>(finals).fill("final"),
    "mail",
    ...new Array<Step>(recipients).fill("rcpt"),
    "data"
  ]
  if (knownSteps.size < 1024) knownSteps.set(key, made)
  return made
}

const knownSteps = new Map<number, ReadonlyArray<Step>>()

/**
 * Sends one message and tells how it ended; it never fails. Afterwards the wire's state says whether it can be used again.
 *
 * Without `stop`, refused recipients do not keep the message from the others, and a transaction that is refused as a whole is
 * ended with RSET. Who may interrupt it gives it a `progress` of its own, and asks `broken` for the outcome then.
 *
 * @since 0.1.0
 * @category steps
 */
export const run = (
  wire: Wire,
  transactions: Transactions,
  message: Settlement.Message,
  options: Settlement.TransactionOptions,
  progress: Settlement.Progress
): Effect.Effect<Outcome.Outcome> =>
  Effect.matchEffect(
    wire.converse(() => transactions.script(message, undefined, options, progress)),
    {
      onFailure: (error) => Effect.succeed(transactions.broken(error, options, progress)),
      onSuccess: (end) => finish(wire, end, options, progress)
    }
  )

/**
 * Leaves the connection ready for the next transaction, or closed.
 *
 * A message that is not sent because of a reply to its envelope is given up with RSET, or, where the server waits for a
 * message that it has no recipient for, with an empty one (RFC 2920 §3.1).
 *
 * @since 0.1.0
 * @category steps
 */
export const finish = (
  wire: Wire,
  end: Outcome.Outcome | Settlement.Unsent,
  options: Settlement.TransactionOptions,
  progress: Settlement.Progress
): Effect.Effect<Outcome.Outcome> => {
  if (end._tag === "Unsent") return giveUp(wire, end, options, progress)
  // A reply that was neither yes nor no left somebody's fate open: nothing more is believed here.
  const open = end._tag === "Unknown" || (end._tag !== "NotStarted" && end.recipients.unknown > 0)
  if (open && options.afterUnexpected === "strict") wire.close("reset")
  return Effect.succeed(end)
}

const giveUp = (
  wire: Wire,
  end: Settlement.Unsent,
  options: Settlement.TransactionOptions,
  progress: Settlement.Progress
): Effect.Effect<Outcome.Outcome> => {
  const outcome = Settlement.ofUnsent(end, progress)
  if (options.afterUnexpected === "stop" || wire.state() !== "open") return Effect.succeed(outcome)
  const strict = options.afterUnexpected === "strict"
  // LMTP has no answer to a message without recipients (RFC 2033 §4.2), so there is none to wait for. A server that
  // refused the sender and waits for a message has another transaction open: an empty message might be delivered.
  const noWayBack = end.goAhead && (options.lmtp || end.step === "mail")
  if ((strict && Settlement.isNonsense(end.reply)) || noWayBack) {
    wire.close("reset")
    return Effect.succeed(outcome)
  }
  progress.settled = outcome
  const { bytes, steps } = end.goAhead ? Steps.nothing : Steps.rset
  return Effect.match(wire.exchange(steps, bytes), {
    onFailure: (lost) => (outcome._tag === "Rejected" ? { ...outcome, lost } : outcome),
    onSuccess: ([reply]) => {
      // The transaction may still be open. -A goes on all the same, as the original does (clause S9.5).
      if (strict && !end.goAhead && !Settlement.isSuccess(reply!, options)) wire.close("reset")
      return outcome
    }
  })
}
