import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as HeaderDifference from "../../src/measure/HeaderDifference.js"

const ignoring = HeaderDifference.ignoring
const header = (...lines: ReadonlyArray<string>) => lines.map((line) => `${line}\r\n`).join("")

const line = fc.tuple(fc.constantFrom("A", "a", "B", "Subject"), fc.constantFrom("1", "2", "a b", "x: y", ""))
const text = ([name, value]: readonly [string, string]) => `${name}: ${value}`

describe("the headers of a message", () => {
  it("are the same in another order, folded, and with others among them", () => {
    fc.assert(
      fc.property(fc.array(line), fc.array(line), fc.integer(), (sent, added, turn) => {
        const folded = sent.map(([name, value]) => `${name}:${value.replaceAll(" ", "\r\n\t")}`)
        const came = [...folded, ...added.map(text)]
        const at = came.length === 0 ? 0 : Math.abs(turn) % came.length
        const turned = [...came.slice(at), ...came.slice(0, at)]
        assert.isUndefined(HeaderDifference.between(header(...sent.map(text)), header(...turned), ignoring()))
      })
    )
  })

  it("are others where one is missing, or says something else; the first is told, printable and cut", () => {
    const between = (sent: string, came: string, ...names: ReadonlyArray<string>) =>
      HeaderDifference.between(sent, came, ignoring(names))
    const sent = header("From: a", "Subject: \u001b[2J")
    assert.deepStrictEqual(between(sent, header("Subject: \u001b[2J")), {
      kind: "header",
      at: 0,
      sent: "From: a",
      came: ""
    })
    assert.deepStrictEqual(between(sent, header("Subject: 2", "From: a")), {
      kind: "header",
      at: 9,
      sent: "Subject: \\x1b[2J",
      came: "Subject: 2"
    })
    // What is there twice must come twice.
    assert.strictEqual(between(header("A: 1", "A: 1"), header("A: 1"))?.at, 6)
    assert.lengthOf(between(header(`A: ${"x".repeat(1000)}`), "")!.sent, 64)
    assert.isUndefined(between(sent, "", "from", "sub*"))
  })

  it("are left out where servers write them themselves", () => {
    const theirs = header("Received: by x", "Bcc: y", "ARC-Seal: 1", "X-Spam-Score: 2", "DKIM-Signature: 3")
    assert.isUndefined(HeaderDifference.between(theirs, "", ignoring()))
  })
})
