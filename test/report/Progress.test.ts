import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Series from "../../src/measure/Series.js"
import * as Progress from "../../src/report/Progress.js"

const stateOf = (accepted: number, rejected: number, planned: number, elapsed: number): Progress.State => ({
  planned,
  elapsed,
  ended: { ...Series.sum([]), accepted, rejected },
  lately: {
    ...Series.sum([]),
    at: elapsed,
    length: 1000,
    started: accepted,
    accepted,
    rejected,
    underWay: 20,
    open: 25,
    ...Series.statistics([[3000, accepted]])
  }
})

describe("the live view", () => {
  it("tells how far the run is, how fast, and what went wrong", () => {
    const [first, second, third] = Progress.lines(stateOf(900, 100, 4000, 2000), 80)
    assert.strictEqual(first, "[########----------------------]  25 %  1,000 of 4,000  ETA 6 s")
    assert.match(second ?? "", /^1,000\/s now {2}500\/s on average {2}p50 .* ms {2}p99 .* ms$/)
    assert.strictEqual(third, "100 rejected  20 busy  25 connections")
  })

  it("does not call failed what was abandoned as planned", () => {
    const { ended, ...state } = stateOf(900, 0, 4000, 2000)
    const [, , third] = Progress.lines({ ...state, ended: { ...ended, failed: 7, abandoned: 5 } }, 80)
    assert.strictEqual(third, "2 failed  5 abandoned  20 busy  25 connections")
    const planned = { ...state, ended: { ...ended, failed: 5, abandoned: 5 } }
    assert.strictEqual(Progress.lines(planned, 80)[2], "no errors  5 abandoned  20 busy  25 connections")
    assert.include(Progress.plain(planned), "no errors, 5 abandoned, ")
    assert.include(Progress.closing(planned), "no errors, 5 abandoned")
  })

  it("keeps within the terminal's width, whatever it is, and always says how far the run is", () => {
    const counts = fc.nat(10_000_000)
    fc.assert(
      fc.property(counts, counts, fc.integer({ min: 1, max: 300 }), (accepted, rejected, columns) => {
        const state = stateOf(accepted, rejected, accepted + rejected + 1, 5000)
        const lines = Progress.lines(state, columns)
        assert.lengthOf(lines, 3)
        for (const line of lines) assert.isTrue(line.length < columns || columns === 1, `${columns}: ${line}`)
        if (columns > 5) assert.match(lines[0] ?? "", /%/)
      })
    )
  })

  it("draws over the rows that its lines take now, also when the terminal became narrower", () => {
    assert.isTrue(Progress.redraw([], ["a"], 80).startsWith("\r"))
    assert.isTrue(Progress.redraw(["x".repeat(70), "y"], ["a"], 80).startsWith("\u001b[2A\r"))
    assert.isTrue(Progress.redraw(["x".repeat(70), "y"], ["a"], 30).startsWith("\u001b[4A\r"))
  })

  it("has no ETA before anything ended, and none of the latency", () => {
    const { lately, ...state } = stateOf(0, 0, 10, 100)
    const { max: _max, p50: _p50, p99: _p99, ...unmeasured } = lately
    const text = Progress.lines({ ...state, lately: unmeasured }, 80).join("\n")
    assert.notMatch(text, /ETA|p50|NaN|Infinity/)
    assert.match(text, /no errors/)
  })
})

describe("the live view of an open run", () => {
  const open = (arrivals: Partial<Progress.Arrivals>, elapsed = 2000): Progress.State => ({
    ...stateOf(440, 0, 1000, elapsed),
    arrivals: { due: 1000, dueLately: 500, waiting: 0, end: 6000, ...arrivals }
  })

  it("ends when its last message is due, as long as none waits", () => {
    const [first, second] = Progress.lines(open({}), 80)
    assert.strictEqual(first, "[#############-----------------]  44 %  440 of 1,000  ETA 4 s")
    assert.match(second ?? "", /^440\/s now {2}500\/s due {2}p50 /)
  })

  it("ends later where messages wait, and tells of these and of those that were late", () => {
    const state = open({ waiting: 555 })
    const [first, , third] = Progress.lines(
      { ...state, ended: { ...state.ended, late: 1200, behind: 3, dropped: 10 } },
      100
    )
    // 550 are left, at 440 a second; and the last one is due in four.
    assert.match(first ?? "", /45 % .* ETA 4 s$/)
    assert.strictEqual(third, "no errors  555 waiting  1,200 late  3 behind  10 dropped  20 busy  25 connections")
    assert.match(Progress.lines(open({ waiting: 555 }, 6000), 80)[0] ?? "", /ETA 2 s$/)
    const stalled = { ...state, lately: stateOf(0, 0, 1000, 2000).lately }
    assert.notInclude(Progress.lines(stalled, 80)[0], "ETA")
  })
})

describe("the plain view", () => {
  it("is one line without control characters", () => {
    const line = Progress.plain(stateOf(900, 100, 4000, 2000))
    assert.match(line, /^2 s: 1,000 of 4,000 \(25 %\), 1,000 messages\/s, p50 .*, 100 rejected, 20 busy, ETA 6 s$/)
  })
})
