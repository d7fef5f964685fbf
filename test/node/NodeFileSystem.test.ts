import { execFileSync } from "node:child_process"
import { Readable } from "node:stream"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type * as Layer from "effect/Layer"
import type { Workers } from "../../src/load/Workers.js"
import type * as NodeServices from "../../src/node/NodeServices.js"
import type { DkimCrypto } from "../../src/plan/Dkim.js"
import type { CorpusStore } from "../../src/plan/CorpusStore.js"
import type { AuthCrypto } from "../../src/smtp/AuthCrypto.js"
import type { Connector } from "../../src/smtp/Wire.js"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Plan from "../../src/plan/Plan.js"
import * as NodeFileSystem from "../../src/node/NodeFileSystem.js"

const reasonOf = (file: string) =>
  Effect.map(Effect.flip(MessageFile.read(Plan.make({ target: "h", file }))), ({ message }) => message).pipe(
    Effect.provide(NodeFileSystem.layerLimited(4_000_000))
  )

describe("the file system of the commands", () => {
  it.scopedLive("is a whole one", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      assert.isTrue(yield* fileSystem.exists("/tmp"))
      const folder = yield* fileSystem.makeTempDirectoryScoped()
      yield* fileSystem.writeFileString(`${folder}/a`, "b")
      assert.strictEqual(yield* fileSystem.readFileString(`${folder}/a`), "b")
      yield* fileSystem.remove(`${folder}/a`)
      assert.isFalse(yield* fileSystem.exists(`${folder}/a`))
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scopedLive("reads pipes in parts, and standard input, as well as files", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const text = (path: string) =>
        Effect.map(Stream.runCollect(fileSystem.stream(path)), (chunks) => Buffer.concat([...chunks]).toString())
      const folder = yield* fileSystem.makeTempDirectoryScoped()
      execFileSync("mkfifo", [`${folder}/pipe`])
      yield* Effect.forkScoped(fileSystem.writeFileString(`${folder}/pipe`, "from a pipe\n"))
      assert.strictEqual(yield* text(`${folder}/pipe`), "from a pipe\n")
      yield* fileSystem.writeFileString(`${folder}/file`, "from a file\n")
      assert.strictEqual(yield* text(`${folder}/file`), "from a file\n")
      assert.strictEqual(yield* withInput([Buffer.from("piped\n")], text("/dev/stdin")), "piped\n")
      assert.include(String(yield* Effect.flip(text(`${folder}/none`))), "NotFound")
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it("is not the library's, whose users bring their own", () => {
    expectTypeOf<Layer.Layer.Success<typeof NodeServices.layer>>().toEqualTypeOf<
      Connector | Workers | AuthCrypto | CorpusStore | DkimCrypto
    >()
  })
})

/** What comes over standard input meanwhile, and how much of it was asked for. */
const withInput = <A, E, R>(chunks: Iterable<Buffer>, read: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const own = Object.getOwnPropertyDescriptor(process, "stdin")!
      const input = Readable.from(chunks)
      Object.defineProperty(process, "stdin", { configurable: true, get: () => input })
      return own
    }),
    () => read,
    (own) => Effect.sync(() => Object.defineProperty(process, "stdin", own))
  )

describe("the file of -F", () => {
  it.live("that has no end is not read without one", () =>
    Effect.map(reasonOf("/dev/zero"), (message) =>
      assert.strictEqual(message, "-F /dev/zero: holds more than 4000000 bytes")
    )
  )

  it.live("that is too large is not read at all", () =>
    Effect.map(reasonOf(process.execPath), (message) =>
      assert.strictEqual(message, `-F ${process.execPath}: holds more than 4000000 bytes`)
    )
  )

  it.live("that comes over standard input is read to its end, unless it has none", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const two = [Buffer.from("one\n"), Buffer.from("two\n")]
      const input = yield* withInput(two, fileSystem.readFile("/dev/stdin"))
      assert.strictEqual(Buffer.from(input).toString(), "one\ntwo\n")
      let given = 0
      // Four times as much as the limit allows, rather than without end, for whoever takes all of it.
      const large = (function* () {
        for (; given < 64; given++) yield Buffer.alloc(250_000)
      })()
      const limited = Effect.provide(
        Effect.flatMap(FileSystem.FileSystem, ({ readFile }) => readFile("/dev/stdin")),
        NodeFileSystem.layerLimited(4_000_000)
      )
      const said = yield* withInput(
        large,
        Effect.match(limited, { onFailure: String, onSuccess: ({ length }) => `${length} bytes` })
      )
      assert.include(said, "holds more than 4000000 bytes")
      assert.isBelow(given, 40)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.live("that is a folder is called one", () =>
    Effect.map(reasonOf("/tmp"), (message) => assert.strictEqual(message, "-F /tmp: is a directory"))
  )

  it.scopedLive("is sent as it is, be it large or a pipe", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const folder = yield* fileSystem.makeTempDirectoryScoped()
      const lines = "a line\n".repeat(100_000)
      const content = `${lines.replaceAll("\n", "\r\n")}.\r\n`
      const read = (file: string) => MessageFile.read(Plan.make({ target: "h", file }))
      yield* fileSystem.writeFileString(`${folder}/large`, lines)
      assert.strictEqual(Buffer.from((yield* read(`${folder}/large`))!).toString(), content)
      execFileSync("mkfifo", [`${folder}/pipe`])
      const writing = yield* Effect.fork(fileSystem.writeFileString(`${folder}/pipe`, lines))
      assert.strictEqual(Buffer.from((yield* read(`${folder}/pipe`))!).toString(), content)
      yield* Fiber.join(writing)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.live("may be a device that has an end", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      assert.strictEqual((yield* fileSystem.readFile("/dev/null")).length, 0)
      assert.isAbove((yield* fileSystem.readFile("/proc/self/status")).length, 100)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})
