/**
 * The end of a run's sessions: by themselves, or some time after nothing more is to begin.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Plan } from "../plan/Plan.js"
import type { StopRequest } from "./StopRequest.js"

/**
 * Runs the sessions until they end, and interrupts them `plan.drain` seconds after the run was asked to stop or its time was
 * over, or when `hurrying` resumes after that. Tells whether they were interrupted.
 *
 * However it ends, the sessions have: a race alone leaves them running when it is interrupted itself, so that they could
 * still open connections when nobody watches over these any more.
 *
 * @since 0.1.0
 * @category running
 */
export const run = <E, R>(
  sessions: Effect.Effect<void, E, R>,
  { ending, plan }: { readonly ending: StopRequest; readonly plan: Pick<Plan, "drain"> },
  hurrying: Effect.Effect<unknown> = Effect.never
): Effect.Effect<boolean, E, R> => {
  const patience = Effect.raceFirst(Effect.sleep(plan.drain * 1000), hurrying)
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.fork(restore(sessions)), (fiber) => {
      const end = Effect.as(Fiber.join(fiber), false)
      return restore(Effect.raceFirst(end, Effect.as(Effect.zipRight(ending.awaited, patience), true))).pipe(
        Effect.ensuring(Fiber.interrupt(fiber))
      )
    })
  )
}
