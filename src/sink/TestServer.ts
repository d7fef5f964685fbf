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
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { ConnectFailed } from "../smtp/SmtpError.js"
import { type ConnectOptions, Connector, type Wire } from "../smtp/Wire.js"
import type * as Target from "../smtp/Target.js"
import type { SinkCounts } from "./SinkCounts.js"
import type { Accepted, Behaviour, Received, Script, ServerEvent, ServerSession, Welcome } from "./ServerScript.js"
import * as ServiceModel from "./ServiceModel.js"
import type { SinkConfig } from "./SinkOptions.js"
import * as SmtpSink from "./SmtpSink.js"
import { type ConnectionHost, TestConnection } from "./TestConnection.js"

export type { Accepted, Behaviour, Received, Script, ServerEvent, ServerSession, Welcome } from "./ServerScript.js"
export type { Capacity, Latency, Stall } from "./ServiceModel.js"

/**
 * How many connections the server serves at a time, and what becomes of those beyond: they are told 421 and closed (`busy`,
 * the default), or get their greeting when others have gone, in the order of coming (`wait`).
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectionLimit {
  readonly limit: number
  readonly beyond?: "busy" | "wait" | undefined
}

/**
 * What the server speaks, and what it is told to do.
 *
 * @since 0.1.0
 * @category models
 */
export interface TestServerOptions extends SinkConfig, ServiceModel.ServiceOptions {
  /** What a script says of a reply's time goes before `latency` and `capacity`. */
  readonly script?: Script | undefined
  readonly connections?: ConnectionLimit | undefined
  /** Asked for each attempt to connect, counted from 1. */
  readonly connect?: ((attempt: number) => Welcome | undefined) | undefined
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
 * Provides a server, and the `Connector` whose every target is this server. Plans need none.
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
 *
 * @example
 * import * as FileSystem from "@effect/platform/FileSystem"
 * import { assert, it } from "@effect/vitest"
 * import * as Effect from "effect/Effect"
 * import { Distribution, Load, Plan } from "smtp-source"
 * import { Simulation, TestServer } from "smtp-source/testing"
 *
 * // Two servers that take 5 to 15 ms for a message, a network that takes 30 ms, and a second in which nothing goes on.
 * const server = TestServer.layer({
 *   capacity: { servers: 2, service: Distribution.uniform("5 millis", "15 millis") },
 *   latency: "30 millis",
 *   stalls: [{ at: "10 seconds", lasts: "1 second" }]
 * })
 *
 * it.effect("twenty sessions are enough for 140 messages a second", () =>
 *   Effect.gen(function* () {
 *     const { elapsed } = yield* Load.run(Plan.make({ messages: 6000, sessions: 20, reuse: true }))
 *     assert.isBelow(elapsed, 6000 / 140 * 1000)
 *   }).pipe(Effect.provide([server, FileSystem.layerNoop({})]), (load) => Simulation.run(load))
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
        Context.add(Connector, { connect: (_, connectOptions) => server.connect(connectOptions), target: memory })
      )
    })
  )

/** The name that plans without a target need not give. */
const memory: Target.Target = { _tag: "Inet", host: "server.in.memory", port: 25 }

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

/** What is kept of a message unless the options say otherwise. */
const maxMessageSize = 67_108_864

class Server implements ConnectionHost {
  readonly log: Array<Received> = []
  readonly accepted: Array<Accepted> = []
  readonly sessions: Array<ServerSession> = []
  readonly counts: Effect.Effect<SinkCounts>
  private readonly sink: SmtpSink.SmtpSink
  /** The connection whose bytes are being taken. */
  private current: TestConnection | undefined
  private attempts = 0
  private model: ServiceModel.ServiceModel | undefined
  private readonly serving = new Set<TestConnection>()
  private readonly waiting = new Map<TestConnection, Deferred.Deferred<void>>()

  constructor(
    private readonly options: TestServerOptions,
    private readonly scope: Scope.Scope
  ) {
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
      const clock = yield* Effect.clock
      this.model ??= ServiceModel.make(this.options, clock.unsafeCurrentTimeMillis())
      const welcome = this.options.connect?.(++this.attempts)
      const wait = Duration.toMillis(welcome?.after ?? 0)
      if (wait > 0) yield* Effect.sleep(Math.min(wait, options.timeout))
      const code = wait > options.timeout ? "ETIMEDOUT" : welcome?.refuse
      if (code !== undefined) return yield* new ConnectFailed({ code, reason: code, local: false })
      return yield* Effect.uninterruptible(this.open(clock, this.model, options))
    })
  }

  private open(clock: Clock.Clock, model: ServiceModel.ServiceModel, options: ConnectOptions): Effect.Effect<Wire> {
    return Effect.gen(this, function* () {
      const queue = yield* Queue.unbounded<Effect.Effect<void>>()
      const connection = new TestConnection(this, clock, model, queue, options)
      // In the fiber that connects are the clock and the scheduler of whoever runs it.
      connection.fiber = yield* Effect.forkIn(Effect.interruptible(connection.work), this.scope)
      return connection.wire
    })
  }

  behaviour(event: ServerEvent): Behaviour | undefined {
    const { script } = this.options
    return typeof script === "function" ? script(event) : script?.[event.stage]
  }

  during<A>(connection: TestConnection, use: (sink: SmtpSink.SmtpSink) => A): A {
    this.current = connection
    const result = use(this.sink)
    this.current = undefined
    return result
  }

  admit(connection: TestConnection): Effect.Effect<void> | undefined {
    const { beyond = "busy", limit = Number.POSITIVE_INFINITY } = this.options.connections ?? {}
    if (this.serving.size < limit) {
      this.serving.add(connection)
      return Effect.void
    }
    if (beyond === "busy") return undefined
    const turn = Deferred.unsafeMake<void>(FiberId.none)
    this.waiting.set(connection, turn)
    return Deferred.await(turn)
  }

  release(connection: TestConnection): void {
    this.waiting.delete(connection)
    if (!this.serving.delete(connection)) return
    for (const [next, turn] of this.waiting) {
      this.waiting.delete(next)
      this.serving.add(next)
      return Deferred.unsafeDone(turn, Effect.void)
    }
  }
}
