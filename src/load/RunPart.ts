/**
 * What a run is made of, and one part of it: sessions as fibers in one scope, until every message has come to its end.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Accounting from "../measure/Accounting.js"
import * as Laws from "../measure/Laws.js"
import * as Arrival from "../plan/Arrival.js"
import * as Partition from "../plan/Partition.js"
import type * as Message from "../plan/Message.js"
import * as MessageParts from "../plan/MessageParts.js"
import type { Plan } from "../plan/Plan.js"
import * as Segment from "../plan/Segment.js"
import * as StartTime from "../plan/StartTime.js"
import type { SmtpError } from "../smtp/SmtpError.js"
import type { Connector } from "../smtp/Wire.js"
import * as DeepSession from "./DeepSession.js"
import * as Drain from "./Drain.js"
import * as OpenRun from "./OpenRun.js"
import * as RunBounds from "./RunBounds.js"
import * as RunMaking from "./RunMaking.js"
import type { PartResult, RunOptions, RunResult } from "./RunResult.js"
import * as RunScheduler from "./RunScheduler.js"
import * as Sampler from "./Sampler.js"
import * as AgreedStart from "./AgreedStart.js"
import type { RunEnded } from "./MessageEnd.js"
import * as Session from "./Session.js"
import type { SharedRun } from "./SharedRun.js"
import * as Tickets from "./Tickets.js"
import * as Watchdog from "./Watchdog.js"

export type { PartResult, RunError, RunOptions, RunResult, Settling } from "./RunResult.js"

/**
 * Runs a whole plan in this thread, whatever else it asks for.
 *
 * @since 0.1.0
 * @category running
 */
export const runWhole = (asked: Plan, options: RunOptions): Effect.Effect<RunResult, never, Connector> =>
  Effect.gen(function* () {
    const plan = MessageParts.bounded(asked, options.parts)
    const identity = yield* identify(plan)
    const due = RunBounds.whatIsDue(plan, identity)
    const { onInterrupted } = options
    const corpus = options.parts?.corpus?.counts
    const finish = (result: PartResult): RunResult => checked(plan, { ...result, corpus })
    const onCut = onInterrupted === undefined ? undefined : (result: PartResult) => onInterrupted(finish(result))
    return finish(yield* runPart(due, whole(due, identity, options.file), options, onCut))
  })

/**
 * A finished run, with the laws that its books break.
 *
 * @since 0.1.0
 * @category running
 */
export const checked = <Result extends PartResult>(
  plan: Plan,
  result: Result,
  { partial = false, acceptedAgain = 0 }: { readonly partial?: boolean; readonly acceptedAgain?: number } = {}
): Result & Pick<RunResult, "violations"> => ({
  ...result,
  violations: Laws.violations({
    ...result,
    warmedUp: plan.warmUp !== undefined,
    cutOff: result.stopped || result.brokenOff || Option.isSome(result.endedBy),
    partial,
    acceptedAgain
  })
})

/**
 * Logs the laws that a run's books break as an error. The command reports them by itself.
 *
 * @since 0.1.0
 * @category running
 */
export const logViolations = ({ violations }: Pick<RunResult, "violations">): Effect.Effect<void> =>
  Effect.forEach(violations, (law) => Effect.logError(`smtp-source: the books do not balance: ${law}`), {
    discard: true
  })

/**
 * What one thread needs to know of a run that several share. `sessions` are this part's own; the rest is of the plan's segment.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunPart extends RunMaking.PartOfRun {
  readonly sessions: number
  /**
   * Asked when the part is ready, with the time of day in milliseconds, for that from which due times count. Without it, they
   * count from then.
   */
  readonly origin?: ((time: number) => number) | undefined
}

/**
 * What tells this run's messages from those of others: its name, or else the time, and a number drawn at random. A start that is
 * agreed upon is when it started, before it did.
 *
 * @since 0.1.0
 * @category running
 */
export const identify = (plan: Plan): Effect.Effect<Message.RunIdentity> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const now = clock.unsafeCurrentTimeMillis()
    const agreed = plan.startAt === undefined ? undefined : StartTime.timeOf(plan.startAt, now)
    const startedAt = new Date(agreed ?? now)
    const drawn = yield* Random.nextIntBetween(0, 0x7fff_ffff)
    const runId = plan.runId ?? `${now.toString(16)}.${drawn.toString(16)}`
    return { helloName: plan.helloName ?? "localhost", runId, startedAt }
  })

/**
 * The whole of a plan's segment as its only part.
 *
 * @since 0.1.0
 * @category running
 */
export const whole = (plan: Plan, identity: Message.RunIdentity, file: Uint8Array | undefined): RunPart => {
  const messages = RunBounds.ownMessages(plan)
  return {
    identity,
    file,
    sessions: RunBounds.sessionsOf(plan),
    tickets: Tickets.make(messages, Partition.of(Segment.ofPlan(plan)).at),
    ledger: Accounting.make(messages)
  }
}

/**
 * Runs the sessions of one part. The messages that were never begun are booked by whoever has the whole. Where it is
 * interrupted, `onCut` is given what happened until then.
 *
 * @since 0.1.0
 * @category running
 */
export const runPart = (
  plan: Plan,
  part: RunPart,
  options: RunOptions,
  onCut?: (result: PartResult) => Effect.Effect<unknown>
): Effect.Effect<PartResult, never, Connector> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { stopping, late } = yield* AgreedStart.reach(plan, part, options)
      const shared = yield* RunMaking.make(plan, part, { ...options, stopping }, late)
      const { ledger, recorder, tickets } = shared
      const { now } = shared.connectOptions.deadlines
      const begun = now() - late
      const { runId, startedAt } = part.identity
      const { sampling } = options
      const lastSample = sampling === undefined ? Effect.void : yield* Sampler.start(shared, part.identity, sampling)
      const finish = (
        endedBy: Option.Option<SmtpError>,
        stopped: boolean,
        brokenOff: boolean
      ): Effect.Effect<PartResult> =>
        Effect.suspend(() => {
          const elapsed = now() - begun
          const accounting = ledger.planned > 0 ? RunBounds.close(plan, ledger) : Accounting.sum(0, [ledger])
          const recorded = RunBounds.recorded(recorder, ledger)
          return Effect.as(lastSample, {
            accounting,
            recorder: recorded,
            runId,
            startedAt,
            elapsed,
            endedBy,
            stopped,
            brokenOff
          })
        })
      const running = Drain.run(yield* sessions(shared, part, begun), shared, options.hurrying)
      const exit = yield* running.pipe(
        Effect.onInterrupt(() =>
          onCut === undefined ? Effect.void : Effect.flatMap(finish(Option.none(), true, true), onCut)
        ),
        Effect.exit
      )
      const brokenOff = Exit.isSuccess(exit) && exit.value
      return yield* Effect.flatMap(endOf(exit), (endedBy) => finish(endedBy, tickets.isClosed(), brokenOff))
    })
  ).pipe(RunScheduler.provide)

/** What ended the run early, if anything did; a defect is a defect. */
const endOf = (exit: Exit.Exit<unknown, RunEnded>): Effect.Effect<Option.Option<SmtpError>> => {
  if (Exit.isSuccess(exit)) return Effect.succeed(Option.none())
  const failure = Cause.failureOption(exit.cause)
  return Option.isSome(failure)
    ? Effect.succeed(Option.some(failure.value.error))
    : // Without a failure, what is left of the cause are defects and interruptions.
      Effect.failCause(exit.cause as Cause.Cause<never>)
}

/**
 * Messages that wait for sessions: one fiber for each session that has one to begin with. Messages that are due: sessions as
 * they are needed. The first that ends the run ends them all.
 */
const sessions = (shared: SharedRun, part: RunPart, begun: number): Effect.Effect<Effect.Effect<void, RunEnded>> =>
  Effect.map(Effect.clock, (clock) => {
    const count = part.sessions
    const arrivals = Arrival.make(shared.plan, RunBounds.seedOf(shared.plan, part.identity))
    if (arrivals === undefined) {
      const all = Array.from({ length: count })
      const run = shared.plan.depth > 1 ? DeepSession.run : Session.run
      return Effect.forEach(all, () => run(shared), { concurrency: Math.max(1, count), discard: true })
    }
    const time = clock.unsafeCurrentTimeMillis()
    // A start that is agreed upon is when it begun, for all.
    const origin = shared.plan.startAt === undefined ? begun - (time - (part.origin?.(time) ?? time)) : begun
    const own = Arrival.ofSegment(arrivals, Segment.ofPlan(shared.plan))
    shared.stampTimes.from(origin, arrivals)
    return OpenRun.run(shared, { arrivals: own, origin, maxSessions: count, granularity: Watchdog.granularity(clock) })
  })
