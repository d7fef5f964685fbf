/**
 * A report of smtp-sink as text, and its progress in a line.
 *
 * @since 0.1.0
 */
import * as Figures from "../report/Figures.js"
import * as Printable from "../smtp/Printable.js"
import type { SinkReport } from "../sink/SinkReport.js"
import * as SinkVerdict from "../sink/SinkVerdict.js"
import type { SinkCounts } from "../sink/SinkCounts.js"

const { count, counted, duration } = Figures

/**
 * The text.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (report: SinkReport): string => {
  const busiest = Math.max(0, ...report.seconds.map(({ messages }) => messages))
  const refused = Object.entries(report.refused).filter(([, times]) => times > 0)
  const rows: ReadonlyArray<readonly [name: string, text: string]> = [
    ...(report.messages === 0
      ? []
      : [
          [
            "rate",
            `${Figures.rate(report.rate)}/s while messages came; ${count(busiest)} in the busiest second`
          ] as const
        ]),
    ["sessions", `${count(report.sessions)}, ${count(report.quits)} of them ended by QUIT`],
    [
      "contents",
      `${count(report.contents)} came to their end, ${count(report.contents - report.messages)} refused or lost`
    ],
    ["recipients", `${count(report.recipients)} accepted, ${count(report.delivered)} of them in accepted messages`],
    [
      "refused",
      refused.length === 0 ? "nothing" : refused.map(([step, times]) => `${step} ${count(times)}`).join(", ")
    ],
    ["received", `${count(report.bytes)} bytes`],
    ...(report.secured > 0 ? [["TLS", counted(report.secured, "handshake")] as const] : []),
    ...(report.injected > 0 ? [["TLS", `${counted(report.injected, "client")} sent more before TLS`] as const] : []),
    ...(report.authenticated > 0 ? [["AUTH", counted(report.authenticated, "login")] as const] : []),
    ...(report.unproxied > 0
      ? [["PROXY", `${counted(report.unproxied, "connection")} without the header`] as const]
      : []),
    ...(report.unkept > 0
      ? [["unkept", `${counted(report.unkept, "message")} refused, since it could not be kept`] as const]
      : []),
    ...report.strikes.map(({ rule, times }) => ["struck", `${counted(times, "time")}: ${rule}`] as const),
    ...report.verdicts.map(
      ({ expression, failed, measured }) =>
        ["verdict", `${failed ? "failed" : "passed"}: --fail-if ${expression}: it is ${count(measured)}`] as const
    )
  ]
  const title = `${counted(report.messages, "message")} accepted in ${duration(report.elapsed)}`
  return [title, ...rows.map(([name, text]) => `  ${name.padEnd(10)}  ${text}`)]
    .map((line) => `${Printable.escape(line)}\n`)
    .join("")
}

/**
 * How far it is, in a line without its end: the counts, and the messages a second since the last one.
 *
 * @since 0.1.0
 * @category rendering
 */
export const progress = (counts: SinkCounts, elapsed: number, rate: number): string => {
  const open = counts.sessions - counts.ended
  return [
    `${duration(elapsed)}: ${counted(counts.messages, "message")} (${Figures.rate(rate)}/s)`,
    `${counted(open, "session")} open`,
    `${count(SinkVerdict.refusedIn(counts))} refused`
  ].join(", ")
}
