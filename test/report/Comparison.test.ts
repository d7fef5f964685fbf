import { assert, describe, it } from "@effect/vitest"
import * as Comparison from "../../src/report/Comparison.js"
import * as ComparisonText from "../../src/report/ComparisonText.js"
import type { RunReport } from "../../src/report/RunReport.js"
import { reportOf } from "./Reports.js"

/** A generator of numbers with a seed (mulberry32), and of normal ones from it (Box and Muller). */
const draws = (seed: number) => {
  let state = seed
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal }
}

/**
 * A run whose level varies by 4 % from run to run, with log-normal durations within it, `slower` times as long, and whose
 * every hundredth message is rejected on average.
 */
const run = ({ normal, uniform }: ReturnType<typeof draws>, slower = 1, messages = 250): RunReport => {
  const level = 5 * slower * Math.exp(0.04 * normal())
  const samples = Array.from({ length: messages }, () => ({
    of: "transaction" as const,
    ending: "accepted" as const,
    elapsed: level * Math.exp(0.3 * normal()),
    code: uniform() < 0.01 ? 450 : 250
  }))
  return reportOf(samples, { elapsed: samples.reduce((sum, { elapsed }) => sum + elapsed, 0) })
}

const side = (random: ReturnType<typeof draws>, runs: number, slower = 1) =>
  Array.from({ length: runs }, () => run(random, slower))

/** To make a run takes much longer than to compare it: trials draw theirs from so many, no run twice in one trial. */
const fleet = (seed: number, slower = 1): ReadonlyArray<RunReport> => side(draws(seed), 160, slower)
const usual = fleet(1)
const slower = fleet(2, 1.2)

const drawn = ({ uniform }: ReturnType<typeof draws>, runs: ReadonlyArray<RunReport>, count: number) => {
  const left = [...runs]
  return Array.from({ length: count }, () => left.splice(Math.floor(uniform() * left.length), 1)).flat()
}

const changes = ({ rows }: Comparison.Comparison) =>
  rows.filter(({ finding }) => finding === "better" || finding === "worse")

describe("a comparison", () => {
  for (const runs of [2, 3, 5]) {
    it(`of ${runs} runs a side that are alike finds a change in no more than one of twenty`, () => {
      const random = draws(runs)
      const trials = 200
      let found = 0
      for (let trial = 0; trial < trials; trial++) {
        const both = drawn(random, usual, 2 * runs)
        if (changes(Comparison.make(both.slice(0, runs), both.slice(runs))).length > 0) found++
      }
      // 5 % of 200 is 10; by chance alone it is above 18 in one of a hundred such tests.
      assert.isAtMost(found, 18, `${found} of ${trials}`)
    })
  }

  it("finds 20 % more time, with five runs a side, in nine of ten trials at least", () => {
    const random = draws(77)
    let found = 0
    for (let trial = 0; trial < 100; trial++) {
      const comparison = Comparison.make(drawn(random, usual, 5), drawn(random, slower, 5))
      const names = changes(comparison).map(({ name }) => name)
      if (names.includes("p50") && names.includes("rate")) found++
    }
    assert.isAtLeast(found, 90)
  })

  it("has an interval that holds the true factor", () => {
    const random = draws(5)
    let held = 0
    for (let trial = 0; trial < 200; trial++) {
      const { rows } = Comparison.make(drawn(random, usual, 3), drawn(random, slower, 3))
      const [low, high] = rows.find(({ name }) => name === "p50")?.interval ?? [0, 0]
      if (low <= 1.2 && high >= 1.2) held++
    }
    // 95 % of 200 is 190.
    assert.isAtLeast(held, 180)
  })

  it("cannot tell from one run a side, however far apart they are", () => {
    const random = draws(9)
    const comparison = Comparison.make(side(random, 1), side(random, 1, 3))
    assert.strictEqual(comparison.method, "none")
    assert.deepStrictEqual(changes(comparison), [])
    assert.include(ComparisonText.render(comparison), "cannot tell")
    assert.notInclude(ComparisonText.render(comparison), "WORSE")
  })

  it("finds nothing between runs and themselves", () => {
    const runs = side(draws(3), 3)
    assert.deepStrictEqual(new Set(Comparison.make(runs, runs).rows.map(({ finding }) => finding)), new Set(["same"]))
  })

  it("says which way a change goes, and by how much", () => {
    const random = draws(11)
    const comparison = Comparison.make(side(random, 5), side(random, 5, 2))
    const text = ComparisonText.render(comparison)
    for (const line of text.split("\n")) assert.isAtMost(line.length, 80, line)
    assert.match(text, /^rate .* -\d+\.\d % .* WORSE$/m)
    assert.match(text, /^ {2}p50 .* \+\d+\.\d % .* WORSE$/m)
    assert.match(ComparisonText.render(Comparison.make(side(random, 5, 2), side(random, 5))), /^rate .* BETTER$/m)
  })

  it("finds what its intervals say, whatever the sides are", () => {
    const random = draws(21)
    let changed = 0
    for (let trial = 0; trial < 30; trial++) {
      const { rows } = Comparison.make(drawn(random, usual, 3), side(random, 3, 1 + trial / 100))
      for (const { finding, interval, p = 1 } of rows) {
        if (interval === undefined) continue
        const [low, high] = interval
        const isProven = finding === "better" || finding === "worse"
        assert.strictEqual(isProven, low > 1 || high < 1, JSON.stringify({ finding, interval, p }))
        if (isProven) changed++
      }
    }
    assert.isAbove(changed, 10)
  })

  it("tests few figures, and none that no run showed", () => {
    const { rows } = Comparison.make(side(draws(1), 3), side(draws(2), 3))
    assert.deepStrictEqual(
      rows.map(({ name, p }) => [name, p !== undefined]),
      [
        ["rate", true],
        ["rejected", true],
        ["failed", false],
        ["unknown", false],
        ["p50", true],
        ["p99", true],
        ["p50", true],
        ["p99", true]
      ]
    )
  })

  it("keeps its columns apart, and tells of factors above ten as such", () => {
    const random = draws(12)
    const [before, after] = [side(random, 5), side(random, 5, 170)]
    const text = ComparisonText.render(Comparison.make(before, after))
    assert.match(text, /^ {2}p50 +\S+ +\S+ +x1[67]\d +x\d\d\d to x\d\d\d +WORSE$/m)
    const many = ComparisonText.render(Comparison.make(before, side(random, 5, 17)))
    assert.match(many, /^ {2}p50 +\S+ +\S+ +x1[67]\.\d +x1\d\.\d to x1\d\.\d +WORSE$/m)
    const [row] = Comparison.make(before, after).replies
    const refused = { ...Comparison.make(before, after), replies: [{ ...row!, step: "content", enhanced: "5.7.100" }] }
    assert.match(ComparisonText.render(refused), /^ {2}content 450 5\.7\.100 +\d+\.\d+ +\d+\.\d+$/m)
  })

  it("takes one rejection more for chance, and a hundred for a change", () => {
    const accepted = (count: number, rejected: number) =>
      reportOf(
        Array.from({ length: count }, (_, index) => ({
          of: "transaction" as const,
          ending: "accepted" as const,
          elapsed: 5,
          code: index < rejected ? 550 : 250
        }))
      )
    const finding = (rejected: number) =>
      Comparison.make(
        [accepted(1000, 0), accepted(1000, 0)],
        [accepted(1000, rejected), accepted(1000, rejected)]
      ).rows.find(({ name }) => name === "rejected")?.finding
    assert.strictEqual(finding(1), "not proven")
    assert.strictEqual(finding(100), "worse")
  })

  it("says first that the generator was the bottleneck, where it was", () => {
    const busy = { cpu: { user: 1, system: 1 }, utilisation: 0.99, delayMean: 5, delayP99: 9 }
    const [one, two] = [run(draws(1)), run(draws(2))]
    assert.match(
      ComparisonText.render(Comparison.make([one], [{ ...two, generator: busy }])),
      /^THE GENERATOR WAS THE BOTTLENECK in 0 runs before and 1 run after:\n/
    )
    assert.notInclude(ComparisonText.render(Comparison.make([one], [two])), "BOTTLENECK")
  })

  it("tells of the plan's differences that matter, and of refusals on either side", () => {
    const [one, two] = [run(draws(1)), run(draws(2))]
    const other = { ...two, plan: { ...two.plan, sessions: 7, report: ["json"], helloName: "b\u0007" } }
    const { plan, replies } = Comparison.make([one], [other])
    assert.deepStrictEqual(plan, [{ field: "sessions", before: one.plan.sessions, after: 7 }])
    assert.deepStrictEqual(
      replies.map(({ code }) => code),
      [450]
    )
  })

  it("calls a change of what is the generator's own neither better nor worse", () => {
    const random = draws(5)
    const renamed = (of: string) => (report: RunReport) => ({
      ...report,
      durations: report.durations.map((each) => (each.of === "transaction" ? { ...each, of } : each))
    })
    for (const [of, finding] of [
      ["content", "changed"],
      ["start", "changed"],
      ["queued", "changed"],
      ["final", "worse"]
    ] as const) {
      const { rows } = Comparison.make(side(random, 5).map(renamed(of)), side(random, 5, 3).map(renamed(of)))
      assert.deepInclude(
        rows.find((row) => row.of === of && row.name === "p50"),
        { finding }
      )
    }
  })

  it("names the steps that one side lacks, and those that the warm-up has left out on both", () => {
    const random = draws(6)
    const [before] = side(random, 1)
    const [transaction] = before!.durations
    const greeted = { ...before!, durations: [...before!.durations, { ...transaction!, of: "greeting" }] }
    const [after] = side(random, 1)
    assert.deepStrictEqual(Comparison.make([before!], [after!]).missing, [])
    const warm = { ...after!, measured: { accepted: 1, active: [] } }
    const comparison = Comparison.make([greeted], [warm])
    assert.deepStrictEqual(comparison.missing, [
      { of: "connect", on: "both" },
      { of: "greeting", on: "after" },
      { of: "hello", on: "both" }
    ])
    const text = ComparisonText.render(comparison)
    assert.include(text, "measured only before: greeting\n")
    assert.include(
      text.replace(/\n {2}/g, " "),
      "not measured, for connections were opened in the warm-up: connect, hello\n"
    )
  })

  it("says the same word in text and JSON", () => {
    const random = draws(8)
    const comparison = Comparison.make(side(random, 3), side(random, 3))
    const told = ComparisonText.render(comparison)
    for (const { finding } of comparison.rows) assert.include(told.toLowerCase(), finding)
  })
})

describe("plans that differ", () => {
  it("are those of other runs, and not of runs that are told otherwise, or whose clocks were compared", () => {
    const of = (plan: { readonly [field: string]: unknown }) => ({ plan: { target: "a", ...plan } })
    const clocks = of({ compareClocks: ["sink.example:2525"], report: ["text"] })
    assert.deepStrictEqual(Comparison.planDifferences(of({}), clocks), [])
    assert.deepStrictEqual(Comparison.planDifferences(of({}), of({ sessions: 2 })), [
      { field: "sessions", before: undefined, after: 2 }
    ])
  })
})
