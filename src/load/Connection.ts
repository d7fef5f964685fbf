/**
 * One connection's life: the gate, the attempts to open it, the greeting, HELO, and its end.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Capabilities from "../smtp/Capabilities.js"
import * as Dialogue from "../smtp/Dialogue.js"
import * as Outcome from "../smtp/Outcome.js"
import * as Pipeline from "../smtp/Pipeline.js"
import * as Reply from "../smtp/Reply.js"
import * as Settlement from "../smtp/Settlement.js"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import { type ConnectFailed, ReplyMalformed, type WireError } from "../smtp/SmtpError.js"
import type { ConnectOptions, Script, Wire } from "../smtp/Wire.js"
import type { Place } from "./ConnectGate.js"
import type { SharedRun } from "./SharedRun.js"

/**
 * The connection of a session, and the next one after it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  /** The open connection, if there is one. */
  readonly wire: Wire | undefined
  /**
   * The dialogue of one message, in groups of commands where plan and server allow it. The envelope of `next` may ride with
   * it. For `converse`.
   */
  readonly script: (
    message: Settlement.Message,
    next: Settlement.Message | undefined,
    options: Settlement.TransactionOptions,
    progress: Settlement.Progress
  ) => Script<Outcome.Outcome | Settlement.Unsent>
  /** Runs a script over the open connection and tells how the message of its end ended, whatever became of it. */
  readonly converse: (
    script: () => Script<Outcome.Outcome | Settlement.Unsent>,
    options: Settlement.TransactionOptions,
    progress: Settlement.Progress
  ) => Effect.Effect<Outcome.Outcome>
  /**
   * Makes sure that a connection stands, greeted and introduced. Gives the outcome of the message that it was opened for
   * where that failed, and undefined where the message can be sent.
   */
  readonly open: Effect.Effect<Outcome.Outcome | undefined>
  /** Keeps the connection for the next message, if it is asked to and can; otherwise QUIT and close. */
  readonly leave: (keep: boolean) => Effect.Effect<void>
  /** How the message under way ended, when its transaction was interrupted. */
  readonly interrupted: (options: Settlement.TransactionOptions, progress: Settlement.Progress) => Outcome.Outcome
  /** Closes at once, in whatever state. */
  readonly close: () => void
}

/**
 * A session's connection, not open yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (shared: SharedRun): Connection => new SessionConnection(shared)

class SessionConnection implements Connection {
  wire: Wire | undefined = undefined
  private place: Place | undefined = undefined
  private pipeline: Pipeline.Pipeline | undefined = undefined
  /** What -C leaves: for all of the session's life, not for each connection (clause S5.4). */
  private attempts: number

  constructor(private readonly shared: SharedRun) {
    this.attempts = shared.plan.connectAttempts
  }

  script(
    message: Settlement.Message,
    next: Settlement.Message | undefined,
    options: Settlement.TransactionOptions,
    progress: Settlement.Progress
  ): Script<Outcome.Outcome | Settlement.Unsent> {
    return this.pipeline === undefined
      ? Dialogue.script(message, options, progress)
      : this.pipeline.script(message, next, options, progress)
  }

  converse(
    script: () => Script<Outcome.Outcome | Settlement.Unsent>,
    options: Settlement.TransactionOptions,
    progress: Settlement.Progress
  ): Effect.Effect<Outcome.Outcome> {
    const wire = this.wire!
    return Effect.matchEffect(wire.converse(script), {
      onFailure: (error) => Effect.succeed(this.broken(error, options, progress)),
      onSuccess: (end) => Dialogue.finish(wire, end, options, progress)
    })
  }

  interrupted(options: Settlement.TransactionOptions, progress: Settlement.Progress): Outcome.Outcome {
    return this.broken(Settlement.interruption(this.wire), options, progress)
  }

  private broken(
    error: WireError,
    options: Settlement.TransactionOptions,
    progress: Settlement.Progress
  ): Outcome.Outcome {
    return this.pipeline === undefined
      ? Settlement.broken(error, progress)
      : this.pipeline.broken(error, options, progress)
  }

  readonly open: Effect.Effect<Outcome.Outcome | undefined> = Effect.suspend(() => {
    if (this.wire === undefined) return this.establish
    const state = this.wire.state()
    // A spoiled connection fails the next message, unless nothing is to end the run: then it is only replaced.
    const { acceptRejection, keepGoing } = this.shared.plan
    if (state === "open" || (state === "failed" && !keepGoing)) return ready
    // Neither does a server that has said good-bye while nothing was asked of it.
    if (state === "closing" && !keepGoing && !acceptRejection) return ready
    this.close()
    return this.establish
  })

  leave(keep: boolean): Effect.Effect<void> {
    const wire = this.wire
    if (wire === undefined) return Effect.void
    if (wire.state() !== "open") {
      // Without --keep-going the next exchange on a spoiled connection says what ended the run.
      if (!keep || wire.state() === "closing" || this.shared.plan.keepGoing) this.close()
      return Effect.void
    }
    return keep ? Effect.void : Effect.map(Dialogue.quit(wire), () => this.close())
  }

  close(): void {
    this.place?.leave()
    this.place = undefined
    this.wire?.close(this.shared.plan.close)
    this.wire = undefined
    this.pipeline = undefined
  }

  private readonly establish: Effect.Effect<Outcome.Outcome | undefined> = Effect.suspend(() =>
    Effect.catchAll(
      Effect.gen(() => this.dialogue()),
      (error) => {
        this.close()
        return Effect.succeed<Outcome.Outcome>({ _tag: "Failed", error, recipients: Outcome.noRecipients })
      }
    )
  )

  private *dialogue() {
    const { gate, plan } = this.shared
    const place = yield* gate.enter
    this.place = place
    const wire = yield* this.connect()
    place.connected()
    const greeting = yield* Dialogue.ask(wire, "greeting", "")
    place.leave()
    if (!Reply.isPositive(greeting) || greeting.defect !== undefined) {
      const refused = yield* this.refused("greeting", greeting)
      if (refused !== undefined) return refused
    }
    if (plan.bare) return undefined
    const hello = yield* this.hello(wire)
    if (plan.pipelining !== "off" && Capabilities.parse(hello).has("PIPELINING")) this.pipeline = Pipeline.make()
    if (!Reply.isPositive(hello) || hello.defect !== undefined) return yield* this.refused("hello", hello)
    return undefined
  }

  /** EHLO only where its answer is of use: the old options keep the old wire. A server that does not know it gets HELO. */
  private hello(wire: Wire): Effect.Effect<Reply.Reply, WireError> {
    const { helloName, plan } = this.shared
    const ask = (verb: "HELO" | "EHLO" | "LHLO") => Dialogue.ask(wire, "hello", SmtpCommand.hello(verb, helloName))
    if (plan.lmtp) return ask("LHLO")
    if (plan.pipelining === "off") return ask("HELO")
    return Effect.flatMap(ask("EHLO"), (reply) =>
      reply.code >= 500 && reply.code < 510 ? ask("HELO") : Effect.succeed(reply)
    )
  }

  /** The outcome of the message, where a greeting or HELO that was not welcome ends it (clause S9.5). */
  private refused(
    step: "greeting" | "hello",
    reply: Reply.Reply
  ): Effect.Effect<Outcome.Outcome | undefined, WireError> {
    const { acceptRejection, keepGoing } = this.shared.plan
    const goesOn = acceptRejection || Reply.isPositive(reply)
    if (!keepGoing && goesOn && !Reply.isClosing(reply)) return Effect.succeed(undefined)
    const recipients = Outcome.noRecipients
    if (Reply.isRefusal(reply)) {
      return Effect.as(keepGoing ? this.leave(false) : Effect.void, { _tag: "Rejected", step, reply, recipients })
    }
    return new ReplyMalformed({ step, reason: `${reply.code} ${reply.text}`, replies: [] })
  }

  /** The local addresses take turns over all sessions. */
  private nextSource(): ConnectOptions {
    const { connectOptions, sources } = this.shared
    const first = sources.shift()
    if (first === undefined) return connectOptions
    sources.push(first)
    return first
  }

  private *connect() {
    const { connectOptions, connector, plan, recorder, target } = this.shared
    const { now } = connectOptions.deadlines
    const begun = now()
    let pause = 1
    while (true) {
      const started = now()
      const source = this.nextSource()
      // From the moment that there is a wire it is this connection's to close, whatever interrupts it.
      const result = yield* Effect.uninterruptibleMask((restore) =>
        Effect.map(Effect.either(restore(connector.connect(target, source))), (opened) => {
          this.wire = Either.getOrUndefined(opened)
          return opened
        })
      )
      recorder.record("connect", Either.isRight(result) ? "accepted" : "failed", now() - started)
      if (Either.isRight(result)) return result.right
      const error = result.left
      if (plan.keepGoing && error.local && now() - begun < connectOptions.timeout) {
        // This machine is out of something that other sessions will give back.
        yield* Effect.sleep(pause)
        pause = Math.min(pause * 2, 100)
      } else if (this.attempts > 1 && !isHopeless(error)) {
        this.attempts--
        this.shared.onConnectRetry(error)
      } else {
        return yield* error
      }
    }
  }
}

const ready = Effect.succeed<Outcome.Outcome | undefined>(undefined)

/** To try again would end the same way: a name that has no address, or -T on a machine that has no means for it. */
const isHopeless = ({ code }: ConnectFailed): boolean =>
  code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EWINDOW"
