import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const bin = fileURLToPath(new URL("../../dist/bin", import.meta.url))

/** The chunks that are loaded with those whose names begin so, since they are imported straight or through others. */
const loadedWith = (...beginnings: ReadonlyArray<string>): ReadonlyMap<string, string> => {
  const ahead = fs.readdirSync(bin).filter((name) => beginnings.some((each) => name.startsWith(each)))
  const loaded = new Map<string, string>()
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (loaded.has(name)) continue
    const code = fs.readFileSync(path.join(bin, name), "utf8")
    loaded.set(name, code)
    for (const [, imported] of code.matchAll(/(?:\bfrom|\bimport)"\.\/([^"]+)"/g)) ahead.push(imported!)
  }
  return loaded
}

describe("what the built command loads for a message", () => {
  const loaded = loadedWith("smtp-source.js", "program-", "command-")
  const all = [...loaded.values()].join("\n")

  it("is what sends it", () => {
    assert.isAbove(loaded.size, 2)
    assert.include(all, "RCPT TO:<")
  })

  it.each([
    ["no report", "<!doctype html"],
    ["no parser of options, where none is given", "@effect/cli/"],
    ["no printer", "@effect/printer/"],
    ["no sink", "503 5.5.1"]
  ])("is %s", (_, mark) => {
    const holds = (code: string) => code.includes(mark)
    const everything = fs.readdirSync(bin).map((name) => fs.readFileSync(path.join(bin, name), "utf8"))
    assert.isTrue(everything.some(holds), `nothing has the mark ${mark}`)
    assert.deepStrictEqual(
      [...loaded].filter(([, code]) => holds(code)).map(([name]) => name),
      []
    )
  })
})
