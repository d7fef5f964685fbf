import { assert, describe, it } from "@effect/vitest"
import * as ItemOrder from "../../src/plan/ItemOrder.js"

const round = (order: ItemOrder.Order, items: number, seed = "seed", first = 0) => {
  const of = ItemOrder.make(order, items, seed)
  return Array.from({ length: items }, (_, index) => of(first * items + index))
}

describe("an order", () => {
  it("sequential goes round", () => {
    const of = ItemOrder.make("sequential", 3, "seed")
    assert.deepStrictEqual([0, 1, 2, 3, 4].map(of), [0, 1, 2, 0, 1])
  })

  it("shuffle has each item once in a round, for any number of them", () => {
    for (let items = 1; items <= 2000; items += items < 70 ? 1 : 37) {
      for (const turn of [0, 1, 5]) assert.strictEqual(new Set(round("shuffle", items, "seed", turn)).size, items)
    }
  })

  it("shuffle has another order in each round, and for each seed", () => {
    assert.notDeepEqual(round("shuffle", 50), round("shuffle", 50, "seed", 1))
    assert.notDeepEqual(round("shuffle", 50), round("shuffle", 50, "other"))
    assert.deepStrictEqual(round("shuffle", 50), round("shuffle", 50))
  })

  it("shuffle puts an item at any place about as often as at any other", () => {
    const items = 10
    const counts = new Array<number>(items).fill(0)
    for (let turn = 0; turn < 5000; turn++) counts[round("shuffle", items, "seed", turn).indexOf(3)]!++
    // Nine degrees of freedom: 28 is one in a thousand.
    assert.isBelow(
      counts.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0),
      28
    )
  })

  it("random has each item as often", () => {
    const of = ItemOrder.make("random", 10, "seed")
    const counts = new Array<number>(10).fill(0)
    for (let message = 0; message < 10_000; message++) counts[of(message)]!++
    assert.isBelow(
      counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0),
      28
    )
  })
})
