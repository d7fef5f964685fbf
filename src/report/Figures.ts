/**
 * Numbers, times and rates as people read them.
 *
 * @since 0.1.0
 */

/**
 * A number with its thousands apart.
 *
 * @since 0.1.0
 * @category formatting
 */
export const count = (number: number): string => String(number).replace(/\B(?=(\d{3})+$)/g, ",")

/**
 * A number of things, with their name: `1 message`, `2 messages`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const counted = (number: number, what: string): string => `${count(number)} ${what}${number === 1 ? "" : "s"}`

/**
 * A rate: in three significant figures below a hundred, and whole above.
 *
 * @since 0.1.0
 * @category formatting
 */
export const rate = (number: number): string =>
  number < 100 ? String(Number(number.toPrecision(3))) : count(Math.round(number))

/**
 * Nanoseconds as milliseconds, in three significant figures.
 *
 * @since 0.1.0
 * @category formatting
 */
export const milliseconds = (nanoseconds: number): string => `${significant(nanoseconds / 1e6)} ms`

/**
 * A time in seconds, or in minutes and seconds.
 *
 * @since 0.1.0
 * @category formatting
 */
export const duration = (seconds: number): string =>
  seconds < 60 ? `${significant(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`

const significant = (number: number): string => {
  if (number === 0) return "0"
  const digits = Math.max(0, 2 - Math.floor(Math.log10(number)))
  return number.toFixed(Math.min(digits, 6))
}
