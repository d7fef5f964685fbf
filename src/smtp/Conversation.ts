/**
 * The protocol's side of an open connection: which replies are awaited, since when, and who is told. It feeds on bytes
 * and writes through a `Transport`, so that every kind of connection shares it.
 *
 * A reply that nobody asked for never answers the next command: it spoils the conversation.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Capabilities from "./Capabilities.js"
import { Outgoing, type WriteListener } from "./Outgoing.js"
import * as Reply from "./Reply.js"
import * as ReplyParser from "./ReplyParser.js"
import {
  ConnectionLost,
  ReplyMalformed,
  ReplyTimeout,
  type Step,
  TlsFailed,
  WireBusy,
  type WireError
} from "./SmtpError.js"
import type { TlsProblem, TlsSession, TlsSettings } from "./Tls.js"
import type { Transport } from "./Transport.js"
import type { Chunks, ConnectOptions, Exchange, Expiring, Script, Wire, WireState } from "./Wire.js"

/** The longest wait for the reply to QUIT, in milliseconds: nothing depends on it. */
const quitTimeout = 5000

/** The same, of a server that has left QUIT without an answer before. */
const quitTimeoutOfTheSilent = 100

/**
 * The characters kept of the replies of one exchange beyond which each is cut to `shortReply`: a server is owed thousands of
 * replies at times, and may make each as long as a reply can be.
 */
const mostText = 1_048_576
const shortReply = 512

type Resume<A> = (result: Effect.Effect<A, WireError>) => void

const nothing: ReadonlyArray<Step> = []
const nothingYet: ReadonlyArray<Reply.Reply> = []

/**
 * A wire over a transport. Whoever owns the transport feeds it: `receive`, `ended`, `progressed`, `flushed`.
 *
 * @since 0.1.0
 * @category models
 */
export class Conversation implements Wire, Expiring, WriteListener {
  capabilities: Capabilities.Capabilities = Capabilities.none
  deadline = Number.POSITIVE_INFINITY
  arrivedAt = 0
  private parser = ReplyParser.make()
  private readonly replies: Array<Reply.Reply> = []
  /** How many of `replies` are of this exchange: to shorten an array costs more than to overwrite it. */
  private count = 0
  /** How many more characters of this exchange's replies are kept, where they are long. */
  private room = mostText
  private readonly answered = Exit.succeed<ReadonlyArray<Reply.Reply>>(this.replies)
  private steps: ReadonlyArray<Step> = nothing
  private resume: Resume<unknown> | undefined = undefined
  private script: Script<unknown> | undefined = undefined
  private since = 0
  /** How long a reply is waited for. */
  private patience = 0
  private readonly outgoing: Outgoing
  /** The message's content is not known to be handed over. */
  private contentDue = false
  /** The chunks that are being sent. */
  private chunks: Chunks | undefined = undefined
  /** How TLS is begun after this exchange, if it is. */
  private secure: TlsSettings | undefined = undefined
  private tls: TlsSession | undefined = undefined
  /** Hides what was sent in confidence from those who are told of replies. */
  private mask: ((text: string) => string) | undefined = undefined
  private closing = false
  /** We have closed it. */
  private closed = false
  private failure: ((step: Step) => WireError) | undefined = undefined
  /** A greeting may come before anybody waits for it. */
  private greeting: Reply.Reply | undefined = undefined
  private begun = false
  private readonly openedAt: number
  /** When something arrived before that which arrived last: since then nothing was awaited, where it was not asked for. */
  private restedAt: number
  /** Whether it is known who ended the connection. */
  private over = false
  /** QUIT was sent: the end is our doing, whoever closes first. */
  private parting = false

  constructor(
    private readonly transport: Transport,
    private readonly options: ConnectOptions
  ) {
    const { deadlines, observer } = options
    this.outgoing = new Outgoing(transport, options, this)
    deadlines.add(this)
    this.openedAt = deadlines.now()
    this.arrivedAt = this.openedAt
    this.restedAt = this.openedAt
    observer.opened++
  }

  exchange(
    steps: ReadonlyArray<Step>,
    bytes: string,
    body?: Uint8Array | undefined
  ): Effect.Effect<ReadonlyArray<Reply.Reply>, WireError> {
    return Effect.async((resume) => {
      if (this.resume !== undefined) return void resume(this.busy(beginning(steps)))
      this.script = undefined
      this.begin({ steps, bytes, body }, resume as Resume<unknown>, this.options.deadlines.now())
      return this.interrupted
    })
  }

  startTls(settings: TlsSettings): Effect.Effect<TlsSession, WireError> {
    return Effect.async((resume) => {
      if (this.resume !== undefined) return void resume(this.busy("tls"))
      this.script = undefined
      const done = (result: Effect.Effect<unknown, WireError>) => resume(Effect.map(result, () => this.tls!))
      this.begin({ steps: nothing, bytes: "", secure: settings }, done, this.options.deadlines.now())
      return this.interrupted
    })
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
      this.proceed(running as Script<unknown>, nothingYet, resume as Resume<unknown>, this.options.deadlines.now())
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
    const step = this.steps[this.count]
    return step === "final" && this.outgoing.holdsDot ? "content" : step
  }

  close(how: "reset" | "fin"): void {
    this.end(this.closing)
    this.closed = true
    if (this.failure === undefined) this.spoil((step) => new ConnectionLost({ step, how: "interrupted", replies: [] }))
    this.steps = nothing
    this.resume = undefined
    this.transport.close(how)
  }

  private begin(
    { body, bytes, chunks, contentLength, secret, secure, steps }: Exchange,
    resume: Resume<unknown>,
    now: number
  ): void {
    const { deadlines, observer, parting, timeout } = this.options
    if (this.failure !== undefined) return resume(Exit.fail(this.failure(beginning(steps))))
    this.steps = steps
    this.count = 0
    this.room = mostText
    this.resume = resume
    this.secure = secure
    this.chunks = chunks
    if (secret === undefined) this.since = now
    else {
      this.mask = secret.mask
      if (!secret.continues) this.since = now
    }
    this.parting = steps[0] === "quit"
    this.patience = this.parting ? Math.min(timeout, parting?.patience ?? quitTimeout) : timeout
    this.deadline = now + this.patience
    if (this.deadline < deadlines.wakesAt) deadlines.wake(this.deadline)
    if (!this.begun && steps.length > 0) {
      this.begun = true
      const greeting = this.greeting
      if (greeting !== undefined) {
        this.arrivedAt = now
        if (steps[0] !== "greeting") return this.fail(this.malformed(`${greeting.code} before any command`))
        this.onReply(greeting)
        if (steps.length === 1) return this.complete()
      }
    }
    if (bytes === "" && body === undefined) return steps.length === 0 ? this.complete() : undefined
    observer.bytesOut += bytes.length + (body === undefined ? 0 : body.length)
    if (chunks !== undefined) {
      observer.onTrace?.("sent", chunks.shown())
      chunks.isBegun = true
      this.contentDue = true
      return this.outgoing.content(bytes, body, undefined, false)
    }
    if (steps[0] !== "final") {
      observer.onTrace?.("sent", secret === undefined ? bytes : secret.shown)
      return this.outgoing.commands(bytes, body)
    }
    // What is written after the final dot is not answered yet, and is a part of the dialogue all the same.
    observer.onTrace?.("sent", contentLength === undefined ? ".\r\n" : `.\r\n${bytes.slice(contentLength)}`)
    this.contentDue = true
    this.outgoing.content(bytes, body, contentLength, steps[steps.length - 1] !== "final")
  }

  /** Part of what is being written was taken: the server is slow, and alive. */
  progressed(): void {
    this.onTaken()
  }

  /** All of a write that the transport did not take at once has been handed over. */
  flushed(): void {
    this.outgoing.flushed()
  }

  onTaken(): void {
    if (this.outgoing.busy && this.resume !== undefined) this.deadline = this.options.deadlines.now() + this.patience
  }

  onContentTaken(): void {
    if (!this.contentDue) return
    this.contentDue = false
    const { deadlines, observer } = this.options
    const now = deadlines.now()
    if (this.chunks === undefined) observer.onContent(now - this.since, now)
    else {
      this.chunks.isWhole = true
      for (let content = 0; content < this.chunks.contents; content++) observer.onContent(now - this.since, now)
    }
    this.since = now
    this.deadline = now + this.patience
  }

  onFlushed(): void {
    if (this.contentDue) this.onContentTaken()
    else if (this.steps.length === 0 && this.resume !== undefined) this.complete()
  }

  /** Bytes `start` to `end` of `chunk` arrived; the chunk may be reused afterwards. */
  receive(chunk: Uint8Array, start: number, end: number): void {
    if (this.failure !== undefined) return
    // A transport without cryptography lets through what TLS would refuse.
    if (this.steps === handshake) return this.ended(greeted)
    this.restedAt = this.arrivedAt
    this.arrivedAt = this.options.deadlines.now()
    this.options.observer.bytesIn += end - start
    const sound = this.parser.push(chunk, start, end, this.onReply)
    const complete = this.resume !== undefined && this.count > 0 && (this.count === this.steps.length || this.closing)
    if (!sound) {
      // What came before it answers what was asked.
      if (complete) this.spoil(this.malformed("the reply has no end"))
      else this.fail(this.malformed("the reply has no end"))
    }
    if (complete) this.complete()
  }

  /**
   * The exchange before TLS is over. What the server has said beyond its reply, whole or in part, was not said under TLS,
   * and must never be taken for it (CVE-2011-0411 and its like).
   */
  private handshake(settings: TlsSettings): void {
    const { deadlines, timeout } = this.options
    this.secure = undefined
    this.steps = handshake
    this.count = 0
    if (this.failure !== undefined || this.parser.isInside() || (!this.begun && this.greeting !== undefined)) {
      const problem = this.begun ? injected : greeted
      return this.fail((step) => new TlsFailed({ ...problem, step, replies: [] }))
    }
    this.since = deadlines.now()
    this.patience = timeout
    this.deadline = this.since + timeout
    if (this.deadline < deadlines.wakesAt) deadlines.wake(this.deadline)
    this.transport.secure(settings)
  }

  /** TLS stands. What the server said before is forgotten, but for the reply that allowed it. */
  secured(session: TlsSession): void {
    if (this.steps !== handshake || this.failure !== undefined) return
    const { deadlines, observer } = this.options
    const now = deadlines.now()
    this.parser = ReplyParser.make()
    this.tls = session
    this.capabilities = Capabilities.none
    this.arrivedAt = now
    observer.onSecured(session, now - this.since, now)
    this.count = this.replies.length
    this.complete()
  }

  /** The connection is gone: it was closed, or TLS has failed. */
  ended(how: "closed" | "reset" | TlsProblem): void {
    this.end(true)
    if (this.failure !== undefined) return
    const isLost = typeof how === "string"
    this.fail((step) => {
      const replies = this.received()
      if (isLost) return new ConnectionLost({ step, how, replies })
      const problem = how.kind === "plain" && !this.begun ? { ...how, reason: greeted.reason } : how
      return new TlsFailed({ ...problem, step, replies })
    })
  }

  private end(byServer: boolean): void {
    if (this.over) return
    this.over = true
    const { deadlines, observer } = this.options
    const theirs = byServer && !this.parting
    if (theirs) observer.closedByServer++
    else observer.closedByUs++
    const now = deadlines.now()
    observer.onClosed(theirs, now - this.openedAt, now)
  }

  expire(): void {
    const { patience } = this
    const { parting } = this.options
    if (this.parting && parting !== undefined) parting.patience = quitTimeoutOfTheSilent
    this.fail((step) => new ReplyTimeout({ step, waited: patience, replies: this.received() }))
  }

  private readonly onReply = (received: Reply.Reply): void => {
    const told = this.mask === undefined ? received : this.masked(received)
    const reply = told.text.length > shortReply ? this.cut(told) : told
    const { observer } = this.options
    if (!this.begun && this.greeting === undefined) {
      this.greeting = reply
      return
    }
    observer.onTrace?.("received", `${reply.code} ${reply.text}`)
    if (this.resume === undefined || this.count === this.steps.length || this.closing) return this.stray(reply)
    const step = this.steps[this.count]!
    if (this.contentDue && this.endsContent(step)) {
      if (this.outgoing.holdsDot) {
        // The server refuses what it has not read to the end, and that ends the matter; any other answer is a lie.
        if (!Reply.isRefusal(reply)) return this.fail(this.malformed(`${reply.code} before the end of the message`))
        // It is for the whole message, and so for all who are owed an answer (LMTP).
        this.closing = true
        while (this.steps[this.count + 1] === "final") this.replies[this.count++] = reply
      } else {
        // The dot has gone, and some of the commands that ride with it wait for the socket.
        observer.onContent(this.arrivedAt - this.since, this.arrivedAt)
      }
      this.contentDue = false
    }
    if (Reply.isGoAhead(reply) && step !== "data" && this.steps[this.steps.length - 1] === "data") {
      return this.fail(this.shifted(reply, step))
    }
    if (Reply.isClosing(reply)) this.closing = true
    // A challenge is for who answers it, and for nobody else.
    this.replies[this.count++] = step === "auth" && reply.code === 334 ? received : reply
    if (this.steps.length > 1) this.deadline = this.arrivedAt + this.patience
    observer.onReply(step, reply, this.arrivedAt - this.since, this.arrivedAt)
    if (this.parting && this.options.parting !== undefined) this.options.parting.patience = quitTimeout
  }

  /** Whether the reply to this step, which comes now, is one to the last of the content. */
  private endsContent(step: Step): boolean {
    const { chunks, count, steps } = this
    return chunks === undefined || steps[0] === "final" ? step === "final" : count === steps.length - 1
  }

  /**
   * The reply to DATA stands where another was due: one before it is missing. Nobody knows which, so none of the group
   * answers anything.
   */
  private shifted(reply: Reply.Reply, step: Step): (step: Step) => WireError {
    this.count = 0
    return this.malformed(`${reply.code} in place of the reply to ${step}: a reply before it is missing`)
  }

  private masked(reply: Reply.Reply): Reply.Reply {
    const text = this.mask!(reply.text)
    return text === reply.text ? reply : { ...reply, text }
  }

  private cut(reply: Reply.Reply): Reply.Reply {
    this.room -= reply.text.length
    return this.room > 0 ? reply : Reply.shortened(reply, shortReply)
  }

  /**
   * A reply that nobody asked for. A 421 on its own announces a close, and what follows one is of no interest; any other
   * reply makes the rest meaningless.
   */
  private stray(reply: Reply.Reply): void {
    if (this.failure !== undefined) return
    if (this.secure !== undefined) return this.spoil((step) => new TlsFailed({ ...injected, step, replies: [] }))
    const { observer } = this.options
    const announced = this.closing
    const closes = Reply.isClosing(reply)
    if (closes) this.closing = true
    const unasked = (step: Step, replies: ReadonlyArray<Reply.Reply>) =>
      closes
        ? new ConnectionLost({ step, how: "closed", reply, replies })
        : new ReplyMalformed({
            step,
            reason: `${reply.code} ${reply.text.slice(0, 200)}, which was not asked for`,
            replies
          })
    if (!announced) {
      const idle = this.resume === undefined ? this.arrivedAt - this.restedAt : 0
      observer.onReply("idle", reply, idle, this.arrivedAt)
      observer.onUnasked(unasked("idle", []), this.arrivedAt)
    }
    // A write that is not answered ends with it.
    if (this.resume !== undefined && this.steps.length === 0) this.fail((step) => unasked(step, []))
    else this.spoil((step) => unasked(step, this.received()))
  }

  private complete(): void {
    const resume = this.resume!
    if (this.replies.length !== this.count) this.replies.length = this.count
    const { secure } = this
    if (secure !== undefined && (this.count === 0 || Reply.isPositive(this.replies[0]!))) return this.handshake(secure)
    this.resume = undefined
    this.steps = nothing
    this.deadline = Number.POSITIVE_INFINITY
    if (this.script === undefined) resume(this.answered)
    else this.proceed(this.script, this.replies, resume, this.arrivedAt)
  }

  /**
   * Gives the script its replies, and begins the exchange that it wants next. That one counts from the arrival of the
   * replies: another look at the clock would cost more than the few microseconds between.
   */
  private proceed(
    script: Script<unknown>,
    replies: ReadonlyArray<Reply.Reply>,
    resume: Resume<unknown>,
    now: number
  ): void {
    let turn: IteratorResult<Exchange, unknown>
    try {
      turn = script.next(replies)
    } catch (defect) {
      return resume(Exit.die(defect))
    }
    if (turn.done === true) return resume(Exit.succeed(turn.value))
    this.begin(turn.value, resume, now)
  }

  /** The conversation is over; who waits is told at which step. */
  private fail(failure: (step: Step) => WireError): void {
    const resume = this.resume
    const step = this.awaited() ?? "other"
    this.spoil(failure)
    if (resume === undefined) return
    const { deadlines, observer } = this.options
    const error = failure(step)
    const now = deadlines.now()
    observer.onFailed(step, now - this.since, now)
    this.resume = undefined
    this.steps = nothing
    this.end(false)
    this.transport.close("reset")
    resume(Exit.fail(error))
  }

  private spoil(failure: (step: Step) => WireError): void {
    this.failure = failure
    this.outgoing.stop()
    this.deadline = Number.POSITIVE_INFINITY
    this.options.deadlines.remove(this)
  }

  private malformed(reason: string): (step: Step) => WireError {
    return (step) => new ReplyMalformed({ step, reason, replies: this.received() })
  }

  received(): ReadonlyArray<Reply.Reply> {
    return this.resume === undefined ? [] : this.replies.slice(0, this.count)
  }
}

/** Of the handshake; while these are the steps, no byte is a reply's. */
const handshake: ReadonlyArray<Step> = ["tls"]

const injected: TlsProblem = {
  kind: "injection",
  code: "EINJECTION",
  reason: "the server sent plain text after its reply to STARTTLS, which would have been taken for TLS"
}

const greeted: TlsProblem = {
  kind: "plain",
  code: "EPLAIN",
  reason: "the server does not speak TLS from the first byte: try --tls starttls"
}

/** The step that fails when nothing could be written: the message's content was not handed over. */
const beginning = (steps: ReadonlyArray<Step>): Step => (steps[0] === "final" ? "content" : (steps[0] ?? "other"))
