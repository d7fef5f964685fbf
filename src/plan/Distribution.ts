/**
 * Distributions of durations: of pauses between messages, and of a simulated server's times.
 *
 * A distribution is the inverse of its cumulative probability: a number between 0 and 1 goes in, a duration comes out. So
 * where the number comes from, and whether the draws repeat, is up to whoever draws.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * A distribution of durations. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Distribution {
  readonly mean: number
  /** The duration that a share of `u` of all, 0 ≤ u < 1, are not longer than. */
  readonly at: (u: number) => number
}

/**
 * A distribution, or the one duration that there is. As everywhere in Effect a number is in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type DistributionInput = Distribution | Duration.DurationInput

/**
 * Always the same. Like all constructors here it throws a `RangeError` where a duration is negative, or no number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fixed = (duration: Duration.DurationInput): Distribution => {
  const mean = milliseconds(duration)
  return { mean, at: () => mean }
}

/**
 * Anything from `min` to `max`, each as likely.
 *
 * @since 0.1.0
 * @category constructors
 */
export const uniform = (min: Duration.DurationInput, max: Duration.DurationInput): Distribution => {
  const [low, high] = [milliseconds(min), milliseconds(max)]
  if (!(low <= high && high < Number.POSITIVE_INFINITY))
    throw new RangeError("the longest duration is not the longer one")
  return { mean: (low + high) / 2, at: (u) => low + u * (high - low) }
}

/**
 * As between events that come at any time, each on its own: most are shorter than the mean, a few much longer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const exponential = (mean: Duration.DurationInput): Distribution => {
  const length = milliseconds(mean)
  if (length === Number.POSITIVE_INFINITY) throw new RangeError("the mean is not finite")
  return { mean: length, at: (u) => -length * Math.log1p(-u) }
}

/**
 * As sizes and times that come of many causes: half of all are longer than the median, and some so much longer that the mean is.
 * A mean that is less than the median is a `RangeError`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lognormal = (median: Duration.DurationInput, mean: Duration.DurationInput): Distribution => {
  const [middle, length] = [milliseconds(median), milliseconds(mean)]
  if (!(length >= middle && middle > 0 && length < Number.POSITIVE_INFINITY))
    throw new RangeError("the mean is less than the median")
  const spread = Math.sqrt(2 * Math.log(length / middle))
  return { mean: length, at: (u) => middle * Math.exp(spread * normal(u)) }
}

/**
 * As the largest of what there is: none is shorter than `least`, and of those longer than x, one in 2^shape is longer than 2x. The
 * mean is infinite where the shape is 1 or less.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pareto = (least: Duration.DurationInput, shape: number): Distribution => {
  const low = milliseconds(least)
  if (!(shape > 0 && low < Number.POSITIVE_INFINITY)) throw new RangeError("the shape is not more than 0")
  return {
    mean: shape > 1 ? (low * shape) / (shape - 1) : Number.POSITIVE_INFINITY,
    at: (u) => low * (1 - u) ** (-1 / shape)
  }
}

/** The quantile of the normal distribution, to 5 in 10,000 (Abramowitz and Stegun, 26.2.23). */
const normal = (u: number): number => {
  const tail = Math.max(Math.min(u, 1 - u), 2 ** -33)
  const t = Math.sqrt(-2 * Math.log(tail))
  const size = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  return u < 0.5 ? -size : size
}

/**
 * One of several, by weight.
 *
 * @since 0.1.0
 * @category constructors
 */
export const mixed = (...parts: ReadonlyArray<readonly [weight: number, part: DistributionInput]>): Distribution => {
  const made = parts.map(([weight, part]) => ({ weight, part: make(part) }))
  const total = made.reduce((sum, { weight }) => sum + weight, 0)
  if (!(total > 0) || made.some(({ weight }) => !(weight >= 0))) throw new RangeError("the weights are not positive")
  return {
    mean: made.reduce((sum, { part, weight }) => sum + (part.mean * weight) / total, 0),
    at: (u) => {
      let rest = u * total
      for (const { part, weight } of made) {
        if (rest < weight) return part.at(rest / weight)
        rest -= weight
      }
      return made[0]!.part.at(u)
    }
  }
}

/**
 * The distribution that is meant.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (input: DistributionInput): Distribution =>
  typeof input === "object" && "mean" in input ? input : fixed(input)

/** Effect takes what is negative, or no number, for no time at all; who writes it means something else. */
const milliseconds = (input: Duration.DurationInput): number => {
  const negative = typeof input === "number" ? !(input >= 0) : typeof input === "string" && input.startsWith("-")
  const duration = Duration.decodeUnknown(input)
  if (negative || Option.isNone(duration)) {
    throw new RangeError(`not a duration: ${input} (such as "5 seconds", or milliseconds as a number)`)
  }
  return Duration.toMillis(duration.value)
}
