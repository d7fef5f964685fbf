import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs the command itself against its own sink. */
const run = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, ["dist/bin/smtp-source.js", "--sink", "-d", ...args], { cwd: root, encoding: "utf8" })

describe("--abort-if", () => {
  it("stops the run while it goes on, with status 99 and the reason, and the books balance", () => {
    const { status, stderr, stdout } = run(
      "-m",
      "10000",
      "-w",
      "0.01",
      "--abort-if",
      "accepted >= 50",
      "--report",
      "json"
    )
    assert.strictEqual(status, 99, stderr)
    assert.match(stderr, /^smtp-source: failed: --abort-if: accepted is \d+ \(aborts at or above 50\)/m)
    const { ended, messages, reason, verdicts } = JSON.parse(stdout)
    assert.strictEqual(ended, "stopped")
    assert.isAtLeast(messages.accepted, 50)
    assert.strictEqual(messages.accepted + messages.notStarted, 10_000)
    assert.isTrue(verdicts[0].failed)
    assert.match(reason, /^aborted: accepted is \d+ \(aborts at or above 50\)$/)
  })

  it("does not take for true what was not measured, and leaves a run alone that keeps to it", () => {
    const { status, stderr } = run(
      "-m",
      "20",
      "-w",
      "0.1",
      "--abort-if",
      "p99(rset) > 1us",
      "--abort-if",
      "rejected > 0"
    )
    assert.strictEqual(status, 0, stderr)
  })

  it("does not take for true what has not happened yet", () => {
    // What is true of the moment before the first message, and of no machine, however busy, after it.
    const limits = ["accepted < 90%", "rate < 0.02/s", "accepted < 15"]
    const { status, stderr } = run("-m", "15", "-w", "0.15", ...limits.flatMap((limit) => ["--abort-if", limit]))
    assert.strictEqual(status, 0, stderr)
  })

  it("is looked at once more at the end, for a run that is over within a second", () => {
    const { status, stderr, stdout } = run("-m", "3", "--abort-if", "accepted >= 3", "--report", "json")
    assert.strictEqual(status, 99, stderr)
    assert.match(stderr, /^smtp-source: failed: --abort-if: accepted is 3 \(aborts at or above 3\)/m)
    const { elapsed, ended } = JSON.parse(stdout)
    // A busy machine may take so long that the first look is not the last one.
    if (elapsed < 1000) assert.strictEqual(ended, "completed")
  })

  it("works over several threads", () => {
    const { status, stderr } = run(
      "-s",
      "4",
      "-m",
      "10000",
      "-w",
      "0.01",
      "--workers",
      "2",
      "--abort-if",
      "accepted > 9"
    )
    assert.strictEqual(status, 99, stderr)
  })
})

describe("--progress", () => {
  it("shows nothing by itself where there is no terminal", () => {
    assert.strictEqual(run("-m", "15", "-w", "0.1").stderr, "")
  })

  it("plain writes a line every five seconds, and one at the end", () => {
    const { stderr } = run("-m", "27", "-w", "0.2", "--progress", "plain")
    assert.match(
      stderr,
      /^smtp-source: \d s: \d+ of 27 \(\d+ %\), \d+ messages\/s, .* no errors, \d busy, ETA \d s\nsmtp-source: over after \d\.\d\d s: 27 of 27, \d+ messages\/s, p50 .*, no errors\n$/
    )
  })
})

describe("--report ndjson", () => {
  it("tells each second as it goes, and ends with the report that json would have written", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "live-"))
    const file = path.join(folder, "run.ndjson")
    const { status, stdout } = run("-m", "12", "-w", "0.2", "--report", `ndjson=${file}`, "--report", "json")
    assert.strictEqual(status, 0)
    const records = fs
      .readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    fs.rmSync(folder, { recursive: true })
    assert.strictEqual(records[0].type, "start")
    assert.isAtLeast(records.length, 4)
    assert.deepStrictEqual(records.at(-1), { type: "end", report: JSON.parse(stdout) })
    const seconds = records.filter(({ type }) => type === "interval")
    assert.strictEqual(
      seconds.reduce((sum, { interval }) => sum + interval.accepted, 0),
      12
    )
    assert.deepStrictEqual(
      JSON.parse(stdout).series.intervals,
      seconds.map(({ interval }) => interval)
    )
  })
})
