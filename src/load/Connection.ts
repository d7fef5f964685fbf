/**
 * One connection's life: its opening, the greeting, HELO, what it carries, and its end.
 *
 * It is over 300 lines because a connection, what it has agreed on and what it is to carry are one state.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Abandonment, ConnectionShape } from "../plan/Shape.js"
import * as Delivery from "../smtp/Delivery.js"
import * as Dialogue from "../smtp/Dialogue.js"
import type * as Introduction from "../smtp/Introduction.js"
import * as Outcome from "../smtp/Outcome.js"
import * as Reply from "../smtp/Reply.js"
import type { ConnectFailed, WireError } from "../smtp/SmtpError.js"
import * as Scripts from "../smtp/Scripts.js"
import * as Steps from "../smtp/Steps.js"
import type { Script, Wire } from "../smtp/Wire.js"
import * as AbandonedTransaction from "./AbandonedTransaction.js"
import type * as Agreement from "./Agreement.js"
import * as ConnectAttempts from "./ConnectAttempts.js"
import type { Place, Shut } from "./ConnectGate.js"
import * as Introducing from "./Introducing.js"
import type { Route } from "./Routes.js"
import type { Connections } from "./SharedRun.js"
import * as Unwelcome from "./Unwelcome.js"

/**
 * The connection of a session, and the next one after it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  /** The open connection, if there is one. */
  readonly wire: Wire | undefined
  /** Where the last connection was to go; undefined where none was begun. */
  readonly route: Route | undefined
  /** The message of this number, as the server of the open connection is to have it. */
  readonly prepare: (message: number) => Delivery.Message
  /**
   * The dialogue of one message, in groups of commands where plan and server allow it. The envelope of `next` may ride with
   * it. For `converse`.
   */
  readonly script: (delivery: Delivery.Delivery, next: Delivery.Message | undefined) => Script<Outcome.Outcome>
  /** How many transactions go in one write over the open connection. */
  readonly depth: () => number
  /** The dialogue of several messages in one write, of which the delivery has the last. For `converse`. */
  readonly together: (before: ReadonlyArray<Delivery.Message>, delivery: Delivery.Delivery) => Script<Outcome.Outcome>
  /** The outcomes of all messages of the last `together`, once that of its last message is known. */
  readonly ends: () => ReadonlyArray<Outcome.Outcome>
  /**
   * Runs a script over the open connection, after greeting and HELO where it is new, and the scripts that follow it, and tells how
   * the message of its end ended, whatever became of it.
   */
  readonly converse: (
    script: () => Script<Outcome.Outcome>,
    delivery: Delivery.Delivery,
    sequel?: (outcome: Outcome.Outcome) => Script<Outcome.Outcome> | undefined
  ) => Effect.Effect<Outcome.Outcome>
  /**
   * Makes sure that a connection stands. Gives the outcome of the message that it was opened for where that failed, and
   * undefined where it does. `onAdmitted` is called when there is a connection, or the first attempt to open one begins:
   * where nothing more is to begin before that, it gives `shut`.
   */
  readonly open: (onAdmitted: () => void) => Effect.Effect<Outcome.Outcome | Shut | undefined>
  /** The same, for a message that is under way. */
  readonly reopen: Effect.Effect<Outcome.Outcome | undefined>
  /**
   * Greeting and HELO, by themselves, so that the connection is ready for whatever message comes first. Gives the outcome of the
   * message that it was opened for where we were not welcome.
   */
  readonly welcome: Effect.Effect<Outcome.Outcome | undefined>
  /** Keeps the connection for the next message, if it is asked to and can; otherwise QUIT and close, after it was held. */
  readonly leave: (keep: boolean) => Effect.Effect<void>
  /** Tells which message comes next: the plan may have it abandoned. */
  readonly expect: (message: number) => void
  /** Whether it has carried others before the message that it carries now. */
  readonly hasCarried: () => boolean
  /** Whether the next message is the last one over this connection. */
  readonly isLast: () => boolean
  /** Whether the connection has carried all that it is to carry. */
  readonly isSpent: () => boolean
  /** Whether connections are held before QUIT, which is not for a script then. */
  readonly holds: boolean
  /** How long its shape has it think before the message, in milliseconds. */
  readonly pauseBefore: (message: number) => number
  /** QUIT, after a message that has ended like this; the connection is of no further use. */
  readonly part: (outcome: Outcome.Outcome) => Script<Outcome.Outcome>
  /** How the message under way ended, when its transaction was interrupted. */
  readonly interrupted: (delivery: Delivery.Delivery) => Outcome.Outcome
  /** Closes at once, in whatever state. */
  readonly close: () => void
}

/**
 * A session's connection, not open yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (shared: Connections): Connection => new SessionConnection(shared)

class SessionConnection implements Connection {
  wire: Wire | undefined = undefined
  route: Route | undefined = undefined
  /** The number of the connection among all of the run. */
  private ordinal = 0
  private place: Place | undefined = undefined
  /** Greeting and HELO are done, and this is what came of them. */
  private agreement: Agreement.Agreement | undefined = undefined
  /** The messages that it has carried, and those that it is to carry. */
  private carried = 0
  private most = Number.POSITIVE_INFINITY
  private shape: ConnectionShape | undefined = undefined
  private expected = 0
  /** The number of the session, where it matters whom it logs in as. */
  private readonly session: number
  private identity: Introducing.Identity | undefined = undefined
  /** What becomes of the next message, where the plan has it abandoned. */
  private abandonment: Abandonment | undefined = undefined
  /** It is abandoned: nothing more is said. */
  private leaving = false
  /** QUIT was said. */
  private parted = false
  private readonly attempts: ConnectAttempts.ConnectAttempts
  /** How many connections in a row came to nothing: not opened, or not welcome. */
  private unopened = 0

  constructor(private readonly shared: Connections) {
    this.attempts = ConnectAttempts.make(shared)
    this.session = shared.nextSession()
  }

  prepare(message: number): Delivery.Message {
    const { addresses, userAtHand } = this.shared
    const { contentOf, dress } = this.agreement!
    userAtHand?.is(this.identity?.login?.account.user)
    return dress(Delivery.message(addresses.mail(message), addresses.rcpts(message), contentOf(message)), message)
  }

  script(delivery: Delivery.Delivery, next: Delivery.Message | undefined): Script<Outcome.Outcome> {
    if (this.carried++ > 0) this.shared.recorder.reused++
    const script = this.agreement!.script(delivery, next)
    if (this.abandonment === undefined) return script
    return AbandonedTransaction.script(script, this.abandonment.step, delivery, () => {
      this.leaving = true
    })
  }

  depth(): number {
    return Math.min(this.agreement!.depth, this.most - this.carried)
  }

  together(before: ReadonlyArray<Delivery.Message>, delivery: Delivery.Delivery): Script<Outcome.Outcome> {
    this.shared.recorder.reused += before.length + (this.carried === 0 ? 0 : 1)
    this.carried += before.length + 1
    return this.agreement!.together(before, delivery)
  }

  ends(): ReadonlyArray<Outcome.Outcome> {
    return this.agreement?.ends() ?? []
  }

  get holds(): boolean {
    return this.shape !== undefined && this.shape.hold > 0
  }

  expect(message: number): void {
    this.expected = message
    // A connection that is opened for the message has a shape of its own.
    this.abandonment = this.wire === undefined ? undefined : this.shape?.abandons(message)
  }

  pauseBefore(message: number): number {
    return this.shape?.thinks(message) ?? 0
  }

  hasCarried(): boolean {
    return this.wire !== undefined && this.carried > 1
  }

  isLast(): boolean {
    return this.carried + 1 >= this.most
  }

  isSpent(): boolean {
    return this.carried >= this.most
  }

  converse(
    script: () => Script<Outcome.Outcome>,
    delivery: Delivery.Delivery,
    sequel: (outcome: Outcome.Outcome) => Script<Outcome.Outcome> | undefined = nothing
  ): Effect.Effect<Outcome.Outcome> {
    const wire = this.wire!
    if (this.agreement !== undefined) {
      return Effect.match(
        wire.converse(() => Scripts.chain(script(), sequel)),
        { onFailure: (error) => this.broken(error, delivery), onSuccess: (outcome) => outcome }
      )
    }
    const afterwards = (end: Outcome.Outcome | undefined): Script<Outcome.Outcome> | undefined => {
      if (this.agreement === undefined) return undefined
      return end === undefined ? script() : sequel(end)
    }
    return Effect.matchEffect(
      wire.converse(() => Scripts.chain<Outcome.Outcome | undefined>(this.introduction(wire), afterwards)),
      {
        onFailure: (error) => Effect.succeed(this.broken(error, delivery)),
        // What follows an introduction ends with an outcome.
        onSuccess: (end) => (this.agreement === undefined ? this.unwelcome(end!) : Effect.succeed(end!))
      }
    )
  }

  private broken(error: WireError, delivery: Delivery.Delivery): Outcome.Outcome {
    return this.agreement === undefined ? this.lostBefore(error) : this.agreement.transactions.broken(error, delivery)
  }

  /** The connection was lost before it was introduced. */
  private lostBefore(error: WireError): Outcome.Outcome {
    this.unopened++
    this.close()
    return Unwelcome.failed(error)
  }

  interrupted(delivery: Delivery.Delivery): Outcome.Outcome {
    return this.agreement === undefined
      ? Delivery.broken(Delivery.interruption(this.wire), delivery)
      : this.agreement.transactions.interrupted(delivery)
  }

  open(onAdmitted: () => void): Effect.Effect<Outcome.Outcome | Shut | undefined> {
    return Effect.suspend(() => {
      if (this.stands()) {
        onAdmitted()
        return ready
      }
      const { connectOptions, ending, plan } = this.shared
      const establish = this.attempts.open(this.opening(onAdmitted), ending)
      const pause = plan.keepGoing ? ConnectAttempts.backOff(this.unopened) : 0
      return pause === 0 ? establish : Effect.zipRight(ending.pause(pause, connectOptions.deadlines), establish)
    })
  }

  readonly reopen: Effect.Effect<Outcome.Outcome | undefined> = Effect.suspend(() =>
    this.stands()
      ? ready
      : // The message is under way: nothing shuts it out.
        this.attempts.open(this.opening(() => {}))
  )

  readonly welcome: Effect.Effect<Outcome.Outcome | undefined> = Effect.suspend(() => {
    const wire = this.wire!
    return Effect.matchEffect(
      wire.converse(() => this.introduction(wire)),
      {
        onFailure: (error) => Effect.succeed(this.lostBefore(error)),
        onSuccess: (end) => (end === undefined ? ready : this.unwelcome(end))
      }
    )
  })

  /** Whether there is a connection for the next message to go over. One that cannot be used any more is closed. */
  private stands(): boolean {
    if (this.wire === undefined) return false
    const state = this.wire.state()
    // A spoiled connection fails the next message, unless nothing is to end the run: then it is only replaced.
    const { acceptRejection, keepGoing } = this.shared.plan
    if (state === "open" || (state === "failed" && !keepGoing)) return true
    // Neither does a server that has said good-bye while nothing was asked of it.
    if (state === "closing" && !keepGoing && !acceptRejection) return true
    this.close()
    return false
  }

  leave(keep: boolean): Effect.Effect<void> {
    const wire = this.wire
    if (wire === undefined) return Effect.void
    if (this.parted || wire.state() !== "open") {
      // Without --keep-going the next exchange on a spoiled connection says what ended the run.
      if (!keep || this.leaving || wire.state() !== "failed" || this.shared.plan.keepGoing) this.close()
      return Effect.void
    }
    if (keep && !this.leaving) return Effect.void
    const end = this.leaving
      ? Effect.sync(() => this.close())
      : Effect.map(
          Effect.suspend(() => Dialogue.quit(wire)),
          () => this.close()
        )
    if (this.shape === undefined || this.shape.hold === 0) return end
    const { connectOptions, ending } = this.shared
    return Effect.zipRight(ending.pause(this.shape.hold, connectOptions.deadlines), end)
  }

  *part(outcome: Outcome.Outcome): Script<Outcome.Outcome> {
    this.parted = true
    yield Steps.quit
    return outcome
  }

  close(): void {
    this.place?.leave()
    this.place = undefined
    this.wire?.close(this.leaving && this.abandonment !== undefined ? this.abandonment.how : this.shared.plan.close)
    this.wire = undefined
    this.agreement = undefined
    this.leaving = false
    this.parted = false
  }

  /** The introduction; the outcome of the first message where we were not welcome. */
  private *introduction(wire: Wire): Script<Outcome.Outcome | undefined> {
    const { client, login } = this.identity!
    // Each field by its name: of a spread with more fields V8 makes a shape of its own each time.
    const newcomer = { client, login, wire, route: this.route!, place: this.place }
    const { step } = this.abandonment ?? {}
    const leaving = step === "starttls" || step === "tls" ? step : undefined
    const end = yield* Introducing.script(this.shared, newcomer, this.goesOn, leaving)
    if (end._tag === "Failed") {
      if (end.error._tag === "ConnectionLost") this.leaving = true
      return Unwelcome.failed(end.error)
    }
    if (end._tag === "Ended") return this.notIntroduced(end.step, end.reply)
    const { agreement } = end
    if (agreement.refusal !== undefined) return Unwelcome.failed(agreement.refusal)
    this.agreement = agreement
    this.most = Math.min(this.most, agreement.mailMax)
    this.unopened = 0
    return undefined
  }

  private readonly goesOn = (step: Introduction.Welcome, reply: Reply.Reply): boolean => {
    if (Unwelcome.refusedBy(this.shared.plan, step, reply) !== undefined) return false
    // Without HELO (-o) there is none to be abandoned after: it is as if it had been answered.
    const last = step === "hello" || this.shared.plan.bare
    return this.abandonment?.step !== step && !(last && this.abandonment?.step === "hello")
  }

  private notIntroduced(step: Introduction.Welcome | "starttls" | "xclient", reply: Reply.Reply): Outcome.Outcome {
    if (step === "starttls" || step === "xclient" || (step === "auth" && !Reply.isPositive(reply)))
      return { _tag: "Rejected", step, reply, recipients: Outcome.noRecipients }
    const refused = Unwelcome.refusedBy(this.shared.plan, step, reply)
    if (refused !== undefined) return refused
    this.leaving = true
    const afterHello = this.identity?.login === undefined || step === "auth" ? "mail" : "auth"
    return Unwelcome.failed(
      AbandonedTransaction.leftBefore(this.abandonment?.step === "greeting" ? "hello" : afterHello)
    )
  }

  /** Leaves a server that did not welcome us. */
  private unwelcome(outcome: Outcome.Outcome): Effect.Effect<Outcome.Outcome> {
    if (this.leaving) return Effect.succeed(outcome)
    this.unopened++
    const { acceptRejection, keepGoing } = this.shared.plan
    // In order, but of no use: where the run goes on, it does so over another connection.
    if (outcome._tag === "Rejected" || (outcome._tag === "Failed" && Unwelcome.isWithheld(outcome.error)))
      return Effect.as(keepGoing || acceptRejection ? this.leave(false) : Effect.void, outcome)
    this.close()
    return Effect.succeed(outcome)
  }

  private opening(onAdmitted: () => void): ConnectAttempts.Opening<Outcome.Outcome | undefined> {
    return {
      onPlace: (place) => {
        onAdmitted()
        return this.bind(place)
      },
      onRoute: this.goesBy,
      onOpened: this.opened,
      onFailed: this.notOpened
    }
  }

  /** What follows from the connection's number. */
  private bind(place: Place): ConnectAttempts.Bound {
    this.place = place
    const { nextConnection, routes, shape } = this.shared
    this.ordinal = nextConnection()
    this.shape = shape?.connection(this.ordinal)
    this.most = this.shape?.messages ?? Number.POSITIVE_INFINITY
    this.abandonment = this.shape?.abandons(this.expected)
    return { ways: routes.of(this.ordinal, this.shape?.tls), shape: this.shape }
  }

  private readonly goesBy = (route: Route): void => {
    this.route = route
    this.identity = Introducing.identityOf(this.shared, this.session, this.ordinal, route)
  }

  private readonly opened = (wire: Wire): Effect.Effect<Outcome.Outcome | undefined> => {
    this.wire = wire
    this.carried = 0
    return ready
  }

  private readonly notOpened = (error: ConnectFailed): Effect.Effect<Outcome.Outcome | undefined> => {
    this.unopened++
    this.close()
    return Effect.succeed(Unwelcome.failed(error))
  }
}

const nothing = (): undefined => undefined

const ready = Effect.succeed<Outcome.Outcome | undefined>(undefined)
