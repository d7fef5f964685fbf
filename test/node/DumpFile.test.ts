import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { OwnFile } from "../../src/node/OwnFile.js"
import { OpenFile, SharedFile } from "../../src/node/SharedFile.js"

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

  it("gets another name where one that was drawn is there already, and leaves that file alone", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "dump-"))
    const at = (name: string) => path.join(folder, name)
    fs.writeFileSync(at("1"), "before")
    fs.writeFileSync(at("2"), "before")
    let drawn = 1
    const file = new OwnFile(at("1"), (_, error) => assert.fail(String(error)), { redraw: () => at(`${++drawn}`) })
    file.text("kept")
    assert.isTrue(file.keep())
    assert.deepStrictEqual(
      ["1", "2", "3"].map((name) => fs.readFileSync(at(name), "utf8")),
      ["before", "before", "kept"]
    )
    // Where none is free, that is an error, and not for ever.
    const troubles: Array<unknown> = []
    const none = new OwnFile(at("1"), (_, error) => troubles.push(error), { redraw: () => at("2") })
    none.text("lost")
    assert.isFalse(none.keep())
    assert.match(String(troubles), /EEXIST/)
    assert.strictEqual(fs.readFileSync(at("2"), "utf8"), "before")
    fs.rmSync(folder, { recursive: true })
  })

  it("has a message from end to end, in short pieces and in long ones, whatever was in memory before", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "dump-"))
    for (const [index, sizes] of [[1, 95, 96, 97, 5000], [100_000], [3, 40_000, 3], []].entries()) {
      const whole = Buffer.concat(sizes.map((size, place) => Buffer.alloc(size, 65 + place)))
      for (const File of [OwnFile, SharedFile]) {
        const name = path.join(folder, `${File.name}${index}`)
        const file = new File(name, (_, error) => assert.fail(String(error)))
        file.text("é\n")
        let at = 0
        for (const size of sizes) {
          file.add(whole, at, at + size)
          at += size
        }
        file.keep()
        assert.isTrue(fs.readFileSync(name).equals(Buffer.concat([Buffer.from("é\n"), whole])), name)
      }
    }
    fs.rmSync(folder, { recursive: true })
  })

  it("of many is open until the turn is over: one that was moved away gets nothing more", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "dump-"))
    const trouble = (_: string, error: unknown) => assert.fail(String(error))
    const name = path.join(folder, "all")
    const open = new OpenFile(trouble)
    const append = (text: string, to = name) => {
      const file = new SharedFile(to, trouble, open)
      file.text(text)
      file.keep()
    }
    append("a")
    append("b")
    append("x", `${name}-2`)
    append("c")
    assert.strictEqual(fs.readFileSync(name, "utf8"), "abc")
    await new Promise((resolve) => setImmediate(resolve))
    fs.renameSync(name, `${name}-1`)
    append("d")
    assert.deepStrictEqual(
      ["all", "all-1", "all-2"].map((each) => fs.readFileSync(path.join(folder, each), "utf8")),
      ["d", "abc", "x"]
    )
    await new Promise((resolve) => setImmediate(resolve))
    fs.rmSync(folder, { recursive: true })
  })

  it.each(["drop", "keep"] as const)("of its own goes again by %s where a part of it could not be written", (end) => {
    class Full extends OwnFile {
      private room = 1
      protected override write(bytes: Uint8Array, length: number): void {
        if (this.room-- === 0) throw Object.assign(new Error(), { code: "ENOSPC" })
        super.write(bytes, length)
      }
    }
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "dump-"))
    const told: Array<unknown> = []
    const file = new Full(path.join(folder, "message"), (_, error) => told.push((error as NodeJS.ErrnoException).code))
    file.add(Buffer.alloc(100_000), 0, 100_000)
    assert.deepStrictEqual([fs.readdirSync(folder), told], [["message"], ["ENOSPC"]])
    file[end]()
    assert.deepStrictEqual([fs.readdirSync(folder), told], [[], ["ENOSPC"]])
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
