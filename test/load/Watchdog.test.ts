import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as fc from "fast-check"
import * as Watchdog from "../../src/load/Watchdog.js"
import type { Deadlines, Expiring } from "../../src/smtp/Wire.js"

/** Notes when it was ended; ends once, as what is watched does. */
const make = (deadlines: Deadlines, deadline = Number.POSITIVE_INFINITY) => {
  const expired: Array<number> = []
  const expiring: Expiring = {
    deadline,
    expire: () => {
      expired.push(deadlines.now())
      deadlines.remove(expiring)
    }
  }
  return Object.assign(expiring, { expired })
}

/** Sets a deadline as a wire does: who sleeps past it is woken. */
const set = (deadlines: Deadlines, expiring: Expiring, deadline: number): void => {
  expiring.deadline = deadline
  if (deadline < deadlines.wakesAt) deadlines.wake(deadline)
}

const settle = Effect.repeatN(Effect.yieldNow(), 20)

describe("Watchdog", () => {
  it.scoped("ends what is late at its deadline, and not before", () =>
    Effect.gen(function* () {
      const deadlines = yield* Watchdog.make
      const one = make(deadlines, 300_000)
      deadlines.add(one)
      yield* TestClock.adjust(299_999)
      assert.deepStrictEqual(one.expired, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(one.expired, [300_000])
    })
  )

  it.scoped("heeds deadlines that are set while others are ended, also of those that it has looked at", () =>
    Effect.gen(function* () {
      const deadlines = yield* Watchdog.make
      const early = make(deadlines, 5000)
      const again = make(deadlines, 1000)
      const end = again.expire
      const once: Expiring = Object.assign(again, {
        expire: () => {
          if (again.deadline === 2000) return end()
          set(deadlines, early, 1500)
          set(deadlines, once, 2000)
        }
      })
      deadlines.add(early)
      deadlines.add(once)
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual([early.expired, again.expired], [[1500], [2000]])
    })
  )

  it.scoped("ends nothing that has no deadline, or was removed", () =>
    Effect.gen(function* () {
      const deadlines = yield* Watchdog.make
      const [idle, removed] = [make(deadlines), make(deadlines, 1000)]
      deadlines.add(idle)
      deadlines.add(removed)
      yield* settle
      deadlines.remove(removed)
      yield* TestClock.adjust("10 days")
      assert.deepStrictEqual([idle.expired, removed.expired], [[], []])
    })
  )

  it.scoped("ends nothing whose deadline moved away in time", () =>
    Effect.gen(function* () {
      const deadlines = yield* Watchdog.make
      const one = make(deadlines, 1000)
      deadlines.add(one)
      yield* TestClock.adjust(999)
      set(deadlines, one, 5000)
      yield* TestClock.adjust(4000)
      assert.deepStrictEqual(one.expired, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(one.expired, [5000])
    })
  )

  it.scoped("ends all that are late at once", () =>
    Effect.gen(function* () {
      const deadlines = yield* Watchdog.make
      const many = Array.from({ length: 100 }, () => make(deadlines, 1000))
      for (const one of many) deadlines.add(one)
      yield* TestClock.adjust(1000)
      assert.isTrue(many.every(({ expired }) => expired.length === 1 && expired[0] === 1000))
    })
  )

  it.scoped("takes an earlier deadline while it sleeps to a later one", () =>
    Effect.gen(function* () {
      const deadlines = yield* Watchdog.make
      const [late, early] = [make(deadlines, 300_000), make(deadlines)]
      deadlines.add(late)
      deadlines.add(early)
      yield* settle
      yield* TestClock.adjust(500)
      set(deadlines, early, 1500)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(early.expired, [1500])
      assert.deepStrictEqual(late.expired, [])
    })
  )

  for (const turns of [0, 1, 2, 3, 4, 5, 6, 7, 8, 12]) {
    it.scoped(`takes an earlier deadline ${turns} turns after a later one, wherever it is on its way to sleep`, () =>
      Effect.gen(function* () {
        const deadlines = yield* Watchdog.make
        const [late, early] = [make(deadlines), make(deadlines)]
        deadlines.add(late)
        deadlines.add(early)
        yield* settle
        set(deadlines, late, 300_000)
        for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow()
        set(deadlines, early, 1000)
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(early.expired, [1000])
        assert.deepStrictEqual(late.expired, [])
      })
    )
  }

  it.scoped("keeps every deadline of many that come and go, to the millisecond", () =>
    Effect.gen(function* () {
      const step = fc.record({
        turns: fc.nat(5),
        which: fc.nat(4),
        within: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 2000 })),
        pass: fc.oneof(
          { weight: 2, arbitrary: fc.constant(0) },
          { weight: 1, arbitrary: fc.integer({ min: 1, max: 700 }) }
        )
      })
      for (const steps of fc.sample(fc.array(step, { maxLength: 15, size: "max" }), { seed: 1, numRuns: 60 })) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const deadlines = yield* Watchdog.make
            const all = Array.from({ length: 5 }, () => {
              const ended: Array<readonly [deadline: number, now: number]> = []
              const expiring: Expiring = {
                deadline: Number.POSITIVE_INFINITY,
                expire: () => {
                  ended.push([expiring.deadline, deadlines.now()])
                  expiring.deadline = Number.POSITIVE_INFINITY
                }
              }
              deadlines.add(expiring)
              return { ended, expiring }
            })
            const where = JSON.stringify(steps)
            for (const { pass, turns, which, within } of steps) {
              for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow()
              set(deadlines, all[which]!.expiring, deadlines.now() + within)
              if (pass > 0) yield* TestClock.adjust(pass)
              for (const { expiring } of all) assert.isAbove(expiring.deadline, deadlines.now(), where)
            }
            yield* TestClock.adjust(2000)
            for (const { ended, expiring } of all) {
              assert.strictEqual(expiring.deadline, Number.POSITIVE_INFINITY, where)
              // TestClock moves from one sleep's end to the next, so who wakes for a deadline wakes at it.
              for (const [deadline, now] of ended) assert.strictEqual(now, deadline, where)
            }
          })
        )
      }
    })
  )

  it.scoped("lets what it ends add, remove and move others", () =>
    Effect.gen(function* () {
      const deadlines = yield* Watchdog.make
      const [next, gone] = [make(deadlines, 1500), make(deadlines, 1000)]
      const first: Expiring = {
        deadline: 1000,
        expire: () => {
          deadlines.remove(first)
          deadlines.remove(gone)
          deadlines.add(next)
        }
      }
      deadlines.add(first)
      deadlines.add(gone)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(gone.expired, [])
      yield* TestClock.adjust(499)
      assert.deepStrictEqual(next.expired, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(next.expired, [1500])
    })
  )

  it.effect("never ticks: it sleeps once until the earliest deadline, and not at all while there is none", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const deadlines = yield* Watchdog.make
          const one = make(deadlines)
          deadlines.add(one)
          yield* settle
          assert.lengthOf(yield* TestClock.sleeps(), 0)
          set(deadlines, one, 300_000)
          yield* settle
          assert.deepStrictEqual([...(yield* TestClock.sleeps())], [300_000])
          yield* TestClock.adjust(300_000)
          assert.lengthOf(yield* TestClock.sleeps(), 0)
          set(deadlines, one, 900_000)
        })
      )
    })
  )

  it.effect("ends with its scope", () =>
    Effect.gen(function* () {
      const one = yield* Effect.scoped(
        Effect.gen(function* () {
          const deadlines = yield* Watchdog.make
          const one = make(deadlines, 1000)
          deadlines.add(one)
          yield* settle
          return one
        })
      )
      yield* TestClock.adjust(2000)
      assert.deepStrictEqual(one.expired, [])
    })
  )
})

describe("monotonic", () => {
  it.effect("is the clock's own time, in milliseconds and fractions", () =>
    Effect.gen(function* () {
      const now = Watchdog.monotonic(yield* Effect.clock)
      assert.strictEqual(now(), 0)
      yield* TestClock.adjust("1500 millis")
      assert.strictEqual(now(), 1500)
      yield* TestClock.adjust("250 micros")
      assert.strictEqual(now(), 1500.25)
    })
  )

  it.live("does not go back", () =>
    Effect.gen(function* () {
      const now = Watchdog.monotonic(yield* Effect.clock)
      let before = now()
      for (let look = 0; look < 1000; look++) {
        const here = now()
        assert.isAtLeast(here, before)
        before = here
      }
    })
  )
})
