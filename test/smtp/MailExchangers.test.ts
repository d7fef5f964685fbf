import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as MailExchangers from "../../src/smtp/MailExchangers.js"

const hosts = (...records: ReadonlyArray<readonly [priority: number, exchange: string]>) =>
  MailExchangers.hosts(
    "example.org",
    records.map(([priority, exchange]) => ({ priority, exchange }))
  )

const are = (groups: ReadonlyArray<ReadonlyArray<string>>) => Either.right(groups)

describe("MailExchangers", () => {
  it("the preferred ones come first, those that are preferred alike together, in any order of the answer", () => {
    const groups = are([["a.example"], ["b.example", "c.example"], ["d.example"]])
    assert.deepStrictEqual(hosts([20, "c.example"], [10, "A.example."], [30, "d.example"], [20, "b.example"]), groups)
    assert.deepStrictEqual(hosts([30, "d.example"], [20, "b.example"], [20, "c.example"], [10, "a.example"]), groups)
  })

  it("a domain without records is its own host", () => {
    assert.deepStrictEqual(hosts(), are([["example.org"]]))
  })

  it("a null MX takes no mail, and counts for nothing beside hosts", () => {
    for (const none of ["", "."]) {
      assert.deepStrictEqual(hosts([0, none]), Either.left("the domain takes no mail (null MX)"))
      assert.deepStrictEqual(hosts([0, none], [10, "a.example"]), are([["a.example"]]))
    }
  })

  it("what is no host's name is left out", () => {
    assert.deepStrictEqual(
      hosts([0, "a b"], [1, "192.0.2.1"], [2, "\x1b[31m"]),
      Either.left("the domain's MX records name no host")
    )
    assert.deepStrictEqual(hosts([0, "a b"], [5, "a.example"], [5, "a.example"]), are([["a.example"]]))
  })

  it("an answer of any length is a hundred hosts at most", () => {
    const many = Array.from({ length: 5000 }, (_, n) => [n, `host${n}.example`] as const)
    assert.lengthOf(Either.getOrThrow(hosts(...many)), 100)
  })

  it("hosts that are preferred alike take turns; the others stay behind them", () => {
    const groups = [["a"], ["b", "c"], ["d"]]
    assert.deepStrictEqual(MailExchangers.inTurn(groups, 0), ["a", "b", "c", "d"])
    assert.deepStrictEqual(MailExchangers.inTurn(groups, 1), ["a", "c", "b", "d"])
    assert.deepStrictEqual(MailExchangers.inTurn(groups, 2), ["a", "b", "c", "d"])
  })
})
