import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import * as SavedReport from "../../src/report/SavedReport.js"
import * as StrikesReport from "../../src/report/StrikesReport.js"
import * as TextReport from "../../src/report/TextReport.js"
import { reportOf } from "./Reports.js"

describe("what a sink did by its rules", () => {
  const first = { ...reportOf([]), ids: ["1"], ...StrikesReport.of({ strikes: [{ rule: "fault b\u001b", times: 1 }] }) }
  const others = [
    { rule: "fault b\\x1b", times: 2 },
    { rule: "fault a", times: 0 }
  ]
  const second = { ...reportOf([]), ids: ["2"], strikes: others }

  it("is in the report of a run that had any, and is read back", () => {
    assert.deepStrictEqual(Either.getOrThrow(SavedReport.parse(JsonReport.render(first))).strikes, [
      { rule: "fault b\\x1b", times: 1 }
    ])
    assert.include(TextReport.render(second), "  struck     2 times: fault b\\x1b\n  struck     0 times: fault a\n")
    assert.deepStrictEqual(StrikesReport.of({ strikes: [] }), {})
  })

  it("adds up over runs, in any order", () => {
    const sum = [
      { rule: "fault a", times: 0 },
      { rule: "fault b\\x1b", times: 3 }
    ]
    assert.deepStrictEqual(MergedReport.merge(first, second).strikes, sum)
    assert.deepStrictEqual(MergedReport.merge(second, first).strikes, sum)
    assert.notProperty(MergedReport.merge(reportOf([]), { ...reportOf([]), ids: ["3"] }), "strikes")
  })
})
