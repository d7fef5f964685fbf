/**
 * A run for people, in 80 columns: what happened, whether it was fast, what went wrong, in this order.
 *
 * @since 0.1.0
 */
import * as GeneratorHealth from "../measure/GeneratorHealth.js"
import * as Printable from "../smtp/Printable.js"
import type { Durations, RunReport } from "./RunReport.js"
import * as Summary from "./Summary.js"

const columns = 80

/**
 * The report, with its line ends.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (report: RunReport): string => {
  const parts = [whatHappened(report), wasItFast(report), whatWentWrong(report), judged(report)]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${clip(Printable.escape(line))}\n`).join(""))
    .join("\n")
}

const clip = (line: string): string => (line.length <= columns ? line : `${line.slice(0, columns - 3)}...`)

const { count } = Summary

const whatHappened = (report: RunReport): ReadonlyArray<string> => {
  const { elapsed, ended, messages, plan, reason, recipients, runs, startedAt } = report
  const { accepted, failed, notStarted, planned, rejected, unknown } = messages
  const target = typeof plan.target === "string" ? ` to ${plan.target}` : ""
  const several = runs > 1 ? `, ${runs} runs together` : ""
  const ends = [
    ["accepted", accepted],
    ["rejected", rejected],
    ["failed", failed],
    ["unknown", unknown],
    ["not started", notStarted]
  ] as const
  const told = ends.filter(([end, messages]) => end === "accepted" || messages > 0)
  const { offered, ...recipientEnds } = recipients
  const lost = offered - recipients.accepted
  return [
    `${count(planned)} ${planned === 1 ? "message" : "messages"}${target}: ${verb[ended]}${several}`,
    ...(reason === undefined ? [] : [`  ${reason}`]),
    `  started    ${startedAt}, took ${Summary.duration(elapsed / 1000)}`,
    `  messages   ${told.map(([end, messages]) => `${count(messages)} ${end}${percent(messages, planned)}`).join(", ")}`,
    ...(offered > messages.started || (lost > 0 && offered > 0)
      ? [
          `  recipients ${Object.entries(recipientEnds)
            .filter(([end, number]) => end === "accepted" || number > 0)
            .map(([end, number]) => `${count(number)} ${words[end] ?? end}`)
            .join(", ")}`
        ]
      : [])
  ]
}

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
  const { bytes, durations, elapsed, generator, rate } = report
  const perSecond = (amount: number) => (elapsed > 0 ? (amount * 1000) / elapsed : 0)
  const traffic = `${size(perSecond(bytes.out))}/s out, ${size(perSecond(bytes.in))}/s in`
  const lines = [`  rate       ${rate < 10 ? rate.toFixed(2) : count(Math.round(rate))} messages/s, ${traffic}`]
  lines.push(...arrivalsOf(report))
  if (generator !== undefined) {
    const { cpu, delayP99, utilisation } = generator
    const spent = Summary.duration((cpu.user + cpu.system) / 1000)
    const late = delayP99.toFixed(1)
    lines.push(`  generator  ${(utilisation * 100).toFixed(0)} % busy, CPU ${spent}, timers late by ${late} ms (p99)`)
    if (GeneratorHealth.isBottleneck(generator)) {
      lines.unshift(
        "THE GENERATOR WAS THE BOTTLENECK: the server may be faster than this.",
        "  Try --workers auto, or fewer sessions."
      )
    }
  }
  if (durations.length === 0) return lines
  const transactions = durations.filter(({ of }) => of === "transaction")
  const steps = durations.filter(({ of }) => of !== "transaction")
  return [...lines, "", row("milliseconds", headings), ...[...transactions, ...steps].map(durationRow)]
}

/** What an open run was to do, and whether it did. */
const arrivalsOf = ({ arrivals, durations, plan }: RunReport): ReadonlyArray<string> => {
  const warmUp =
    typeof plan.warmUp === "string" ? [`  warm-up    the first ${plan.warmUp} are left out of what follows`] : []
  if (arrivals === undefined) return warmUp
  const intended = typeof plan.rate === "string" ? plan.rate : `stages ${String(plan.stages)}`
  const start = durations.find(({ of }) => of === "start")
  const lateness = start === undefined ? "" : `, lateness p99 ${figure(start.p99)} ms`
  const { dropped, late } = arrivals
  return [`  arrivals   ${intended}: ${count(late)} late starts, ${count(dropped)} dropped${lateness}`, ...warmUp]
}

const headings = ["count", "mean", "p50", "p90", "p99", "p99.9", "max"] as const

const durationRow = ({ count: number, ending, max, mean, of, p50, p90, p99, p999 }: Durations): string =>
  row(ending === "accepted" ? of : `${of} ${ending}`, [
    number < 10_000_000 ? count(number) : number.toExponential(2),
    ...[mean, p50, p90, p99, p999, max].map(figure)
  ])

const row = (name: string, cells: ReadonlyArray<string>): string =>
  `  ${name.padEnd(20)}${cells.map((cell, index) => cell.padStart(index === 0 ? 10 : 8)).join("")}`

/** In at most seven characters. */
const figure = (milliseconds: number): string =>
  milliseconds < 10 ? milliseconds.toFixed(3) : milliseconds < 1000 ? milliseconds.toFixed(1) : milliseconds.toFixed(0)

const size = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB"]
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

const whatWentWrong = ({ errors, replies }: RunReport): ReadonlyArray<string> => {
  const refusals = replies
    .filter(({ code }) => code < 200 || code >= 400)
    .map(({ code, enhanced, example, ...seen }) => ({
      ...seen,
      what: `${seen.step} ${String(code).padStart(3, "0")}${enhanced === undefined ? "" : ` ${enhanced}`}`,
      example: enhanced !== undefined && example.startsWith(enhanced) ? example.slice(enhanced.length).trim() : example
    }))
  const failures = errors.map((error) => ({
    ...error,
    what: `${error.step} ${kinds[error.kind]}${error.detail === "" ? "" : ` (${error.detail})`}${error.local ? ", local" : ""}`
  }))
  const all = [...refusals, ...failures].sort((a, b) => b.count - a.count)
  if (all.length === 0) return []
  const shown = all.slice(0, mostShown)
  return [
    "What went wrong, most often first:",
    ...shown.flatMap(({ count: number, example, first, last, what }) => [
      `  ${count(number).padStart(9)}  ${what}, ${when(first, last)}`,
      ...(example === "" ? [] : [`             ${example.split("\\x0a").join(" ")}`])
    ]),
    ...(all.length > mostShown ? [`  and ${all.length - mostShown} other kinds`] : [])
  ]
}

const mostShown = 10

const kinds = {
  ConnectFailed: "failed",
  ConnectionLost: "connection lost",
  ReplyTimeout: "timed out",
  ReplyMalformed: "malformed reply"
} as const

const when = (first: number, last: number): string => {
  const [from, to] = [first, last].map((time) => `${(time / 1000).toFixed(1)} s`)
  return from === to ? `at ${from}` : `from ${from} to ${to}`
}

const judged = ({ verdicts = [] }: RunReport): ReadonlyArray<string> =>
  verdicts.map(({ expression, failed, measured }) => `${failed ? "FAILED" : "passed"}  ${expression} (${measured})`)
