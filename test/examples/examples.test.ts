import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Histogram from "../../src/measure/Histogram.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import * as Target from "../../src/smtp/Target.js"
import { flood } from "./dialogue.js"
import { measure } from "./run.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

const read = (file: string): string => fs.readFileSync(path.join(root, file), "utf8")

/** A sink, and what it counts. */
const sink = Effect.flatMap(EmbeddedSink, (embedded) => embedded.start())

describe("the examples of the README", () => {
  for (const name of ["run", "dialogue"]) {
    it(`show test/examples/${name}.ts as it is`, () => {
      assert.include(read("README.md"), `\`\`\`ts\n${read(`test/examples/${name}.ts`)}\`\`\`\n`)
    })
  }

  it.scopedLive("run: a thousand messages arrive", () =>
    Effect.gen(function* () {
      const { counts, target } = yield* sink
      const summary = yield* measure(Target.format(target))
      assert.include(summary, "1,000 messages: 1,000 accepted")
      assert.strictEqual((yield* counts).messages, 1000)
    }).pipe(Effect.provide(NodeSink.layer({ thread: false })))
  )

  it.scopedLive("dialogue: a thousand NOOPs are measured under their own name", () =>
    Effect.gen(function* () {
      const { counts, target } = yield* sink
      const { recorder, sessions } = yield* flood(Target.format(target))
      assert.strictEqual(sessions.filter(Exit.isSuccess).length, 10)
      const histogram = recorder.ownHistogram("noop", "accepted")
      assert.strictEqual(histogram === undefined ? 0 : Histogram.total(histogram), 1000)
      assert.strictEqual((yield* counts).quits, 10)
    }).pipe(Effect.provide(NodeSink.layer({ thread: false })))
  )
})

/** The code after each `@example`, to the end of its comment or to the next tag. */
const examplesIn = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/^ \* @example\n((?: \*.*\n)*?)(?= \* @| \*\/)/gm)].map(([, lines = ""]) =>
    lines.replace(/^ \* ?/gm, "")
  )

describe("the examples in docstrings", () => {
  it("compile", () => {
    const folder = fs.mkdtempSync(path.join(root, "node_modules/.cache-examples-"))
    try {
      const files = fs.readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })
      const examples = files.filter((file) => file.endsWith(".ts")).flatMap((file) => examplesIn(read(`src/${file}`)))
      assert.isAbove(examples.length, 0)
      examples.forEach((example, index) => {
        fs.writeFileSync(path.join(folder, `example${index}.ts`), example)
      })
      const config = { extends: path.join(root, "tsconfig.json"), include: [`${folder}/*.ts`], exclude: [] }
      fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config))
      const tsc = path.join(root, "node_modules/typescript/bin/tsc")
      const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" })
      assert.strictEqual(stdout, "")
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })
})
