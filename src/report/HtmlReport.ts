/**
 * A run as one HTML page that needs nothing else: no network, no program, no other file. What it shows is also in it as
 * JSON, so that the page is a result that can be merged and compared.
 *
 * It is over 300 lines because it is one page, section by section, from top to bottom.
 *
 * @since 0.1.0
 */
import * as Arrival from "../plan/Arrival.js"
import * as Plan from "../plan/Plan.js"
import * as Axis from "./html/Axis.js"
import { type Content, embeddedJson, Markup, markup } from "./html/Markup.js"
import * as DepthChart from "./html/DepthChart.js"
import * as PercentileChart from "./html/PercentileChart.js"
import * as Tables from "./html/Tables.js"
import { styleSheet } from "./html/StyleSheet.js"
import * as Timeline from "./html/Timeline.js"
import * as Counts from "../measure/Counts.js"
import * as ArrivalCounters from "./ArrivalCounters.js"
import * as Series from "../measure/Series.js"
import * as JsonReport from "./JsonReport.js"
import * as Bottleneck from "./Bottleneck.js"
import * as CommandLine from "./CommandLine.js"
import * as Figures from "./Figures.js"
import * as Phrases from "./Phrases.js"
import * as ProofLines from "./ProofLines.js"
import * as Judgement from "./Judgement.js"
import type { RunReport } from "./RunReport.js"
import * as Coverage from "./Coverage.js"
import * as SegmentLines from "./SegmentLines.js"
import * as Stages from "./Stages.js"
import * as Summary from "./Summary.js"

/** Nothing is loaded and nothing is run, whatever a server has smuggled into a text. The empty icon spares a request. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

/**
 * The page.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (
  report: RunReport,
  moments: ReadonlyArray<Timeline.Moment> = report.series?.intervals ?? []
): string => {
  const { tool } = report
  const title = Phrases.title(report)
  const embedded = slim(report)
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(styleSheet)}</style>
</head>
<body>
<header>
${bottleneck(report)}
${unmeasured(report)}
<h1>${title}</h1>
<p class="soft">${how(report)}</p>
${report.reason === undefined ? undefined : markup`<p class="notice"><strong>${reasons[report.ended]}</strong> ${report.reason}</p>`}
${SegmentLines.losses(report).map((loss) => markup`<p class="notice"><strong>Lost:</strong> ${loss}</p>`)}
${segmentsNote(report)}
${headline(report)}
${endings(report)}
</header>
<main>
${section("Verdicts", verdicts(report))}
${section("Over time", Timeline.render(moments, report))}
${section("Proof of delivery", delivered(report))}
${section("Arrivals", arrivals(report))}
${section("Latency by step", [...PercentileChart.render(report.durations), ...Tables.durationTable(report.durations), ...Tables.glossary(report)])}
${section("What went wrong", Tables.troubleTable(report))}
${section("TLS", Tables.tlsTable(report))}
${section("Logins", Tables.loginTable(report))}
${section("Targets", Tables.targetTable(report))}
${section("Extensions", Tables.withoutTable(report))}
${section("Corpus", Tables.corpusTable(report))}
${section("Replies", Tables.replyTable(report))}
${section("Recipients and traffic", facts(report))}
${section("The generator", generator(report))}
${section("The plan", plan(report))}
</main>
<footer>Made by ${tool.name} ${tool.version}. This page holds the report as JSON, with its histograms${ofWidth(report, embedded)}: smtp-report reads it.</footer>
<script type="application/json" id="report">${embeddedJson(JsonReport.ascii(JSON.stringify(embedded)))}</script>
</body>
</html>
`.text
}

const segmentsNote = (report: RunReport): Content => {
  const begun = SegmentLines.beginnings(report)
  const covered = Coverage.text(report)
  const sentences = [begun && `The segments ${begun}.`, covered && `${covered}.`].filter((text) => text !== undefined)
  return sentences.length === 0 ? undefined : markup`<p class="soft">${sentences.join(" ")}</p>`
}

/** In characters of JSON. Each second of an hour has a histogram: all of them would be a page that no browser likes to open. */
const longestSeries = 1_000_000

/** The report with so few intervals that they take no more than their share of the page. Sums and maxima stay as they are. */
const slim = (report: RunReport): RunReport => {
  let { series } = report
  if (series === undefined) return report
  const startedAt = Date.parse(report.startedAt)
  while (series.intervals.length > 1 && lengthOf(series) > longestSeries) series = Series.halved(series, startedAt)
  return Coverage.add({ ...report, series })
}

const lengthOf = ({ intervals }: Series.Series): number =>
  intervals.reduce((total, interval) => total + JSON.stringify(interval).length, 0)

/** What the page does not hold is in the other formats. */
const ofWidth = ({ series }: RunReport, { series: embedded }: RunReport): string =>
  series === undefined || embedded === undefined || series.width === embedded.width
    ? ""
    : ` and the run in parts of ${Summary.duration(embedded.width / 1000)}; --report json has each ${series.width === 1000 ? "second" : Summary.duration(series.width / 1000)}`

const { count } = Summary

const section = (title: string, content: ReadonlyArray<Markup>): Content =>
  content.length === 0 ? undefined : markup`<section><h2>${title}</h2>${content}</section>`

const how = (report: RunReport): string => {
  const { elapsed, ended, runs, startedAt } = report
  // What a verdict stopped has a reason; what a signal stopped has none.
  const stopped = report.reason === undefined ? "Stopped on request" : "Aborted"
  const end = { completed: "Completed", stopped, failed: "Ended early", cut: "Cut short" }[ended]
  const start = startedAt.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC")
  const last = runs > 1 ? `, the last of which ended after ${Phrases.took(report)}` : ""
  const together = `${Phrases.together(report).replace(/^,/, ";")}${last}`
  return `${end}${runs > 1 ? "" : ` after ${Axis.clock(elapsed / 1000)}`}, started ${start}${together}`
}

/** What a run's reason is. */
const reasons = { completed: "Note:", failed: "Ended by", stopped: "Why:", cut: "Cut short:" } as const

const bottleneck = (report: RunReport): Content => {
  const reasons = Bottleneck.explain(report)
  return reasons.length === 0
    ? undefined
    : markup`<p class="notice" role="note"><strong>The generator was the bottleneck: the server may be faster than this.</strong> ${reasons.join(" ")}</p>`
}

const unmeasured = (report: RunReport): Content => {
  const warning = Phrases.nothingMeasured(report)
  return warning === undefined ? undefined : markup`<p class="notice" role="note"><strong>${warning}</strong></p>`
}

/** What became of messages after they were accepted. */
const delivered = ({ proof }: RunReport): ReadonlyArray<Markup> =>
  proof === undefined
    ? []
    : [
        ...DepthChart.render(proof.seconds),
        pairs(
          ProofLines.lines(proof).map(
            ([name, text]) => [name === "" ? "" : name[0]!.toUpperCase() + name.slice(1), text] as const
          )
        )
      ]

/** What an open run was to do, and whether it did; and what is left out of the figures. */
const arrivals = (report: RunReport): ReadonlyArray<Markup> => {
  const { arrivals, durations, plan } = report
  const warmUp = Phrases.warmUp(report)
  const start = durations.find(({ ending, of }) => of === "start" && ending === "accepted")
  const rows: ReadonlyArray<readonly [string, string]> = [
    ...(arrivals === undefined
      ? []
      : [
          ["Intended", String(plan.rate ?? plan.stages ?? "differs from run to run")] as const,
          ["Rates", Phrases.rates(report)] as const,
          ...Counts.arrivals.map(
            (name) =>
              [
                `${name[0]!.toUpperCase()}${name.slice(1)}`,
                `${count(arrivals[name])} messages ${ArrivalCounters.counters[name].which}`
              ] as const
          )
        ]),
    ...(start === undefined
      ? []
      : [["Lateness", `${Axis.time(start.p50)} at the median, ${Axis.time(start.p99)} at p99`] as const]),
    ...(warmUp === undefined ? [] : [["Warm-up", warmUp] as const])
  ]
  return rows.length === 0 ? [] : [pairs(rows), ...stageTable(report)]
}

const stageTable = ({ stages = [] }: RunReport): ReadonlyArray<Markup> =>
  stages.length < 2
    ? []
    : [
        Tables.table(
          "Stages",
          [
            ["Stage", "text"],
            ["Intended", "number"],
            ["Started", "number"],
            ["Accepted", "number"],
            ["Late", "number"],
            ["p50", "number"],
            ["p99", "number"]
          ],
          stages.map((stage) => {
            const { accepted, intended, started } = Stages.ratesOf([stage]) ?? { accepted: 0, intended: 0, started: 0 }
            // What was not done of what was intended is what one looks for.
            const short = (rate: number) =>
              rate < intended * 0.99 && stage.due > 0
                ? markup`<td class="number failed">${Figures.rate(rate)}/s</td>`
                : Tables.number(`${Figures.rate(rate)}/s`)
            return markup`<tr><th scope="row">${Axis.clock(stage.from / 1000)} – ${Axis.clock(stage.to / 1000)}</th>${Tables.number(`${Figures.rate(intended)}/s`)}${short(started)}${short(accepted)}${Tables.number(count(stage.late))}${[stage.p50, stage.p99].map((time) => Tables.number(time === undefined ? "–" : Axis.time(time)))}</tr>`
          })
        )
      ]

const headline = ({ durations, rate, rates }: RunReport): Markup => {
  const transaction = durations.find(({ ending, of }) => of === "transaction" && ending === "accepted")
  const figure = (name: string, value: string): Markup => {
    const [amount, ...unit] = value.split(" ")
    return markup`<div><dt>${name}</dt><dd>${amount}${unit.length > 0 ? markup` <span>${unit.join(" ")}</span>` : undefined}</dd></div>`
  }
  return markup`<dl class="figures">${rates === undefined ? undefined : figure("Intended per second", Figures.rate(rates.intended))}${figure("Accepted per second", Figures.rate(rate))}${
    transaction === undefined
      ? undefined
      : (["p50", "p99", "max"] as const).map((name) =>
          figure(
            `Transaction, ${name === "max" ? "slowest" : name === "p50" ? "median" : name}`,
            Axis.time(transaction[name])
          )
        )
  }</dl>`
}

const endings = ({ messages }: RunReport): Markup => {
  const ends = [
    ["accepted", "accepted", messages.accepted],
    ["rejected", "rejected", messages.rejected],
    ["failed", "failed", messages.failed - messages.abandoned],
    ...(messages.abandoned > 0 ? [["abandoned as planned", "idle", messages.abandoned] as const] : []),
    ["unknown", "unknown", messages.unknown],
    ["not started", "idle", messages.notStarted],
    ...(messages.lost > 0 ? [["lost", "unknown", messages.lost] as const] : [])
  ] as const
  return markup`<div class="bar" aria-hidden="true">${ends.map(([, style, number]) => (number > 0 ? markup`<i class="bg-${style}" style="flex:${number} 1 0"></i>` : undefined))}</div>
<ul class="key" aria-label="Messages by how they ended">${ends.map(([name, style, number]) => markup`<li${new Markup(number > 0 ? "" : ' class="soft"')}><i class="bg-${style}" aria-hidden="true"></i><b>${count(number)}</b> ${name}${number > 0 && number < messages.planned ? ` (${share(number / messages.planned)})` : ""}</li>`)}</ul>`
}

const percent = (part: number): string => `${(part * 100).toFixed(0)} %`

/** What is not all is not said to be. */
const share = (part: number): string =>
  part > 0.999 ? "> 99.9 %" : part < 0.001 ? "< 0.1 %" : `${(part * 100).toFixed(1)} %`

const verdicts = ({ verdicts = [] }: RunReport): ReadonlyArray<Markup> =>
  verdicts.length === 0
    ? []
    : [
        markup`<ul class="verdicts">${verdicts.map(
          (verdict) =>
            markup`<li><span class="${verdict.failed || verdict.undecided === true ? "failed" : "passed"}">${verdict.undecided === true ? "? undecided" : verdict.failed ? "✗ failed" : "✓ ok"}</span><span>${Judgement.sentence(verdict)} <code class="soft">${Judgement.asked(verdict)}</code></span></li>`
        )}</ul>`
      ]

const pairs = (rows: ReadonlyArray<readonly [string, Content]>): Markup =>
  markup`<table class="plan"><tbody>${rows.map(([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`

const facts = (report: RunReport): ReadonlyArray<Markup> => {
  const { bytes, connections, elapsed, messages, recipients } = report
  const { opened } = connections
  const perSecond = (amount: number) => (elapsed > 0 ? ` (${size(Phrases.perSecond(amount, report))}/s)` : "")
  const { offered, ...ends } = recipients
  const told = Object.entries(ends).filter(([end, number]) => end === "accepted" || number > 0)
  return [
    pairs([
      ["Recipients offered", count(offered)],
      ...told.map(([end, number]) => [`Recipients ${words[end] ?? end}`, count(number)] as const),
      ["Connections", Phrases.connections(report).join(", ")],
      ...(opened > 0 ? [["Messages per connection", each(messages.started / opened)] as const] : []),
      ["Bytes sent", `${size(bytes.out)}${perSecond(bytes.out)}`],
      ["Bytes received", `${size(bytes.in)}${perSecond(bytes.in)}`]
    ])
  ]
}

const each = (number: number): string => (number < 10 ? String(Number(number.toFixed(1))) : count(Math.round(number)))

const words: { readonly [end: string]: string } = { refusedAfterContent: "refused after content" }

const size = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

const busyIn = (share: string, segment: string | undefined): string =>
  `${share} of the time, in its busiest thread${segment === undefined ? "" : ` of segment ${segment}`}`

const generator = ({ generator, segments }: RunReport): ReadonlyArray<Markup> =>
  generator === undefined
    ? []
    : [
        pairs([
          ["Busy", busyIn(percent(generator.utilisation), SegmentLines.busiest({ segments }))],
          ["CPU", `${Axis.time(generator.cpu.user)} user, ${Axis.time(generator.cpu.system)} system`],
          ...(generator.waited === undefined ? [] : [["Waited for a processor", Axis.time(generator.waited)] as const]),
          ["Timers late by", `${Axis.time(generator.delayMean)} on average, ${Axis.time(generator.delayP99)} at p99`]
        ])
      ]

const plan = ({ plan }: RunReport): ReadonlyArray<Markup> => {
  const defaults: { readonly [field: string]: unknown } = { ...Plan.make({}) }
  const rows = Object.entries(plan).map(([field, value]) => ({
    row: [
      field,
      markup`<span class="words">${field === "messages" && value === Arrival.unlimited ? "no limit" : shown(value)}</span>`
    ] as const,
    usual: JSON.stringify(value) === JSON.stringify(defaults[field])
  }))
  const chosen = rows.filter(({ usual }) => !usual).map(({ row }) => row)
  const others = rows.filter(({ usual }) => usual).map(({ row }) => row)
  return [
    ...commandOf(plan),
    pairs(chosen),
    ...(others.length === 0
      ? []
      : [markup`<details><summary>${others.length} options at their defaults</summary>${pairs(others)}</details>`])
  ]
}

/** What repeats the run, of the options that have a value of their own. */
const commandOf = (plan: RunReport["plan"]): ReadonlyArray<Markup> => {
  const line = CommandLine.of(plan)
  return [markup`<p class="soft">To repeat it:</p><p class="command"><code>${line}</code></p>`]
}

const shown = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))
