/**
 * What a scenario is given by the session that runs it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Ending } from "../../measure/Recorder.js"
import * as Draw from "../../plan/Draw.js"
import type { Plan } from "../../plan/Plan.js"
import type * as Delivery from "../../smtp/Delivery.js"
import type * as Dialogue from "../../smtp/Dialogue.js"
import type * as Outcome from "../../smtp/Outcome.js"
import type { ConnectFailed } from "../../smtp/SmtpError.js"
import type { Deadlines, Wire } from "../../smtp/Wire.js"
import type { Due } from "../Dispatcher.js"
import type { Restore } from "../Turnstile.js"
import type { ArrivalWatch } from "./ArrivalWatch.js"
import { Attempts, type Following } from "./Attempts.js"
import { KeptConnections } from "./KeptConnections.js"
import type { StopRequest } from "../StopRequest.js"
import * as ScenarioRun from "./ScenarioRun.js"
import { ReadyMessages } from "./ReadyMessages.js"
import { SessionConnections } from "./SessionConnections.js"
import { SessionTickets } from "./SessionTickets.js"
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
  /** Waits for this many milliseconds, or until nothing more is to begin. */
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
  /**
   * The same, for where nothing interrupts it but what it restores; and then those messages that follow, in one piece of dialogue, as
   * long as they are accepted. Gives what the last one that was sent came to.
   */
  readonly deliverEach: (
    wire: Wire,
    message: TakenMessage,
    restore: Restore,
    following?: Following | undefined
  ) => Effect.Effect<Outcome.Outcome>
  /** Tells what an attempt came to that a dialogue of the user's own made. False where that is known, or too late. */
  readonly book: (message: TakenMessage, outcome: Outcome.Outcome) => boolean
  /** Tells what kept a message from being sent, unless there was an attempt. */
  readonly unsent: (message: TakenMessage, outcome: Outcome.Outcome) => void
  /** The use of a message is over: it is booked by its last attempt. Gives how. */
  readonly end: (message: TakenMessage) => Outcome.Outcome
  /** Counts a duration under a name of one's own, in milliseconds. */
  readonly record: (name: string, ending: Ending, elapsed: number) => void
  /** What has come to the next hop, where the plan has one. */
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
export const make = (scenario: ScenarioRun.ScenarioRun, number: number, scope: Scope.Scope): RunningSession => {
  const { connectOptions, ending, helloName, plan, recorder } = scenario.run
  const { deadlines } = connectOptions
  const { now } = deadlines
  const inRun = scenario.numberOf(number)
  const key = Draw.series(Draw.keyOf(scenario.seed), inRun)
  let draws = 0
  const tickets = new SessionTickets(scenario, now)
  const messages = new TakenMessages(scenario.run, tickets.isOpen, () => {
    scenario.acceptedAgain++
  })
  const connections = new SessionConnections(scenario.run, number, (route) => {
    messages.route = route
  })
  const ready = new ReadyMessages(scenario.run, connections, messages)
  const attempts = new Attempts(connections, messages, ready, now, plan.lmtp)
  const kept = new KeptConnections(scope, (wire) => connections.isSpent(wire))

  return {
    number: inRun,
    plan,
    helloName,
    now: () => now() - scenario.begun,
    isStopping: () => ending.isMade(),
    draw: () => Draw.uniform(key, draws++),
    pause: (milliseconds) => pause(milliseconds, ending, deadlines),
    connect: connections.connect,
    open: connections.open,
    userOf: (wire) => Option.fromNullable(connections.userOf(wire)),
    keep: (key, opening) => kept.get(key, opening),
    letGo: (exit) => kept.close(exit),
    begin: (due) => tickets.begin(due),
    ticket: (unsaid) => tickets.take(unsaid),
    exhausted: () => tickets.exhausted(),
    foundNone: () => tickets.foundNone,
    planned: (message) => ready.plan(message),
    start: (message, content) =>
      ready.taken(content, messages.start(message, content, tickets.startOf(now()), tickets.due)),
    deliver: (wire, message) =>
      Effect.uninterruptibleMask((restore) => attempts.oneAfterAnother(wire, message, restore, noneFollows)),
    deliverEach: (wire, message, restore, following = noneFollows) =>
      attempts.oneAfterAnother(wire, message, restore, following),
    book: (message, outcome) => messages.tell(message, outcome, now()),
    unsent: (message, outcome) => messages.unsent(message, outcome, now()),
    end: (message) => messages.end(message, now),
    record: (name, ending, elapsed) => {
      recorder.recordOwn(name, ending, elapsed)
      scenario.onMeasured?.(name, ending, elapsed)
    },
    arrivals: scenario.arrivals,
    shared: (key, make) => ScenarioRun.share(scenario, key, make)
  }
}

const noneFollows: Following = () => undefined

/** The watchdog keeps time by whole milliseconds, and hears of a stop; the rest is slept out. */
const pause = (milliseconds: number, ending: StopRequest, deadlines: Deadlines): Effect.Effect<void> =>
  Effect.suspend(() => {
    const until = deadlines.now() + milliseconds
    const most = Math.floor(milliseconds) - 1
    const rest = Effect.suspend(() => {
      const left = until - deadlines.now()
      return left > 0 && !ending.isMade() ? Effect.sleep(left) : Effect.void
    })
    return most > 0 ? Effect.zipRight(ending.pause(most, deadlines), rest) : rest
  })
