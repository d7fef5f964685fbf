import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as ImapParser from "../../src/imap/ImapParser.js"

/** What comes of these pieces. */
const parsed = (pieces: ReadonlyArray<Buffer>) => {
  const found: Array<ReadonlyArray<string>> = []
  const parser = new ImapParser.ImapParser(({ literals, text }) =>
    found.push([text, ...literals.map((literal) => literal.toString("latin1"))])
  )
  for (const piece of pieces) parser.push(piece)
  return { found, isAmid: parser.isAmid }
}

const literal = fc.string({ unit: fc.constantFrom("a", "\r", "\n", "{", "5", "}", "\xff", ")"), maxLength: 40 })
const response = fc.record({
  words: fc.constantFrom("* OK {x} ready", "a1 OK done", "+", "* 1 EXISTS"),
  literals: fc.array(literal, { maxLength: 3 }),
  // Nothing need follow the last literal.
  close: fc.constantFrom("", ")", " {x}", " 5}")
})

describe("responses of an IMAP server", () => {
  it("are the same however they are cut", () => {
    fc.assert(
      fc.property(fc.array(response, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 20 }), (responses, cuts) => {
        const bytes = Buffer.from(
          responses
            .map(
              ({ close, literals, words }) =>
                `${words}${literals.map((one) => ` {${one.length}}\r\n${one}`).join("")}${close}\r\n`
            )
            .join(""),
          "latin1"
        )
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((one, two) => one - two), bytes.length]
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
        assert.deepStrictEqual(parsed(pieces), {
          found: responses.map(({ close, literals, words }) => [
            `${words}${literals.map((one) => ` {${one.length}}`).join("")}${close}`,
            ...literals
          ]),
          isAmid: false
        })
      })
    )
  })

  it("may end with a literal: what follows is the next one", () => {
    assert.deepStrictEqual(parsed([Buffer.from('* LIST () "/" {5}\r\nINBOX\r\n* X {0}\r\n\r\na1 OK done\r\n')]), {
      found: [['* LIST () "/" {5}', "INBOX"], ["* X {0}", ""], ["a1 OK done"]],
      isAmid: false
    })
  })

  it("may end in a line feed alone", () => {
    assert.deepStrictEqual(parsed([Buffer.from("* OK\n* BYE\r\n")]).found, [["* OK"], ["* BYE"]])
  })

  it("are bounded: their lines, their literals, and how many those are", () => {
    const { limits } = ImapParser
    const failing = (text: string) => {
      try {
        parsed([Buffer.from(text)])
        return "none"
      } catch (error) {
        return String(error)
      }
    }
    assert.include(failing("x".repeat(limits.text + 1)), "a line is too long")
    assert.include(failing(`* ${"{1}\r\nx".repeat(limits.literals + 1)}`), "a response is too long")
    assert.include(failing(`* {${limits.literal + 1}}\r\n`), `a message of ${limits.literal + 1} bytes is too long`)
    assert.strictEqual(failing(`${"x".repeat(limits.text - 1)}\r\n`), "none")
  })
})
