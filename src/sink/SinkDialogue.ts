/**
 * One connection's dialogue, as the server leads it: which command may come when, and what it is answered.
 *
 * What belongs to a message is left to `SinkTransactions`.
 *
 * @since 0.1.0
 */
import * as ClockReply from "../smtp/ClockReply.js"
import type { Action } from "./Action.js"
import type { SharedSink } from "./SharedSink.js"
import * as SinkCommand from "./SinkCommand.js"
import * as SinkCounts from "./SinkCounts.js"
import * as SinkLogins from "./SinkLogins.js"
import { SinkReply } from "./SinkReply.js"
import type { SinkSession, Verdict } from "./SinkSession.js"
import { type SinkPeer, SinkTransactions } from "./SinkTransactions.js"
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
  private isOver = false
  private hasQuit = false
  /** Something came in plain text after STARTTLS. */
  private injected = false
  private readonly logins: SinkLogins.SinkLogins | undefined

  private welcome = true
  private readonly peer: { -readonly [Known in keyof SinkPeer]: SinkPeer[Known] }
  private readonly transactions: SinkTransactions

  constructor(
    private readonly sink: SharedSink,
    client: string | undefined
  ) {
    this.counters = sink.counters
    this.replies = sink.replies
    this.voice = new SinkVoice(sink, client)
    this.peer = { client, protocol: sink.lmtp ? "LMTP" : "SMTP", helo: undefined, isSecure: false }
    this.transactions = new SinkTransactions(sink, this.voice, this.peer)
    this.logins = sink.auth === undefined ? undefined : new SinkLogins.SinkLogins(sink.auth, sink.maxCommandLength)
    if (sink.tls === "implicit") this.voice.handshake()
    else this.greet()
    this.greeting = this.voice.out.take()
  }

  get verdict(): Verdict {
    return this.voice.verdict
  }

  get inContent(): boolean {
    return this.transactions.inContent
  }

  /** Whether commands are wanted as texts. */
  private get told(): boolean {
    return this.sink.onCommand !== undefined || this.sink.behaviour?.wants.lines === true
  }

  private greet(): void {
    this.greeted = true
    this.welcome = this.voice.answer("greeting", this.sink.own.greeting, "") || this.sink.servesRefused
  }

  secured(): Uint8Array | undefined {
    if (this.verdict !== "secure") return undefined
    this.counters[SinkCounts.Counter.secured]!++
    this.voice.verdict = "open"
    this.peer.isSecure = true
    this.heldLength = 0
    this.logins?.forget()
    this.transactions.reset()
    if (!this.greeted) this.greet()
    return this.voice.out.take()
  }

  push(chunk: Uint8Array, start = 0, end = chunk.length): Uint8Array | undefined {
    const { transactions } = this
    let at = start
    while (at < end && this.verdict === "open") {
      at = transactions.inContent ? transactions.take(chunk, at, end) : this.command(chunk, at, end)
    }
    // Said in plain text, it must not be taken for what is said under TLS (CVE-2011-0411).
    if (this.verdict === "secure" && at < end && !this.injected) {
      this.injected = true
      this.counters[SinkCounts.Counter.injected]!++
    }
    this.counters[SinkCounts.Counter.bytesIn]! += at - start
    return this.voice.out.take()
  }

  actions(): ReadonlyArray<Action> {
    return this.voice.actions()
  }

  closed(): void {
    if (this.isOver) return
    this.isOver = true
    this.transactions.lose()
    this.voice.closed()
    this.counters[SinkCounts.Counter.ended]!++
    if (this.hasQuit) this.sink.endedByQuit++
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
    if (this.sink.loose) while (start < end && SinkCommand.isBlank(line[start]!)) start++
    let at = start + 4
    if (SinkCommand.isStartTls(line, start, end) && this.welcome && !this.isUnknownTls)
      return this.startTls(end > start + 8, text)
    if (!this.sink.loose && SinkCommand.isXclient(line, start, end) && this.sink.offers.has("XCLIENT"))
      return this.xclient(text)
    if (end < at || (end > at && line[at] !== SPACE && !this.sink.loose)) return this.unknown(line, start, end, text)
    if (end > at && !SinkCommand.isBlank(line[at]!)) return this.unknown(line, start, end, text)
    while (at < end && line[at] === SPACE) at++
    const command = SinkCommand.verbOf(line, start)
    if (!this.welcome && command !== Verb.QUIT) return void this.voice.error("other", this.replies.noService, text)
    if (this.sink.tls === "required" && !this.peer.isSecure && !SinkCommand.beforeTls.has(command)) {
      return void this.voice.error(SinkCommand.stageOf.get(command) ?? "other", this.replies.needStartTls, text)
    }
    if (this.logins?.isDue === true && SinkCommand.afterLogin.has(command)) {
      return void this.voice.error(SinkCommand.stageOf.get(command) ?? "other", this.replies.needAuth, text)
    }
    switch (command) {
      case Verb.MAIL:
        return this.transactions.mail(line, at, end, text)
      case Verb.RCPT:
        return this.transactions.rcpt(line, at, end, text)
      case Verb.DATA:
        return this.transactions.data(at < end, text)
      case Verb.BDAT:
        return this.transactions.bdat(line, at, end, text)
      case Verb.EHLO:
      case Verb.HELO:
      case Verb.LHLO:
        return this.hello(command, SinkCommand.textOf(line, at, end), text)
      case Verb.RSET:
        if (at < end && !this.sink.loose) return void this.voice.error("rset", this.replies.syntaxError, text)
        if (this.voice.answer("rset", this.replies.rsetOk, text)) this.transactions.reset()
        return
      case Verb.QUIT:
        if (at < end && !this.sink.loose) return void this.voice.error("quit", this.replies.syntaxError, text)
        return this.quit(text)
      case Verb.NOOP:
        this.voice.answer("other", this.noop(line, at, end), text)
        return
      case Verb.AUTH:
        if (this.logins === undefined) return this.noLogins(text)
        return this.login(
          this.logins.begin(SinkCommand.textOf(line, at, end), this.peer.isSecure, this.transactions.mailed),
          text
        )
      case Verb.VRFY:
        if (at === end && !this.sink.loose) return void this.voice.error("other", this.replies.syntaxError, text)
        this.voice.answer("other", this.replies.cannotVerify, text)
        return
      default:
        return void this.voice.error("other", this.replies.unknownCommand, text)
    }
  }

  /** The time is that of the reply. */
  private noop(line: Uint8Array, at: number, end: number): SinkReply {
    const { clock } = this.sink
    if (clock === undefined || !SinkCommand.isClock(line, at, end)) return this.replies.ok
    return new SinkReply(ClockReply.write({ time: clock.now(), sink: clock.sink }))
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
    if (this.peer.isSecure) return own.ehloSecure
    return tls === "offered" || tls === "required" ? own.ehloStartTls : own.ehlo
  }

  private startTls(argument: boolean, text: string): void {
    const { tls } = this.sink
    if (tls === "off") return void this.voice.error("starttls", this.replies.noStartTls, text)
    if (this.peer.isSecure) return void this.voice.error("starttls", this.replies.isSecure, text)
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
    if (this.transactions.mailed) return void this.voice.error("xclient", this.replies.nestedMail, text)
    if (this.voice.answer("xclient", this.sink.own.greeting, text)) this.transactions.reset()
  }

  private hello(command: number, name: string, text: string): void {
    const { esmtp, lmtp, loose, own } = this.sink
    const isKnown = command === Verb.LHLO ? lmtp : !lmtp && (command === Verb.HELO || esmtp)
    if (!isKnown) return void this.voice.error("other", this.replies.unknownCommand, text)
    if (name === "" && !loose) return void this.voice.error("hello", this.replies.syntaxError, text)
    if (!this.voice.answer("hello", command === Verb.HELO ? own.helo : this.offers(), text)) return
    this.peer.protocol = lmtp ? "LMTP" : command === Verb.HELO ? "SMTP" : "ESMTP"
    this.peer.helo = name
    this.transactions.reset()
  }

  private quit(text: string): void {
    if (!this.voice.answer("quit", this.replies.bye, text)) return
    this.counters[SinkCounts.Counter.quits]!++
    this.hasQuit = true
    if (this.verdict === "open") this.voice.end("quit")
  }
}
