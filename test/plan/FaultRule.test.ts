import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import { describe as told } from "../../src/plan/Cursor.js"
import * as FaultRule from "../../src/plan/FaultRule.js"
import * as SinkRules from "../../src/plan/SinkRules.js"

const read = (text: string) => Either.getOrThrowWith(FaultRule.parse(text), told)
const plain = { share: 1, delay: undefined, act: undefined, when: undefined, during: undefined, byRecipient: false }

describe("a fault", () => {
  for (const [text, rule] of [
    ["rcpt 451", { step: "rcpt", act: { _tag: "Reply", code: 451, text: "4.3.0 Error: command failed" } }],
    ["mail 421", { step: "mail", act: { _tag: "Reply", code: 421, text: "4.3.2 Error: shutting down" } }],
    [
      "rcpt 5% 550 5.1.1 No such user",
      { step: "rcpt", share: 0.05, act: { _tag: "Reply", code: 550, text: "5.1.1 No such user" } }
    ],
    ["connect 0.1 % reset", { step: "connect", share: 0.001, act: { _tag: "reset" } }],
    ["final drip 10k/s", { step: "final", act: { _tag: "Drip", bytesPerSecond: 10_000 } }],
    ["quit silence during 30s..60s", { step: "quit", act: { _tag: "silence" }, during: { from: 30_000, to: 60_000 } }],
    ["data close during 1..2m", { step: "data", act: { _tag: "close" }, during: { from: 60_000, to: 120_000 } }],
    [
      "rcpt 451 if to *@slow.example and session > 100",
      {
        step: "rcpt",
        act: { _tag: "Reply", code: 451, text: "4.3.0 Error: command failed" },
        when: { to: "*@slow.example", sessionOver: 100 }
      }
    ],
    [
      "rcpt 10% 450 4.2.0 Full by recipient",
      { step: "rcpt", share: 0.1, act: { _tag: "Reply", code: 450, text: "4.2.0 Full" }, byRecipient: true }
    ],
    [
      'final 554 "5.7.1 if it is spam" if header Subject ~ "buy now"',
      {
        step: "final",
        act: { _tag: "Reply", code: 554, text: "5.7.1 if it is spam" },
        when: { header: { name: "Subject", holds: "buy now" } }
      }
    ],
    [
      "final 552 if size > 1Mi",
      {
        step: "final",
        act: { _tag: "Reply", code: 552, text: "5.3.0 Error: command failed" },
        when: { sizeOver: 1_048_576 }
      }
    ]
  ] as const) {
    it(`is read: ${text}`, () => assert.deepStrictEqual(read(text), { ...plain, ...rule }))
  }

  it("has a delay, alone or before what is done", () => {
    const alone = read("data delay exp(2s)")
    assert.strictEqual(alone.delay?.mean, 2000)
    assert.isUndefined(alone.act)
    const before = read("data 50% delay 2s 421 4.7.0 Too busy")
    assert.strictEqual(before.delay?.mean, 2000)
    assert.deepStrictEqual(before.act, { _tag: "Reply", code: 421, text: "4.7.0 Too busy" })
  })

  for (const [text, column] of [
    ["", 1],
    ["recpt 451", 1],
    ["rcpt 0% 451", 6],
    ["rcpt 101% 451", 6],
    ["rcpt 99", 6],
    ["rcpt 651", 6],
    ["rcpt nothing", 6],
    ["rcpt 5%", 8],
    ["rcpt delay 0", 12],
    ["rcpt close now", 12],
    ["mail 451 if to x", 13],
    ["rcpt 451 if size > 1M", 13],
    ["final 451 if size 1M", 19],
    ["final 451 if subject x", 14],
    ["data close during 60s..30s", 19],
    ["data close by recipient", 24],
    ["tls garbage", 5],
    ["tls 451", 5],
    ["content twice", 9],
    ["final drip 0", 12]
  ] as const) {
    it(`is none, with the place: ${text}`, () => {
      const failure = Either.getOrThrow(Either.flip(FaultRule.parse(text)))
      assert.strictEqual(failure.column, column, failure.expected)
    })
  }

  it("never fails in another way, whatever the text", () => {
    const words = fc.constantFrom(
      ...[
        "rcpt",
        "final",
        "5%",
        "451",
        "if",
        "to",
        "*",
        "size",
        ">",
        "1M",
        "during",
        "30s",
        "..",
        "by",
        "recipient",
        "delay",
        "exp(",
        ")",
        "header",
        "~",
        '"',
        "and",
        "close"
      ]
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 12 }), (parts) => {
        FaultRule.parse(parts.join(" "))
      }),
      { seed: 1, numRuns: 2000 }
    )
  })
})

describe("what limits a sink", () => {
  const ok = <A>(parsed: Either.Either<A, { readonly expected: string; readonly column: number }>) =>
    Either.getOrThrow(parsed)

  it("is read", () => {
    assert.deepInclude(ok(SinkRules.parseLimit("20 connections/client")), {
      _tag: "Connections",
      by: "client",
      most: 20
    })
    assert.deepInclude(ok(SinkRules.parseLimit("50 messages/connection")), { _tag: "Messages", most: 50 })
    assert.deepInclude(ok(SinkRules.parseLimit("1000 recipients")), { _tag: "Recipients", most: 1000 })
    assert.deepInclude(ok(SinkRules.parseLimit("500/s")), { _tag: "Rate", per: 1000, by: "all", most: 500 })
    assert.deepInclude(ok(SinkRules.parseLimit("60/10m/client 451 4.7.1 Slow down")), {
      per: 600_000,
      by: "client",
      reply: "451 4.7.1 Slow down"
    })
    assert.deepInclude(ok(SinkRules.parseLimit("10/s/domain")), { by: "domain" })
    assert.deepInclude(ok(SinkRules.parseLatency("final exp(20ms)")), { step: "final" })
    assert.strictEqual(ok(SinkRules.parseLatency("exp(20ms)")).timing.mean, 20)
    assert.strictEqual(ok(SinkRules.parseCapacity("4 x exp(10ms)")).servers, 4)
    assert.strictEqual(ok(SinkRules.parseCapacity("10ms")).servers, 1)
    assert.deepStrictEqual(ok(SinkRules.parseStall("60s: 5s")), { at: 60_000, lasts: 5000 })
    assert.deepStrictEqual(ok(SinkRules.parseGreylist("60s..4h /24")), { after: 60_000, until: 14_400_000, bits: 24 })
    assert.deepStrictEqual(ok(SinkRules.parseTarpit("1s after 10 errors")), { delay: 1000, errors: 10 })
  })

  it("is none", () => {
    const wrong = <A, E>(parsed: Either.Either<A, E>) => assert.isTrue(Either.isLeft(parsed))
    for (const text of ["", "0/s", "5", "5 messages", "5/x", "5/s/host", "5/s 250 ok"])
      wrong(SinkRules.parseLimit(text))
    for (const text of ["finale 2s", "", "0", "20", "final 20", "10..30", "10ms..30", "exp(5)"])
      wrong(SinkRules.parseLatency(text))
    for (const text of ["0 x 2s", "x", "4 x", "4", "4 x 10", "4 x exp(10)"]) wrong(SinkRules.parseCapacity(text))
    for (const text of ["60s", "60s:", ":5s"]) wrong(SinkRules.parseStall(text))
    for (const text of ["4h..60s", "60s /33", "x"]) wrong(SinkRules.parseGreylist(text))
    for (const text of ["1s", "1s after errors", "after 10 errors"]) wrong(SinkRules.parseTarpit(text))
  })
})
