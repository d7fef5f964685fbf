import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Plan from "../../src/plan/Plan.js"
import * as Rate from "../../src/plan/Rate.js"
import * as Shape from "../../src/plan/Shape.js"

const told = (parsed: Either.Either<unknown, Rate.ParseFailure>) =>
  Either.match(parsed, { onLeft: Rate.describe, onRight: (value) => value })

describe("the messages of a connection", () => {
  it("are a number or a range, and nothing else", () => {
    assert.deepStrictEqual(told(Shape.parsePerConnection("5")), [5, 5])
    assert.deepStrictEqual(told(Shape.parsePerConnection("1..20")), [1, 20])
    for (const wrong of ["", "0", "3..2", "1..", "..2", "-1", "1.5", "1...2", "x", "99999999999"]) {
      assert.match(String(told(Shape.parsePerConnection(wrong))), /^column 1: expected a number of messages/, wrong)
    }
  })

  it("are drawn evenly from the range, for the same seed always the same", () => {
    const shape = Shape.make(Plan.make({ perConnection: "3..6" }), "seed")!
    const drawn = Array.from({ length: 4000 }, (_, connection) => shape.messagesOn(connection))
    for (const count of [3, 4, 5, 6]) {
      assert.closeTo(drawn.filter((each) => each === count).length / drawn.length, 0.25, 0.03)
    }
    const again = Shape.make(Plan.make({ perConnection: "3..6" }), "seed")!
    assert.deepStrictEqual(
      drawn.slice(0, 50),
      Array.from({ length: 50 }, (_, index) => again.messagesOn(index))
    )
  })
})

describe("what is abandoned", () => {
  it("is a step, how, and a share, in this order", () => {
    assert.deepStrictEqual(told(Shape.parseAbandon("data")), { step: "data", how: "reset", share: 1 })
    assert.deepStrictEqual(told(Shape.parseAbandon(" rcpt  close 2.5%")), { step: "rcpt", how: "fin", share: 0.025 })
    assert.deepStrictEqual(told(Shape.parseAbandon("hello 10%")), { step: "hello", how: "reset", share: 0.1 })
  })

  it("is refused with the column of what is wrong", () => {
    const failures: ReadonlyArray<readonly [string, RegExp]> = [
      ["", /^column 1: expected one of greeting/],
      ["final", /^column 1: expected one of greeting/],
      ["data 0%", /^column 6: expected close, reset or a share/],
      ["data 101%", /^column 6: /],
      ["data close reset", /^column 12: expected a share/],
      ["data 5% more", /^column 9: expected nothing more/]
    ]
    for (const [text, expected] of failures) assert.match(String(told(Shape.parseAbandon(text))), expected)
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = Shape.parseAbandon(text)
        if (Either.isLeft(parsed)) assert.isAtMost(parsed.left.column, text.length + 1)
      })
    )
  })

  it("is its share of the messages", () => {
    const shape = Shape.make(Plan.make({ abandon: "mail 20%" }), "seed")!
    const count = Array.from({ length: 5000 }, (_, message) => shape.abandons(message)).filter((each) => each).length
    assert.closeTo(count / 5000, 0.2, 0.02)
  })
})
