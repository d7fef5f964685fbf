/**
 * The protocol's side of an open connection: which replies are awaited, since when, and who is told. It feeds on bytes
 * and writes through a `Transport`, so that every kind of connection shares it.
 *
 * An unsolicited reply never answers the next command: it spoils the conversation.
 *
 * It is over 300 lines because an exchange, its deadline and its end are one state.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Capabilities from "./Capabilities.js"
import { ExchangeReplies } from "./ExchangeReplies.js"
import { Lifetime } from "./Lifetime.js"
import { Outgoing, type WriteListener } from "./Outgoing.js"
import * as Parting from "./Parting.js"
import * as Reply from "./Reply.js"
import * as ReplyParser from "./ReplyParser.js"
import { type Step, WireBusy, type WireError } from "./SmtpError.js"
import * as Spoiled from "./Spoiled.js"
import type { TlsProblem, TlsSession, TlsSettings } from "./Tls.js"
import type { Transport } from "./Transport.js"
import type { Chunks, ConnectOptions, Exchange, Expiring, Script, Wire, WireState } from "./Wire.js"

type Resume<A> = (result: Effect.Effect<A, WireError>) => void

const nothing: ReadonlyArray<Step> = []

/** Of the handshake; while these are the steps, no byte is a reply's. */
const handshake: ReadonlyArray<Step> = ["tls"]

/**
 * A wire over a transport. Whoever owns the transport feeds it: `receive`, `ended`, `progressed`, `flushed`. With it, a
 * `Connector` of one's own is a few lines.
 *
 * @since 0.1.0
 * @category models
 * @example
 * import * as Effect from "effect/Effect"
 * import { Conversation, SmtpSink, type Transport, Wire } from "smtp-source"
 *
 * // Connections to a sink in this process, without a network.
 * export const connector = Wire.Connector.of({
 *   connect: (_target, options) =>
 *     Effect.sync(() => {
 *       const session = SmtpSink.make().open()
 *       const answer = (bytes: Uint8Array = new Uint8Array()) =>
 *         setImmediate(() => conversation.receive(bytes, 0, bytes.length))
 *       const transport: Transport.Transport = {
 *         write: (bytes, body = new Uint8Array()) => {
 *           answer(session.push(Buffer.concat([Buffer.from(bytes, "latin1"), body])))
 *           return true
 *         },
 *         secure: () => conversation.ended("closed"),
 *         close: () => session.closed()
 *       }
 *       const conversation = new Conversation.Conversation(transport, options)
 *       answer(session.greeting)
 *       return conversation
 *     })
 * })
 */
export class Conversation implements Wire, Expiring, WriteListener {
  capabilities: Capabilities.Capabilities = Capabilities.none
  deadline = Number.POSITIVE_INFINITY
  seat: number | undefined = undefined
  arrivedAt = 0
  private parser = ReplyParser.make()
  private readonly replies = new ExchangeReplies()
  private readonly answered = Exit.succeed<ReadonlyArray<Reply.Reply>>(this.replies.all)
  private resume: Resume<unknown> | undefined = undefined
  private script: Script<unknown> | undefined = undefined
  private since = 0
  /** How long a reply is waited for. */
  private patience = 0
  private readonly outgoing: Outgoing
  /** The chunks that are being sent. */
  private chunks: Chunks | undefined = undefined
  /** How TLS is begun after this exchange, if it is. */
  private secure: TlsSettings | undefined = undefined
  private tls: TlsSession | undefined = undefined
  private closing = false
  /** We have closed it. */
  private closed = false
  private failure: Spoiled.Spoiled | undefined = undefined
  /** A greeting may come before anybody waits for it. */
  private greeting: Reply.Reply | undefined = undefined
  private begun = false
  private readonly lifetime: Lifetime
  /** When something arrived before that which arrived last: since then nothing was awaited, where it was not asked for. */
  private restedAt: number
  /** QUIT was sent: the end is our doing, whoever closes first. */
  private parting = false

  constructor(
    private readonly transport: Transport,
    private readonly options: ConnectOptions
  ) {
    this.outgoing = new Outgoing(transport, options, this)
    options.deadlines.add(this)
    this.lifetime = new Lifetime(options)
    this.arrivedAt = this.lifetime.openedAt
    this.restedAt = this.arrivedAt
  }

  exchange(
    steps: ReadonlyArray<Step>,
    bytes: string,
    body?: Uint8Array | undefined
  ): Effect.Effect<ReadonlyArray<Reply.Reply>, WireError> {
    return this.perform({ steps, bytes, body })
  }

  startTls(settings: TlsSettings): Effect.Effect<TlsSession, WireError> {
    return Effect.map(this.perform({ steps: nothing, bytes: "", secure: settings }), () => this.tls!)
  }

  write(bytes: string, body?: Uint8Array | undefined): Effect.Effect<void, WireError> {
    return Effect.asVoid(this.exchange(nothing, bytes, body))
  }

  converse<A>(script: () => Script<A>): Effect.Effect<A, WireError> {
    return Effect.async((resume) => {
      if (this.resume !== undefined) return resume(this.busy("other"))
      const running = script()
      // The value that ends a script has the script's own type, which the field of a running one cannot name.
      this.script = running as Script<unknown>
      this.proceed(running as Script<unknown>, resume as Resume<unknown>, this.options.deadlines.now())
    })
  }

  private perform(exchange: Exchange): Effect.Effect<ReadonlyArray<Reply.Reply>, WireError> {
    return Effect.async((resume) => {
      const isHandshake = exchange.secure !== undefined
      if (this.resume !== undefined) return void resume(this.busy(isHandshake ? "tls" : beginning(exchange)))
      this.script = undefined
      this.begin(exchange, resume as Resume<unknown>, this.options.deadlines.now())
      return this.interrupted
    })
  }

  private readonly interrupted = Effect.sync(() => this.close("reset"))

  private busy(step: Step): Effect.Effect<never, WireBusy> {
    return Exit.fail(new WireBusy({ step, awaited: this.awaited() ?? "other" }))
  }

  state(): WireState {
    if (this.closed) return "closed"
    return this.closing ? "closing" : this.failure === undefined ? "open" : "failed"
  }

  session(): TlsSession | undefined {
    return this.tls
  }

  awaited(): Step | undefined {
    const step = this.replies.next
    return step === "final" && this.outgoing.holdsDot ? "content" : step
  }

  close(how: "reset" | "fin"): void {
    this.end(this.closing)
    this.closed = true
    if (this.failure === undefined) this.spoil(Spoiled.lost("interrupted"))
    this.replies.end()
    this.resume = undefined
    this.transport.close(how)
  }

  private begin(exchange: Exchange, resume: Resume<unknown>, now: number): void {
    const { body, bytes, chunks, contentLength, secret, secure, steps } = exchange
    const { observer, parting, timeout } = this.options
    if (this.failure !== undefined) return resume(Exit.fail(this.failure(beginning(exchange), [])))
    this.replies.begin(steps)
    this.resume = resume
    this.secure = secure
    this.chunks = chunks
    if (secret === undefined) this.since = now
    else {
      this.replies.hide(secret.mask)
      if (!secret.continues) this.since = now
    }
    this.parting = steps[0] === "quit"
    this.wait(now, this.parting ? Parting.patienceOf(parting, timeout) : timeout)
    if (!this.begun && steps.length > 0) {
      this.begun = true
      const greeting = this.greeting
      if (greeting !== undefined) {
        this.arrivedAt = now
        if (steps[0] !== "greeting") return this.fail(Spoiled.malformed(`${greeting.code} before any command`))
        this.onReply(greeting)
        if (steps.length === 1) return this.complete()
      }
    }
    if (bytes === "" && body === undefined) return steps.length === 0 ? this.complete() : undefined
    observer.bytesOut += bytes.length + (body === undefined ? 0 : body.length)
    if (chunks !== undefined) {
      observer.onTrace?.("sent", chunks.shown(), this.lifetime.ordinal)
      chunks.isBegun = true
      return this.outgoing.content(bytes, body, undefined, false)
    }
    if (steps[0] !== "final") {
      observer.onTrace?.("sent", secret === undefined ? bytes : secret.shown, this.lifetime.ordinal)
      return this.outgoing.commands(bytes, body)
    }
    // What is written after the final dot is not answered yet, and is a part of the dialogue all the same.
    const dot = contentLength === undefined ? ".\r\n" : `.\r\n${bytes.slice(contentLength)}`
    observer.onTrace?.("sent", dot, this.lifetime.ordinal)
    this.outgoing.content(bytes, body, contentLength, steps[steps.length - 1] !== "final")
  }

  private wait(now: number, patience: number): void {
    const { deadlines } = this.options
    this.patience = patience
    this.deadline = now + patience
    if (this.deadline < deadlines.wakesAt) deadlines.wake(this.deadline)
  }

  /** Part of what is being written was taken: the server is slow, and alive. */
  progressed(): void {
    if (this.outgoing.busy && this.resume !== undefined) this.deadline = this.options.deadlines.now() + this.patience
  }

  /** All of a write that the transport did not take at once has been handed over. */
  flushed(): void {
    this.outgoing.flushed()
  }

  onContentTaken(): void {
    const { chunks } = this
    const { deadlines, observer } = this.options
    const now = deadlines.now()
    const contents = chunks === undefined ? 1 : chunks.contents
    if (chunks !== undefined) chunks.isWhole = true
    for (let content = 0; content < contents; content++) observer.onContent(now - this.since, now)
    this.since = now
    this.deadline = now + this.patience
  }

  onFlushed(): void {
    if (this.replies.steps.length === 0 && this.resume !== undefined) this.complete()
  }

  /** Bytes `start` to `end` of `chunk` arrived; the chunk may be reused afterwards. */
  receive(chunk: Uint8Array, start: number, end: number): void {
    if (this.failure !== undefined) return
    // A transport without cryptography lets through what TLS would refuse.
    if (this.replies.steps === handshake) return this.ended(Spoiled.greeted)
    this.restedAt = this.arrivedAt
    this.arrivedAt = this.options.deadlines.now()
    this.options.observer.bytesIn += end - start
    const sound = this.parser.push(chunk, start, end, this.onReply)
    const { replies } = this
    const complete = this.resume !== undefined && replies.count > 0 && (replies.areWhole || this.closing)
    if (!sound) {
      const endless = Spoiled.malformed("the reply has no end")
      // What came before it answers what was asked.
      if (complete) this.spoil(endless)
      else this.fail(endless)
    }
    if (complete) this.complete()
  }

  /** The exchange before TLS is over: nothing more may have been said by then. */
  private handshake(settings: TlsSettings): void {
    const { deadlines, timeout } = this.options
    this.secure = undefined
    this.replies.begin(handshake)
    if (this.failure !== undefined || this.parser.isInside() || (!this.begun && this.greeting !== undefined)) {
      return this.fail(Spoiled.withoutTls(this.begun ? Spoiled.injected : Spoiled.greeted))
    }
    this.since = deadlines.now()
    this.wait(this.since, timeout)
    this.transport.secure(settings)
  }

  /** TLS stands. What the server said before is forgotten, but for the reply that allowed it. */
  secured(session: TlsSession): void {
    if (this.replies.steps !== handshake || this.failure !== undefined) return
    const { deadlines, observer } = this.options
    const now = deadlines.now()
    this.parser = ReplyParser.make()
    this.tls = session
    this.capabilities = Capabilities.none
    this.arrivedAt = now
    observer.onSecured(session, now - this.since, now)
    this.replies.count = this.replies.all.length
    this.complete()
  }

  /** The connection is gone: it was closed, or TLS has failed. */
  ended(how: "closed" | "reset" | TlsProblem): void {
    this.end(true)
    if (this.failure !== undefined) return
    if (typeof how === "string") return this.fail(Spoiled.lost(how))
    const isGreeting = how.kind === "plain" && !this.begun
    this.fail(Spoiled.withoutTls(isGreeting ? { ...how, reason: Spoiled.greeted.reason } : how))
  }

  private end(byServer: boolean): void {
    this.lifetime.end(byServer && !this.parting)
  }

  expire(): void {
    if (this.parting) Parting.learn(this.options.parting, false)
    this.fail(Spoiled.late(this.patience))
  }

  private readonly onReply = (received: Reply.Reply): void => {
    const { outgoing, replies } = this
    const { observer } = this.options
    const reply = replies.shown(received)
    if (!this.begun && this.greeting === undefined) {
      this.greeting = reply
      return
    }
    observer.onTrace?.("received", `${reply.code} ${reply.text}`, this.lifetime.ordinal)
    const step = replies.next
    if (this.resume === undefined || step === undefined || this.closing) return this.stray(reply)
    if (outgoing.contentDue && replies.endContent(this.chunks !== undefined)) {
      if (outgoing.holdsDot) {
        // The server refuses what it has not read to the end, and that ends the matter; any other answer is a lie.
        if (!Reply.isRefusal(reply)) {
          return this.fail(Spoiled.malformed(`${reply.code} before the end of the message`))
        }
        this.closing = true
        replies.addToFinals(reply)
      } else {
        // The dot has gone, and some of the commands that ride with it wait for the socket.
        observer.onContent(this.arrivedAt - this.since, this.arrivedAt)
      }
      outgoing.contentDue = false
    }
    if (replies.isShifted(reply)) {
      // Nobody knows which reply is missing, so none of the group answers anything.
      replies.count = 0
      const reason = `${reply.code} in place of the reply to ${step}: a reply before it is missing`
      return this.fail(Spoiled.malformed(reason))
    }
    if (Reply.isClosing(reply)) this.closing = true
    // A challenge is shown only to the code that answers it.
    replies.add(step === "auth" && reply.code === 334 ? received : reply)
    if (replies.steps.length > 1) this.deadline = this.arrivedAt + this.patience
    observer.onReply(step, reply, this.arrivedAt - this.since, this.arrivedAt)
    if (this.parting) Parting.learn(this.options.parting, true)
  }

  /** An unsolicited reply. What follows the announcement of a close is of no interest. */
  private stray(reply: Reply.Reply): void {
    if (this.failure !== undefined) return
    if (this.secure !== undefined) return this.spoil(Spoiled.withoutTls(Spoiled.injected))
    const { observer } = this.options
    const announced = this.closing
    const unasked = Spoiled.unasked(reply)
    if (Reply.isClosing(reply)) this.closing = true
    if (!announced) {
      const idle = this.resume === undefined ? this.arrivedAt - this.restedAt : 0
      observer.onReply("idle", reply, idle, this.arrivedAt)
      observer.onUnasked(unasked("idle", []), this.arrivedAt)
    }
    // A write that is not answered ends with it.
    if (this.resume !== undefined && this.replies.steps.length === 0) this.fail(unasked)
    else this.spoil(unasked)
  }

  private complete(): void {
    const resume = this.resume!
    const { replies, secure } = this
    replies.close()
    if (secure !== undefined && (replies.count === 0 || Reply.isPositive(replies.all[0]!))) {
      return this.handshake(secure)
    }
    this.resume = undefined
    this.replies.end()
    this.deadline = Number.POSITIVE_INFINITY
    if (this.script === undefined) resume(this.answered)
    else this.proceed(this.script, resume, this.arrivedAt)
  }

  /**
   * Gives the script its replies, and begins the exchange that it wants next. That one counts from the arrival of the
   * replies: another look at the clock would cost more than the few microseconds between.
   */
  private proceed(script: Script<unknown>, resume: Resume<unknown>, now: number): void {
    let turn: IteratorResult<Exchange, unknown>
    try {
      turn = script.next(this.replies.all)
    } catch (defect) {
      return resume(Exit.die(defect))
    }
    if (turn.done === true) return resume(Exit.succeed(turn.value))
    this.begin(turn.value, resume, now)
  }

  /** The conversation is over; who waits is told at which step. */
  private fail(failure: Spoiled.Spoiled): void {
    const resume = this.resume
    const step = this.awaited() ?? "other"
    this.spoil(failure)
    if (resume === undefined) return
    const { deadlines, observer } = this.options
    const error = failure(step, this.received())
    const now = deadlines.now()
    observer.onFailed(step, now - this.since, now)
    this.resume = undefined
    this.replies.end()
    this.end(false)
    this.transport.close("reset")
    resume(Exit.fail(error))
  }

  private spoil(failure: Spoiled.Spoiled): void {
    this.failure = failure
    this.outgoing.stop()
    this.deadline = Number.POSITIVE_INFINITY
    this.options.deadlines.remove(this)
  }

  received(): ReadonlyArray<Reply.Reply> {
    return this.resume === undefined ? [] : this.replies.copy()
  }
}

/** The step that fails when nothing could be written: the message's content was not handed over. */
const beginning = ({ steps: [first = "other"] }: Exchange): Step => (first === "final" ? "content" : first)
