/**
 * Scenarios by a number of sessions that changes over time.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Distribution from "../../plan/Distribution.js"
import { type InvalidScenario, reading } from "./InvalidScenario.js"
import { ScenarioSession } from "./ScenarioSession.js"

/**
 * This many sessions are active for this time: always the same number, or one that goes evenly from the first to the second.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionStage {
  /** A number is in milliseconds. */
  readonly lasts: Duration.DurationInput
  readonly sessions: number | readonly [from: number, to: number]
}

/**
 * Repeats in as many of the plan's sessions as the stages have active, one stage after the other, from the moment that the
 * sessions begin; ends with the last stage, or when the run is asked to stop. What has begun is not cut short.
 *
 * Sessions become active in the order of their numbers, and inactive in the reverse one. A plan that has fewer than the
 * stages ask for has no more. Fails with `InvalidScenario` where a stage has no duration, or no number of sessions.
 *
 * @since 0.1.0
 * @category combinators
 */
export const staged: {
  (
    stages: ReadonlyArray<SessionStage>
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<void, E | InvalidScenario, R | ScenarioSession>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    stages: ReadonlyArray<SessionStage>
  ): Effect.Effect<void, E | InvalidScenario, R | ScenarioSession>
} = dual(
  2,
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    stages: ReadonlyArray<SessionStage>
  ): Effect.Effect<void, E | InvalidScenario, R | ScenarioSession> =>
    Effect.gen(function* () {
      yield* reading(() => requireStages(stages))
      const session = yield* ScenarioSession
      while (!session.isStopping()) {
        const now = session.now()
        const at = activeFrom(stages, session.number, now)
        if (at === undefined) return
        if (at > now) yield* session.pause(at - now)
        else {
          yield* self
          yield* Effect.yieldNow()
        }
      }
    })
)

/**
 * How many sessions are active at a time since the beginning, in milliseconds: a fraction on a slope, 0 after the last stage.
 *
 * @since 0.1.0
 * @category stages
 */
export const activeAt = (stages: ReadonlyArray<SessionStage>, time: number): number => {
  for (const { begins, ends, from, to } of timesOf(stages)) {
    if (time < ends) return time < begins ? 0 : from + ((to - from) * (time - begins)) / (ends - begins)
  }
  return 0
}

/**
 * When session `number` is active next, at `time` or later; undefined where it is not any more. A session is active while
 * more than its number are.
 *
 * @since 0.1.0
 * @category stages
 */
export const activeFrom = (stages: ReadonlyArray<SessionStage>, number: number, time: number): number | undefined => {
  for (const { begins, ends, from, to } of timesOf(stages)) {
    if (ends <= time) continue
    const earliest = Math.max(begins, time)
    if (activeAt(stages, earliest) > number) return earliest
    // On a slope upwards it becomes so when its number is passed, which no moment is the first of: a microsecond later it is.
    const crossed = begins + ((number - from) / (to - from)) * (ends - begins) + 0.001
    if (to > from && crossed > earliest && crossed < ends) return crossed
  }
  return undefined
}

const requireStages = (stages: ReadonlyArray<SessionStage>): void => {
  for (const { lasts, sessions } of stages) {
    Distribution.fixed(lasts)
    for (const number of [sessions].flat()) {
      if (!(number >= 0 && number < Number.POSITIVE_INFINITY))
        throw new RangeError(`not a number of sessions: ${number}`)
    }
  }
}

const timesOf = (stages: ReadonlyArray<SessionStage>) => {
  let begins = 0
  return stages.map(({ lasts, sessions }) => {
    const [from, to] = typeof sessions === "number" ? [sessions, sessions] : sessions
    const stage = { begins, ends: begins + Duration.toMillis(lasts), from, to }
    begins = stage.ends
    return stage
  })
}
