import * as zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import { crc32 } from "../../src/smtp/Checksum.js"
import * as Address from "../../src/plan/Address.js"
import * as Corpus from "../../src/plan/Corpus.js"
import * as CorpusReader from "../../src/plan/CorpusReader.js"
import * as Message from "../../src/plan/Message.js"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Stamp from "../../src/plan/Stamp.js"
import * as Stuffing from "../../src/plan/Stuffing.js"
import type { Content } from "../../src/smtp/Wire.js"

const stamps = fc.record<Stamp.Stamp>({
  run: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => bits.toString(16).padStart(16, "0")),
  message: fc.maxSafeNat(),
  sentAt: fc.maxSafeNat(),
  checksum: fc.nat(0xffff_ffff),
  size: fc.maxSafeNat()
})

const valueOf = (line: string) => line.slice(Stamp.header.length + 1)

describe("checksums", () => {
  it("are those of zlib, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        assert.strictEqual(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut), 0)), zlib.crc32(bytes))
      })
    )
  })
})

describe("a stamp", () => {
  it("is one line, and reads as it was written", () => {
    fc.assert(
      fc.property(stamps, (stamp) => {
        const line = Stamp.write(stamp)
        assert.match(line, /^X-Smtp-Source: [ -~]+\r\n$/)
        assert.isBelow(line.length, 140)
        assert.deepStrictEqual(Stamp.read(valueOf(line)), stamp)
        // As a program that handles mail may fold it.
        assert.deepStrictEqual(Stamp.read(valueOf(line).replaceAll("; ", ";\r\n\t")), stamp)
      })
    )
  })

  it("is written as the manual has it", () => {
    assert.strictEqual(
      Stamp.write({
        run: "19ac3f0e2b7d41c6",
        message: 1234567,
        sentAt: 1795694335873223,
        checksum: 0x0f31c0aa,
        size: 4096
      }),
      "X-Smtp-Source: r=19ac3f0e2b7d41c6; k=1234567; t=1795694335873223; b=0f31c0aa; n=4096\r\n"
    )
  })

  it("is not read from anything else", () => {
    for (const value of [
      "",
      " r=1; k=0; t=0; b=00000000; n=0",
      " r=19ac3f0e2b7d41c6; k=99999999999999999; t=0; b=00000000; n=0",
      " r=19ac3f0e2b7d41c6; k=9999999999999999; t=0; b=00000000; n=0",
      " r=19ac3f0e2b7d41c6; k=0; t=0; b=00000000; n=0; x=1"
    ]) {
      assert.isUndefined(Stamp.read(value), value)
    }
    fc.assert(fc.property(fc.string(), (value) => assert.isUndefined(Stamp.read(value))))
  })

  it("has another run for each name", () => {
    assert.match(Stamp.runOf("load-1"), /^[0-9a-f]{16}$/)
    const runs = Array.from({ length: 1000 }, (_, index) => Stamp.runOf(`load-${index}`))
    assert.strictEqual(new Set(runs).size, 1000)
  })
})

const stamping: Stamp.Stamping = { run: Stamp.runOf("run"), sentAt: (message) => 1000 + message, crc32: zlib.crc32 }

/** What a server takes for header and body of a content that was sent. */
const received = ({ body, head, isDotless }: Content) => {
  const sent = Buffer.concat([Buffer.from(head, "latin1"), body ?? Buffer.alloc(0)])
  const text = Buffer.from(isDotless === true ? sent : Stuffing.unstuff(sent)).toString("latin1")
  const { bodyBegin, headerEnd } = Stamp.divide(text)
  return { header: text.slice(0, headerEnd), body: text.slice(bodyBegin), text }
}

const headerLines = fc.array(fc.constantFrom("A: b", ".A: b", "Long: c", "\tgoes on", "Empty:", "Spaced : d"), {
  maxLength: 4
})
const bodyLines = fc.array(fc.constantFrom("", ".", "..", ".a", "text", "no: header", " x", "From "), { maxLength: 6 })

const messages = fc
  .tuple(headerLines, fc.constantFrom("\n", "", "no header\n"), bodyLines, fc.boolean())
  .map(([headers, between, body, ends]) => {
    const text = headers.map((line) => `${line}\n`).join("") + between + body.join("\n")
    return ends ? `${text}\n` : text
  })

describe("a stamp on top", () => {
  it("tells of the body that a server receives, wherever the content is cut, and changes nothing else", () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.boolean(), (message, cut, inChunks) => {
        const stuffed = Either.getOrThrow(MessageFile.stuff(Buffer.from(message)))
        const ready = inChunks ? Stuffing.unstuff(stuffed) : stuffed
        const at = cut % (ready.length + 1)
        const text = Buffer.from(ready).toString("latin1")
        // What ends the content is in one piece.
        const whole = cut % 3 === 0 || (!inChunks && at > ready.length - 3)
        const content: Content = whole
          ? { head: text, isDotless: inChunks }
          : { head: text.slice(0, at), body: ready.subarray(at), isDotless: inChunks }
        const got = received(Stamp.onTop(() => content, stamping)(7))
        const [line = ""] = got.header.split("\r\n")
        const stamp = Stamp.read(valueOf(line))
        const bytes = Buffer.from(got.body, "latin1")
        assert.deepStrictEqual(stamp, {
          run: stamping.run,
          message: 7,
          sentAt: 1007,
          checksum: zlib.crc32(bytes),
          size: bytes.length
        })
        const rest = got.text.slice(line.length + 2)
        const before = received(content).text
        assert.strictEqual(rest, Stamp.divide(before).bodyBegin === 0 ? `\r\n${before}` : before)
      }),
      { numRuns: 1000 }
    )
  })

  it("sums a body once, as long as it is the same", () => {
    let sums = 0
    const counting: Stamp.Stamping = {
      ...stamping,
      crc32: (bytes, before) => {
        sums++
        return zlib.crc32(bytes, before)
      }
    }
    const body = Buffer.from("text\r\n.\r\n")
    const content = Stamp.onTop((message) => ({ head: `Message-Id: <${message}>\r\n\r\n`, body }), counting)
    for (let message = 0; message < 10; message++) content(message)
    assert.strictEqual(sums, 1)
    const other = Stamp.onTop((message) => ({ head: `A: b\r\n\r\n${message >> 1}\r\n.\r\n` }), counting)
    for (let message = 0; message < 10; message++) other(message)
    assert.strictEqual(sums, 6)
  })

  it("finds the body behind a header of any length in a file", () => {
    for (const count of [10, 1000, 20_000]) {
      const header = Array.from({ length: count }, (_, index) => `X-${index}: value\r\n`).join("")
      const content = { head: "Top: header\r\n", body: Buffer.from(`${header}\r\nbody\r\n.\r\n`) }
      const { head } = Stamp.onTop(() => content, stamping)(0)
      assert.strictEqual(Stamp.read(valueOf(head.split("\r\n")[0]!))?.checksum, zlib.crc32("body\r\n"))
    }
  })
})

describe("messages of a plan with --prove", () => {
  const startedAt = new Date(Date.UTC(2026, 10, 22, 13, 11, 20))
  const identity = { helloName: "me.example", runId: "run", startedAt }

  const contentsOf = (
    input: Plan.PlanInput,
    sources: Message.Sources = {}
  ): ReadonlyArray<{ readonly stamped: Content; readonly plain: Content }> => {
    const make = (prove: "recipients" | undefined) => {
      const plan = Plan.make({ ...input, ...(prove === undefined ? {} : { prove }) })
      const addresses = Address.make(plan, identity.helloName, "seed", sources.values)
      return Message.make(plan, addresses, { ...identity, seed: "seed" }, sources)
    }
    const [stamped, plain] = [make("recipients"), make(undefined)]
    return [0, 1, 17].map((message) => ({ stamped: stamped(message), plain: plain(message) }))
  }

  const values = { seed: "seed", runId: "run", helloName: "me.example", startedAt }
  const file = Either.getOrThrow(MessageFile.stuff(Buffer.from("Subject: a file\n\n.dots\ntext\n")))
  const corpus = new Corpus.Collector({ rewrite: ["message-id"], unusual: "skip" })
  corpus.add(Buffer.from("Message-Id: <1@x>\nSubject: one\n\nsmall\n"))
  corpus.add(Buffer.from(`Subject: two\n\n${"large\n".repeat(5000)}`))
  const ways: ReadonlyArray<readonly [name: string, input: Plan.PlanInput, sources?: Message.Sources]> = [
    ["the default body", {}],
    ["a body of a length", { length: 5000, subject: "s" }],
    ["a long body", { length: 100_000 }],
    ["bodies of drawn sizes and kinds", { length: "1k..100k", body: "50%: words, 50%: random" }],
    ["attached files", { attach: ["50%: 10k"] }],
    ["a file", {}, { file }],
    ["a template", { template: "t" }, { template: "Subject: {{number}}\n\n{{message}}\n.x{{hex 4}}\n", values }],
    ["a template that ends in its header", { template: "t" }, { template: "Subject: {{number}}", values }],
    ["a long template", { template: "t" }, { template: `A: b\n\n{{message}}, ${"long\n".repeat(9000)}`, values }],
    ["a corpus", { corpus: ["c"] }, { corpus: CorpusReader.make(corpus.end(), undefined) }],
    ["headers of one's own", { headers: [".Odd: a", "X: b"] }]
  ]
  for (const [name, input, sources] of ways) {
    for (const goes of ["with a dot", "in chunks"] as const) {
      it(`have a stamp that is true: ${name}, ${goes}`, () => {
        for (const [index, { plain, stamped }] of contentsOf(input, { ...sources, goes }).entries()) {
          const { body, text } = received(stamped)
          const [line = ""] = text.split("\r\n")
          const bytes = Buffer.from(body, "latin1")
          assert.deepStrictEqual(Stamp.read(valueOf(line)), {
            run: Stamp.runOf("run"),
            message: [0, 1, 17][index]!,
            sentAt: startedAt.getTime() * 1000,
            checksum: zlib.crc32(bytes),
            size: bytes.length
          })
          assert.strictEqual(text.slice(line.length + 2), received(plain).text)
        }
      })
    }
  }

  it("are of a file with another Message-Id each: those who know one drop the second message that has it", () => {
    for (const body of ["text\n", "text\n".repeat(9000)]) {
      const content = `From: a\nmessage-ID: <same@x>\n\tgoes on\nSubject: b\n\nMessage-Id: <body>\n${body}`
      const file = Either.getOrThrow(MessageFile.stuff(Buffer.from(content)))
      const all = contentsOf({ headers: ["X: y"] }, { file }).map(({ stamped }) => received(stamped))
      assert.deepStrictEqual(
        all.map(({ header }) => header.split("\r\n").slice(1)),
        ["00000000", "00000001", "00000011"].map((number) => [
          "X: y",
          `Message-Id: <run.${number}@me.example>`,
          "From: a",
          "Subject: b",
          ""
        ])
      )
      assert.isTrue(all.every((each) => each.body === `Message-Id: <body>\n${body}`.replaceAll("\n", "\r\n")))
    }
  })

  it("cannot be without headers", () => {
    assert.throws(() => Plan.make({ prove: "messages", bare: true }), /--prove cannot be used with -o/)
    assert.throws(() => Plan.make({ prove: "messages", calibrate: true }), /--prove cannot be used with --calibrate/)
  })
})
