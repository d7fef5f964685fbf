/**
 * Tables in Markdown, under a line that says when and where they were measured.
 */
import * as fs from "node:fs"
import * as os from "node:os"

/** Writes one row. */
export const row = (cells: ReadonlyArray<string>): void => console.log(`| ${cells.join(" | ")} |`)

/** Writes what the table is of, and its heading. */
export const begin = (what: string, heading: ReadonlyArray<string>): void => {
  console.log(
    `${new Date().toISOString().slice(0, 16)} UTC, ${os.cpus().length} × ${os.cpus()[0]?.model}, Linux ${os.release()}, ` +
      `Node ${process.versions.node}, load ${fs.readFileSync("/proc/loadavg", "utf8").slice(0, 4)}; ${what}\n`
  )
  row(heading)
  row(heading.map(() => "---"))
}
