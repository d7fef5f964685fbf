import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Verdict from "../../src/plan/Verdict.js"
import { steps } from "../../src/smtp/SmtpError.js"

const reads = (text: string, expected: Verdict.Verdict) =>
  it(text, () => assert.deepStrictEqual(Verdict.parse(text), Either.right(expected)))

const refuses = (text: string, expected: string) =>
  it(`${JSON.stringify(text)}: ${expected}`, () => {
    assert.deepStrictEqual(Either.mapLeft(Verdict.parse(text), Verdict.describe), Either.left(expected))
  })

const duration = (statistic: Verdict.Statistic, of: string, ending: Verdict.Ending = "accepted"): Verdict.Measure => ({
  _tag: "Duration",
  statistic,
  of,
  ending
})

describe("an expression", () => {
  reads("p99(transaction) > 250ms", { measure: duration(99, "transaction"), comparison: ">", amount: 250, unit: "ms" })
  reads("max(rcpt) >= 1s", { measure: duration("max", "rcpt"), comparison: ">=", amount: 1, unit: "s" })
  reads("mean(final) > 20ms", { measure: duration("mean", "final"), comparison: ">", amount: 20, unit: "ms" })
  reads(" p99.9 ( rcpt , rejected )<=1.5 min ", {
    measure: duration(99.9, "rcpt", "rejected"),
    comparison: "<=",
    amount: 1.5,
    unit: "min"
  })
  reads("rejected > 0.1%", { measure: { _tag: "Messages", end: "rejected" }, comparison: ">", amount: 0.1, unit: "%" })
  reads("failed>0", { measure: { _tag: "Messages", end: "failed" }, comparison: ">", amount: 0, unit: "" })
  reads("not-started > 0", { measure: { _tag: "Messages", end: "not-started" }, comparison: ">", amount: 0, unit: "" })
  reads("accepted < 100%", { measure: { _tag: "Messages", end: "accepted" }, comparison: "<", amount: 100, unit: "%" })
  reads("secured < 100%", { measure: { _tag: "Tls", end: "secured" }, comparison: "<", amount: 100, unit: "%" })
  reads("handshakes < 500/s", { measure: { _tag: "Handshakes" }, comparison: "<", amount: 500, unit: "/s" })
  reads("rate < 500/s", { measure: { _tag: "Rate" }, comparison: "<", amount: 500, unit: "/s" })
  for (const [unit, read] of [
    ["/m", "/min"],
    ["/min", "/min"],
    ["/h", "/h"],
    [" /s", "/s"]
  ] as const) {
    reads(`rate < 500${unit}`, { measure: { _tag: "Rate" }, comparison: "<", amount: 500, unit: read })
  }
  reads("p99(start) > 10ms", { measure: duration(99, "start"), comparison: ">", amount: 10, unit: "ms" })
  reads("max(connection) > 1min", { measure: duration("max", "connection"), comparison: ">", amount: 1, unit: "min" })
  reads("p50(final, unknown) > 5s", {
    measure: duration(50, "final", "unknown"),
    comparison: ">",
    amount: 5,
    unit: "s"
  })
  reads("p99(noop) > 1ms", { measure: duration(99, "noop"), comparison: ">", amount: 1, unit: "ms" })
  reads('p99( "my \\"own\\" step)" , failed) > 1ms', {
    measure: duration(99, 'my "own" step)', "failed"),
    comparison: ">",
    amount: 1,
    unit: "ms"
  })
  reads("errors > 3", { measure: { _tag: "Errors" }, comparison: ">", amount: 3, unit: "" })
  reads("late > 1%", { measure: { _tag: "Arrivals", end: "late" }, comparison: ">", amount: 1, unit: "%" })
  reads("dropped > 0", { measure: { _tag: "Arrivals", end: "dropped" }, comparison: ">", amount: 0, unit: "" })
  reads("recipients(refused-after-content) > 1%", {
    measure: { _tag: "Recipients", end: "refused-after-content" },
    comparison: ">",
    amount: 1,
    unit: "%"
  })
  reads("delivered < 100%", {
    measure: { _tag: "Deliveries", end: "delivered" },
    comparison: "<",
    amount: 100,
    unit: "%"
  })
  reads("p99(delivery) > 5s", { measure: duration(99, "delivery"), comparison: ">", amount: 5, unit: "s" })
  reads("code(4xx) > 0", { measure: { _tag: "Replies", code: "4xx" }, comparison: ">", amount: 0, unit: "" })
  reads("code(421) > 3", { measure: { _tag: "Replies", code: "421" }, comparison: ">", amount: 3, unit: "" })
})

describe("what is no expression is refused, with the column", () => {
  const measure =
    "min, mean, max, p50, p99 and so on of a step, accepted, rejected, failed, abandoned, unknown, not-started, recipients, late, behind, dropped, errors, code, rate, secured, resumed, handshakes, or delivered, missing, returned, duplicated, changed, depth of a proof"
  const names =
    "connect, tls, greeting, hello, starttls, xclient, auth, xforward, mail, rcpt, data, chunk, content, final, rset, quit, idle, other, transaction, connection, service, start"
  refuses("", `column 1: expected ${measure}`)
  refuses("  speed > 1", `column 3: expected ${measure}`)
  refuses("p99 > 1s", "column 5: expected a step, as in p99(transaction)")
  refuses("p99() > 1s", `column 5: expected ${names}, queued, delivery or a step's own name`)
  refuses('p99("") > 1s', `column 5: expected ${names}, queued, delivery or a step's own name`)
  refuses('p99("dot) > 1s', `column 5: expected ${names}, queued, delivery or a step's own name`)
  it("names a step that is none, where it is known which there are", () => {
    assert.deepStrictEqual(
      Either.mapLeft(Verdict.parse("p99(dot) > 1s", Verdict.measured), Verdict.describe),
      Either.left(`column 5: expected ${names}, queued or delivery`)
    )
    for (const name of Verdict.measured) {
      for (const text of [`p99(${name}) > 1s`, `p99("${name}") > 1s`]) {
        assert.isTrue(Either.isRight(Verdict.parse(text, Verdict.measured)), text)
      }
    }
  })
  refuses("p101(rcpt) > 1s", "column 5: expected a percentile of at most 100")
  refuses("max(rcpt, lost) > 1s", "column 11: expected accepted, rejected, failed or unknown")
  refuses("max(rcpt > 1s", 'column 10: expected ")"')
  refuses("failed = 5", "column 8: expected >=, <=, > or <")
  refuses("missing = 0", "column 9: expected >=, <=, > or < (did you mean missing <= 0?)")
  refuses("recipients(refused)==0%", "column 20: expected >=, <=, > or < (did you mean recipients(refused) <= 0?)")
  refuses("duplicated != 0", "column 12: expected >=, <=, > or < (did you mean duplicated > 0?)")
  refuses("p99(rcpt) = 0", "column 11: expected >=, <=, > or <")
  refuses("failed >", "column 9: expected a number")
  refuses("max(rcpt) > 10", "column 15: expected a unit: us, ms, s, min or h")
  refuses("max(rcpt) > 10d", "column 15: expected a unit: us, ms, s, min or h")
  refuses("failed > 10 ms", "column 13: expected the end: one condition is one expression")
  refuses("code(600) > 0", "column 6: expected a reply code, such as 421 or 4xx")
  refuses("rate < 5/d", "column 9: expected /s, /min or /h")
  refuses("recipients > 1", 'column 12: expected "("')
  refuses(
    "recipients(rejected) > 1",
    "column 12: expected accepted, refused, refused-after-content, unknown or abandoned"
  )
  refuses("failed > 1e9", "column 11: expected the end: one condition is one expression")
})

const decimal = fc.oneof(
  fc.nat(1_000_000),
  fc.nat(999_999_999).map((billionths) => billionths / 1e9),
  fc.integer({ min: 0, max: 999_999 }).map((hundredths) => hundredths / 100)
)
const measure: fc.Arbitrary<{ readonly measure: Verdict.Measure; readonly unit: Verdict.Unit }> = fc.oneof(
  fc.record({
    measure: fc.record({
      _tag: fc.constant("Duration" as const),
      statistic: fc.oneof(
        fc.constantFrom<Verdict.Statistic>("min", "mean", "max"),
        fc.nat(100_000).map((thousandths) => thousandths / 1000)
      ),
      of: fc.oneof(fc.constantFrom(...steps, "transaction"), fc.string({ minLength: 1 })),
      ending: fc.constantFrom<Verdict.Ending>("accepted", "rejected", "failed", "unknown")
    }),
    unit: fc.constantFrom<Verdict.Unit>("us", "ms", "s", "min")
  }),
  fc.record({
    measure: fc.record({
      _tag: fc.constant("Messages" as const),
      end: fc.constantFrom<Verdict.End>("accepted", "rejected", "failed", "abandoned", "unknown", "not-started")
    }),
    unit: fc.constantFrom<Verdict.Unit>("", "%")
  }),
  fc.record({
    measure: fc.record({ _tag: fc.constant("Replies" as const), code: fc.constantFrom("421", "550", "2xx", "5xx") }),
    unit: fc.constantFrom<Verdict.Unit>("", "%")
  }),
  fc.record({
    measure: fc.record({
      _tag: fc.constant("Recipients" as const),
      end: fc.constantFrom<Verdict.RecipientEnd>("accepted", "refused", "refused-after-content", "unknown", "abandoned")
    }),
    unit: fc.constantFrom<Verdict.Unit>("", "%")
  }),
  fc.record({
    measure: fc.constantFrom<Verdict.Measure>(
      { _tag: "Errors" },
      { _tag: "Arrivals", end: "late" },
      { _tag: "Arrivals", end: "dropped" },
      { _tag: "Deliveries", end: "missing" },
      { _tag: "Deliveries", end: "depth" },
      { _tag: "Tls", end: "resumed" }
    ),
    unit: fc.constantFrom<Verdict.Unit>("", "%")
  }),
  fc.record({
    measure: fc.constantFrom<Verdict.Measure>({ _tag: "Rate" }, { _tag: "Handshakes" }),
    unit: fc.constantFrom<Verdict.Unit>("", "/s", "/min", "/h")
  })
)
const verdict = fc
  .record({ measured: measure, comparison: fc.constantFrom<Verdict.Comparison>(">", ">=", "<", "<="), amount: decimal })
  .map(({ amount, comparison, measured }): Verdict.Verdict => ({ ...measured, comparison, amount }))

describe("print", () => {
  it("writes what parse reads back, with any blanks", () => {
    fc.assert(
      fc.property(verdict, fc.constantFrom("", " ", "\t "), (expected, blank) => {
        const text = Verdict.print(expected)
        assert.deepStrictEqual(Verdict.parse(text), Either.right(expected))
        // What is quoted stays as it is.
        if (text.includes('"')) return
        const spaced = text.replace(/([(),<>]=?|%)/g, `${blank}$1${blank}`)
        assert.deepStrictEqual(Verdict.parse(spaced), Either.right(expected))
      }),
      { seed: 1, numRuns: 5000 }
    )
  })
})

describe("parse", () => {
  it("reads any text or names a column of it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringOf(fc.constantFrom(..."p9(rcpt)>1ms%, "))), (text) => {
        const result = Verdict.parse(text)
        if (Either.isRight(result)) assert.deepStrictEqual(Verdict.parse(Verdict.print(result.right)), result)
        else assert.isTrue(result.left.column >= 1 && result.left.column <= text.length + 1)
      }),
      { seed: 2, numRuns: 5000 }
    )
  })
})
