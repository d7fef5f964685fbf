/**
 * How scenarios fail that were given an invalid value.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/**
 * A part of a scenario was given what it cannot use: a name that reports have for something else, weights of nothing, no
 * duration, or no rate.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidScenario extends Data.TaggedError("InvalidScenario")<{
  readonly problem: string
}> {
  override get message(): string {
    return this.problem
  }
}

/**
 * Reads what a user gave. What the reader throws is the failure: it does nothing but read.
 *
 * @since 0.1.0
 * @category errors
 */
export const reading = <A>(read: () => A): Effect.Effect<A, InvalidScenario> =>
  Effect.try({
    try: read,
    catch: (thrown) =>
      new InvalidScenario({
        problem: thrown instanceof Error ? thrown.message : Cause.pretty(Cause.die(thrown))
      })
  })
