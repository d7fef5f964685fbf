import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Ajv } from "ajv"
import * as Comparison from "../../src/report/Comparison.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import { reportOf } from "./Reports.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Of a run of the command itself. */
const real = (): unknown =>
  JSON.parse(
    execFileSync(
      process.execPath,
      ["dist/bin/smtp-source.js", "--sink", "-m", "20", "-s", "3", "-d", "--report", "json", "--fail-if", "rate < 0/s"],
      { cwd: root, encoding: "utf8" }
    )
  )

const packaged = (name = "report"): object =>
  JSON.parse(readFileSync(`${root}/dist/schema/${name}.schema.json`, "utf8"))

describe("the JSON Schema in the package", () => {
  it("is that of the reports that this version writes", () => {
    assert.deepStrictEqual(packaged(), JSON.parse(JSON.stringify(RunReport.jsonSchema())))
  })

  it("is obeyed by the report of a real run, and by merged and hostile ones", () => {
    const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(packaged())
    const samples = [
      { of: "transaction", ending: "accepted", elapsed: 1, code: 250 },
      { of: "rcpt", ending: "rejected", elapsed: 2, code: 450 },
      { of: "final", ending: "rejected", elapsed: 2, code: 550 }
    ] as const
    const merged = MergedReport.merge(reportOf(samples), reportOf(samples, { later: 100 }))
    for (const report of [
      real(),
      JSON.parse(JsonReport.render(merged)),
      { ...reportOf([]), reason: "\u0007</script>" }
    ]) {
      assert.isTrue(validate(report), JSON.stringify(validate.errors))
    }
  })

  it("refuses a report with a defect", () => {
    const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(packaged())
    const sound = reportOf([{ of: "rcpt", ending: "accepted", elapsed: 1, code: 250 }])
    assert.isTrue(validate(sound))
    const { messages: _, ...without } = sound
    const defects: ReadonlyArray<readonly [string, object]> = [
      ["a field that is missing", without],
      ["a field that nobody knows", { ...sound, extra: 1 }],
      ["another version", { ...sound, version: 3 }],
      ["a count below zero", { ...sound, bytes: { out: -1, in: 0 } }],
      ["a step that does not exist", { ...sound, replies: [{ ...sound.replies[0], step: "knock" }] }],
      ["a bucket that is no pair", { ...sound, durations: [{ ...sound.durations[0], buckets: [[1]] }] }]
    ]
    for (const [what, defect] of defects) assert.isFalse(validate(defect), what)
  })

  it("of journals is obeyed by each line of a real one", () => {
    const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(packaged("journal"))
    const lines = execFileSync(
      process.execPath,
      ["dist/bin/smtp-source.js", "--sink", "-m", "20", "-d", "-w", "0.1", "--report", "ndjson"],
      { cwd: root, encoding: "utf8" }
    )
    const records: ReadonlyArray<unknown> = lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    assert.isAtLeast(records.length, 4)
    assert.match(lines, /"replies":\[{"step":"mail","code":250,"enhanced":"2.1.0","count":\d+,"last"/)
    for (const record of records) assert.isTrue(validate(record), JSON.stringify(validate.errors))
    assert.isFalse(validate({ type: "middle" }))
  })

  it("of comparisons is obeyed by those with a test and without one", () => {
    const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(packaged("comparison"))
    const runs = [1, 2, 3, 4].map((elapsed) =>
      reportOf([{ of: "transaction", ending: "accepted", elapsed, code: 450 }])
    )
    const other = reportOf([{ of: "transaction", ending: "accepted", elapsed: 1e9, code: 250 }])
    for (const comparison of [
      Comparison.make(runs.slice(0, 2), runs.slice(2)),
      Comparison.make(runs.slice(0, 2), [other, ...runs.slice(2)]),
      Comparison.make(runs.slice(0, 1), [{ ...other, plan: { sessions: 3 } }])
    ]) {
      assert.isTrue(validate(JSON.parse(JSON.stringify(comparison))), JSON.stringify(validate.errors))
      assert.isFalse(validate({ ...comparison, version: 2 }))
    }
  })
})
