import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as DumpLines from "../../src/sink/DumpLines.js"

/** What comes out, the content in pieces that lie in one buffer. */
const through = (make: () => DumpLines.DumpLines, content: string, cuts: ReadonlyArray<number>): string => {
  const lines = make()
  let out = ""
  const emit: DumpLines.Emit = (chunk, start, end) => {
    assert.isBelow(start, end)
    out += Buffer.from(chunk.subarray(start, end)).toString("latin1")
  }
  const edges = [0, ...cuts.map((cut) => cut % (content.length + 1)).sort((a, b) => a - b), content.length]
  const buffer = Buffer.alloc(content.length + 1, ">From \r\n")
  for (let index = 1; index < edges.length; index++) {
    const piece = content.slice(edges[index - 1], edges[index])
    if (piece === "") continue
    buffer.write(piece, 1, "latin1")
    lines.take(buffer, 1, 1 + piece.length, emit)
  }
  lines.end(emit)
  return out
}

const content = fc
  .array(fc.constantFrom("\r", "\n", "\r\n", ">", "From ", "F", "Fro", "From", " ", "x", ">From ", "\r\nFrom "), {
    maxLength: 20
  })
  .map((pieces) => pieces.join(""))

describe("lines of dumps", () => {
  for (const [name, make, expected] of [
    ["as they came", DumpLines.raw, (text: string) => text],
    ["without carriage returns", DumpLines.withoutReturns, (text: string) => text.replaceAll("\r", "")],
    ["with line feeds", DumpLines.unix, (text: string) => text.replaceAll("\r\n", "\n")],
    [
      "of an mbox",
      DumpLines.mboxrd,
      (text: string) => text.replaceAll("\r\n", "\n").replace(/(?<=^|\n)(>*From )/g, ">$1")
    ]
  ] as const) {
    it(`are the same however the content is split: ${name}`, () => {
      fc.assert(
        fc.property(content, fc.array(fc.nat(), { maxLength: 6 }), (text, cuts) => {
          assert.strictEqual(through(make, text, cuts), expected(text))
        }),
        { seed: 1, numRuns: 3000 }
      )
    })
  }
})
