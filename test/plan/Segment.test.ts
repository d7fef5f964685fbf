import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as fc from "fast-check"
import * as Partition from "../../src/plan/Partition.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Segment from "../../src/plan/Segment.js"
import * as StartTime from "../../src/plan/StartTime.js"

type Cut = Pick<Segment.Segment, "of" | "weights">

const all = (cut: Cut): ReadonlyArray<Segment.Segment> =>
  Array.from({ length: cut.of }, (_, index) => ({ ...cut, index }))

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

const alike: fc.Arbitrary<Cut> = fc.integer({ min: 1, max: 1000 }).map((of) => ({ of }))
const weighed: fc.Arbitrary<Cut> = fc
  .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 })
  .map((weights) => ({ of: weights.length, weights }))
const cuts = fc.oneof(alike, weighed)

describe("what segments share by number", () => {
  it("adds up to the whole, whatever it is", () => {
    fc.assert(
      fc.property(fc.nat(2_147_483_647), cuts, (count, cut) => {
        assert.strictEqual(sum(all(cut).map((segment) => Segment.shareOf(count, segment))), count)
      })
    )
  })

  it("differs by one at most between those that are alike, and goes by the weights", () => {
    fc.assert(
      fc.property(fc.nat(2_147_483_647), alike, (count, cut) => {
        const shares = all(cut).map((segment) => Segment.shareOf(count, segment))
        assert.isAtMost(Math.max(...shares) - Math.min(...shares), 1)
      })
    )
    assert.deepStrictEqual(
      all({ of: 3, weights: [1, 2, 5] }).map((segment) => Segment.shareOf(800, segment)),
      [100, 200, 500]
    )
  })

  it("is the whole where there is one", () => {
    assert.strictEqual(Segment.shareOf(7, Segment.whole), 7)
    assert.deepStrictEqual(Segment.rateOf(7, Segment.whole), { rate: 7, after: 0 })
  })

  it("takes turns in a rate", () => {
    assert.deepStrictEqual(
      all({ of: 4 }).map((segment) => Segment.rateOf(10, segment)),
      [0, 100, 200, 300].map((after) => ({ rate: 2.5, after }))
    )
    assert.deepStrictEqual(Segment.rateOf(Number.POSITIVE_INFINITY, { index: 1, of: 2 }), {
      rate: Number.POSITIVE_INFINITY,
      after: 0
    })
    assert.deepStrictEqual(
      all({ of: 2, weights: [1, 3] }).map((segment) => Segment.rateOf(8, segment).rate),
      [2, 6]
    )
  })
})

describe("the messages of segments", () => {
  it("are all messages, each of them once", () => {
    fc.assert(
      fc.property(fc.nat(5000), cuts, (messages, cut) => {
        const owners = new Uint16Array(messages)
        const ownerOf = Partition.ownerIn(cut)
        for (const segment of all(cut)) {
          const { at, count } = Partition.of(segment)
          for (let own = 0; own < count(messages); own++) {
            owners[at(own)]!++
            assert.strictEqual(ownerOf(at(own)), segment.index)
          }
          // The next one is beyond the last.
          assert.isAtLeast(at(count(messages)), messages)
        }
        assert.isTrue(owners.every((times) => times === 1))
      })
    )
  })

  it("add up, of any number of messages", () => {
    fc.assert(
      fc.property(fc.nat(2_147_483_647), cuts, (messages, cut) => {
        assert.strictEqual(sum(all(cut).map((segment) => Partition.of(segment).count(messages))), messages)
      })
    )
  })

  it("are in order, and as many before any of them as come before it", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), cuts, fc.nat(11), (own, cut, index) => {
        const { at, count } = Partition.of({ ...cut, index: index % cut.of })
        assert.strictEqual(count(at(own)), own)
        assert.strictEqual(count(at(own) + 1), own + 1)
      })
    )
  })

  it("go by the weights at any time, and not in blocks", () => {
    for (const weights of [
      [1, 2, 5],
      [3, 1, 1, 4],
      [7, 3],
      [1, 1, 1]
    ]) {
      const total = sum(weights)
      for (const segment of all({ of: weights.length, weights })) {
        const { count } = Partition.of(segment)
        for (let messages = 0; messages <= 200; messages++) {
          assert.isBelow(Math.abs(count(messages) - (messages * weights[segment.index]!) / total), 1)
        }
      }
    }
    assert.deepStrictEqual(Partition.turns([2, 4]), Partition.turns([1, 2]))
  })
})

describe("a segment as text", () => {
  it("is read as it is written", () => {
    assert.deepStrictEqual(Segment.parse("3/8"), { index: 2, of: 8 })
    assert.strictEqual(Segment.print({ index: 2, of: 8 }), "3/8")
    for (const text of ["0/8", "9/8", "3", "3/", "3/8/9", "-1/8", "1/10001", "03/8", "3/8 ", "1.5/8"]) {
      assert.isUndefined(Segment.parse(text), text)
    }
    assert.deepStrictEqual(Segment.parseWeights("1,2,5"), [1, 2, 5])
    for (const text of ["", "0,1", "1,,2", "1,2,", "1.5,2", "9999,2"])
      assert.isUndefined(Segment.parseWeights(text), text)
  })
})

describe("a start", () => {
  it("is a time with a zone, or from now", () => {
    const time = Date.UTC(2026, 11, 1, 10)
    for (const text of ["2026-12-01T10:00:00Z", "2026-12-01T11:00+01:00", "2026-12-01T10:00:00.000Z"]) {
      assert.strictEqual(StartTime.timeOf(text, 0), time)
    }
    assert.strictEqual(StartTime.timeOf("+30s", 1000), 31_000)
    for (const text of ["2026-12-01T10:00:00", "2026-12-01", "2026-13-01T10:00:00Z", "30s", "+", "now"]) {
      assert.isUndefined(StartTime.timeOf(text, 0), text)
    }
  })
})

describe("a plan's segment", () => {
  const plan = Plan.make({ target: "h", messages: 100, sessions: 8, keepGoing: true })

  it("is a plan of its own", () => {
    const third = Segment.of(plan, 3, 8, { runId: "run", weights: [1, 1, 1, 1, 1, 1, 1, 1] })
    assert.deepStrictEqual(third, { ...plan, segment: "3/8", runId: "run", weights: "1,1,1,1,1,1,1,1" })
    assert.deepStrictEqual(Plan.make({ ...third }), third)
    assert.deepStrictEqual(pipe(plan, Segment.of(3, 8, { runId: "run" })), Segment.of(plan, 3, 8, { runId: "run" }))
    assert.deepStrictEqual(Segment.ofPlan(third), { index: 2, of: 8, weights: [1, 1, 1, 1, 1, 1, 1, 1] })
    assert.deepStrictEqual(Segment.ofPlan(plan), Segment.whole)
  })

  const refused = (input: Plan.PlanInput, problem: string) =>
    it(problem, () => {
      assert.deepStrictEqual(Plan.problems({ target: "h", ...input }), [problem])
    })

  refused({ weights: "1,2" }, "weights: --weights needs --segment")
  refused({ segment: "1/2", weights: "1,2,3", sessions: 9 }, "segment, weights: --weights has 3 weights for 2 segments")
  refused({ segment: "2/9", sessions: 8 }, "sessions, segment: -s 8 is too few for 9 segments: 1/9 would have none")
  refused({ segment: "1/2" }, "segment: -s 1 is too few for 2 segments: 1/2 would have none")
  refused(
    { segment: "1/2", rate: "5/s", messages: 9, maxSessions: 3, weights: "1,9" },
    "maxSessions, segment, weights: --max-sessions 3 is too few for 2 segments: 1/2 would have none"
  )
  refused(
    { segment: "1/65", sessions: 65 },
    "segment: --connecting 64 is too few for 65 segments: 1/65 would have none"
  )
  refused({ segment: "9/8" }, 'segment: expected a segment, such as 3/8, of at most 10000; or auto, not "9/8"')
  refused(
    { runId: "a..b" },
    'runId: expected at most 64 letters, digits, - and _, and single dots between them, not "a..b"'
  )
  refused(
    { startAt: "10:00" },
    'startAt: expected a time with its zone, such as 2026-12-01T10:00:00Z, or a time from now, such as +30s, not "10:00"'
  )
})
