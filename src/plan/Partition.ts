/**
 * Whose each message of a run is. Message k has one owner, which depends on k and on the segments' weights alone: nothing is
 * rounded, no message is sent twice, and none is left out, however many segments there are.
 *
 * Segments that are alike take turns. With weights the turns are a smooth weighted round robin, which repeats after as many
 * messages as the weights add up to: at any time each segment has had its share of the messages so far, or a few more or less.
 *
 * @since 0.1.0
 */
import type { Segment } from "./Segment.js"

/**
 * The messages of one segment, in their order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Owned {
  /** How many of the run's first messages are the segment's. */
  readonly count: (messages: number) => number
  /** The number in the run, from 0, of the segment's own message of this number, from 0. */
  readonly at: (own: number) => number
}

/**
 * The messages of a segment.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = ({ index, of, weights }: Segment): Owned => {
  if (of === 1) return all
  if (weights === undefined) {
    return {
      count: (messages) => Math.floor((messages - index + of - 1) / of),
      at: (own) => own * of + index
    }
  }
  const pattern = turns(weights)
  const places = pattern.flatMap((owner, place) => (owner === index ? [place] : []))
  const length = pattern.length
  const before = new Uint32Array(length)
  let seen = 0
  for (let place = 0; place < length; place++) {
    before[place] = seen
    if (pattern[place] === index) seen++
  }
  return {
    count: (messages) => Math.floor(messages / length) * places.length + (before[messages % length] ?? 0),
    at: (own) => Math.floor(own / places.length) * length + (places[own % places.length] ?? 0)
  }
}

const all: Owned = { count: (messages) => messages, at: (own) => own }

/**
 * Whose each message is: gives its segment's index, from 0.
 *
 * @since 0.1.0
 * @category reading
 */
export const ownerIn = ({ of, weights }: Omit<Segment, "index">): ((message: number) => number) => {
  if (weights === undefined) return (message) => message % of
  const pattern = turns(weights)
  return (message) => pattern[message % pattern.length]!
}

/**
 * The owners of the first messages, which those of all others repeat.
 *
 * @since 0.1.0
 * @category constructors
 */
export const turns = (weights: ReadonlyArray<number>): ReadonlyArray<number> => {
  const divisor = weights.reduce(greatestCommonDivisor)
  const shares = weights.map((weight) => weight / divisor)
  const total = shares.reduce((sum, share) => sum + share, 0)
  const credit = shares.map(() => 0)
  return Array.from({ length: total }, () => {
    let next = 0
    for (let owner = 0; owner < shares.length; owner++) {
      credit[owner] = credit[owner]! + shares[owner]!
      if (credit[owner]! > credit[next]!) next = owner
    }
    credit[next] = credit[next]! - total
    return next
  })
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))
