import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import { pipe } from "effect/Function"
import * as fc from "fast-check"
import * as Plan from "../../src/plan/Plan.js"
import * as Verdict from "../../src/plan/Verdict.js"

describe("conditions that a program writes", () => {
  it("are the texts that a plan holds", () => {
    assert.deepStrictEqual(
      [
        Verdict.isAbove(Verdict.percentile(99.9, "transaction"), "250 millis"),
        Verdict.isAtLeast(Verdict.duration("mean", "my step", "failed"), Duration.seconds(2)),
        Verdict.isBelow(Verdict.messages("accepted"), "99.5%"),
        Verdict.isAtMost(Verdict.recipients("refused"), 10),
        Verdict.isAbove(Verdict.code("4xx"), 0),
        Verdict.isAbove(Verdict.code(451), "1%"),
        pipe(Verdict.rate, Verdict.isBelow("300/min")),
        pipe(Verdict.errors, Verdict.isAbove(3)),
        pipe(Verdict.arrivals("late"), Verdict.isAbove("5%")),
        Verdict.isBelow(Verdict.tls("resumed"), "90%"),
        Verdict.isBelow(Verdict.handshakes, "500/s")
      ],
      [
        "p99.9(transaction) > 250ms",
        'mean("my step", failed) >= 2000ms',
        "accepted < 99.5%",
        "recipients(refused) <= 10",
        "code(4xx) > 0",
        "code(451) > 1%",
        "rate < 300/min",
        "errors > 3",
        "late > 5%",
        "resumed < 90%",
        "handshakes < 500/s"
      ]
    )
  })

  it("are read back as what they were made of", () => {
    const measures: fc.Arbitrary<Verdict.Measure> = fc.oneof(
      fc
        .tuple(fc.integer({ min: 0, max: 100 }), fc.string({ minLength: 1 }))
        .map(([p, of]) => Verdict.percentile(p, of)),
      fc.constantFrom(Verdict.messages("unknown"), Verdict.errors, Verdict.rate, Verdict.code(550))
    )
    fc.assert(
      fc.property(measures, fc.integer({ min: 0, max: 1e9 }), (measure, amount) => {
        const unit = measure._tag === "Duration" ? "ms" : ""
        assert.deepStrictEqual(Either.getOrThrow(Verdict.parse(Verdict.isAtMost(measure, amount))), {
          measure,
          comparison: "<=",
          amount,
          unit
        })
      })
    )
  })

  it("are held to the grammar by the plan: what is no code is refused", () => {
    const failIf = Verdict.isAbove(Verdict.code(999), 0)
    assert.throws(() => Plan.make({ target: "localhost", failIf }), /a reply code, such as 421 or 4xx/)
  })
})
