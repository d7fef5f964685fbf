/**
 * How a run went on, as comma-separated values (RFC 4180, with line feeds): one row for each interval of its series.
 *
 * @since 0.1.0
 */
import type { Interval } from "../measure/Series.js"
import type { RunReport } from "./RunReport.js"

const columns: ReadonlyArray<readonly [heading: string, of: (interval: Interval) => number]> = [
  ["at_ms", ({ at }) => at],
  ["length_ms", ({ length }) => length],
  ["started", ({ started }) => started],
  ["accepted", ({ accepted }) => accepted],
  ["rejected", ({ rejected }) => rejected],
  ["failed", ({ failed }) => failed],
  ["unknown", ({ unknown }) => unknown],
  ["late", ({ late }) => late],
  ["dropped", ({ dropped }) => dropped],
  ["under_way", ({ underWay }) => underWay],
  ["bytes_out", ({ bytes }) => bytes.out],
  ["bytes_in", ({ bytes }) => bytes.in],
  ["connections_open", ({ open }) => open],
  ["connections_opened", ({ connections }) => connections.opened],
  ["connections_failed", ({ connections }) => connections.failed],
  ["connections_reused", ({ connections }) => connections.reused],
  ["connections_closed_by_us", ({ connections }) => connections.closedByUs],
  ["connections_closed_by_server", ({ connections }) => connections.closedByServer],
  ["transaction_p50_ms", ({ p50 }) => p50],
  ["transaction_p99_ms", ({ p99 }) => p99],
  ["transaction_max_ms", ({ max }) => max]
]

/**
 * The table, with a line of headings. Counts are those of the interval; `at_ms` is its end, since the run's start. All cells
 * are numbers.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = ({ series }: RunReport): string => {
  const rows = (series?.intervals ?? []).map((interval) => columns.map(([, of]) => String(of(interval))))
  return [columns.map(([heading]) => heading), ...rows].map((cells) => `${cells.join(",")}\n`).join("")
}
