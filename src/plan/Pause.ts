/**
 * The pauses between the messages of a session: -w and -R (clause S6), and --think.
 *
 * @since 0.1.0
 */
import * as Draw from "./Draw.js"
import type { Plan } from "./Plan.js"
import * as Shape from "./Shape.js"

/**
 * The pause before message k, in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type PauseBefore = (message: number) => number

/**
 * The pauses that a plan asks for, or undefined where there are none.
 *
 * A random pause is drawn from the seed and the message's number alone, so that it does not depend on which session sends
 * the message. Whole seconds are drawn, both ends included, unless the interval has a fraction.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (plan: Plan, seed: string): PauseBefore | undefined => {
  const { delay, randomDelay, think } = plan
  if (delay !== undefined) return () => delay * 1000
  if (randomDelay === undefined) return Shape.thinking(think, seed)
  const key = Draw.keyOf(seed)
  if (!Number.isInteger(randomDelay)) return (message) => Draw.uniform(key, message) * randomDelay * 1000
  return (message) => Math.floor(Draw.uniform(key, message) * (randomDelay + 1)) * 1000
}
