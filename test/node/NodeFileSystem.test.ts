import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Message from "../../src/plan/Message.js"
import * as Plan from "../../src/plan/Plan.js"
import * as NodeFileSystem from "../../src/node/NodeFileSystem.js"

const reasonOf = (file: string) =>
  Effect.map(Effect.flip(Message.readFile(Plan.make({ target: "h", file }))), ({ message }) => message).pipe(
    Effect.provide(NodeFileSystem.layerLimited(4_000_000))
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

  it.live("that is a folder is called one", () =>
    Effect.map(reasonOf("/tmp"), (message) => assert.strictEqual(message, "-F /tmp: is a directory"))
  )

  it.live("may be a device that has an end", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      assert.strictEqual((yield* fileSystem.readFile("/dev/null")).length, 0)
      assert.isAbove((yield* fileSystem.readFile("/proc/self/status")).length, 100)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})
