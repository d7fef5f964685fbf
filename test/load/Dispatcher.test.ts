import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { Dispatcher, type Due } from "../../src/load/Dispatcher.js"
import * as Tickets from "../../src/load/Tickets.js"
import { Recorder } from "../../src/measure/Recorder.js"
import { behindAfter } from "../../src/measure/GeneratorHealth.js"
import * as Arrival from "../../src/plan/Arrival.js"

interface Taken extends Due {
  readonly session: number
  readonly began: number
}

interface Options {
  readonly messages: number
  readonly maxSessions: number
  /** How long a session takes to be ready, and for a message, in milliseconds. */
  readonly opens?: (session: number) => number
  readonly lasts: number
  readonly dropLate?: number
}

/** A dispatcher for a message each ten milliseconds, by a clock that the test can move while the process is stopped. */
const make = ({ dropLate = Number.POSITIVE_INFINITY, lasts, maxSessions, messages, opens = () => 0 }: Options) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const scope = yield* Effect.scope
    const ended = yield* Deferred.make<void>()
    const recorder = new Recorder()
    const taken: Array<Taken> = []
    let stopped = 0
    let sessions = 0
    const now = () => clock.unsafeCurrentTimeMillis() + stopped
    const begin = (owner: Due): Effect.Effect<unknown> =>
      Effect.suspend(() => {
        const session = sessions++
        return Effect.gen(function* () {
          yield* Effect.sleep(opens(session))
          dispatcher.opened()
          let due = yield* dispatcher.next(owner)
          while (due !== undefined) {
            taken.push({ ...due, session, began: now() })
            yield* Effect.sleep(lasts)
            due = yield* dispatcher.next()
          }
        }).pipe(
          Effect.onExit((exit) => dispatcher.left(exit)),
          Effect.forkIn(scope)
        )
      })
    const arrivals = Arrival.make({ messages, rate: "100/s" }, "seed")!
    const tickets = Tickets.make(messages)
    const dispatcher = new Dispatcher<never>(
      { arrivals, dropLate, granularity: 1, maxSessions, now, origin: 0, recorder, tickets },
      ended,
      begin
    )
    yield* Effect.forkScoped(dispatcher.dispatch)
    const stop = (milliseconds: number) => {
      stopped += milliseconds
    }
    return { dispatcher, ended, recorder, stop, taken }
  })

/** What the generator is to blame for, as sessions count it. */
const behind = (taken: ReadonlyArray<Taken>) => taken.filter(({ began, free }) => began - free > behindAfter).length

describe("Dispatcher", () => {
  it.scoped("hands each message out when it is due, to the session that was idle for the shortest time", () =>
    Effect.gen(function* () {
      const { ended, taken } = yield* make({ messages: 6, maxSessions: 9, lasts: 15 })
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(
        taken.map(({ began, message, session }) => [message, began, session]),
        [
          [0, 0, 0],
          [1, 10, 1],
          [2, 20, 0],
          [3, 30, 1],
          [4, 40, 0],
          [5, 50, 1]
        ]
      )
      assert.isTrue(yield* Deferred.isDone(ended))
    })
  )

  it.scoped("counts as late what waits for a session", () =>
    Effect.gen(function* () {
      const busy = yield* make({ messages: 50, maxSessions: 1, lasts: 20 })
      yield* TestClock.adjust(2000)
      assert.lengthOf(busy.taken, 50)
      assert.deepStrictEqual([busy.recorder.late, behind(busy.taken)], [49, 0])
    })
  )

  it.scoped("counts as the generator's doing what was due while the process was stopped", () =>
    Effect.gen(function* () {
      // Stopped for a second after 45 ms: a hundred messages become due meanwhile, and two sessions were free.
      const { recorder, stop, taken } = yield* make({ messages: 200, maxSessions: 2, lasts: 15 })
      yield* TestClock.adjust(45)
      stop(1000)
      yield* TestClock.adjust(3000)
      assert.lengthOf(taken, 200)
      const dueWhileStopped = taken.filter(({ at }) => at > 45 && at < 1035)
      assert.isTrue(dueWhileStopped.every(({ at, free }) => free === at))
      assert.strictEqual(behind(dueWhileStopped), 99)
      // Those that became due while the rest was worked off have waited for a session.
      const dueAfterwards = taken.filter(({ at }) => at > 1045)
      assert.strictEqual(behind(dueAfterwards), 0)
      assert.closeTo(recorder.late, dueAfterwards.length, 2)
    })
  )

  it.scoped("drops what would start too late", () =>
    Effect.gen(function* () {
      const { recorder, taken } = yield* make({ messages: 10, maxSessions: 1, lasts: 45, dropLate: 20 })
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(
        taken.map(({ began, message }) => [message, began]),
        [
          [0, 0],
          [3, 45],
          [7, 90]
        ]
      )
      assert.strictEqual(recorder.dropped, 7)
    })
  )

  it.scoped(
    "begins a session for each message that waits, and no more; what waits goes to whichever is ready first",
    () =>
      Effect.gen(function* () {
        // The second session is ready only at 1010 ms.
        const { ended, recorder, taken } = yield* make({
          messages: 4,
          maxSessions: 9,
          lasts: 12,
          opens: (session) => (session === 1 ? 1000 : 0)
        })
        yield* TestClock.adjust(500)
        assert.deepStrictEqual(
          taken.map(({ began, message, session }) => [message, began, session]),
          [
            [0, 0, 0],
            [1, 12, 0],
            [2, 24, 0],
            [3, 36, 0]
          ]
        )
        assert.deepStrictEqual([recorder.late, behind(taken)], [0, 0])
        assert.strictEqual(
          recorder.ownHistogram("waited", "accepted")?.counts.reduce((sum, count) => sum + count, 0),
          3
        )
        assert.isTrue(yield* Deferred.isDone(ended), "nobody waits for a session that is not needed")
      })
  )

  it.scoped("begins nothing more when the time is over, but for what a session was begun for", () =>
    Effect.gen(function* () {
      const { dispatcher, ended, taken } = yield* make({ messages: 9, maxSessions: 2, lasts: 100, opens: () => 30 })
      yield* TestClock.adjust(35)
      // 0 is sent since 30 ms; a session is opened for 1, and 2 and 3 wait.
      dispatcher.timeOver()
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(
        taken.map(({ began, message }) => [message, began]),
        [
          [0, 30],
          [1, 40]
        ]
      )
      assert.isTrue(yield* Deferred.isDone(ended))
    })
  )

  it.scoped(
    "begins nothing more when the time is over and all sessions are at work, before anybody has had to wait",
    () =>
      Effect.gen(function* () {
        const { dispatcher, ended, taken } = yield* make({ messages: 9, maxSessions: 1, lasts: 25 })
        yield* TestClock.adjust(5)
        dispatcher.timeOver()
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(
          taken.map(({ began, message }) => [message, began]),
          [[0, 0]]
        )
        assert.isTrue(yield* Deferred.isDone(ended))
      })
  )
})
