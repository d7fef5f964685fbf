/**
 * Where values stand on an axis, and which of them are named.
 *
 * @since 0.1.0
 */
import * as Summary from "../Summary.js"

/**
 * One axis: from values to the share of its length, 0 to 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Axis {
  readonly place: (value: number) => number
  readonly ticks: ReadonlyArray<{ readonly value: number; readonly label: string }>
}

/**
 * From zero to a round number at or above `most`, in about this many steps.
 *
 * @since 0.1.0
 * @category constructors
 */
export const linear = (most: number, label: (value: number) => string, steps = 4): Axis => {
  const step = roundStep(most / steps)
  const end = Math.max(1, Math.ceil(most / step - 1e-9)) * step
  const values = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step)
  return { place: (value) => value / end, ticks: values.map((value) => ({ value, label: label(value) })) }
}

/**
 * By powers of ten, from one at or below `least` to one at or above `most`, or by 1, 2 and 5 where they are close.
 *
 * @since 0.1.0
 * @category constructors
 */
export const logarithmic = (least: number, most: number, label: (value: number) => string): Axis => {
  const low = Math.max(least, 1e-6)
  const high = Math.max(most, low * 1.01)
  const mantissas = high / low > 300 ? [1] : [1, 2, 5]
  const all: Array<number> = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const mantissa of mantissas) all.push(mantissa * 10 ** power)
  }
  const first = all.findLast((value) => value <= low * 1.000001) ?? low
  const last = all.find((value) => value >= high * 0.999999) ?? high
  const span = Math.log(last / first)
  return {
    place: (value) => Math.log(Math.max(value, first) / first) / span,
    ticks: all.filter((value) => value >= first && value <= last).map((value) => ({ value, label: label(value) }))
  }
}

/**
 * Of percentiles, by what is left to 100: from 0 over 90, 99 and 99.9 to as many nines as `count` values can tell of.
 *
 * @since 0.1.0
 * @category constructors
 */
export const percentiles = (count: number): Axis => {
  const nines = Math.max(1, Math.log10(Math.max(count, 1)))
  const levels = Array.from({ length: Math.floor(nines + 1e-9) + 1 }, (_, index) => 100 - 100 / 10 ** index)
  return {
    place: (percentile) => Math.min(1, Math.log10(100 / Math.max(100 - percentile, 1e-9)) / nines),
    ticks: levels.map((value, index) => ({ value, label: `${value.toFixed(Math.max(0, index - 2))} %` }))
  }
}

/**
 * Of seconds since the start.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seconds = (most: number, steps = 6): Axis => {
  const step = timeSteps.find((each) => most / each <= steps) ?? roundStep(most / steps)
  const values = Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) => index * step)
  return {
    place: (value) => (most > 0 ? value / most : 0),
    ticks: values.map((value) => ({ value, label: clock(value) }))
  }
}

const timeSteps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]

/** 1, 2 or 5 times a power of ten, at or above. */
const roundStep = (step: number): number => {
  if (!(step > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(step))
  return ([1, 2, 5].find((mantissa) => mantissa * power >= step * 0.999999) ?? 10) * power
}

/**
 * Seconds as `12.5 s`, `2:30 min` or `1:02:03 h`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const clock = (time: number): string => {
  if (time < 60) return `${Number(time.toFixed(1))} s`
  const whole = Math.round(time)
  const two = (number: number) => String(number).padStart(2, "0")
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)} h` : `${minutes}:${two(rest)} min`
}

/**
 * Milliseconds in three significant figures, in the unit that fits: `412 µs`, `3.40 ms`, `12.5 s`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const time = (milliseconds: number): string => {
  if (milliseconds === 0) return "0"
  const [amount, unit] =
    milliseconds < 0.9995
      ? [milliseconds * 1000, "µs"]
      : milliseconds < 999.5
        ? [milliseconds, "ms"]
        : [milliseconds / 1000, "s"]
  const digits = Math.max(0, Math.min(2, 2 - Math.floor(Math.log10(amount))))
  return `${amount >= 1000 ? Summary.count(Math.round(amount)) : amount.toFixed(digits)} ${unit}`
}

/**
 * As `time`, without zeros at the end: for ticks, which are round.
 *
 * @since 0.1.0
 * @category formatting
 */
export const roundTime = (milliseconds: number): string =>
  time(milliseconds)
    .replace(/(\.\d*?)0+(?= )/, "$1")
    .replace(/\.(?= )/, "")
