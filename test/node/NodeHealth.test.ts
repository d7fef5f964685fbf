import { once } from "node:events"
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
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

  it.live.skipIf(!existsSync("/proc/thread-self/schedstat"))("tells how long a thread waited for a processor", () =>
    Effect.gen(function* () {
      // More of them than there are processors, each busy all the time.
      const rivals = yield* Effect.acquireRelease(
        Effect.sync(() =>
          Array.from({ length: availableParallelism() * 3 }, () => new Worker("while (true);", { eval: true }))
        ),
        (workers) => Effect.promise(() => Promise.all(workers.map((worker) => worker.terminate())))
      )
      yield* Effect.promise(() => Promise.all(rivals.map((worker) => once(worker, "online"))))
      const { waited = 0, watched = 0 } = yield* during(work(400))
      assert.isAbove(watched, 400)
      assert.isAbove(waited, 40)
      assert.isBelow(waited, watched)
    }).pipe(Effect.scoped)
  )

  it("is the bottleneck where it had no time to spare, or what came in had to wait", () => {
    assert.isTrue(isBottleneck({ utilisation: 0.96, delayMean: 0.2 }))
    assert.isTrue(isBottleneck({ utilisation: 0.3, delayMean: 11 }))
    assert.isFalse(isBottleneck({ utilisation: 0.94, delayMean: 3 }))
  })

  it("is the bottleneck where it got no processor, though its loop seemed idle", () => {
    assert.isTrue(isBottleneck({ utilisation: 0.3, waited: 660, watched: 1000, delayMean: 0 }))
    assert.isFalse(isBottleneck({ utilisation: 0.3, waited: 300, watched: 1000, delayMean: 0 }))
    assert.isTrue(isBottleneck({ utilisation: 0.96, waited: 0, watched: 1000, delayMean: 0 }))
  })

  it("is not judged by a run that was mostly start-up", () => {
    assert.isFalse(isBottleneck({ utilisation: 1, watched: 499, delayMean: 20 }))
    assert.isTrue(isBottleneck({ utilisation: 1, watched: 500, delayMean: 20 }))
  })
})
