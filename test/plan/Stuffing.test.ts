import { assert, describe, it, vi } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as fc from "fast-check"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Stuffing from "../../src/plan/Stuffing.js"
import * as StuffingCode from "../../src/plan/StuffingCode.js"

const lines = fc
  .array(fc.string({ unit: fc.constantFrom(".", "a", " ") }))
  .map((all) => all.map((line) => `${line}\r\n`))

describe("contents that go in chunks", () => {
  it("are what they were before dots were put in", () => {
    fc.assert(
      fc.property(lines, fc.nat(), (lines, cut) => {
        const file = lines.join("")
        const stuffed = Either.getOrThrow(MessageFile.stuff(Buffer.from(file)))
        const text = Buffer.from(stuffed).toString("latin1")
        assert.strictEqual(Buffer.from(Stuffing.unstuff(stuffed)).toString("latin1"), file)
        assert.strictEqual(Stuffing.dotless({ head: text }).head, file)
        // With the seam at the end of some line.
        const seam = lines
          .slice(0, cut % (lines.length + 1))
          .reduce((length, line) => length + line.length + (line.startsWith(".") ? 1 : 0), 0)
        const { body, head } = Stuffing.dotless({ head: text.slice(0, seam), body: stuffed.subarray(seam) })
        assert.strictEqual(head + Buffer.from(body!).toString("latin1"), file)
      })
    )
  })

  it("are not copied where there is no dot", () => {
    const stuffed = Buffer.from("a\r\nb.\r\n.\r\n")
    assert.strictEqual(Stuffing.unstuff(stuffed).buffer, stuffed.buffer)
  })
})

describe("a message that is made ready", () => {
  it("is as the slow way makes it, whatever its size, after what is ready", () => {
    const parts = fc.constantFrom("\n", "\r\n", ".", "a line", "x".repeat(100), "\xff")
    fc.assert(
      fc.property(
        fc.array(parts, { maxLength: 30, size: "max" }),
        fc.constantFrom(1, 700, 20_000, 90_000),
        fc.constantFrom("", "X: 1\r\n"),
        (list, times, before) => {
          const text = list.join("")
          const whole = text === "" ? "" : text.repeat(Math.ceil(times / 10))
          const bytes = Buffer.from(whole, "latin1")
          const { body, head } = Either.getOrThrow(Stuffing.content(bytes, before))
          const slow = Buffer.from(Either.getOrThrow(MessageFile.stuff(bytes))).toString("latin1")
          const fast = head + (body === undefined ? "" : Buffer.from(body).toString("latin1"))
          assert.isTrue(fast === before + slow)
        }
      ),
      { seed: 1, numRuns: 60 }
    )
  })

  it("names the line with a bare carriage return, whatever the size", () => {
    for (const before of [0, 3, 3_000, 40_000]) {
      for (const [line, number] of [
        ["a\rb\n", 1],
        ["\r", 1],
        ["\r\r\n", 1],
        [`${"x".repeat(70_000)}\r\n\r.`, 2],
        [`${"x".repeat(70_000)}\r.\n`, 1],
        [`${"x".repeat(200_000)}\r`, 1]
      ] as const) {
        for (const end of ["\n", "\r\n"]) {
          const text = `lines of it${end}`.repeat(before) + line
          assert.deepStrictEqual(Stuffing.content(Buffer.from(text)), Either.left(before + number))
        }
      }
    }
  })

  it("may have lines that are longer than what is made ready at a time", () => {
    const long = "x".repeat(200_000)
    for (const end of ["\n", "\r\n"]) {
      const text = `.${end}.${long}${end}a${end}${long}`
      const { body } = Either.getOrThrow(Stuffing.content(Buffer.from(text)))
      assert.isTrue(Buffer.from(body!).toString() === `..\r\n..${long}\r\na\r\n${long}\r\n.\r\n`)
    }
  })

  it("is the same wherever the pieces end that it is made in", () => {
    const parts = fc.array(fc.constantFrom("\n", "\r\n", ".", "\r", "a", "\0", "x".repeat(15)), { maxLength: 12 })
    fc.assert(
      fc.property(fc.integer({ min: -40, max: 10 }), parts, fc.constantFrom("x", "y\n"), (gap, list, filler) => {
        for (const piece of [1, 2]) {
          const size = piece * StuffingCode.most + gap
          const text = filler.repeat(Math.ceil(size / filler.length)).slice(0, size) + list.join("")
          const bytes = Buffer.from(text, "latin1")
          const fast = Either.map(Stuffing.content(bytes), ({ body }) => Buffer.from(body!).toString("latin1"))
          const slow = Either.map(MessageFile.stuff(bytes), (body) => Buffer.from(body).toString("latin1"))
          assert.isTrue(Equal.equals(fast, slow))
        }
      }),
      { seed: 1, numRuns: 300 }
    )
  })

  it("has room for what becomes twice as long", () => {
    for (const line of ["\n", ".\n"]) {
      const bytes = Buffer.from(line.repeat(150_000))
      const { body } = Either.getOrThrow(Stuffing.content(bytes, "X: 1\r\n"))
      const ready = `${line === "\n" ? "" : ".."}\r\n`.repeat(150_000)
      assert.isTrue(Buffer.from(body!).toString() === `X: 1\r\n${ready}.\r\n`)
    }
    const before = "X: 1\r\n".repeat(5_000)
    const { body } = Either.getOrThrow(Stuffing.content(Buffer.alloc(0), before))
    assert.isTrue(Buffer.from(body!).toString() === `${before}.\r\n`)
  })

  it("is so in memory of its own: the next one does not change it", () => {
    const contents = ["a", "b", "c"].map(
      (letter) => Either.getOrThrow(Stuffing.content(Buffer.from(`${letter}\n`.repeat(20_000)))).body!
    )
    assert.deepStrictEqual(
      contents.map(
        (body) =>
          Buffer.from(body).toString() === `${Buffer.from(body).toString("latin1", 0, 1)}\r\n`.repeat(20_000) + ".\r\n"
      ),
      [true, true, true]
    )
    assert.deepStrictEqual(
      contents.map((body) => body[0]),
      [97, 98, 99]
    )
  })

  it("is made where there is no WebAssembly, too", async () => {
    vi.stubGlobal("WebAssembly", undefined)
    vi.resetModules()
    const without: typeof Stuffing = await import("../../src/plan/Stuffing.js")
    vi.unstubAllGlobals()
    vi.resetModules()
    const bytes = Buffer.from(".a\n".repeat(30_000))
    assert.deepStrictEqual(without.content(bytes, "X: 1\r\n"), Stuffing.content(bytes, "X: 1\r\n"))
    assert.deepStrictEqual(without.content(Buffer.from(`${"a\n".repeat(30_000)}\r`)), Either.left(30_001))
  })
})
