import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Printable from "../../src/smtp/Printable.js"

/** Characters that drive a terminal, hide, or reorder what a reader sees; written apart from the module's own list. */
const isDangerous = (code: number): boolean =>
  code < 0x20 ||
  (code >= 0x7f && code <= 0x9f) ||
  code === 0x061c || // Arabic letter mark
  code === 0x200e || // left-to-right mark
  code === 0x200f ||
  code === 0x2028 || // line separator
  code === 0x2029 ||
  (code >= 0x202a && code <= 0x202e) || // embeddings and overrides
  (code >= 0x2066 && code <= 0x2069) || // isolates
  code === 0x200b || // zero width
  code === 0xfeff

const anyText = fc.oneof(
  fc.fullUnicodeString(),
  fc.string16bits(),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)))
    .map((characters) => characters.join(""))
)

describe("escape", () => {
  it("escapes every character that a terminal could obey, and every one that reorders text", () => {
    for (let code = 0; code <= 0xffff; code++) {
      if (!isDangerous(code)) continue
      const escaped = Printable.escape(`a${String.fromCharCode(code)}b`)
      assert.match(escaped, /^a\\(x[0-9a-f]{2}|u[0-9a-f]{4})b$/, code.toString(16))
    }
  })

  it("lets every other character of the basic plane stand, but surrogates", () => {
    const changed: Array<string> = []
    for (let code = 0; code <= 0xffff; code++) {
      const character = String.fromCharCode(code)
      if (Printable.escape(character) !== character) changed.push(code.toString(16))
    }
    const surrogates = 0xdfff - 0xd800 + 1
    assert.isBelow(changed.length - surrogates, 110)
    for (const plain of [" ", "~", "\\", "é", "ß", "漢", "\u00a0"]) assert.strictEqual(Printable.escape(plain), plain)
    assert.strictEqual(Printable.escape("😀 𝒳"), "😀 𝒳")
  })

  it("leaves nothing dangerous and no lone surrogate in any text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = Printable.escape(text)
        for (let index = 0; index < escaped.length; index++) assert.isFalse(isDangerous(escaped.charCodeAt(index)))
        // A lone surrogate would come back from UTF-8 as something else.
        assert.strictEqual(new TextDecoder().decode(new TextEncoder().encode(escaped)), escaped)
      }),
      { seed: 1, numRuns: 3_000 }
    )
  })

  it("changes nothing that it has escaped before", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = Printable.escape(text)
        assert.strictEqual(Printable.escape(escaped), escaped)
      }),
      { seed: 2, numRuns: 1_000 }
    )
  })

  it("writes escapes as a reader expects them", () => {
    assert.strictEqual(Printable.escape("\u001b]0;owned\u0007"), "\\x1b]0;owned\\x07")
    assert.strictEqual(Printable.escape("\u009b31m"), "\\x9b31m")
    assert.strictEqual(Printable.escape("a\r\nb\tc\0"), "a\\x0d\\x0ab\\x09c\\x00")
    assert.strictEqual(Printable.escape("\u202eexe.txt"), "\\u202eexe.txt")
    assert.strictEqual(Printable.escape("\ud800x\udc00"), "\\ud800x\\udc00")
  })
})

describe("escapeBytes", () => {
  it("lets only printable ASCII through, and loses no byte", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: "max" }), (bytes) => {
        const escaped = Printable.escapeBytes(Buffer.from(bytes).toString("latin1"))
        assert.match(escaped, /^[\x20-\x7e]*$/)
        // Where no backslash was sent, the bytes can be read back.
        if (bytes.includes(92)) return
        const back = escaped.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
        assert.deepStrictEqual(Uint8Array.from(Buffer.from(back, "latin1")), bytes)
      }),
      { seed: 3, numRuns: 2_000 }
    )
  })

  it("keeps UTF-8 as the bytes that it is", () => {
    assert.strictEqual(Printable.escapeBytes("250 \xc3\xa9\x7f\n"), "250 \\xc3\\xa9\\x7f\\x0a")
  })
})
