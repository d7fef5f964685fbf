/**
 * One connection's dialogue, as the server leads it: which command may come when, and what it is answered.
 *
 * It is over 300 lines because the steps of a dialogue share one state.
 *
 * @since 0.1.0
 */
import type { Action, Answer, ServerEvent } from "./Behaviour.js"
import { EndOfData, unstuff } from "./EndOfData.js"
import { KeptContent } from "./KeptContent.js"
import { Outbox } from "./Outbox.js"
import type { SharedSink } from "./SharedSink.js"
import { SinkChunks } from "./SinkChunks.js"
import * as SinkCommand from "./SinkCommand.js"
import * as SinkParameters from "./SinkParameters.js"
import * as SinkCounts from "./SinkCounts.js"
import { type Stage, stages } from "./SinkEvent.js"
import * as SinkLogins from "./SinkLogins.js"
import { isClosing, replies, type SinkReply } from "./SinkReply.js"
import type { SinkSession, Verdict } from "./SinkSession.js"

const { Verb } = SinkCommand

const LF = 10
const CR = 13
const SPACE = 32

/**
 * The dialogue of a connection that has just been opened.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (sink: SharedSink): SinkSession => new Dialogue(sink)

class Dialogue implements SinkSession {
  verdict: Verdict = "open"
  readonly greeting: Uint8Array | undefined
  private readonly number: number
  private readonly counters: Float64Array
  private readonly out = new Outbox()
  private readonly behave: ((event: Omit<ServerEvent, "nth" | "total">) => Answer) | undefined
  private todo: Array<Action> = []

  /** The beginning of a command whose end has not come. */
  private held: Uint8Array | undefined = undefined
  /** How many bytes the command has had, kept or not. */
  private heldLength = 0
  private errors = 0
  private greeted = false
  private isSecure = false
  private readonly logins: SinkLogins.SinkLogins | undefined
  private said = "" // by a behaviour, last

  private welcome = true
  private mailed = false
  private recipients = 0
  /** The recipients that were named, accepted or not. */
  private offered = 0
  private sender = ""
  private readonly addresses: Array<string> = []
  private message = 1
  private readonly path = new SinkCommand.Path()

  inContent = false
  private readonly endOfData = new EndOfData()
  private kept: KeptContent | undefined = undefined
  private readonly chunks = new SinkChunks()

  constructor(private readonly sink: SharedSink) {
    this.counters = sink.counters
    this.number = ++this.counters[SinkCounts.Counter.sessions]!
    this.behave = sink.behaviour?.connection()
    this.logins = sink.auth === undefined ? undefined : new SinkLogins.SinkLogins(sink.auth, sink.maxCommandLength)
    if (sink.tls === "implicit") this.handshake()
    else this.greet()
    this.greeting = this.out.take()
  }

  private greet(): void {
    this.greeted = true
    this.welcome = this.answer("greeting", this.sink.own.greeting, "") || this.sink.servesRefused
  }

  private handshake(): void {
    const { message, number: session, sender } = this
    const answer = this.behave?.({ stage: "tls", session, message, line: "", sender, reply: "" })
    for (const action of answer?.actions ?? []) this.todo.push(action)
    this.verdict = answer?.end ?? "secure"
  }

  secured(): Uint8Array | undefined {
    if (this.verdict !== "secure") return undefined
    this.counters[SinkCounts.Counter.secured]!++
    this.verdict = "open"
    this.isSecure = true
    this.heldLength = 0
    this.logins?.forget()
    this.reset()
    if (!this.greeted) this.greet()
    return this.out.take()
  }

  push(chunk: Uint8Array, start = 0, end = chunk.length): Uint8Array | undefined {
    let at = start
    while (at < end && this.verdict === "open") {
      at = this.inContent ? this.content(chunk, at, end) : this.command(chunk, at, end)
    }
    // Said in plain text, it must not be taken for what is said under TLS (CVE-2011-0411).
    if (this.verdict === "secure" && at < end) this.counters[SinkCounts.Counter.injected]!++
    this.counters[SinkCounts.Counter.bytesIn]! += at - start
    return this.out.take()
  }

  actions(): ReadonlyArray<Action> {
    const { todo } = this
    if (todo.length > 0) this.todo = []
    return todo
  }

  expire(say?: string | undefined): Uint8Array | undefined {
    if (this.verdict !== "open") return undefined
    this.verdict = "close"
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
      this.error("other", replies.lineTooLong, "")
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

  private line(line: Uint8Array, start: number, feed: number): void {
    let end = feed
    if (end > start && line[end - 1] === CR) end--
    while (end > start && line[end - 1] === SPACE) end--
    const text = this.behave === undefined ? "" : SinkCommand.textOf(line, start, end)
    if (this.logins?.isUnderWay === true)
      return this.login(this.logins.take(SinkCommand.textOf(line, start, end)), text)
    let at = start + 4
    if (SinkCommand.isStartTls(line, start, end) && this.welcome) return this.startTls(end > start + 8, text)
    if (SinkCommand.isXclient(line, start, end) && this.sink.offers.has("XCLIENT")) return this.xclient(text)
    if (end < at || (end > at && line[at] !== SPACE)) return void this.error("other", replies.unknownCommand, text)
    while (at < end && line[at] === SPACE) at++
    const command = SinkCommand.verbOf(line, start)
    if (!this.welcome && command !== Verb.QUIT) return void this.error("other", replies.noService, text)
    if (this.sink.tls === "required" && !this.isSecure && !SinkCommand.beforeTls.has(command)) {
      return void this.error(SinkCommand.stageOf.get(command) ?? "other", replies.needStartTls, text)
    }
    if (this.logins?.isDue === true && SinkCommand.afterLogin.has(command)) {
      return void this.error(SinkCommand.stageOf.get(command) ?? "other", replies.needAuth, text)
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
        if (this.sink.lmtp) return void this.error("other", replies.unknownCommand, text)
        return this.hello(command === Verb.HELO ? this.sink.own.helo : this.offers(), at < end, text)
      case Verb.LHLO:
        if (!this.sink.lmtp) return void this.error("other", replies.unknownCommand, text)
        return this.hello(this.offers(), at < end, text)
      case Verb.RSET:
        if (at < end) return void this.error("rset", replies.syntaxError, text)
        if (this.answer("rset", replies.ok, text)) this.reset()
        return
      case Verb.QUIT:
        if (at < end) return void this.error("quit", replies.syntaxError, text)
        return this.quit(text)
      case Verb.NOOP:
        this.answer("other", replies.ok, text)
        return
      case Verb.AUTH:
        if (this.logins === undefined) return void this.error("other", replies.unknownCommand, text)
        return this.login(this.logins.begin(SinkCommand.textOf(line, at, end), this.isSecure, this.mailed), text)
      case Verb.VRFY:
        if (at === end) return void this.error("other", replies.syntaxError, text)
        this.answer("other", replies.cannotVerify, text)
        return
      default:
        return void this.error("other", replies.unknownCommand, text)
    }
  }

  private offers(): SinkReply {
    const { own, tls } = this.sink
    if (this.isSecure) return own.ehloSecure
    return tls === "offered" || tls === "required" ? own.ehloStartTls : own.ehlo
  }

  private startTls(argument: boolean, text: string): void {
    const { tls } = this.sink
    if (tls === "off") return void this.error("starttls", replies.noStartTls, text)
    if (this.isSecure) return void this.error("starttls", replies.isSecure, text)
    if (argument) return void this.error("starttls", replies.syntaxError, text)
    if (this.answer("starttls", replies.startTls, text)) this.handshake()
  }

  private login(reply: SinkReply, text: string): void {
    const given = reply.positive ? this.answer("auth", reply, text) : this.error("auth", reply, text)
    this.logins?.settle(this.behave === undefined ? reply.text : this.said)
    if (given && this.logins?.isIn === true) this.counters[SinkCounts.Counter.authenticated]!++
  }

  /** Whoever it is, it is welcome; the session begins anew. */
  private xclient(text: string): void {
    if (this.mailed) return void this.error("xclient", replies.nestedMail, text)
    if (this.answer("xclient", this.sink.own.greeting, text)) this.reset()
  }

  private hello(reply: SinkReply, named: boolean, text: string): void {
    if (!named) return void this.error("hello", replies.syntaxError, text)
    if (this.answer("hello", reply, text)) this.reset()
  }

  private mail(line: Uint8Array, start: number, end: number, text: string): void {
    if (this.mailed) return void this.error("mail", replies.nestedMail, text)
    const after = this.path.read(line, start, end, SinkCommand.from)
    if (after < 0) return void this.error("mail", replies.badSender, text)
    if (after < end) {
      const problem = SinkParameters.problemOfMail(SinkCommand.textOf(line, after, end), this.sink, this.isSecure)
      if (problem !== undefined) return void this.error("mail", problem, text)
    }
    if (!this.answer("mail", replies.mailOk, text)) return
    this.mailed = true
    if (this.sink.named) this.sender = SinkCommand.textOf(line, this.path.start, this.path.end)
  }

  private rcpt(line: Uint8Array, start: number, end: number, text: string): void {
    if (!this.mailed) return void this.error("rcpt", replies.needMail, text)
    const after = this.path.read(line, start, end, SinkCommand.to)
    if (after < 0 || this.path.start === this.path.end) return void this.error("rcpt", replies.badRecipient, text)
    if (after < end) {
      const problem = SinkParameters.problemOfRcpt(SinkCommand.textOf(line, after, end), this.sink)
      if (problem !== undefined) return void this.error("rcpt", problem, text)
    }
    const recipient = this.sink.named ? SinkCommand.textOf(line, this.path.start, this.path.end) : undefined
    const reply = this.recipients < this.sink.maxRecipients ? replies.rcptOk : replies.tooManyRecipients
    if (!this.answer("rcpt", reply, text, recipient, ++this.offered)) return
    this.recipients++
    this.counters[SinkCounts.Counter.recipients]!++
    if (recipient !== undefined) this.addresses.push(recipient)
  }

  private data(argument: boolean, text: string): void {
    if (argument) return void this.error("data", replies.syntaxError, text)
    if (this.chunks.areThere) return void this.error("data", replies.dataAfterChunk, text)
    const place = this.todo.length
    const goesAhead =
      this.recipients > 0
        ? this.answer("data", replies.goAhead, text)
        : this.error("data", this.mailed ? replies.needRcpt : replies.needMail, text)
    if (!goesAhead) return
    if (this.behave !== undefined && this.verdict === "open") this.beforeContent(place)
    this.inContent = true
    this.endOfData.begin()
    this.kept = this.sink.onMessage === undefined ? undefined : new KeptContent()
  }

  /** The chunk follows whatever becomes of it, so what is wrong is said after it. */
  private bdat(line: Uint8Array, start: number, end: number, text: string): void {
    if (!this.sink.offers.has("CHUNKING")) return void this.error("other", replies.unknownCommand, text)
    const chunk = SinkCommand.chunkOf(line, start, end)
    if (chunk === undefined) return void this.error("chunk", replies.badChunk, text)
    if (!this.chunks.areThere) this.kept = this.sink.onMessage === undefined ? undefined : new KeptContent()
    this.chunks.begin(chunk, text)
    this.inContent = true
    if (this.chunks.isWhole) this.chunkCame()
  }

  /** Takes a chunk; returns where the next command begins, or the end of what came. */
  private takeChunk(bytes: Uint8Array, start: number, end: number): number {
    const at = this.chunks.take(start, end)
    if (this.chunks.size > this.sink.maxMessageSize) this.kept = undefined
    else this.kept?.add(bytes, start, at)
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
    if (!this.answer(stage, problem ?? replies.chunkOk, line)) this.chunks.isRefused = true
    // A transaction whose last chunk was refused is open until it is reset; what comes then is the next message.
    if (isLast) this.message++
  }

  private problemOfChunk(): SinkReply | undefined {
    if (this.chunks.isRefused) return replies.chunkBefore
    if (this.recipients === 0) return this.mailed ? replies.noRecipients : replies.needMail
    return this.chunks.size > this.sink.maxMessageSize ? replies.messageTooBig : undefined
  }

  /** What the behaviour does before it reads the content. The client may send that as soon as it is told to go ahead. */
  private beforeContent(place: number): void {
    const { message, number: session, sender } = this
    const answer = this.behave!({ stage: "content", session, message, line: "", sender, reply: "" })
    if (answer.actions.length === 0) return
    this.todo.splice(place, 0, { _tag: "Hold" })
    for (const action of answer.actions) this.todo.push(action)
    this.verdict = answer.end ?? this.verdict
  }

  private quit(text: string): void {
    if (!this.answer("quit", replies.bye, text)) return
    this.counters[SinkCounts.Counter.quits]!++
    if (this.verdict === "open") this.end("quit")
  }

  /** Takes content; returns where the next command begins, or the end of the chunk. */
  private content(chunk: Uint8Array, start: number, end: number): number {
    if (this.chunks.isComing) return this.takeChunk(chunk, start, end)
    const at = this.endOfData.take(chunk, start, end)
    if (this.kept !== undefined) {
      if (this.endOfData.size > this.sink.maxMessageSize) this.kept = undefined
      else this.kept.add(chunk, start, at)
    }
    if (this.endOfData.found) this.final(".", this.endOfData.size)
    return at
  }

  private final(line: string, size: number): void {
    const { lmtp, maxMessageSize, onMessage } = this.sink
    this.inContent = false
    const tooBig = size > maxMessageSize
    // A behaviour may have said 354 to a client without recipients.
    const reply = tooBig ? replies.messageTooBig : this.recipients === 0 ? replies.noRecipients : replies.ok
    let recipients: ReadonlyArray<string> = this.addresses
    let delivered: number
    if (!lmtp) {
      delivered = this.answer("final", reply, line) ? this.recipients : 0
    } else if (this.behave === undefined) {
      delivered = this.give("final", reply, this.recipients) ? this.recipients : 0
    } else {
      recipients = this.addresses.filter((recipient, index) => this.answer("final", reply, line, recipient, index + 1))
      delivered = recipients.length
    }
    if (delivered === 0 && this.chunks.areThere) {
      // It is open until it is reset (RFC 3030 §2).
      this.chunks.isRefused = true
      this.message++
      return
    }
    if (delivered > 0) {
      this.errors = 0
      this.counters[SinkCounts.Counter.messages]!++
      this.counters[SinkCounts.Counter.delivered]! += delivered
      if (onMessage !== undefined && this.kept !== undefined) {
        onMessage({
          session: this.number,
          sender: this.sender,
          recipients: recipients.slice(),
          content: !this.chunks.areThere ? unstuff(this.kept.bytes()) : this.kept.bytes().slice()
        })
      }
    }
    this.message++
    this.reset()
  }

  private reset(): void {
    this.mailed = false
    this.recipients = 0
    this.offered = 0
    this.addresses.length = 0
    this.kept = undefined
    this.chunks.reset()
  }

  /** A command out of place, or none at all: too many of them end the session. */
  private error(stage: Stage, reply: SinkReply, text: string): boolean {
    return this.answer(stage, ++this.errors < this.sink.maxErrors ? reply : this.sink.own.tooManyErrors, text)
  }

  /** Gives a reply, unless the behaviour has another idea; tells whether it was positive. */
  private answer(
    stage: Stage,
    reply: SinkReply,
    line: string,
    recipient?: string | undefined,
    recipientPlace?: number | undefined
  ): boolean {
    if (this.verdict !== "open") return false
    if (this.behave === undefined) return this.give(stage, reply, 1)
    const { message, number: session, sender } = this
    const event = { stage, session, message, line, sender, recipient, recipientPlace, reply: reply.text }
    const { actions, end, said } = this.behave(event)
    for (const action of actions) this.todo.push(action)
    this.said = said
    const positive = said === reply.text ? reply.positive : said.startsWith(stage === "data" ? "354" : "2")
    if (!positive && said !== "") this.counters[SinkCounts.Counter.refused + stages.indexOf(stage)]!++
    if (end !== undefined) this.verdict = end
    else if (isClosing(said)) this.end("close")
    return positive
  }

  /** Ends the session, after what is still to be done. */
  private end(how: "quit" | "close"): void {
    this.verdict = how
    if (this.behave !== undefined) this.todo.push({ _tag: "End", how })
  }

  private give(stage: Stage, reply: SinkReply, times: number): boolean {
    this.out.add(times === 1 ? reply.bytes : Buffer.alloc(times * reply.bytes.length, reply.bytes))
    if (!reply.positive) this.counters[SinkCounts.Counter.refused + stages.indexOf(stage)]! += times
    if (reply.closing) this.verdict = "close"
    return reply.positive
  }
}
