import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs the command itself. */
const run = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, ["dist/bin/smtp-source.js", ...args], { cwd: root, encoding: "utf8" })

describe("--calibrate", () => {
  it("measures the load as asked, whatever its pauses and rate, and the fastest one", () => {
    const { status, stderr, stdout } = run("--calibrate", "-s", "3", "-l", "100", "--rate", "5/s", "--duration", "1h")
    assert.strictEqual(status, 0, stderr)
    const lines = stdout.trimEnd().split("\n")
    assert.match(lines[0] ?? "", /^as asked +[\d,]+ messages\/s over 3 sessions, the generator \d+ % busy$/)
    assert.match(lines[1] ?? "", /^-d --pipelining full --workers auto +[\d,]+ messages\/s over 20 sessions/)
    const [asked = 0, fastest = 0] = lines.map((line) =>
      Number(/([\d,]+) messages/.exec(line)?.[1]?.replaceAll(",", ""))
    )
    assert.isAbove(asked, 50)
    assert.isAbove(fastest, asked)
  })

  it("is in place of a target", () => {
    const { status, stderr } = run("--calibrate", "localhost")
    assert.deepStrictEqual([status, stderr], [1, "smtp-source: fatal: --calibrate takes the place of the target\n"])
  })
})
