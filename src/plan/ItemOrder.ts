/**
 * Which of n items message k gets: a function of k, so that nobody keeps count, and all threads agree.
 *
 * @since 0.1.0
 */
import * as Draw from "./Draw.js"

/**
 * One after another and round again; any at random; or each once in a round, and each round in another order.
 *
 * @since 0.1.0
 * @category constants
 */
export const orders = ["sequential", "random", "shuffle"] as const

/**
 * An order.
 *
 * @since 0.1.0
 * @category models
 */
export type Order = (typeof orders)[number]

/**
 * The place, from 0, of the item that message k gets. `items` is 1 or more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (order: Order, items: number, seed: string): ((message: number) => number) => {
  const key = Draw.keyOf(`${seed} order`)
  switch (order) {
    case "sequential":
      return (message) => message % items
    case "random":
      return (message) => Math.floor(Draw.uniform(key, message) * items)
    case "shuffle":
      return (message) => shuffled(message % items, items, Draw.series(key, Math.floor(message / items)))
  }
}

/**
 * A permutation without a table: a Feistel network over the next power of four, walked until it ends among the items, which
 * takes four steps at most in the mean.
 */
const shuffled = (item: number, items: number, key: number): number => {
  let half = 1
  while (4 ** half < items) half++
  const size = 2 ** half
  let place = item
  do {
    let [left, right] = [Math.floor(place / size), place % size]
    for (let round = 0; round < 4; round++) {
      const mixed = Math.floor(Draw.uniform(Draw.series(key, round), right) * size)
      ;[left, right] = [right, (left + mixed) % size]
    }
    place = left * size + right
  } while (place >= items)
  return place
}
