/**
 * What a run has that a program starts, and the command does in its own way: it heeds the plan's verdicts and the stop signals
 * that are provided, and refuses what only the command can do.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Plan from "../plan/Plan.js"
import * as Judgement from "../report/Judgement.js"
import { Recent } from "../report/Recent.js"
import { RunningReport, startOf } from "../report/RunningReport.js"
import * as RunReport from "../report/RunReport.js"
import { WholeSeconds } from "../report/WholeSeconds.js"
import { version } from "../version.js"
import * as MessageSpans from "./MessageSpans.js"
import * as PlanSupport from "./PlanSupport.js"
import type { RunOptions, RunResult } from "./RunPart.js"
import type { Sampling } from "./Sampler.js"
import { StopSignal } from "./StopSignal.js"
import type { SinkFailed } from "../sink/EmbeddedSink.js"
import type { TlsUnusable } from "../smtp/Tls.js"

/**
 * The run came to its end, and a verdict of the plan (`failIf`, `require`, `abortIf`) failed.
 *
 * @since 0.1.0
 * @category errors
 */
export class VerdictsFailed extends Data.TaggedError("VerdictsFailed")<{
  /** Those that failed. */
  readonly verdicts: ReadonlyArray<Judgement.Judgement>
  /** What happened. */
  readonly result: RunResult
}> {
  override get message(): string {
    return this.verdicts.map(Judgement.sentence).join("; ")
  }
}

/**
 * Why there is no result, or none that passed.
 *
 * @since 0.1.0
 * @category errors
 */
export type RunError = SinkFailed | Plan.InvalidPlan | PlanSupport.PlanUnsupported | TlsUnusable | VerdictsFailed

/**
 * Runs with the options that follow from the plan and from what is provided. Fails with `InvalidPlan` or
 * `PlanUnsupported` before anything is sent, and with `VerdictsFailed` at the end.
 *
 * @since 0.1.0
 * @category running
 */
export const run = <Options extends RunOptions, Result extends RunResult, E, R>(
  plan: Plan.Plan,
  options: Options,
  running: (options: Options) => Effect.Effect<Result, E, R>
): Effect.Effect<Result, E | Plan.InvalidPlan | PlanSupport.PlanUnsupported | VerdictsFailed, R> =>
  Effect.gen(function* () {
    yield* Plan.check(plan)
    yield* PlanSupport.checkProgram(plan)
    const signals = Option.getOrUndefined(yield* Effect.serviceOption(StopSignal))
    const guard = yield* abortIf(plan, options.sampling)
    const asked = options.stopping ?? signals?.first
    const onOutcome = yield* MessageSpans.listener(options)
    const result = yield* running({
      ...options,
      ...(onOutcome === undefined ? {} : { onOutcome }),
      stopping: guard === undefined ? asked : Effect.raceFirst(asked ?? Effect.never, guard.aborted),
      hurrying: options.hurrying ?? signals?.second,
      sampling: guard?.sampling ?? options.sampling
    })
    const report = RunReport.make(plan, result, { version })
    // The plan has read them.
    const verdicts = Either.getOrThrow(Judgement.ofPlan(report, plan, guard?.first()))
    const failed = verdicts.filter((verdict) => verdict.failed)
    return failed.length === 0 ? result : yield* new VerdictsFailed({ verdicts: failed, result })
  })

interface Guard {
  /** Resumes when one of the expressions is true. */
  readonly aborted: Effect.Effect<Judgement.Judgement>
  readonly first: () => Judgement.Judgement | undefined
  readonly sampling: Sampling
}

/** Looks at the run each second, as long as none of the expressions of --abort-if is true. */
const abortIf = (plan: Plan.Plan, sampling: Sampling | undefined): Effect.Effect<Guard | undefined> => {
  const { abortIf = [] } = plan
  if (abortIf.length === 0) return Effect.succeed(undefined)
  return Effect.map(Deferred.make<Judgement.Judgement>(), (aborted) => {
    let first: Judgement.Judgement | undefined
    let seconds: WholeSeconds | undefined
    return {
      aborted: Deferred.await(aborted),
      first: () => first,
      sampling: {
        every: sampling?.every,
        begin: (startedAt, planned, runId) => {
          sampling?.begin?.(startedAt, planned, runId)
          const running = new RunningReport(startOf(plan, { planned, runId, startedAt, version }))
          const recent = new Recent()
          seconds = new WholeSeconds(startedAt.getTime(), (second) => {
            running.add(second)
            recent.add(second)
            if (first !== undefined) return
            // The plan has read them.
            first = Either.getOrThrow(Judgement.soFar(running.report("open"), abortIf, recent))[0]
            if (first !== undefined) Deferred.unsafeDone(aborted, Effect.succeed(first))
          })
        },
        take: (sample) => {
          sampling?.take(sample)
          seconds?.take(sample)
        }
      }
    }
  })
}
