import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { OwnFile, SharedFile } from "../../src/node/DumpFile.js"

describe("a file of a message", () => {
  it("is in a folder that is made for it, with those above it, for its owner alone", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "dump-"))
    const name = path.join(folder, "a", "b", "message")
    const file = new OwnFile(name, (_, error) => assert.fail(String(error)))
    file.text("kept")
    file.keep()
    assert.strictEqual(fs.readFileSync(name, "utf8"), "kept")
    assert.strictEqual(fs.statSync(path.dirname(name)).mode & 0o777, 0o700)
    assert.strictEqual(fs.statSync(path.join(folder, "a")).mode & 0o777, 0o700)
    fs.rmSync(folder, { recursive: true })
  })

  it.skipIf(process.platform !== "linux").each([
    ["of its own", OwnFile],
    ["of many", SharedFile]
  ] as const)("%s is given up where there can be no folder, told of once, and nothing is tried for ever", (_, File) => {
    const told: Array<string> = []
    const file = new File("/proc/no-such/folder/message", (name, error) =>
      told.push(`${path.dirname(name)} ${(error as NodeJS.ErrnoException).code}`)
    )
    file.text("lost")
    file.keep()
    assert.deepStrictEqual(told, ["/proc/no-such/folder ENOENT"])
  })
})
