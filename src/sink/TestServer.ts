/**
 * The sink in memory, for tests: a server without a network that does what it is told, in the time of Effect's Clock.
 *
 * Under TestClock the whole run stands still between two moments, so that a test can say when each command was sent. What
 * the server does is the sink's dialogue; a script delays its replies, changes them, breaks them off, or ends connections.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { Conversation, type Transport } from "../smtp/Conversation.js"
import { ConnectFailed } from "../smtp/SmtpError.js"
import { type ConnectOptions, Connector, type Wire } from "../smtp/Wire.js"
import type { SinkCounts } from "./SinkCounts.js"
import type { Answer, SinkConfig, SinkEvent, Stage } from "./SinkOptions.js"
import * as SmtpSink from "./SmtpSink.js"

/**
 * Something that the server is about to answer, or a content that it is about to read.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerEvent extends Omit<SinkEvent, "stage"> {
  readonly stage: Stage | "content"
}

/**
 * What the server does. All that is left out is as usual.
 *
 * For `content`, `after` is how long it takes to read it; with `say` or `end` it does that instead of reading it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour {
  /** How long it thinks first. Replies wait for the ones before them. */
  readonly after?: Duration.DurationInput | undefined
  /** The bytes to say, line ends included, one in each character; a list arrives piece by piece; "" is silence. */
  readonly say?: string | ReadonlyArray<string> | undefined
  /** The time that each byte takes. */
  readonly drip?: Duration.DurationInput | undefined
  /** How the connection ends once that is said. */
  readonly end?: "close" | "reset" | undefined
}

/**
 * What the server does, and when: a function, or one behaviour for each stage.
 *
 * @since 0.1.0
 * @category models
 */
export type Script =
  | ((event: ServerEvent) => Behaviour | undefined)
  | { readonly [stage in ServerEvent["stage"]]?: Behaviour | undefined }

/**
 * How a connection is opened: after a while, or not at all, for the given reason.
 *
 * @since 0.1.0
 * @category models
 */
export interface Welcome {
  readonly after?: Duration.DurationInput | undefined
  /** An errno, such as ECONNREFUSED. */
  readonly refuse?: string | undefined
}

/**
 * What the server speaks, and what it is told to do.
 *
 * @since 0.1.0
 * @category models
 */
export interface TestServerOptions extends SinkConfig {
  /** How long the server thinks before each reply, unless the script says so. Default: no time. */
  readonly latency?: Duration.DurationInput | undefined
  readonly script?: Script | undefined
  /** Asked for each attempt to connect, counted from 1. */
  readonly connect?: ((attempt: number) => Welcome | undefined) | undefined
}

/**
 * A command, when it was sent; "." for the end of a content. Times are in milliseconds of the Clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Received {
  readonly time: number
  readonly session: number
  readonly line: string
}

/**
 * A message that the server accepted. `content` holds one byte in each character, without stuffed dots.
 *
 * @since 0.1.0
 * @category models
 */
export interface Accepted {
  readonly time: number
  readonly session: number
  readonly sender: string
  readonly recipients: ReadonlyArray<string>
  readonly content: string
}

/**
 * A connection: when it was opened, and how it ended, if it has.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerSession {
  readonly session: number
  readonly openedAt: number
  readonly end?: {
    readonly time: number
    readonly by: "client" | "server"
    readonly how: "close" | "reset"
  }
}

/**
 * What the server has seen. The lists grow while it runs.
 *
 * @since 0.1.0
 * @category services
 */
export class TestServer extends Context.Tag("smtp-source/TestServer")<
  TestServer,
  {
    readonly log: ReadonlyArray<Received>
    readonly accepted: ReadonlyArray<Accepted>
    readonly sessions: ReadonlyArray<ServerSession>
    readonly counts: Effect.Effect<SinkCounts>
  }
>() {}

/**
 * Provides a server, and the `Connector` whose every target is this server.
 *
 * @example
 * import * as FileSystem from "@effect/platform/FileSystem"
 * import { assert, it } from "@effect/vitest"
 * import * as Effect from "effect/Effect"
 * import * as TestClock from "effect/TestClock"
 * import { Load, Plan } from "smtp-source"
 * import { TestServer } from "smtp-source/testing"
 *
 * it.effect("a pause separates the messages", () =>
 *   Effect.gen(function* () {
 *     const server = yield* TestServer.TestServer
 *     yield* Effect.fork(Load.run(Plan.make({ messages: 2, delay: 2 })))
 *     yield* TestClock.adjust("1999 millis")
 *     assert.strictEqual(server.accepted.length, 1)
 *     yield* TestClock.adjust("1 millis")
 *     assert.strictEqual(server.accepted.length, 2)
 *   }).pipe(Effect.provide([TestServer.layer(), FileSystem.layerNoop({})]))
 * )
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: TestServerOptions = {}): Layer.Layer<TestServer | Connector> =>
  Layer.scopedContext(
    Effect.map(Effect.scope, (scope) => {
      const server = new Server(options, scope)
      return Context.make(TestServer, server).pipe(
        Context.add(Connector, { connect: (_, connectOptions) => server.connect(connectOptions) })
      )
    })
  )

/**
 * Says this instead, on a line of its own.
 *
 * @since 0.1.0
 * @category behaviours
 */
export const reply = (line: string): Behaviour => ({ say: `${line}\r\n` })

/**
 * Says nothing, and goes on.
 *
 * @since 0.1.0
 * @category behaviours
 */
export const silence: Behaviour = { say: "" }

/**
 * Closes the connection without a word.
 *
 * @since 0.1.0
 * @category behaviours
 */
export const close: Behaviour = { say: "", end: "close" }

/**
 * Resets the connection without a word.
 *
 * @since 0.1.0
 * @category behaviours
 */
export const reset: Behaviour = { say: "", end: "reset" }

/** Who connects takes some turns before it waits for the greeting, which no reply may precede. */
const turnsToGreeting = 16

/** What is kept of a message unless the options say otherwise. */
const maxMessageSize = 67_108_864

class Server {
  readonly log: Array<Received> = []
  readonly accepted: Array<Accepted> = []
  readonly sessions: Array<ServerSession> = []
  readonly counts: Effect.Effect<SinkCounts>
  readonly latency: Duration.DurationInput
  private readonly sink: SmtpSink.SmtpSink
  /** The connection whose bytes are being taken. */
  private current: Connection | undefined
  private attempts = 0

  constructor(
    private readonly options: TestServerOptions,
    private readonly scope: Scope.Scope
  ) {
    this.latency = options.latency ?? Duration.zero
    this.sink = SmtpSink.make({
      maxMessageSize,
      ...options,
      respond: (event) => this.current?.respond(event),
      onMessage: (message) => {
        const { recipients, sender, session } = message
        const content = Buffer.from(message.content).toString("latin1")
        this.accepted.push({ time: this.current?.time() ?? 0, session, sender, recipients, content })
      }
    })
    this.counts = Effect.sync(this.sink.counts)
  }

  connect(options: ConnectOptions): Effect.Effect<Wire, ConnectFailed> {
    return Effect.gen(this, function* () {
      const welcome = this.options.connect?.(++this.attempts)
      const wait = Duration.toMillis(welcome?.after ?? 0)
      if (wait > 0) yield* Effect.sleep(Math.min(wait, options.timeout))
      const code = wait > options.timeout ? "ETIMEDOUT" : welcome?.refuse
      if (code !== undefined) return yield* new ConnectFailed({ code, reason: code, local: false })
      return yield* Effect.uninterruptible(this.open(options))
    })
  }

  private open(options: ConnectOptions): Effect.Effect<Wire> {
    return Effect.gen(this, function* () {
      const connection = new Connection(
        this,
        yield* Effect.clock,
        yield* Queue.unbounded<Effect.Effect<void>>(),
        options
      )
      // In the fiber that connects are the clock and the scheduler of whoever runs it.
      connection.fiber = yield* Effect.forkIn(Effect.interruptible(connection.work), this.scope)
      return connection.wire
    })
  }

  behaviour(event: ServerEvent): Behaviour | undefined {
    const { script } = this.options
    return typeof script === "function" ? script(event) : script?.[event.stage]
  }

  /** Does something with the sink on a connection's behalf. */
  during<A>(connection: Connection, use: (sink: SmtpSink.SmtpSink) => A): A {
    this.current = connection
    const result = use(this.sink)
    this.current = undefined
    return result
  }
}

/** The server's end of a connection. What it says and does takes its turn in a queue, in the order of the commands. */
class Connection {
  readonly wire: Conversation
  fiber: Fiber.RuntimeFiber<never> | undefined
  private readonly number: number
  private readonly session: SmtpSink.SinkSession
  private message = 1
  /** The last message whose end was logged: LMTP answers it more than once. */
  private logged = 0
  private ended = false

  constructor(
    private readonly server: Server,
    private readonly clock: Clock.Clock,
    private readonly queue: Queue.Queue<Effect.Effect<void>>,
    options: ConnectOptions
  ) {
    const transport: Transport = {
      write: (bytes, body) => this.write(bytes, body),
      close: (how) => this.end("client", how === "fin" ? "close" : "reset")
    }
    this.wire = new Conversation(transport, options)
    this.number = server.sessions.push({ session: server.sessions.length + 1, openedAt: this.time() })
    this.session = server.during(this, (sink) => sink.open())
    this.settle()
  }

  /** What is in the queue is done without a turn between: a reply and the close after it come together. */
  readonly work: Effect.Effect<never> = Effect.gen(this, function* () {
    yield* Effect.repeatN(Effect.yieldNow(), turnsToGreeting)
    while (true) yield* yield* Queue.take(this.queue)
  })

  time(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  /** The sink's question before each reply. */
  respond(event: SinkEvent): Answer {
    const { line, message, reply, stage } = event
    if (stage !== "greeting" && !(stage === "final" && message === this.logged)) {
      this.server.log.push({ time: this.time(), session: this.number, line })
    }
    if (stage === "final") this.logged = message
    this.message = message
    const behaviour = this.server.behaviour(event) ?? {}
    const pieces = piecesOf(behaviour.say ?? reply)
    this.queue.unsafeOffer(this.say(behaviour, behaviour.after ?? this.server.latency, pieces))
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

  private say(behaviour: Behaviour, after: Duration.DurationInput, pieces: ReadonlyArray<string>): Effect.Effect<void> {
    const [wait, drip] = [Duration.toMillis(after), Duration.toMillis(behaviour.drip ?? 0)]
    return Effect.gen(this, function* () {
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
    return Effect.map(this.say(behaviour, after, piecesOf(say ?? "")), () => {
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
  }
}

const piecesOf = (say: string | ReadonlyArray<string>): ReadonlyArray<string> =>
  (typeof say === "string" ? [say] : say).filter((piece) => piece !== "")
