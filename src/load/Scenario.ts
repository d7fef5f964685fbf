/**
 * Scenarios: what the sessions of a run do, as values.
 *
 * A scenario is an Effect that a session runs. It is composed as any other Effect is, of the steps here and in `Dialogue`,
 * and of effects of the user's own; its type says what it can fail with and which services it needs. `run` runs it in each of
 * a plan's sessions: behind the gate, under the watchdog, measured, and with the same books as every run.
 *
 * | to have it | take |
 * |---|---|
 * | in sequence | `Effect.andThen`, `Effect.gen` |
 * | n times, for a time | `repeat`, or `Effect.repeatN`, `Effect.repeat` |
 * | while there are messages | `forEachMessage` |
 * | one of several, by weight | `mixed` |
 * | with pauses | `pause` |
 * | at most so often | `rateLimited` |
 * | when it is due | `onSchedule`, with `arrivals` for a rate or stages |
 * | by more and more sessions | `staged` |
 * | for so long at most | `Effect.timeout`: the message under way is booked, its connection reset |
 * | with messages of one's own | `MessageSource`, given to `send` or `forEachMessage` |
 * | measured under its own name | `measure` |
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Ending } from "../measure/Recorder.js"
import * as Message from "../plan/Message.js"
import type { Plan } from "../plan/Plan.js"
import * as Dialogue from "../smtp/Dialogue.js"
import type { ConnectFailed } from "../smtp/SmtpError.js"
import type { Connector, Wire } from "../smtp/Wire.js"
import * as Drain from "./Drain.js"
import * as Load from "./Load.js"
import * as RunBounds from "./RunBounds.js"
import * as RunScheduler from "./RunScheduler.js"
import * as RunStream from "./RunStream.js"
import * as Session from "./ScenarioSession.js"
import { ScenarioSession } from "./ScenarioSession.js"

export { book, deliver, forEachMessage, send } from "./ScenarioMessages.js"
export { ScenarioSession, type TakenMessage } from "./ScenarioSession.js"
export {
  type ArrivalOptions,
  arrivals,
  type Choice,
  mixed,
  onSchedule,
  pause,
  type RateLimit,
  rateLimit,
  rateLimited,
  type RepeatOptions,
  repeat,
  type StartTimes,
  startTimes
} from "./ScenarioFlow.js"
export { type SessionStage, staged } from "./ScenarioStages.js"

/**
 * What a session does: an Effect which is given its `ScenarioSession`, and a scope that is closed at its end.
 *
 * @since 0.1.0
 * @category models
 */
export type Scenario<A, E = never, R = never> = Effect.Effect<A, E, R | ScenarioSession | Scope.Scope>

/**
 * What happened, and how each session's scenario ended, in the order of their numbers.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScenarioResult<A, E> extends Load.RunResult {
  readonly sessions: ReadonlyArray<Exit.Exit<A, E>>
}

/**
 * Who listens while scenarios run, and how they are stopped.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScenarioOptions extends Load.RunOptions {
  /** Told of each duration that is measured under a name of its own, in milliseconds. */
  readonly onMeasured?: ((name: string, ending: Ending, elapsed: number) => void) | undefined
}

/**
 * Runs the scenario in each of the plan's sessions, in parallel, and tells what happened. A session that fails does not end
 * the others. Asked to stop, the run hands out no more messages, ends pauses and repetitions, and interrupts the scenarios
 * that have not ended after `plan.drain` seconds. The same, but for the interruption, goes for the end of `plan.duration`.
 *
 * Of the plan it takes where to connect to and how, the messages and their number, the sessions, the time-out and the seed.
 * What a session does next, after a message or after a failure, is the scenario's own business: -d, -w, -R, -C, -A and
 * --keep-going have no effect, nor has pipelining, nor a rate, which is `onSchedule`'s business. A scenario holds functions, so that it stays in this thread.
 *
 * Interruption is prompt, books what was under way, and closes all connections.
 *
 * @since 0.1.0
 * @category running
 * @example
 * import * as Effect from "effect/Effect"
 * import { Dialogue, NodeServices, Plan, Scenario } from "smtp-source"
 *
 * const plan = Plan.make({ target: "localhost:2525", sessions: 10, messages: 1000 })
 *
 * // A connection for each message, as the plan has it, and for one session in ten a NOOP before it.
 * const mail = Scenario.forEachMessage((message) =>
 *   Effect.gen(function* () {
 *     const wire = yield* Scenario.open
 *     yield* Scenario.mixed([9, Effect.void], [1, Scenario.measure(Dialogue.request(wire, "NOOP"), "noop")])
 *     return yield* Scenario.deliver(wire, message)
 *   }).pipe(Effect.scoped)
 * )
 *
 * export const program = Effect.provide(Scenario.run(plan, mail), NodeServices.layer)
 */
export const run = <A, E, R>(
  plan: Plan,
  scenario: Effect.Effect<A, E, R>,
  options: ScenarioOptions = {}
): Effect.Effect<
  ScenarioResult<A, E>,
  Load.RunError,
  Connector | FileSystem | Exclude<Exclude<R, ScenarioSession>, Scope.Scope>
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* Message.readFile(plan)
      const identity = yield* Load.identify(plan)
      const part = { ...Load.whole(plan, identity, file), sessions: plan.sessions }
      const shared = yield* Load.share(plan, part, options)
      const { ledger, recorder, tickets } = shared
      const { now } = shared.connectOptions.deadlines
      const begun = now()
      const scenarioRun: Session.ScenarioRun = {
        run: shared,
        begun,
        seed: plan.seed ?? identity.runId,
        scope: yield* Effect.scope,
        onMeasured: options.onMeasured,
        shared: new Map()
      }
      const sessions: Array<Exit.Exit<A, E>> = []
      const numbers = Array.from({ length: plan.sessions }, (_, number) => number)
      const running = Effect.forEach(
        numbers,
        (number) =>
          Effect.scoped(Effect.provideService(scenario, ScenarioSession, Session.make(scenarioRun, number))).pipe(
            Effect.onExit((exit) =>
              Effect.sync(() => {
                sessions[number] = exit
              })
            ),
            Effect.exit
          ),
        { concurrency: plan.sessions, discard: true }
      )
      yield* Drain.run(running, shared, options.hurrying)
      const elapsed = now() - begun
      const accounting = RunBounds.close(plan, ledger)
      const stopped = tickets.isClosed()
      const { runId, startedAt } = identity
      return { accounting, recorder, runId, startedAt, elapsed, endedBy: Option.none(), stopped, sessions }
    })
  ).pipe(RunScheduler.provide)

/**
 * Runs the scenario as `run` does, as a stream of what happens: each message's end, each duration that is measured under a
 * name of its own, and at last the result. A slow reader does not slow the run down; it misses events, and the last one says
 * how many. The run is interrupted when the stream is read no more.
 *
 * @since 0.1.0
 * @category running
 */
export const stream = <A, E, R>(
  plan: Plan,
  scenario: Effect.Effect<A, E, R>,
  options: ScenarioOptions & RunStream.StreamOptions = {}
): Stream.Stream<
  RunStream.RunEvent<ScenarioResult<A, E>>,
  Load.RunError,
  Connector | FileSystem | Exclude<Exclude<R, ScenarioSession>, Scope.Scope>
> =>
  RunStream.make(
    ({ onMeasured, onOutcome }) =>
      run(plan, scenario, {
        ...options,
        onOutcome: (message, outcome) => {
          onOutcome(message, outcome)
          options.onOutcome?.(message, outcome)
        },
        onMeasured: (name, ending, elapsed) => {
          onMeasured(name, ending, elapsed)
          options.onMeasured?.(name, ending, elapsed)
        }
      }),
    options
  )

/**
 * The number of the session, from 0.
 *
 * @since 0.1.0
 * @category session
 */
export const sessionNumber: Effect.Effect<number, never, ScenarioSession> = Effect.map(
  ScenarioSession,
  ({ number }) => number
)

/**
 * The session's next number in [0, 1). It depends on the plan's seed, the session's number, and how many draws came before.
 *
 * @since 0.1.0
 * @category session
 */
export const draw: Effect.Effect<number, never, ScenarioSession> = Effect.map(ScenarioSession, (session) =>
  session.draw()
)

/**
 * What all sessions of the run share: made by the first session that comes here, with a scope that ends with the run. Each
 * call makes a thing of its own, so make it once, outside of the scenario.
 *
 * @since 0.1.0
 * @category session
 */
export const shared = <A, E, R>(
  make: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, Scope.Scope> | ScenarioSession> => {
  const key = {}
  return Effect.flatMap(ScenarioSession, (session) => session.shared(key, make))
}

/**
 * Opens a connection, not greeted yet, and closes it with the scope. It waits at the run's gate.
 *
 * @since 0.1.0
 * @category steps
 */
export const connect: Effect.Effect<Wire, ConnectFailed, ScenarioSession | Scope.Scope> = Effect.flatMap(
  ScenarioSession,
  (session) => session.connect
)

/**
 * Opens a connection, waits for the greeting and introduces us as the plan says. When the scope is closed, it says QUIT if
 * all went well, and closes.
 *
 * @since 0.1.0
 * @category steps
 */
export const open: Effect.Effect<Wire, ConnectFailed | Dialogue.StepError, ScenarioSession | Scope.Scope> = Effect.gen(
  function* () {
    const { greeted, helloName, plan } = yield* ScenarioSession
    const wire = yield* greeted
    const verb = plan.lmtp ? "LHLO" : plan.pipelining === "off" ? "HELO" : "EHLO"
    if (!plan.bare) yield* Dialogue.hello(wire, verb, helloName)
    yield* Effect.addFinalizer((exit) =>
      Exit.isSuccess(exit) && wire.state() === "open" ? Dialogue.quit(wire) : Effect.void
    )
    return wire
  }
)

/**
 * Measures a step under its own name: `accepted` if it succeeds, `rejected` if a reply was not what it must be, `failed`
 * otherwise. Reports have it beside the steps of SMTP.
 *
 * @since 0.1.0
 * @category combinators
 */
export const measure: {
  (name: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R | ScenarioSession>
  <A, E, R>(self: Effect.Effect<A, E, R>, name: string): Effect.Effect<A, E, R | ScenarioSession>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, name: string): Effect.Effect<A, E, R | ScenarioSession> =>
    Effect.flatMap(ScenarioSession, (session) => {
      const begun = session.now()
      return Effect.onExit(self, (exit) =>
        Effect.sync(() => session.record(name, Session.endingOf(exit), session.now() - begun))
      )
    })
)
