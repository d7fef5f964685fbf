import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as ConnectTo from "../../src/plan/ConnectTo.js"
import * as Target from "../../src/smtp/Target.js"

const goes = (rules: ReadonlyArray<string>, target: string) =>
  Target.format(
    ConnectTo.redirect(
      rules.map((rule) => Either.getOrThrow(ConnectTo.parse(rule))),
      Either.getOrThrow(Target.parse(target))
    )
  )

describe("ConnectTo", () => {
  it.each([
    ["a connection to that host and port goes elsewhere", "mail.example:25:127.0.0.1:2525", "mail.example:25"],
    ["a host is the same in any letters", "Mail.EXAMPLE:25:127.0.0.1:2525", "mail.example:25"],
    ["without a host it holds of all", ":25:127.0.0.1:2525", "mail.example:25"],
    ["without a port, too", "mail.example::127.0.0.1:2525", "mail.example:25"],
    ["with nothing asked for, of all", "::127.0.0.1:2525", "mail.example:25"],
    ["a port may go by its name", "mail.example:smtp:127.0.0.1:2525", "mail.example:25"]
  ])("%s", (_, rule, target) => {
    assert.strictEqual(goes([rule], target), "127.0.0.1:2525")
  })

  it("what is left open of the address stays as it is", () => {
    assert.strictEqual(goes(["mail.example::127.0.0.1:"], "mail.example:587"), "127.0.0.1:587")
    assert.strictEqual(goes(["mail.example:587::25"], "mail.example:587"), "mail.example:25")
  })

  it("addresses of IPv6 stand in brackets", () => {
    assert.strictEqual(goes(["[2001:db8::1]:25:[::1]:2525"], "[2001:db8::1]:25"), "[::1]:2525")
  })

  it("other hosts and ports, and pathnames, go where they went", () => {
    for (const target of ["other.example:25", "mail.example:587", "unix:/run/smtp"]) {
      assert.strictEqual(goes(["mail.example:25:127.0.0.1:2525"], target), target)
    }
  })

  it("the first rule that holds counts", () => {
    assert.strictEqual(goes(["a:25:b:1", "::c:2", "a:25:d:3"], "a:25"), "b:1")
    assert.strictEqual(goes(["a:25:b:1", "::c:2", "a:25:d:3"], "a:26"), "c:2")
  })

  it.each(["", "a:25", "a:25:b", "a:25:b:c:d", "::1:25:b:25", "a:x:b:25", "a b:25:c:25", "a:0:b:25", "[::1:25:b:25"])(
    "%j is refused",
    (text) => {
      assert.isTrue(Either.isLeft(ConnectTo.parse(text)))
    }
  )

  it("says after the text what is wrong with it, and in which part", () => {
    const reason = (text: string) => Either.getOrElse(Either.flip(ConnectTo.parse(text)), () => "nothing")
    assert.match(reason("a:25"), /^is not HOST:PORT:ADDRESS:PORT, /)
    assert.match(reason("a:x:b:25"), /^is not valid: unknown port x: expected /)
    assert.strictEqual(reason("a:0:b:25"), "is not valid: port 0 is not between 1 and 65535")
  })
})
