/**
 * How a run went on, as comma-separated values (RFC 4180, with line feeds): one row for each interval of its series.
 *
 * @since 0.1.0
 */
import type { Interval } from "../measure/Series.js"
import * as ArrivalCounters from "./ArrivalCounters.js"
import * as ConnectionCounters from "./ConnectionCounters.js"
import * as CounterTable from "./CounterTable.js"
import type { RunReport } from "./RunReport.js"

/** Earlier reports have zeros where nothing was measured. */
const measured =
  (name: "p50" | "p99" | "max") =>
  (interval: Interval): number | undefined =>
    interval.buckets.length === 0 ? undefined : interval[name]

const columns: ReadonlyArray<readonly [heading: string, of: (interval: Interval) => number | undefined]> = [
  ["at_ms", ({ at }) => at],
  ["length_ms", ({ length }) => length],
  ["started", ({ started }) => started],
  ["accepted", ({ accepted }) => accepted],
  ["rejected", ({ rejected }) => rejected],
  ["failed", ({ abandoned, failed }) => failed - abandoned],
  ["abandoned", ({ abandoned }) => abandoned],
  ["unknown", ({ unknown }) => unknown],
  ...CounterTable.columns(ArrivalCounters.counters).map(
    ([column, name]) => [column, (interval: Interval) => interval[name]] as const
  ),
  ["errors", ({ errors }) => errors],
  ["replies_4xx", ({ codes }) => codes["4xx"]],
  ["replies_5xx", ({ codes }) => codes["5xx"]],
  ["under_way", ({ underWay }) => underWay],
  ["bytes_out", ({ bytes }) => bytes.out],
  ["bytes_in", ({ bytes }) => bytes.in],
  ["connections_open", ({ open }) => open],
  ...CounterTable.columns(ConnectionCounters.counters).map(
    ([column, name]) => [column, ({ connections }: Interval) => connections[name]] as const
  ),
  ["transaction_p50_ms", measured("p50")],
  ["transaction_p99_ms", measured("p99")],
  ["transaction_max_ms", measured("max")],
  ["segments", ({ segments }) => segments]
]

/**
 * The table, with a line of headings. Counts are those of the interval; `at_ms` is its end, since the run's start. A cell
 * is a number, or empty: of an interval in which nothing was measured there are no durations,
 * and only a run that several processes made has segments.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = ({ series }: RunReport): string => {
  const rows = (series?.intervals ?? []).map((interval) => columns.map(([, of]) => String(of(interval) ?? "")))
  return [columns.map(([heading]) => heading), ...rows].map((cells) => `${cells.join(",")}\n`).join("")
}
