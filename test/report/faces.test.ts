import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Series from "../../src/measure/Series.js"
import * as CsvReport from "../../src/report/CsvReport.js"
import * as HgrmReport from "../../src/report/HgrmReport.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as Judgement from "../../src/report/Judgement.js"
import * as JunitReport from "../../src/report/JunitReport.js"
import * as PrometheusReport from "../../src/report/PrometheusReport.js"
import { Recent } from "../../src/report/Recent.js"
import type { RunReport } from "../../src/report/RunReport.js"
import * as TextReport from "../../src/report/TextReport.js"
import * as Counted from "../measure/Counted.js"
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

  it("hgrm has HdrHistogram's lines: five for each half of what is left to 100 %, and what share is beyond", () => {
    const [, , , ...lines] = HgrmReport.render(reportOf(samples)).split("\n")
    const rows = lines.slice(0, 13).map((line) => line.trim().split(/\s+/).map(Number))
    assert.deepStrictEqual(rows, [
      [1, 0, 1, 1],
      [1, 0.1, 1, 1.11],
      [1, 0.2, 1, 1.25],
      [2.001, 0.3, 2, 1.43],
      [2.001, 0.4, 2, 1.67],
      [2.001, 0.5, 2, 2],
      [3, 0.55, 3, 2.22],
      [3, 0.6, 3, 2.5],
      [3, 0.65, 3, 2.86],
      [3, 0.7, 3, 3.33],
      [3, 0.75, 3, 4],
      [4.002, 0.775, 4, 4.44],
      [4.002, 1, 4]
    ])
    assert.strictEqual(lines[13], "#[Mean    =        2.500, StdDeviation   =        1.118]")
    assert.strictEqual(lines[14], "#[Max     =        4.002, Total count    =            4]")
  })

  it("csv has a row for each interval of the run, with as many cells as there are headings", () => {
    const [interval] = Series.append(Series.empty, entryAt(1).interval, 0).intervals
    const series = { width: 1000, intervals: [interval!, { ...interval!, at: 2000 }] }
    const [heading, ...rows] = CsvReport.render({ ...hostile, series })
      .trimEnd()
      .split("\n")
    assert.match(heading ?? "", /^at_ms,length_ms,started,accepted,/)
    const at = (name: string) => heading?.split(",").indexOf(name) ?? -1
    assert.deepStrictEqual(
      rows.map((row) => row.split(",")[at("late")]),
      ["3", "3"]
    )
    assert.deepStrictEqual(
      rows.map((row) => row.split(",").slice(0, 4).map(Number)),
      [
        [1000, 1000, 2, 1],
        [2000, 1000, 2, 1]
      ]
    )
    for (const row of rows) assert.lengthOf(row.split(","), heading?.split(",").length ?? 0)
  })

  it("csv tells what was abandoned from what failed, and has the errors, the refusals and the generator's lateness", () => {
    const counts = { failed: 7, abandoned: 4, behind: 3, errors: 2, codes: { "4xx": 5, "5xx": 6 } }
    const series = { width: 1000, intervals: [{ ...entryAt(1).interval, ...counts }] }
    const [heading = [], row] = CsvReport.render({ ...hostile, series })
      .split("\n")
      .map((line) => line.split(","))
    const told = ["failed", "abandoned", "behind", "errors", "replies_4xx", "replies_5xx"]
    assert.deepStrictEqual(
      told.map((name) => row?.[heading.indexOf(name)]),
      ["3", "4", "3", "2", "5", "6"]
    )
  })

  it("csv and the series have no durations of an interval in which nothing was measured, rather than 0 ms", () => {
    const { max: _max, p50: _p50, p99: _p99, ...silent } = entryAt(1).interval
    const none = { ...silent, accepted: 0, ...Series.statistics([]) }
    // Reports of version 0.1 had zeros.
    for (const interval of [none, { ...none, p50: 0, p99: 0, max: 0 }]) {
      const series = { width: 1000, intervals: [interval] }
      assert.match(CsvReport.render({ ...hostile, series }), /,,,\n$/)
    }
    assert.deepStrictEqual(Object.keys(Series.statistics([])), ["buckets"])
  })

  it("prometheus tells what ran, how it ended, and of connections, lateness and verdicts, each once", () => {
    const verdict = { kind: "fail-if" as const, expression: 'rejected > "1"', failed: false, measured: "0" }
    const text = PrometheusReport.render({
      ...reportOf(samples),
      plan: { sink: true },
      ended: "stopped",
      arrivals: Counted.arrivals({ late: 7, dropped: 2 }),
      connections: Counted.connections({
        opened: 5,
        failed: 1,
        reused: 3,
        unpipelined: 2,
        closedByUs: 4,
        closedByServer: 6
      }),
      generator: { cpu: { user: 1, system: 1 }, utilisation: 0.5, delayMean: 1, delayP99: 20 },
      verdicts: [verdict, { ...verdict, failed: true }]
    })
    for (const line of [
      'info{target="sink",version="1.2.3"} 1',
      'ended{how="stopped"} 1',
      "messages_late 7",
      "messages_dropped 2",
      "connections_opened 5",
      "connections_failed 1",
      "connections_reused 3",
      "connections_unpipelined 2",
      'connections_closed{by="us"} 4',
      'connections_closed{by="server"} 6',
      'generator_delay_seconds{statistic="mean"} 0.001',
      'generator_delay_seconds{statistic="p99"} 0.02',
      'verdict_failed{option="fail-if",expression="rejected > \\"1\\""} 1'
    ]) {
      assert.include(text, `smtp_source_${line}\n`)
    }
    const names = text
      .split("\n")
      .filter((line) => !line.startsWith("#"))
      .map((line) => line.replace(/ [^ ]*$/, ""))
    assert.strictEqual(new Set(names).size, names.length)
  })

  it("text fits a terminal of 80 columns", () => {
    for (const line of TextReport.render(reportOf(samples, { later: 0, elapsed: 1000 })).split("\n")) {
      assert.isAtMost(line.length, 80, line)
    }
  })
})

describe("a verdict", () => {
  const judge = (expression: string) =>
    Either.getOrThrow(Judgement.judge(reportOf(samples, { later: 0, elapsed: 1000 }), { failIf: [expression] }))[0]
      ?.failed

  it("is about what was measured", () => {
    assert.isTrue(judge("max(transaction) > 3.9ms"))
    assert.isFalse(judge("max(transaction) > 4.1ms"))
    assert.isTrue(judge("p50(transaction) < 3ms"))
  })

  it("fails where nothing was measured that it could be about", () => {
    assert.isTrue(judge("p99(rset) > 1s"))
  })

  it("on the rate waits for the end of the warm-up", () => {
    const warming = { ...reportOf(samples), measured: { accepted: 0, active: [] }, rate: 0 }
    const recent = new Recent()
    recent.add(entryAt(2))
    assert.deepStrictEqual(Judgement.soFar(warming, ["rate < 100/s"], recent), Either.right([]))
    assert.deepStrictEqual(Judgement.atLast(warming, ["rate < 100/s"]), Either.right([]))
    assert.isTrue(Either.getOrThrow(Judgement.judge(warming, { failIf: ["rate < 100/s"] }))[0]?.failed)
  })

  it("is in the JUnit report, as a test that failed or did not", () => {
    const report = reportOf(samples, { later: 0, elapsed: 1000 })
    const verdicts = Either.getOrThrow(
      Judgement.judge(report, {
        failIf: ["max(transaction) > 1ms", "failed > 99%"],
        require: ["max(transaction) < 1ms"]
      })
    )
    const text = JunitReport.render({ ...report, verdicts })
    assert.match(text, /tests="4" failures="2"/)
    assert.include(text, 'name="max(transaction) &gt; 1ms is not true"')
    assert.include(text, '<failure message="max(transaction) is 4 ms (fails above 1 ms)"')
    assert.include(text, 'name="failed &gt; 99% is not true" time="0.000"/>')
    assert.include(text, 'name="max(transaction) &lt; 1ms is true"')
    assert.include(text, '<failure message="max(transaction) is 4 ms (must be below 1 ms)"')
  })
})

describe("a report for Prometheus", () => {
  it("counts each message once, by how it ended", () => {
    const report = reportOf(samples)
    const messages = { ...report.messages, planned: 9, started: 9, failed: 5, abandoned: 2 }
    const ends = [
      ...PrometheusReport.render({ ...report, messages }).matchAll(/^smtp_source_messages\{end="(\w+)"\} (\d+)/gm)
    ]
    const counts = ends.map(([, end, count]) => ({ end, count: Number(count) }))
    assert.deepInclude(counts, { end: "failed", count: 3 })
    assert.deepInclude(counts, { end: "abandoned", count: 2 })
    assert.strictEqual(
      counts.reduce((sum, { count }) => sum + count, 0),
      9
    )
  })
})

describe("a JUnit report", () => {
  const report = reportOf(samples, { later: 0, elapsed: 1000 })
  const problems = (run: RunReport) =>
    [...JunitReport.render(run).matchAll(/<failure message="([^"]*)"/g)].map(([, problem]) => problem)

  it("fails where a message was not accepted with --keep-going, as the command does", () => {
    const messages = { ...report.messages, rejected: 1, failed: 5, abandoned: 2, unknown: 4 }
    const going = { ...report, plan: { ...report.plan, keepGoing: true } }
    assert.deepStrictEqual(problems(going), [])
    assert.include(JunitReport.render(going), 'name="every message is accepted" time="0.000"/>')
    assert.deepStrictEqual(problems({ ...going, messages }), ["1 rejected, 3 failed, 4 unknown"])
    assert.deepStrictEqual(problems({ ...report, messages }), [])
    // What is left half way because that is the plan is no failure.
    assert.deepStrictEqual(problems({ ...going, messages: { ...report.messages, failed: 2, abandoned: 2 } }), [])
  })

  it("tells a run that was stopped, or aborted by a verdict, from one whose end nobody saw", () => {
    assert.deepStrictEqual(problems({ ...report, ended: "stopped" }), ["it was stopped on request"])
    const reason = "aborted: rejected is 6 % (aborts above 5 %)"
    const aborted: RunReport = { ...report, ended: "stopped", reason }
    assert.deepStrictEqual(problems(aborted), ["aborted: rejected is 6 % (aborts above 5 %)"])
    assert.match(TextReport.render(aborted), /^4 messages to mail.example: aborted\n {2}aborted: rejected is 6 %/)
    assert.match(problems({ ...report, ended: "cut" })[0] ?? "", /^nobody saw its end/)
  })

  it("holds the report as text, with nothing in it that XML would read", () => {
    const text = JunitReport.render({ ...report, ended: "failed", reason: "550 <b>&]]>" })
    const [, out = ""] = /<system-out>([^<]*)<\/system-out>\n {2}<\/testsuite>/.exec(text) ?? []
    assert.include(out, "  messages   4 accepted\n")
    assert.include(out, "550 &lt;b&gt;&amp;]]&gt;")
  })
})
