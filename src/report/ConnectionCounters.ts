/**
 * What is counted of connections, as each report shows it: a table with a row for each of `Counts.connections`, from which the JSON
 * Schema, the text, the CSV and Prometheus's gauges take their words.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as Counts from "../measure/Counts.js"
import { Count, LaterCount } from "./CountField.js"

/**
 * One counter's words.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectionCounter {
  /** In a report's JSON, and its JSON Schema. */
  readonly field: Schema.Struct.Field
  /** After the number, in text. */
  readonly phrase: string
  /** In the CSV; left out where it has none. */
  readonly column?: string | undefined
  /** Prometheus's name and help. Counters of the same name are one gauge, and told apart by who did it. */
  readonly gauge?: { readonly name: string; readonly help: string; readonly by?: string | undefined } | undefined
}

/**
 * The table, in the order in which reports show it.
 *
 * @since 0.1.0
 * @category constants
 */
export const counters = {
  opened: {
    field: Count,
    phrase: "opened",
    column: "connections_opened",
    gauge: { name: "connections_opened", help: "Connections that were opened." }
  },
  failed: {
    field: Count.annotations({ description: "Attempts that did not lead to a connection." }),
    phrase: "failed",
    column: "connections_failed",
    gauge: { name: "connections_failed", help: "Attempts that did not lead to a connection." }
  },
  local: {
    field: LaterCount.annotations({
      description:
        "Attempts that failed for want of something on the generator's machine, such as descriptors or ports."
    }),
    phrase: "failed on this machine"
  },
  reused: {
    field: Count.annotations({ description: "Messages that went over a connection that had carried one before." }),
    phrase: "reused for another message",
    column: "connections_reused",
    gauge: { name: "connections_reused", help: "Messages over a connection that had carried one before." }
  },
  unpipelined: {
    field: LaterCount.annotations({
      description:
        "Connections that did not offer PIPELINING, where the plan asks for it: each command waited for its reply."
    }),
    phrase: "without PIPELINING, which was asked for",
    column: "connections_unpipelined",
    gauge: { name: "connections_unpipelined", help: "Connections without the PIPELINING that was asked for." }
  },
  closedByUs: {
    field: Count,
    phrase: "closed by us",
    column: "connections_closed_by_us",
    gauge: { name: "connections_closed", help: "Connections by who closed them.", by: "us" }
  },
  closedByServer: {
    field: Count.annotations({ description: "Closed or reset by the server, or given up after its 421 or 521." }),
    phrase: "closed by the server",
    column: "connections_closed_by_server",
    gauge: { name: "connections_closed", help: "Connections by who closed them.", by: "server" }
  }
} satisfies { readonly [name in (typeof Counts.connections)[number]]: ConnectionCounter }

type Name = (typeof Counts.connections)[number]

/**
 * The rows, each with its name.
 *
 * @since 0.1.0
 * @category constants
 */
export const rows: ReadonlyArray<readonly [name: Name, counter: ConnectionCounter]> = Counts.connections.map((name) => [
  name,
  counters[name]
])

/**
 * The fields of a report's `connections`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = Object.fromEntries(rows.map(([name, { field }]) => [name, field])) as {
  // Entries have lost which field is whose.
  readonly [name in Name]: (typeof counters)[name]["field"]
}

/**
 * Prometheus's gauges, each with the counters that it shows.
 *
 * @since 0.1.0
 * @category constants
 */
export const gauges: ReadonlyArray<{
  readonly name: string
  readonly help: string
  readonly values: ReadonlyArray<readonly [labels: { readonly by?: string }, name: Name]>
}> = [...new Set(rows.map(([, { gauge }]) => gauge?.name))].flatMap((name) => {
  const shown = rows.flatMap(([counter, { gauge }]) => (gauge?.name === name && gauge ? [{ ...gauge, counter }] : []))
  const [first] = shown
  if (first === undefined) return []
  const values = shown.map(({ by, counter }) => [by === undefined ? {} : { by }, counter] as const)
  return [{ name: first.name, help: first.help, values }]
})
