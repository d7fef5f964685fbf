import { isDeepStrictEqual } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type * as Reply from "../../src/smtp/Reply.js"
import * as ReplyParser from "../../src/smtp/ReplyParser.js"

interface Parsed {
  readonly replies: ReadonlyArray<Reply.Reply>
  /** Whether the parser took all of it. */
  readonly ok: boolean
  readonly inside: boolean
}

const bytesOf = (latin1: string): Uint8Array => Buffer.from(latin1, "latin1")

/** The parser gives what the oracle gives. Compares before it asserts: chai takes seconds over megabytes that are equal. */
const agree = (input: string, cuts: ReadonlyArray<number>): void => {
  const actual = parse(
    input,
    cuts.map((cut) => cut % (input.length + 1))
  )
  const expected = oracle(input)
  if (!isDeepStrictEqual(actual, expected)) {
    assert.deepStrictEqual(actual, expected, `${JSON.stringify(input.slice(0, 1000))} at ${cuts}`)
  }
}

/** Feeds the parser piece by piece through one buffer, as a socket does: what was given is gone at the next piece. */
const parse = (input: string, cuts: ReadonlyArray<number> = []): Parsed => {
  const bytes = bytesOf(input)
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  const buffer = new Uint8Array(bytes.length + 1)
  const parser = ReplyParser.make()
  const replies: Array<Reply.Reply> = []
  for (let index = 1; index < edges.length; index++) {
    const [from, to] = [edges[index - 1]!, edges[index]!]
    buffer.fill(35)
    buffer.set(bytes.subarray(from, to), 1)
    const ok = parser.push(buffer, 1, 1 + to - from, (reply) => replies.push(reply))
    if (!ok) return { replies, ok, inside: true }
  }
  return { replies, ok: true, inside: parser.isInside() }
}

/**
 * The same, written without regard to speed, memory or splits: the whole input is there at once (S9.1, and the limits:
 * 64 KiB kept of a line and of a text; 1 MiB, or 10,000 lines, of a reply).
 */
const oracle = (input: string): Parsed => {
  const replies: Array<Reply.Reply> = []
  let lines: Array<string> = []
  let length = 0
  const pieces = input.split("\n")
  for (const [index, piece] of pieces.entries()) {
    length += piece.length
    if (length > 1024 * 1024) return { replies, ok: false, inside: true }
    if (index === pieces.length - 1) break
    let line = piece.slice(0, 65536)
    while (line.endsWith("\r")) line = line.slice(0, -1)
    lines.push(line)
    if (/^\d*-/.test(lines.at(-1)!)) {
      if (lines.length === 10_000) return { replies, ok: false, inside: true }
      continue
    }
    replies.push(oracleReply(lines))
    lines = []
    length = 0
  }
  return { replies, ok: true, inside: lines.length > 0 || pieces.at(-1) !== "" }
}

const oracleReply = (lines: ReadonlyArray<string>): Reply.Reply => {
  const codes = lines.map((line) => Number(/^(\d{3})(?!\d)/.exec(line)?.[1] ?? 0))
  const texts = lines.map((line, index) => (codes[index] === 0 ? line : line.slice(/^...[ -]/s.test(line) ? 4 : 3)))
  let defect: string | undefined
  for (const [index, line] of lines.entries()) {
    if (codes[index] === 0) defect ??= "no three-digit code"
    if (codes[index] !== codes[0]) defect ??= "codes differ between lines"
    if (codes[index] !== 0 && !/^...([ -]|$)/s.test(line)) defect ??= "no space after the code"
  }
  const code = codes.at(-1)!
  if (code < 200 || code > 599) defect ??= "no reply code"
  const reply = { code, text: texts.join("\n").slice(0, 65_536) }
  return defect === undefined ? reply : { ...reply, defect }
}

const one = (input: string): Reply.Reply => {
  const { inside, ok, replies } = parse(input)
  assert.isTrue(ok)
  assert.isFalse(inside)
  assert.lengthOf(replies, 1)
  return replies[0]!
}

/** Every input that the tables below judge, and more that only the oracle does. */
const wellFormed: ReadonlyArray<readonly [name: string, input: string, reply: Reply.Reply]> = [
  ["one line", "250 2.1.0 Ok\r\n", { code: 250, text: "2.1.0 Ok" }],
  ["a line feed alone ends a line", "250 Ok\n", { code: 250, text: "Ok" }],
  ["several carriage returns before the line feed are dropped", "250 Ok\r\r\r\n", { code: 250, text: "Ok" }],
  ["a carriage return inside a line stays", "250 a\rb\r\n", { code: 250, text: "a\rb" }],
  ["a code and nothing else", "250\r\n", { code: 250, text: "" }],
  ["a code and a space", "250 \r\n", { code: 250, text: "" }],
  ["spaces after the first are text", "250   a \r\n", { code: 250, text: "  a " }],
  ["several lines", "250-a\r\n250-b\r\n250 c\r\n", { code: 250, text: "a\nb\nc" }],
  ["several lines, some of them empty", "250-\r\n250-b\r\n250\r\n", { code: 250, text: "\nb\n" }],
  ["a last keyword that is empty, as smtp-sink has it", "250-DSN\r\n250 \r\n", { code: 250, text: "DSN\n" }],
  ["a NUL is kept", "250 a\0b\r\n", { code: 250, text: "a\0b" }],
  ["8-bit bytes are kept, one in each character", "550 \xc3\xa9\xff\r\n", { code: 550, text: "\xc3\xa9\xff" }],
  ["the first code there is", "200 a\r\n", { code: 200, text: "a" }],
  ["the last code there is", "599 a\r\n", { code: 599, text: "a" }],
  ["the go-ahead for content", "354 go\r\n", { code: 354, text: "go" }]
]

const defective: ReadonlyArray<readonly [name: string, input: string, reply: Reply.Reply]> = [
  ["text without a code", "hello\r\n", { code: 0, text: "hello", defect: "no three-digit code" }],
  ["an empty line", "\r\n", { code: 0, text: "", defect: "no three-digit code" }],
  ["two digits", "25 Ok\r\n", { code: 0, text: "25 Ok", defect: "no three-digit code" }],
  ["four digits", "2500 Ok\r\n", { code: 0, text: "2500 Ok", defect: "no three-digit code" }],
  ["a space before the code", " 250 Ok\r\n", { code: 0, text: " 250 Ok", defect: "no three-digit code" }],
  ["zeros", "000 Ok\r\n", { code: 0, text: "000 Ok", defect: "no three-digit code" }],
  ["class 0", "099 Ok\r\n", { code: 99, text: "Ok", defect: "no reply code" }],
  ["class 1", "199 Ok\r\n", { code: 199, text: "Ok", defect: "no reply code" }],
  ["class 6", "600 Ok\r\n", { code: 600, text: "Ok", defect: "no reply code" }],
  ["class 9", "999 Ok\r\n", { code: 999, text: "Ok", defect: "no reply code" }],
  [
    "something other than a space after the code",
    "250:Ok\r\n",
    { code: 250, text: ":Ok", defect: "no space after the code" }
  ],
  [
    "codes that differ: that of the last line counts",
    "550-a\r\n250 b\r\n",
    { code: 250, text: "a\nb", defect: "codes differ between lines" }
  ],
  [
    "a last line without a code ends the reply, and counts",
    "250-a\r\nb\r\n",
    { code: 0, text: "a\nb", defect: "no three-digit code" }
  ],
  [
    "digits of another script are none",
    "\xb2\xb3\xb9 Ok\r\n",
    {
      code: 0,
      text: "\xb2\xb3\xb9 Ok",
      defect: "no three-digit code"
    }
  ],
  [
    "a hyphen alone announces more lines",
    "-a\r\n250 b\r\n",
    { code: 250, text: "-a\nb", defect: "no three-digit code" }
  ],
  ["a NUL where the code should end", "250\0Ok\r\n", { code: 250, text: "\0Ok", defect: "no space after the code" }]
]

const streams: ReadonlyArray<string> = [
  "220 a\r\n250 b\n354 c\r\n250-d\r\n250 e\r\n",
  "250 a\r\n250 a\r\n250 a\r\n250 a",
  "\n\n\r\r\n\r\n",
  "250-a\r\n250-",
  "250-a\n-\n25-\n250 b\n",
  "\r250 a\r\n",
  "421"
]

describe("ReplyParser", () => {
  for (const [name, input, reply] of wellFormed) {
    it(`reads a reply in order (S9.1): ${name}`, () => {
      assert.deepStrictEqual(one(input), reply)
      assert.deepStrictEqual(oracle(input).replies, [reply])
    })
  }

  for (const [name, input, reply] of defective) {
    it(`reads on and names the defect: ${name}`, () => {
      assert.deepStrictEqual(one(input), reply)
      assert.deepStrictEqual(oracle(input).replies, [reply])
    })
  }

  it("gives several replies of one chunk, oldest first, and knows that it holds part of the next", () => {
    const { inside, replies } = parse("220 a\r\n250-b\r\n250 c\r\n354 d\r\n25")
    assert.deepStrictEqual(replies, [
      { code: 220, text: "a" },
      { code: 250, text: "b\nc" },
      { code: 354, text: "d" }
    ])
    assert.isTrue(inside)
  })

  it("holds nothing before the first byte and after the last line", () => {
    const parser = ReplyParser.make()
    assert.isFalse(parser.isInside())
    for (const [chunk, inside] of [
      ["2", true],
      ["50-a\r", true],
      ["\n", true],
      ["250 b", true],
      ["\n", false]
    ] as const) {
      const bytes = bytesOf(chunk)
      parser.push(bytes, 0, bytes.length, () => {})
      assert.strictEqual(parser.isInside(), inside, JSON.stringify(chunk))
    }
  })

  it("reads only the part of the chunk that it is given", () => {
    const replies: Array<Reply.Reply> = []
    const chunk = bytesOf("999 before\r\n250 Ok\r\n999 after\r\n")
    const backed = new Uint8Array(64)
    backed.set(chunk, 7)
    ReplyParser.make().push(backed.subarray(7), 12, 20, (reply) => replies.push(reply))
    assert.deepStrictEqual(replies, [{ code: 250, text: "Ok" }])
  })

  it("reads the same whatever the two places at which the input is cut", () => {
    for (const input of [...wellFormed, ...defective].map(([, input]) => input).concat(streams)) {
      for (let first = 0; first <= input.length; first++) {
        for (let second = first; second <= input.length; second++) agree(input, [first, second])
      }
    }
  })

  it("reads the same byte by byte", () => {
    for (const input of [...wellFormed, ...defective].map(([, input]) => input).concat(streams)) {
      agree(
        input,
        [...input].map((_, index) => index)
      )
    }
  })

  const tokens = ["250", "2", "5", "0", "421", "-", " ", "\r", "\n", "\r\n", "\r\n", "\0", "\xff", "a", "b c"]
  const noise = fc.array(fc.constantFrom(...tokens), { maxLength: 60, size: "max" }).map((parts) => parts.join(""))

  it("agrees with a parser that sees all at once, for any bytes and any cuts", () => {
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 12, size: "max" }), (input, cuts) => {
        agree(input, cuts)
      }),
      { seed: 1, numRuns: 20_000 }
    )
  })

  it("agrees with it for long lines and long replies, cut anywhere", () => {
    const part = fc.oneof(
      { weight: 3, arbitrary: noise },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.constantFrom("x", "-", "\r", "2"), fc.integer({ min: 60_000, max: 70_000 }))
          .map(([byte, length]) => byte.repeat(length))
      },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 400 }).map((lines) => "250-more\r\n".repeat(lines)) },
      { weight: 1, arbitrary: fc.constantFrom("250 ", "250-", "\r\n", "\n") }
    )
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 12, size: "max" }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (parts, cuts) => {
          agree(parts.join(""), cuts)
        }
      ),
      { seed: 2, numRuns: 300 }
    )
  })

  it("keeps the code of a line however long the line is, and 64 KiB of it", () => {
    for (const length of [65_530, 65_531, 65_532, 65_533, 200_000, 1_000_000]) {
      const reply = one(`250 ${"x".repeat(length)}\r\n250 next\r\n`.slice(0, length + 6))
      assert.strictEqual(reply.code, 250)
      assert.strictEqual(reply.text.length, Math.min(length, 65_532))
      assert.isUndefined(reply.defect)
    }
  })

  it("goes on with the next reply after an over-long line", () => {
    const { replies } = parse(`250 ${"x".repeat(300_000)}\r\n354 go\r\n`, [1, 100_000, 299_999])
    assert.deepStrictEqual(replies[1], { code: 354, text: "go" })
  })

  it("takes a reply of 1 MiB, and not one of a byte more", () => {
    const line = `250-${"x".repeat(1020)}`
    const lines = `${line}\n`.repeat(1023) + line.replace("-", " ")
    assert.strictEqual(lines.replaceAll("\n", "").length, 1_048_576)
    assert.strictEqual(one(`${lines}\n`).code, 250)
    for (const cuts of [[], [1], [1_048_575], [1_048_576, 1_048_577]]) {
      assert.deepStrictEqual(parse(`${lines}x\n`, cuts), { replies: [], ok: false, inside: true })
    }
  })

  it("keeps 64 KiB of the text of a reply, and the code of each of its lines", () => {
    const long = `250-${"x".repeat(40_000)}\n`
    assert.strictEqual(one(`${long}250-\n250 y\n`).text, `${"x".repeat(40_000)}\n\ny`)
    assert.strictEqual(one(`${long}${long}${long}250 y\n`).text, `${"x".repeat(40_000)}\n${"x".repeat(25_535)}`)
    assert.strictEqual(one(`${long}${long}${long}550 y\n`).defect, "codes differ between lines")
  })

  it("takes a reply of 10,000 lines, and not one of a line more", () => {
    assert.strictEqual(one(`${"250-\n".repeat(9_999)}250 \n`).text.length, 9_999)
    for (const cuts of [[], [1], [25_000], [49_999]]) {
      assert.deepStrictEqual(parse(`${"250-\n".repeat(10_000)}250 \n`, cuts), { replies: [], ok: false, inside: true })
    }
  })

  it("counts the limits for each reply anew", () => {
    const reply = `${"250-\r\n".repeat(6_000)}250 ${"x".repeat(600_000)}\r\n`
    const { ok, replies } = parse(reply.repeat(3))
    assert.isTrue(ok)
    assert.lengthOf(replies, 3)
  })

  it("gives the replies before an endless one", () => {
    const { ok, replies } = parse(`220 a\r\n250 b\r\n${"x".repeat(2_000_000)}`, [700, 900_000])
    assert.isFalse(ok)
    assert.deepStrictEqual(
      replies.map(({ code }) => code),
      [220, 250]
    )
  })

  /** How many characters a parser holds, in whatever field. */
  const held = (value: unknown): number =>
    typeof value === "string"
      ? value.length
      : Array.isArray(value)
        ? value.reduce<number>((sum, item) => sum + held(item), 0)
        : typeof value === "object" && value !== null
          ? held(Object.values(value))
          : 0

  const endless: ReadonlyArray<readonly [name: string, chunk: string, most: number]> = [
    ["a line without an end", "x".repeat(4096), 65_536],
    ["a line without an end, byte by byte", "x", 65_536],
    ["lines that announce another one", `250-${"x".repeat(4000)}\r\n`, 65_536],
    ["lines of nothing that announce another one", "250-\r\n", 65_536],
    ["over-long lines that announce another one", `250-${"x".repeat(100_000)}\r\n`, 2 * 65_536],
    ["carriage returns", "\r".repeat(8192), 65_536]
  ]
  for (const [name, chunk, most] of endless) {
    it(`gives up on a reply that has no end, in bounded memory: ${name}`, () => {
      const parser = ReplyParser.make()
      const bytes = bytesOf(chunk)
      let taken = 0
      let seen = 0
      while (parser.push(bytes, 0, bytes.length, () => assert.fail("no reply was completed"))) {
        taken += bytes.length
        if (taken - seen < 10_000) continue
        seen = taken
        assert.isAtMost(taken, 1_048_576 + 10_000)
        assert.isAtMost(held(parser), most + 100)
      }
      assert.isAtMost(held(parser), most + 100)
    })
  }
})

describe("what was said lately and is remembered", () => {
  // Many of one length, and alike at the beginning, in the middle or at the end: where a quick look would look.
  const similar = fc
    .tuple(
      fc.constantFrom("250 a", "250-a", "25a b", "550 a", "250 2.0.0 Ok: queued as ", "250 2.0.0 Ok; queued as "),
      fc.stringOf(fc.constantFrom("a", "b"), { minLength: 6, maxLength: 6 })
    )
    .map(([begin, end]) => `${begin}${end}z\r\n`)

  it("is never mistaken for what is said now, among replies that differ by a byte", () => {
    fc.assert(
      fc.property(fc.array(similar, { minLength: 1, maxLength: 40, size: "max" }), fc.boolean(), (lines, byByte) => {
        const input = lines.join("")
        const cuts = byByte ? [...input].map((_, index) => index) : []
        agree(input, cuts)
      }),
      { seed: 3, numRuns: 3_000 }
    )
  })

  it("is never mistaken among replies of every length around the longest that is remembered", () => {
    for (let round = 0; round < 2; round++) {
      for (let length = 0; length < 300; length++) {
        for (const fill of ["x", "y"]) {
          const input = `250 ${fill.repeat(length)}\r\n`
          assert.deepStrictEqual(one(input), { code: 250, text: fill.repeat(length) })
        }
      }
    }
  })

  it("does not answer for a line in the middle of a reply", () => {
    assert.deepStrictEqual(one("250 last\r\n"), { code: 250, text: "last" })
    assert.deepStrictEqual(parse("250-first\r\n250 last\r\n250 last\r\n").replies, [
      { code: 250, text: "first\nlast" },
      { code: 250, text: "last" }
    ])
  })

  it("does not answer for the rest of a line whose beginning came before", () => {
    assert.deepStrictEqual(one("250 Ok\r\n"), { code: 250, text: "Ok" })
    assert.deepStrictEqual(parse("550 not 250 Ok\r\n", [8]).replies, [{ code: 550, text: "not 250 Ok" }])
  })

  for (const [name, allocate] of [
    ["an array", (size: number) => new Uint8Array(size)],
    ["a Buffer, whose slices share its memory", (size: number) => Buffer.alloc(size)]
  ] as const) {
    it(`does not change when the chunk is used again: ${name}`, () => {
      const chunk = allocate(64)
      const said = (text: string) => {
        const replies: Array<Reply.Reply> = []
        chunk.set(bytesOf(text))
        ReplyParser.make().push(chunk, 0, text.length, (reply) => replies.push(reply))
        return replies
      }
      assert.deepStrictEqual(said("250 reused abc\r\n"), [{ code: 250, text: "reused abc" }])
      assert.deepStrictEqual(said("550 reused xbc\r\n"), [{ code: 550, text: "reused xbc" }])
      assert.deepStrictEqual(said("250 reused xbc\r\n"), [{ code: 250, text: "reused xbc" }])
      assert.deepStrictEqual(said("250 reused abc\r\n"), [{ code: 250, text: "reused abc" }])
    })
  }
})
