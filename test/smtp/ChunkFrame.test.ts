import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as ChunkFrame from "../../src/smtp/ChunkFrame.js"
import type { Content } from "../../src/smtp/Wire.js"

/** What a server has of these bytes: the contents, and the lengths of their chunks. */
const read = (bytes: string): { readonly contents: ReadonlyArray<string>; readonly lengths: ReadonlyArray<number> } => {
  const contents: Array<string> = []
  const lengths: Array<number> = []
  let content = ""
  for (let at = 0; at < bytes.length; ) {
    const [command, length, last] = /^BDAT (\d+)( LAST)?\r\n/.exec(bytes.slice(at)) ?? assert.fail(`no BDAT at ${at}`)
    at += command!.length
    content += bytes.slice(at, at + Number(length))
    at += Number(length)
    lengths.push(Number(length))
    if (last === undefined) continue
    contents.push(content)
    content = ""
  }
  assert.strictEqual(content, "")
  return { contents, lengths }
}

const textOf = ({ body, bytes }: { readonly bytes: string; readonly body?: Uint8Array | undefined }) =>
  bytes + (body === undefined ? "" : Buffer.from(body).toString("latin1"))

const content = fc
  .tuple(fc.string({ unit: "binary-ascii" }), fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }))
  .map(([head, body]): Content => (body === undefined ? { head } : { head, body }))
const size = fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined })

describe("chunks", () => {
  it("hold the content, whatever is in it, in pieces of their size", () => {
    fc.assert(
      fc.property(content, size, (content, size) => {
        const whole = textOf({ bytes: content.head, body: content.body })
        const chunks = ChunkFrame.cut(content, size)
        const { contents, lengths } = read(chunks.map(textOf).join(""))
        assert.deepStrictEqual(contents, [whole])
        assert.lengthOf(lengths, size === undefined ? 1 : Math.max(1, Math.ceil(whole.length / size)))
        // An empty chunk is one that some servers refuse, unless it is the last.
        assert.isTrue(lengths.slice(0, -1).every((length) => length === size))
      })
    )
  })

  it("are the same in one write, with a body, or as text alone", () => {
    fc.assert(
      fc.property(content, size, (content, size) => {
        const chunks = ChunkFrame.cut(content, size)
        const one = chunks.map(textOf).join("")
        for (const whole of [content, { head: ChunkFrame.inText(content) }]) {
          const frame = ChunkFrame.frame(whole, size)
          assert.strictEqual(textOf(frame), one)
          assert.strictEqual(frame.chunks, chunks.length)
        }
      })
    )
  })

  it("a body is put together once for all that is of one length before it, and rightly for every other", () => {
    const body = new Uint8Array(100).fill(120)
    const frame = (head: string, size = 30) => ChunkFrame.frame({ head, body }, size)
    assert.strictEqual(frame("abc").body, frame("xyz").body)
    for (const head of ["", "a", "ab", "abc", "abcd", "abcde", "abcdef"]) {
      assert.deepStrictEqual(read(textOf(frame(head))).contents, [head + "x".repeat(100)])
    }
    assert.deepStrictEqual(read(textOf(frame("abc", 7))).contents, [`abc${"x".repeat(100)}`])
  })

  it("nothing at all is an empty last chunk", () => {
    assert.deepStrictEqual(ChunkFrame.cut({ head: "" }, 10), [
      { shown: "BDAT 0 LAST\r\n", bytes: "BDAT 0 LAST\r\n", body: undefined }
    ])
  })
})
