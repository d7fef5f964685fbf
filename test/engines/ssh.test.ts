import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Commands from "./Commands.js"
import * as Sshd from "./Sshd.js"

const readme = fs.readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8")

/** The README's lines for four machines, with another server, less time, and a folder of their own. */
const script = (target: string, folder: string, wait: number): string => {
  const [, lines = ""] = /```sh\n(run=load-\$\(date[^`]*)```/.exec(readme) ?? []
  return [
    ["mail.example.com:2525", target],
    ["+9sec", `+${wait}sec`],
    ["--duration 10s", "--duration 2s"],
    ["< 250ms", "< 9s"],
    ["/tmp/", `${folder}/`]
  ].reduce((text, [from = "", to = ""]) => {
    assert.include(text, from)
    return text.replaceAll(from, to)
  }, lines)
}

const lacks = Sshd.lacks.length === 0 ? "" : ` (lacks ${Sshd.lacks.join(", ")})`

describe.skipIf(Sshd.lacks.length > 0)(`the README's four machines, by ssh${lacks}`, () => {
  it.scopedLive("make one run, each message of which is sent once", () =>
    Effect.gen(function* () {
      const { environment, folder } = yield* Sshd.start
      const { numbers, target } = yield* Commands.judge
      const options = { cwd: folder, env: environment }
      const after = (wait: number) =>
        Effect.suspend(() => {
          numbers.length = 0
          return Commands.run(["bash", "-c", script(target, folder, wait)], options)
        })
      // On a busy machine, commands take their time to start.
      const early = yield* after(5)
      const { status, stderr, stdout } = early.stderr.includes("were due by then") ? yield* after(20) : early
      assert.deepStrictEqual([status, stderr], [0, ""])
      assert.include(stdout, "100 accepted")
      assert.match(stdout.replace(/\s+/g, " "), /completed, 4 of 4 segments of run load-\d+/)
      assert.match(stdout, /^ok {6}accepted is 100 %/m)
      assert.deepStrictEqual(
        numbers.toSorted((a, b) => a - b),
        Array.from({ length: 100 }, (_, number) => number)
      )
      // Each machine has kept its own, too.
      const [, run] = /of run (load-\d+)/.exec(stdout.replace(/\s+/g, " ")) ?? []
      const kept = fs.readdirSync(folder).filter((name) => name.startsWith(`${run}-`))
      assert.strictEqual(kept.length, 4)
      for (const name of kept) {
        const here = fs.readFileSync(path.join(folder, `${name.at(-1)}.ndjson`), "utf8")
        assert.strictEqual(fs.readFileSync(path.join(folder, name), "utf8"), here)
      }
    })
  )
})
