/**
 * The server's end of a connection in memory: performs in the time of the Clock what the sink's session wants done.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Queue from "effect/Queue"
import { Conversation } from "../smtp/Conversation.js"
import type { TlsFailure, TlsProblem, TlsSettings } from "../smtp/Tls.js"
import type { Transport } from "../smtp/Transport.js"
import type { ConnectOptions } from "../smtp/Wire.js"
import type { Action } from "./Action.js"
import type { Behaving } from "./Behaviour.js"
import type { Received, ServerSession } from "./ServerLog.js"
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
  /** Does something with the sink on a connection's behalf. */
  readonly during: <A>(connection: TestConnection, use: (sink: SmtpSink.SmtpSink) => A) => A
  /** What a connection waits for before it is served; undefined where it is one too many. */
  readonly admit: (connection: TestConnection) => Effect.Effect<void> | undefined
  /** The connection has ended, whatever became of it. */
  readonly release: (connection: TestConnection) => void
}

/** Who connects takes some turns before it waits for the greeting, which no reply may precede. */
const turnsToGreeting = 16

/** What a client has written and the server has not read. */
interface Unread {
  readonly bytes: Uint8Array
  at: number
}

/**
 * The server's end of a connection. What it says and does takes its turn in a queue, in the order of the commands.
 *
 * @since 0.1.0
 * @category models
 */
export class TestConnection {
  readonly wire: Conversation
  fiber: Fiber.RuntimeFiber<never> | undefined
  readonly number: number
  private readonly session: SmtpSink.SinkSession
  private ended = false
  private readonly admission: Effect.Effect<void> | undefined
  private readonly unread: Array<Unread> = []
  private held = false
  /** The client's side of a handshake has come, and the server's: it is over when both have. */
  private wanted: TlsSettings | undefined
  private granted: { readonly fail: TlsFailure | undefined } | undefined
  /** How fast is read what waits; undefined for at once. */
  private reading: Behaving["reading"]

  constructor(
    private readonly server: ConnectionHost,
    private readonly clock: Clock.Clock,
    private readonly behaving: Behaving,
    private readonly queue: Queue.Queue<Action | "next">,
    options: ConnectOptions
  ) {
    const transport: Transport = {
      write: (bytes, body) => this.write(bytes, body),
      secure: (settings) => {
        this.wanted = settings
        this.handshake()
      },
      close: (how) => this.left(how === "fin" ? "close" : "reset")
    }
    this.reading = behaving.reading
    this.wire = new Conversation(transport, options)
    this.number = server.sessions.push({ session: server.sessions.length + 1, openedAt: this.time() })
    this.admission = server.admit(this)
    this.session = server.during(this, (sink) => (this.admission === undefined ? turnedAway(sink) : sink.open()))
    this.offer(this.session.greeting)
  }

  /** What is in the queue is done without a turn between: a reply and the close after it come together. */
  readonly work: Effect.Effect<never> = Effect.gen(this, function* () {
    yield* Effect.repeatN(Effect.yieldNow(), turnsToGreeting)
    if (this.admission !== undefined) yield* this.admission
    const { idle } = this.behaving
    const next =
      idle === undefined
        ? Queue.take(this.queue)
        : Effect.timeoutTo(Queue.take(this.queue), {
            duration: idle.after,
            onSuccess: (action) => action,
            onTimeout: () => this.expire(idle.say)
          })
    while (true) {
      const action = yield* next
      if (action === "next") yield* this.readNext
      else if (action !== undefined) yield* this.perform(action)
    }
  })

  time(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  private perform(action: Action): Effect.Effect<void> {
    switch (action._tag) {
      case "Wait":
        return Effect.suspend(() => {
          const now = this.time()
          const wait = action.until(now) - now
          return wait > 0 ? Effect.sleep(wait) : Effect.void
        })
      case "Say":
        return action.drip > 0
          ? Effect.forEach(action.bytes, (byte) => Effect.map(Effect.sleep(action.drip), () => this.say(byte)), {
              discard: true
            })
          : Effect.sync(() => this.say(action.bytes))
      case "Hold":
        this.held = true
        return Effect.void
      case "Read":
        return Effect.sync(() => {
          this.held = false
          const { reading } = action
          this.reading =
            reading === undefined ? this.behaving.reading : { ...reading, every: Duration.toMillis(reading.every) }
          if (this.unread.length > 0) this.queue.unsafeOffer("next")
        })
      case "Secure":
        return Effect.sync(() => {
          this.granted = action
          this.handshake()
        })
      case "End":
        return Effect.sync(() => {
          if (action.how !== "stall") this.end("server", action.how === "reset" ? "reset" : "close")
          else this.held = true
        })
    }
  }

  /** No cryptography: a client that verifies the server finds what the server's behaviour says. */
  private handshake(): void {
    const { granted, wanted } = this
    if (granted === undefined || wanted === undefined || this.ended) return
    this.granted = undefined
    this.wanted = undefined
    const { fail } = granted
    if (fail !== undefined) {
      this.end("server", "close", { kind: fail, code: "ETEST", reason: `the handshake fails (${fail})` })
      return
    }
    const trust = wanted.pins.length > 0 ? "pin" : wanted.verify === "full" ? "name" : wanted.verify
    const said = this.server.during(this, () => this.session.secured())
    this.wire.secured({ version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", resumed: false, trust })
    this.offer(said)
  }

  private say(bytes: string): void {
    this.wire.receive(Buffer.from(bytes, "latin1"), 0, bytes.length)
  }

  /** The client has been silent for too long. */
  private expire(say: string | undefined): undefined {
    const last = this.session.expire(say)
    if (last === undefined) return
    if (last.length > 0) this.say(Buffer.from(last).toString("latin1"))
    this.end("server", "close")
  }

  private write(bytes: string, body: Uint8Array | undefined): boolean {
    if (this.ended) return true
    const head = Buffer.from(bytes, "latin1")
    if (!this.held && this.reading === undefined && this.unread.length === 0) {
      this.take(head)
      if (body !== undefined) this.take(body)
      return true
    }
    const waiting = this.unread.length > 0
    this.unread.push({ bytes: body === undefined ? head : Buffer.concat([head, body]), at: 0 })
    if (!this.held && !waiting) this.queue.unsafeOffer("next")
    return false
  }

  /** Reads on, as much as is read at a time. */
  private readonly readNext: Effect.Effect<void> = Effect.suspend(() => {
    const { reading } = this
    return Effect.map(reading === undefined ? Effect.void : Effect.sleep(reading.every), () => {
      const [first] = this.unread
      if (first === undefined || this.held || this.ended) return
      const end = Math.min(first.bytes.length, first.at + (reading?.bytes ?? Number.POSITIVE_INFINITY))
      const piece = first.bytes.subarray(first.at, end)
      first.at = end
      if (end === first.bytes.length) {
        this.unread.shift()
        this.wire.flushed()
      } else {
        this.wire.progressed()
      }
      this.take(piece)
      if (this.unread.length > 0) this.queue.unsafeOffer("next")
      else if (!this.session.inContent) this.reading = this.behaving.reading
    })
  })

  private take(bytes: Uint8Array): void {
    this.offer(this.server.during(this, () => this.session.push(bytes)))
  }

  /** What is said at once is before all that is to be done. */
  private offer(said: Uint8Array | undefined): void {
    if (said !== undefined) {
      this.queue.unsafeOffer({ _tag: "Say", bytes: Buffer.from(said).toString("latin1"), drip: 0 })
    }
    for (const action of this.session.actions()) {
      // The client may write as soon as it hears what comes after.
      if (action._tag === "Hold") this.held = true
      this.queue.unsafeOffer(action)
    }
  }

  private left(how: "close" | "reset"): void {
    const { number, server } = this
    server.sessions[number - 1] = { ...server.sessions[number - 1]!, left: { time: this.time(), how } }
    this.end("client", how)
  }

  private end(by: "client" | "server", how: "close" | "reset", problem?: TlsProblem): void {
    if (this.ended) return
    this.ended = true
    const { number, server } = this
    server.sessions[number - 1] = { ...server.sessions[number - 1]!, end: { time: this.time(), by, how } }
    server.during(this, () => this.session.closed())
    if (by === "server") this.wire.ended(problem ?? (how === "close" ? "closed" : "reset"))
    this.fiber?.unsafeInterruptAsFork(FiberId.none)
    server.release(this)
  }
}

/** The session of a client that is one too many. */
const turnedAway = (sink: SmtpSink.SmtpSink): SmtpSink.SinkSession => {
  const bytes = Buffer.from(sink.busy).toString("latin1")
  let actions: ReadonlyArray<Action> = [
    { _tag: "Say", bytes, drip: 0 },
    { _tag: "End", how: "close" }
  ]
  return {
    greeting: undefined,
    verdict: "close",
    inContent: false,
    push: () => undefined,
    actions: () => {
      const taken = actions
      actions = []
      return taken
    },
    secured: () => undefined,
    closed: () => {},
    expire: () => undefined
  }
}
