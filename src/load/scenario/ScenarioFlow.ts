/**
 * Which of a scenario's parts are run, how often, and with what pauses.
 *
 * Only what Effect does not have by itself is here: a part is an Effect, so that parts in sequence are `Effect.andThen` or a
 * generator, n times is `Effect.repeatN`, and a limit is `Effect.timeout`.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Distribution from "../../plan/Distribution.js"
import { InvalidScenario, reading } from "./InvalidScenario.js"
import { ScenarioSession } from "./ScenarioSession.js"

/**
 * Runs one of several scenarios, each with a probability in proportion to its weight. The draw is the session's next one: it
 * depends on the plan's seed, the session's number, and how many draws came before it in this session. Fails with
 * `InvalidScenario` where a weight is negative, infinite or no number, or all are 0.
 *
 * @since 0.1.0
 * @category combinators
 */
export const mixed = <const Choices extends readonly [Choice, ...ReadonlyArray<Choice>]>(
  ...choices: Choices
): Effect.Effect<
  Effect.Effect.Success<Choices[number][1]>,
  Effect.Effect.Error<Choices[number][1]> | InvalidScenario,
  Effect.Effect.Context<Choices[number][1]> | ScenarioSession
> => {
  const total = choices.reduce((sum, [weight]) => sum + weight, 0)
  if (!(total > 0 && total < Number.POSITIVE_INFINITY) || choices.some(([weight]) => !(weight >= 0))) {
    return Effect.fail(new InvalidScenario({ problem: "the weights are not positive" }))
  }
  return Effect.flatMap(ScenarioSession, (session) => {
    let rest = session.draw() * total
    for (const [weight, scenario] of choices) {
      if (rest < weight) return scenario as Choices[number][1]
      rest -= weight
    }
    return choices[0][1] as Choices[number][1]
    // The success, error and requirements of a union are the unions of theirs, which the compiler does not see here.
  }) as Effect.Effect<
    Effect.Effect.Success<Choices[number][1]>,
    Effect.Effect.Error<Choices[number][1]> | InvalidScenario,
    Effect.Effect.Context<Choices[number][1]> | ScenarioSession
  >
}

/**
 * A scenario and its weight among others.
 *
 * @since 0.1.0
 * @category models
 */
export type Choice = readonly [weight: number, scenario: Effect.Effect<unknown, unknown, unknown>]

/**
 * Waits for a time drawn from a distribution, as people do between two things; not any longer once the run is asked to stop. A
 * number is in milliseconds, where a plan's `delay` is in seconds.
 * Fails with `InvalidScenario` where it is given what is negative, or no duration.
 *
 * @since 0.1.0
 * @category steps
 */
export const pause = (time: Distribution.DistributionInput): Effect.Effect<void, InvalidScenario, ScenarioSession> =>
  Effect.flatMap(
    reading(() => Distribution.make(time)),
    (distribution) => Effect.flatMap(ScenarioSession, (session) => session.pause(distribution.at(session.draw())))
  )

/**
 * What ends a repetition, and what comes between.
 *
 * @since 0.1.0
 * @category models
 */
export interface RepeatOptions {
  /** This many times at most. */
  readonly times?: number | undefined
  /** Nothing is begun any more when this time has passed; a number is in milliseconds. What was begun before is not cut short. */
  readonly lasting?: Duration.DurationInput | undefined
  /** Waited between one time and the next. */
  readonly pause?: Distribution.DistributionInput | undefined
}

/**
 * Repeats until the run is asked to stop, or until the options say so, and gives how many times that was. Fails with
 * `InvalidScenario`, before the first time, where the options are invalid.
 *
 * @since 0.1.0
 * @category combinators
 */
export const repeat: {
  (
    options: RepeatOptions
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<number, E | InvalidScenario, R | ScenarioSession>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    options: RepeatOptions
  ): Effect.Effect<number, E | InvalidScenario, R | ScenarioSession>
} = dual(
  2,
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    { lasting, pause: between, times = Number.POSITIVE_INFINITY }: RepeatOptions
  ): Effect.Effect<number, E | InvalidScenario, R | ScenarioSession> =>
    Effect.gen(function* () {
      const session = yield* ScenarioSession
      if (!(times >= 0))
        return yield* new InvalidScenario({
          problem: `not a number of times: ${times}`
        })
      const limit = yield* reading(() =>
        lasting === undefined ? Number.POSITIVE_INFINITY : Distribution.fixed(lasting).mean
      )
      const until = session.now() + limit
      const waits = between === undefined ? undefined : yield* reading(() => Distribution.make(between))
      let done = 0
      const goesOn = () => done < times && session.now() < until && !session.isStopping()
      while (goesOn()) {
        yield* self
        done++
        if (waits !== undefined && goesOn()) yield* pause(waits)
        // A scenario that never waits would keep everybody else from working.
        else yield* Effect.yieldNow()
      }
      return done
    })
)
