import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Address from "../../src/plan/Address.js"
import * as Message from "../../src/plan/Message.js"
import * as MessageParts from "../../src/plan/MessageParts.js"
import * as Plan from "../../src/plan/Plan.js"
import * as FilesInMemory from "./FilesInMemory.js"

const csv = 'name,mail,note\nAnn,ann@x,hello\nBob,bob@x,"two\nlines"\nEve,"eve@x\r\nBcc: all@x",a\rb\n'

const read = (input: Plan.PlanInput, contents: { readonly [path: string]: string | Uint8Array } = { "u.csv": csv }) =>
  Effect.provide(MessageParts.read(Plan.make(input)), FilesInMemory.layer(contents))

const problem = (...args: Parameters<typeof read>) =>
  Effect.map(Effect.flip(read(...args)), (error) => {
    assert.strictEqual(error._tag, "PartsUnusable")
    return error.message
  })

describe("reading what messages are made of", () => {
  it.effect("gives nothing where there is nothing to read or to check", () =>
    Effect.map(read({ subject: "{{x", headers: "X: 1" }), (parts) => assert.isUndefined(parts))
  )

  it.effect("gives the template, the rows, and how many these are", () =>
    Effect.gen(function* () {
      const parts = yield* read({ template: "t", data: "u.csv" }, { t: "{{row.name}}", "u.csv": csv })
      assert.strictEqual(parts?.template, "{{row.name}}")
      assert.strictEqual(parts?.rows, 3)
      assert.instanceOf(parts?.data?.buffer, SharedArrayBuffer)
    })
  )

  it.effect("gives the files to attach, encoded, and says which there is not", () =>
    Effect.gen(function* () {
      const input = { attach: ["10%: a.txt", "5k", "b.txt"] }
      const parts = yield* read(input, { "a.txt": "x", "b.txt": "yy" })
      assert.deepStrictEqual(
        parts?.attachments?.map((file) => file && Buffer.from(file).toString("latin1")),
        ["eA==", undefined, "eXk="]
      )
      assert.include(yield* problem(input, { "a.txt": "x" }), "--attach b.txt: no such file")
      assert.isUndefined(yield* read({ attach: "5k" }))
    })
  )

  for (const [name, input, contents, expected] of [
    ["a file that there is not", { template: "t" }, {}, "--template t: no such file"],
    ["a template that is not UTF-8", { template: "t" }, { t: Uint8Array.of(0xff) }, "--template t: not UTF-8"],
    [
      "a variable in a template",
      { template: "t" },
      { t: "a\n\n b {{nope}}" },
      "--template t: line 3, column 6: unknown variable {{nope}}"
    ],
    ["a variable in a header", { headers: "X: {{nope}}" }, {}, '--header "X: {{nope}}", column 6: unknown variable'],
    [
      "a variable in -S",
      { subject: "{{row.x}}", expand: true },
      {},
      '-S "{{row.x}}", column 3: {{row.x}} needs --data'
    ],
    [
      "a row that is short",
      { data: "u", headers: "X: {{row.a}}" },
      { u: "a,b\n1,2\n3" },
      "--data u: line 3: 1 cell, and the first row has 2"
    ],
    [
      "a line break for a header",
      { data: "u.csv", headers: "X: {{row.note}}" },
      { "u.csv": csv },
      '--data u.csv: line 3, column "note": holds a line break or a NUL'
    ],
    [
      "a line break for an address",
      { data: "u.csv", to: "{{row.mail}}", expand: true },
      { "u.csv": csv },
      '--data u.csv: line 5, column "mail": holds a line break or a NUL'
    ],
    [
      "an address with more than an address in it",
      { data: "u", to: "{{row.a}}", expand: true },
      { u: "a\nann@x\nBob <bob@x>\n" },
      '--data u: line 3, column "a": holds "<" or ">", between which an address is put: give the address alone'
    ],
    [
      "a line break for the headers of a template",
      { data: "u.csv", template: "t" },
      { "u.csv": csv, t: "To: {{row.mail}}\n\nHello" },
      '--data u.csv: line 5, column "mail": holds a line break or a NUL'
    ],
    [
      "a carriage return for the body of a template",
      { data: "u.csv", template: "t" },
      { "u.csv": csv, t: "To: {{row.name}}\n\n{{row.note}}" },
      '--data u.csv: line 5, column "note": holds a carriage return that no line feed follows'
    ]
  ] as const) {
    it.effect(`fails with a typed error: ${name}`, () =>
      Effect.map(problem(input, contents), (message) => assert.include(message, expected))
    )
  }

  it.effect("asks for the least that a cell is used for, and for the most where it is used twice", () =>
    Effect.gen(function* () {
      const contents = { u: "a\n<x>\n", t: "X: {{row.a}}\n\n{{row.a}}" }
      for (const input of [{ template: "t" }, { headers: "X: {{row.a}}" }, { subject: "{{row.a}}", expand: true }])
        assert.strictEqual((yield* read({ data: "u", ...input }, contents))?.rows, 1)
      for (const input of [{ template: "t" }, { headers: "X: {{row.a}}" }]) {
        const asked = { data: "u", from: "{{row.a}}", expand: true, ...input }
        assert.include(yield* problem(asked, contents), "give the address alone")
      }
    })
  )

  it.effect("lets a body have lines, and columns that nobody asks for hold anything", () =>
    read(
      { data: "u.csv", template: "t" },
      { "u.csv": 'name,note,x\nAnn,"two\r\nlines",\0\r\n', t: "To: {{row.name}}\n\n{{row.note}}" }
    )
  )
})

describe("messages with variables", () => {
  const content = (
    input: Plan.PlanInput,
    contents: { readonly [path: string]: string },
    messages: ReadonlyArray<number>
  ) =>
    Effect.gen(function* () {
      const plan = Plan.make(input)
      const parts = yield* read(input, contents)
      const identity = { helloName: "me.example", runId: "run", startedAt: new Date(0), seed: plan.seed ?? "run" }
      const values = MessageParts.values(plan, identity, parts)
      const addresses = Address.make(plan, "me.example", identity.seed, values)
      const contentOf = Message.make(plan, addresses, identity, { template: parts?.template, values })
      return messages.map((message) => ({
        mail: addresses.mail(message),
        rcpts: addresses.rcpts(message),
        to: addresses.to(message),
        content: contentOf(message).head
      }))
    })

  const rows = "name,mail\nAnn,ann@x\nBob,bob@x\nÉve,eve@x\n"

  it.effect("have the row of each message in every place, and go round", () =>
    Effect.gen(function* () {
      const all = yield* content(
        {
          data: "u",
          expand: true,
          to: "{{row.mail}}",
          from: "b+{{message}}@y",
          subject: "for {{row.name}}",
          seed: "x"
        },
        { u: rows },
        [0, 1, 2, 3]
      )
      assert.deepStrictEqual(
        all.map(({ mail }) => mail),
        [0, 1, 2, 3].map((message) => `MAIL FROM:<b+${message}@y>\r\n`)
      )
      assert.deepStrictEqual(
        all.map(({ rcpts }) => rcpts),
        ["ann", "bob", "eve", "ann"].map((name) => [`RCPT TO:<${name}@x>\r\n`])
      )
      assert.include(all[0]!.content, "From: <b+0@y>\r\nTo: <ann@x>\r\n")
      assert.include(all[2]!.content, "\r\nSubject: for \xc3\x89ve\r\n\r\nLa de da")
      assert.match(all[1]!.content, /\r\nMessage-Id: <run\.00000001@me\.example>\r\n/)
    })
  )

  it.effect("have numbered recipients as always, after expansion", () =>
    Effect.gen(function* () {
      const plain = { data: "u", expand: true, to: "{{row.mail}}", recipients: 2 } as const
      const rcpts = (input: Plan.PlanInput) =>
        Effect.map(content(input, { u: rows }, [1]), ([only]) => only!.rcpts.map((rcpt) => rcpt.slice(9, -3)))
      assert.deepStrictEqual(yield* rcpts(plain), ["2bob@x", "bob@x"])
      assert.deepStrictEqual(yield* rcpts({ ...plain, numberRecipients: true }), ["3bob@x", "4bob@x"])
      assert.deepStrictEqual(yield* rcpts({ ...plain, numbering: "append" }), ["bob2@x", "bob3@x"])
    })
  )

  it.effect("without --expand, braces are braces", () =>
    Effect.map(content({ subject: "{{number}}", headers: "X: {{number}}", to: "{{x}}@y" }, {}, [4]), ([only]) => {
      assert.include(only!.content, "X: 5\r\n")
      assert.include(only!.content, "Subject: {{number}}\r\n")
      assert.deepStrictEqual(only!.rcpts, ["RCPT TO:<{{x}}@y>\r\n"])
    })
  )

  it.effect("shuffle gives each row once in a round", () =>
    Effect.gen(function* () {
      const plan = { data: "u", dataOrder: "shuffle", headers: "X: {{row.name}}" } as const
      const all = yield* content(plan, { u: rows }, [0, 1, 2])
      assert.strictEqual(new Set(all.map(({ content }) => content.split("\r\n")[0])).size, 3)
    })
  )

  it("are as many as there are rows, with --once", () => {
    const messages = (input: Plan.PlanInput) =>
      MessageParts.bounded(Plan.make({ data: "u", headers: "X: {{row.a}}", ...input }), { rows: 3 }).messages
    assert.strictEqual(messages({ once: true }), 3)
    assert.strictEqual(messages({ once: true, messages: 2 }), 2)
    assert.strictEqual(messages({ once: true, messages: 5 }), 3)
    assert.isUndefined(messages({}))
  })

  it.effect("whose header begins with one have its dots before dots, as DATA and as BDAT need them", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ data: "u", headers: "{{row.name}}.x: y" })
      const parts = yield* read({ data: "u", headers: "{{row.name}}.x: y" }, { u: "name,b\na,1\n.,1\n,1\n" })
      const identity = { helloName: "me.example", runId: "run", startedAt: new Date(0), seed: "run" }
      const values = MessageParts.values(plan, identity, parts)
      const addresses = Address.make(plan, "me.example", identity.seed, values)
      const tops = (goes: "with a dot" | "in chunks") => {
        const contentOf = Message.make(plan, addresses, identity, { values, goes })
        return [0, 1, 2].map((message) => contentOf(message).head.split("\r\n")[0])
      }
      assert.deepStrictEqual(tops("with a dot"), ["a.x: y", "...x: y", "..x: y"])
      assert.deepStrictEqual(tops("in chunks"), ["a.x: y", "..x: y", ".x: y"])
    })
  )

  it.effect("are those of the README's files", () =>
    Effect.gen(function* () {
      const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8")
      const [, people = "", order = ""] =
        /`people\.csv` may be:?\n\n```\n(.*?)```.*?`order\.eml` may be:?\n\n```\n(.*?)```/s.exec(readme) ?? []
      const all = yield* content(
        { data: "people.csv", template: "order.eml", to: "{{row.mail}}", expand: true },
        { "people.csv": people, "order.eml": order },
        [0, 1]
      )
      assert.deepStrictEqual(
        all.map(({ rcpts }) => rcpts),
        [["RCPT TO:<ann@example.com>\r\n"], ["RCPT TO:<bob@example.com>\r\n"]]
      )
      assert.match(
        all[1]!.content,
        /^To: Bob <bob@example\.com>\r\n.*^Dear Bob, thank you for your order of \d (books|cups)\.\r\n/ms
      )
    })
  )
})
