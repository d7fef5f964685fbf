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
    const summary = run("-m", "5", "--warm-up", "1h", "--summary")
    assert.match(summary.stderr, /^smtp-source: nothing was measured: the warm-up of 60 min 0 s outlasted the run$/m)
    const { stderr } = run("-m", "5", "--warm-up", "1h", "--report", "text")
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
    const { measured, rate } = JSON.parse(stdout)
    const [[from, to]] = measured.active
    // How fast it is depends on the machine; that both tell of the same does not.
    assert.isAtLeast(from, 1000)
    assert.isAbove(to, from)
    // The rate is over the time in which messages were due: no more than were intended, however late some end.
    assert.isAtMost(rate, 101)
    assert.isAbove(rate, 0)
    assert.isBelow(measured.accepted, 200)
    const [, shown] =
      /^smtp-source: \d+\.\d+ s, \S+\/s intended, \S+\/s started, (\S+)\/s accepted$/m.exec(stderr) ?? []
    assert.strictEqual(shown, String(Number(rate.toPrecision(3))))
    assert.match(stderr, /^smtp-source: the rate and the durations leave out the first 1\.\d\d s, a warm-up$/m)
  })
})
