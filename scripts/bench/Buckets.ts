/**
 * Histograms of a run that never was, as large as those of a long one.
 */
import type * as Series from "../../src/measure/Series.js"

/** A generator of numbers with a seed (mulberry32): the same histograms each time. */
let state = 1
const uniform = (): number => {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
}

/** The next one, of 600 buckets. */
export const next = (): Series.Buckets => {
  let index = 9000
  return Array.from({ length: 600 }, () => {
    index += 1 + Math.floor(uniform() * 9)
    return [index, 1 + Math.floor(uniform() * 20)] as const
  })
}
