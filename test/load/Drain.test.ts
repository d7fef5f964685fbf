import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Drain from "../../src/load/Drain.js"
import { StopRequest } from "../../src/load/StopRequest.js"
import * as Simulation from "../../src/testing/Simulation.js"

/** Sessions that take this long, and note what became of them. */
const sessions = (milliseconds: number, notes: Array<string>) =>
  Effect.sleep(milliseconds).pipe(
    Effect.tap(() => notes.push("ended")),
    Effect.onInterrupt(() => Effect.sync(() => notes.push("interrupted")))
  )

interface Case {
  /** When the run is asked to stop, if it is, and when to hurry. */
  readonly stop?: number
  readonly hurry?: number
  readonly takes: number
}

/** With three seconds of --drain: whether the sessions were broken off, what they noted, and how long it took. */
const drain = ({ hurry, stop, takes }: Case) =>
  Simulation.run(
    Effect.gen(function* () {
      const ending = new StopRequest()
      const notes: Array<string> = []
      if (stop !== undefined)
        yield* Effect.fork(
          Effect.delay(
            Effect.sync(() => ending.make()),
            stop
          )
        )
      // It looks at nothing else of a run.
      const shared = { ending, plan: { drain: 3 } }
      const hurrying = hurry === undefined ? undefined : Effect.sleep(hurry)
      const brokenOff = yield* Drain.run(sessions(takes, notes), shared, hurrying)
      return { after: yield* Clock.currentTimeMillis, brokenOff, notes }
    })
  )

describe("Drain", () => {
  const cases: { readonly [name: string]: readonly [Case, after: number, brokenOff: boolean] } = {
    "waits for sessions that nobody stops": [{ takes: 100_000 }, 100_000, false],
    "waits for sessions that end in time": [{ takes: 3500, stop: 1000 }, 3500, false],
    "breaks off those that do not": [{ takes: 4500, stop: 1000 }, 4000, true],
    "does not wait for its time where that is to be hurried": [{ takes: 9000, stop: 1000, hurry: 500 }, 1500, true],
    "is not hurried before it was asked to stop": [{ takes: 9000, hurry: 500 }, 9000, false]
  }
  for (const [name, [one, after, brokenOff]] of Object.entries(cases)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const notes = [brokenOff ? "interrupted" : "ended"]
        assert.deepStrictEqual(yield* drain(one), { after, brokenOff, notes })
      })
    )
  }

  it.effect("has the sessions ended when it is interrupted itself", () =>
    Simulation.run(
      Effect.gen(function* () {
        const notes: Array<string> = []
        const shared = { ending: new StopRequest(), plan: { drain: 3 } }
        const fiber = yield* Effect.fork(Drain.run(sessions(9000, notes), shared))
        yield* Effect.sleep(10)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(notes, ["interrupted"])
      })
    )
  )

  it.effect("fails as its sessions do", () =>
    Simulation.run(
      Effect.gen(function* () {
        const shared = { ending: new StopRequest(), plan: { drain: 3 } }
        const failing = Effect.zipRight(Effect.sleep(5), Effect.fail("refused"))
        assert.strictEqual(yield* Effect.flip(Drain.run(failing, shared)), "refused")
      })
    )
  )
})
