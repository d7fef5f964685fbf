/**
 * What is known without being asked for.
 *
 * An effect that has its value already costs a step of the fiber all the same, and a function that goes on from there another. Where
 * each connection of a run goes through, that is left out.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/**
 * The success that an effect is already; undefined where it has to be run, or has failed.
 *
 * @since 0.1.0
 * @category destructors
 */
export const success = <A, E, R>(effect: Effect.Effect<A, E, R>): Exit.Success<A, never> | undefined =>
  // An effect that is an exit has the value that it has the type of.
  Exit.isExit(effect) && Exit.isSuccess(effect) ? (effect as Exit.Success<A, never>) : undefined
