/**
 * The end of a run's sessions: by themselves, or some time after the request to stop.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { SharedRun } from "./SharedRun.js"

/**
 * Runs the sessions until they end, and interrupts them when the request to stop is `plan.drain` seconds old, or `hurrying`
 * resumes after it.
 *
 * However it ends, the sessions have: a race alone leaves them running when it is interrupted itself, so that they could
 * still open connections when nobody watches over these any more.
 *
 * @since 0.1.0
 * @category running
 */
export const run = <E, R>(
  sessions: Effect.Effect<void, E, R>,
  { plan, stopping }: SharedRun,
  hurrying: Effect.Effect<unknown> = Effect.never
): Effect.Effect<unknown, E, R> => {
  const patience = Effect.raceFirst(Effect.sleep(plan.drain * 1000), hurrying)
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.fork(restore(sessions)), (fiber) =>
      restore(Effect.raceFirst(Fiber.join(fiber), Effect.zipRight(stopping.awaited, patience))).pipe(
        Effect.ensuring(Fiber.interrupt(fiber))
      )
    )
  )
}
