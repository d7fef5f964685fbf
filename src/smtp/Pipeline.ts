/**
 * Transactions whose commands go out in groups (RFC 2920): the envelope and DATA in one write; and, where the server
 * takes it, the next message's envelope in the same write as this one's final dot.
 *
 * Each reply is matched to its command. Only for servers that offered PIPELINING.
 *
 * @since 0.1.0
 */
import type * as Outcome from "./Outcome.js"
import type * as Reply from "./Reply.js"
import * as Settlement from "./Settlement.js"
import * as SmtpCommand from "./SmtpCommand.js"
import type { Step, WireError } from "./SmtpError.js"
import * as Steps from "./Steps.js"
import type { Script } from "./Wire.js"

/**
 * The transactions of one connection, one after another.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pipeline {
  /**
   * The dialogue of a transaction, as `Dialogue.script` is; `Dialogue.finish` does the rest.
   *
   * `next` is what is sent after it over the same connection: its envelope rides with this message's content, so it must be
   * the message of the next call, if there is one. Once a transaction went wrong nothing rides, and the envelope that did is
   * forgotten: the next call sends it again.
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
 * The pipeline of a connection on which nothing was sent yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (): Pipeline => new WirePipeline()

class WirePipeline implements Pipeline {
  /** The replies to the next message's envelope, where that rode with the last content. */
  private ahead: ReadonlyArray<Reply.Reply> | undefined = undefined
  /** How often the dot that is being sent is answered; 0 before it is. */
  private dotAnswers = 0

  /** The connection broke, before the dot was answered or after that: the replies that came still count. */
  broken(error: WireError, options: Settlement.TransactionOptions, progress: Settlement.Progress): Outcome.Outcome {
    const { replies } = error
    if (progress.settled !== undefined) return progress.settled
    if (this.dotAnswers === 0) {
      // What the server refused before it went stays refused.
      const unwelcome = answers(replies, progress)
      if (unwelcome !== undefined) {
        const outcome = Settlement.ofUnsent({ _tag: "Unsent", ...unwelcome, goAhead: false }, progress)
        return outcome._tag === "Rejected" ? { ...outcome, lost: error } : outcome
      }
    } else if (replies.length >= this.dotAnswers) {
      return Settlement.settle(replies.slice(0, this.dotAnswers), progress, options.lmtp, error)
    }
    return Settlement.broken(error, progress)
  }

  *script(
    message: Settlement.Message,
    next: Settlement.Message | undefined,
    options: Settlement.TransactionOptions,
    progress: Settlement.Progress
  ): Script<Outcome.Outcome | Settlement.Unsent> {
    const count = message.rcpts.length
    progress.offered = count
    progress.refused = 0
    progress.settled = undefined
    this.dotAnswers = 0
    const replies = this.ahead ?? (yield { steps: envelopeSteps(count), bytes: envelope(message) })
    this.ahead = undefined
    const unwelcome = answers(replies, progress, options)
    const data = replies[count + 1]
    const goAhead = data !== undefined && Settlement.isGoAhead(data, options)
    if (unwelcome !== undefined) return Settlement.unsent(unwelcome.step, unwelcome.reply, progress, goAhead)
    if (!goAhead) return Settlement.unsent("data", data ?? replies.at(-1)!, progress)

    const { body, head } = message.content
    const dotAnswers = options.lmtp ? progress.offered - progress.refused : 1
    this.dotAnswers = dotAnswers
    // A server that answers once for several recipients of LMTP would have later replies taken for theirs.
    if (next === undefined || body !== undefined || dotAnswers > 1) {
      const finals = yield Steps.content(message.content, dotAnswers)
      return Settlement.settle(finals, progress, options.lmtp, undefined)
    }
    const recipients = next.rcpts.length
    const all = yield {
      steps: ridingSteps(dotAnswers, recipients),
      bytes: head + envelope(next),
      contentLength: head.length
    }
    if (all.length === dotAnswers + recipients + 2) this.ahead = all.slice(dotAnswers)
    return Settlement.settle(all.slice(0, dotAnswers), progress, options.lmtp, undefined)
  }
}

/**
 * Books the answers to an envelope, and gives the one that keeps its message from being sent, if there is one: to MAIL, or
 * to the last recipient that was refused when all of them were.
 */
const answers = (
  replies: ReadonlyArray<Reply.Reply>,
  progress: Settlement.Progress,
  options: Settlement.TransactionOptions = { lmtp: false, afterUnexpected: "reset" }
): { readonly step: "mail" | "rcpt"; readonly reply: Reply.Reply } | undefined => {
  const mail = replies[0]
  if (mail === undefined) return undefined
  if (!Settlement.isSuccess(mail, options)) {
    // Without a sender the recipients were never considered.
    progress.offered = 0
    return { step: "mail", reply: mail }
  }
  let refusal: Reply.Reply | undefined
  for (let index = 1; index <= progress.offered && index < replies.length; index++) {
    const reply = replies[index]!
    if (Settlement.isSuccess(reply, options)) continue
    progress.refused++
    refusal = reply
    if (Settlement.endsTransaction(reply, options)) return { step: "rcpt", reply }
  }
  return refusal !== undefined && progress.refused === progress.offered ? { step: "rcpt", reply: refusal } : undefined
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
