/**
 * A message on its way, and how the replies to it become its outcome. Pure.
 *
 * It is over 300 lines because what a reply means for a message is told here, and nowhere else.
 *
 * @since 0.1.0
 */
import * as Outcome from "./Outcome.js"
import * as Reply from "./Reply.js"
import * as SmtpCommand from "./SmtpCommand.js"
import { ArgumentInvalid, ConnectionLost, ReplyMalformed, type Step, type WireError } from "./SmtpError.js"
import type { Content, Wire } from "./Wire.js"

/**
 * A message on its way: its commands and its content, prepared.
 *
 * @since 0.1.0
 * @category models
 */
export interface Message {
  readonly mail: string
  readonly rcpts: ReadonlyArray<string>
  readonly content: Content
  /** The XFORWARD command that comes before it, where there is one. */
  readonly forward?: string | undefined
}

/**
 * A message of these parts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const message = (
  mail: string,
  rcpts: ReadonlyArray<string>,
  content: Content,
  forward?: string | undefined
): Message => new MadeMessage(mail, rcpts, content, forward)

/**
 * Classes, since they are made for each message: of a literal V8 keeps count, and once it takes its objects for long-lived it
 * makes them among the old ones, where each keeps a message's text until the next full collection.
 */
class MadeMessage implements Message {
  constructor(
    readonly mail: string,
    readonly rcpts: ReadonlyArray<string>,
    readonly content: Content,
    readonly forward: string | undefined
  ) {}
}

/**
 * Why a message that somebody has put together cannot be sent: one of its commands is none, or more than one. `known` is what
 * it was made from, whose commands are not looked at again.
 *
 * @since 0.1.0
 * @category predicates
 */
export const unusable = ({ mail, rcpts }: Message, known?: Message): ArgumentInvalid | undefined => {
  if (mail !== known?.mail && !SmtpCommand.isCommand(mail)) return new ArgumentInvalid({ step: "mail", argument: mail })
  if (rcpts === known?.rcpts) return undefined
  const wrong = rcpts.find((rcpt) => !SmtpCommand.isCommand(rcpt))
  return wrong === undefined ? undefined : new ArgumentInvalid({ step: "rcpt", argument: wrong })
}

/**
 * What a transaction does after a reply that it did not hope for.
 *
 * - `stop`: nothing more is sent.
 * - `reset`: the transaction is given up with RSET, so that the next one can follow (clause S9.5).
 * - `strict`: as `reset` after a refusal; after a reply that is neither success nor refusal the connection is closed.
 *
 * @since 0.1.0
 * @category models
 */
export type AfterUnexpected = "stop" | "reset" | "strict"

/**
 * How transactions go.
 *
 * @since 0.1.0
 * @category models
 */
export interface TransactionOptions {
  /** LMTP answers the final dot once for each accepted recipient (RFC 2033 §4.2). */
  readonly lmtp: boolean
  readonly afterUnexpected: AfterUnexpected
}

/**
 * A message on its way: what is sent, how, and how far it has come. One object may serve one message after another.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivery {
  message: Message
  readonly options: TransactionOptions
  /** How many of its recipients were offered and refused so far. */
  offered: number
  refused: number
  /** The recipients that were refused, where there are any. */
  exceptions: Array<Outcome.Exception> | undefined
  /** How it ended, where only the connection is being tidied up. */
  settled: Outcome.Outcome | undefined
}

/**
 * A message that is about to be sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: TransactionOptions, message: Message = none): Delivery =>
  new MadeDelivery(options, message)

class MadeDelivery implements Delivery {
  offered = 0
  refused = 0
  exceptions: Array<Outcome.Exception> | undefined = undefined
  settled: Outcome.Outcome | undefined = undefined

  constructor(
    readonly options: TransactionOptions,
    public message: Message
  ) {}
}

const none: Message = { mail: "", rcpts: [], content: { head: "" } }

/**
 * Begins anew, with the same message or another one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const begin = (delivery: Delivery): void => {
  delivery.offered = 0
  delivery.refused = 0
  delivery.exceptions = undefined
  delivery.settled = undefined
}

/**
 * What an interruption means for a transaction, while its wire still stands as it did then. `broken` makes an outcome of it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const interruption = (wire: Wire | undefined): WireError => {
  const step = wire === undefined ? "connect" : (wire.awaited() ?? "mail")
  return new ConnectionLost({ step, how: "interrupted", replies: wire?.received() ?? [] })
}

/**
 * Whether the reply lets the transaction go on.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSuccess = (reply: Reply.Reply, options: TransactionOptions): boolean =>
  options.afterUnexpected === "strict" ? Reply.isPositive(reply) : Reply.isOfClass2(reply)

/**
 * Whether the reply lets the content follow.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isGoAhead = (reply: Reply.Reply, options: TransactionOptions): boolean =>
  Reply.isGoAhead(reply) && (reply.defect === undefined || options.afterUnexpected !== "strict")

/**
 * Whether the reply is neither yes nor no.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isNonsense = (reply: Reply.Reply): boolean => !(Reply.isPositive(reply) || Reply.isRefusal(reply))

/**
 * Whether no further command of the transaction is of use after this reply.
 *
 * @since 0.1.0
 * @category predicates
 */
export const endsTransaction = (reply: Reply.Reply, options: TransactionOptions): boolean =>
  options.afterUnexpected === "stop" ||
  Reply.isClosing(reply) ||
  (options.afterUnexpected === "strict" && isNonsense(reply))

/**
 * Ends a transaction because of a reply to its envelope. Whoever is interrupted before it hears of that finds the outcome
 * in the delivery.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refuse = (
  step: Step,
  reply: Reply.Reply,
  delivery: Delivery,
  refusedAfterContent = 0
): Outcome.Rejected | Outcome.Failed => {
  const outcome = refused(step, reply, delivery, refusedAfterContent)
  delivery.settled = outcome
  return outcome
}

/**
 * The outcome of a message that was not sent because of a reply to its envelope; or to its content, when this many recipients had
 * been accepted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refused = (
  step: Step,
  reply: Reply.Reply,
  delivery: Delivery,
  refusedAfterContent = 0
): Outcome.Rejected | Outcome.Failed => {
  const recipients = books(delivery, { refusedAfterContent })
  return withExceptions(
    delivery.exceptions,
    Reply.isRefusal(reply)
      ? { _tag: "Rejected", step, reply, recipients }
      : { _tag: "Failed", error: nonsense(step, reply), recipients }
  )
}

/**
 * The outcome of a message whose connection broke under it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const broken = (error: WireError, delivery: Delivery): Outcome.Outcome =>
  delivery.settled ??
  (error.step === "final"
    ? settle(error.replies, delivery, error)
    : withExceptions(delivery.exceptions, { _tag: "Failed", error, recipients: books(delivery, {}) }))

/**
 * The outcome of a message whose final dot was sent, by the answers to it: one for each accepted recipient (LMTP), or one for
 * all. Answers that are missing or malformed leave it open what became of their recipients. Whoever is interrupted
 * before it hears of the outcome finds it in the delivery.
 *
 * @since 0.1.0
 * @category constructors
 */
export const settle = (
  finals: ReadonlyArray<Reply.Reply>,
  delivery: Delivery,
  lost: WireError | undefined
): Outcome.Outcome => {
  const first = finals[0]
  const isPlain = !delivery.options.lmtp && lost === undefined && delivery.refused === 0
  const outcome =
    isPlain && first !== undefined && Reply.isPositive(first)
      ? Outcome.acceptedByAll(delivery.offered)
      : weigh(finals, delivery, lost)
  delivery.settled = outcome
  return outcome
}

/**
 * The outcome of a message that every recipient was accepted for that it was offered to.
 *
 * @since 0.1.0
 * @category constructors
 */
export const acceptedByAll = (delivery: Delivery): Outcome.Outcome => {
  delivery.refused = 0
  delivery.settled = Outcome.acceptedByAll(delivery.offered)
  return delivery.settled
}

const weigh = (
  finals: ReadonlyArray<Reply.Reply>,
  delivery: Delivery,
  lost: WireError | undefined
): Outcome.Outcome => {
  const open = delivery.offered - delivery.refused
  const weight = delivery.options.lmtp ? 1 : open
  let accepted = 0
  let refusedAfterContent = 0
  let refusal: Reply.Reply | undefined
  let absurd: Reply.Reply | undefined
  for (const reply of finals) {
    if (isNonsense(reply)) {
      absurd ??= reply
    } else if (Reply.isPositive(reply)) {
      accepted += weight
    } else {
      refusedAfterContent += weight
      refusal ??= reply
    }
  }
  const unknown = open - accepted - refusedAfterContent
  const recipients = books(delivery, { accepted, refusedAfterContent, unknown })
  const exceptions = delivery.options.lmtp ? exceptionsAmong(finals, delivery) : delivery.exceptions
  if (accepted > 0) {
    return withExceptions(exceptions, { _tag: "Accepted", recipients, unwelcome: refusal ?? absurd, lost })
  }
  // Where one was refused and another may have got it, nobody knows whether the message was delivered.
  if (refusal !== undefined && unknown === 0) {
    return withExceptions(exceptions, { _tag: "Rejected", step: "final", reply: refusal, recipients, lost })
  }
  const error =
    lost ??
    (absurd === undefined
      ? new ConnectionLost({ step: "final", how: "closed", replies: [] })
      : nonsense("final", absurd))
  return withExceptions(exceptions, { _tag: "Unknown", error, recipients })
}

/** Those of a message in LMTP: what was refused at RCPT, and the final replies that are not positive, or did not come. */
const exceptionsAmong = (
  finals: ReadonlyArray<Reply.Reply>,
  { exceptions: before, offered, refused }: Delivery
): ReadonlyArray<Outcome.Exception> | undefined => {
  if (finals.length === offered - refused && finals.every(Reply.isPositive)) return before
  const refusedBefore = new Set(before?.map(({ place }) => place))
  const all = [...(before ?? [])]
  let next = 0
  for (let place = 0; place < offered; place++) {
    if (refusedBefore.has(place)) continue
    const reply = finals[next++]
    if (reply !== undefined && Reply.isPositive(reply)) continue
    const isRefused = reply !== undefined && Reply.isRefusal(reply)
    all.push({ place, fate: isRefused ? "refused" : "unknown", step: "final", ...(isRefused ? { reply } : {}) })
  }
  return all
}

/** Most outcomes have none, and no field for them. */
const withExceptions = <O extends Exclude<Outcome.Outcome, { readonly _tag: "NotStarted" }>>(
  exceptions: ReadonlyArray<Outcome.Exception> | undefined,
  outcome: O
): O => (exceptions === undefined ? outcome : { ...outcome, exceptions })

const nonsense = (step: Step, { code, defect, text }: Reply.Reply): ReplyMalformed =>
  new ReplyMalformed({
    step,
    // What has no code is shown as it came.
    reason: defect === undefined ? `${code} ${text}` : `${defect}: ${code === 0 ? text : `${code} ${text}`}`,
    replies: []
  })

/**
 * The outcome of a message that was not sent to its end, whatever the step that the error struck.
 *
 * @since 0.1.0
 * @category constructors
 */
export const failed = (error: WireError, delivery: Delivery): Outcome.Failed => ({
  _tag: "Failed",
  error,
  recipients: books(delivery, {})
})

/** The recipients' books: who was offered and has no other place was abandoned. */
const books = ({ offered, refused }: Delivery, settled: Partial<Outcome.Recipients>): Outcome.Recipients => {
  const { accepted = 0, refusedAfterContent = 0, unknown = 0 } = settled
  const abandoned = offered - refused - accepted - refusedAfterContent - unknown
  return { offered, accepted, refused, refusedAfterContent, unknown, abandoned }
}
