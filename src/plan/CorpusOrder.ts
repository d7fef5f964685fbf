/**
 * Which message of a corpus message k of a run is: a function of k, also where several corpora have shares of the messages.
 *
 * Shares are exact: the same mixed pattern of corpora comes again and again, and in it each has its share. It depends on the shares
 * alone, so that the number of messages that --once sends does.
 *
 * @since 0.1.0
 */
import * as ItemOrder from "./ItemOrder.js"

/**
 * A corpus that has a share of the messages: its items follow those of the one before.
 *
 * @since 0.1.0
 * @category models
 */
export interface Group {
  /** How many messages it has. */
  readonly count: number
  /** In hundredths of a percent. */
  readonly weight: number
}

/**
 * The place of the message of the corpora that message k gets. Of one group alone, the weight does not matter.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  order: ItemOrder.Order,
  groups: ReadonlyArray<Group>,
  seed: string
): ((message: number) => number) => {
  const [only] = groups
  if (only !== undefined && groups.length === 1) return ItemOrder.make(order, only.count, seed)
  const { groupAt, ordinals, weights } = patternOf(groups)
  let first = 0
  const places = groups.map(({ count }, index) => {
    const from = first
    first += count
    const placeOf = ItemOrder.make(order, count, `${seed} ${index}`)
    return (ordinal: number) => from + placeOf(ordinal)
  })
  const { length } = groupAt
  return (message) => {
    const at = message % length
    const group = groupAt[at]!
    return places[group]!(Math.floor(message / length) * weights[group]! + ordinals[at]!)
  }
}

/**
 * How many messages there are until one of the groups would be gone through.
 *
 * @since 0.1.0
 * @category destructors
 */
export const once = (groups: ReadonlyArray<Group>): number => {
  const [only] = groups
  if (only !== undefined && groups.length === 1) return only.count
  const { groupAt, ordinals, weights } = patternOf(groups)
  const rounds = Math.min(...groups.map(({ count }, index) => Math.floor(count / weights[index]!)))
  const end = groupAt.findIndex((group, at) => rounds * weights[group]! + ordinals[at]! >= groups[group]!.count)
  return rounds * groupAt.length + Math.max(0, end)
}

interface Pattern {
  /** Which group each message of a round is of, and the how manieth of that. */
  readonly groupAt: ReadonlyArray<number>
  readonly ordinals: ReadonlyArray<number>
  /** How many of a round are of each group. */
  readonly weights: ReadonlyArray<number>
}

const patternOf = (groups: ReadonlyArray<Group>): Pattern => {
  const common = groups.reduce((divisor, { weight }) => greatest(divisor, weight), 0)
  const weights = groups.map(({ weight }) => weight / common)
  const all = weights.flatMap((weight, group) => new Array<number>(weight).fill(group))
  const mixed = ItemOrder.make("shuffle", all.length, "shares")
  const groupAt = all.map((_, at) => all[mixed(at)]!)
  const next = weights.map(() => 0)
  return { groupAt, ordinals: groupAt.map((group) => next[group]!++), weights }
}

const greatest = (a: number, b: number): number => (b === 0 ? a : greatest(b, a % b))
