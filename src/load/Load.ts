/**
 * Runs a plan, or scenarios of one's own, to the end of every message.
 *
 * What the server does is data in the result. What `run` fails with was wrong before anything was sent.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Plan } from "../plan/Plan.js"
import type { Connector } from "../smtp/Wire.js"
import * as PlanSupport from "./PlanSupport.js"
import * as Proof from "./Proof.js"
import * as ProgramRun from "./ProgramRun.js"
import * as RunHandle from "./RunHandle.js"
import * as RunPart from "./RunPart.js"
import * as RunStream from "./RunStream.js"
import * as Scenario from "./scenario/Scenario.js"

export type { MessageTimes, OnOutcome } from "./MessageTimes.js"
export { PlanUnsupported, type UnsupportedField } from "./PlanSupport.js"
export type { TlsUnusable } from "../smtp/Tls.js"
export { type RunError, VerdictsFailed } from "./ProgramRun.js"
export type { RunHandle } from "./RunHandle.js"
export type { RunOptions, RunResult, Settling } from "./RunPart.js"

/**
 * Runs the plan, or a scenario over its sessions, to the end, and tells what happened. `Scenario.run` says what a scenario
 * takes of a plan.
 *
 * A plan runs in this thread; over several, `Workers.run` runs it. It needs a target, unless the `Connector` has one. Fails
 * with `InvalidPlan` where a plan that was put together by hand breaks a rule, with `PlanUnsupported` where it asks for what only
 * the command does, and, when the run is over, with `VerdictsFailed` where one of `failIf`, `require` and `abortIf` failed.
 *
 * To end a run early and keep its books, make `stopping` resume: what is under way has `plan.drain` seconds to end. Where a
 * `StopSignal` is provided (`NodeStopSignal.layer`) and the options do not say otherwise, the first signal stops the run and
 * the second hurries it.
 *
 * Interruption, by a time-out around it or by Ctrl-C under `NodeRuntime.runMain`, is prompt: connections are reset, and the
 * result is lost but for what `onInterrupted` makes of it. `NodeStopSignal.runMain` leaves Ctrl-C to the run.
 *
 * @since 0.1.0
 * @category running
 * @example
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 * import { Load, NodeServices, NodeStopSignal, Plan, Summary } from "smtp-source"
 *
 * const print = (result: Load.RunResult) => Console.log(Summary.render(result).join("\n"))
 *
 * export const program = (target: string) =>
 *   Load.run(Plan.make({ target, duration: "1h", reuse: true })).pipe(
 *     Effect.tap(print),
 *     Effect.provide(NodeServices.layer)
 *   )
 *
 * // Ctrl-C stops the run, and the books are printed.
 * export const main = () => NodeStopSignal.runMain(program("localhost:2525"))
 */
export function run(
  plan: Plan,
  options?: RunPart.RunOptions
): Effect.Effect<RunPart.RunResult, ProgramRun.RunError, Connector>
export function run<A, E, R>(
  plan: Plan,
  scenario: Effect.Effect<A, E, R>,
  options?: Scenario.ScenarioOptions
): Effect.Effect<Scenario.ScenarioResult<A, E>, ProgramRun.RunError, Services<R>>
export function run<A, E, R>(
  plan: Plan,
  what: Effect.Effect<A, E, R> | RunPart.RunOptions = {},
  options: Scenario.ScenarioOptions = {}
): Effect.Effect<RunPart.RunResult, ProgramRun.RunError, Services<R>> {
  return Effect.isEffect(what) ? Scenario.run(plan, what, options) : runPlan(plan, what)
}

/** What a run needs, and what its scenario needs besides. */
type Services<R> = Connector | Exclude<Exclude<R, Scenario.ScenarioSession>, Scope.Scope>

const runPlan = (
  plan: Plan,
  options: RunPart.RunOptions
): Effect.Effect<RunPart.RunResult, ProgramRun.RunError, Connector> =>
  ProgramRun.run(plan, options, (options) =>
    PlanSupport.check(plan, "plan", options).pipe(
      Effect.zipRight(Proof.around(plan, options, RunPart.runWhole)),
      Effect.tap(RunPart.logViolations)
    )
  )

/**
 * Runs as `run` does, as a stream: of each message's end, with its times; of each second, with its counts and percentiles; of
 * each duration that a scenario measures under a name of its own; and at last of the result. A slow reader does not slow the
 * run down; it misses events, and the last one says how many. The run is interrupted when the stream is read no more.
 *
 * @since 0.1.0
 * @category running
 * @example
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 * import { Load, NodeServices, Plan } from "smtp-source"
 *
 * // Prints how many messages were accepted in each second, and gives how many there were.
 * export const watch = (target: string) =>
 *   Load.stream(Plan.make({ target, messages: 1000, sessions: 20, reuse: true })).pipe(
 *     Stream.map((event) => (event._tag === "Sampled" ? event.interval.accepted : 0)),
 *     Stream.filter((accepted) => accepted > 0),
 *     Stream.tap((accepted) => Console.log(accepted)),
 *     Stream.runSum,
 *     Effect.provide(NodeServices.layer)
 *   )
 */
export function stream(
  plan: Plan,
  options?: RunPart.RunOptions & RunStream.StreamOptions
): Stream.Stream<RunStream.RunEvent<RunPart.RunResult>, ProgramRun.RunError, Connector>
export function stream<A, E, R>(
  plan: Plan,
  scenario: Effect.Effect<A, E, R>,
  options?: Scenario.ScenarioOptions & RunStream.StreamOptions
): Stream.Stream<RunStream.RunEvent<Scenario.ScenarioResult<A, E>>, ProgramRun.RunError, Services<R>>
export function stream<A, E, R>(
  plan: Plan,
  what: Effect.Effect<A, E, R> | (RunPart.RunOptions & RunStream.StreamOptions) = {},
  options: Scenario.ScenarioOptions & RunStream.StreamOptions = {}
): Stream.Stream<RunStream.RunEvent<RunPart.RunResult>, ProgramRun.RunError, Services<R>> {
  return Effect.isEffect(what) ? Scenario.stream(plan, what, options) : streamPlan(plan, what)
}

const streamPlan = (
  plan: Plan,
  options: RunPart.RunOptions & RunStream.StreamOptions
): Stream.Stream<RunStream.RunEvent<RunPart.RunResult>, ProgramRun.RunError, Connector> =>
  RunStream.make(({ onOutcome, sampling }) => runPlan(plan, { ...options, onOutcome, sampling }), options)

/**
 * Starts as `run` does, in a fiber of the scope, and gives a hold on the run: its events, a way to stop it, and its result. The
 * run is interrupted when the scope is closed.
 *
 * @since 0.1.0
 * @category running
 * @example
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 * import { Load, NodeServices, Plan } from "smtp-source"
 *
 * // Sends until a hundred messages were refused.
 * export const untilRefused = (target: string) =>
 *   Effect.gen(function* () {
 *     const run = yield* Load.start(Plan.make({ target, duration: "1h", keepGoing: true }))
 *     yield* run.events.pipe(
 *       Stream.filter((event) => event._tag === "MessageEnded" && event.outcome._tag === "Rejected"),
 *       Stream.take(100),
 *       Stream.runDrain
 *     )
 *     yield* run.stop
 *     return yield* run.await
 *   }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
 */
export function start(
  plan: Plan,
  options?: RunPart.RunOptions & RunStream.StreamOptions
): Effect.Effect<RunHandle.RunHandle<RunPart.RunResult, ProgramRun.RunError>, never, Connector | Scope.Scope>
export function start<A, E, R>(
  plan: Plan,
  scenario: Effect.Effect<A, E, R>,
  options?: Scenario.ScenarioOptions & RunStream.StreamOptions
): Effect.Effect<
  RunHandle.RunHandle<Scenario.ScenarioResult<A, E>, ProgramRun.RunError>,
  never,
  Services<R> | Scope.Scope
>
export function start<A, E, R>(
  plan: Plan,
  what: Effect.Effect<A, E, R> | (RunPart.RunOptions & RunStream.StreamOptions) = {},
  options: Scenario.ScenarioOptions & RunStream.StreamOptions = {}
): Effect.Effect<RunHandle.RunHandle<RunPart.RunResult, ProgramRun.RunError>, never, Services<R> | Scope.Scope> {
  return Effect.isEffect(what)
    ? RunHandle.start(options, (options) => Scenario.run(plan, what, options))
    : RunHandle.start(what, (options) => runPlan(plan, options))
}
