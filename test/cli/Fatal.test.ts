import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Fatal from "../../src/cli/Fatal.js"

describe("the line that tells of an error", () => {
  it("is one line, whatever is in it", () => {
    assert.strictEqual(Fatal.line("550 no\r\n\u001b[2Jx"), "smtp-source: fatal: 550 no\\x0d\\x0a\\x1b[2Jx\n")
  })

  it("ends with how the command goes where that helps", () => {
    const error = new Fatal.UsageError({ reason: "no target", remind: true })
    assert.strictEqual(error.message, `no target (${Fatal.usage}; --help tells more)`)
    assert.strictEqual(new Fatal.UsageError({ reason: "no target", remind: false }).message, "no target")
  })
})

describe("the line that tells of a fault of ours", () => {
  it("is one line without a stack", () => {
    const cause = Cause.parallel(Cause.die(new TypeError("x is\nundefined")), Cause.die(new Error("late")))
    assert.strictEqual(Fatal.panic(cause), "smtp-source: panic: TypeError: x is\\x0aundefined; late\n")
  })

  it("says something of what is no error, too", () => {
    assert.strictEqual(Fatal.panic(Cause.die("lost")), "smtp-source: panic: lost\n")
  })
})

describe("a text that a server has a part in", () => {
  it("is cut where it is long", () => {
    const text = `550 ${"x".repeat(1_000_000)}`
    assert.strictEqual(Fatal.shortened(text), `${text.slice(0, 1000)}... (999004 more characters)`)
    assert.strictEqual(Fatal.shortened(text.slice(0, 1000)), text.slice(0, 1000))
  })
})
