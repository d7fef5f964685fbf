import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as WallClock from "../../src/load/WallClock.js"

describe("the time of day", () => {
  it.effect("is that of the clock of tests, to the microsecond", () =>
    Effect.gen(function* () {
      const now = WallClock.microseconds(yield* Effect.clock)
      yield* TestClock.adjust("1500 micros")
      assert.strictEqual(now(), 1500)
    })
  )

  it.live("is the same in another process, to less than a millisecond", () =>
    Effect.gen(function* () {
      const now = WallClock.microseconds(yield* Effect.clock)
      const tells = "console.log((performance.timeOrigin + performance.now()) * 1000)"
      // Whoever has to wait for the processor only sees the bounds further apart.
      const before = now()
      const told = Number(execFileSync(process.execPath, ["-e", tells]))
      assert.isAbove(told, before - 500)
      assert.isBelow(told, now() + 500)
    })
  )
})
