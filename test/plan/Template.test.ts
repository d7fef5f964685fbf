import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Stuffing from "../../src/plan/Stuffing.js"
import * as MessageTemplate from "../../src/plan/MessageTemplate.js"
import * as Template from "../../src/plan/Template.js"

const startedAt = new Date(Date.UTC(2026, 10, 22, 13, 11, 20))

const cells = [
  ["Ann", "two\nlines", ""],
  ["Bob", ".dot", "x"]
]

const values: Template.Values = {
  seed: "seed",
  runId: "run",
  helloName: "me.example",
  startedAt,
  envelope: { from: (message) => `from${message}@x`, to: () => "to@x", recipient: (message) => `${message}to@x` },
  rows: { names: ["name", "note", "empty"], cells: (message) => cells[message % 2]! }
}

const texts = (template: string, count = 1, over: Partial<Template.Values> = {}): ReadonlyArray<string> => {
  const read = Template.parse(template, "place", { ...values, ...over })
  if (Either.isLeft(read)) return assert.fail(`${read.left.line}:${read.left.column}: ${read.left.reason}`)
  return Array.from({ length: count }, (_, message) => Template.render(read.right.parts)(message))
}

const problem = (template: string, over: Partial<Template.Values> = {}) =>
  Either.match(Template.parse(template, "place", { ...values, ...over }), {
    onLeft: ({ column, line, reason }) => `${line}:${column}: ${reason}`,
    onRight: () => "none"
  })

describe("variables", () => {
  for (const [template, text] of [
    ["no variables { } }} {", "no variables { } }} {"],
    ["{{message}} {{ number }}", "0 1"],
    ["{{run}} {{helo}}", "run me.example"],
    ["{{from}} {{to}} {{recipient}}", "from0@x to@x 0to@x"],
    ["{{date}}", "Sun, 22 Nov 2026 13:11:20 +0000 (UTC)"],
    ["{{date iso}}", "2026-11-22T13:11:20.000Z"],
    [
      "{{date iso + 1d}} {{date iso - 2h}} {{date iso+90s}}",
      "2026-11-23T13:11:20.000Z 2026-11-22T11:11:20.000Z 2026-11-22T13:12:50.000Z"
    ],
    ["{{date + 1w}}", "Sun, 29 Nov 2026 13:11:20 +0000 (UTC)"],
    ["{{row.name}}/{{row.empty}}", "Ann/"],
    ["{{{{message}} {{{{", "{{message}} {{"],
    ["é {{pick ü|ü}}", "\xc3\xa9 \xc3\xbc"]
  ] as const) {
    it(`are replaced: ${template}`, () => assert.deepStrictEqual(texts(template), [text]))
  }

  it("are drawn within their bounds, and all of it", () => {
    const numbers = texts("{{int 3..7}}", 500).map(Number)
    assert.deepStrictEqual([...new Set(numbers)].sort(), [3, 4, 5, 6, 7])
    assert.deepStrictEqual([...new Set(texts("{{pick a|b b| c}}", 200))].sort(), ["a", "b b", "c"])
    for (const text of texts("{{hex 11}}", 50)) assert.match(text, /^[0-9a-f]{11}$/)
    for (const text of texts("{{words 5}}", 50)) assert.match(text, /^[a-z]+( [a-z]+){4}$/)
  })

  it("uuid is one of version 4, another one in each message", () => {
    const all = texts("{{uuid}}", 1000)
    for (const text of all) assert.match(text, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.strictEqual(new Set(all).size, 1000)
  })

  it("are the same for the same seed, and others for another one, another place, and a second time", () => {
    assert.deepStrictEqual(texts("{{hex 8}}", 20), texts("{{hex 8}}", 20))
    assert.notDeepEqual(texts("{{hex 8}}", 20), texts("{{hex 8}}", 20, { seed: "other" }))
    const elsewhere = Either.getOrThrow(Template.parse("{{hex 8}}", "elsewhere", values))
    assert.notStrictEqual(Template.render(elsewhere.parts)(0), texts("{{hex 8}}")[0])
    for (const text of texts("{{hex 8}} {{hex 8}}", 20)) assert.notStrictEqual(text.slice(0, 8), text.slice(9))
  })

  it("that are added change no other", () => {
    const [a, b] = [texts("{{hex 8}} {{int 1..100}}", 20), texts("{{uuid}} {{hex 8}} {{words 3}} {{int 1..100}}", 20)]
    for (const [index, text] of a.entries()) {
      const [hex, int] = text.split(" ")
      assert.include(b[index]!.split(" "), hex)
      assert.strictEqual(b[index]!.split(" ").at(-1), int)
    }
  })
})

describe("a template that is wrong", () => {
  for (const [template, reason] of [
    ["a\nb {{ nope }}", "2:6: unknown variable {{nope}}"],
    ["{{}}", "1:3: unknown variable {{}}"],
    ["{{message 3}}", "1:3: unknown variable {{message 3}}"],
    ["{{session}}", "1:3: unknown variable {{session}}"],
    ["\n\n  {{message", '3:3: "{{" without "}}" on its line'],
    ["{{message\n}}", '1:1: "{{" without "}}" on its line'],
    ["{{hex}}", "1:3: hex needs a number of digits from 1 to 256"],
    ["{{hex 257}}", "1:3: hex needs"],
    ["{{int 5}}", "1:3: int needs two numbers"],
    ["{{int 5..1}}", "1:3: int needs two numbers"],
    ["{{words 0}}", "1:3: words needs a number"],
    ["{{pick a}}", "1:3: pick needs two texts"],
    ["{{date + 1y}}", "1:3: date is written as in"],
    ["{{date tomorrow}}", "1:3: date is written as in"],
    ["{{row.nome}}", '1:3: no column "nome": there are name, note, empty']
  ] as const) {
    it(`says where, and what: ${JSON.stringify(template)}`, () => assert.include(problem(template), reason))
  }

  it("asks for rows that there are not, or for the envelope in an address", () => {
    assert.strictEqual(problem("{{row.name}}", { rows: undefined }), "1:3: {{row.name}} needs --data")
    assert.strictEqual(problem("{{to}}", { envelope: undefined }), "1:3: {{to}} cannot be in an address")
  })

  it("fails in no other way, whatever is in it; and what is read can be rendered", () => {
    const words = [
      "{{",
      "}}",
      "{",
      "}",
      "\n",
      " ",
      "message",
      "hex ",
      "4",
      "int ",
      "1..2",
      "date",
      "+ 1d",
      "pick ",
      "|",
      "row.",
      "name",
      "\r",
      "é"
    ]
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((parts) => parts.join("")),
        (template) => {
          const read = Template.parse(template, "place", values)
          if (Either.isRight(read)) {
            assert.notMatch(Template.render(read.right.parts)(1), /[^\0-\xff]/)
            return
          }
          const lines = template.split("\n")
          assert.isAtMost(read.left.line, lines.length)
          assert.isAtMost(read.left.column, lines[read.left.line - 1]!.length + 1)
        }
      ),
      { seed: 1, numRuns: 5_000 }
    )
  })
})

describe("a message from a template", () => {
  const content = (template: string, message: number, top = "") => {
    const read = Either.getOrThrow(MessageTemplate.parse(template, values))
    const { body, head } = MessageTemplate.render(read, () => top)(message)
    return head + (body === undefined ? "" : Buffer.from(body).toString("latin1"))
  }

  it("is what stuffing makes of the text with its values, whatever begins a line", () => {
    const words = [
      "\n",
      "\r\n",
      ".",
      "a",
      "{{row.name}}",
      "{{row.note}}",
      "{{row.empty}}",
      "{{message}}",
      "{{pick .|..}}",
      "{{{{"
    ]
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words), { maxLength: 16, size: "max" }).map((parts) => parts.join("")),
        fc.constantFrom(0, 1),
        (template, message) => {
          const text = texts(template.replaceAll("\r\n", "\n"), 2)
          // The same place, so that what is drawn is the same.
          const read = Either.getOrThrow(Template.parse(template.replaceAll("\r\n", "\n"), "template", values))
          const plain = Template.render(read.parts)(message)
          assert.isAbove(text.length, 0)
          const lines = Either.getOrThrow(Stuffing.lines(plain))
          assert.strictEqual(content(template, message), `${lines}.\r\n`)
        }
      ),
      { seed: 2, numRuns: 5_000 }
    )
  })

  it("has a long constant end that all messages share", () => {
    const read = Either.getOrThrow(MessageTemplate.parse(`Subject: {{number}}\n\n${".x\n".repeat(20_000)}`, values))
    const contentOf = MessageTemplate.render(read, () => "X-One: 1\r\n")
    assert.strictEqual(contentOf(0).head, "X-One: 1\r\nSubject: 1")
    assert.strictEqual(contentOf(0).body, contentOf(1).body)
    assert.strictEqual(Buffer.from(contentOf(0).body!).toString(), `\r\n\r\n${"..x\r\n".repeat(20_000)}.\r\n`)
  })

  it("has no bare carriage return", () => {
    const told = MessageTemplate.parse("a\nb\rc", values)
    assert.deepStrictEqual(
      told,
      Either.left({ line: 2, column: 2, reason: "a carriage return that no line feed follows" })
    )
  })
})
