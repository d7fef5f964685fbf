/**
 * The scheduler of a run's fibers.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Scheduler from "effect/Scheduler"

// A busy fiber under the default scheduler (2048 turns) keeps timers and sockets waiting for half a second.
const turnsBeforeTimers = 32

/**
 * Runs `self` under the scheduler that runs need, unless the program has chosen another one than Effect's default: a
 * simulation must know of every fiber that can go on.
 *
 * @since 0.1.0
 * @category running
 */
export const provide = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(FiberRef.get(FiberRef.currentScheduler), (chosen) =>
    chosen === Scheduler.defaultScheduler
      ? Effect.withScheduler(self, new Scheduler.MixedScheduler(turnsBeforeTimers))
      : self
  )
