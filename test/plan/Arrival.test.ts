import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Arrival from "../../src/plan/Arrival.js"

const make = (plan: Partial<Arrival.ArrivalPlan>, seed = "seed"): Arrival.Arrivals => {
  const arrivals = Arrival.make({ messages: Arrival.unlimited, ...plan }, seed)
  if (arrivals === undefined) throw new Error("no arrivals")
  return arrivals
}

const times = ({ dueAt, messages }: Arrival.Arrivals) =>
  Array.from({ length: messages }, (_, message) => dueAt(message))

interface StageText {
  readonly seconds: number
  readonly from: number
  readonly to: number
}

const write = (stages: ReadonlyArray<StageText>): string =>
  stages.map(({ from, seconds, to }) => `${seconds}s:${from}/s${to === from ? "" : `..${to}/s`}`).join(",")

/** The area under the rate until a time in seconds, by another way than the module's: a sum of trapezia. */
const area = (stages: ReadonlyArray<StageText>, until: number): number => {
  let [sum, start] = [0, 0]
  for (const { from, seconds, to } of stages) {
    const inside = Math.max(0, Math.min(seconds, until - start))
    const there = from + ((to - from) * inside) / seconds
    sum += ((from + there) / 2) * inside
    start += seconds
  }
  return sum
}

const anyRate = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 }))
const anyStages = fc
  .array(fc.record({ seconds: fc.integer({ min: 1, max: 20 }), from: anyRate, to: anyRate }), {
    minLength: 1,
    maxLength: 5
  })
  .filter((stages) => stages.some(({ from, to }) => from + to > 0))
const anyPlan = fc.record({
  stages: anyStages,
  arrivals: fc.constantFrom("constant" as const, "poisson" as const),
  burst: fc.integer({ min: 1, max: 7 })
})

describe("due times", () => {
  it("at a constant rate are multiples, without drift", () => {
    const { dueAt } = make({ rate: "30000/m" })
    assert.deepStrictEqual([0, 1, 2, 500, 1_800_000_000].map(dueAt), [0, 2, 4, 1000, 3_600_000_000])
    assert.strictEqual(make({ rate: "10/h" }).dueAt(30), 3 * 3_600_000)
    assert.strictEqual(make({ rate: "3/s" }).dueAt(3_000_000), 1_000_000_000)
  })

  it("are exact where one stage follows another, and pass a rest by", () => {
    const { dueAt, messages } = make({ stages: "10s:10/s, 5s:0/s, 10s:10/s..30/s, 1s:30/s" })
    assert.strictEqual(messages, 100 + 200 + 30)
    assert.strictEqual(dueAt(99), 9900)
    assert.strictEqual(dueAt(100), 15_000)
    assert.strictEqual(dueAt(300), 25_000)
    // 10 t + t² = 100 + ..., the middle of the ramp: 75 of its 200.
    assert.closeTo(dueAt(175), 20_000, 1e-9)
  })

  it("tell of stages what is due in each, up to the last message, and of one rate as of one stage", () => {
    assert.deepStrictEqual(make({ stages: "10s:10/s, 5s:0/s, 10s:10/s..30/s, 1s:30/s" }).stages, [
      { from: 0, to: 10_000, rate: [10, 10], due: 100 },
      { from: 10_000, to: 15_000, rate: [0, 0], due: 0 },
      { from: 15_000, to: 25_000, rate: [10, 30], due: 200 },
      { from: 25_000, to: 26_000, rate: [30, 30], due: 30 }
    ])
    assert.deepStrictEqual(make({ rate: "600/m", messages: 50 }).stages, [
      { from: 0, to: 5000, rate: [10, 10], due: 50 }
    ])
    assert.deepStrictEqual(make({ rate: "10/s", burst: 10, duration: "2s" }).stages, [
      { from: 0, to: 2000, rate: [10, 10], due: 20 }
    ])
    const random = make({ stages: "10s:10/s, 10s:100/s", arrivals: "poisson" })
    assert.strictEqual(
      random.stages.reduce((sum, { due }) => sum + due, 0),
      random.messages
    )
  })

  it("begin after a rest that comes first", () => {
    assert.deepStrictEqual(times(make({ stages: "10s:0/s, 1s:2/s" })), [10_000, 10_500])
  })

  it("end before the duration does, or with -m", () => {
    assert.deepStrictEqual(times(make({ rate: "2/s", duration: "2s" })), [0, 500, 1000, 1500])
    assert.deepStrictEqual(times(make({ rate: "2/s", duration: "2001ms" })), [0, 500, 1000, 1500, 2000])
    assert.deepStrictEqual(times(make({ rate: "2/s", duration: "2s", messages: 3 })), [0, 500, 1000])
    assert.strictEqual(make({ stages: "10s:10/s", messages: 500 }).messages, 100)
    // 0.1 × 30 is a little more than 3 in floating point, which is no fourth message.
    assert.strictEqual(make({ rate: "0.1/s", duration: "30s" }).messages, 3)
  })

  it("in bursts keep the rate", () => {
    assert.deepStrictEqual(times(make({ rate: "10/s", burst: 3, messages: 7 })), [0, 0, 0, 300, 300, 300, 600])
  })

  it("are not there for a plan without a rate", () => {
    assert.isUndefined(Arrival.make({ messages: 5, duration: "10s" }, "seed"))
  })

  it("never decrease", () => {
    fc.assert(
      fc.property(anyPlan, fc.string(), ({ stages, ...plan }, seed) => {
        const due = times(make({ ...plan, stages: write(stages) }, seed))
        for (let message = 1; message < due.length; message++) assert.isAtLeast(due[message]!, due[message - 1]!)
        const end = stages.reduce((sum, { seconds }) => sum + seconds, 0) * 1000
        assert.isAtMost(due.at(-1) ?? 0, end)
      }),
      { seed: 1, numRuns: 200 }
    )
  })

  it("are as many in any time as the area under the rate, to within one", () => {
    fc.assert(
      fc.property(
        anyStages,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (stages, a, b) => {
          const end = stages.reduce((sum, { seconds }) => sum + seconds, 0)
          const [from, to] = a < b ? [a * end, b * end] : [b * end, a * end]
          const due = times(make({ stages: write(stages) }))
          const inside = due.filter((time) => time >= from * 1000 && time < to * 1000).length
          assert.isAtMost(Math.abs(inside - (area(stages, to) - area(stages, from))), 1 + 1e-6)
        }
      ),
      { seed: 2, numRuns: 300 }
    )
  })

  it("are the same set, however a plan is cut", () => {
    fc.assert(
      fc.property(anyPlan, fc.integer({ min: 1, max: 6 }), fc.string(), ({ stages, ...plan }, parts, seed) => {
        const fields = { ...plan, stages: write(stages) }
        const all = times(make(fields, seed)).map((time, message) => `${message} ${time}`)
        const cut = Array.from({ length: parts }, (_, part) => {
          // Each part, on a host of its own, knows nothing of what the others have asked.
          const { dueAt, messages } = make(fields, seed)
          const own = Array.from({ length: messages }, (_, message) => message).filter((each) => each % parts === part)
          return own.map((message) => `${message} ${dueAt(message)}`)
        })
        assert.deepStrictEqual(cut.flat().sort(), all.sort())
      }),
      { seed: 3, numRuns: 100 }
    )
  })
})

describe("random arrivals", () => {
  /** The greatest distance between the gaps' distribution and the exponential one (Kolmogorov and Smirnov). */
  const distance = (gaps: ReadonlyArray<number>, mean: number): number => {
    const sorted = [...gaps].sort((a, b) => a - b)
    return sorted.reduce((most, gap, index) => {
      const theory = 1 - Math.exp(-gap / mean)
      const [below, above] = [index / sorted.length, (index + 1) / sorted.length]
      return Math.max(most, Math.abs(theory - below), Math.abs(theory - above))
    }, 0)
  }
  /** One of a thousand samples of this size is further away. */
  const critical = (size: number) => 1.95 / Math.sqrt(size)
  const gapsOf = (due: ReadonlyArray<number>) => due.map((time, index) => time - (due[index - 1] ?? 0))

  it("have gaps that are exponential, whatever the seed", () => {
    for (const seed of ["one", "two", "three"]) {
      const gaps = gapsOf(times(make({ rate: "100/s", arrivals: "poisson", messages: 20_000 }, seed)))
      assert.isBelow(distance(gaps, 10), critical(gaps.length))
      // The test tells another mean from this one.
      assert.isAbove(distance(gaps, 10.8), critical(gaps.length))
    }
  })

  it("follow the seed, and are the same in whatever order they are asked for", () => {
    const plan = { rate: "100/s", arrivals: "poisson", messages: 5000 } as const
    const forwards = times(make(plan))
    const { dueAt } = make(plan)
    const backwards = forwards.map((_, index) => dueAt(4999 - index)).reverse()
    assert.deepStrictEqual(backwards, forwards)
    assert.notDeepEqual(times(make(plan, "another")), forwards)
  })

  it("have the times that they always had, of the same seed", () => {
    const { dueAt } = make({ rate: "100/s", arrivals: "poisson" })
    const times = [
      [0, 24.23513728865911],
      [17, 188.28613786383133],
      [1024, 10825.73317959571],
      [5000, 49395.08187134648],
      [1_000_000, 10003969.919222873]
    ] as const
    // To a nanosecond, of hours.
    for (const [message, time] of times) assert.closeTo(dueAt(message), time, 1e-6)
  })

  it("come in blocks that last as long as so many gaps do, and vary as much", () => {
    const lengths = Array.from({ length: 400 }, (_, seed) => {
      const { dueAt } = make({ rate: "1/s", arrivals: "poisson", messages: 4096 }, String(seed))
      return (dueAt(3071) - dueAt(2047)) / 1000
    })
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
    const variance = lengths.reduce((sum, length) => sum + (length - mean) ** 2, 0) / (lengths.length - 1)
    assert.closeTo(mean, 1024, 6)
    assert.closeTo(variance / 1024, 1, 0.25)
  })

  it("are so many as are due before the end, however many that are", () => {
    fc.assert(
      fc.property(
        anyStages,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 6000 }),
        fc.string(),
        (stages, burst, messages, seed) => {
          const text = `500s:10/s, ${write(stages)}`
          const due = make({ stages: text, arrivals: "poisson", burst, messages }, seed)
          const end = 500_000 + stages.reduce((sum, { seconds }) => sum + seconds, 0) * 1000
          assert.isAtMost(due.messages, messages)
          if (due.messages > 0) assert.isBelow(due.dueAt(due.messages - 1), end)
          if (due.messages < messages) assert.isAtLeast(due.dueAt(due.messages), end)
        }
      ),
      { seed: 4, numRuns: 100 }
    )
  })

  // A walk over all of them would take twice as long as the test may.
  it("are counted without a walk over all of them", { timeout: 10_000 }, () => {
    const due = make({ rate: "50000/s", arrivals: "poisson", duration: "3h" })
    assert.closeTo(due.messages, 540_000_000, 100_000)
    assert.isBelow(due.dueAt(due.messages - 1), 10_800_000)
    assert.isAtLeast(due.dueAt(due.messages), 10_800_000)
  })

  it("follow a rate that changes: half of a rising ramp's come in its last 29 %", () => {
    const due = times(make({ stages: "100s:0/s..200/s", arrivals: "poisson" }))
    assert.closeTo(due.length, 10_000, 400)
    const half = due.filter((time) => time < 100_000 / Math.SQRT2).length
    assert.closeTo(half / due.length, 0.5, 0.02)
  })

  it("in bursts keep the rate", () => {
    const due = times(make({ rate: "100/s", arrivals: "poisson", burst: 5, duration: "200s" }))
    assert.closeTo(due.length, 20_000, 1200)
    assert.strictEqual(new Set(due).size, due.length / 5)
  })
})
