import { assert, describe, it } from "@effect/vitest"
import * as Series from "../../src/measure/Series.js"
import * as CsvReport from "../../src/report/CsvReport.js"
import * as HgrmReport from "../../src/report/HgrmReport.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as Judgement from "../../src/report/Judgement.js"
import * as JunitReport from "../../src/report/JunitReport.js"
import * as PrometheusReport from "../../src/report/PrometheusReport.js"
import type { RunReport } from "../../src/report/RunReport.js"
import * as TextReport from "../../src/report/TextReport.js"
import { entryAt, reportOf, type Sample } from "./Reports.js"

const samples: ReadonlyArray<Sample> = [1, 2, 3, 4].map((elapsed) => ({
  of: "transaction",
  ending: "accepted",
  elapsed,
  code: 250
}))

/** A report whose words came from a server that means harm. */
const hostile: RunReport = {
  ...reportOf(samples, { later: 0, elapsed: 1000 }),
  reason: '=cmd|"<b>&\u001b[2J\u009b\u202e\u0007'
}

const faces = {
  text: TextReport.render,
  json: JsonReport.render,
  csv: CsvReport.render,
  hgrm: HgrmReport.render,
  prometheus: PrometheusReport.render,
  junit: JunitReport.render
}

describe("each face of a report", () => {
  for (const [name, render] of Object.entries(faces)) {
    it(`${name} holds nothing that a terminal would obey, and does not read as a reader's formula`, () => {
      const text = render(hostile)
      assert.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
      assert.isFalse(name === "csv" && /(^|[\n,])[=+\-@]/.test(text))
    })
  }

  it("csv has a row for each interval of the run, with as many cells as there are headings", () => {
    const [interval] = Series.append(Series.empty, entryAt(1).interval, 0).intervals
    const series = { width: 1000, intervals: [interval!, { ...interval!, at: 2000 }] }
    const [heading, ...rows] = CsvReport.render({ ...hostile, series })
      .trimEnd()
      .split("\n")
    assert.match(heading ?? "", /^at_ms,length_ms,started,accepted,/)
    assert.deepStrictEqual(
      rows.map((row) => row.split(",").slice(0, 4).map(Number)),
      [
        [1000, 1000, 2, 1],
        [2000, 1000, 2, 1]
      ]
    )
    for (const row of rows) assert.lengthOf(row.split(","), heading?.split(",").length ?? 0)
  })

  it("text fits a terminal of 80 columns", () => {
    for (const line of TextReport.render(reportOf(samples, { later: 0, elapsed: 1000 })).split("\n")) {
      assert.isAtMost(line.length, 80, line)
    }
  })
})

describe("a verdict", () => {
  const judge = (expression: string) =>
    Judgement.judge(reportOf(samples, { later: 0, elapsed: 1000 }), [expression])[0]?.failed

  it("is about what was measured", () => {
    assert.isTrue(judge("max(transaction) > 3.9ms"))
    assert.isFalse(judge("max(transaction) > 4.1ms"))
    assert.isTrue(judge("p50(transaction) < 3ms"))
  })

  it("fails where nothing was measured that it could be about", () => {
    assert.isTrue(judge("p99(rset) > 1s"))
  })

  it("is in the JUnit report, as a test that failed or did not", () => {
    const report = reportOf(samples, { later: 0, elapsed: 1000 })
    const verdicts = [...Judgement.judge(report, ["max(transaction) > 1ms", "failed > 99%"])]
    const text = JunitReport.render({ ...report, verdicts })
    assert.match(text, /tests="\d+"/)
    assert.include(text, "max(transaction) &gt; 1ms")
    assert.match(text, /<failure/)
  })
})
