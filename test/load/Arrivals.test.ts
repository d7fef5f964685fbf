import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Arrivals from "../../src/load/Arrivals.js"
import { Deliveries } from "../../src/measure/Deliveries.js"
import type { Arrival } from "../../src/sink/ArrivedMessage.js"

interface Script {
  readonly message: number
  readonly fate: "confirmed" | "withheld" | "refused"
  readonly isChanged: boolean
}

const run = "00000000000000aa"

const arrival = ({ fate, isChanged, message }: Script, of = run): Arrival => ({
  sender: "a@example.com",
  recipients: ["b@example.com"],
  confirmed: fate === "confirmed" ? ["b@example.com"] : [],
  isWithheld: fate === "withheld",
  header: "",
  stamp: { run: of, message, sentAt: 1000, checksum: 1, size: 5 },
  size: 5,
  checksum: isChanged ? 2 : 1,
  body: undefined,
  hops: 1,
  returned: undefined
})

const booksOf = (scripts: ReadonlyArray<Script>) => {
  const books = Arrivals.make({ now: () => 3000, onFull: () => {} })
  for (const script of scripts) books.take(arrival(script))
  return books.seen().runs
}

const merged = (...parts: ReadonlyArray<ReturnType<typeof booksOf>>) => {
  const deliveries = Deliveries.make(1, 0, 100)
  for (const part of parts) for (const came of part) assert.isTrue(deliveries.addCame(came, true))
  // Which of two sinks was first, nobody knows.
  const { delivery, outOfOrder: _, ...tally } = deliveries.tally()
  return { ...tally, delivered: delivery.counts.reduce((sum, count) => sum + count, 0) }
}

const script = fc.record({
  message: fc.nat(40),
  fate: fc.constantFrom("confirmed", "withheld", "refused"),
  isChanged: fc.boolean()
}) satisfies fc.Arbitrary<Script>

describe("what sinks have seen", () => {
  it("adds up to what one would have seen, where no message came to both", () => {
    fc.assert(
      fc.property(fc.array(script, { maxLength: 60 }), (scripts) => {
        const even = scripts.filter(({ message }) => message % 2 === 0)
        const odd = scripts.filter(({ message }) => message % 2 === 1)
        assert.deepStrictEqual(merged(booksOf(even), booksOf(odd)), merged(booksOf(scripts)))
      }),
      { seed: 1, numRuns: 12 }
    )
  })

  it("adds up in any order, to whatever sinks the messages and their copies came", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(script, fc.nat(3)), { maxLength: 60 }),
        fc.uniqueArray(fc.nat(3), { minLength: 4, maxLength: 4 }),
        (scripts, order) => {
          const sinks = [0, 1, 2, 3].map((sink) => booksOf(scripts.flatMap(([one, at]) => (at === sink ? [one] : []))))
          const whole = merged(...sinks)
          assert.deepStrictEqual(merged(...order.map((sink) => sinks[sink]!)), whole)
          const confirmed = scripts.filter(([{ fate }]) => fate === "confirmed")
          const messages = new Set(confirmed.map(([{ message }]) => message))
          // Where one has confirmed it, each other confirmation is of a copy.
          assert.isAtLeast(whole.duplicates, confirmed.length - messages.size)
          assert.strictEqual(whole.copies, scripts.filter(([{ fate }]) => fate !== "refused").length)
          assert.strictEqual(whole.refused, scripts.length - whole.copies)
        }
      ),
      { seed: 2, numRuns: 12 }
    )
  })

  it("is a duplicate where both have confirmed it, and a repeat where one had not answered", () => {
    const one = (fate: Script["fate"]) => booksOf([{ message: 7, fate, isChanged: false }])
    const both = merged(one("confirmed"), one("confirmed"))
    assert.deepInclude(both, { came: 1, copies: 2, first: 1, duplicates: 1, duplicated: 1, repeats: 0 })
    const again = merged(one("withheld"), one("confirmed"))
    assert.deepInclude(again, { came: 1, copies: 2, first: 1, duplicates: 0, duplicated: 0, repeats: 1 })
    assert.deepInclude(merged(one("refused"), one("confirmed")), { came: 1, copies: 1, refused: 1 })
  })

  it("does not tell copies of messages to several recipients", () => {
    const deliveries = Deliveries.make(1, 0, 100)
    const scripts = [1, 1, 2].map((message) => ({ message, fate: "confirmed", isChanged: false }) as const)
    for (const part of [booksOf(scripts), booksOf(scripts)]) deliveries.addCame(part[0]!, false)
    assert.deepInclude(deliveries.tally(), { came: 2, copies: 2, first: 2, duplicates: 0, duplicated: 0 })
  })

  it("is kept of 64 runs, whatever comes, and the first one beyond is told of", () => {
    let full = 0
    const books = Arrivals.make({ now: () => 3000, onFull: () => full++ })
    for (let index = 0; index < 100; index++) {
      const of = index.toString(16).padStart(16, "0")
      books.take(arrival({ message: 1e15, fate: "confirmed", isChanged: false }, of))
    }
    books.take({ ...arrival({ message: 1, fate: "confirmed", isChanged: false }), stamp: undefined })
    const { runs, unstamped } = books.seen()
    assert.deepStrictEqual([runs.length, unstamped, full], [64, 1, 1])
    assert.isTrue(runs.every(({ came }) => came === ""))
  })
})
