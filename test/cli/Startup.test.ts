import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { build } from "esbuild"

const root = fileURLToPath(new URL("../..", import.meta.url))

describe("what is run of the command for a message", () => {
  /** The command's code in pieces: what is only run when it is asked for is in pieces of its own. */
  const pieces = new Map<string, { readonly text: string; readonly imports: ReadonlyArray<string> }>()
  const names = (beginning: string) => [...pieces.keys()].filter((name) => name.startsWith(beginning))

  beforeAll(async () => {
    const { metafile, outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: { bin: "src/bin.ts" },
      outdir: "nowhere",
      write: false,
      metafile: true,
      bundle: true,
      splitting: true,
      minify: true,
      chunkNames: "[name]-[hash]",
      format: "esm",
      platform: "node",
      external: ["koffi", "esbuild"],
      logLevel: "error"
    })
    for (const { path: file, text } of outputFiles) {
      const { imports } = metafile.outputs[path.relative(root, file)]!
      const straight = imports.filter(({ external, kind }) => kind === "import-statement" && external !== true)
      pieces.set(path.basename(file), { text, imports: straight.map(({ path: file }) => path.basename(file)) })
    }
  })

  const needed = () => {
    const ahead = [...names("bin"), ...names("command-")]
    const found = new Set<string>()
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (found.has(name)) continue
      found.add(name)
      ahead.push(...pieces.get(name)!.imports)
    }
    return [...found]
  }
  const holding = (mark: string, among: Iterable<string>) =>
    [...among].filter((name) => pieces.get(name)!.text.includes(mark))

  it("is what sends it", () => {
    assert.lengthOf(holding("RCPT TO:<", needed()), 1)
  })

  it.each([
    ["no report", "<!doctype html"],
    ["no parser of options, where none is given", "@effect/cli/"],
    ["no printer", "@effect/printer/"],
    ["no sink", "503 5.5.1"],
    ["no exporter of metrics", "rejectedDataPoints"]
  ])("is %s", (_, mark) => {
    assert.isNotEmpty(holding(mark, pieces.keys()), `nothing has the mark ${mark}`)
    assert.deepStrictEqual(holding(mark, needed()), [])
  })
})

describe("the command's compiled code", () => {
  let folder = ""
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-"))
    for (const name of fs.readdirSync(path.join(root, "dist/bin"))) {
      if (!name.endsWith(".js") && name !== "package.json") continue
      fs.copyFileSync(path.join(root, "dist/bin", name), path.join(folder, name))
    }
  })
  afterAll(() => fs.rmSync(folder, { recursive: true }))

  const run = (...words: ReadonlyArray<string>) =>
    spawnSync(process.execPath, [path.join(folder, "smtp-source.js"), ...words], { encoding: "utf8" }).status
  const send = () => run("--sink", "-m", "1")
  const others = () => fs.readdirSync(folder).filter((name) => !name.endsWith(".js") && name !== "package.json")
  const place = () => path.join(folder, others()[0]!)

  it("is kept by a run that sends a message, and used by the next ones", () => {
    assert.strictEqual(run("--version"), 0)
    assert.strictEqual(run("127.0.0.1:1"), 1)
    assert.deepStrictEqual(others(), [])
    assert.strictEqual(send(), 0)
    assert.lengthOf(others(), 1)
    assert.match(others()[0]!, /^smtp-source-\w+\.js\.v[\d.]+-\w+\.cache$/)
    const { ino } = fs.statSync(place())
    assert.strictEqual(send(), 0)
    assert.strictEqual(fs.statSync(place()).ino, ino)
  })

  it("is made again where it is of no use", () => {
    fs.writeFileSync(place(), "nonsense")
    assert.strictEqual(send(), 0)
    assert.isAbove(fs.statSync(place()).size, 100_000)
  })

  it("is its owner's alone to write, whatever others may do, and not taken from a file that is not", () => {
    fs.chmodSync(place(), 0o666)
    const { ino } = fs.statSync(place())
    const before = process.umask(0)
    try {
      assert.strictEqual(send(), 0)
    } finally {
      process.umask(before)
    }
    assert.notStrictEqual(fs.statSync(place()).ino, ino)
    assert.strictEqual(fs.statSync(place()).mode & 0o777, 0o644)
  })

  it("is done without where it cannot be kept", () => {
    const kept = place()
    fs.rmSync(kept)
    fs.mkdirSync(kept)
    assert.strictEqual(send(), 0)
    assert.deepStrictEqual(others(), [path.basename(kept)])
  })
})
