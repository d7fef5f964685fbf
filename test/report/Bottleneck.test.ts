import { assert, describe, it } from "@effect/vitest"
import * as Bottleneck from "../../src/report/Bottleneck.js"
import * as Counted from "../measure/Counted.js"

const cpu = { user: 1, system: 1 }
const easy = { cpu, utilisation: 0.22, watched: 30_000, waited: 100, delayMean: 1, delayP99: 2 }
const busy = { ...easy, utilisation: 0.97 }
const starved = { ...easy, utilisation: 0.4, waited: 18_000 }
const messages = { accepted: 9000, rejected: 0, started: 9000 }

describe("the generator was the bottleneck", () => {
  it("where its busiest thread worked all the time; the advice is more threads", () => {
    assert.deepStrictEqual(Bottleneck.explain({ messages, generator: busy }), [
      "It was busy for 97 % of the time.",
      "Try --workers auto, or fewer sessions."
    ])
  })

  it("where it got no processor; more threads are not the advice", () => {
    const [why, advice] = Bottleneck.explain({ messages, generator: starved })
    assert.strictEqual(why, "It had work to do and no processor for 18.0 s of 30.0 s.")
    assert.match(
      advice ?? "",
      /^Other programs, perhaps the server itself, had the processors: run it on another machine/
    )
  })

  it("where messages began late with a session free; how many, and who had the processors", () => {
    const arrivals = Counted.arrivals({ behind: 1519 })
    const generator = { ...easy, utilisation: 0.07, waited: 3110 }
    const [why, advice] = Bottleneck.explain({ messages, arrivals, generator })
    assert.strictEqual(why, "1,519 of 9,000 messages started over 10 ms late because it was behind.")
    assert.match(advice ?? "", /^Other programs, perhaps the server itself, had the processors for 3.11 s: /)
    assert.match(Bottleneck.explain({ messages, arrivals, generator: easy })[1] ?? "", /^Try --workers auto/)
  })
})

describe("why it was, in a line", () => {
  it("says how much, and what to do", () => {
    assert.strictEqual(
      Bottleneck.brief({ messages, generator: busy }),
      "busy 97 % of the time: try --workers auto, or fewer sessions"
    )
    assert.strictEqual(
      Bottleneck.brief({ messages, generator: starved }),
      "no processor for 18.0 s of 30.0 s: keep a processor free for it, or run it elsewhere"
    )
    const arrivals = Counted.arrivals({ behind: 1519 })
    assert.strictEqual(
      Bottleneck.brief({ messages, arrivals, generator: easy }),
      "1,519 messages late by it: try --workers auto, or fewer sessions"
    )
    assert.isUndefined(Bottleneck.brief({ messages, generator: easy }))
  })
})

describe("the generator was not the bottleneck", () => {
  const notSo = (evidence: Bottleneck.Evidence) => assert.deepStrictEqual(Bottleneck.causesOf(evidence), [])

  it("where the server is down: nothing was accepted, however busy it was with trying", () => {
    notSo({ messages: { accepted: 0, rejected: 0, started: 50_000 }, generator: busy })
    notSo({ messages: { accepted: 3, rejected: 0, started: 50_000 }, generator: busy })
  })

  it("where messages waited for the server's sessions more often than for it: the server is frozen, or greets slowly", () => {
    notSo({ messages, arrivals: Counted.arrivals({ behind: 200, late: 7000 }), generator: easy })
  })

  it("where one or two of a few messages were late, or one in two hundred of many", () => {
    notSo({ messages: { accepted: 50, rejected: 0, started: 50 }, arrivals: Counted.arrivals({ behind: 2 }) })
    notSo({ messages, arrivals: Counted.arrivals({ behind: 45 }), generator: easy })
  })
})
