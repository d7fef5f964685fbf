import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Difference from "../../src/measure/Difference.js"

const between = (sent: string, came: string) =>
  Difference.between(Buffer.from(sent, "latin1"), Buffer.from(came, "latin1"))

const kind = (sent: string, came: string) => between(sent, came)?.kind

const line = fc.string({ unit: fc.constantFrom("a", "b", " ", "=", "\xe9", "."), minLength: 1, maxLength: 60 })
const text = fc.array(line, { minLength: 1, maxLength: 6 }).map((lines) => lines.map((each) => `${each}x\r\n`).join(""))

/** As Postfix breaks what is too long (RFC 5321 §4.5.3.1.6). */
const wrapped = (body: string): string =>
  body
    .split("\r\n")
    .map((line) => {
      let [rest, out] = [line, ""]
      while (rest.length > 998) {
        out += `${rest.slice(0, 998)}\r\n`
        rest = ` ${rest.slice(998)}`
      }
      return out + rest
    })
    .join("\r\n")

const quotedPrintable = (body: string): string =>
  body
    .replaceAll(/[=\x80-\xff]/g, (each) => `=${each.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)
    .replaceAll(/[^\r\n]{50}(?=[^\r\n])/g, (each) => (/=.?$/.test(each) ? each : `${each}=\r\n`))

describe("what was done to a body", () => {
  it("is nothing where it is the same", () => {
    fc.assert(fc.property(text, (body) => assert.isUndefined(between(body, body))))
  })

  it("is that its long lines were wrapped", () => {
    const long = fc.nat(3000).map((length) => `${"y".repeat(length + 999)}\r\n`)
    fc.assert(
      fc.property(text, long, text, (before, long, after) => {
        const body = before + long + after
        assert.strictEqual(kind(body, wrapped(body)), "wrapped")
      })
    )
    // A line of the author's own that begins with a space is no such thing.
    assert.strictEqual(kind("a b\r\n", "a\r\n b\r\n"), "other")
  })

  it("is that it was recoded", () => {
    fc.assert(
      fc.property(text, (body) => {
        const eightBit = `\xe9${body}`
        assert.strictEqual(kind(eightBit, quotedPrintable(eightBit)), "recoded")
        const base64 = Buffer.from(eightBit, "latin1").toString("base64")
        assert.strictEqual(kind(eightBit, `${base64.replaceAll(/.{76}/g, "$&\r\n")}\r\n`), "recoded")
      })
    )
  })

  it("is that parts of it were recoded", () => {
    const body = (text: string, encoding: string) =>
      `--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${text}--b\r\n\r\nplain\r\n--b--\r\n`
    fc.assert(
      fc.property(text, (part) => {
        const ours = `\xe9${part}`
        assert.strictEqual(kind(body(ours, "8bit"), body(quotedPrintable(ours), "quoted-printable")), "recoded")
      })
    )
    assert.strictEqual(kind(body("\xe9\r\n", "8bit"), body("=E8\r\n", "quoted-printable")), "other")
  })

  it("is that its line ends are others", () => {
    fc.assert(fc.property(text, (body) => assert.strictEqual(kind(body, body.replaceAll("\r\n", "\n")), "line ends")))
  })

  it("is that something was added or taken away", () => {
    fc.assert(
      fc.property(text, fc.constantFrom("Checked.\r\n", "-- \r\nhttps://example.com/z\r\n"), (body, note) => {
        assert.strictEqual(kind(body, body + note), "footer")
        assert.strictEqual(kind(body, `${note}\r\n${body}`), "banner")
        assert.strictEqual(kind(body, body.slice(0, -3)), "truncated")
        assert.strictEqual(kind(body, ""), "truncated")
      })
    )
  })

  it("is shown where it begins", () => {
    assert.deepStrictEqual(between("hello world, and more than that\r\n", "hello wor\x1b[d\r\n"), {
      kind: "other",
      at: 9,
      sent: "ld, and more tha",
      came: "\\x1b[d\\x0d\\x0a"
    })
    assert.isTrue(Difference.isHarmless("wrapped"))
    assert.isFalse(Difference.isHarmless("truncated"))
  })

  it("is told in good time, whatever came", () => {
    const begun = performance.now()
    for (const piece of ["=", "--\r\n", "--a\r\n", "\r\n ", "content-transfer-encoding:\r\n", "=\t", "="]) {
      Difference.between(Buffer.from("x".repeat(200_000)), Buffer.from(piece.repeat(200_000 / piece.length)))
      Difference.between(
        Buffer.from(piece.repeat(100_000 / piece.length)),
        Buffer.from(piece.repeat(200_000 / piece.length))
      )
    }
    assert.isBelow(performance.now() - begun, 3000)
  })
})
