import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { GeneratorHealth, isBottleneck } from "../../src/measure/GeneratorHealth.js"
import * as NodeHealth from "../../src/node/NodeHealth.js"

/** What was seen while the effect ran. */
const during = (effect: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const told = yield* (yield* GeneratorHealth).watch
    // The delay is first looked at some milliseconds after the beginning.
    yield* Effect.sleep(50)
    yield* effect
    yield* Effect.sleep(20)
    return yield* told
  }).pipe(Effect.scoped, Effect.provide(NodeHealth.layer))

const work = (milliseconds: number) =>
  Effect.sync(() => {
    const until = performance.now() + milliseconds
    while (performance.now() < until);
  })

describe("the generator's health", () => {
  it.live("tells a loop that works from one that waits, and what was spent", () =>
    Effect.gen(function* () {
      const busy = yield* during(work(300))
      const idle = yield* during(Effect.sleep(300))
      assert.isAbove(busy.utilisation, 0.6)
      assert.isBelow(idle.utilisation, busy.utilisation)
      // What came in while it worked had to wait nearly as long.
      assert.isAbove(busy.delayP99, 200)
      const { system, user } = busy.cpu
      assert.isAbove(user + system, idle.cpu.user + idle.cpu.system)
    })
  )

  it("is the bottleneck only where its loop had no time to spare and what came in had to wait", () => {
    assert.isTrue(isBottleneck({ utilisation: 0.99, delayMean: 3 }))
    assert.isFalse(isBottleneck({ utilisation: 0.99, delayMean: 0.2 }))
    assert.isFalse(isBottleneck({ utilisation: 0.5, delayMean: 3 }))
  })
})
