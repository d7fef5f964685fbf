import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Address from "../../src/plan/Address.js"
import * as HeaderDate from "../../src/plan/HeaderDate.js"
import * as Message from "../../src/plan/Message.js"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Plan from "../../src/plan/Plan.js"

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"))

/** What a server makes of the bytes after 354 (RFC 5321 §4.5.2): the lines, without their ends, and without stuffed dots. */
const unstuffed = (content: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let rest = content
  while (true) {
    const end = rest.indexOf("\r\n")
    if (end < 0) assert.fail("the content does not end in a dot on a line of its own")
    const line = rest.slice(0, end)
    rest = rest.slice(end + 2)
    if (line === ".") {
      assert.strictEqual(rest, "", "something follows the final dot")
      return lines
    }
    lines.push(line.startsWith(".") ? line.slice(1) : line)
  }
}

const stuffed = (file: string): string => {
  const result = MessageFile.stuff(bytesOf(file))
  if (Either.isLeft(result)) assert.fail(`refused at line ${result.left}`)
  return latin1(result.right)
}

const startedAt = new Date(Date.UTC(2026, 10, 22, 13, 11, 20))

const contents = (
  input: Plan.PlanInput,
  messages: ReadonlyArray<number>,
  options: { readonly runId?: string; readonly helloName?: string; readonly file?: Uint8Array } = {}
): ReadonlyArray<string> => {
  const { file, helloName = "me.example", runId = "run" } = options
  const plan = Plan.make(input)
  const contentOf = Message.make(plan, Address.make(plan, helloName, "seed"), { helloName, runId, startedAt }, { file })
  return messages.map((message) => {
    const { body, head } = contentOf(message)
    return head + (body === undefined ? "" : latin1(body))
  })
}

const only = (input: Plan.PlanInput, options?: Parameters<typeof contents>[2]): string =>
  contents(input, [0], options)[0]!

const body = (content: string): string => content.slice(content.indexOf("\r\n\r\n") + 4)

const defaultBody = "La de da de da 1.\r\nLa de da de da 2.\r\nLa de da de da 3.\r\nLa de da de da 4.\r\n.\r\n"

describe("generated", () => {
  it("is four lines and the final dot by default (S8.4)", () => {
    assert.strictEqual(latin1(Message.generated(undefined)), defaultBody)
  })

  it("is eighty X for -l 80, and two full lines and five X for -l 165 (S8.4)", () => {
    const line = (digit: number) => `${digit}${"X".repeat(77)}\r\n`
    assert.strictEqual(latin1(Message.generated(80)), `${"X".repeat(80)}\r\n.\r\n`)
    assert.strictEqual(latin1(Message.generated(165)), `${line(1)}${line(2)}XXXXX\r\n.\r\n`)
  })

  // The rule of S8.4, word for word.
  const rule = (length: number): string => {
    const full = Math.floor((length - 1) / 80)
    let text = ""
    for (let line = 1; line <= full; line++) text += `${line % 10}${"X".repeat(77)}\r\n`
    return `${text}${"X".repeat(length - 80 * full)}\r\n.\r\n`
  }

  it("is exactly so many bytes before the last line's end, for every length around the ends of lines (S8.4)", () => {
    for (const length of [
      1, 2, 77, 78, 79, 80, 81, 82, 159, 160, 161, 162, 240, 241, 800, 801, 880, 881, 10_240, 100_001
    ]) {
      const text = latin1(Message.generated(length))
      assert.strictEqual(text, rule(length), String(length))
      assert.lengthOf(text, length + 5)
    }
  })

  it("numbers the tenth line 0 and begins anew", () => {
    const starts = latin1(Message.generated(80 * 12 + 1))
      .split("\r\n")
      .map((line) => line[0])
    assert.deepStrictEqual(starts.slice(0, 13), [..."123456789012X"])
  })

  it("is the body after the headers, which do not count (S8.4)", () => {
    assert.strictEqual(body(only({ length: 165 })), rule(165))
    assert.strictEqual(body(only({ length: 100_000 })), rule(100_000))
  })
})

describe("headers", () => {
  it("come in the original's order and form (S8.1, S8.2, S8.3)", () => {
    const lines = only({ from: "me@x", to: "you@y", subject: "hello" }, { runId: "4b1d.1" }).split("\r\n")
    assert.deepStrictEqual(lines.slice(0, 2), ["From: <me@x>", "To: <you@y>"])
    assert.match(lines[2]!, /^Date: [A-Z][a-z]{2}, [ \d]\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}( \(UTC\))?$/)
    assert.strictEqual(lines[2], `Date: ${HeaderDate.format(startedAt)}`)
    assert.match(lines[3]!, /^Message-Id: <4b1d\.1\.[0-9a-f]+@me\.example>$/)
    assert.deepStrictEqual(lines.slice(4, 6), ["Subject: hello", ""])
    assert.strictEqual(lines.slice(6).join("\r\n"), defaultBody)
  })

  it("have no Subject: without -S (S8.1)", () => {
    assert.notInclude(only({}), "Subject")
    assert.include(only({ subject: "" }), "\r\nSubject: \r\n\r\n")
  })

  it("name the null sender as an empty path (S1.11)", () => {
    assert.isTrue(only({ from: "" }).startsWith("From: <>\r\nTo: <foo@me.example>\r\n"))
  })

  it("name in To: what Address says, for each message", () => {
    const input = { to: "bob@x", recipients: 2, numbering: "append" } as const
    assert.deepStrictEqual(
      contents(input, [0, 1, 7]).map((content) => content.split("\r\n")[1]),
      ["To: <bob1@x>", "To: <bob3@x>", "To: <bob15@x>"]
    )
    assert.deepStrictEqual(
      contents({ to: "bob@x", numberRecipients: true }, [0, 7]).map((content) => content.split("\r\n")[1]),
      ["To: <bob@x>", "To: <bob@x>"]
    )
  })

  it("go out as UTF-8", () => {
    const content = only({ from: "é@x", to: "ü@y", subject: "漢" })
    assert.isTrue(content.startsWith("From: <\xc3\xa9@x>\r\nTo: <\xc3\xbc@y>\r\n"))
    assert.include(content, `Subject: ${Buffer.from("漢", "utf8").toString("latin1")}\r\n`)
  })

  it("have a Message-Id of their own in every message, run and host", () => {
    const id = (content: string) => /^Message-Id: (<[^<>@\s]+@[^<>@\s]+>)\r$/m.exec(content)?.[1]
    const messages = [0, 1, 2, 9, 10, 15, 16, 17, 255, 256, 4096, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40]
    const ids = [
      ...contents({}, messages),
      ...contents({}, messages, { runId: "run2" }),
      ...contents({}, messages, { helloName: "other.example" })
    ].map(id)
    assert.notInclude(ids, undefined)
    assert.strictEqual(new Set(ids).size, messages.length * 3)
  })

  it("are the same when the message is made again", () => {
    assert.deepStrictEqual(contents({ length: 10 }, [3, 1, 3]), contents({ length: 10 }, [3, 1, 3]))
    const [a, , b] = contents({}, [3, 1, 3])
    assert.strictEqual(a, b)
  })

  it("and the empty line after them are left out with -o (S8.6)", () => {
    assert.strictEqual(only({ bare: true, subject: "x" }), defaultBody)
    assert.strictEqual(only({ bare: true, length: 3 }), "XXX\r\n.\r\n")
  })
})

describe("a date", () => {
  const zoned = (minutesAhead: number, year: number, month: number, ...rest: ReadonlyArray<number>): Date => {
    const [day = 1, hour = 0, minute = 0, second = 0] = rest
    const date = new Date(year, month - 1, day, hour, minute, second)
    return Object.assign(date, { getTimezoneOffset: () => -minutesAhead })
  }

  it("names the zone by its distance from UTC, and UTC by its name too (S8.2)", () => {
    assert.strictEqual(HeaderDate.format(zoned(0, 2026, 11, 22, 13, 11, 20)), "Sun, 22 Nov 2026 13:11:20 +0000 (UTC)")
    assert.strictEqual(HeaderDate.format(zoned(60, 2026, 11, 22, 13, 11, 20)), "Sun, 22 Nov 2026 13:11:20 +0100")
    assert.strictEqual(HeaderDate.format(zoned(330, 2024, 2, 29, 23, 59, 59)), "Thu, 29 Feb 2024 23:59:59 +0530")
    assert.strictEqual(HeaderDate.format(zoned(-210, 2024, 12, 31)), "Tue, 31 Dec 2024 00:00:00 -0330")
    assert.strictEqual(HeaderDate.format(zoned(-720, 2024, 1, 1, 1, 2, 3)), "Mon,  1 Jan 2024 01:02:03 -1200")
  })

  it("pads days before the tenth with a space, as Postfix 3.7 does (S14)", () => {
    assert.strictEqual(HeaderDate.format(zoned(0, 2026, 11, 9)), "Mon,  9 Nov 2026 00:00:00 +0000 (UTC)")
    assert.strictEqual(HeaderDate.format(zoned(0, 2026, 11, 10)), "Tue, 10 Nov 2026 00:00:00 +0000 (UTC)")
  })

  it("is the moment that Date reads back, to the second", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (second) => {
        const text = HeaderDate.format(new Date(second * 1000))
        assert.strictEqual(Date.parse(text.replace(" (UTC)", "")), second * 1000)
      }),
      { seed: 1, numRuns: 1_000 }
    )
  })
})

describe("stuff", () => {
  const table: ReadonlyArray<readonly [name: string, file: string, content: string]> = [
    ["lines that end in LF", "a\nb\n", "a\r\nb\r\n.\r\n"],
    ["lines that end in CRLF", "a\r\nb\r\n", "a\r\nb\r\n.\r\n"],
    ["a last line without an end", "a\nb", "a\r\nb\r\n.\r\n"],
    ["nothing", "", ".\r\n"],
    ["one empty line", "\n", "\r\n.\r\n"],
    ["no line more than there is", "a\n\n", "a\r\n\r\n.\r\n"],
    ["a dot alone", ".", "..\r\n.\r\n"],
    ["a line of a dot", ".\n", "..\r\n.\r\n"],
    ["a line of a dot, with CRLF", "a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"],
    ["dots at the beginning of lines alone", "..\n.a\na.\n", "...\r\n..a\r\na.\r\n.\r\n"],
    ["NUL and 8-bit bytes", "\0\xff\n", "\0\xff\r\n.\r\n"],
    ["a line of more than 998 bytes", "x".repeat(2000), `${"x".repeat(2000)}\r\n.\r\n`]
  ]
  for (const [name, file, content] of table) {
    it(`makes a file's lines ready for DATA (S8.5): ${name}`, () => assert.strictEqual(stuffed(file), content))
  }

  for (const [file, line] of [
    ["\r", 1],
    ["a\rb\n", 1],
    ["a\n\r\r\n", 2],
    ["a\r\nb\r\nc\r", 3],
    ["a\nb\n\n.\r.\n", 4],
    ["a\r\r\n", 1]
  ] as const) {
    it(`refuses a carriage return that no line feed follows, and names its line: ${JSON.stringify(file)}`, () => {
      assert.deepStrictEqual(MessageFile.stuff(bytesOf(file)), Either.left(line))
    })
  }

  const fileOf = fc
    .array(
      fc.tuple(
        fc.array(fc.constantFrom(".", "a", "\0", "\xff", ".."), { maxLength: 5 }).map((parts) => parts.join("")),
        fc.constantFrom("\n", "\r\n")
      ),
      { maxLength: 20, size: "max" }
    )
    .chain((lines) =>
      fc.constantFrom("", ".", "x", "..").map((last) => ({
        file: lines.map(([line, end]) => line + end).join("") + last,
        lines: [...lines.map(([line]) => line), ...(last === "" ? [] : [last])]
      }))
    )

  it("sends the file's lines and nothing else: a server reads them back", () => {
    fc.assert(
      fc.property(fileOf, ({ file, lines }) => {
        assert.deepStrictEqual(unstuffed(stuffed(file)), lines)
      }),
      { seed: 1, numRuns: 3_000 }
    )
  })

  it("leaves no bare CR and no bare LF, whatever the file: it is refused, or in order (CVE-2023-51764)", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("\r", "\n", ".", "a"), { maxLength: 40, size: "max" }), (parts) => {
        const file = parts.join("")
        const result = MessageFile.stuff(bytesOf(file))
        assert.strictEqual(Either.isLeft(result), /\r(?!\n)/.test(file))
        if (Either.isLeft(result)) return
        const content = latin1(result.right)
        assert.notMatch(content.replaceAll("\r\n", ""), /[\r\n]/)
        assert.isTrue(content === ".\r\n" || content.endsWith("\r\n.\r\n"))
        unstuffed(content)
      }),
      { seed: 2, numRuns: 5_000 }
    )
  })

  it("fills exactly the memory that it asks for", () => {
    fc.assert(
      fc.property(fileOf, ({ file }) => {
        const asked: Array<number> = []
        const result = MessageFile.stuff(bytesOf(file), (size) => {
          asked.push(size)
          return new Uint8Array(size).fill(35)
        })
        assert.deepStrictEqual(asked, [Either.getOrThrow(result).length])
        assert.strictEqual(latin1(Either.getOrThrow(result)), stuffed(file))
      }),
      { seed: 3, numRuns: 500 }
    )
  })
})

describe("a file's content (-F)", () => {
  it("goes out as it is, with no header of ours (S8.5)", () => {
    const file = bytesOf("Subject: x\r\n\r\nbody\r\n.\r\n")
    assert.deepStrictEqual(contents({ file: "name", subject: "ignored" }, [0, 1], { file }), [
      latin1(file),
      latin1(file)
    ])
  })

  it("may be empty: an empty message, and not the default body", () => {
    assert.strictEqual(only({ file: "name" }, { file: bytesOf(".\r\n") }), ".\r\n")
  })

  it("is not copied for each message when it is large", () => {
    const file = bytesOf(`${"x".repeat(100_000)}\r\n.\r\n`)
    const plan = Plan.make({ file: "name" })
    const identity = { helloName: "me", runId: "run", startedAt }
    const contentOf = Message.make(plan, Address.make(plan, "me", "seed"), identity, { file })
    assert.strictEqual(contentOf(0).body, file)
    assert.strictEqual(contentOf(1).body, file)
  })

  it("is the same whether head and body go out as one or apart", () => {
    for (const length of [16_370, 16_379, 16_380, 16_384, 16_385, 20_000]) {
      assert.strictEqual(body(only({ length })), latin1(Message.generated(length)), String(length))
    }
  })
})

/** What today's and tomorrow's code must come to, written as one would in a shell. */
const contentOf = (file: string): string | undefined => {
  if (/\r(?!\n)/.test(file)) return undefined
  const lines = file.replaceAll("\r\n", "\n").split("\n")
  if (lines.at(-1) === "") lines.pop()
  return `${lines.map((line) => `${line.startsWith(".") ? "." : ""}${line}\r\n`).join("")}.\r\n`
}

interface Stored {
  readonly type?: FileSystem.File.Type | undefined
  /** What is in it, each time that it is read from its start. */
  readonly contents: ReadonlyArray<string>
  /** How many bytes a read gives, in turns; as many as fit, where there are none. */
  readonly pieces?: ReadonlyArray<number> | undefined
}

const fileSystem = (files: { readonly [path: string]: Stored }) => {
  const missing = (method: string, path: string) =>
    new SystemError({
      reason: "NotFound",
      module: "FileSystem",
      method,
      pathOrDescriptor: path,
      description: "No such file or directory"
    })
  const find = (method: string, path: string) =>
    Effect.suspend(() => Effect.fromNullable(files[path])).pipe(Effect.mapError(() => missing(method, path)))
  const opened = ({ contents, pieces = [] }: Stored) => {
    let turn = 0
    let round = 0
    let position = 0
    return {
      seek: () =>
        Effect.sync(() => {
          round++
          position = 0
        }),
      read: (buffer: Uint8Array) =>
        Effect.sync(() => {
          const most = pieces.length === 0 ? buffer.length : pieces[turn++ % pieces.length]!
          const bytes = bytesOf(
            contents[round % contents.length]!.slice(position, position + Math.min(most, buffer.length))
          )
          buffer.set(bytes)
          position += bytes.length
          return FileSystem.Size(bytes.length)
        })
    }
  }
  return FileSystem.layerNoop({
    // What is asked of a file is no more than this.
    open: (path) => Effect.map(find("open", path), (file) => opened(file) as unknown as FileSystem.File),
    readFile: (path) => Effect.map(find("readFile", path), ({ contents }) => bytesOf(contents[0]!)),
    stat: (path) => Effect.map(find("stat", path), ({ type = "File" }) => ({ type }) as unknown as FileSystem.File.Info)
  })
}

const readOf = (file: string, stored: Stored) =>
  Effect.provide(MessageFile.read(Plan.make({ file })), fileSystem({ [file]: stored }))

describe("reading a file (-F)", () => {
  it.effect("gives nothing where the plan names none", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* MessageFile.read(Plan.make({})))
    }).pipe(Effect.provide(fileSystem({})))
  )

  it.effect("gives the lines, ready for DATA, in memory that threads can share", () =>
    Effect.gen(function* () {
      const content = yield* readOf("mail", { contents: ["a\n."] })
      assert.strictEqual(latin1(content!), "a\r\n..\r\n.\r\n")
      assert.instanceOf(content!.buffer, SharedArrayBuffer)
    })
  )

  it.effect("tells an empty file from none", () =>
    Effect.gen(function* () {
      assert.strictEqual(latin1((yield* readOf("empty", { contents: [""] }))!), ".\r\n")
    })
  )

  it.effect("names the file and what is wrong with it", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(MessageFile.read(Plan.make({ file: "no\nfile" })))
      assert.strictEqual(missing._tag, "FileUnusable")
      assert.strictEqual(missing.message, "-F no\\x0afile: No such file or directory")
      for (const type of ["File", "FIFO"] as const) {
        const bare = yield* Effect.flip(readOf("bare", { type, contents: ["a\nb\rc\n"] }))
        assert.match(bare.message, /^-F bare: line 2 holds a carriage return that no line feed follows/)
      }
    }).pipe(Effect.provide(fileSystem({})))
  )

  it.effect("comes to the same for any pieces and any ends of lines, and for what can be read only once", () => {
    const file = fc
      .array(fc.constantFrom("\r\n", "\n", "\r\n.", "\n.", ".", "a", "\xff", "\r"), { maxLength: 30, size: "max" })
      .map((parts) => parts.join(""))
    const pieces = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 7 })
    const property = fc.asyncProperty(file, pieces, async (content, sizes) => {
      const reads = [
        { contents: [content], pieces: sizes },
        { contents: [content], type: "FIFO" }
      ] as const
      for (const stored of reads) {
        const told = await Effect.runPromise(Effect.either(readOf("mail", stored)))
        assert.strictEqual(Either.isLeft(told) ? undefined : latin1(told.right!), contentOf(content))
        const line = content.slice(0, content.search(/\r(?!\n)/)).split("\n").length
        if (Either.isLeft(told)) assert.include(told.left.message, `: line ${line} holds a carriage return`)
      }
    })
    return Effect.promise(() => fc.assert(property, { numRuns: 200 }))
  })

  it.effect("goes through a large one in pieces", () =>
    Effect.gen(function* () {
      const file = ".\nline\n".repeat(100_000)
      assert.strictEqual(latin1((yield* readOf("large", { contents: [file] }))!), contentOf(file))
    })
  )

  for (const [name, first, second] of [
    ["longer", "a\nb\n", "a\nb\nc\n"],
    ["shorter", "a\nb\n", "a\n"],
    ["another with a bare CR", "a\nb\n", "a\rbc"],
    ["another that ends in a CR", "a\nb", "a\n\r"],
    ["another that takes more room", "a\r\n", ".\n\n"]
  ] as const) {
    it.effect(`refuses one that becomes ${name} meanwhile`, () =>
      Effect.gen(function* () {
        for (const pieces of [[], [1]]) {
          const { message } = yield* Effect.flip(readOf("mail", { contents: [first, second], pieces }))
          assert.strictEqual(message, "-F mail: changed while it was read")
        }
      })
    )
  }
})
