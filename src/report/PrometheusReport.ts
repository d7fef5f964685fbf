/**
 * A run in Prometheus's text format, for the textfile collector of a node exporter. Times are in seconds.
 *
 * @since 0.1.0
 */
import * as Histogram from "../measure/Histogram.js"
import * as Printable from "../smtp/Printable.js"
import * as ArrivalCounters from "./ArrivalCounters.js"
import * as ConnectionCounters from "./ConnectionCounters.js"
import * as CounterTable from "./CounterTable.js"
import type { Durations } from "./Durations.js"
import * as ProofReport from "./ProofReport.js"
import type { RunReport } from "./RunReport.js"

/**
 * The bounds of the histograms, in seconds: from what a local server takes to what nobody waits for.
 *
 * @since 0.1.0
 * @category constants
 */
export const bounds: ReadonlyArray<number> = [
  1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300
]

/**
 * The metrics of a run, all with the prefix `smtp_source_`. They are gauges but for the histogram: each run begins anew.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (report: RunReport): string => {
  const {
    arrivals,
    auth,
    bytes,
    connections,
    durations,
    elapsed,
    ended,
    errors,
    generator,
    messages,
    targets = [],
    tls = [],
    without = []
  } = report
  const { plan, proof, rate, rates, recipients, replies, startedAt, tool, verdicts = [] } = report
  const { abandoned, failed, planned, started: _, ...ends } = messages
  const { offered, ...recipientEnds } = recipients
  const undecided = verdicts.filter((verdict) => verdict.undecided)
  const families = [
    gauge("info", "What ran, and against what.", [
      [{ target: plan.sink === true ? "sink" : String(plan.target ?? ""), version: tool.version }, 1]
    ]),
    gauge("ended", "How the run ended.", [[{ how: ended }, 1]]),
    gauge("start_time_seconds", "When the run began.", [[{}, Date.parse(startedAt) / 1000]]),
    gauge("elapsed_seconds", "How long the run took.", [[{}, elapsed / 1000]]),
    gauge("messages_planned", "Messages that were to be sent.", [[{}, planned]]),
    gauge("messages", "Messages by how they ended.", byEnd({ ...ends, failed: failed - abandoned, abandoned })),
    gauge("recipients_offered", "Recipients that were sent.", [[{}, offered]]),
    gauge("recipients", "Recipients by what became of them.", byEnd(recipientEnds)),
    gauge("rate", "Messages accepted per second, without the warm-up.", [[{}, rate]]),
    ...(rates === undefined
      ? []
      : [
          gauge("open_rate", "Messages per second while messages were due: intended, started and accepted.", [
            [{ what: "intended" }, rates.intended],
            [{ what: "started" }, rates.started],
            [{ what: "accepted" }, rates.accepted]
          ])
        ]),
    ...(arrivals === undefined ? [] : counted(ArrivalCounters.counters, arrivals)),
    ...counted(ConnectionCounters.counters, connections),
    gauge(
      "target_connections",
      "Of several targets, connections by target: opened, and attempts that failed.",
      targets.flatMap(({ opened, target, unopened }) => [
        [{ target, what: "opened" }, opened] as const,
        [{ target, what: "failed" }, unopened] as const
      ])
    ),
    gauge(
      "target_messages",
      "Of several targets, messages by target and by how they ended.",
      targets.flatMap(({ abandoned, failed, opened: _, target, unopened: __, ...ends }) =>
        byEnd({ ...ends, failed: failed - abandoned, abandoned }).map(
          ([labels, messages]) => [{ target, ...labels }, messages] as const
        )
      )
    ),
    gauge(
      "tls_sessions",
      "TLS sessions by what they came to.",
      tls.map(({ count, distrust, resumed, ...labels }) => [{ ...labels, resumed: String(resumed), distrust }, count])
    ),
    gauge(
      "logins",
      "Logins by mechanism and by how they ended.",
      (auth?.mechanisms ?? []).flatMap(({ mechanism, ...ends }) =>
        Object.entries(ends).map(([ending, count]) => [{ mechanism, ending }, count] as const)
      )
    ),
    gauge(
      "messages_without",
      "Messages without an extension that was asked for.",
      without.map(({ messages, what }) => [{ what }, messages])
    ),
    ...(proof === undefined
      ? []
      : [
          gauge("delivered", "Accepted and arrived at the next hop, and others.", [
            [{ what: "accepted" }, proof.accepted],
            ...(["delivered", "missing", "returned", "duplicated", "changed"] as const).map(
              (what) => [{ what }, ProofReport.countOf(proof, what)] as const
            )
          ]),
          gauge("delivery_depth", "The most that were accepted and had not arrived.", [[{}, proof.depth.most]])
        ]),
    gauge("bytes", "Bytes on the wire.", [
      [{ direction: "out" }, bytes.out],
      [{ direction: "in" }, bytes.in]
    ]),
    gauge(
      "replies",
      "Replies by step and code.",
      replies.map(({ code, count, enhanced = "", step }) => [{ step, code: String(code), enhanced }, count])
    ),
    gauge(
      "errors",
      "Errors by step and kind.",
      errors.map(({ count, detail, kind, local, step }) => [{ step, kind, detail, local: String(local) }, count])
    ),
    ...(generator === undefined
      ? []
      : [
          gauge("cpu_seconds", "What the generator's process spent.", [
            [{ mode: "user" }, generator.cpu.user / 1000],
            [{ mode: "system" }, generator.cpu.system / 1000]
          ]),
          gauge("generator_utilisation", "The share of time in which the generator worked.", [
            [{}, generator.utilisation]
          ]),
          gauge("generator_delay_seconds", "By how much the generator's timers were late.", [
            [{ statistic: "mean" }, generator.delayMean / 1000],
            [{ statistic: "p99" }, generator.delayP99 / 1000]
          ])
        ]),
    gauge(
      "verdict_failed",
      "Verdicts by option and expression: 1 for one that failed.",
      // One may have been given twice.
      [
        ...new Map(failedLast(verdicts).map((verdict) => [`${verdict.kind} ${verdict.expression}`, verdict])).values()
      ].map(({ expression, failed, kind }) => [{ option: kind, expression }, failed ? 1 : 0])
    ),
    ...(undecided.length === 0
      ? []
      : [
          gauge(
            "verdict_undecided",
            "Verdicts that depend on what is lost.",
            undecided.map(({ expression, kind }) => [{ option: kind, expression }, 1])
          )
        ]),
    family("duration_seconds", "histogram", "How long each step took.", durations.flatMap(histogram))
  ]
  return families.join("")
}

const failedLast = (verdicts: NonNullable<RunReport["verdicts"]>) =>
  verdicts.toSorted((one, other) => Number(one.failed) - Number(other.failed))

interface Labels {
  readonly [name: string]: string
}

const byEnd = (ends: { readonly [end: string]: number }): ReadonlyArray<readonly [Labels, number]> =>
  Object.entries(ends).map(([end, count]) => [{ end: snake(end) }, count])

const snake = (name: string): string => name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)

const counted = <Table extends CounterTable.CounterTable>(
  table: Table,
  counts: { readonly [name in keyof Table & string]: number }
): ReadonlyArray<string> =>
  CounterTable.gauges(table).map(({ help, name, values }) =>
    gauge(
      name,
      help,
      values.map(([labels, counter]) => [labels, counts[counter]])
    )
  )

const gauge = (name: string, help: string, samples: ReadonlyArray<readonly [Labels, number]>): string =>
  family(
    name,
    "gauge",
    help,
    samples.map(([labels, value]) => sample(name, labels, value))
  )

const family = (name: string, type: string, help: string, samples: ReadonlyArray<string>): string =>
  samples.length === 0
    ? ""
    : `# HELP smtp_source_${name} ${help}\n# TYPE smtp_source_${name} ${type}\n${samples.join("")}`

const sample = (name: string, labels: Labels, value: number): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${labelValue(text)}"`)
  return `smtp_source_${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`
}

const labelValue = (text: string): string =>
  Printable.escape(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")

const histogram = ({ buckets, count, ending, mean, of }: Durations): ReadonlyArray<string> => {
  const labels = { step: of, ending }
  const upTo = (bound: number) =>
    buckets.reduce((sum, [index, here]) => (Histogram.highestAt(index) <= bound * 1e9 ? sum + here : sum), 0)
  return [
    ...bounds.map((bound) => sample("duration_seconds_bucket", { ...labels, le: String(bound) }, upTo(bound))),
    sample("duration_seconds_bucket", { ...labels, le: "+Inf" }, count),
    sample("duration_seconds_sum", labels, Number(((mean * count) / 1000).toPrecision(12))),
    sample("duration_seconds_count", labels, count)
  ]
}
