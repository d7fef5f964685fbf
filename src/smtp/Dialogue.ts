/**
 * The steps of a dialogue as Effect programs, and the transaction that they make up (RFC 5321 §3.3, RFC 2033 §4).
 *
 * A single step fails with what went wrong, naming itself. A transaction does not fail: whatever happens, its message has
 * an `Outcome`, and a rejection is data.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Outcome from "./Outcome.js"
import * as Reply from "./Reply.js"
import * as SmtpCommand from "./SmtpCommand.js"
import { ConnectionLost, ReplyMalformed, ReplyRejected, type Step, type WireError } from "./SmtpError.js"
import type { Content, Wire } from "./Wire.js"

/**
 * What a step fails with.
 *
 * @since 0.1.0
 * @category errors
 */
export type StepError = ReplyRejected | WireError

const only: { readonly [step in Step]: readonly [Step] } = {
  connect: ["connect"],
  greeting: ["greeting"],
  hello: ["hello"],
  mail: ["mail"],
  rcpt: ["rcpt"],
  data: ["data"],
  content: ["content"],
  final: ["final"],
  rset: ["rset"],
  quit: ["quit"]
}

/**
 * Sends one command and waits for its reply, whatever it says.
 *
 * @since 0.1.0
 * @category steps
 */
export const ask = (wire: Wire, step: Step, command: string): Effect.Effect<Reply.Reply, WireError> =>
  Effect.map(wire.exchange(only[step], command), (replies) => replies[0]!)

const require = (
  wire: Wire,
  step: Step,
  command: string,
  expected: (reply: Reply.Reply) => boolean
): Effect.Effect<Reply.Reply, StepError> =>
  Effect.flatMap(ask(wire, step, command), (reply) =>
    expected(reply) ? Effect.succeed(reply) : new ReplyRejected({ step, reply })
  )

/**
 * Waits for the server's greeting, which must be positive.
 *
 * @since 0.1.0
 * @category steps
 */
export const greeting = (wire: Wire): Effect.Effect<Reply.Reply, StepError> =>
  require(wire, "greeting", "", Reply.isPositive)

/**
 * Says who we are.
 *
 * @since 0.1.0
 * @category steps
 */
export const hello = (
  wire: Wire,
  verb: "HELO" | "EHLO" | "LHLO",
  name: string
): Effect.Effect<Reply.Reply, StepError> => require(wire, "hello", SmtpCommand.hello(verb, name), Reply.isPositive)

/**
 * Begins a transaction.
 *
 * @since 0.1.0
 * @category steps
 */
export const mail = (wire: Wire, sender: string): Effect.Effect<Reply.Reply, StepError> =>
  require(wire, "mail", SmtpCommand.mail(sender), Reply.isPositive)

/**
 * Adds a recipient.
 *
 * @since 0.1.0
 * @category steps
 */
export const rcpt = (wire: Wire, recipient: string): Effect.Effect<Reply.Reply, StepError> =>
  require(wire, "rcpt", SmtpCommand.rcpt(recipient), Reply.isPositive)

/**
 * Asks to send the message; the server must answer 354.
 *
 * @since 0.1.0
 * @category steps
 */
export const data = (wire: Wire): Effect.Effect<Reply.Reply, StepError> =>
  require(wire, "data", SmtpCommand.data, Reply.isGoAhead)

/**
 * Sends the content, which holds the final dot, and waits for the reply to it.
 *
 * @since 0.1.0
 * @category steps
 */
export const content = (wire: Wire, content: Content): Effect.Effect<Reply.Reply, StepError> =>
  Effect.flatMap(wire.exchange(only.final, content.head, content.body), (replies) =>
    Reply.isPositive(replies[0]!)
      ? Effect.succeed(replies[0]!)
      : new ReplyRejected({ step: "final", reply: replies[0]! })
  )

/**
 * Ends the transaction without a message.
 *
 * @since 0.1.0
 * @category steps
 */
export const rset = (wire: Wire): Effect.Effect<Reply.Reply, StepError> =>
  require(wire, "rset", SmtpCommand.rset, Reply.isPositive)

/**
 * Says good-bye. Any answer will do, and none will do too: it changes nothing (clause S7.6).
 *
 * @since 0.1.0
 * @category steps
 */
export const quit = (wire: Wire): Effect.Effect<void> =>
  Effect.catchAll(wire.exchange(only.quit, SmtpCommand.quit), () => Effect.void)

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
 * How many recipients of a transaction were offered and refused so far.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  offered: number
  refused: number
}

/**
 * Sends one message and tells how it ended; it never fails. Afterwards the wire's state says whether it can be used
 * again.
 *
 * Without `stop`, refused recipients do not keep the message from the others, and a transaction that is refused as a
 * whole is ended with RSET. Who may interrupt a transaction gives it a `progress` of his own, for `interrupted`.
 *
 * @since 0.1.0
 * @category steps
 */
export const transaction = (
  wire: Wire,
  message: Message,
  options: TransactionOptions,
  progress: Progress = { offered: 0, refused: 0 }
): Effect.Effect<Outcome.Outcome> =>
  Effect.suspend(() => {
    progress.offered = 0
    progress.refused = 0
    return Effect.catchAll(
      Effect.gen(() => send(wire, message, options, progress)),
      (error) => Effect.succeed(broken(error, progress))
    )
  })

/**
 * The outcome of a message whose transaction was interrupted, while its wire still stands as it did then.
 *
 * @since 0.1.0
 * @category constructors
 */
export const interrupted = (wire: Wire | undefined, progress: Progress): Outcome.Outcome => {
  const step = wire === undefined ? "connect" : (wire.awaited() ?? "mail")
  return broken(new ConnectionLost({ step, how: "abandoned", replies: [] }), progress)
}

function* send(wire: Wire, message: Message, options: TransactionOptions, progress: Progress) {
  const mail = (yield* wire.exchange(only.mail, message.mail))[0]!
  if (!isSuccess(mail, options)) return yield* giveUp(wire, "mail", mail, options, progress)

  let refusal: Reply.Reply | undefined
  for (const rcpt of message.rcpts) {
    progress.offered++
    const reply = (yield* wire.exchange(only.rcpt, rcpt))[0]!
    if (isSuccess(reply, options)) continue
    progress.refused++
    refusal = reply
    if (endsTransaction(reply, options)) break
  }
  if (refusal !== undefined && (progress.refused === progress.offered || endsTransaction(refusal, options))) {
    return yield* giveUp(wire, "rcpt", refusal, options, progress)
  }

  const goAhead = (yield* wire.exchange(only.data, SmtpCommand.data))[0]!
  if (!isGoAhead(goAhead, options)) return yield* giveUp(wire, "data", goAhead, options, progress)

  const { body, head } = message.content
  const finals = yield* wire.exchange(
    options.lmtp ? finalSteps(progress.offered - progress.refused) : only.final,
    head,
    body
  )
  const reply = finals[0]!
  if (progress.refused === 0 && !options.lmtp && Reply.isPositive(reply) && reply.defect === undefined) {
    return Outcome.acceptedByAll(progress.offered)
  }
  if (options.afterUnexpected === "strict" && finals.some(isNonsense)) wire.close("reset")
  return settle(finals, progress, options.lmtp, undefined)
}

const isSuccess = (reply: Reply.Reply, options: TransactionOptions): boolean =>
  Reply.isPositive(reply) && (reply.defect === undefined || options.afterUnexpected !== "strict")

const isGoAhead = (reply: Reply.Reply, options: TransactionOptions): boolean =>
  Reply.isGoAhead(reply) && (reply.defect === undefined || options.afterUnexpected !== "strict")

/** Neither yes nor no. */
const isNonsense = (reply: Reply.Reply): boolean =>
  reply.defect !== undefined || !(Reply.isPositive(reply) || Reply.isRefusal(reply))

const endsTransaction = (reply: Reply.Reply, options: TransactionOptions): boolean =>
  options.afterUnexpected === "stop" ||
  Reply.isClosing(reply) ||
  (options.afterUnexpected === "strict" && isNonsense(reply))

/** Ends a transaction whose message is not sent any more. */
const giveUp = (
  wire: Wire,
  step: Step,
  reply: Reply.Reply,
  options: TransactionOptions,
  progress: Progress
): Effect.Effect<Outcome.Outcome> => {
  const recipients = books(progress, {})
  const outcome: Outcome.Outcome = Reply.isRefusal(reply)
    ? { _tag: "Rejected", step, reply, recipients }
    : { _tag: "Failed", error: nonsense(step, reply), recipients }
  if (options.afterUnexpected === "stop" || wire.state() !== "open") return Effect.succeed(outcome)
  if (options.afterUnexpected === "strict" && isNonsense(reply)) {
    wire.close("reset")
    return Effect.succeed(outcome)
  }
  return Effect.match(wire.exchange(only.rset, SmtpCommand.rset), {
    onFailure: (lost) => (outcome._tag === "Rejected" ? { ...outcome, lost } : outcome),
    onSuccess: () => outcome
  })
}

/** The outcome of a message whose connection broke under it. */
const broken = (error: WireError, progress: Progress): Outcome.Outcome =>
  error.step === "final"
    ? settle(error.replies, progress, true, error)
    : { _tag: "Failed", error, recipients: books(progress, {}) }

/**
 * The outcome of a message whose final dot was sent, by the answers to it: one for each accepted recipient, or one for
 * all. Answers that are missing, or make no sense, leave it open what became of their recipients.
 */
const settle = (
  finals: ReadonlyArray<Reply.Reply>,
  progress: Progress,
  lmtp: boolean,
  lost: WireError | undefined
): Outcome.Outcome => {
  const open = progress.offered - progress.refused
  const weight = lmtp ? 1 : open
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
  const recipients = books(progress, { accepted, refusedAfterContent, unknown })
  if (accepted > 0) return { _tag: "Accepted", recipients, lost }
  if (refusal !== undefined) return { _tag: "Rejected", step: "final", reply: refusal, recipients, lost }
  const error =
    lost ??
    (absurd === undefined
      ? new ConnectionLost({ step: "final", how: "closed", replies: [] })
      : nonsense("final", absurd))
  return { _tag: "Unknown", error, recipients }
}

const nonsense = (step: Step, { code, defect, text }: Reply.Reply): ReplyMalformed =>
  new ReplyMalformed({
    step,
    reason: defect === undefined ? `${code} ${text}` : `${defect}: ${code} ${text}`,
    replies: []
  })

/** The recipients' books: who was offered and has no other place was abandoned. */
const books = (progress: Progress, settled: Partial<Outcome.Recipients>): Outcome.Recipients => {
  const { accepted = 0, refusedAfterContent = 0, unknown = 0 } = settled
  const { offered, refused } = progress
  const abandoned = offered - refused - accepted - refusedAfterContent - unknown
  return { offered, accepted, refused, refusedAfterContent, unknown, abandoned }
}

const finalSteps = (replies: number): ReadonlyArray<Step> => {
  const known = finals[replies]
  if (known !== undefined) return known
  const made: ReadonlyArray<Step> = new Array<Step>(replies).fill("final")
  finals[replies] = made
  return made
}

const finals: Array<ReadonlyArray<Step> | undefined> = []
