/**
 * Numbers that look random and depend on nothing but what they are drawn from: a seed, and the place of the draw. Whoever
 * draws, in whatever order, gets the same.
 *
 * @since 0.1.0
 */
import * as Hash from "effect/Hash"

/**
 * What a seed comes to.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keyOf = (seed: string): number => Hash.string(seed)

/**
 * A number in [0, 1), in steps of 2⁻³² (MurmurHash3's finalizer, twice). `place` is a whole number.
 *
 * @since 0.1.0
 * @category drawing
 */
export const uniform = (key: number, place: number): number => bits(key, place) / 0x1_0000_0000

/**
 * 32 bits, as a whole number: the same draw.
 *
 * @since 0.1.0
 * @category drawing
 */
export const bits = (key: number, place: number): number => {
  const high = Math.floor(place / 0x1_0000_0000)
  return mix(mixed(key ^ mixed(place)) + high)
}

/**
 * The key of one of many series of draws under the same seed, such as one session's.
 *
 * @since 0.1.0
 * @category constructors
 */
export const series = (key: number, index: number): number => mix(mixed(key) ^ mixed(index + 1))

/**
 * The sum of this many durations that are each exponential with a mean of 1, drawn as one (Marsaglia and Tsang, 2000). `count`
 * is 1 or more.
 *
 * @since 0.1.0
 * @category drawing
 */
export const gamma = (key: number, count: number): number => {
  const shape = count - 1 / 3
  for (let place = 0; ; place += 3) {
    const normal = Math.sqrt(-2 * Math.log1p(-uniform(key, place))) * Math.cos(2 * Math.PI * uniform(key, place + 1))
    const root = 1 + normal / Math.sqrt(9 * shape)
    // Not a power, which takes five times as long, and is rounded in another way by another version of Node.
    const cube = root * root * root
    if (cube <= 0) continue
    // One in thousands is refused. What passes the first test passes the second: it saves two logarithms.
    const drawn = uniform(key, place + 2)
    const square = normal * normal
    if (
      drawn > 0.0331 * square * square ||
      Math.log1p(-drawn) < square / 2 + shape - shape * cube + shape * Math.log(cube)
    ) {
      return shape * cube
    }
  }
}

const mix = (value: number): number => mixed(value) >>> 0

/** The same, with a sign: as the processor has it, which costs no memory. */
const mixed = (value: number): number => {
  let hash = Math.imul(value ^ 0x9e3779b9, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 15)
}
