/**
 * Transactions whose content goes by BDAT (RFC 3030): in chunks whose size is told before them, without a dot, and without dots
 * before dots.
 *
 * Where the server offers PIPELINING, a whole transaction is one write, and so can be several: nothing in them waits for a
 * reply. LMTP's envelope waits for its replies, since they tell how often the last chunk is answered (RFC 2033 §4.2).
 *
 * A message is unknown from when the last byte of its last chunk was handed over, whatever came for the chunks before. It is over
 * 300 lines because what replies mean is the same for one transaction in a write, and for several.
 *
 * @since 0.1.0
 */
import * as ChunkFrame from "./ChunkFrame.js"
import * as Delivery from "./Delivery.js"
import type * as Outcome from "./Outcome.js"
import * as Reply from "./Reply.js"
import * as SmtpCommand from "./SmtpCommand.js"
import { ConnectionLost, type Step, type WireError } from "./SmtpError.js"
import * as Steps from "./Steps.js"
import * as Transaction from "./Transaction.js"
import type { Chunks, Script, Wire } from "./Wire.js"

/**
 * The transactions of one connection, one after another or several at once. Their messages' contents have no final dot.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChunkedTransactions extends Transaction.Transactions {
  /**
   * The dialogue of several transactions in one write, each reset before the next, so that what becomes of one is nothing to
   * the others. The delivery has the last message, and begins anew; its outcome is the script's. For SMTP, and a server that
   * offers PIPELINING.
   */
  readonly together: (before: ReadonlyArray<Delivery.Message>, delivery: Delivery.Delivery) => Script<Outcome.Outcome>
  /** The outcomes of all messages of the last write, once that of its last message is known, by whatever end. */
  readonly ends: () => ReadonlyArray<Outcome.Outcome>
}

/**
 * The transactions of a connection on which nothing was sent yet, in chunks of this many bytes, or of one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (wire: Wire, grouping: Transaction.Grouping, size: number | undefined): ChunkedTransactions =>
  new ConnectionTransactions(wire, grouping, size)

/** A transaction that is a part of one write. */
interface Part {
  readonly delivery: Delivery.Delivery
  readonly recipients: number
  readonly chunks: number
}

/** The commands before a content of that length; the text is there from the second message on that has the same ones. */
interface Opening {
  readonly mail: string
  readonly rcpts: ReadonlyArray<string>
  readonly length: number
  text: string | undefined
}

class ConnectionTransactions implements ChunkedTransactions {
  /** How often the last chunk that is being sent by itself is answered; 0 before it is. */
  private answers = 0
  /** What is being sent as one write, and how far that has got. */
  private parts: ReadonlyArray<Part> = []
  private chunks: Chunks | undefined = undefined
  private outcomes: ReadonlyArray<Outcome.Outcome> = []
  /** The message is refused, and its transaction is being ended. */
  private tidying = false
  /** What came before the content of the latest message that followed another. */
  private opening: Opening = { mail: "", rcpts: [], length: 0, text: undefined }

  constructor(
    readonly wire: Wire,
    readonly grouping: Transaction.Grouping,
    private readonly size: number | undefined
  ) {}

  *script(delivery: Delivery.Delivery): Script<Outcome.Outcome> {
    const { message, options } = delivery
    if (this.grouping === "envelope" && !options.lmtp) return yield* this.together([], delivery)
    this.begin(delivery)
    const count = message.rcpts.length
    let group: ReadonlyArray<Reply.Reply> | undefined
    if (this.grouping === "envelope") {
      delivery.offered = count
      group = yield { steps: stepsOf(count, 0), bytes: envelope(message) }
    }
    for (let place = 0; place <= count; place++) {
      if (group === undefined) delivery.offered = place
      const reply: Reply.Reply =
        group === undefined ? (yield Transaction.command(message, place))[0]! : (group[place] ?? group.at(-1)!)
      const unwelcome = Transaction.answered(place, reply, count, options, delivery)
      if (unwelcome !== undefined) return yield* this.end(Delivery.refuse(unwelcome, reply, delivery), delivery)
    }
    const chunks = ChunkFrame.cut(message.content, this.size)
    for (const { body, bytes, shown } of chunks.slice(0, -1)) {
      const [reply] = yield { steps: Steps.only.chunk, bytes, body, chunks: sent(() => shown, 0) }
      if (Delivery.isSuccess(reply!, options)) continue
      const open = delivery.offered - delivery.refused
      return yield* this.end(Delivery.refuse("chunk", reply!, delivery, open), delivery)
    }
    const { body, bytes, shown } = chunks.at(-1)!
    this.answers = options.lmtp ? delivery.offered - delivery.refused : 1
    const finals = yield { steps: Steps.finals(this.answers), bytes, body, chunks: sent(() => shown, 1) }
    return yield* this.end(Delivery.settle(finals, delivery, undefined), delivery)
  }

  *together(before: ReadonlyArray<Delivery.Message>, delivery: Delivery.Delivery): Script<Outcome.Outcome> {
    this.begin(delivery)
    const { message, options } = delivery
    const deliveries = [...before.map((other) => Delivery.make(options, other)), delivery]
    let bytes = ""
    let body: Uint8Array | undefined
    const parts: Array<Part> = []
    for (const each of deliveries) {
      const { content, rcpts } = each.message
      const isFirst = parts.length === 0
      let chunks = 1
      if (before.length === 0) {
        const frame = ChunkFrame.frame(content, this.size)
        bytes = envelope(each.message) + frame.bytes
        body = frame.body
        chunks = frame.chunks
      } else {
        const text = ChunkFrame.inText(content)
        if (this.size === undefined || text.length <= this.size) {
          bytes +=
            (isFirst
              ? envelope(each.message) + ChunkFrame.command(text.length, true)
              : this.next(each.message, text.length)) + text
        } else {
          const frame = ChunkFrame.frame({ head: text }, this.size)
          bytes += (isFirst ? "" : SmtpCommand.rset) + envelope(each.message) + frame.bytes
          chunks = frame.chunks
        }
      }
      each.offered = rcpts.length
      parts.push({ delivery: each, recipients: rcpts.length, chunks })
    }
    this.parts = parts
    this.chunks = sent(() => this.shown([...before, message]), parts.length)
    const replies = yield { steps: stepsOfAll(parts), bytes, body, chunks: this.chunks }
    this.outcomes = this.allWell(replies) ?? this.apart(replies, settled)
    return yield* this.end(this.outcomes.at(-1)!, delivery)
  }

  ends(): ReadonlyArray<Outcome.Outcome> {
    return this.outcomes
  }

  /** All that comes before the content of a message that follows another: made once for those whose envelopes are the same. */
  private next(message: Delivery.Message, length: number): string {
    const { mail, rcpts } = message
    const { opening } = this
    if (opening.mail !== mail || opening.rcpts !== rcpts || opening.length !== length) {
      this.opening = { mail, rcpts, length, text: undefined }
      return SmtpCommand.rset + envelope(message) + ChunkFrame.command(length, true)
    }
    opening.text ??= SmtpCommand.flat(SmtpCommand.rset + envelope(message) + ChunkFrame.command(length, true))
    return opening.text
  }

  private begin(delivery: Delivery.Delivery): void {
    Delivery.begin(delivery)
    this.answers = 0
    this.chunks = undefined
    this.outcomes = []
    this.tidying = false
  }

  /** The outcomes where every reply is what it should be, as `settled` has them; undefined where one is not. */
  private allWell(replies: ReadonlyArray<Reply.Reply>): ReadonlyArray<Outcome.Outcome> | undefined {
    const { parts } = this
    const { options } = parts[0]!.delivery
    let at = 0
    for (const { chunks, recipients } of parts) {
      if (at > 0) at++
      const last = at + recipients + chunks
      if (last >= replies.length || recipients === 0 || !Reply.isPositive(replies[last]!)) return undefined
      while (at <= last) if (!Delivery.isSuccess(replies[at++]!, options)) return undefined
    }
    return parts.map(({ delivery }) => Delivery.acceptedByAll(delivery))
  }

  /** What each part comes to by its replies. */
  private apart<A>(
    replies: ReadonlyArray<Reply.Reply>,
    of: (part: Part, own: ReadonlyArray<Reply.Reply>, index: number) => A
  ): ReadonlyArray<A> {
    let at = 0
    return this.parts.map((part, index) => {
      // That to RSET tells nothing.
      if (index > 0) at++
      const end = at + part.recipients + part.chunks + 1
      const own = replies.slice(at, end)
      at = end
      return of(part, own, index)
    })
  }

  /**
   * Leaves the connection ready for the next transaction, or closed. After a chunk that failed nothing is certain of a
   * transaction until it is reset (RFC 3030 §2).
   */
  private *end(outcome: Outcome.Outcome, { options }: Delivery.Delivery): Script<Outcome.Outcome> {
    const { wire } = this
    const strict = options.afterUnexpected === "strict"
    if (outcome._tag === "Accepted" || outcome._tag === "Unknown" || outcome._tag === "NotStarted") {
      // A reply that was neither yes nor no left somebody's fate open: nothing more is believed here.
      const open = outcome._tag === "Unknown" || (outcome._tag === "Accepted" && outcome.recipients.unknown > 0)
      if (open && strict) wire.close("reset")
      return outcome
    }
    if (options.afterUnexpected === "stop" || wire.state() !== "open") return outcome
    if (strict && outcome._tag === "Failed") {
      wire.close("reset")
      return outcome
    }
    this.tidying = true
    const answer = (yield Steps.rset)[0]!
    // The transaction may still be open. -A goes on all the same.
    if (strict && !Delivery.isSuccess(answer, options)) wire.close("reset")
    return outcome
  }

  broken(error: WireError, delivery: Delivery.Delivery): Outcome.Outcome {
    const { settled } = delivery
    if (settled !== undefined) {
      const outcome = this.tidying && settled._tag === "Rejected" ? { ...settled, lost: error } : settled
      this.outcomes = [...this.outcomes.slice(0, -1), outcome]
      return outcome
    }
    if (this.chunks !== undefined) {
      const { isBegun, isWhole } = this.chunks
      // A socket tells only when it has taken everything: then, that the last message was not taken whole.
      this.outcomes = this.apart(error.replies, (part, own, index) =>
        brokenPart(part, own, error, isWhole || (isBegun && index < this.parts.length - 1))
      )
      return this.outcomes.at(-1)!
    }
    const { replies } = error
    if (this.answers > 0) {
      return replies.length >= this.answers
        ? Delivery.settle(replies.slice(0, this.answers), delivery, error)
        : Delivery.broken(error, delivery)
    }
    const outcome = refusedBefore(replies, delivery.offered, 0, delivery)
    return outcome === undefined ? Delivery.broken(error, delivery) : { ...outcome, lost: error }
  }

  interrupted(delivery: Delivery.Delivery): Outcome.Outcome {
    return delivery.settled ?? this.broken(Delivery.interruption(this.wire), delivery)
  }

  private shown(messages: ReadonlyArray<Delivery.Message>): string {
    const commands = messages.map((message) => {
      const chunks = ChunkFrame.cut(message.content, this.size)
      return envelope(message) + chunks.map(({ shown }) => shown).join("")
    })
    return commands.join(SmtpCommand.rset)
  }
}

const sent = (shown: () => string, contents: number): Chunks => ({ shown, contents, isBegun: false, isWhole: false })

/**
 * What a transaction came to whose replies are all there, or were cut short where the server closes the connection: then that
 * was its last word. The content has gone with the envelope, so what counts is the last reply; where that is a refusal, the
 * first one says why.
 */
const settled = ({ chunks, delivery, recipients }: Part, replies: ReadonlyArray<Reply.Reply>): Outcome.Outcome => {
  const { options } = delivery
  const mail = replies[0]
  if (mail === undefined) return closedBefore(delivery)
  const refused = refusals(replies, recipients, options)
  delivery.offered = recipients
  delivery.refused = refused.length
  const final = replies[recipients + chunks]
  const open = recipients - refused.length
  if (final !== undefined && Reply.isPositive(final) && open > 0) {
    const outcome = Delivery.settle([final], delivery, undefined)
    // It has been sent to the others, whatever the run makes of it.
    if (options.afterUnexpected !== "stop" || outcome._tag !== "Accepted" || refused.length === 0) return outcome
    delivery.settled = { ...outcome, unwelcome: refused[0] }
    return delivery.settled
  }
  if (!Delivery.isSuccess(mail, options)) {
    // Without a sender the recipients were never considered.
    delivery.offered = 0
    delivery.refused = 0
    return Delivery.refuse("mail", mail, delivery)
  }
  if (open === 0) return Delivery.refuse("rcpt", refused.at(-1)!, delivery)
  const chunk = replies.slice(recipients + 1, recipients + chunks).find((reply) => !Delivery.isSuccess(reply, options))
  if (chunk !== undefined) return Delivery.refuse("chunk", chunk, delivery, open)
  if (final !== undefined) return Delivery.settle([final], delivery, undefined)
  return Delivery.refuse(replies.length > recipients + 1 ? "chunk" : "rcpt", replies.at(-1)!, delivery)
}

/** What a transaction came to whose connection broke under it. `isOut` tells whether all of it may have gone out. */
const brokenPart = (
  part: Part,
  replies: ReadonlyArray<Reply.Reply>,
  error: WireError,
  isOut: boolean
): Outcome.Outcome => {
  const { chunks, delivery, recipients } = part
  // Its replies were all there before: what broke is reported for those behind it.
  if (replies.length === recipients + chunks + 1) return settled(part, replies)
  const refused = refusedBefore(replies, recipients, chunks, delivery)
  if (refused !== undefined) return { ...refused, lost: error }
  return isOut ? Delivery.settle([], delivery, error) : Delivery.failed(error, delivery)
}

/** The server has announced its close in answer to an earlier transaction: it reads no further. */
const closedBefore = (delivery: Delivery.Delivery): Outcome.Outcome => {
  delivery.offered = 0
  delivery.settled = Delivery.failed(new ConnectionLost({ step: "mail", how: "closed", replies: [] }), delivery)
  return delivery.settled
}

/** The replies by which recipients were refused, of the replies to a transaction or to its beginning. */
const refusals = (
  replies: ReadonlyArray<Reply.Reply>,
  recipients: number,
  options: Delivery.TransactionOptions
): ReadonlyArray<Reply.Reply> => {
  for (let place = 1; place <= recipients && place < replies.length; place++) {
    if (Delivery.isSuccess(replies[place]!, options)) continue
    return replies.slice(1, recipients + 1).filter((reply) => !Delivery.isSuccess(reply, options))
  }
  return none
}

const none: ReadonlyArray<Reply.Reply> = []

/** The connection broke: what the server had refused of the transaction before stays refused. */
const refusedBefore = (
  replies: ReadonlyArray<Reply.Reply>,
  recipients: number,
  chunks: number,
  delivery: Delivery.Delivery
): Outcome.Rejected | undefined => {
  const [mail] = replies
  if (mail === undefined) return undefined
  const isRefused = (reply: Reply.Reply) => !Delivery.isSuccess(reply, lenient)
  const refused = refusals(replies, recipients, lenient)
  const find = (): readonly [step: Step, reply: Reply.Reply] | undefined => {
    if (isRefused(mail)) return ["mail", mail]
    if (refused.length === recipients && recipients > 0) return ["rcpt", refused.at(-1)!]
    const chunk = replies.slice(recipients + 1, recipients + chunks).find(isRefused)
    return chunk === undefined ? undefined : ["chunk", chunk]
  }
  delivery.refused = isRefused(mail) ? 0 : refused.length
  const found = find()
  if (found === undefined) return undefined
  const [step, reply] = found
  if (step === "mail") delivery.offered = 0
  const outcome = Delivery.refused(step, reply, delivery)
  return outcome._tag === "Rejected" ? outcome : undefined
}

const lenient: Delivery.TransactionOptions = { lmtp: false, afterUnexpected: "reset" }

/** The commands of an envelope. */
const envelope = (message: Delivery.Message): string => {
  let commands = message.mail
  for (const rcpt of message.rcpts) commands += rcpt
  return commands
}

/** The steps of an envelope, and of this many chunks after it. The same array for the same numbers. */
const stepsOf = (recipients: number, chunks: number): ReadonlyArray<Step> => {
  const key = recipients * 1_048_576 + chunks
  const known = knownSteps.get(key)
  if (known !== undefined) return known
  const made: ReadonlyArray<Step> = [
    "mail",
    ...new Array<Step>(recipients).fill("rcpt"),
    ...new Array<Step>(Math.max(0, chunks - 1)).fill("chunk"),
    ...(chunks === 0 ? [] : (["final"] as const))
  ]
  if (knownSteps.size < mostKnown) knownSteps.set(key, made)
  return made
}

const knownSteps = new Map<number, ReadonlyArray<Step>>()

/** The steps of several transactions. The same array for several that are alike. */
const stepsOfAll = (parts: ReadonlyArray<Part>): ReadonlyArray<Step> => {
  const { chunks, recipients } = parts[0]!
  if (parts.length === 1) return stepsOf(recipients, chunks)
  const alike = parts.every((part) => part.chunks === chunks && part.recipients === recipients)
  if (!alike) return together(parts)
  const key = `${parts.length} ${recipients} ${chunks}`
  const known = knownTogether.get(key)
  if (known !== undefined) return known
  const made = together(parts)
  if (knownTogether.size < mostKnown) knownTogether.set(key, made)
  return made
}

const together = (parts: ReadonlyArray<Part>): ReadonlyArray<Step> =>
  parts.flatMap(({ chunks, recipients }, index) => [
    ...(index === 0 ? [] : (["rset"] as const)),
    ...stepsOf(recipients, chunks)
  ])

const knownTogether = new Map<string, ReadonlyArray<Step>>()
const mostKnown = 1024
