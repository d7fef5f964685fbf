/**
 * What a scenario is given by the session that runs it.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { behindAfter } from "../../measure/GeneratorHealth.js"
import type { Ending } from "../../measure/Recorder.js"
import * as Arrival from "../../plan/Arrival.js"
import * as Draw from "../../plan/Draw.js"
import type { Plan } from "../../plan/Plan.js"
import * as Delivery from "../../smtp/Delivery.js"
import type * as Dialogue from "../../smtp/Dialogue.js"
import * as Outcome from "../../smtp/Outcome.js"
import type { ConnectFailed } from "../../smtp/SmtpError.js"
import type { Wire } from "../../smtp/Wire.js"
import type { Due } from "../Dispatcher.js"
import type { ArrivalWatch } from "./ArrivalWatch.js"
import { KeptConnections } from "./KeptConnections.js"
import type { Route } from "../Routes.js"
import type { SharedRun } from "../SharedRun.js"
import { ReadyMessages } from "./ReadyMessages.js"
import { SessionConnections } from "./SessionConnections.js"
import { type TakenMessage, TakenMessages } from "./TakenMessages.js"

/**
 * A session, and what it can do. `Scenario` has its operations as effects of their own; this is for those who build more of
 * them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Session {
  /** From 0, of all sessions of the run, in whichever segment they are. */
  readonly number: number
  readonly plan: Plan
  /** The name to introduce ourselves by. */
  readonly helloName: string
  /** Milliseconds since the sessions began. */
  readonly now: () => number
  /** Whether nothing more is to begin: the run was asked to stop, or the plan's duration is over. */
  readonly isStopping: () => boolean
  /** The session's next number in [0, 1), from the plan's seed. */
  readonly draw: () => number
  /** Waits for so many milliseconds, or until nothing more is to begin. */
  readonly pause: (milliseconds: number) => Effect.Effect<void>
  /** Opens a connection, not greeted yet, and closes it with the scope. It waits at the run's gate. */
  readonly connect: Effect.Effect<Wire, ConnectFailed, Scope.Scope>
  /**
   * The same, waits for the greeting, introduces us and logs in as the plan says: all must be positive. It keeps its place in the
   * gate until that is over.
   */
  readonly open: Effect.Effect<Wire, ConnectFailed | Dialogue.StepError, Scope.Scope>
  /** Whom the plan has logged in over the connection. */
  readonly userOf: (wire: Wire) => Option.Option<string>
  /** The connection of this key, which is opened where there is none that can be used. It lasts as long as the session. */
  readonly keep: <E, R>(
    key: object,
    opening: Effect.Effect<Wire, E, R>
  ) => Effect.Effect<Wire, E, Exclude<R, Scope.Scope>>
  /**
   * The number of the next message, which is not in the books yet; none where there are no more. Where the plan does not say how
   * many there are, who would never end by himself has one.
   */
  readonly ticket: (unsaid: "ends" | "goes on") => Option.Option<number>
  /** There are no more messages in the source that was to give the one of the last ticket. */
  readonly exhausted: () => void
  /** How often this session asked for a message and there was none. */
  readonly foundNone: () => number
  /** The plan's own message of that number. */
  readonly planned: (number: number) => Delivery.Message
  /** Takes up a message. */
  readonly start: (number: number, message: Delivery.Message) => TakenMessage
  /** Sends a message over a connection that stands, greeted and introduced: an attempt, which is measured. */
  readonly deliver: (wire: Wire, message: TakenMessage) => Effect.Effect<Outcome.Outcome>
  /** Tells what an attempt came to that a dialogue of the user's own made. False where that is known, or too late. */
  readonly book: (message: TakenMessage, outcome: Outcome.Outcome) => boolean
  /** Tells what kept a message from being sent, unless there was an attempt. */
  readonly unsent: (message: TakenMessage, outcome: Outcome.Outcome) => void
  /** The use of a message is over: it is booked by its last attempt. Gives how. */
  readonly end: (message: TakenMessage) => Outcome.Outcome
  /** Counts a duration under a name of one's own, in milliseconds. */
  readonly record: (name: string, ending: Ending, elapsed: number) => void
  /** What has come to the next hop, where the plan proves delivery. */
  readonly arrivals: ArrivalWatch | undefined
  /** What all sessions of the run share under this key: made by the first that asks, and let go of at the run's end. */
  readonly shared: <A, E, R>(key: object, make: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Scope.Scope>>
}

/**
 * The session that runs a scenario.
 *
 * @since 0.1.0
 * @category services
 */
export class ScenarioSession extends Context.Tag("smtp-source/ScenarioSession")<ScenarioSession, Session>() {}

/**
 * What the sessions of a scenario have in common.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScenarioRun {
  readonly run: SharedRun
  /** When the sessions began, by the run's clock. */
  readonly begun: number
  /** The number in the whole run of the segment's session of this number. */
  readonly numberOf: (session: number) => number
  readonly seed: string
  readonly scope: Scope.Scope
  readonly onMeasured: ((name: string, ending: Ending, elapsed: number) => void) | undefined
  readonly arrivals: ArrivalWatch | undefined
  readonly shared: Map<object, unknown>
  /** How many messages may still be taken by who would never end: one, where the plan does not say. */
  endless: number
  /** Whether a message was taken; and whether a source had no more. */
  taken: boolean
  exhausted: boolean
  /** How often a message was accepted that had been accepted before. */
  acceptedAgain: number
}

/**
 * What runs a scenario's sessions.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunningSession extends Session {
  /** The scenario runs now for this message alone, which was due when it says. */
  readonly begin: (due: Due) => void
  /** Lets go of the connections that it has kept. */
  readonly letGo: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

/**
 * The segment's session of that number. What it keeps is closed with `scope`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (scenario: ScenarioRun, number: number, scope: Scope.Scope): RunningSession => {
  const { connectOptions, ending, helloName, plan, recorder, tickets } = scenario.run
  const { deadlines } = connectOptions
  const { now } = deadlines
  const inRun = scenario.numberOf(number)
  const key = Draw.series(Draw.keyOf(scenario.seed), inRun)
  let draws = 0
  let foundNone = 0
  /** Of a run whose messages are due at their times: the one at hand, and when the scenario was begun for it. */
  let current: Due | undefined
  let begun = 0
  let due: number | undefined
  const isOpen = Arrival.isOpen(plan)
  const options: Delivery.TransactionOptions = { lmtp: plan.lmtp, afterUnexpected: "strict" }
  /** Where the last attempt of all went: to open a connection, or to send a message over one. */
  let last: Route | undefined
  const connections = new SessionConnections(scenario.run, number, (route) => {
    last = route
  })
  const messages = new TakenMessages(
    scenario.run,
    isOpen,
    () => last,
    () => {
      scenario.acceptedAgain++
    }
  )
  const ready = new ReadyMessages(scenario.run, connections, messages)
  const kept = new KeptConnections(scope, (wire) => connections.isSpent(wire))

  return {
    number: inRun,
    plan,
    helloName,
    now: () => now() - scenario.begun,
    isStopping: () => ending.isMade(),
    draw: () => Draw.uniform(key, draws++),
    pause: (milliseconds) =>
      Effect.suspend(() => {
        const until = now() + milliseconds
        // The watchdog keeps time by whole milliseconds, and hears of a stop; the rest is slept out.
        const most = Math.floor(milliseconds) - 1
        const rest = Effect.suspend(() => {
          const left = until - now()
          return left > 0 && !ending.isMade() ? Effect.sleep(left) : Effect.void
        })
        return most > 0 ? Effect.zipRight(ending.pause(most, deadlines), rest) : rest
      }),
    connect: connections.connect,
    open: connections.open,
    userOf: (wire) => Option.fromNullable(connections.userOf(wire)),
    keep: (key, opening) => kept.get(key, opening),
    letGo: (exit) => kept.close(exit),
    begin: (due) => {
      current = due
      begun = now()
      if (begun - due.free > behindAfter) recorder.behind++
      if (due.at < recorder.measuresFrom) return
      recorder.recordOwn("start", "accepted", begun - due.at)
    },
    ticket: (unsaid) => {
      const ends = unsaid === "ends" && scenario.endless <= 0
      const next = ends ? undefined : isOpen ? current?.message : tickets.take()
      if (next === undefined) {
        foundNone++
        return Option.none()
      }
      if (unsaid === "ends") scenario.endless--
      scenario.taken = true
      if (isOpen) {
        due = current?.at
        current = undefined
      }
      return Option.some(next)
    },
    exhausted: () => {
      scenario.exhausted = true
      foundNone++
    },
    foundNone: () => foundNone,
    planned: (message) => ready.plan(message),
    start: (message, content) => ready.taken(content, messages.start(message, content, isOpen ? begun : now(), due)),
    deliver: (wire, message) =>
      Effect.uninterruptibleMask((restore) => {
        const from = messages.beginning(message, now())
        const way = connections.routeOf(wire)
        const { script, transactions } = connections.agreementOn(wire)
        const refusal = ready.refusal(wire, message)
        if (refusal !== undefined) {
          const outcome: Outcome.Outcome = { _tag: "Failed", error: refusal, recipients: Outcome.noRecipients }
          last = way
          messages.attempt(message, outcome, from, now())
          return Effect.succeed(outcome)
        }
        const delivery = Delivery.make(options, ready.ready(wire, message))
        connections.carry(wire)
        const end = (outcome: Outcome.Outcome): Outcome.Outcome => {
          last = way
          messages.attempt(message, outcome, from, now())
          return outcome
        }
        return Effect.matchCauseEffect(restore(wire.converse(() => script(delivery))), {
          onFailure: (cause) => {
            const error = Cause.failureOption(cause)
            if (Option.isSome(error)) return Exit.succeed(end(transactions.broken(error.value, delivery)))
            last = way
            messages.brokenOff(message, transactions.interrupted(delivery), from, now())
            // It is in the middle of a dialogue, which nobody can go on with.
            wire.close("reset")
            return Effect.failCause(cause as Cause.Cause<never>)
          },
          onSuccess: (outcome) => Exit.succeed(end(outcome))
        })
      }),
    book: (message, outcome) => messages.tell(message, outcome, now()),
    unsent: (message, outcome) => messages.unsent(message, outcome, now()),
    end: (message) => messages.end(message, now()),
    record: (name, ending, elapsed) => {
      recorder.recordOwn(name, ending, elapsed)
      scenario.onMeasured?.(name, ending, elapsed)
    },
    arrivals: scenario.arrivals,
    shared: (key, make) => share(scenario, key, make)
  }
}

/**
 * The first who asks has it made in a fiber of its own, so that whoever waits can be interrupted without taking it from the
 * others. The fiber ends with the run at the latest.
 */
const share = <A, E, R>(
  { scope, shared }: ScenarioRun,
  key: object,
  make: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, Scope.Scope>> =>
  Effect.suspend(() => {
    // The key stands for one kind of thing: only its owner has it.
    const known = shared.get(key) as Deferred.Deferred<A, E> | undefined
    if (known !== undefined) return Deferred.await(known)
    const made = Deferred.unsafeMake<A, E>(FiberId.none)
    shared.set(key, made)
    const making = Effect.interruptible(Effect.intoDeferred(Scope.extend(make, scope), made))
    return Effect.zipRight(Effect.forkIn(making, scope), Deferred.await(made))
  })
