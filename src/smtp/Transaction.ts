/**
 * Transactions: the dialogue of one message after another over a connection (RFC 5321 §3.3, RFC 2033 §4).
 *
 * What is said is one list of commands, and what its replies mean is in one place, however the commands are grouped: each by
 * itself; or the envelope in one write, for servers that offered PIPELINING (RFC 2920); and then, where it is known, the next
 * message's envelope in the same write as this one's final dot.
 *
 * Replies are told apart by their order only. A group that one is missing from, or that one too many has come to, is not
 * believed; a server that does both in one group is not found out, unless its 354 stands in the wrong place.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Delivery from "./Delivery.js"
import type * as Outcome from "./Outcome.js"
import * as Reply from "./Reply.js"
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
  readonly wire: Wire
  readonly grouping: Grouping
  /**
   * The dialogue of a transaction. It begins the delivery anew. Afterwards the wire's state says whether it can be used again:
   * refused recipients do not keep the message from the others, and a transaction that is refused as a whole is ended with RSET,
   * unless nothing more is to be said (`stop`).
   *
   * `next` is what is sent after it over the same connection, where that is known. With a grouping, its envelope rides with
   * this message's content, so it must be the message of the next call, if there is one. Once a transaction went wrong nothing
   * rides, and the envelope that did is forgotten: the next call sends it again.
   */
  readonly script: (delivery: Delivery.Delivery, next?: Delivery.Message | undefined) => Script<Outcome.Outcome>
  /** The outcome of the message whose dialogue ended with this error. */
  readonly broken: (error: WireError, delivery: Delivery.Delivery) => Outcome.Outcome
  /** The outcome of the message whose dialogue is interrupted now. The wire is in the middle of it: close it. */
  readonly interrupted: (delivery: Delivery.Delivery) => Outcome.Outcome
}

/**
 * The transactions of a connection on which nothing was sent yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (wire: Wire, grouping: Grouping): Transactions => new ConnectionTransactions(wire, grouping)

/** In bytes, the longest content that is followed by commands: of more than this, a server may not take all at once. */
const longestRiding = 16_384

class ConnectionTransactions implements Transactions {
  /** The replies to the next message's envelope, where that rode with the last content. */
  private ahead: ReadonlyArray<Reply.Reply> | undefined = undefined
  /** How often the dot that is being sent is answered; 0 before it is. */
  private dotAnswers = 0
  /** The recipients of the envelope that rides with the dot; 0 where none does. */
  private riding = 0
  /** The message is refused, and its transaction is being ended. */
  private tidying = false

  constructor(
    readonly wire: Wire,
    readonly grouping: Grouping
  ) {}

  *script(delivery: Delivery.Delivery, next?: Delivery.Message | undefined): Script<Outcome.Outcome> {
    const { message, options } = delivery
    const count = message.rcpts.length
    Delivery.begin(delivery)
    this.dotAnswers = 0
    this.riding = 0
    this.tidying = false
    let group: ReadonlyArray<Reply.Reply> | undefined
    if (this.grouping === "envelope") {
      delivery.offered = count
      group = this.ahead ?? (yield { steps: envelopeSteps(count), bytes: envelope(message) })
      this.ahead = undefined
    }
    for (let place = 0; place <= count; place++) {
      if (group === undefined) delivery.offered = place
      const reply: Reply.Reply = group === undefined ? (yield command(message, place))[0]! : group[place]!
      const unwelcome = answered(place, reply, count, options, delivery)
      if (unwelcome !== undefined) {
        const data = group?.[count + 1]
        const goAhead = data !== undefined && Delivery.isGoAhead(data, options)
        return yield* this.giveUp(unwelcome, reply, goAhead, delivery)
      }
    }
    // The group was cut short where the server closes the connection: then that was its last word.
    const data: Reply.Reply = group === undefined ? (yield Steps.data)[0]! : (group[count + 1] ?? group.at(-1)!)
    if (!Delivery.isGoAhead(data, options)) return yield* this.giveUp("data", data, false, delivery)

    const answers = options.lmtp ? delivery.offered - delivery.refused : 1
    this.dotAnswers = answers
    const { body, head } = message.content
    // A server that answers once for several recipients of LMTP would have later replies taken for theirs.
    const isLong = body !== undefined || head.length > longestRiding
    if (group === undefined || next === undefined || isLong || answers > 1) {
      return this.settle(yield Steps.content(message.content, answers), delivery)
    }
    const recipients = next.rcpts.length
    this.riding = recipients
    const all = yield {
      steps: ridingSteps(answers, recipients),
      bytes: head + envelope(next),
      contentLength: head.length
    }
    if (Reply.isClosing(all[all.length - 1]!) && lacksFirst(all, recipients)) return this.settle([], delivery)
    if (all.length === answers + recipients + 2) this.ahead = all.slice(answers)
    return this.settle(all.slice(0, answers), delivery)
  }

  private settle(finals: ReadonlyArray<Reply.Reply>, delivery: Delivery.Delivery): Outcome.Outcome {
    const outcome = Delivery.settle(finals, delivery, undefined)
    // A reply that was neither yes nor no left somebody's fate open: nothing more is believed here.
    const open = outcome._tag === "Unknown" || (outcome._tag !== "NotStarted" && outcome.recipients.unknown > 0)
    if (open && delivery.options.afterUnexpected === "strict") this.wire.close("reset")
    return outcome
  }

  /**
   * Ends the transaction of a message that is not sent because of a reply to its envelope: with RSET, or, where the server
   * waits for a message that it has no recipient for (`goAhead`), with an empty one (RFC 2920 §3.1).
   */
  private *giveUp(
    step: Step,
    reply: Reply.Reply,
    goAhead: boolean,
    delivery: Delivery.Delivery
  ): Script<Outcome.Outcome> {
    const { wire } = this
    const { options } = delivery
    const outcome = Delivery.refuse(step, reply, delivery)
    if (options.afterUnexpected === "stop" || wire.state() !== "open") return outcome
    const strict = options.afterUnexpected === "strict"
    // LMTP has no answer to a message without recipients (RFC 2033 §4.2), so there is none to wait for. A server that
    // refused the sender and waits for a message has another transaction open: an empty message might be delivered.
    const noWayBack = goAhead && (options.lmtp || step === "mail")
    if ((strict && Delivery.isNonsense(reply)) || noWayBack) {
      wire.close("reset")
      return outcome
    }
    this.tidying = true
    const answer = (yield goAhead ? Steps.nothing : Steps.rset)[0]!
    // The transaction may still be open. -A goes on all the same, as the original does (clause S9.5).
    if (strict && !goAhead && !Delivery.isSuccess(answer, options)) wire.close("reset")
    return outcome
  }

  /** The connection broke, before the dot was answered or after that: the replies that came still count. */
  broken(error: WireError, delivery: Delivery.Delivery): Outcome.Outcome {
    const { replies } = error
    const { settled } = delivery
    if (settled !== undefined)
      return this.tidying && settled._tag === "Rejected" ? { ...settled, lost: error } : settled
    if (this.dotAnswers > 0) {
      if (replies.length < this.dotAnswers) return Delivery.broken(error, delivery)
      return Delivery.settle(isOneShort(error, this.riding) ? [] : replies.slice(0, this.dotAnswers), delivery, error)
    }
    // What the server refused of a group before it went stays refused.
    const count = delivery.offered
    for (let place = 0; place <= count && place < replies.length; place++) {
      const reply = replies[place]!
      const step = answered(place, reply, count, lenient, delivery)
      if (step === undefined) continue
      const outcome = Delivery.refused(step, reply, delivery)
      return outcome._tag === "Rejected" ? { ...outcome, lost: error } : outcome
    }
    return Delivery.broken(error, delivery)
  }

  interrupted(delivery: Delivery.Delivery): Outcome.Outcome {
    return delivery.settled ?? this.broken(Delivery.interruption(this.wire), delivery)
  }
}

/**
 * Whether the last reply of a group that lacks only one may be the reply to DATA, so that the missing one may be that to the
 * dot before: it refuses, as DATA is refused where all recipients were. A server that closes leaves DATA unanswered for
 * many a reason: then all recipients must have been refused.
 */
const isOneShort = ({ _tag, replies, step }: WireError, recipients: number): boolean =>
  step === "data" &&
  (_tag === "ReplyTimeout"
    ? Reply.isRefusal(replies[replies.length - 1]!)
    : _tag === "ConnectionLost" && lacksFirst(replies, recipients))

/**
 * Whether the replies to a dot and to the envelope that rode with it may be those to the envelope alone, and then the server
 * closed: read so, every recipient is refused, and DATA, too. A server that leaves out no reply gives the same ones where it
 * refuses the sender and every command after it; who may have got the message, nobody knows then.
 */
const lacksFirst = (replies: ReadonlyArray<Reply.Reply>, recipients: number): boolean =>
  recipients > 0 && replies.length >= recipients + 2 && replies.slice(1, recipients + 2).every(Reply.isRefusal)

const lenient: Delivery.TransactionOptions = { lmtp: false, afterUnexpected: "reset" }

/**
 * One command of an envelope: MAIL is the first, and then come the recipients.
 *
 * @since 0.1.0
 * @category envelopes
 */
export const command = (message: Delivery.Message, place: number): Exchange =>
  place === 0 ? Steps.command("mail", message.mail) : Steps.command("rcpt", message.rcpts[place - 1]!)

/**
 * Books the reply to one command of an envelope of this many recipients, and gives its step where the message is not sent
 * because of it: that of MAIL, or of the last recipient that was refused when all of them were.
 *
 * @since 0.1.0
 * @category envelopes
 */
export const answered = (
  place: number,
  reply: Reply.Reply,
  recipients: number,
  options: Delivery.TransactionOptions,
  delivery: Delivery.Delivery
): "mail" | "rcpt" | undefined => {
  if (Delivery.isSuccess(reply, options)) return undefined
  if (place === 0) {
    // Without a sender the recipients were never considered.
    delivery.offered = 0
    return "mail"
  }
  delivery.refused++
  delivery.exceptions ??= []
  delivery.exceptions.push({ place: place - 1, fate: "refused", step: "rcpt", reply })
  return delivery.refused === recipients || Delivery.endsTransaction(reply, options) ? "rcpt" : undefined
}

const envelope = (message: Delivery.Message): string => {
  let commands = message.mail
  for (const rcpt of message.rcpts) commands += rcpt
  return commands + SmtpCommand.data
}

const envelopeSteps = (recipients: number): ReadonlyArray<Step> => ridingSteps(0, recipients)

/** `final`, this many times, and the steps of an envelope. The same array for the same numbers. */
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
 * Who may interrupt it asks `interrupted` for the outcome then, and closes the wire.
 *
 * @since 0.1.0
 * @category steps
 */
export const run = (transactions: Transactions, delivery: Delivery.Delivery): Effect.Effect<Outcome.Outcome> =>
  Effect.match(
    transactions.wire.converse(() => transactions.script(delivery)),
    { onFailure: (error) => transactions.broken(error, delivery), onSuccess: (outcome) => outcome }
  )
