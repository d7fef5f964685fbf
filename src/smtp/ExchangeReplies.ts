/**
 * The replies of one exchange after another: which step the next one answers, and those that came, what was confidential hidden, and
 * no more of them than memory is for.
 *
 * @since 0.1.0
 */
import * as Reply from "./Reply.js"
import type { Step } from "./SmtpError.js"

/**
 * The characters kept of the replies of one exchange beyond which each is cut to `shortReply`: a server is owed thousands of
 * replies at times, and may make each as long as a reply can be.
 */
const mostText = 1_048_576
const shortReply = 512

const nothing: ReadonlyArray<Step> = []

/**
 * The replies of the exchange under way.
 *
 * @since 0.1.0
 * @category models
 */
export class ExchangeReplies {
  /** What is to be answered, in order; nothing between two exchanges. */
  steps: ReadonlyArray<Step> = nothing
  /** How many have come: to shorten an array costs more than to overwrite it. */
  count = 0
  /** Those that came, once `close` was called; the next exchange overwrites them. */
  readonly all: Array<Reply.Reply> = []
  /** How many more characters are kept, where replies are long. */
  private room = mostText
  /** Hides what was sent in confidence from those who hear of replies. */
  private mask: ((text: string) => string) | undefined = undefined

  /** An exchange begins, which has these steps. */
  begin(steps: ReadonlyArray<Step>): void {
    this.steps = steps
    this.count = 0
    this.room = mostText
  }

  /** The exchange is over. */
  end(): void {
    this.steps = nothing
  }

  /** From now on this is hidden. */
  hide(mask: (text: string) => string): void {
    this.mask = mask
  }

  /** The step that the next reply answers. */
  get next(): Step | undefined {
    return this.steps[this.count]
  }

  /** Whether every step is answered. */
  get areWhole(): boolean {
    return this.count === this.steps.length
  }

  /** Whether the next reply is one to the last of a content, which comes in chunks, or with a dot at its end. */
  endContent(isChunked: boolean): boolean {
    const { count, steps } = this
    return !isChunked || steps[0] === "final" ? steps[count] === "final" : count === steps.length - 1
  }

  /** Whether this one, the next, is the reply to DATA, and another was due: one before it is missing. */
  isShifted(reply: Reply.Reply): boolean {
    const { count, steps } = this
    return Reply.isGoAhead(reply) && steps[count] !== "data" && steps[steps.length - 1] === "data"
  }

  /** The reply as it is told, and kept. */
  shown(received: Reply.Reply): Reply.Reply {
    const reply = this.mask === undefined ? received : masked(received, this.mask)
    return reply.text.length > shortReply ? this.cut(reply) : reply
  }

  private cut(reply: Reply.Reply): Reply.Reply {
    this.room -= reply.text.length
    return this.room > 0 ? reply : Reply.shortened(reply, shortReply)
  }

  add(reply: Reply.Reply): void {
    this.all[this.count++] = reply
  }

  /** It stands for the replies to all finals but the last that are owed (LMTP). */
  addToFinals(reply: Reply.Reply): void {
    while (this.steps[this.count + 1] === "final") this.add(reply)
  }

  /** There come no more of this exchange. */
  close(): void {
    if (this.all.length !== this.count) this.all.length = this.count
  }

  /** What there is so far. */
  copy(): ReadonlyArray<Reply.Reply> {
    return this.all.slice(0, this.count)
  }
}

const masked = (reply: Reply.Reply, mask: (text: string) => string): Reply.Reply => {
  const text = mask(reply.text)
  return text === reply.text ? reply : { ...reply, text }
}
