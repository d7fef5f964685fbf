import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Plan from "../../src/plan/Plan.js"
import * as Rate from "../../src/plan/Rate.js"
import * as Shape from "../../src/plan/Shape.js"
import * as ShapeGrammar from "../../src/plan/ShapeGrammar.js"

const told = (parsed: Either.Either<unknown, Rate.ParseFailure>) =>
  Either.match(parsed, { onLeft: Rate.describe, onRight: (value) => value })

describe("the messages of a connection", () => {
  it("are a number or a range, and nothing else", () => {
    assert.deepStrictEqual(told(ShapeGrammar.parsePerConnection("5")), [5, 5])
    assert.deepStrictEqual(told(ShapeGrammar.parsePerConnection("1..20")), [1, 20])
    for (const wrong of ["", "0", "3..2", "1..", "..2", "-1", "1.5", "1...2", "x", "99999999999"]) {
      assert.match(
        String(told(ShapeGrammar.parsePerConnection(wrong))),
        /^column 1: expected a number of messages/,
        wrong
      )
    }
  })

  it("are drawn evenly from the range, for the same seed always the same", () => {
    const shape = Shape.make(Plan.make({ perConnection: "3..6" }), "seed")!
    const drawn = Array.from({ length: 4000 }, (_, ordinal) => shape.connection(ordinal).messages)
    for (const count of [3, 4, 5, 6]) {
      assert.closeTo(drawn.filter((each) => each === count).length / drawn.length, 0.25, 0.03)
    }
    const again = Shape.make(Plan.make({ perConnection: "3..6" }), "seed")!
    assert.deepStrictEqual(
      drawn.slice(0, 50),
      Array.from({ length: 50 }, (_, index) => again.connection(index).messages)
    )
  })
})

describe("a connection of a plan that says nothing of how many messages it has", () => {
  it("has one, or all where connections are kept", () => {
    const messages = (plan: Shape.ShapePlan) => Shape.make(plan, "seed")!.connection(0).messages
    assert.strictEqual(messages({ abandon: ["mail"] }), 1)
    assert.strictEqual(messages({ abandon: ["mail"], reuse: true }), Number.POSITIVE_INFINITY)
    assert.isFalse(Shape.make({ abandon: ["mail"] }, "seed")!.reuse)
  })
})

describe("what is abandoned", () => {
  it("is a step, how, and a share, in this order", () => {
    assert.deepStrictEqual(told(ShapeGrammar.parseAbandon("data")), { step: "data", how: "reset", share: 1 })
    assert.deepStrictEqual(told(ShapeGrammar.parseAbandon(" rcpt  close 2.5%")), {
      step: "rcpt",
      how: "fin",
      share: 0.025
    })
    assert.deepStrictEqual(told(ShapeGrammar.parseAbandon("hello 10%")), { step: "hello", how: "reset", share: 0.1 })
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
    for (const [text, expected] of failures) assert.match(String(told(ShapeGrammar.parseAbandon(text))), expected)
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = ShapeGrammar.parseAbandon(text)
        if (Either.isLeft(parsed)) assert.isAtMost(parsed.left.column, text.length + 1)
      })
    )
  })

  it("is its share of the messages, each of several", () => {
    const shape = Shape.make(Plan.make({ abandon: ["mail 20%", "data close 5%"] }), "seed")!
    const { abandons } = shape.connection(0)
    const drawn = Array.from({ length: 5000 }, (_, message) => abandons(message))
    const share = (step: string) => drawn.filter((each) => each?.step === step).length / 5000
    assert.closeTo(share("mail"), 0.2, 0.02)
    assert.closeTo(share("data"), 0.05, 0.01)
    assert.isTrue(drawn.every((each) => each === undefined || each.how === (each.step === "data" ? "fin" : "reset")))
  })
})

describe("a mix of shapes", () => {
  const plan = Plan.make({
    hold: 7,
    shapes: ["6: per-connection 2..3", "3: hold 1..2, send-rate 2k", { weight: 1, abandon: "data", think: "exp(1)" }]
  })
  const connections = (seed: string) =>
    Array.from({ length: 5000 }, (_, ordinal) => Shape.make(plan, seed)!.connection(ordinal))

  it("is drawn by weight, for the same seed and connection always the same", () => {
    const shape = Shape.make(plan, "seed")!
    const drawn = Array.from({ length: 5000 }, (_, ordinal) => shape.connection(ordinal))
    const share = (is: (connection: Shape.ConnectionShape) => boolean) => drawn.filter(is).length / 5000
    assert.closeTo(
      share(({ messages }) => messages > 1),
      0.6,
      0.02
    )
    assert.closeTo(
      share(({ bytesPerSecond }) => bytesPerSecond === 2000),
      0.3,
      0.02
    )
    assert.closeTo(
      share(({ abandons }) => abandons(0) !== undefined),
      0.1,
      0.02
    )
    const figures = (connections: ReadonlyArray<Shape.ConnectionShape>) =>
      connections.slice(0, 50).map(({ bytesPerSecond, hold, messages }) => [bytesPerSecond, hold, messages])
    assert.deepStrictEqual(figures(connections("seed").reverse().slice(-50).reverse()), figures(drawn))
    assert.notDeepEqual(figures(connections("another")), figures(drawn))
  })

  it("takes from the plan what a shape leaves open", () => {
    const shape = Shape.make(plan, "seed")!
    for (let ordinal = 0; ordinal < 500; ordinal++) {
      const { bytesPerSecond, hold, messages } = shape.connection(ordinal)
      if (bytesPerSecond === undefined) assert.strictEqual(hold, 7000)
      else assert.isTrue(hold >= 1000 && hold < 2000)
      assert.isTrue(messages === 1 || bytesPerSecond === undefined)
    }
  })
})
