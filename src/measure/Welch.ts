/**
 * Tells a difference between two groups of measurements from chance: Welch's t-test, which does not ask that both groups
 * vary alike (B. L. Welch, Biometrika 34, 1947).
 *
 * @since 0.1.0
 */

/**
 * What the test says.
 *
 * @since 0.1.0
 * @category models
 */
export interface Difference {
  /** The mean of the second group less that of the first. */
  readonly difference: number
  /** The interval that holds the true difference with the confidence asked for. */
  readonly low: number
  readonly high: number
  /** How probable a difference as large as this is, either way, where there is none. */
  readonly p: number
}

/**
 * Tests whether the means of both groups differ. Undefined where a group has less than two values: one alone does not say
 * how much it varies.
 *
 * @since 0.1.0
 * @category testing
 */
export const test = (
  first: ReadonlyArray<number>,
  second: ReadonlyArray<number>,
  options: {
    /** The least variance that values of each group have by their nature, whatever these show. Default 0. */
    readonly leastVariance?: readonly [number, number] | undefined
    /** Default 0.95. */
    readonly confidence?: number | undefined
  } = {}
): Difference | undefined => {
  if (first.length < 2 || second.length < 2) return undefined
  const { confidence = 0.95, leastVariance = [0, 0] } = options
  const [left, right] = [first, second].map((values, index) => {
    const mean = meanOf(values)
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    const variance = Math.max(squares / (values.length - 1), leastVariance[index] ?? 0)
    return { mean, error: variance / values.length, freedom: values.length - 1 }
  }) as [Group, Group]
  const difference = right.mean - left.mean
  const error = left.error + right.error
  if (!(error > 0)) return { difference, low: difference, high: difference, p: difference === 0 ? 1 : 0 }
  const freedom = error ** 2 / (left.error ** 2 / left.freedom + right.error ** 2 / right.freedom)
  const reach = quantile(1 - confidence, freedom) * Math.sqrt(error)
  return {
    difference,
    low: difference - reach,
    high: difference + reach,
    p: tails(difference / Math.sqrt(error), freedom)
  }
}

interface Group {
  readonly mean: number
  readonly error: number
  readonly freedom: number
}

const meanOf = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * How probable it is that Student's t with this many degrees of freedom is as far from zero as `t`, either way.
 *
 * @since 0.1.0
 * @category distributions
 */
export const tails = (t: number, freedom: number): number =>
  t === 0 ? 1 : incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)

/**
 * The t beyond which, both ways together, Student's t lies with probability `p`.
 *
 * @since 0.1.0
 * @category distributions
 */
export const quantile = (p: number, freedom: number): number => {
  let [low, high] = [0, 1]
  while (tails(high, freedom) > p && high < 1e12) high *= 2
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2
    if (tails(middle, freedom) > p) low = middle
    else high = middle
  }
  return high
}

/** The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22), evaluated after Lentz. */
const incompleteBeta = (x: number, a: number, b: number): number => {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  // The fraction converges fast on one side of the mean, and the function's symmetry leads there.
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b
}

const tiny = 1e-300

const fraction = (x: number, a: number, b: number): number => {
  const apart = (value: number) => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / apart(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / apart(1 + even * d)
    c = apart(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / apart(1 + odd * d)
    c = apart(1 + odd / c)
    result *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return result
}

/** The logarithm of the gamma function of a positive number: Stirling's series, from 10 up, and down by recurrence. */
const logGamma = (x: number): number => {
  let shift = 0
  let z = x
  while (z < 10) {
    shift += Math.log(z)
    z++
  }
  const square = 1 / (z * z)
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / z
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift
}
