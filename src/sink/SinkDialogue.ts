/**
 * One connection's dialogue, as the server leads it: which command may come when, and what it is answered.
 *
 * It is over 300 lines because the steps of a dialogue share one state.
 *
 * @since 0.1.0
 */
import type { Action } from "./Action.js"
import * as ContentTap from "./ContentTap.js"
import { HeaderTap, type SinkTransaction } from "./ContentTap.js"
import { EndOfData } from "./EndOfData.js"
import type { SharedSink } from "./SharedSink.js"
import { SinkChunks } from "./SinkChunks.js"
import * as SinkCommand from "./SinkCommand.js"
import * as SinkCounts from "./SinkCounts.js"
import * as SinkLogins from "./SinkLogins.js"
import * as SinkParameters from "./SinkParameters.js"
import type { SinkReply } from "./SinkReply.js"
import type { SinkSession, Verdict } from "./SinkSession.js"
import { SinkVoice } from "./SinkVoice.js"

const { Verb } = SinkCommand

const LF = 10
const CR = 13
const SPACE = 32

/**
 * The dialogue of a connection that has just been opened, by a client with this address.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (sink: SharedSink, client: string | undefined): SinkSession => new Dialogue(sink, client)

class Dialogue implements SinkSession {
  readonly greeting: Uint8Array | undefined
  private readonly counters: Float64Array
  private readonly voice: SinkVoice
  private readonly replies: SharedSink["replies"]

  /** The beginning of a command whose end has not come. */
  private held: Uint8Array | undefined = undefined
  /** How many bytes the command has had, kept or not. */
  private heldLength = 0
  private greeted = false
  private isSecure = false
  private isOver = false
  private readonly logins: SinkLogins.SinkLogins | undefined

  private welcome = true
  private protocol: "SMTP" | "ESMTP" | "LMTP"
  private helo: string | undefined = undefined
  private mailed = false
  /** The transactions that were begun. */
  private begun = 0
  private recipients = 0
  /** The recipients that were named, accepted or not. */
  private offered = 0
  private readonly addresses: Array<string> = []
  /** The message is said to be binary: it has no lines, and so no line with a dot (RFC 3030 §3). */
  private isBinary = false
  private mailArguments = ""
  private rcptArguments: Array<string> = []
  private readonly path = new SinkCommand.Path()

  inContent = false
  private readonly endOfData = new EndOfData()
  private tap: ContentTap.ContentTap | undefined = undefined
  private header: HeaderTap | undefined = undefined
  private readonly chunks = new SinkChunks()

  constructor(
    private readonly sink: SharedSink,
    private readonly client: string | undefined
  ) {
    this.counters = sink.counters
    this.replies = sink.replies
    this.protocol = sink.lmtp ? "LMTP" : "SMTP"
    this.voice = new SinkVoice(sink, client)
    this.logins = sink.auth === undefined ? undefined : new SinkLogins.SinkLogins(sink.auth, sink.maxCommandLength)
    if (sink.tls === "implicit") this.voice.handshake()
    else this.greet()
    this.greeting = this.voice.out.take()
  }

  get verdict(): Verdict {
    return this.voice.verdict
  }

  /** Whether commands are wanted as texts. */
  private get told(): boolean {
    return this.sink.onCommand !== undefined || this.sink.behaviour?.wantsLines === true
  }

  private greet(): void {
    this.greeted = true
    this.welcome = this.voice.answer("greeting", this.sink.own.greeting, "") || this.sink.servesRefused
  }

  secured(): Uint8Array | undefined {
    if (this.verdict !== "secure") return undefined
    this.counters[SinkCounts.Counter.secured]!++
    this.voice.verdict = "open"
    this.isSecure = true
    this.heldLength = 0
    this.logins?.forget()
    this.reset()
    if (!this.greeted) this.greet()
    return this.voice.out.take()
  }

  push(chunk: Uint8Array, start = 0, end = chunk.length): Uint8Array | undefined {
    let at = start
    while (at < end && this.verdict === "open") {
      at = this.inContent ? this.content(chunk, at, end) : this.command(chunk, at, end)
    }
    // Said in plain text, it must not be taken for what is said under TLS (CVE-2011-0411).
    if (this.verdict === "secure" && at < end) this.counters[SinkCounts.Counter.injected]!++
    this.counters[SinkCounts.Counter.bytesIn]! += at - start
    return this.voice.out.take()
  }

  actions(): ReadonlyArray<Action> {
    return this.voice.actions()
  }

  closed(): void {
    if (this.isOver) return
    this.isOver = true
    this.tap?.lost()
    this.tap = undefined
    this.voice.closed()
    this.counters[SinkCounts.Counter.ended]!++
    this.sink.counted()
  }

  expire(say?: string | undefined): Uint8Array | undefined {
    if (this.verdict !== "open") return undefined
    this.voice.verdict = "close"
    return say === undefined ? this.sink.own.timedOut.bytes : Buffer.from(say, "latin1")
  }

  /** Takes a command, or what there is of it; returns where the next one begins. */
  private command(chunk: Uint8Array, start: number, end: number): number {
    let feed = start
    while (feed < end && chunk[feed] !== LF) feed++
    if (feed === end) {
      this.hold(chunk, start, end)
      return end
    }
    if (this.heldLength + feed - start > (this.logins?.longestLine ?? this.sink.maxCommandLength)) {
      this.heldLength = 0
      this.voice.error("other", this.replies.lineTooLong, "")
    } else if (this.heldLength === 0) {
      this.line(chunk, start, feed)
    } else {
      this.hold(chunk, start, feed)
      const length = this.heldLength
      this.heldLength = 0
      this.line(this.held!, 0, length)
    }
    return feed + 1
  }

  private hold(chunk: Uint8Array, start: number, end: number): void {
    const longest = this.logins?.longestLine ?? this.sink.maxCommandLength
    if (this.held === undefined || this.held.length < longest) this.held = new Uint8Array(longest)
    const room = longest - this.heldLength
    if (room > 0) this.held.set(chunk.subarray(start, Math.min(end, start + room)), this.heldLength)
    this.heldLength += end - start
  }

  private line(line: Uint8Array, begin: number, feed: number): void {
    let start = begin
    let end = feed
    if (end > start && line[end - 1] === CR) end--
    while (end > start && line[end - 1] === SPACE) end--
    const text = this.told ? SinkCommand.textOf(line, start, end) : ""
    this.sink.onCommand?.(this.voice.number, text)
    if (this.logins?.isUnderWay === true)
      return this.login(this.logins.take(SinkCommand.textOf(line, start, end)), text)
    if (this.sink.loose) while (start < end && isBlank(line[start]!)) start++
    let at = start + 4
    if (SinkCommand.isStartTls(line, start, end) && this.welcome && !this.isUnknownTls)
      return this.startTls(end > start + 8, text)
    if (!this.sink.loose && SinkCommand.isXclient(line, start, end) && this.sink.offers.has("XCLIENT"))
      return this.xclient(text)
    if (end < at || (end > at && line[at] !== SPACE && !this.sink.loose)) return this.unknown(line, start, end, text)
    if (end > at && !isBlank(line[at]!)) return this.unknown(line, start, end, text)
    while (at < end && line[at] === SPACE) at++
    const command = SinkCommand.verbOf(line, start)
    if (!this.welcome && command !== Verb.QUIT) return void this.voice.error("other", this.replies.noService, text)
    if (this.sink.tls === "required" && !this.isSecure && !SinkCommand.beforeTls.has(command)) {
      return void this.voice.error(SinkCommand.stageOf.get(command) ?? "other", this.replies.needStartTls, text)
    }
    if (this.logins?.isDue === true && SinkCommand.afterLogin.has(command)) {
      return void this.voice.error(SinkCommand.stageOf.get(command) ?? "other", this.replies.needAuth, text)
    }
    switch (command) {
      case Verb.MAIL:
        return this.mail(line, at, end, text)
      case Verb.RCPT:
        return this.rcpt(line, at, end, text)
      case Verb.DATA:
        return this.data(at < end, text)
      case Verb.BDAT:
        return this.bdat(line, at, end, text)
      case Verb.EHLO:
      case Verb.HELO:
      case Verb.LHLO:
        return this.hello(command, SinkCommand.textOf(line, at, end), text)
      case Verb.RSET:
        if (at < end && !this.sink.loose) return void this.voice.error("rset", this.replies.syntaxError, text)
        if (this.voice.answer("rset", this.replies.rsetOk, text)) this.reset()
        return
      case Verb.QUIT:
        if (at < end && !this.sink.loose) return void this.voice.error("quit", this.replies.syntaxError, text)
        return this.quit(text)
      case Verb.NOOP:
        this.voice.answer("other", this.replies.ok, text)
        return
      case Verb.AUTH:
        if (this.logins === undefined) return this.noLogins(text)
        return this.login(this.logins.begin(SinkCommand.textOf(line, at, end), this.isSecure, this.mailed), text)
      case Verb.VRFY:
        if (at === end && !this.sink.loose) return void this.voice.error("other", this.replies.syntaxError, text)
        this.voice.answer("other", this.replies.cannotVerify, text)
        return
      default:
        return void this.voice.error("other", this.replies.unknownCommand, text)
    }
  }

  private get isUnknownTls(): boolean {
    return this.sink.loose && this.sink.tls === "off"
  }

  /** What has another form than four letters, and what is none of the commands. */
  private unknown(line: Uint8Array, start: number, end: number, text: string): void {
    const { loose, offers } = this.sink
    const [word = ""] = SinkCommand.textOf(line, start, end).toUpperCase().split(/[ \t]/, 1)
    if (word === "XFORWARD" && offers.has(word)) return void this.voice.answer("other", this.replies.ok, text)
    if (!loose) return void this.voice.error("other", this.replies.unknownCommand, text)
    if (word === "XCLIENT" && offers.has(word)) return void this.voice.answer("xclient", this.replies.ok, text)
    // Of a message that is none, LMTP has no recipient to answer for.
    if (word === ".") return this.sink.lmtp ? undefined : void this.voice.answer("final", this.replies.finalOk, text)
    if (!this.welcome) return void this.voice.error("other", this.replies.noService, text)
    this.voice.error("other", word === "" ? this.replies.noCommand : this.replies.unknownCommand, text)
  }

  private offers(): SinkReply {
    const { own, tls } = this.sink
    if (this.isSecure) return own.ehloSecure
    return tls === "offered" || tls === "required" ? own.ehloStartTls : own.ehlo
  }

  private startTls(argument: boolean, text: string): void {
    const { tls } = this.sink
    if (tls === "off") return void this.voice.error("starttls", this.replies.noStartTls, text)
    if (this.isSecure) return void this.voice.error("starttls", this.replies.isSecure, text)
    if (argument) return void this.voice.error("starttls", this.replies.syntaxError, text)
    if (this.voice.answer("starttls", this.replies.startTls, text)) this.voice.handshake()
  }

  private login(reply: SinkReply, text: string): void {
    const given = reply.positive ? this.voice.answer("auth", reply, text) : this.voice.error("auth", reply, text)
    this.logins?.settle(this.voice.said)
    if (given && this.logins?.isIn === true) this.counters[SinkCounts.Counter.authenticated]!++
  }

  /** Without accounts, loose manners let anybody in. */
  private noLogins(text: string): void {
    if (this.sink.loose) this.voice.answer("auth", this.replies.authOk, text)
    else this.voice.error("other", this.replies.unknownCommand, text)
  }

  /** Whoever it is, it is welcome; the session begins anew. */
  private xclient(text: string): void {
    if (this.mailed) return void this.voice.error("xclient", this.replies.nestedMail, text)
    if (this.voice.answer("xclient", this.sink.own.greeting, text)) this.reset()
  }

  private hello(command: number, name: string, text: string): void {
    const { esmtp, lmtp, loose, own } = this.sink
    const isKnown = command === Verb.LHLO ? lmtp : !lmtp && (command === Verb.HELO || esmtp)
    if (!isKnown) return void this.voice.error("other", this.replies.unknownCommand, text)
    if (name === "" && !loose) return void this.voice.error("hello", this.replies.syntaxError, text)
    if (!this.voice.answer("hello", command === Verb.HELO ? own.helo : this.offers(), text)) return
    this.protocol = lmtp ? "LMTP" : command === Verb.HELO ? "SMTP" : "ESMTP"
    this.helo = name
    this.reset()
  }

  private mail(line: Uint8Array, start: number, end: number, text: string): void {
    if (this.mailed) return void this.voice.error("mail", this.replies.nestedMail, text)
    if (this.begun >= this.sink.maxTransactions) {
      return void this.voice.error("mail", this.replies.tooManyTransactions, text)
    }
    const after = this.addressOf(line, start, end, SinkCommand.from)
    if (after < 0) return void this.voice.error("mail", this.replies.badSender, text)
    let isBinary = false
    if (after < end) {
      const parameters = SinkCommand.textOf(line, after, end)
      const problem = SinkParameters.problemOfMail(parameters, this.sink, this.isSecure)
      if (problem !== undefined) return void this.voice.error("mail", problem, text)
      isBinary = SinkParameters.isBinary(parameters)
    }
    if (this.sink.loose && this.isTooBig(text === "" ? SinkCommand.textOf(line, start, end) : text)) {
      return void this.voice.error("mail", this.replies.messageTooBig, text)
    }
    if (this.sink.named) this.voice.sender = SinkCommand.textOf(line, this.path.start, this.path.end)
    if (!this.voice.answer("mail", this.replies.mailOk, text)) return
    this.mailed = true
    this.begun++
    this.isBinary = isBinary
    if (this.sink.tap !== undefined) this.mailArguments = argumentsOf(line, start, end, SinkCommand.from)
  }

  /** Loose manners look at one parameter, where it is offered. */
  private isTooBig(command: string): boolean {
    if (!this.sink.offers.has("SIZE")) return false
    const [, size = "0"] = / SIZE=(\d{1,20})/i.exec(command) ?? []
    return Number(size) > this.sink.maxMessageSize
  }

  private rcpt(line: Uint8Array, start: number, end: number, text: string): void {
    if (!this.mailed) return void this.voice.error("rcpt", this.replies.needMail, text)
    const after = this.addressOf(line, start, end, SinkCommand.to)
    if (after < 0 || (this.path.start === this.path.end && !this.sink.loose)) {
      return void this.voice.error("rcpt", this.replies.badRecipient, text)
    }
    if (after < end) {
      const problem = SinkParameters.problemOfRcpt(SinkCommand.textOf(line, after, end), this.sink)
      if (problem !== undefined) return void this.voice.error("rcpt", problem, text)
    }
    const recipient = this.sink.named ? SinkCommand.textOf(line, this.path.start, this.path.end) : undefined
    const reply = this.recipients < this.sink.maxRecipients ? this.replies.rcptOk : this.replies.tooManyRecipients
    if (!this.voice.answer("rcpt", reply, text, recipient, ++this.offered)) return
    this.recipients++
    this.counters[SinkCounts.Counter.recipients]!++
    if (recipient !== undefined) this.addresses.push(recipient)
    if (this.sink.tap !== undefined) this.rcptArguments.push(argumentsOf(line, start, end, SinkCommand.to))
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

  private data(argument: boolean, text: string): void {
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
    if (this.sink.behaviour?.wantsHeaders !== true) return outer
    const header = new HeaderTap()
    this.header = header
    return outer === undefined ? header : ContentTap.all([() => header, () => outer])?.(this.transaction())
  }

  private openOuterTap(): ContentTap.ContentTap | undefined {
    return this.sink.tap?.(this.transaction())
  }

  private transaction(): SinkTransaction {
    const { addresses, client, helo, mailArguments, protocol, rcptArguments } = this
    const { message, number: session, sender } = this.voice
    const recipients = addresses.slice()
    return { session, message, client, protocol, helo, sender, recipients, mailArguments, rcptArguments }
  }

  /** The chunk follows whatever becomes of it, so what is wrong is said after it. */
  private bdat(line: Uint8Array, start: number, end: number, text: string): void {
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
    if (this.chunks.size > this.sink.maxMessageSize) this.loseTap()
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

  private quit(text: string): void {
    if (!this.voice.answer("quit", this.replies.bye, text)) return
    this.counters[SinkCounts.Counter.quits]!++
    if (this.verdict === "open") this.voice.end("quit")
  }

  /** Takes content; returns where the next command begins, or the end of the chunk. */
  private content(chunk: Uint8Array, start: number, end: number): number {
    if (this.chunks.isComing) return this.takeChunk(chunk, start, end)
    const at = this.endOfData.take(chunk, start, end, this.tap)
    if (this.endOfData.size > this.sink.maxMessageSize) this.loseTap()
    if (this.endOfData.found) this.final(".", this.endOfData.size)
    return at
  }

  private loseTap(): void {
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
    let delivered: number
    voice.size = size
    voice.headers = this.header?.text
    if (!lmtp) {
      delivered = voice.answer("final", reply, line) ? this.recipients : 0
    } else if (!voice.behaves) {
      delivered = voice.give("final", reply, this.recipients) ? this.recipients : 0
    } else {
      recipients = this.addresses.filter((recipient, index) => voice.answer("final", reply, line, recipient, index + 1))
      delivered = recipients.length
    }
    voice.size = undefined
    voice.headers = undefined
    this.header = undefined
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

  private reset(): void {
    this.mailed = false
    this.isBinary = false
    this.recipients = 0
    this.offered = 0
    this.addresses.length = 0
    if (this.rcptArguments.length > 0) this.rcptArguments = []
    this.loseTap()
    this.chunks.reset()
  }
}

const isBlank = (byte: number): boolean => byte === SPACE || byte === 9

/** What stands after the keyword; nothing where that is not there. */
const argumentsOf = (line: Uint8Array, start: number, end: number, keyword: Uint8Array): string => {
  let at = start
  for (let index = 0; index < keyword.length && at < end; index++, at++) {
    if ((line[at]! | 32) !== keyword[index]) return ""
  }
  while (at < end && isBlank(line[at]!)) at++
  return SinkCommand.textOf(line, at, end)
}
