import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Load from "../../src/load/Load.js"
import * as Histogram from "../../src/measure/Histogram.js"
import { RecordedData } from "../../src/measure/RecordedData.js"
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

  it.effect(
    "holds what was recorded as data that is read, and not the recorder: a structured clone has all of it",
    () =>
      Effect.gen(function* () {
        const result = yield* run
        assert.isFalse("record" in result.recorder || "add" in result.recorder)
        const copy = structuredClone({ ...result, endedBy: undefined })
        assert.strictEqual(copy.recorder.opened, result.recorder.opened)
        const again = new RecordedData((copy.recorder as RecordedData).data)
        assert.deepStrictEqual(JSON.parse(JSON.stringify(again)), JSON.parse(JSON.stringify(result.recorder)))
        assert.deepStrictEqual(again.replies(), result.recorder.replies())
        assert.deepStrictEqual([...again.durations()], [...result.recorder.durations()])
        assert.strictEqual(again.warmUpEnd, result.recorder.warmUpEnd)
        assert.deepStrictEqual(again.connections(), result.recorder.connections())
        const [histogram, same] = [result.recorder, again].map((each) => each.histogram("rcpt", "accepted"))
        assert.deepStrictEqual(same, histogram)
        assert.strictEqual(Histogram.total(histogram!), 6)
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
