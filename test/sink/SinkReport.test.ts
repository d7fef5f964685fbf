import { assert, describe, it } from "@effect/vitest"
import { Ajv } from "ajv"
import * as Either from "effect/Either"
import * as SinkReportText from "../../src/cli/SinkReportText.js"
import * as SinkCounts from "../../src/sink/SinkCounts.js"
import * as SinkMetrics from "../../src/sink/SinkMetrics.js"
import * as SinkReport from "../../src/sink/SinkReport.js"
import * as SinkVerdict from "../../src/sink/SinkVerdict.js"

const zeros = SinkCounts.read(new Float64Array(SinkCounts.length))

const counts: SinkCounts.SinkCounts = {
  ...zeros,
  sessions: 20,
  quits: 19,
  ended: 20,
  contents: 1100,
  messages: 1000,
  recipients: 1200,
  delivered: 1100,
  bytesIn: 5000,
  refused: { ...zeros.refused, rcpt: 30, final: 100 }
}

const report = (failIf: ReadonlyArray<string> = []) => {
  const seconds = new SinkReport.Seconds()
  seconds.take({ ...zeros, sessions: 20 }, 0)
  seconds.take({ ...zeros, sessions: 20 }, 1)
  seconds.take({ ...zeros, sessions: 20, messages: 600, bytesIn: 3000 }, 2)
  seconds.take({ ...zeros, sessions: 20, messages: 600, bytesIn: 3000 }, 3)
  seconds.take(counts, 5)
  return SinkReport.make({
    version: "0",
    startedAt: new Date(0),
    elapsed: 6.0004,
    counts,
    strikes: [{ rule: "fault rcpt 5% 451\u001b[31m", times: 1 }],
    seconds: seconds.all,
    failIf
  })
}

describe("the metrics of a sink", () => {
  it("have all that is counted", () => {
    const counters = Float64Array.from({ length: SinkCounts.length }, (_, index) => 1000 - index)
    const all = SinkMetrics.render(SinkCounts.read(counters), [{ rule: 'a "b"', times: 7 }])
    const values = [...all.matchAll(/^smtp_sink_\w+(?:\{.*\})? (\d+)$/gm)].map(([, value]) => Number(value))
    const { ended, sessions } = SinkCounts.Counter
    const told = [...counters.filter((_, index) => index !== ended), counters[sessions]! - counters[ended]!, 7]
    const sorted = (numbers: ReadonlyArray<number>) => numbers.slice().sort((one, other) => one - other)
    assert.deepStrictEqual(sorted(values), sorted(told))
    assert.include(all, 'smtp_sink_strikes_total{rule="a \\"b\\""} 7\n')
  })
})

describe("a report of a sink", () => {
  it("has the seconds in which anything came, and the rate of those between", () => {
    const { rate, seconds } = report()
    assert.deepStrictEqual(seconds, [
      { second: 0, sessions: 20, messages: 0, refused: 0, bytes: 0 },
      { second: 2, sessions: 0, messages: 600, refused: 0, bytes: 3000 },
      { second: 5, sessions: 0, messages: 400, refused: 130, bytes: 2000 }
    ])
    assert.strictEqual(rate, 250)
  })

  it("keeps the seconds of a day", () => {
    const seconds = new SinkReport.Seconds()
    for (let second = 0; second < 86_500; second++) seconds.take({ ...zeros, messages: second + 1 }, second)
    assert.strictEqual(seconds.all.length, 86_400)
  })

  it("is what its JSON Schema says", () => {
    const isValid = new Ajv({ strict: false }).compile(SinkReport.jsonSchema())
    assert.isTrue(isValid(report(["messages < 1"])), JSON.stringify(isValid.errors))
    assert.isFalse(isValid({ ...report(), messages: -1 }))
  })

  it("is a text of lines that no terminal obeys", () => {
    assert.strictEqual(
      SinkReportText.render(report(["messages < 1", "refused(rcpt) >= 30"])),
      [
        "1,000 messages accepted in 6.00 s",
        "  rate        250/s while messages came; 600 in the busiest second",
        "  sessions    20, 19 of them ended by QUIT",
        "  contents    1,100 came to their end, 100 refused or lost",
        "  recipients  1,200 accepted, 1,100 of them in accepted messages",
        "  refused     rcpt 30, final 100",
        "  received    5,000 bytes",
        "  struck      1 time: fault rcpt 5% 451\\x1b[31m",
        "  verdict     passed: --fail-if messages < 1: it is 1,000",
        "  verdict     failed: --fail-if refused(rcpt) >= 30: it is 30",
        ""
      ].join("\n")
    )
  })
})

describe("conditions on what a sink has counted", () => {
  it("look at counters, refusals and the rate", () => {
    const judge = (text: string) => {
      const verdict = Either.getOrThrow(SinkVerdict.parse(text))
      return SinkVerdict.isTrue(verdict, SinkVerdict.measured(verdict, counts, 250))
    }
    for (const text of [
      "messages >= 1000",
      "messages<1001",
      "refused > 129",
      "refused(rcpt) <= 30",
      "refused ( final ) > 99.5",
      "rate < 251/s",
      "rate > 249",
      "bytes > 4999",
      "unproxied <= 0"
    ])
      assert.isTrue(judge(text), text)
    for (const text of ["messages > 1000", "messages < 1000", "refused > 130", "quits >= 20", "rate > 250 /s"])
      assert.isFalse(judge(text), text)
  })

  it("are refused with the place where something else was expected", () => {
    for (const [text, column] of [
      ["message > 1", 1],
      ["constructor > 1", 1],
      ["messages", 9],
      ["messages = 1", 10],
      ["messages > x", 12],
      ["messages > 1/s", 13],
      ["refused(foo) > 1", 9],
      ["refused(rcpt > 1", 14]
    ] as const) {
      const failure = Either.getOrThrow(Either.flip(SinkVerdict.parse(text)))
      assert.strictEqual(failure.column, column, `${text}: ${failure.expected}`)
    }
  })
})
