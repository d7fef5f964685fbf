import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Address from "../../src/plan/Address.js"
import * as Rewrite from "../../src/plan/Rewrite.js"
import * as Corpus from "../../src/plan/Corpus.js"
import * as CorpusFiles from "../../src/plan/CorpusFiles.js"
import type * as CorpusItem from "../../src/plan/CorpusItem.js"
import * as CorpusReader from "../../src/plan/CorpusReader.js"
import type { CorpusStore } from "../../src/plan/CorpusStore.js"
import * as Mbox from "../../src/plan/Mbox.js"
import * as Message from "../../src/plan/Message.js"
import * as Plan from "../../src/plan/Plan.js"
import type { Content } from "../../src/smtp/Wire.js"

const split = (text: string, kind: Mbox.Kind = "auto") =>
  Array.from(Mbox.messages(Buffer.from(text, "latin1"), kind), (message) => message.toString("latin1"))

const between = "From me@example.com Thu Nov 26 13:11:20 2026"

/** Bodies that are easily cut at the wrong place. */
const bodies = [
  "plain\n",
  "From here on, no time and no year\n",
  "\nFrom here on, after an empty line\n",
  "\n\nFrom 2026, but no time\n",
  ">From quoted\n>>From twice\n",
  "ends in empty lines\n\n\n",
  "\xff\0 bytes\n",
  ".\n..\n",
  "no end"
]

const nasty = bodies.flatMap((body) => bodies.map((other) => [body, other] as const))

describe("the messages of an mbox", () => {
  const message = (body: string, headers = "") => `Subject: x\n${headers}\n${body}`
  /** As a mail program appends it: an empty line after it, and an end of its last line before that. */
  const stored = (text: string) => `${between}\n${text}${text.endsWith("\n") ? "" : "\n"}\n`

  it("are what was put there, in mboxo and by default, if no line of a body is one between messages", () => {
    for (const kind of ["auto", "mboxo"] as const) {
      for (const [a, b] of nasty) {
        const texts = [message(a), message(b)]
        const whole = texts.map((text) => (text.endsWith("\n") ? text : `${text}\n`))
        assert.deepStrictEqual(split(texts.map(stored).join(""), kind), whole)
        // The last one may lack its empty line.
        assert.deepStrictEqual(split(texts.map(stored).join("").slice(0, -1), kind).slice(0, 1), whole.slice(0, 1))
      }
    }
  })

  it("may have CRLF", () => {
    const text = ["a\n", "b\n\n"]
      .map((body) => stored(message(body)))
      .join("")
      .replaceAll("\n", "\r\n")
    assert.deepStrictEqual(split(text), ["Subject: x\r\n\r\na\r\n", "Subject: x\r\n\r\nb\r\n\r\n"])
  })

  it("have one > taken off in mboxrd, and none otherwise", () => {
    const lines = `${between}\nFrom x\n>From y 00:00 2026\n`
    const quoted = lines.replaceAll(/^(>*From )/gm, ">$1")
    const text = stored(message(quoted)) + stored(message("b\n"))
    assert.deepStrictEqual(split(text, "mboxrd"), [message(lines), message("b\n")])
    assert.deepStrictEqual(split(text, "mboxo"), [message(quoted), message("b\n")])
  })

  it("end where their Content-Length says in mboxcl2, if that is right", () => {
    const body = `one\n\n${between}\nthis is no message\n`
    const text = stored(message(body, `Content-Length: ${body.length}\n`)) + stored(message("b\n"))
    for (const kind of ["auto", "mboxcl2"] as const) {
      const all = split(text, kind)
      assert.lengthOf(all, 2)
      assert.isTrue(all[0]!.endsWith(body))
    }
    assert.lengthOf(split(text, "mboxo"), 3)
    for (const wrong of [body.length - 3, 1_000_000]) {
      const text = stored(message("a\n", `Content-Length: ${wrong}\n`)) + stored(message("b\n"))
      assert.deepStrictEqual(split(text).at(-1), message("b\n"))
      assert.lengthOf(split(text), 2)
    }
  })

  it("are found in any text without end or failure, and hold nothing that is not in it", () => {
    const parts = ["\n", "\r\n", between, "From ", ">From ", "Content-Length: 3", "\n\n", "x", "Subject: y"]
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...parts), { maxLength: 20, size: "max" }),
        fc.constantFrom(...Mbox.kinds),
        (list, kind) => {
          const text = `${between}\n${list.join("")}`
          assert.isTrue(Mbox.isMbox(Buffer.from(text)))
          for (const message of split(text, kind)) assert.isTrue(kind === "mboxrd" || text.includes(message))
        }
      ),
      { seed: 1, numRuns: 3_000 }
    )
  })

  it("are none of a message, which is no mbox", () => {
    for (const text of ["", "From: me\n", "From me\n", "Subject: x\n\nFrom me"]) {
      assert.isFalse(Mbox.isMbox(Buffer.from(text)))
    }
  })
})

const collected = (messages: ReadonlyArray<string>, rewrite: string, unusual: CorpusItem.Unusual = "skip") => {
  const collector = new Corpus.Collector({ rewrite: Either.getOrThrow(Rewrite.parse(rewrite)), unusual })
  for (const message of messages) collector.add(Buffer.from(message, "latin1"))
  const corpus = collector.end()
  return { ...corpus, texts: textsOf(corpus) }
}

const textOf = ({ body, head }: Content) => head + (body === undefined ? "" : Buffer.from(body).toString("latin1"))

const textsOf = (corpus: Corpus.Corpus, store?: CorpusStore["Type"]) => {
  const reader = CorpusReader.make(corpus, store)
  const texts = Array.from({ length: reader.count }, (_, index) => textOf(reader.message(index, "")))
  reader.close()
  return texts
}

describe("a corpus", () => {
  it("has messages ready for DATA, without the headers that are made anew, and without notes of mail programs", () => {
    const message =
      "Message-ID: <a@b>\n\t(folded)\nX-Keep: 1\n folded\nSTATUS: RO\nX-Mozilla-Status: 0001\nDate : now\n\nMessage-Id: in the body\n.\n"
    const rest = "\r\nMessage-Id: in the body\r\n..\r\n.\r\n"
    const kept = "X-Keep: 1\r\n folded\r\n"
    assert.deepStrictEqual(collected([message], "message-id,date").texts, [`${kept}${rest}`])
    assert.deepStrictEqual(collected([message], "message-id").texts, [`${kept}Date : now\r\n${rest}`])
    assert.deepStrictEqual(collected([message], "none").texts, [
      `Message-ID: <a@b>\r\n\t(folded)\r\n${kept}Date : now\r\n${rest}`
    ])
  })

  it("takes all headers off, or finds none, without touching the body", () => {
    for (const end of ["\n", "\r\n"]) {
      const text = (message: string) => collected([message.replaceAll("\n", end)], "message-id").texts
      assert.deepStrictEqual(text("Message-Id: <a>\n\nbody\n"), ["\r\nbody\r\n.\r\n"])
      assert.deepStrictEqual(text("\nMessage-Id: body\n"), ["\r\nMessage-Id: body\r\n.\r\n"])
      assert.deepStrictEqual(text("X: 1\nMessage-Id: <a>"), ["X: 1\r\n.\r\n"])
    }
    assert.deepStrictEqual(collected([""], "message-id").texts, [".\r\n"])
  })

  it("leaves out a message with a carriage return that stands alone, and counts it; or sends a space", () => {
    const messages = ["a\n\nb\rc\n", "d\n"]
    const skipping = collected(messages, "none")
    assert.deepStrictEqual([skipping.texts, Corpus.skipped(skipping)], [["d\r\n.\r\n"], 1])
    const spacing = collected(messages, "none", "space")
    assert.deepStrictEqual([spacing.texts, Corpus.skipped(spacing)], [["a\r\n\r\nb c\r\n.\r\n", "d\r\n.\r\n"], 0])
  })

  it("knows whether there are bytes beyond ASCII, and grows as it must", () => {
    const large = `X: 1\n\n${"line\n".repeat(400_000)}`
    const corpus = collected([large, "b\n", large], "none")
    assert.lengthOf(corpus.texts, 3)
    assert.strictEqual(corpus.texts[0], corpus.texts[2])
    assert.strictEqual(corpus.texts[1], "b\r\n.\r\n")
    assert.strictEqual(corpus.texts[0], `X: 1\r\n\r\n${"line\r\n".repeat(400_000)}.\r\n`)
    assert.isTrue("blocks" in corpus.messages)
    for (const block of "blocks" in corpus.messages ? corpus.messages.blocks : [])
      assert.instanceOf(block.buffer, SharedArrayBuffer)
    assert.strictEqual(corpus.counts.eightBit, 0)
    for (const text of ["\xff", `${large}\xff`]) assert.strictEqual(collected([text], "none").counts.eightBit, 1)
  })
})

const files = (contents: { readonly [path: string]: string }) => {
  const missing = (path: string) =>
    new SystemError({
      reason: "NotFound",
      module: "FileSystem",
      method: "stat",
      pathOrDescriptor: path,
      description: "no such file or directory"
    })
  const below = (path: string) => Object.keys(contents).filter((name) => name.startsWith(`${path}/`))
  return FileSystem.layerNoop({
    stat: (path) =>
      path.endsWith("/") || path in contents
        ? Effect.succeed({ type: path.endsWith("/") ? "Directory" : "File" } as FileSystem.File.Info)
        : below(path).length > 0
          ? Effect.succeed({ type: "Directory" } as FileSystem.File.Info)
          : Effect.fail(missing(path)),
    readDirectory: (path) => {
      const folder = path.replace(/\/$/, "")
      const names = below(folder).map((name) => name.slice(folder.length + 1))
      const folders = names.flatMap((name) =>
        name
          .split("/")
          .slice(0, -1)
          .map((_, index, all) => all.slice(0, index + 1).join("/"))
      )
      return Effect.succeed([...new Set([...names, ...folders])].reverse())
    },
    readFile: (path) => {
      const content = contents[path]
      return content === undefined
        ? Effect.fail(missing(path))
        : Effect.succeed(Uint8Array.from(Buffer.from(content, "latin1")))
    }
  })
}

const tree = {
  "one.eml": "Subject: one\n\n1\n",
  box: `${between}\nSubject: two\n\n2\n\n${between}\nSubject: three\n\n3\n`,
  "dir/b.eml": "Subject: b\n\nb\n",
  "dir/a/c.eml": "Subject: c\n\nc\n",
  "dir/a/box": `${between}\nSubject: d\n\nd\n`,
  "dir/.hidden": "Subject: hidden\n",
  "mail/cur/1:2,S": "Subject: read\n\n",
  "mail/new/2": "Subject: new\n\n",
  "mail/tmp/3": "Subject: half\n\n",
  "mail/dovecot.index": "x",
  "mail/.Sent/cur/4": "Subject: sent\n\n",
  "bad/a": "a\rb\n"
}

const subjects = (...corpus: ReadonlyArray<string>) =>
  Effect.map(CorpusFiles.read(Plan.make({ corpus }), corpus), (read) =>
    textsOf(read).map((text) => /Subject: (.*)\r/.exec(text)?.[1])
  ).pipe(Effect.provide(files(tree)))

describe("reading a corpus", () => {
  for (const [paths, expected] of [
    [["one.eml"], ["one"]],
    [["box"], ["two", "three"]],
    [
      ["box", "one.eml"],
      ["two", "three", "one"]
    ],
    [["dir/"], ["d", "c", "b"]],
    [["mail"], ["sent", "read", "new"]]
  ] as const) {
    it.effect(`takes files, mbox files, directories and Maildirs, in order: ${paths.join(" ")}`, () =>
      Effect.map(subjects(...paths), (found) => assert.deepStrictEqual(found, [...expected]))
    )
  }

  for (const [path, expected] of [
    ["nowhere", "--corpus nowhere: no such file or directory"],
    ["bad", "--corpus bad: no messages: 1 with a carriage return that stands alone (see --unusual)"]
  ] as const) {
    it.effect(`says why it cannot: ${path}`, () =>
      Effect.map(Effect.flip(subjects(path)), ({ message }) => assert.strictEqual(message, expected))
    )
  }
})

describe("messages of a corpus", () => {
  const contents = (input: Plan.PlanInput, texts: ReadonlyArray<string>, count: number) => {
    const plan = Plan.make({ corpus: "x", ...input })
    const corpus = CorpusReader.make(collected(texts, plan.rewrite ?? "message-id"), undefined)
    const identity = { helloName: "me.example", runId: "run", startedAt: new Date(0) }
    const contentOf = Message.make(plan, Address.make(plan, "me.example", "seed"), identity, { corpus })
    return Array.from({ length: count }, (_, message) => textOf(contentOf(message)))
  }

  it("have a Message-Id of their own, and go round", () => {
    const long = "line\r\n".repeat(5000)
    assert.deepStrictEqual(contents({}, ["A: 1\nMessage-Id: <old>\n\na\n", `B: 2\n\n${long}`], 3), [
      "Message-Id: <run.00000000@me.example>\r\nA: 1\r\n\r\na\r\n.\r\n",
      `Message-Id: <run.00000001@me.example>\r\nB: 2\r\n\r\n${long}.\r\n`,
      "Message-Id: <run.00000002@me.example>\r\nA: 1\r\n\r\na\r\n.\r\n"
    ])
  })

  it("have the headers made anew that were asked for, and no others", () => {
    const text = "From: <old>\nTo: <old>\nSubject: old\n\na\n"
    assert.deepStrictEqual(contents({ rewrite: "none" }, [text], 1), [
      "From: <old>\r\nTo: <old>\r\nSubject: old\r\n\r\na\r\n.\r\n"
    ])
    assert.deepStrictEqual(
      contents({ rewrite: "from, subject", from: "me@x", subject: "new", headers: "X-One: 1" }, [text], 1),
      ["X-One: 1\r\nFrom: <me@x>\r\nSubject: new\r\nTo: <old>\r\n\r\na\r\n.\r\n"]
    )
  })

  it("come in the order that was asked for", () => {
    const texts = Array.from({ length: 20 }, (_, index) => `X: ${index}\n`)
    const order = (input: Plan.PlanInput) => contents({ rewrite: "none", ...input }, texts, 20)
    assert.strictEqual(new Set(order({ order: "shuffle" })).size, 20)
    assert.notDeepEqual(order({ order: "shuffle" }), order({}))
    assert.isBelow(new Set(order({ order: "random" })).size, 20)
  })
})
