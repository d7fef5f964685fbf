/**
 * A hold on a run that goes on: what happens in it, a way to stop it, and its result.
 *
 * This is the place for live control of segments on other machines. It is one more maker of a `RunHandle`, above this floor: of a
 * command that it starts there, such as `ssh host smtp-source --segment i/n --report ndjson`. Upwards goes the journal: its lines are
 * the events, second by second, `RunningReport` adds them up, `MergedReport` puts those of all segments together, and its last line
 * is the result. Downwards goes what a `StopSignal` takes: the end of the session that holds it, or a lease that nobody renews, would
 * be one more that asks to stop. All begin together by the plan's `startAt`, told to each by its own clock when all are ready. So a
 * run needs nothing new, and a segment that is lost is reported as it is without any control.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { RunOptions } from "./RunPart.js"
import * as RunStream from "./RunStream.js"
import { StopSignal } from "./StopSignal.js"

/**
 * A run that goes on. It is interrupted when the scope that it was started in is closed.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunHandle<Result, E> {
  /** What happens, for one reader. A slow one misses the oldest events; the last event says how many. */
  readonly events: Stream.Stream<RunStream.RunEvent<Result>, E>
  /** Asks the run to stop: no more messages begin, and those under way have `plan.drain` seconds. Does not wait for its end. */
  readonly stop: Effect.Effect<void>
  /** Resumes with what happened when the run is over, however often it is asked. */
  readonly await: Effect.Effect<Result, E>
}

/**
 * Starts a run in a fiber of the scope. What the options say stops it, too.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = <Options extends RunOptions, Result, E, R>(
  options: Options & RunStream.StreamOptions,
  run: (options: Options & RunStream.RunListeners) => Effect.Effect<Result, E, R>
): Effect.Effect<RunHandle<Result, E>, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const asked = yield* Deferred.make<void>()
    const signals = Option.getOrUndefined(yield* Effect.serviceOption(StopSignal))
    const others = options.stopping ?? signals?.first ?? Effect.never
    const stopping = Effect.raceFirst(others, Deferred.await(asked))
    const { events, fiber } = yield* RunStream.follow(
      (listeners) => run({ ...options, ...listeners, stopping }),
      options
    )
    return { events, stop: Effect.asVoid(Deferred.succeed(asked, undefined)), await: Fiber.join(fiber) }
  })
