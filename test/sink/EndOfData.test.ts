import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { ContentTap } from "../../src/sink/ContentTap.js"
import { EndOfData } from "../../src/sink/EndOfData.js"

const bytesOf = (latin1: string): Uint8Array => Buffer.from(latin1, "latin1")

/** Takes `content` piece by piece through one buffer, as a socket does; where it ends, and how large it is. */
const search = (
  content: string,
  cuts: ReadonlyArray<number> = [],
  tap?: Pick<ContentTap, "take">
): { readonly end: number; readonly size: number } => {
  const bytes = bytesOf(content)
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const buffer = new Uint8Array(bytes.length + 1)
  const endOfData = new EndOfData()
  for (let index = 1; index < edges.length; index++) {
    const [from, to] = [edges[index - 1]!, edges[index]!]
    // What an earlier read left looks like an end.
    for (let at = 0; at < buffer.length; at++) buffer[at] = "\r\n.\r\n".charCodeAt(at % 5)
    buffer.set(bytes.subarray(from, to), 1)
    const end = endOfData.take(buffer, 1, 1 + to - from, tap) - 1 + from
    if (endOfData.found) return { end, size: endOfData.size }
    assert.strictEqual(end, to)
  }
  return { end: -1, size: -1 }
}

/** The same, with the whole content there at once. */
const oracle = (content: string): { readonly end: number; readonly size: number } => {
  const found = `\r\n${content}`.indexOf("\r\n.\r\n")
  if (found < 0) return { end: -1, size: -1 }
  return { end: found + 3, size: plain(content.slice(0, found)).length }
}

const plain = (stuffed: string): string => `\r\n${stuffed}`.replaceAll("\r\n.", "\r\n").slice(2)

/** Whatever resembles an end, between a little text. */
const tricky = fc
  .array(fc.constantFrom("\r", "\n", ".", "\r\n", "\r\n.", "\r\n.\r\n", "\n.\n", "a", "text", "..", "\0"), {
    maxLength: 24
  })
  .map((pieces) => pieces.join(""))

describe("EndOfData", () => {
  for (const [title, content, end, size] of [
    ["an empty message", ".\r\n", 3, 0],
    ["an empty line", "\r\n.\r\n", 5, 2],
    ["a line", "a\r\n.\r\n", 6, 3],
    ["what follows is not looked at", "a\r\n.\r\nQUIT\r\n", 6, 3],
    ["a stuffed dot", "..\r\n.\r\n", 7, 3],
    ["a stuffed line", "..a\r\n.\r\n", 8, 4],
    ["a dot before text, stuffed or not", ".a\r\n.\r\n", 7, 3],
    ["a carriage return after the dot", ".\r\r\n.\r\n", 7, 3],
    ["two carriage returns before the line end", "a\r\r\n.\r\n", 7, 4],
    ["an end after a stuffed dot and a line end", "a\r\n..\r\n.\r\n", 10, 6]
  ] as const) {
    it(`ends: ${title}`, () => {
      assert.deepStrictEqual(search(content), { end, size })
      assert.deepStrictEqual(oracle(content), { end, size })
    })
  }

  for (const content of [
    "\n.\n",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r",
    "\r\n.\r",
    "\r\n.\r\r\n",
    "\r\n\0.\r\n",
    "\r\n.\0\r\n",
    "\r.\r\n",
    "\n\r.\r\n",
    "\r\n.\n\r\n",
    "\n.\r",
    "a.\r\n",
    "\r\n. \r\n",
    "\r\n..\r\n"
  ]) {
    it(`does not end: ${JSON.stringify(content)}`, () => {
      for (let cut = 0; cut <= content.length + 1; cut++) {
        assert.deepStrictEqual(search(`a${content}MAIL FROM:<smuggled@example.com>\r\n`, [cut]), { end: -1, size: -1 })
      }
    })
  }

  it("ends at the same byte, and is as large, however it is split", () => {
    fc.assert(
      fc.property(tricky, fc.array(fc.nat(), { maxLength: 12 }), (content, cuts) => {
        assert.deepStrictEqual(search(content, cuts), oracle(content))
      }),
      { seed: 1, numRuns: 4000 }
    )
  })

  it("takes one content after another", () => {
    const endOfData = new EndOfData()
    for (const content of ["a\r\n.\r\n", ".\r\n", "b\r\n.\r\n"]) {
      endOfData.begin()
      assert.strictEqual(endOfData.take(bytesOf(content), 0, content.length), content.length)
      assert.isTrue(endOfData.found)
      assert.strictEqual(endOfData.size, content.length - 3)
    }
  })

  it("hands out the content without its stuffed dots, however it is split", () => {
    fc.assert(
      fc.property(tricky, fc.array(fc.nat(), { maxLength: 12 }), (content, cuts) => {
        const { end } = oracle(content)
        fc.pre(end >= 0)
        const pieces: Array<string> = []
        search(content, cuts, {
          take: (chunk, from, to) => pieces.push(Buffer.from(chunk.subarray(from, to)).toString("latin1"))
        })
        assert.strictEqual(pieces.join(""), plain(content.slice(0, end - 3)))
        assert.notInclude(pieces, "")
      }),
      { seed: 1, numRuns: 4000 }
    )
  })
})
