/**
 * The durations of a run as comma-separated values (RFC 4180, with line feeds): one row for each step and ending.
 *
 * @since 0.1.0
 */
import * as Printable from "../smtp/Printable.js"
import type { RunReport } from "./RunReport.js"

const statistics = ["count", "min", "mean", "p50", "p90", "p99", "p999", "max"] as const

/**
 * The table, with a line of headings. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = ({ durations }: RunReport): string => {
  const headings = ["step", "ending", ...statistics.map((name) => (name === "count" ? name : `${name}_ms`))]
  const rows = durations.map((row) => [row.of, row.ending, ...statistics.map((name) => String(row[name]))])
  return [headings, ...rows].map((cells) => `${cells.map(cell).join(",")}\n`).join("")
}

/**
 * A text as a cell. Spreadsheets take for a formula what begins with one of `= + - @`: such a text gets an apostrophe before
 * it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const cell = (text: string): string => {
  const printable = Printable.escape(text)
  const harmless = /^\s*[=+\-@]/.test(printable) ? `'${printable}` : printable
  return /[",\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
