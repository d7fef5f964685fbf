import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Comparison from "../../src/report/Comparison.js"
import * as MergedReport from "../../src/report/MergedReport.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs the command itself against its own sink. */
const run = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, ["dist/bin/smtp-source.js", "--sink", "-d", ...args], { cwd: root, encoding: "utf8" })

describe("two runs with --sink", () => {
  it("are of one plan, and not the same run, whatever port the sink had", () => {
    const [one, two] = [1, 2].map(() => JSON.parse(run("-m", "5", "--report", "json").stdout))
    assert.deepInclude(one.plan, { sink: true })
    assert.notProperty(one.plan, "target")
    assert.deepStrictEqual(Comparison.planDifferences(one, two), [])
    assert.isUndefined(MergedReport.twice([one, two]))
  })
})

describe("a run that is over before its warm-up", () => {
  it("says so, in its summary and in its report", () => {
    const { stderr } = run("-m", "5", "--warm-up", "1h", "--summary", "--report", "text")
    assert.match(stderr, /^smtp-source: nothing was measured: the run was over before its warm-up of 60 min 0 s$/m)
    assert.match(stderr, /^NOTHING WAS MEASURED: THE RUN WAS OVER BEFORE ITS WARM-UP OF 1H\.$/m)
  })
})

describe("a run with a warm-up", () => {
  it("tells of the rate after it, in its summary and in its report alike", () => {
    const { stderr, stdout } = run(
      "--rate",
      "100/s",
      "--duration",
      "2s",
      "--warm-up",
      "1s",
      "--summary",
      "--report",
      "json"
    )
    assert.match(stderr, /^smtp-source: [12]\.\d+ s, (9\d|100|101) messages\/s$/m)
    assert.match(stderr, /^smtp-source: the rate and the durations leave out a warm-up of 1\.0\d s$/m)
    assert.approximately(JSON.parse(stdout).rate, 100, 10)
  })
})
