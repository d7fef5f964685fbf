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
 * | while there are messages, or with one | `forEachMessage`, `forNextMessage` |
 * | over a connection for each, or over one that is kept | `open`, `kept` |
 * | one of several, by weight | `mixed` |
 * | with pauses | `pause` |
 * | at a limited rate | `rateLimited` |
 * | when it is due | a plan with a rate or stages; for a part of it, `onSchedule` with `arrivals` |
 * | by more and more sessions | `staged` |
 * | for a limited time | `Effect.timeout`: the message under way is booked, its connection reset |
 * | with messages of one's own | `MessageSource`, given to `send` or `forEachMessage` |
 * | from the user of each login | a plan whose sender is `{user}`; `userOf` |
 * | measured under its own name | `measure` |
 * | to know what the server has sent on | `arrival`, `awaitArrival`, with a plan that proves delivery |
 *
 * It is over 300 lines because it is what a user has of scenarios: a run of them, and the names of all that they are made of.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Arrival from "../../plan/Arrival.js"
import * as MessageParts from "../../plan/MessageParts.js"
import * as Partition from "../../plan/Partition.js"
import * as Plan from "../../plan/Plan.js"
import * as Segment from "../../plan/Segment.js"
import type { Connector } from "../../smtp/Wire.js"
import * as AgreedStart from "../AgreedStart.js"
import * as Drain from "../Drain.js"
import * as PlanSupport from "../PlanSupport.js"
import * as Proof from "../Proof.js"
import * as ProgramRun from "../ProgramRun.js"
import * as RunBounds from "../RunBounds.js"
import * as RunMaking from "../RunMaking.js"
import * as RunPart from "../RunPart.js"
import * as RunScheduler from "../RunScheduler.js"
import * as RunStream from "../RunStream.js"
import * as Sampler from "../Sampler.js"
import { ArrivalWatch } from "./ArrivalWatch.js"
import type { ScenarioRun } from "./ScenarioRun.js"
import { ScenarioSession } from "./ScenarioSession.js"
import * as Sessions from "./ScenarioSessions.js"
import * as Watchdog from "../Watchdog.js"

export { connect, keep, kept, open, userOf } from "./ScenarioConnection.js"
export { InvalidScenario } from "./InvalidScenario.js"
export type { Arrived } from "./ArrivalWatch.js"
export { arrival, type ArrivalQuestion, awaitArrival, NotArrived, type WaitOptions } from "./ScenarioProof.js"
export { endingOf, type MeasureOptions, measure } from "./ScenarioMeasure.js"
export { book, deliver, forEachMessage, forNextMessage, send } from "./ScenarioMessages.js"
export type { Scenarios } from "./ScenarioSessions.js"
export { ScenarioSession } from "./ScenarioSession.js"
export type { TakenMessage } from "./TakenMessages.js"
export { type Choice, mixed, pause, type RepeatOptions, repeat } from "./ScenarioFlow.js"
export {
  type ArrivalOptions,
  arrivals,
  onSchedule,
  type RateLimit,
  rateLimit,
  rateLimited,
  type StartTimes,
  startTimes
} from "./ScenarioSchedule.js"
export { type SessionStage, staged } from "./ScenarioStages.js"

/**
 * What a session does: an Effect which is given its `ScenarioSession`, and a scope that is closed at its end.
 *
 * @since 0.1.0
 * @category models
 */
export type Scenario<A, E = never, R = never> = Effect.Effect<A, E, R | ScenarioSession | Scope.Scope>

/**
 * What happened, and how each session's scenario ended, in the order of their numbers. Where the plan has a rate or stages, a
 * session runs the scenario again and again, and its last end is told.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScenarioResult<A, E> extends RunPart.RunResult {
  readonly sessions: ReadonlyArray<Exit.Exit<A, E>>
  /** How often the scenario was begun, and how often it failed or died. */
  readonly scenarios: Sessions.Scenarios
}

/**
 * Who listens while scenarios run, and how they are stopped.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScenarioOptions extends RunPart.RunOptions {
  readonly onMeasured?: RunStream.OnMeasured | undefined
}

/**
 * Runs the scenario in each of the plan's sessions, in parallel, and tells what happened; `Load.run(plan, scenario)` is the
 * same. A session that fails does not end the others: it is counted in `scenarios`, its error of SMTP's among the errors, and
 * the first of each kind told as trouble. Asked to stop, the run hands out no more messages, ends pauses and repetitions, and
 * interrupts the scenarios that have not ended after `plan.drain` seconds. The same goes for the end of `plan.duration`, and of
 * its stages.
 *
 * Where the plan has a rate or stages, the scenario is run once for each message that is due, over as many sessions as that
 * needs, up to `maxSessions`: `send`, `forNextMessage` or `forEachMessage` then have this one message. It counts from when it
 * was due, and so does the scenario as a whole, which is measured as `scenario`.
 *
 * Of the plan it takes where to connect to and how, the messages and their number, arrivals, sessions, duration and warm-up,
 * the time-out, the seed, the segment and the start. Of a segment (`Segment.of`), the sessions and messages are its own, by their numbers in the
 * whole run, and so is its share of a `rateLimit` and of `startTimes`. Where it does not say how many messages there are, a source has as many as it has, and the plan
 * as many as `send` and `forNextMessage` ask for: only `forEachMessage` over the plan's own, which would never end, has one.
 * None are booked as not started then, or where a source has ended. What a session does next, after a message or after a
 * failure, is left to the scenario: -d and -A have no effect, and --keep-going only has connections wait that this machine
 * is out of means for. -C is for all connections of a session together. A proof of delivery (`prove`, `downstream`) is of the plan's own
 * messages, to the recipients that it has for them. What else a plan can ask for in vain is refused with `PlanUnsupported`. A scenario holds functions, so that it stays in this thread.
 *
 * Interruption is prompt, books what was under way, and closes all connections; `onInterrupted` is given the books.
 *
 * @since 0.1.0
 * @category running
 * @example
 * import * as Effect from "effect/Effect"
 * import { Dialogue, NodeServices, Plan, Scenario } from "smtp-source"
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
 * export const program = (target: string) =>
 *   Scenario.run(Plan.make({ target, sessions: 10, messages: 1000 }), mail).pipe(Effect.provide(NodeServices.layer))
 */
export const run = <A, E, R>(
  plan: Plan.Plan,
  scenario: Effect.Effect<A, E, R>,
  options: ScenarioOptions = {}
): Effect.Effect<
  ScenarioResult<A, E>,
  ProgramRun.RunError,
  Connector | Exclude<Exclude<R, ScenarioSession>, Scope.Scope>
> =>
  ProgramRun.run(plan, options, (options) =>
    PlanSupport.check(plan, "scenario", options).pipe(
      Effect.zipRight(
        Proof.around(plan, options, (plan, options) => runSessions(plan, scenario, options), {
          timed: true,
          messages: Plan.saysMessages(plan) ? undefined : Arrival.unlimited
        })
      ),
      Effect.tap(RunPart.logViolations)
    )
  )

const runSessions = <A, E, R>(
  asked: Plan.Plan,
  scenario: Effect.Effect<A, E, R>,
  options: ScenarioOptions
): Effect.Effect<
  ScenarioResult<A, E>,
  RunPart.RunError,
  Connector | Exclude<Exclude<R, ScenarioSession>, Scope.Scope>
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const plan = MessageParts.bounded(asked, options.parts)
      const identity = yield* RunPart.identify(plan)
      const says = Plan.saysMessages(plan)
      const due = RunBounds.whatIsDue(says ? plan : { ...plan, messages: Arrival.unlimited }, identity)
      const arrivals = Arrival.make(due, RunBounds.seedOf(plan, identity))
      const part = RunPart.whole(due, identity, options.file)
      const { late, stopping } = yield* AgreedStart.reach(due, part, options)
      const shared = yield* RunMaking.make(due, part, { ...options, stopping }, late)
      const { ledger, recorder, tickets } = shared
      const { now } = shared.connectOptions.deadlines
      const begun = now() - late
      const segment = Segment.ofPlan(plan)
      const own = Partition.of(segment)
      const scope = yield* Effect.scope
      const scenarioRun: ScenarioRun = {
        run: shared,
        begun,
        numberOf: own.at,
        seed: RunBounds.seedOf(plan, identity),
        scope,
        // Without a next hop, messages are only stamped: nobody tells the books what has come.
        arrivals:
          plan.downstream === undefined || options.deliveries === undefined
            ? undefined
            : new ArrivalWatch(options.deliveries, scope),
        onMeasured: options.onMeasured,
        shared: new Map(),
        endless: says ? Number.POSITIVE_INFINITY : Arrival.messagesOf(plan),
        taken: false,
        exhausted: false,
        acceptedAgain: 0
      }
      const ends = new Sessions.ScenarioEnds<A, E>(scenarioRun)
      const granularity = Watchdog.granularity(yield* Effect.clock)
      // Asked to stop before the start that was agreed upon, it does not begin.
      const running = tickets.isClosed()
        ? Effect.void
        : arrivals === undefined
          ? Sessions.each(scenarioRun, scenario, own.count(plan.sessions), ends)
          : Sessions.whenDue(
              scenarioRun,
              scenario,
              {
                arrivals: Arrival.ofSegment(arrivals, segment),
                origin: begun,
                granularity,
                maxSessions: RunBounds.sessionsOf(due)
              },
              ends
            )
      const { sampling } = options
      const lastSample = sampling === undefined ? Effect.void : yield* Sampler.start(shared, identity, sampling)
      const finish = (stopped: boolean, brokenOff: boolean): Effect.Effect<ScenarioResult<A, E>> =>
        Effect.suspend(() => {
          const elapsed = now() - begun
          const { begun: all, failed, sessions } = ends
          // Nobody meant to send a number of messages that no source has, or any at all where none was asked for.
          const asked = says && !scenarioRun.exhausted && (scenarioRun.taken || failed > 0 || stopped)
          const accounting = RunBounds.close(due, ledger, asked ? undefined : ledger.started)
          const { runId, startedAt } = identity
          const scenarios = { begun: all, failed }
          const result = {
            accounting,
            recorder: RunBounds.recorded(recorder, ledger),
            runId,
            startedAt,
            elapsed,
            endedBy: Option.none<never>(),
            stopped,
            brokenOff,
            corpus: options.parts?.corpus?.counts
          }
          const checked = RunPart.checked(plan, result, { acceptedAgain: scenarioRun.acceptedAgain })
          return Effect.as(lastSample, { ...checked, sessions, scenarios })
        })
      const { onInterrupted } = options
      const brokenOff = yield* Effect.onInterrupt(Drain.run(running, shared, options.hurrying), () =>
        onInterrupted === undefined ? Effect.void : Effect.flatMap(finish(true, true), onInterrupted)
      )
      return yield* finish(tickets.isClosed(), brokenOff)
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
  plan: Plan.Plan,
  scenario: Effect.Effect<A, E, R>,
  options: ScenarioOptions & RunStream.StreamOptions = {}
): Stream.Stream<
  RunStream.RunEvent<ScenarioResult<A, E>>,
  ProgramRun.RunError,
  Connector | Exclude<Exclude<R, ScenarioSession>, Scope.Scope>
> => RunStream.make((listeners) => run(plan, scenario, { ...options, ...listeners }), options)

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
