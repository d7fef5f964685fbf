import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as TestClock from "effect/TestClock"
import { ConnectGate, type Place, type Shut } from "../../src/load/ConnectGate.js"
import { StopRequest } from "../../src/load/StopRequest.js"
import * as Watchdog from "../../src/load/Watchdog.js"

const settle = Effect.repeatN(Effect.yieldNow(), 20)

/** A gate, and those who came to it, by the order in which they were let in, and when. */
const make = (places: number, rate?: number) =>
  Effect.gen(function* () {
    const deadlines = yield* Watchdog.make
    const gate = new ConnectGate(places, deadlines, rate)
    const inside: Array<string> = []
    const times: Array<number> = []
    const held = new Map<string, Place>()
    const enter = (name: string, unless?: StopRequest): Effect.Effect<void | Shut> =>
      gate.pass(
        (place) =>
          Effect.sync(() => {
            inside.push(name)
            times.push(deadlines.now())
            held.set(name, place)
          }),
        unless
      )
    const come = (name: string, unless?: StopRequest) =>
      enter(name, unless).pipe(
        Effect.forkScoped,
        Effect.tap(() => settle)
      )
    const at = (name: string) => {
      const place = held.get(name)
      if (place === undefined) assert.fail(`${name} is not inside`)
      return place
    }
    return { at, come, deadlines, enter, gate, inside, times }
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
      place.greeted()
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

  // Whoever is interrupted, and however soon before or after its place comes free: another one gets the place.
  for (const order of ["before", "after"] as const) {
    it.scoped(`loses no place when who waits is interrupted in any turn ${order} it comes free`, () =>
      Effect.gen(function* () {
        for (let turns = 0; turns < 12; turns++) {
          const { at, come, enter, inside } = yield* make(1)
          yield* come("a")
          const waiting = yield* Effect.forkDaemon(
            Effect.flatMap(enter("b"), () => Effect.never).pipe(
              Effect.ensuring(
                Effect.suspend(() => (inside.includes("b") ? Effect.sync(() => at("b").leave()) : Effect.void))
              )
            )
          )
          yield* settle
          yield* come("c")
          const interrupt = Effect.sync(() => waiting.unsafeInterruptAsFork(FiberId.none))
          const leave = Effect.sync(() => at("a").leave())
          const [first, second] = order === "before" ? [interrupt, leave] : [leave, interrupt]
          yield* first
          for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow()
          yield* second
          yield* settle
          assert.include(inside, "c", `${turns} turns`)
          at("c").leave()
          yield* come("d")
          assert.include(inside, "d", `${turns} turns`)
        }
      })
    )
  }

  it.scoped("takes the place back from who fails or is interrupted while he connects", () =>
    Effect.gen(function* () {
      const { come, gate, inside } = yield* make(1)
      const stuck = yield* Effect.forkScoped(gate.pass((_, restore) => restore(Effect.never)))
      yield* settle
      yield* come("a")
      yield* Fiber.interrupt(stuck)
      yield* settle
      assert.deepStrictEqual(inside, ["a"])
      const { come: next, gate: other, inside: within } = yield* make(1)
      yield* Effect.exit(other.pass(() => Effect.die("not opened")))
      yield* next("b")
      assert.deepStrictEqual(within, ["b"])
    })
  )

  it.scoped("sends away who waits when nothing more is to begin, and who comes later", () =>
    Effect.gen(function* () {
      const { at, come, inside } = yield* make(1)
      const over = new StopRequest()
      yield* come("a", over)
      const waiting = yield* come("b", over)
      const patient = yield* come("c")
      over.make()
      assert.deepStrictEqual(yield* Fiber.join(waiting), { _tag: "Shut" })
      assert.deepStrictEqual(yield* Fiber.join(yield* come("d", over)), { _tag: "Shut" })
      at("a").leave()
      yield* Fiber.join(patient)
      assert.deepStrictEqual(inside, ["a", "c"])
    })
  )

  it.scoped("takes a place back a second after the connection stands, from a server that has greeted nobody yet", () =>
    Effect.gen(function* () {
      const { at, come, deadlines, inside } = yield* make(1)
      for (const name of ["a", "b"]) yield* come(name)
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual(inside, ["a"], "a connection that does not stand yet keeps its place")
      at("a").connected()
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(inside, ["a"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(inside, ["a", "b"])
      // The late greeting gives nothing back that was given back before.
      at("a").greeted()
      yield* come("c")
      assert.deepStrictEqual(inside, ["a", "b"])
      assert.strictEqual(deadlines.wakesAt, Number.POSITIVE_INFINITY)
    })
  )

  it.scoped("gives the place of a connection that is kept waiting to another, once a younger one is greeted", () =>
    Effect.gen(function* () {
      const { at, come, inside } = yield* make(3)
      for (const name of ["a", "b", "c", "d", "e", "f"]) yield* come(name)
      for (const name of ["a", "b", "c"]) at(name).connected()
      at("a").greeted()
      yield* settle
      at("d").connected()
      yield* TestClock.adjust(2000)
      assert.deepStrictEqual(inside, ["a", "b", "c", "d"])
      at("c").greeted()
      yield* settle
      // It was let in after b, which the server must have taken in before it; of d nothing is known.
      assert.deepStrictEqual(inside, ["a", "b", "c", "d", "e", "f"])
    })
  )

  it.scoped("waits ten seconds for one that has greeted sooner before", () =>
    Effect.gen(function* () {
      const { at, come, inside } = yield* make(2)
      for (const name of ["a", "b", "c", "d", "e"]) yield* come(name)
      at("a").connected()
      yield* TestClock.adjust(500)
      at("a").greeted()
      at("b").connected()
      yield* settle
      at("c").connected()
      yield* TestClock.adjust(9999)
      assert.deepStrictEqual(inside, ["a", "b", "c"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(inside, ["a", "b", "c", "d", "e"])
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
            const visit = gate.pass((place) =>
              Effect.gen(function* () {
                most = Math.max(most, ++inside)
                yield* Effect.repeatN(Effect.yieldNow(), (index * 5) % 11)
                inside--
                served++
                place.leave()
              })
            )
            const giveUp = Effect.repeatN(Effect.yieldNow(), index % 17)
            yield* index % 5 === 0 ? Effect.raceFirst(visit, giveUp) : visit
          }),
        { concurrency: "unbounded", discard: true }
      )
      assert.isAtLeast(served, 160)
      assert.isAtMost(most, 3)
    })
  )
})

describe("a rate of connects", () => {
  it.scoped("is that of connects, and not of those who come: a place first, then the time", () =>
    Effect.gen(function* () {
      const { at, come, inside, times } = yield* make(1, 10)
      const names = ["a", "b", "c", "d", "e"]
      for (const name of names) yield* come(name)
      // All have come; the first keeps its place for a second, and then each leaves at once.
      yield* TestClock.adjust(1000)
      at("a").leave()
      for (const name of names.slice(1)) {
        yield* TestClock.adjust(100)
        at(name).leave()
      }
      assert.deepStrictEqual(inside, names)
      assert.deepStrictEqual(times, [0, 1000, 1100, 1200, 1300])
    })
  )

  it.scoped("is even, and keeps up with its own schedule", () =>
    Effect.gen(function* () {
      const { come, times } = yield* make(10, 4)
      for (const name of "abcdefgh") yield* come(name)
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(times, [0, 250, 500, 750, 1000, 1250, 1500, 1750])
    })
  )

  it.scoped("is not used up by those who give up while they wait for it", () =>
    Effect.gen(function* () {
      const { come, times } = yield* make(10, 1)
      yield* come("a")
      const waiting: Array<Fiber.Fiber<unknown>> = []
      for (const name of "bcdefg") waiting.push(yield* come(name))
      yield* TestClock.adjust(500)
      for (const fiber of waiting) yield* Fiber.interrupt(fiber)
      yield* come("h")
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(times, [0, 1000])
    })
  )

  it.scoped("ends when nothing more is to begin", () =>
    Effect.gen(function* () {
      const { come, times } = yield* make(10, 1)
      const over = new StopRequest()
      yield* come("a", over)
      const [next, last] = [yield* come("b", over), yield* come("c", over)]
      yield* TestClock.adjust(500)
      over.make()
      assert.deepStrictEqual(yield* Fiber.join(next), { _tag: "Shut" })
      assert.deepStrictEqual(yield* Fiber.join(last), { _tag: "Shut" })
      yield* come("d")
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(times, [0, 1000])
    })
  )
})
