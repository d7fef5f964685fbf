/**
 * What is counted of connections, as each report shows it: a row for each of `Counts.connections`.
 *
 * @since 0.1.0
 */
import type * as Counts from "../measure/Counts.js"
import { Count, LaterCount } from "./CountField.js"
import type { Counter } from "./CounterTable.js"

const closed = { name: "connections_closed", help: "Connections by who closed them." }

/**
 * The table, in the order in which reports show it.
 *
 * @since 0.1.0
 * @category constants
 */
export const counters = {
  opened: {
    field: Count,
    description: "Connections that were opened.",
    phrase: "opened",
    always: true,
    column: "connections_opened",
    gauge: "connections_opened"
  },
  failed: {
    field: Count,
    description: "Attempts that did not lead to a connection.",
    phrase: "failed",
    column: "connections_failed",
    gauge: "connections_failed"
  },
  local: {
    field: LaterCount,
    description: "Attempts that failed for want of something on the generator's machine, such as descriptors or ports.",
    phrase: "failed on this machine"
  },
  reused: {
    field: Count,
    description: "Messages that went over a connection that had carried one before.",
    phrase: "reused for another message",
    column: "connections_reused",
    gauge: "connections_reused"
  },
  unpipelined: {
    field: LaterCount,
    description:
      "Connections that did not offer PIPELINING, where the plan asks for it: each command waited for its reply.",
    phrase: "without PIPELINING, which was asked for",
    column: "connections_unpipelined",
    gauge: "connections_unpipelined"
  },
  closedByUs: {
    field: Count,
    description: "Closed by the generator.",
    phrase: "closed by us",
    column: "connections_closed_by_us",
    gauge: { ...closed, by: "us" }
  },
  closedByServer: {
    field: Count,
    description: "Closed or reset by the server, or given up after its 421 or 521.",
    phrase: "closed by the server",
    column: "connections_closed_by_server",
    gauge: { ...closed, by: "server" }
  }
} satisfies { readonly [name in (typeof Counts.connections)[number]]: Counter }
