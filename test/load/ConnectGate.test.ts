import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { ConnectGate, type Place } from "../../src/load/ConnectGate.js"
import * as Watchdog from "../../src/load/Watchdog.js"

const settle = Effect.repeatN(Effect.yieldNow(), 20)

/** A gate, and those who came to it, by the order in which they were let in. */
const make = (places: number) =>
  Effect.gen(function* () {
    const deadlines = yield* Watchdog.make
    const gate = new ConnectGate(places, deadlines)
    const inside: Array<string> = []
    const held = new Map<string, Place>()
    const come = (name: string) =>
      Effect.map(gate.enter, (place) => {
        inside.push(name)
        held.set(name, place)
      }).pipe(
        Effect.forkScoped,
        Effect.tap(() => settle)
      )
    const at = (name: string) => {
      const place = held.get(name)
      if (place === undefined) assert.fail(`${name} is not inside`)
      return place
    }
    return { at, come, deadlines, gate, inside }
  })

describe("ConnectGate", () => {
  it.scoped("lets in as many as it has places, at once", () =>
    Effect.gen(function* () {
      const { come, inside } = yield* make(2)
      for (const name of ["a", "b", "c"]) yield* come(name)
      assert.deepStrictEqual(inside, ["a", "b"])
    })
  )

  it.scoped("lets in who came first when somebody leaves (S5.1)", () =>
    Effect.gen(function* () {
      const { at, come, inside } = yield* make(1)
      for (const name of ["a", "b", "c", "d"]) yield* come(name)
      for (const name of ["a", "b", "c"]) {
        at(name).leave()
        yield* settle
      }
      assert.deepStrictEqual(inside, ["a", "b", "c", "d"])
    })
  )

  it.scoped("keeps a place that nobody waits for", () =>
    Effect.gen(function* () {
      const { at, come, inside } = yield* make(1)
      yield* come("a")
      at("a").leave()
      for (const name of ["b", "c"]) yield* come(name)
      assert.deepStrictEqual(inside, ["a", "b"])
    })
  )

  it.scoped("gives one place back, however often it is left", () =>
    Effect.gen(function* () {
      const { at, come, inside } = yield* make(1)
      for (const name of ["a", "b", "c"]) yield* come(name)
      const place = at("a")
      place.leave()
      place.leave()
      yield* settle
      place.leave()
      yield* settle
      assert.deepStrictEqual(inside, ["a", "b"])
    })
  )

  it.scoped("does not wait for those who stopped waiting", () =>
    Effect.gen(function* () {
      const { at, come, inside } = yield* make(1)
      yield* come("a")
      const impatient = yield* come("b")
      yield* come("c")
      yield* Fiber.interrupt(impatient)
      at("a").leave()
      yield* settle
      assert.deepStrictEqual(inside, ["a", "c"])
      at("c").leave()
      yield* come("d")
      assert.deepStrictEqual(inside, ["a", "c", "d"])
    })
  )

  it.scoped("takes a place back a second after its connection is open, greeted or not", () =>
    Effect.gen(function* () {
      const { at, come, deadlines, inside } = yield* make(1)
      for (const name of ["a", "b"]) yield* come(name)
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual(inside, ["a"], "a connection that is not open yet keeps its place")
      at("a").connected()
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(inside, ["a"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(inside, ["a", "b"])
      // The late greeting gives nothing back that was given back before.
      at("a").leave()
      yield* come("c")
      assert.deepStrictEqual(inside, ["a", "b"])
      assert.strictEqual(deadlines.wakesAt, Number.POSITIVE_INFINITY)
    })
  )

  it.scoped("forgets the second when the greeting comes before it is over", () =>
    Effect.gen(function* () {
      const { at, come, inside } = yield* make(1)
      for (const name of ["a", "b", "c"]) yield* come(name)
      at("a").connected()
      yield* TestClock.adjust(500)
      at("a").leave()
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(inside, ["a", "b"])
    })
  )

  it.scoped("never has more inside than places, whoever comes, leaves and gives up", () =>
    Effect.gen(function* () {
      const { gate } = yield* make(3)
      let inside = 0
      let most = 0
      let served = 0
      yield* Effect.forEach(
        Array.from({ length: 200 }, (_, index) => index),
        (index) =>
          Effect.gen(function* () {
            yield* Effect.repeatN(Effect.yieldNow(), (index * 7) % 13)
            const place = yield* gate.enter
            most = Math.max(most, ++inside)
            yield* Effect.repeatN(Effect.yieldNow(), (index * 5) % 11)
            inside--
            served++
            place.leave()
          }),
        { concurrency: "unbounded", discard: true }
      )
      assert.strictEqual(served, 200)
      assert.strictEqual(most, 3)
    })
  )
})
