import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Stuffing from "../../src/plan/Stuffing.js"

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"))

/** What `MessageFile.stuff` makes of it, byte by byte: the reference. */
const reference = (text: string) => Either.map(MessageFile.stuff(bytesOf(text)), latin1)

const made = (text: string) =>
  Either.map(Stuffing.content(bytesOf(text)), ({ body, head }) => head + (body === undefined ? "" : latin1(body)))

/** Longer than what goes out as a string, so that the other way is taken, too. */
const long = `${"x".repeat(Stuffing.longestText)}\n`

const nasty = fc
  .array(fc.constantFrom("\r\n", "\n", "\r", ".", "..", "a", "\0", "\xff", "text of some length"), {
    maxLength: 40,
    size: "max"
  })
  .map((parts) => parts.join(""))

/** Most of the above hold a bare CR, and are refused. */
const sound = nasty.map((text) => text.replaceAll(/\r(?!\n)/g, "y"))

const crlf = sound.map((text) => text.replaceAll(/(?<!\r)\n/g, "\r\n"))

const settings = { seed: 1, numRuns: 2_000 }

describe("content", () => {
  for (const [name, texts] of [
    ["whatever stands in it", nasty],
    ["without bare carriage returns", sound],
    ["with CRLF alone", crlf]
  ] as const) {
    it(`is what goes out byte by byte, ${name}`, () => {
      fc.assert(
        fc.property(texts, (text) => assert.deepStrictEqual(made(text), reference(text))),
        settings
      )
    })

    it(`is what goes out byte by byte, long, ${name}`, () => {
      fc.assert(
        fc.property(texts, texts, (before, text) => {
          const whole = before + long + text
          assert.deepStrictEqual(made(whole), reference(whole))
        }),
        { ...settings, numRuns: 200 }
      )
    })
  }

  it("has room for many short lines, of which each becomes longer", () => {
    for (const line of ["\n", ".\n", ".\r\n", "\r\n"]) {
      const text = line.repeat(20_000)
      assert.deepStrictEqual(made(text), reference(text))
      assert.deepStrictEqual(made(`${text}.`), reference(`${text}.`))
    }
  })

  it("goes out as one string up to 16 KiB, and as bytes beyond", () => {
    const short = Either.getOrThrow(Stuffing.content(bytesOf("x".repeat(Stuffing.longestText))))
    assert.isUndefined(short.body)
    const beyond = Either.getOrThrow(Stuffing.content(bytesOf("x".repeat(Stuffing.longestText + 1))))
    assert.strictEqual(beyond.head, "")
  })
})

describe("lines", () => {
  it("are the content without the final dot", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const whole = Either.map(Stuffing.lines(text), (lines) => `${lines}.\r\n`)
        assert.deepStrictEqual(whole, reference(text))
      }),
      settings
    )
  })
})
