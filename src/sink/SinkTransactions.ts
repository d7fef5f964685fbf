/**
 * The mail transactions of one connection, one after another: MAIL, RCPT, DATA or BDAT, and the content (RFC 5321 §3.3, RFC 3030).
 *
 * @since 0.1.0
 */
import * as ContentTap from "./ContentTap.js"
import { HeaderTap, type SinkTransaction } from "./ContentTap.js"
import { EndOfData } from "./EndOfData.js"
import type { SharedSink } from "./SharedSink.js"
import { SinkChunks } from "./SinkChunks.js"
import * as SinkCommand from "./SinkCommand.js"
import * as SinkCounts from "./SinkCounts.js"
import * as SinkParameters from "./SinkParameters.js"
import type { SinkReply } from "./SinkReply.js"
import type { SinkVoice } from "./SinkVoice.js"

/**
 * Who sends, as far as is known by now.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkPeer extends Pick<SinkTransaction, "client" | "protocol" | "helo"> {
  readonly isSecure: boolean
}

/**
 * The transactions of a connection that has just been opened. `line` from `start` to `end` are the arguments of a command, and `text`
 * is the whole command where somebody wants to know it.
 *
 * @since 0.1.0
 * @category models
 */
export class SinkTransactions {
  /** MAIL was accepted, and nothing has ended the transaction. */
  mailed = false
  /** The transactions that were begun. */
  private begun = 0
  private recipients = 0
  /** The recipients that were named, accepted or not. */
  private offered = 0
  /** Those of them that were accepted, where somebody looks at them. */
  private addresses: Array<string> = []
  /** The message is said to be binary: it has no lines, and so no line with a dot (RFC 3030 §3). */
  private isBinary = false
  private mailArguments = ""
  private rcptArguments: Array<string> = []
  private readonly path = new SinkCommand.Path()

  /** What comes next is content, and no command. */
  inContent = false
  private readonly endOfData = new EndOfData()
  private tap: ContentTap.ContentTap | undefined = undefined
  private header: HeaderTap | undefined = undefined
  private readonly chunks = new SinkChunks()
  private readonly counters: Float64Array
  private readonly replies: SharedSink["replies"]

  constructor(
    private readonly sink: SharedSink,
    private readonly voice: SinkVoice,
    private readonly peer: SinkPeer
  ) {
    this.counters = sink.counters
    this.replies = sink.replies
  }

  mail(line: Uint8Array, start: number, end: number, text: string): void {
    if (this.mailed) return void this.voice.error("mail", this.replies.nestedMail, text)
    if (this.begun >= this.sink.maxTransactions) {
      return void this.voice.error("mail", this.replies.tooManyTransactions, text)
    }
    const after = this.addressOf(line, start, end, SinkCommand.from)
    if (after < 0) return void this.voice.error("mail", this.replies.badSender, text)
    let isBinary = false
    if (after < end) {
      const parameters = SinkCommand.textOf(line, after, end)
      const problem = SinkParameters.problemOfMail(parameters, this.sink, this.peer.isSecure)
      if (problem !== undefined) return void this.voice.error("mail", problem, text)
      isBinary = SinkParameters.isBinary(parameters)
    }
    if (this.sink.loose && this.sink.offersSize && this.isTooBig(SinkCommand.textOf(line, start, end))) {
      return void this.voice.error("mail", this.replies.messageTooBig, text)
    }
    if (this.sink.knowsSenders) this.voice.sender = SinkCommand.textOf(line, this.path.start, this.path.end)
    if (!this.voice.answer("mail", this.replies.mailOk, text)) return
    this.mailed = true
    this.begun++
    this.isBinary = isBinary
    if (this.sink.tap !== undefined) this.mailArguments = SinkCommand.argumentsOf(line, start, end, SinkCommand.from)
  }

  /** Loose manners look at one parameter, where it is offered. */
  private isTooBig(parameters: string): boolean {
    const [, size = "0"] = / SIZE=(\d{1,20})/i.exec(parameters) ?? []
    return Number(size) > this.sink.maxMessageSize
  }

  rcpt(line: Uint8Array, start: number, end: number, text: string): void {
    if (!this.mailed) return void this.voice.error("rcpt", this.replies.needMail, text)
    const after = this.addressOf(line, start, end, SinkCommand.to)
    if (after < 0 || (this.path.start === this.path.end && !this.sink.loose)) {
      return void this.voice.error("rcpt", this.replies.badRecipient, text)
    }
    if (after < end) {
      const problem = SinkParameters.problemOfRcpt(SinkCommand.textOf(line, after, end), this.sink)
      if (problem !== undefined) return void this.voice.error("rcpt", problem, text)
    }
    const recipient = this.sink.knowsRecipients ? SinkCommand.textOf(line, this.path.start, this.path.end) : undefined
    const reply = this.recipients < this.sink.maxRecipients ? this.replies.rcptOk : this.replies.tooManyRecipients
    if (!this.voice.answer("rcpt", reply, text, recipient, ++this.offered)) return
    this.recipients++
    this.counters[SinkCounts.Counter.recipients]!++
    if (recipient !== undefined) this.addresses.push(recipient)
    if (this.sink.tap !== undefined) this.rcptArguments.push(SinkCommand.argumentsOf(line, start, end, SinkCommand.to))
  }

  /** Finds the address; returns where the parameters begin, or -1. Loose manners take what there is, parameters with it. */
  private addressOf(line: Uint8Array, start: number, end: number, keyword: Uint8Array): number {
    const after = this.path.read(line, start, end, keyword)
    if (!this.sink.loose || (after >= 0 && this.sink.checksParameters)) return after
    if (after < 0) {
      this.path.start = Math.min(end, start + keyword.length)
      this.path.end = end
    }
    return end
  }

  data(argument: boolean, text: string): void {
    if (argument && !this.sink.loose) return void this.voice.error("data", this.replies.syntaxError, text)
    if (this.chunks.areThere) return void this.voice.error("data", this.replies.dataAfterChunk, text)
    if (this.isBinary) return void this.voice.error("data", this.replies.dataOfBinary, text)
    const { place } = this.voice
    const goesAhead =
      this.recipients > 0
        ? this.voice.answer("data", this.replies.goAhead, text)
        : this.voice.error("data", this.mailed || this.sink.loose ? this.replies.needRcpt : this.replies.needMail, text)
    if (!goesAhead) return
    this.voice.beforeContent(place)
    this.inContent = true
    this.endOfData.begin()
    this.tap = this.openTap()
  }

  private openTap(): ContentTap.ContentTap | undefined {
    const outer = this.openOuterTap()
    if (this.sink.behaviour?.wants.headers !== true) return outer
    const header = new HeaderTap()
    this.header = header
    return outer === undefined ? header : ContentTap.all([() => header, () => outer])?.(this.transaction())
  }

  private openOuterTap(): ContentTap.ContentTap | undefined {
    return this.sink.tap?.(this.transaction())
  }

  private transaction(): SinkTransaction {
    const { addresses, mailArguments, rcptArguments } = this
    const { client, helo, protocol } = this.peer
    const { message, number: session, sender } = this.voice
    const recipients = addresses.slice()
    return { session, message, client, protocol, helo, sender, recipients, mailArguments, rcptArguments }
  }

  /** The chunk follows whatever becomes of it, so what is wrong is said after it. */
  bdat(line: Uint8Array, start: number, end: number, text: string): void {
    if (!this.sink.offers.has("CHUNKING")) return void this.voice.error("other", this.replies.unknownCommand, text)
    const chunk = SinkCommand.chunkOf(line, start, end)
    if (chunk === undefined) return void this.voice.error("chunk", this.replies.badChunk, text)
    if (!this.chunks.areThere) this.tap = this.openTap()
    this.chunks.begin(chunk, text)
    this.inContent = true
    if (this.chunks.isWhole) this.chunkCame()
  }

  /** Takes a chunk; returns where the next command begins, or the end of what came. */
  private takeChunk(bytes: Uint8Array, start: number, end: number): number {
    const at = this.chunks.take(start, end)
    if (this.chunks.size > this.sink.maxMessageSize) this.lose()
    else this.tap?.take(bytes, start, at)
    if (this.chunks.isWhole) this.chunkCame()
    return at
  }

  private chunkCame(): void {
    const { isLast, line, size } = this.chunks
    this.inContent = false
    this.chunks.isComing = false
    const problem = this.problemOfChunk()
    if (problem === undefined && isLast) return this.final(line, size)
    const stage = isLast && problem !== undefined ? "final" : "chunk"
    if (!this.voice.answer(stage, problem ?? this.replies.chunkOk, line)) this.chunks.isRefused = true
    // A transaction whose last chunk was refused is open until it is reset; what comes then is the next message.
    if (isLast) this.voice.message++
  }

  private problemOfChunk(): SinkReply | undefined {
    if (this.chunks.isRefused) return this.replies.chunkBefore
    if (this.recipients === 0) return this.mailed ? this.replies.noRecipients : this.replies.needMail
    return this.chunks.size > this.sink.maxMessageSize ? this.replies.messageTooBig : undefined
  }

  /** Takes content; returns where the next command begins, or the end of the chunk. */
  take(chunk: Uint8Array, start: number, end: number): number {
    if (this.chunks.isComing) return this.takeChunk(chunk, start, end)
    const at = this.endOfData.take(chunk, start, end, this.tap)
    if (this.endOfData.size > this.sink.maxMessageSize) this.lose()
    if (this.endOfData.found) this.final(".", this.endOfData.size)
    return at
  }

  /** The content that is under way does not come to its end. */
  lose(): void {
    this.tap?.lost()
    this.tap = undefined
  }

  private final(line: string, size: number): void {
    const { lmtp, maxMessageSize, onCommand } = this.sink
    const { voice } = this
    this.inContent = false
    this.counters[SinkCounts.Counter.contents]!++
    if (!this.chunks.areThere) onCommand?.(voice.number, line)
    const tooBig = size > maxMessageSize
    // A behaviour may have said 354 to a client without recipients.
    const { finalOk, mailLoop, messageTooBig, noRecipients } = this.replies
    const taken = this.tap?.isLoop?.() === true ? mailLoop : finalOk
    const reply = tooBig ? messageTooBig : this.recipients === 0 ? noRecipients : taken
    let recipients: ReadonlyArray<string> = this.addresses
    let delivered = 0
    // Only who keeps contents may take back what was said of one.
    const mark = this.tap?.keep === undefined ? undefined : voice.mark()
    voice.size = size
    voice.headers = this.header?.text
    if (!lmtp) {
      delivered = voice.answer("final", reply, line) ? this.recipients : 0
    } else if (!voice.behaves) {
      delivered = voice.give("final", reply, this.recipients) ? this.recipients : 0
    } else {
      const accepted: Array<string> = []
      for (let place = 1; place <= this.recipients; place++) {
        const recipient = this.addresses[place - 1]
        if (!voice.answer("final", reply, line, recipient, place)) continue
        delivered++
        if (recipient !== undefined) accepted.push(recipient)
      }
      recipients = accepted
    }
    voice.size = undefined
    voice.headers = undefined
    this.header = undefined
    if (delivered > 0 && mark !== undefined && this.tap?.keep?.(recipients, voice.said) === false) {
      delivered = 0
      this.counters[SinkCounts.Counter.unkept]!++
      const times = lmtp ? this.recipients : 1
      voice.takeBack(mark, times)
      voice.give("final", this.replies.unkept, times)
    }
    this.tap?.end(delivered === 0 ? [] : recipients, voice.said)
    this.tap = undefined
    this.sink.counted()
    voice.message++
    if (delivered === 0 && this.chunks.areThere) {
      // It is open until it is reset (RFC 3030 §2).
      this.chunks.isRefused = true
      return
    }
    if (delivered > 0) {
      voice.forgive()
      this.counters[SinkCounts.Counter.messages]!++
      this.counters[SinkCounts.Counter.delivered]! += delivered
    }
    this.reset()
  }

  /** The transaction is over, whatever there was of it. */
  reset(): void {
    this.mailed = false
    this.isBinary = false
    this.recipients = 0
    this.offered = 0
    if (this.addresses.length > 0) this.addresses = []
    if (this.rcptArguments.length > 0) this.rcptArguments = []
    this.lose()
    this.chunks.reset()
  }
}
