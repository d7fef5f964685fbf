import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Attachment from "../../src/plan/Attachment.js"
import * as Body from "../../src/plan/Body.js"
import type { Content } from "../../src/smtp/Wire.js"

const textOf = ({ body, head }: Content): string =>
  head + (body === undefined ? "" : Buffer.from(body).toString("latin1"))

interface Part {
  readonly head: string
  readonly text: string
}

/** The parts of a message as a reader finds them (RFC 2046 §5.1.1). */
const partsOf = ({ content, headers }: Body.Body): ReadonlyArray<Part> => {
  const text = textOf(content)
  assert.isTrue(text.endsWith("\r\n.\r\n"))
  const whole = text.slice(0, -3)
  assert.notMatch(whole.replaceAll("\r\n", ""), /[\r\n]/)
  for (const line of whole.split("\r\n")) assert.isTrue(line.length <= 100 && !line.startsWith("."), line)
  const boundary = /boundary="([^"]+)"/.exec(headers)?.[1]
  assert.isDefined(boundary)
  const [, last] = whole.split(`\r\n--${boundary}--\r\n`)
  assert.strictEqual(last, "")
  return `\r\n${whole}`
    .slice(0, -`\r\n--${boundary}--\r\n`.length)
    .split(`\r\n--${boundary}\r\n`)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\r\n\r\n")
      return { head: part.slice(0, end), text: part.slice(end + 4) }
    })
}

const decoded = ({ head, text }: Part): Buffer => {
  assert.include(head, "Content-Transfer-Encoding: base64")
  assert.match(text, /^(?:[A-Za-z0-9+/]{76}\r\n)*[A-Za-z0-9+/]{0,76}={0,2}(\r\n[A-Za-z0-9+/]{1,76})*$/)
  const characters = text.replaceAll("\r\n", "")
  assert.strictEqual(characters.length % 4, 0)
  return Buffer.from(characters, "base64")
}

const bodies = (plan: Body.BodyPlan, count: number, files: ReadonlyArray<Uint8Array | undefined> = []) => {
  const bodyOf = Body.make(plan, "seed", "=_b", files)
  return Array.from({ length: count }, (_, message) => bodyOf(message))
}

describe("encoded", () => {
  it("is base64 in lines of 76, for any file", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400, size: "max" }), (file) => {
        const expected =
          Buffer.from(file)
            .toString("base64")
            .match(/.{1,76}/g)
            ?.join("\r\n") ?? ""
        assert.strictEqual(Attachment.encoded(file).toString("latin1"), expected)
      }),
      { seed: 1, numRuns: 300 }
    )
  })
})

describe("attachments", () => {
  it("are files as they were, under their names, and the text is what it was", () => {
    const small = Buffer.from("%PDF-1.4 small")
    const large = Buffer.alloc(200_000, "large and not small ")
    const plan = { attach: ['/tmp/a "b".pdf', "übung.bin"] }
    const files = [Attachment.encoded(small), Attachment.encoded(large)]
    for (const order of [
      [0, 1],
      [1, 0]
    ]) {
      const attach = order.map((index) => plan.attach[index]!)
      const [body] = bodies(
        { attach },
        1,
        order.map((index) => files[index])
      )
      const parts = partsOf(body!)
      assert.lengthOf(parts, 3)
      assert.match(parts[0]!.text, /^La de da de da 1\.\r\n.*4\.$/s)
      const [pdf, other] = order[0] === 0 ? [parts[1]!, parts[2]!] : [parts[2]!, parts[1]!]
      assert.deepStrictEqual(decoded(pdf), small)
      assert.deepStrictEqual(decoded(other), large)
      assert.include(pdf.head, 'Content-Type: application/pdf;\r\n name="a \\"b\\".pdf"')
      assert.include(other.head, "filename*=utf-8''%C3%BCbung.bin")
    }
  })

  it("at random have the size that was drawn, and none is like another", () => {
    for (const size of ["1", "56", "57", "58", "5k", "12k", "13k", "300k"]) {
      const all = bodies({ attach: [size, size] }, 8).map(partsOf)
      const files = all.flatMap(([, ...parts]) => parts.map(decoded))
      assert.lengthOf(files, 16)
      const bytes = Number.parseFloat(size) * (size.endsWith("k") ? 1000 : 1)
      for (const file of files) assert.strictEqual(file.length, Math.ceil(bytes / 3) * 3, size)
      if (bytes > 50) assert.strictEqual(new Set(files.map((file) => file.toString("latin1"))).size, 16, size)
    }
  })

  it("are in their share of the messages, and the others are plain", () => {
    const all = bodies({ attach: ["20%: 90..120", "50%: note.txt"] }, 4000, [undefined, Buffer.from("eA==")])
    const share = (is: (body: Body.Body) => boolean) => all.filter(is).length / all.length
    assert.closeTo(
      share(({ content }) => content.head.includes("attachment-1.bin")),
      0.2,
      0.032
    )
    assert.closeTo(
      share(({ content }) => content.head.includes("note.txt")),
      0.5,
      0.04
    )
    for (const { content, headers } of all) {
      if (headers === "") assert.match(textOf(content), /^La de da.*4\.\r\n\.\r\n$/s)
    }
  })

  it("go with every kind of body, also with that which has a file of its own", () => {
    for (const body of ["text", "words", "random", "gtube"]) {
      for (const length of [100, 50_000]) {
        const [one] = bodies({ attach: ["1k"], body, length }, 1).map(partsOf)
        assert.lengthOf(one!, 2)
        assert.isAtLeast(one![0]!.text.length, length)
      }
    }
    const [virus] = bodies({ attach: ["1k"], body: "eicar" }, 1).map(partsOf)
    assert.lengthOf(virus!, 3)
    assert.lengthOf(decoded(virus![2]!), 68)
  })

  it("that are large and last are not copied for each message", () => {
    const [a, b] = bodies({ attach: ["3M"] }, 2)
    assert.strictEqual(a!.content.body?.buffer, b!.content.body?.buffer)
    const [c, d] = bodies({ attach: ["x"] }, 2, [Buffer.alloc(100_000, "eA==")])
    assert.strictEqual(c!.content.body, d!.content.body)
  })
})

describe("parse", () => {
  for (const [text, expected] of [
    ["report.pdf", "1 report.pdf"],
    ["20%: report.pdf", "0.2 report.pdf"],
    ["20% : 100k..2M", "0.2 100000..2000000"],
    ["4k", "1 4000..4000"],
    ["./4k", "1 ./4k"],
    ["0%: x", "expected a share of more than 0% and of 100% at most"],
    ["120%: x", "expected a share of more than 0% and of 100% at most"],
    ["", "expected a file, or a size such as 100k or 100k..2M"],
    ["5%:", "expected a file, or a size such as 100k or 100k..2M"],
    ["a\nb", "expected a file, or a size such as 100k or 100k..2M"]
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const told = Either.match(Attachment.parse(text), {
        onLeft: (reason) => reason,
        onRight: ({ share, what }) =>
          `${share} ${"path" in what ? what.path : `${what.sizes.least}..${what.sizes.most}`}`
      })
      assert.strictEqual(told, expected)
    })
  }
})
