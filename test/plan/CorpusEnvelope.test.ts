import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as CorpusEnvelope from "../../src/plan/CorpusEnvelope.js"

describe("the addresses of a header", () => {
  for (const [value, expected] of [
    [" a@x", ["a@x"]],
    ['<a@x>, B <b@y>,\t"C, D" <c@z> (x@y)', ["a@x", "b@y", "c@z"]],
    ["undisclosed-recipients:;", []],
    ["Friends: a@x, B <b@y>;, c@z", ["a@x", "b@y", "c@z"]],
    ["(a (nested) comment, x@y) a@x", ["a@x"]],
    ['"quoted, \\" local" <"a b"@x>', ["a b@x"]],
    ["<@relay,@other:a@x>", ["a@x"]],
    ["=?utf-8?q?a=2C?= <a@x>", ["a@x"]],
    ["nobody, @x, a@, a b@x y", []],
    ["<>", []],
    ["unclosed <a@x", ["a@x"]],
    ["a@x <b@y>", ["b@y"]]
  ] as const) {
    it(`are found: ${value}`, () => assert.deepStrictEqual(CorpusEnvelope.addressesIn(value), [...expected]))
  }

  it("take no longer to be found, whatever there is between them", () => {
    for (const text of ["@", "a@", "<", "(", '"', "\\", ":", "a@b"]) CorpusEnvelope.addressesIn(text.repeat(200_000))
  })
})

const envelope = (headers: string) => CorpusEnvelope.ofHeaders(headers, "test.example")

describe("the envelope that headers ask for", () => {
  it("is from Return-Path, or From; to all of To, Cc and Bcc, once each, at another domain", () => {
    assert.deepStrictEqual(
      envelope(
        "Return-Path: <back@x>\nFrom: f@x\nTo: a@x,\n b@y\nX-To: no@x\nCC: A <a@x>\nBcc: c@z\nSubject: to: d@x\n"
      ),
      {
        sender: "back=x@test.example",
        recipients: ["a=x@test.example", "b=y@test.example", "c=z@test.example"]
      }
    )
    assert.strictEqual(envelope("From: Me <f@x>\r\nTo: a@x\r\n").sender, "f=x@test.example")
    assert.strictEqual(envelope("Return-Path: <>\nFrom: f@x\n").sender, "")
    assert.strictEqual(envelope("To: a@x\n").sender, "")
  })

  it("has a thousand recipients at most", () => {
    const to = Array.from({ length: 1500 }, (_, index) => `${index}@x`).join(",\n ")
    assert.lengthOf(envelope(`To: ${to}\n`).recipients, 1000)
  })

  it("never has an address that is not at that domain, nor one that would be another command", () => {
    const part = fc.constantFrom(
      "a",
      "@",
      "<",
      ">",
      ",",
      ";",
      ":",
      '"',
      "\\",
      "(",
      ")",
      ".",
      " ",
      "\t",
      "\r",
      "\0",
      "\xe9",
      "To: ",
      "\n"
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40, size: "max" }), (parts) => {
        const { recipients, sender } = envelope(`To: a@b${parts.join("")}\nFrom: c@d${parts.join("")}`)
        for (const address of [...(sender === "" ? [] : [sender]), ...recipients]) {
          assert.match(address, /^[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*@test\.example$/)
        }
      }),
      { seed: 1, numRuns: 3_000 }
    )
  })

  it("is kept, message by message", () => {
    const collector = new CorpusEnvelope.Collector()
    const all = Array.from({ length: 300 }, (_, index) => ({
      sender: index % 3 === 0 ? "" : `s${index}@x`,
      recipients: Array.from({ length: (index % 5) + 1 }, (_, place) => `r${place}.${index}@x`)
    }))
    for (const one of all) collector.add(one)
    const kept = collector.end()
    assert.deepStrictEqual(
      all.map((_, index) => CorpusEnvelope.envelope(kept, index)),
      all
    )
  })
})
