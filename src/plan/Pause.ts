/**
 * The pauses between the messages of a session: -w and -R (clause S6).
 *
 * @since 0.1.0
 */
import * as Hash from "effect/Hash"
import type { Plan } from "./Plan.js"

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
  const { delay, randomDelay } = plan
  if (delay !== undefined) return () => delay * 1000
  if (randomDelay === undefined) return undefined
  const key = Hash.string(seed)
  if (!Number.isInteger(randomDelay)) return (message) => uniform(key, message) * randomDelay * 1000
  return (message) => Math.floor(uniform(key, message) * (randomDelay + 1)) * 1000
}

/** A number in [0, 1) that looks random and depends on nothing but its arguments (MurmurHash3's finalizer, twice). */
const uniform = (key: number, message: number): number => {
  const high = Math.floor(message / 0x1_0000_0000)
  return mix(mix(key ^ mix(message)) + high) / 0x1_0000_0000
}

const mix = (value: number): number => {
  let hash = Math.imul((value | 0) ^ 0x9e3779b9, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 15)) >>> 0
}
