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
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { AuthCrypto } from "../smtp/AuthCrypto.js"
import { ConnectFailed } from "../smtp/SmtpError.js"
import { type ConnectOptions, Connector, type Wire } from "../smtp/Wire.js"
import type { MxRecord } from "../smtp/MailExchangers.js"
import type * as Target from "../smtp/Target.js"
import type { SinkCounts } from "./SinkCounts.js"
import * as Behaviour from "./Behaviour.js"
import type { Action } from "./Action.js"
import type { Asked, Reaction } from "./Reaction.js"
import type { Accepted, Received, ServerSession, Welcome } from "./ServerLog.js"
import * as ServiceModel from "./ServiceModel.js"
import type { SinkConfig } from "./SinkOptions.js"
import * as SmtpSink from "./SmtpSink.js"
import { type ConnectionHost, TestConnection } from "./TestConnection.js"

export type { ConnectionLimit, IdleLimit } from "./Behaviour.js"
export type { Ending, Fault, Moment, Reaction, Reading, Script, ServerEvent } from "./Reaction.js"
export type { GreylistOptions } from "./Greylist.js"
export type { Accepted, Received, ServerSession, Welcome } from "./ServerLog.js"
export type { Capacity, Latency, Stall } from "./ServiceModel.js"

/**
 * What the server speaks, and how it behaves.
 *
 * @since 0.1.0
 * @category models
 */
export interface TestServerOptions extends SinkConfig, Behaviour.Behaviour {
  /** Asked for each attempt to connect, counted from 1, and where it goes. */
  readonly connect?: ((attempt: number, target: Target.Target) => Welcome | undefined) | undefined
  /** The addresses of a host; the host itself where it has none. */
  readonly addresses?: ((host: string) => ReadonlyArray<string> | undefined) | undefined
  /** The MX records of a domain; undefined where the domain does not exist. */
  readonly exchangers?: ((domain: string) => ReadonlyArray<MxRecord> | undefined) | undefined
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
 * Provides a server, and the `Connector` whose every target is this server. Plans need none. Options that cannot be used, such as
 * a time that is no duration, are a defect of the layer: they stand in the test itself.
 *
 * @example
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
 *   }).pipe(Effect.provide(TestServer.layer()))
 * )
 *
 *
 * @example
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
 *   }).pipe(Effect.provide(server), (load) => Simulation.run(load))
 * )
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: TestServerOptions = {}): Layer.Layer<TestServer | Connector> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const crypto = Option.getOrUndefined(yield* Effect.serviceOption(AuthCrypto))
      const server = new Server(options, scope, crypto)
      return Context.make(TestServer, server).pipe(
        Context.add(Connector, {
          connect: (target, options) => server.connect(target, options),
          addresses: (target) => {
            return Effect.succeed(target._tag === "Unix" ? [] : (options.addresses?.(target.host) ?? [target.host]))
          },
          exchangers: (domain) =>
            Effect.suspend(() => {
              const records = options.exchangers?.(domain)
              return records === undefined
                ? new ConnectFailed({
                    code: "ENOTFOUND",
                    reason: `mx:${domain}: the domain does not exist`,
                    local: false
                  })
                : Effect.succeed(records)
            }),
          target: memory
        })
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
export const reply = (line: string): Reaction => ({ say: `${line}\r\n` })

/**
 * Says nothing, and goes on.
 *
 * @since 0.1.0
 * @category behaviours
 */
export const silence: Reaction = { say: "" }

/**
 * Closes the connection without a reply.
 *
 * @since 0.1.0
 * @category behaviours
 */
export const close: Reaction = { say: "", end: "close" }

/**
 * Resets the connection without a reply.
 *
 * @since 0.1.0
 * @category behaviours
 */
export const reset: Reaction = { say: "", end: "reset" }

/** What is kept of a message unless the options say otherwise. */
const maxMessageSize = 67_108_864

class Server implements ConnectionHost {
  readonly log: Array<Received> = []
  readonly accepted: Array<Accepted> = []
  readonly sessions: Array<ServerSession> = []
  readonly counts: Effect.Effect<SinkCounts>
  private readonly sink: SmtpSink.SmtpSink
  private readonly behaving: Behaviour.Behaving
  /** The connection whose bytes are being taken. */
  private current: TestConnection | undefined
  private attempts = 0
  private readonly serving = new Set<TestConnection>()
  private readonly waiting = new Map<TestConnection, Deferred.Deferred<void>>()

  constructor(
    private readonly options: TestServerOptions,
    private readonly scope: Scope.Scope,
    crypto: AuthCrypto["Type"] | undefined
  ) {
    // What cannot be used of it is said now, and not when the first connection comes.
    ServiceModel.make(options, 0)
    const behaving = Behaviour.make(options, () => this.current?.time() ?? 0)
    this.behaving = behaving
    this.sink = SmtpSink.make({
      maxMessageSize,
      crypto,
      ...options,
      behaviour: {
        ...behaving,
        // All commands are logged.
        isUsual: () => false,
        wants: { ...behaving.wants, lines: true },
        closed: (client) => behaving.closed(client),
        strikes: () => behaving.strikes(),
        connection: (client) => {
          const answer = behaving.connection(client)
          return (asked) => {
            this.note(asked)
            return answer(asked)
          }
        }
      },
      onMessage: (message) => {
        const { recipients, sender, session } = message
        const content = Buffer.from(message.content).toString("latin1")
        this.accepted.push({ time: this.current?.time() ?? 0, session, sender, recipients, content })
      }
    })
    this.counts = Effect.sync(this.sink.counts)
  }

  connect(target: Target.Target, options: ConnectOptions): Effect.Effect<Wire, ConnectFailed> {
    return Effect.gen(this, function* () {
      const clock = yield* Effect.clock
      const { after = 0, local = false, refuse } = this.options.connect?.(++this.attempts, target) ?? {}
      const wait = Duration.toMillis(after)
      if (wait > 0) yield* Effect.sleep(Math.min(wait, options.timeout))
      const code = wait > options.timeout ? "ETIMEDOUT" : refuse
      if (code !== undefined) return yield* new ConnectFailed({ code, reason: code, local, target })
      return yield* Effect.uninterruptible(this.open(clock, options))
    })
  }

  private open(clock: Clock.Clock, options: ConnectOptions): Effect.Effect<Wire> {
    return Effect.gen(this, function* () {
      const queue = yield* Queue.unbounded<Action | "next">()
      const connection = new TestConnection(this, clock, this.behaving, queue, options)
      // In the fiber that connects are the clock and the scheduler of whoever runs it.
      connection.fiber = yield* Effect.forkIn(Effect.interruptible(connection.work), this.scope)
      return connection.wire
    })
  }

  /** Logs a command; a message's end once, although LMTP answers it for each recipient. */
  private note({ line, recipientPlace, stage }: Asked): void {
    if (stage === "tls" || stage === "greeting" || stage === "content") return
    if (stage === "final" && recipientPlace !== undefined && recipientPlace > 1) return
    const { current } = this
    if (current !== undefined) this.log.push({ time: current.time(), session: current.number, line })
  }

  during<A>(connection: TestConnection, use: (sink: SmtpSink.SmtpSink) => A): A {
    this.current = connection
    const result = use(this.sink)
    this.current = undefined
    return result
  }

  admit(connection: TestConnection): Effect.Effect<void> | undefined {
    const { beyond, limit } = this.behaving.connections
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
