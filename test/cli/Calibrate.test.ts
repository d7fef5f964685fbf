import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

import * as Calibrate from "../../src/cli/Calibrate.js"

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
    assert.match(lines[1] ?? "", /^ +limited by /)
    assert.match(lines[2] ?? "", /^-d --pipelining full --workers auto +[\d,]+ messages\/s over 20 sessions/)
    assert.match(lines[3] ?? "", /^ +limited by .*\d\.\d of \d+ processor/)
    assert.strictEqual(stderr, "")
    const [asked = 0, fastest = 0] = [lines[0] ?? "", lines[2] ?? ""].map((line) =>
      Number(/([\d,]+) messages/.exec(line)?.[1]?.replaceAll(",", ""))
    )
    assert.isAbove(asked, 50)
    assert.isAbove(fastest, asked)
  })

  it("says that it makes no report, and judges nothing", () => {
    const { status, stderr } = run("--calibrate", "--report", "json", "--fail-if", "rate < 1/s")
    assert.deepStrictEqual(
      [status, stderr],
      [0, "smtp-source: warning: --calibrate does nothing about --report, --fail-if\n"]
    )
  })

  it("tells what limits a rate, by who was busy", () => {
    const limit = (cpu: number, utilisation: number) =>
      Calibrate.limitOf(
        { cpu: { user: cpu, system: 0 }, utilisation, delayMean: 0, delayP99: 0 },
        { elapsed: 1000, processors: 2 }
      )
    assert.strictEqual(limit(1950, 0.99), "the machine: the generator and the sink use 1.9 of 2 processors")
    assert.match(limit(1300, 0.97), /^the generator's busiest thread; .* use 1\.3 of 2 processors$/)
    assert.match(limit(500, 0.3), /^neither the generator nor the machine \(0\.5 of 2 processors\)/)
  })

  it("is in place of a target", () => {
    const { status, stderr } = run("--calibrate", "localhost")
    assert.deepStrictEqual([status, stderr], [1, "smtp-source: fatal: --calibrate and a target exclude each other\n"])
  })
})
