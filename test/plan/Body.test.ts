import * as zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Body from "../../src/plan/Body.js"
import * as Stuffing from "../../src/plan/Stuffing.js"
import type { Content } from "../../src/smtp/Wire.js"

const textOf = ({ body, head }: Content): string =>
  head + (body === undefined ? "" : Buffer.from(body).toString("latin1"))

const contents = (plan: Body.BodyPlan, count: number, seed = "seed"): ReadonlyArray<string> => {
  const bodyOf = Body.make(plan, seed, "=_b")
  return Array.from({ length: count }, (_, message) => textOf(bodyOf(message).content))
}

/** A content as it must be: whole lines of CRLF, of at most 998 bytes, none of a dot but the last. */
const isSound = (content: string): void => {
  assert.isTrue(content.endsWith("\r\n.\r\n"))
  const lines = content.slice(0, -5).split("\r\n")
  assert.notMatch(lines.join(""), /[\r\n]/)
  for (const line of lines) assert.isFalse(line.startsWith(".") || line.length > 998, line)
}

describe("a body", () => {
  for (const kind of ["text", "words", "random"] as const) {
    it(`of ${kind} has the size that was drawn, whatever it is, and sound lines`, () => {
      const sizes = [
        1, 2, 3, 77, 78, 79, 80, 81, 8191, 8192, 16_383, 16_384, 16_385, 16_386, 20_000, 99_999, 100_000, 2_000_001
      ]
      const range = fc.oneof(fc.constantFrom(...sizes), fc.integer({ min: 1, max: 200_000 }))
      fc.assert(
        fc.property(range, fc.nat({ max: 40 }), (size, message) => {
          // One that draws, so that it is none of the constant ones.
          const bodyOf = Body.make({ body: kind, length: `${size}..${size}` }, "seed", "b")
          const content = textOf(bodyOf(message).content)
          assert.strictEqual(content.length, size + 5)
          isSound(content)
        }),
        { seed: 1, numRuns: 150 }
      )
    })

    it(`of ${kind} is the same when it is made again, in whatever order, and after larger ones`, () => {
      const plan = { body: kind, length: "1..200k" }
      const bodyOf = Body.make(plan, "seed", "b")
      const backwards = Array.from({ length: 30 }, (_, index) => textOf(bodyOf(29 - index).content)).reverse()
      assert.deepStrictEqual(backwards, contents(plan, 30))
    })
  }

  it("of words or random is like no other, in short and in long, and not that of another seed", () => {
    for (const body of ["words", "random"]) {
      for (const length of [200, 30_000]) {
        const made = contents({ body, length }, 200)
        assert.isAbove(new Set(made).size, 190, `${body} ${length}`)
        assert.notDeepEqual(made, contents({ body, length }, 200, "other"))
      }
    }
  })

  it("of a size beyond 16 KiB shares its memory with the others", () => {
    const bodyOf = Body.make({ body: "random", length: 5_000_000 }, "seed", "b")
    const [a, b] = [bodyOf(0).content, bodyOf(1).content]
    assert.strictEqual(a.body?.buffer, b.body?.buffer)
    assert.isBelow(a.head.length, Stuffing.longestText)
  })

  it("of words compresses to less than half, and one of random hardly", () => {
    const share = (body: string) => {
      const text = contents({ body, length: 100_000 }, 1)[0]!
      return zlib.deflateSync(text).length / text.length
    }
    assert.isBelow(share("words"), 0.5)
    // Base64 has 6 bits in 8.
    assert.isAbove(share("random"), 0.74)
  })

  it("of random is valid base64", () => {
    const text = contents({ body: "random", length: 78 * 1000 - 2 }, 1)[0]!.slice(0, -5)
    assert.match(text.replaceAll("\r\n", ""), /^[A-Za-z0-9+/]+$/)
    assert.lengthOf(Buffer.from(text, "base64"), 57 * 1000)
  })

  it("of gtube has the line that spam filters are tested with", () => {
    const [content = ""] = contents({ body: "gtube" }, 1)
    const line = content.split("\r\n")[0]!
    assert.lengthOf(line, 68)
    assert.isTrue(line.startsWith("XJS*C4JD") && line.endsWith("ANTI-UBE-TEST-EMAIL*C.34X"))
    isSound(content)
  })

  it("of eicar has the file that virus scanners are tested with, attached", () => {
    const { content, headers } = Body.make({ body: "eicar" }, "seed", "=_b")(0)
    assert.include(headers, 'Content-Type: multipart/mixed; boundary="=_b"\r\n')
    const text = textOf(content)
    isSound(text)
    const parts = text.split(/--=_b(?:--)?\r\n/)
    assert.lengthOf(parts, 4)
    const [head = "", base64 = ""] = parts[2]!.split("\r\n\r\n")
    assert.include(head, 'filename="eicar.com"')
    const file = Buffer.from(base64, "base64").toString("latin1")
    assert.lengthOf(file, 68)
    assert.isTrue(file.startsWith("X5O!P%@AP[4\\") && file.endsWith("TEST-FILE!$H+H*"))
  })

  it("is of several kinds by their weight", () => {
    const made = contents({ body: "90%: words, 7%: random, 2%: gtube, 1%: eicar", length: 80 }, 20_000)
    const share = (is: (content: string) => boolean) => made.filter(is).length / made.length
    // Within five times the standard deviation.
    assert.closeTo(
      share((content) => content.startsWith("XJS*")),
      0.02,
      0.005
    )
    assert.closeTo(
      share((content) => content.startsWith("--=_b")),
      0.01,
      0.0036
    )
    assert.closeTo(
      share((content) => /^[A-Za-z0-9+/]{76}\r\n/.test(content)),
      0.07,
      0.009
    )
  })
})

describe("parse", () => {
  for (const [text, expected] of [
    ["words", "ok"],
    ["97%: words, 2: gtube", "ok"],
    ["word", '1: text, words, random, eicar or gtube, or a share of each, such as "97%: words, 3%: gtube"'],
    ["97%: words, gtube", '13: a share of more than 0 and ":", such as 25%:'],
    ["97%: words, 2%: gtube", "1: shares that add up to 100%, not 99%"],
    ["97%: spam", "6: text, words, random, eicar or gtube"],
    ["words gtube", "7: nothing more"]
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const told = Either.match(Body.parse(text), {
        onLeft: ({ column, expected }) => `${column}: ${expected}`,
        onRight: () => "ok"
      })
      assert.strictEqual(told, expected)
    })
  }
})
