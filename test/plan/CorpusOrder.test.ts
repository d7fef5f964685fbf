import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as CorpusOrder from "../../src/plan/CorpusOrder.js"
import * as CorpusPath from "../../src/plan/CorpusPath.js"
import * as ItemOrder from "../../src/plan/ItemOrder.js"

const groups = fc.array(
  fc.record({ count: fc.integer({ min: 1, max: 60 }), weight: fc.integer({ min: 1, max: 40 }) }),
  {
    minLength: 1,
    maxLength: 4
  }
)

const groupOf = (all: ReadonlyArray<CorpusOrder.Group>, item: number): number => {
  let end = 0
  return all.findIndex(({ count }) => {
    end += count
    return item < end
  })
}

describe("the order of corpora that have shares", () => {
  it("gives each its share, exactly, in each hundred percent", () => {
    const all = [
      { count: 1000, weight: 9000 },
      { count: 7, weight: 999 },
      { count: 3, weight: 1 }
    ]
    for (const order of ItemOrder.orders) {
      const itemOf = CorpusOrder.make(order, all, "seed")
      for (const round of [0, 5]) {
        const counts = [0, 0, 0]
        for (let message = 0; message < 10_000; message++) counts[groupOf(all, itemOf(round * 10_000 + message))]!++
        assert.deepStrictEqual(counts, [9000, 999, 1])
      }
    }
  })

  it("takes each message once, as long as there are some of each, and no longer", () => {
    fc.assert(
      fc.property(groups, fc.constantFrom("sequential", "shuffle"), (all, order) => {
        const itemOf = CorpusOrder.make(order as ItemOrder.Order, all, "seed")
        const most = CorpusOrder.once(all)
        const items = new Set(Array.from({ length: most }, (_, message) => itemOf(message)))
        assert.strictEqual(items.size, most)
        assert.isTrue(items.has(itemOf(most)) || groupOf(all, itemOf(most)) < 0 || most === 0)
        for (const item of items) assert.isAtLeast(groupOf(all, item), 0)
      }),
      { seed: 1, numRuns: 500 }
    )
  })

  it("is in order within each, where it is sequential", () => {
    const all = [
      { count: 20, weight: 50 },
      { count: 20, weight: 50 }
    ]
    const itemOf = CorpusOrder.make("sequential", all, "seed")
    const items = Array.from({ length: 40 }, (_, message) => itemOf(message))
    assert.deepStrictEqual(
      items.filter((item) => item < 20),
      Array.from({ length: 20 }, (_, item) => item)
    )
  })
})

describe("paths of corpora", () => {
  for (const [texts, expected] of [
    [
      ["a", "b: c"],
      [
        ["a", undefined],
        ["b: c", undefined]
      ]
    ],
    [
      ["90%: ham", "10 % : spam.mbox"],
      [
        ["ham", 9000],
        ["spam.mbox", 1000]
      ]
    ],
    [
      ["33.33%: a", "66.67%:b"],
      [
        ["a", 3333],
        ["b", 6667]
      ]
    ],
    [["90%: ham", "spam"], "expected a share of each corpus, or of none"],
    [["90%: ham", "20%: spam"], "expected shares that add up to 100%, not 110%"],
    [["100%: ham", "0%: spam"], "expected a share of 0.01% or more"],
    [["100%: "], "expected a path"],
    [[""], "expected a path"]
  ] as const) {
    it(`are read: ${texts.join(", ")}`, () =>
      assert.deepStrictEqual(
        Either.match(CorpusPath.parseAll(texts), {
          onLeft: (reason): unknown => reason,
          onRight: (paths) => paths.map(({ path, weight }) => [path, weight])
        }),
        expected
      ))
  }
})
