/**
 * A report as JSON: all of it, so that it can be read back, merged and compared.
 *
 * @since 0.1.0
 */
import type { RunReport } from "./RunReport.js"

/**
 * The report as JSON in printable ASCII: what a terminal could obey is written as `\u009b`, and reads back as it was.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (report: RunReport): string =>
  // A bucket a line would be a long file.
  `${ascii(JSON.stringify(report, undefined, 2).replace(/\[\s+(\d+),\s+(\d+)\s+\]/g, "[$1,$2]"))}\n`

/**
 * JSON in printable ASCII.
 *
 * @since 0.1.0
 * @category formatting
 */
export const ascii = (json: string): string =>
  json.replace(/[^\n\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
