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
import { Pacing } from "./Pacing.js"
import * as Reply from "./Reply.js"
import * as ReplyParser from "./ReplyParser.js"
import { ConnectionLost, ReplyMalformed, ReplyTimeout, type Step, type WireError } from "./SmtpError.js"
import type { ConnectOptions, Exchange, Expiring, Script, Wire } from "./Wire.js"

/**
 * What moves the bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transport {
  /**
   * Writes `bytes` (one byte in each character) and then `body`. True when all of it was handed over at once; otherwise
   * `Conversation.progressed` is called as it goes and `Conversation.flushed` at the end.
   */
  readonly write: (bytes: string, body: Uint8Array | undefined) => boolean
  readonly close: (how: "reset" | "fin") => void
}

/** The longest wait for the reply to QUIT, in milliseconds: nothing depends on it. */
const quitTimeout = 5000

/** A write that was taken within a millisecond did not wait: so long it may take to hear of it. */
const queueing = 1

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
export class Conversation implements Wire, Expiring {
  deadline = Number.POSITIVE_INFINITY
  arrivedAt = 0
  private readonly parser = ReplyParser.make()
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
  private writing = false
  private readonly pacing: Pacing | undefined = undefined
  /** Since when what is being written waits for the socket; -1 where it does not. */
  private queuedAt = -1
  private closing = false
  private failure: ((step: Step) => WireError) | undefined = undefined
  /** A greeting may come before anybody waits for it. */
  private greeting: Reply.Reply | undefined = undefined
  private begun = false
  private readonly openedAt: number
  /** Whether it is known who ended the connection. */
  private over = false
  /** QUIT was sent: the end is our doing, whoever closes first. */
  private parting = false

  constructor(
    private readonly transport: Transport,
    private readonly options: ConnectOptions
  ) {
    const { bytesPerSecond, deadlines, observer } = options
    if (bytesPerSecond !== undefined) {
      const write = (bytes: string, body: Uint8Array | undefined) => transport.write(bytes, body)
      const progressed = () => this.moveDeadline()
      this.pacing = new Pacing(bytesPerSecond, deadlines, write, progressed, () => this.handedOver())
    }
    deadlines.add(this)
    this.openedAt = deadlines.now()
    observer.opened++
  }

  exchange(
    steps: ReadonlyArray<Step>,
    bytes: string,
    body?: Uint8Array | undefined
  ): Effect.Effect<ReadonlyArray<Reply.Reply>, WireError> {
    return Effect.async((resume) => {
      this.script = undefined
      this.begin(steps, bytes, body, resume as Resume<unknown>, this.options.deadlines.now())
    })
  }

  converse<A>(script: () => Script<A>): Effect.Effect<A, WireError> {
    return Effect.async((resume) => {
      const running = script()
      // The value that ends a script has the script's own type, which the field of a running one cannot name.
      this.script = running as Script<unknown>
      this.proceed(running as Script<unknown>, nothingYet, resume as Resume<unknown>, this.options.deadlines.now())
    })
  }

  state(): "open" | "closing" | "failed" {
    return this.closing ? "closing" : this.failure === undefined ? "open" : "failed"
  }

  awaited(): Step | undefined {
    const step = this.steps[this.count]
    return this.writing && step === "final" ? "content" : step
  }

  close(how: "reset" | "fin"): void {
    this.end(this.closing)
    this.closing = true
    if (this.failure === undefined) this.spoil((step) => new ConnectionLost({ step, how: "abandoned", replies: [] }))
    this.steps = nothing
    this.resume = undefined
    this.transport.close(how)
  }

  private begin(
    steps: ReadonlyArray<Step>,
    bytes: string,
    body: Uint8Array | undefined,
    resume: Resume<unknown>,
    now: number
  ): void {
    const { deadlines, observer, timeout } = this.options
    if (this.failure !== undefined) return resume(Exit.fail(this.failure(beginning(steps))))
    this.steps = steps
    this.count = 0
    this.room = mostText
    this.resume = resume
    this.since = now
    this.parting = steps[0] === "quit"
    this.deadline = this.since + (this.parting ? Math.min(timeout, quitTimeout) : timeout)
    if (this.deadline < deadlines.wakesAt) deadlines.wake(this.deadline)
    if (!this.begun) {
      this.begun = true
      const greeting = this.greeting
      if (greeting !== undefined) {
        this.arrivedAt = now
        if (steps[0] !== "greeting") return this.fail(this.malformed(`${greeting.code} before any command`))
        this.onReply(greeting)
        return this.complete()
      }
    }
    if (bytes === "" && body === undefined) return
    observer.bytesOut += bytes.length + (body === undefined ? 0 : body.length)
    observer.onTrace?.("sent", steps[0] === "final" ? ".\r\n" : bytes)
    this.writing = true
    if (this.pacing !== undefined && steps[0] === "final") this.pacing.start(bytes, body)
    else if (this.transport.write(bytes, body)) this.flushed()
    else this.queuedAt = now
  }

  /** Part of what is being written was taken: the server is slow, and alive. */
  progressed(): void {
    this.moveDeadline()
  }

  private moveDeadline(): void {
    if (this.writing) this.deadline = this.options.deadlines.now() + this.options.timeout
  }

  /** All that was written has been handed over. */
  flushed(): void {
    if (this.pacing?.isBusy() === true) this.pacing.taken()
    else this.handedOver()
  }

  private handedOver(): void {
    if (!this.writing) return
    this.writing = false
    if (this.queuedAt >= 0) this.queued()
    if (this.steps[this.count] !== "final") return
    const { deadlines, observer, timeout } = this.options
    const now = deadlines.now()
    observer.onContent(now - this.since, now)
    this.since = now
    this.deadline = now + timeout
  }

  /** A write was not taken at once: the server, or what lies before it, reads more slowly than we write. */
  private queued(): void {
    const { deadlines, observer } = this.options
    const waited = deadlines.now() - this.queuedAt
    this.queuedAt = -1
    if (waited >= queueing) observer.onQueued(waited)
  }

  /** Bytes `start` to `end` of `chunk` arrived; the chunk may be reused afterwards. */
  receive(chunk: Uint8Array, start: number, end: number): void {
    if (this.failure !== undefined) return
    this.arrivedAt = this.options.deadlines.now()
    this.options.observer.bytesIn += end - start
    if (!this.parser.push(chunk, start, end, this.onReply)) this.fail(this.malformed("the reply has no end"))
    else if (this.resume !== undefined && (this.count === this.steps.length || this.closing)) this.complete()
  }

  /** The connection is gone. */
  ended(how: "closed" | "reset"): void {
    this.end(true)
    if (this.failure !== undefined) return
    this.fail((step) => new ConnectionLost({ step, how, replies: this.received() }))
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
    this.fail((step) => new ReplyTimeout({ step, replies: this.received() }))
  }

  private readonly onReply = (received: Reply.Reply): void => {
    const reply = received.text.length > shortReply ? this.cut(received) : received
    const { observer } = this.options
    if (!this.begun && this.greeting === undefined) {
      this.greeting = reply
      return
    }
    observer.onTrace?.("received", `${reply.code} ${reply.text}`)
    if (this.resume === undefined || this.count === this.steps.length || this.closing) return this.stray(reply)
    const step = this.steps[this.count]!
    if (this.writing && step === "final") {
      // The server refuses what it has not read to the end, and that ends the matter; any other answer is a lie.
      if (!Reply.isRefusal(reply)) return this.fail(this.malformed(`${reply.code} before the end of the message`))
      // It is for the whole message, and so for all who are owed an answer (LMTP).
      this.closing = true
      while (this.steps[this.count + 1] === "final") this.replies[this.count++] = reply
    }
    if (Reply.isClosing(reply)) this.closing = true
    this.replies[this.count++] = reply
    if (this.steps.length > 1) this.deadline = this.arrivedAt + this.options.timeout
    observer.onReply(step, reply, this.arrivedAt - this.since, this.arrivedAt)
  }

  private cut(reply: Reply.Reply): Reply.Reply {
    this.room -= reply.text.length
    return this.room > 0 ? reply : Reply.shortened(reply, shortReply)
  }

  /** A 421 on its own announces a close; any other reply that was not asked for makes the rest meaningless. */
  private stray(reply: Reply.Reply): void {
    if (this.failure !== undefined) return
    if (Reply.isClosing(reply)) this.closing = true
    this.spoil(
      Reply.isClosing(reply)
        ? (step) => new ConnectionLost({ step, how: "closed", reply, replies: [] })
        : this.malformed(`${reply.code} ${reply.text.slice(0, 200)}, which was not asked for`)
    )
  }

  private complete(): void {
    const resume = this.resume!
    if (this.replies.length !== this.count) this.replies.length = this.count
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
    const { body, bytes, steps } = turn.value
    this.begin(steps, bytes, body, resume, now)
  }

  /** The conversation is over; who waits is told at which step. */
  private fail(failure: (step: Step) => WireError): void {
    const resume = this.resume
    const step = this.awaited()
    this.spoil(failure)
    if (resume === undefined || step === undefined) return
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
    this.pacing?.stop()
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

/** The step that fails when nothing could be written: the message's content was not handed over. */
const beginning = (steps: ReadonlyArray<Step>): Step => (steps[0] === "final" ? "content" : (steps[0] ?? "greeting"))
