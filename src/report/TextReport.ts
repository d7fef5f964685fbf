/**
 * A run for people, in 80 columns: what happened, whether it was fast, what went wrong, in this order.
 *
 * It is over 300 lines because it is one page, part by part, from top to bottom.
 *
 * @since 0.1.0
 */
import type * as GeneratorHealth from "../measure/GeneratorHealth.js"
import * as Printable from "../smtp/Printable.js"
import * as ArrivalCounters from "./ArrivalCounters.js"
import * as CounterTable from "./CounterTable.js"
import * as Lines from "./Lines.js"
import * as Bottleneck from "./Bottleneck.js"
import * as CorpusSummary from "./CorpusSummary.js"
import * as LoginSummary from "./LoginSummary.js"
import * as Figures from "./Figures.js"
import * as Phrases from "./Phrases.js"
import type { Durations } from "./Durations.js"
import * as Judgement from "./Judgement.js"
import * as ProofLines from "./ProofLines.js"
import type { RunReport } from "./RunReport.js"
import * as Coverage from "./Coverage.js"
import * as SegmentLines from "./SegmentLines.js"
import * as Stages from "./Stages.js"
import * as StrikesReport from "./StrikesReport.js"
import * as Summary from "./Summary.js"
import * as TargetSummary from "./TargetSummary.js"

const columns = 80

/**
 * The report, with its line ends.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (report: RunReport): string => {
  const parts = [whatHappened(report), delivered(report), wasItFast(report), whatWentWrong(report), judged(report)]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${Printable.escape(line)}\n`).join(""))
    .join("\n")
}

/** Lines that hold counts are never cut off; what a server said may be. */
const wrapped = (line: string, indent = 4): ReadonlyArray<string> => Lines.wrap(Printable.escape(line), columns, indent)

const clipped = (line: string): string => Lines.clip(Printable.escape(line), columns)

const named = (name: string, text: string): ReadonlyArray<string> => wrapped(`  ${name.padEnd(11)}${text}`, valuesAt)

const valuesAt = 13

const { count } = Summary

const whatHappened = (report: RunReport): ReadonlyArray<string> => {
  const { ended, messages, reason, recipients, scenarios, startedAt } = report
  const { abandoned, accepted, failed, lost: gone, notStarted, planned, rejected, unknown } = messages
  const several = Phrases.together(report)
  const ends = [
    ["accepted", accepted],
    ["rejected", rejected],
    ["failed", failed - abandoned],
    ["abandoned as planned", abandoned],
    ["unknown", unknown],
    ["not started", notStarted],
    ["lost", gone]
  ] as const
  const told = ends.filter(([end, messages]) => end === "accepted" || messages > 0)
  // What a verdict stopped has a reason; what a signal stopped has none.
  const isAborted = ended === "stopped" && reason !== undefined
  const { offered, ...recipientEnds } = recipients
  const lost = offered - recipients.accepted
  return [
    ...wrapped(`${Phrases.title(report)}: ${isAborted ? "aborted" : verb[ended]}${several}`),
    ...(reason === undefined ? [] : wrapped(`  ${reason}`)),
    ...SegmentLines.losses(report).flatMap((loss) => wrapped(`  LOST: ${loss}`)),
    ...named("started", `${startedAt}, took ${Phrases.took(report)}`),
    ...ifKnown("segments", SegmentLines.beginnings(report)),
    ...(scenarios !== undefined && scenarios.failed > 0
      ? named("scenarios", `${count(scenarios.failed)} of ${count(scenarios.begun)} failed`)
      : []),
    ...named(
      "messages",
      told.map(([end, messages]) => `${count(messages)} ${end}${percent(messages, planned)}`).join(", ")
    ),
    ...(offered > messages.started || (lost > 0 && offered > 0)
      ? named(
          "recipients",
          Object.entries(recipientEnds)
            .filter(([end, number]) => end === "accepted" || number > 0)
            .map(([end, number]) => `${count(number)} ${words[end] ?? end}`)
            .join(", ")
        )
      : []),
    ...named("connected", Phrases.connections(report).join(", ")),
    ...targetsOf(report),
    ...secured(report),
    ...loggedIn(report),
    ...corpusOf(report),
    ...(report.without ?? []).flatMap(({ messages, what }) => named("without", `${what}: ${count(messages)} messages`))
  ]
}

const ifKnown = (name: string, text: string | undefined): ReadonlyArray<string> =>
  text === undefined ? [] : named(name, text)

const corpusOf = (report: RunReport): ReadonlyArray<string> => {
  const told = CorpusSummary.told(report).map(([number, what]) => `${count(number)} ${what}`)
  return report.corpus === undefined
    ? []
    : named("corpus", [`${Summary.counted(report.corpus.found, "message")} found`, ...told].join(", "))
}

/** How many targets are shown at most. */
const mostTargets = 20

const targetsOf = (report: RunReport): ReadonlyArray<string> => {
  const { others, shown } = TargetSummary.first(report, mostTargets)
  return [
    ...shown.flatMap((target) => named("to", `${target.target}: ${TargetSummary.text(target, count)}`)),
    ...(others > 0 ? named("to", `and ${others} other targets`) : [])
  ]
}

const delivered = (report: RunReport): ReadonlyArray<string> => [
  ...(report.proof === undefined ? [] : ProofLines.lines(report.proof).flatMap(([name, text]) => named(name, text))),
  ...StrikesReport.lines(report).flatMap((text) => named("struck", text))
]

/** How many kinds of TLS sessions are shown at most. */
const mostSessions = 5

const secured = (report: RunReport): ReadonlyArray<string> => {
  const { tls = [] } = report
  const plain = Phrases.inPlainText(report)
  return [
    ...tls.slice(0, mostSessions).flatMap((kind) => named("TLS", `${count(kind.count)} ${Phrases.tlsText(kind)}`)),
    ...(tls.length > mostSessions ? named("TLS", `and ${tls.length - mostSessions} other kinds`) : []),
    ...(plain > 0 ? named("plain text", `${count(plain)} of ${count(report.connections.opened)} connections`) : [])
  ]
}

const loggedIn = ({ auth }: RunReport): ReadonlyArray<string> =>
  auth === undefined
    ? []
    : [
        ...auth.mechanisms.flatMap((logins) =>
          named("AUTH", `${logins.mechanism}: ${LoginSummary.text(logins, count)}`)
        ),
        ...(auth.accounts > 1 ? named("accounts", LoginSummary.accounts(auth, count)) : [])
      ]

const verb = { completed: "completed", stopped: "stopped on request", failed: "ended early", cut: "cut short" } as const
const words: { readonly [end: string]: string } = { refusedAfterContent: "refused after content" }

const percent = (part: number, whole: number): string => {
  if (part === 0 || part === whole || whole === 0) return ""
  const share = (part / whole) * 100
  // What is not all is not said to be.
  const text = share > 99.9 ? "> 99.9" : share < 0.1 ? "< 0.1" : share.toFixed(1)
  return ` (${text} %)`
}

const wasItFast = (report: RunReport): ReadonlyArray<string> => {
  const { bytes, durations, generator } = report
  const perSecond = (amount: number) => `${size(Phrases.perSecond(amount, report))}/s`
  const traffic = `${perSecond(bytes.out)} out, ${perSecond(bytes.in)} in`
  const reasons = Bottleneck.explain(report)
  const bottleneck =
    reasons.length === 0
      ? []
      : [
          "THE GENERATOR WAS THE BOTTLENECK: the server may be faster than this.",
          ...reasons.flatMap((reason) => wrapped(`  ${reason}`, 2))
        ]
  const warning = Phrases.nothingMeasured(report)
  const table = [...durations.filter(isWhole), ...durations.filter((row) => !isWhole(row))]
  const glossary = Phrases.glossary(report).map((line) => `  ${line}`)
  return [
    ...bottleneck,
    ...(warning === undefined ? [] : wrapped(warning.toUpperCase())),
    ...named("rate", `${Phrases.rates(report)}, ${traffic}`),
    ...ifKnown("coverage", Coverage.text(report)),
    ...arrivalsOf(report),
    ...(generator === undefined ? [] : named("generator", healthOf(generator, SegmentLines.busiest(report)))),
    ...writesOf(report),
    ...stagesOf(report),
    ...(table.length === 0 ? [] : ["", row("milliseconds", headings), ...table.flatMap(durationRows)]),
    ...(glossary.length === 0 ? [] : ["", ...glossary])
  ]
}

const isWhole = ({ of }: Durations): boolean => of === "transaction"

const healthOf = (
  { cpu, delayP99, utilisation, waited = 0 }: GeneratorHealth.Health,
  busiest: string | undefined
): string => {
  const spent = Summary.duration((cpu.user + cpu.system) / 1000)
  const starved = waited >= 1 ? `, waited ${Summary.duration(waited / 1000)} for a processor` : ""
  const whose = busiest === undefined ? "" : ` in segment ${busiest}`
  return `${(utilisation * 100).toFixed(0)} % busy${whose}, CPU ${spent}, timers late by ${delayP99.toFixed(1)} ms (p99)${starved}`
}

/** That the other side reads more slowly than is written is not the generator's doing. */
const writesOf = ({ durations }: RunReport): ReadonlyArray<string> => {
  const queued = durations.find(({ of }) => of === "queued")
  if (queued === undefined) return []
  const waits = queued.count === 1 ? "1 write waited" : `${count(queued.count)} writes waited`
  return named("writes", `${waits} for server or network to read (p99 ${figure(queued.p99)} ms)`)
}

/** What an open run was to do, and whether it did; and what a warm-up leaves out. */
const arrivalsOf = (report: RunReport): ReadonlyArray<string> => {
  const { arrivals, durations, plan } = report
  const leftOut = Phrases.warmUp(report)
  const warmUp = leftOut === undefined ? [] : named("warm-up", leftOut)
  if (arrivals === undefined) return warmUp
  const intended = typeof plan.rate === "string" ? plan.rate : `stages ${String(plan.stages)}`
  const start = durations.find(({ of }) => of === "start")
  const lateness = start === undefined ? "" : `, lateness p99 ${figure(start.p99)} ms`
  const counts = CounterTable.phrases(ArrivalCounters.counters, arrivals, count).join(", ")
  return [...named("arrivals", `${intended}: ${counts}${lateness}`), ...warmUp]
}

/** Where one rate was to be kept, the line of the rate says it all. */
const stagesOf = ({ stages = [] }: RunReport): ReadonlyArray<string> =>
  stages.length < 2
    ? []
    : [
        "",
        stageRow("messages/s", ["intended", "started", "accepted", "late", "p50 ms", "p99 ms"]),
        ...stages.map((stage) => {
          const { from, late, p50, p99, to } = stage
          const { accepted, intended, started } = Stages.ratesOf([stage]) ?? { accepted: 0, intended: 0, started: 0 }
          const told = (time: number | undefined) => (time === undefined ? "-" : figure(time))
          return stageRow(`${Summary.duration(from / 1000)} to ${Summary.duration(to / 1000)}`, [
            ...[intended, started, accepted].map(Figures.rate),
            count(late),
            told(p50),
            told(p99)
          ])
        })
      ]

const stageRow = (name: string, cells: ReadonlyArray<string>): string =>
  `  ${name.padEnd(nameWidth)}${cells.map((cell) => cell.padStart(9)).join("")}`

const headings = ["count", "mean", "p50", "p90", "p99", "p99.9", "max"] as const

const durationRows = ({
  count: number,
  ending,
  max,
  mean,
  of,
  p50,
  p90,
  p99,
  p999
}: Durations): ReadonlyArray<string> => {
  const name = ending === "accepted" ? of : `${of} ${ending}`
  const figures = [
    number < 10_000_000 ? count(number) : number.toExponential(2),
    ...[mean, p50, p90, p99, p999, max].map(figure)
  ]
  // A step of a scenario's own may have a long name.
  return name.length > nameWidth ? [`  ${name}`, row("", figures)] : [row(name, figures)]
}

const nameWidth = 20

const row = (name: string, cells: ReadonlyArray<string>): string =>
  `  ${name.padEnd(nameWidth)}${cells.map((cell, index) => cell.padStart(index === 0 ? 10 : 8)).join("")}`

/** In at most seven characters. */
const figure = (milliseconds: number): string =>
  milliseconds < 10 ? milliseconds.toFixed(3) : milliseconds < 1000 ? milliseconds.toFixed(1) : milliseconds.toFixed(0)

const size = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB"]
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

const whatWentWrong = (report: RunReport): ReadonlyArray<string> => {
  const refusals = Phrases.refusals(report).map((reply) => ({
    ...reply,
    what: `${reply.step} ${String(reply.code).padStart(3, "0")}${reply.enhanced === undefined ? "" : ` ${reply.enhanced}`}`,
    text: Phrases.replyText(reply)
  }))
  const failures = report.errors.map((error) => ({
    ...error,
    text: Phrases.errorText(error),
    what: `${error.step} ${Phrases.errorKinds[error.kind]}${error.detail === "" ? "" : ` (${error.detail})`}${error.local ? ", local" : ""}`
  }))
  const all = [...refusals, ...failures].sort((a, b) => b.count - a.count)
  if (all.length === 0) return []
  const shown = all.slice(0, mostShown)
  return [
    "What went wrong, most often first:",
    ...shown.flatMap(({ count: number, first, last, text, what }) => [
      ...wrapped(`  ${count(number).padStart(9)}  ${what}, ${when(first, last)}`, valuesAt),
      ...(text === "" ? [] : [clipped(`             ${text}`)])
    ]),
    ...(all.length > mostShown ? [`  and ${all.length - mostShown} other kinds`] : [])
  ]
}

const mostShown = 10

const when = (first: number, last: number): string => {
  const [from, to] = [first, last].map((time) => `${(time / 1000).toFixed(1)} s`)
  return from === to ? `at ${from}` : `from ${from} to ${to}`
}

const judged = ({ verdicts = [] }: RunReport): ReadonlyArray<string> =>
  verdicts.flatMap((verdict) => wrapped(`${outcomeOf(verdict)}  ${Judgement.sentence(verdict)}`, 8))

const outcomeOf = ({ failed, undecided }: Judgement.Judgement): string =>
  undecided === true ? "UNDECIDED" : failed ? "FAILED" : "ok    "
