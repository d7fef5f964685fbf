import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Stuffing from "../../src/plan/Stuffing.js"

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
})
