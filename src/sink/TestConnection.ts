/**
 * The server's end of a connection in memory.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Queue from "effect/Queue"
import { Conversation, type Transport } from "../smtp/Conversation.js"
import type { ConnectOptions } from "../smtp/Wire.js"
import type { Behaviour, Received, ServerEvent, ServerSession } from "./ServerScript.js"
import type { ServiceModel } from "./ServiceModel.js"
import type { Answer, SinkEvent } from "./SinkOptions.js"
import type * as SmtpSink from "./SmtpSink.js"

/**
 * What the connections of a server share.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectionHost {
  readonly log: Array<Received>
  readonly sessions: Array<ServerSession>
  readonly behaviour: (event: ServerEvent) => Behaviour | undefined
  /** Does something with the sink on a connection's behalf. */
  readonly during: <A>(connection: TestConnection, use: (sink: SmtpSink.SmtpSink) => A) => A
  /** What a connection waits for before it is served; undefined where it is one too many. */
  readonly admit: (connection: TestConnection) => Effect.Effect<void> | undefined
  /** The connection has ended, whatever became of it. */
  readonly release: (connection: TestConnection) => void
}

/** Who connects takes some turns before it waits for the greeting, which no reply may precede. */
const turnsToGreeting = 16

/**
 * The server's end of a connection. What it says and does takes its turn in a queue, in the order of the commands.
 *
 * @since 0.1.0
 * @category models
 */
export class TestConnection {
  readonly wire: Conversation
  fiber: Fiber.RuntimeFiber<never> | undefined
  private readonly number: number
  private readonly session: SmtpSink.SinkSession
  private message = 1
  /** The last message whose end was logged: LMTP answers it more than once. */
  private logged = 0
  private ended = false
  private readonly admission: Effect.Effect<void> | undefined

  constructor(
    private readonly server: ConnectionHost,
    private readonly clock: Clock.Clock,
    private readonly model: ServiceModel,
    private readonly queue: Queue.Queue<Effect.Effect<void>>,
    options: ConnectOptions
  ) {
    const transport: Transport = {
      write: (bytes, body) => this.write(bytes, body),
      close: (how) => this.end("client", how === "fin" ? "close" : "reset")
    }
    this.wire = new Conversation(transport, options)
    this.number = server.sessions.push({ session: server.sessions.length + 1, openedAt: this.time() })
    this.admission = server.admit(this)
    this.session = server.during(this, (sink) => (this.admission === undefined ? this.turnedAway(sink) : sink.open()))
    this.settle()
  }

  private turnedAway(sink: SmtpSink.SmtpSink): SmtpSink.SinkSession {
    const busy = Buffer.from(sink.busy).toString("latin1")
    this.queue.unsafeOffer(this.say({}, (now) => this.model.after(now, 0), [busy]))
    return { greeting: undefined, verdict: "close", inContent: false, push: () => undefined, expire: () => undefined }
  }

  /** What is in the queue is done without a turn between: a reply and the close after it come together. */
  readonly work: Effect.Effect<never> = Effect.gen(this, function* () {
    yield* Effect.repeatN(Effect.yieldNow(), turnsToGreeting)
    if (this.admission !== undefined) yield* this.admission
    while (true) yield* yield* Queue.take(this.queue)
  })

  time(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  /** The sink's question before each reply. */
  respond(event: SinkEvent): Answer {
    const { line, message, reply, stage } = event
    const again = stage === "final" && message === this.logged
    if (stage !== "greeting" && !again) {
      this.server.log.push({ time: this.time(), session: this.number, line })
    }
    if (stage === "final") this.logged = message
    this.message = message
    const behaviour = this.server.behaviour(event) ?? {}
    const pieces = piecesOf(behaviour.say ?? reply)
    const { after } = behaviour
    this.queue.unsafeOffer(
      this.say(
        behaviour,
        // A message is served once, however many answers LMTP has for it.
        (now) =>
          after !== undefined || again
            ? this.model.after(now, Duration.toMillis(after ?? 0))
            : this.model.readyAt(stage, now),
        pieces
      )
    )
    return { reply: pieces.join(""), end: behaviour.end }
  }

  private write(bytes: string, body: Uint8Array | undefined): boolean {
    if (this.ended) return true
    if (this.session.inContent) {
      const { message, number } = this
      const behaviour = this.server.behaviour({ stage: "content", session: number, message, line: "", reply: "" })
      if (behaviour !== undefined) {
        this.queue.unsafeOffer(this.read(behaviour, bytes, body))
        return false
      }
    }
    this.take(bytes, body)
    return true
  }

  private take(bytes: string, body: Uint8Array | undefined): void {
    this.server.during(this, () => {
      this.session.push(Buffer.from(bytes, "latin1"))
      if (body !== undefined) this.session.push(body)
    })
    this.settle()
  }

  /** Ends the connection after what is still to be said, if the sink has ended the session. */
  private settle(): void {
    const { verdict } = this.session
    if (verdict === "open") return
    this.queue.unsafeOffer(Effect.sync(() => this.end("server", verdict === "reset" ? "reset" : "close")))
  }

  private say(
    behaviour: Behaviour,
    readyAt: (now: number) => number,
    pieces: ReadonlyArray<string>
  ): Effect.Effect<void> {
    const drip = Duration.toMillis(behaviour.drip ?? 0)
    return Effect.gen(this, function* () {
      const now = this.time()
      const wait = readyAt(now) - now
      if (wait > 0) yield* Effect.sleep(wait)
      for (const piece of drip > 0 ? pieces.join("") : pieces) {
        if (drip > 0) yield* Effect.sleep(drip)
        this.wire.receive(Buffer.from(piece, "latin1"), 0, piece.length)
      }
    })
  }

  /** Reads a content, or does something else. */
  private read(behaviour: Behaviour, bytes: string, body: Uint8Array | undefined): Effect.Effect<void> {
    const { after = 0, end, say } = behaviour
    const readyAt = (now: number) => this.model.after(now, Duration.toMillis(after))
    return Effect.map(this.say(behaviour, readyAt, piecesOf(say ?? "")), () => {
      if (end !== undefined) this.end("server", end)
      else if (say === undefined) {
        this.wire.flushed()
        this.take(bytes, body)
      }
    })
  }

  private end(by: "client" | "server", how: "close" | "reset"): void {
    if (this.ended) return
    this.ended = true
    const { number, server } = this
    server.sessions[number - 1] = { ...server.sessions[number - 1]!, end: { time: this.time(), by, how } }
    if (by === "server") this.wire.ended(how === "close" ? "closed" : "reset")
    this.fiber?.unsafeInterruptAsFork(FiberId.none)
    server.release(this)
  }
}

const piecesOf = (say: string | ReadonlyArray<string>): ReadonlyArray<string> =>
  (typeof say === "string" ? [say] : say).filter((piece) => piece !== "")
