import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Load from "../../src/load/Load.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"

describe("the result of a run", () => {
  const run = Load.run(Plan.make({ target: "in.memory", messages: 3, recipients: 2 })).pipe(
    Effect.provide(TestServer.layer())
  )

  it.effect("is books as plain data, which a copy has, too", () =>
    Effect.gen(function* () {
      const { accounting } = yield* run
      assert.deepStrictEqual(
        { ...accounting },
        {
          planned: 3,
          started: 3,
          accepted: 3,
          rejected: 0,
          failed: 0,
          unknown: 0,
          notStarted: 0,
          abandoned: 0,
          recipients: { offered: 6, accepted: 6, refused: 0, refusedAfterContent: 0, unknown: 0, abandoned: 0 }
        }
      )
    })
  )

  it.effect("is written as JSON in a few kilobytes, with what was counted", () =>
    Effect.gen(function* () {
      const text = JSON.stringify(yield* run)
      assert.isBelow(text.length, 10_000)
      const { durations, replies } = JSON.parse(text).recorder
      const counts = durations.map(({ buckets, of }: { of: string; buckets: Array<[number, number]> }) => [
        of,
        buckets.reduce((sum, [, count]) => sum + count, 0)
      ])
      assert.deepInclude(counts, ["rcpt", 6])
      assert.deepInclude(counts, ["transaction", 3])
      assert.isNotEmpty(replies)
    })
  )
})
