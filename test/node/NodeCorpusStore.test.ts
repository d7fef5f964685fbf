import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as Load from "../../src/load/Load.js"
import * as Workers from "../../src/load/Workers.js"
import * as NodeCorpusStore from "../../src/node/NodeCorpusStore.js"
import * as NodeFileSystem from "../../src/node/NodeFileSystem.js"
import * as Corpus from "../../src/plan/Corpus.js"
import * as CorpusReader from "../../src/plan/CorpusReader.js"
import { CorpusStore } from "../../src/plan/CorpusStore.js"
import { FileWindow } from "../../src/plan/FileWindow.js"
import * as Mbox from "../../src/plan/Mbox.js"
import * as MessageParts from "../../src/plan/MessageParts.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { well } from "../load/WorkersHere.js"

let folder = ""
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-corpus-"))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const between = "From me@example.com Thu Nov 26 13:11:20 2026"

/** Messages that are easily cut, cleaned or counted wrong, as they are stored. */
const bodies = [
  "plain\n",
  "From here on, no time and no year\n",
  "\n\nFrom 2026, but no time\n",
  ">From quoted\n>>From twice\n",
  "ends in empty lines\n\n\n",
  "\xff\0 bytes\n",
  ".\n..\n",
  "a bare \r return\n",
  `${"a long line ".repeat(2_000)}\n`,
  `${"many lines\n".repeat(3000)}`,
  `${"crlf\r\n".repeat(3000)}`,
  "no end"
]
const headers = [
  "Subject: x\nMessage-Id: <old>\n",
  "Status: RO\nX-UID: 1\nSubject: y\n folded\n",
  "",
  "no header at all\n"
]
const nasty = Array.from(
  { length: 24 },
  (_, item) => `${headers[item % headers.length]}\n${item}\n${bodies[item % bodies.length]}`
)
/** As a mail program appends them: an end of the last line, and an empty line. */
const boxOf = (texts: ReadonlyArray<string>) =>
  texts.map((text) => `${between}\n${text}${text.endsWith("\n") ? "" : "\n"}\n`).join("")

const written = (name: string, text: string): string => {
  const file = path.join(folder, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text, "latin1")
  return file
}

const readOf = (input: Plan.PlanInput) =>
  Effect.map(MessageParts.read(Plan.make(input)), (parts) => parts!.corpus!).pipe(
    Effect.provide(Layer.mergeAll(NodeFileSystem.layer, NodeCorpusStore.layer))
  )

const textsOf = (corpus: Corpus.Corpus) =>
  Effect.map(CorpusStore, (store) => {
    const reader = CorpusReader.make(corpus, store)
    const texts = Array.from({ length: reader.count }, (_, index) => {
      const { body, head, unusable } = reader.message(index, index % 2 === 0 ? "" : "X-New: 1\r\n")
      return `${unusable ?? ""} ${head}${body === undefined ? "" : Buffer.from(body).toString("latin1")}`
    })
    reader.close()
    return texts
  }).pipe(Effect.provide(NodeCorpusStore.layer))

describe("a corpus that stays on disk", () => {
  for (const mbox of Mbox.kinds) {
    for (const unusual of ["skip", "space", "raw"] as const) {
      it.effect(`gives the same messages, and counts the same, as one in memory: ${mbox}, ${unusual}`, () =>
        Effect.gen(function* () {
          const corpus = [
            written("nasty", boxOf(nasty)),
            written("crlf", boxOf(nasty.slice(0, 8)).replaceAll(/\r?\n/g, "\r\n")),
            written("dir/one.eml", "Subject: one\n\none"),
            written("dir/empty.eml", "")
          ]
          const [kept, stored] = [
            yield* readOf({ corpus, mbox, unusual }),
            yield* readOf({ corpus, mbox, unusual, corpusMemory: 1000 })
          ]
          assert.isTrue(Corpus.isKept(kept))
          assert.isFalse(Corpus.isKept(stored))
          assert.deepStrictEqual(stored.counts, kept.counts)
          const [a, b] = [yield* textsOf(kept), yield* textsOf(stored)]
          assert.isTrue(a.length === b.length && a.every((text, index) => text === b[index]))
          assert.strictEqual(Corpus.skipped(stored), unusual === "skip" ? kept.counts.bareReturn : 0)
        })
      )
    }
  }

  it.effect("counts what is unusual about its messages", () =>
    Effect.gen(function* () {
      const corpus = written("counted", boxOf(nasty.slice(0, 12)))
      const { counts } = yield* readOf({ corpus, corpusMemory: 1000, mbox: "mboxo" })
      assert.deepStrictEqual(counts, {
        found: 12,
        bareReturn: 1,
        tooLarge: 0,
        noRecipients: 0,
        nul: 1,
        eightBit: 1,
        longLine: 1,
        headless: 2,
        doubtful: 1
      })
    })
  )

  it.effect("may have a line of 5 MB", () =>
    Effect.gen(function* () {
      const line = "x".repeat(5_000_000)
      const corpus = yield* readOf({
        corpus: written("long", boxOf([`A: 1\n\n${line}\n`, "B: 2\n"])),
        corpusMemory: 1000
      })
      const texts = yield* textsOf(corpus)
      assert.isTrue(texts[0] === ` A: 1\r\n\r\n${line}\r\n.\r\n`)
      assert.strictEqual(texts[1], " X-New: 1\r\nB: 2\r\n.\r\n")
    })
  )

  it("is cut at the same places whatever piece of it is in memory", () => {
    const parts = ["\n", "\r\n", between, "From ", ">From ", "Content-Length: 3", "\n\n", "x", "Subject: y"]
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...parts), { maxLength: 20, size: "max" }),
        fc.constantFrom(...Mbox.kinds),
        fc.integer({ min: 32, max: 100 }),
        (list, kind, size) => {
          const bytes = Buffer.from(`${between}\n${list.join("")}`)
          const file = {
            read: (into: Uint8Array, length: number, position: number) =>
              bytes.copy(into, 0, position, position + length),
            state: () => ({ size: bytes.length, modified: 0 }),
            close: () => {}
          }
          const window = new FileWindow(file, bytes.length, size)
          assert.deepStrictEqual([...Mbox.places(window, kind)], [...Mbox.places(Mbox.ofBuffer(bytes), kind)])
        }
      ),
      { seed: 1, numRuns: 2_000 }
    )
  })

  it.effect("has no message of a file that is not what it was: it says so, and nothing of it is sent", () =>
    Effect.gen(function* () {
      const [changing, gone] = ["changing", "gone"].map((name) => written(name, boxOf(nasty.slice(0, 4))))
      const corpus = yield* readOf({ corpus: [changing!, gone!], corpusMemory: 10 })
      assert.isTrue((yield* textsOf(corpus)).every((text) => !text.includes("changed")))
      fs.appendFileSync(changing!, "more")
      fs.rmSync(gone!)
      const texts = yield* textsOf(corpus)
      for (const text of texts.slice(0, 4)) assert.match(text, /changing: changed after the run began $/)
      for (const text of texts.slice(4)) assert.match(text, /gone: no such file or directory $/)
    })
  )
})

describe("a file that was changed", () => {
  it.effect("is not read again for each of its messages", () =>
    Effect.gen(function* () {
      const changing = written("spoiled", boxOf(nasty.slice(0, 6)))
      const corpus = yield* readOf({ corpus: changing, corpusMemory: 10, unusual: "space" })
      let reads = 0
      const open = (path: string) => {
        const file = NodeCorpusStore.store.open(path)
        return { ...file, read: (...args: Parameters<typeof file.read>) => (reads++, file.read(...args)) }
      }
      fs.appendFileSync(changing, "more")
      const reader = CorpusReader.make(corpus, { ...NodeCorpusStore.store, open })
      for (let round = 0; round < 5; round++)
        for (let item = 0; item < 6; item++)
          assert.match(String(reader.message(item, "").unusable), /spoiled: changed after the run began$/)
      reader.close()
      assert.strictEqual(reads, 1)
    })
  )
})

describe("a file of the store", () => {
  const descriptorsOf = (file: string) =>
    fs.readdirSync("/proc/self/fd").filter((name) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${name}`) === file
      } catch {
        return false
      }
    }).length

  it.live.skipIf(process.platform !== "linux")("is closed, once nothing is read from it any more", () =>
    Effect.gen(function* () {
      const name = fs.realpathSync(written("ahead", "0123456789"))
      const file = NodeCorpusStore.store.open(name)
      const into = Buffer.alloc(10)
      const read = yield* Effect.async<number>((resume) => {
        file.readAhead!(into, 8, 2, (read) => resume(Effect.succeed(read)))
        file.close()
        assert.strictEqual(descriptorsOf(name), 1)
      })
      assert.deepStrictEqual([read, into.toString("latin1", 0, 8)], [8, "23456789"])
      assert.strictEqual(descriptorsOf(name), 0)
    })
  )
})

/** What arrives of a run, sorted, and how it ended. */
const sent = (input: Plan.PlanInput, before: () => void = () => {}) =>
  Effect.gen(function* () {
    const plan = Plan.make({ helloName: "me.example", sessions: 4, seed: "seed", rewrite: "none", ...input })
    // Files are not read in virtual time.
    const corpus = yield* readOf(plan)
    before()
    const running = Effect.gen(function* () {
      const run = plan.workers === 1 ? Load.run : Workers.run
      const { accounting, endedBy, recorder, violations } = yield* run(plan, { parts: { corpus } })
      assert.deepStrictEqual(violations, [])
      const { accepted } = yield* TestServer.TestServer
      return { contents: accepted.map(({ content }) => content).sort(), accounting, endedBy, recorder }
    })
    const services = Layer.mergeAll(Layer.provideMerge(well, TestServer.layer()), NodeCorpusStore.layer)
    return yield* Simulation.run(Effect.provide(running, services))
  })

describe("a run of a corpus on disk", () => {
  const texts = Array.from(
    { length: 90 },
    (_, item) => `X: ${item}\n\n${`line ${item}\n`.repeat((item % 7) * 500 + 1)}`
  )
  const expected = texts.map((text) => text.replaceAll("\n", "\r\n")).sort()

  for (const workers of [1, 2, 4]) {
    for (const order of ["sequential", "shuffle"] as const) {
      it.live(`sends each message once, unchanged: ${order}, ${workers} threads`, () =>
        Effect.gen(function* () {
          const corpus = written(`run-${workers}-${order}`, boxOf(texts))
          const { accounting, contents } = yield* sent({ corpus, corpusMemory: 1000, workers, order, messages: 90 })
          assert.strictEqual(accounting.accepted, 90)
          assert.isTrue(contents.every((content, index) => content === expected[index]))
        })
      )
    }
  }

  for (const input of [
    { reuse: true },
    { reuse: true, pipelining: "full" },
    { reuse: true, pipelining: "full", chunking: "on", depth: 5 },
    { rate: "100/s" }
  ] as ReadonlyArray<Plan.PlanInput>) {
    it.live(`sends nothing of messages that were changed, and counts them as failed: ${JSON.stringify(input)}`, () =>
      Effect.gen(function* () {
        const [good, bad] = [written("good", boxOf(texts.slice(0, 10))), written("bad", boxOf(texts.slice(10, 20)))]
        const changed = { corpus: [bad, good, bad], corpusMemory: 1000, messages: 30, ...input }
        const change = () => fs.appendFileSync(bad, "more")
        const { accounting, contents, recorder } = yield* sent({ ...changed, keepGoing: true }, change)
        assert.deepStrictEqual([accounting.accepted, accounting.failed], [10, 20])
        assert.deepStrictEqual(
          contents,
          texts
            .slice(0, 10)
            .map((text) => text.replaceAll("\n", "\r\n"))
            .sort()
        )
        assert.deepStrictEqual(
          recorder.errors().map(({ count, kind }) => [kind, count]),
          [["ContentUnusable", 20]]
        )
        fs.writeFileSync(bad, boxOf(texts.slice(10, 20)), "latin1")
        const ended = yield* sent(changed, change)
        assert.match(
          Option.getOrThrow(ended.endedBy).message,
          /^no message to send: .*bad: changed after the run began/
        )
        assert.strictEqual(ended.accounting.accepted, 0)
      })
    )
  }
})
