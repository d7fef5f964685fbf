/**
 * What is counted of the messages of an open run, as each report shows it: a row for each of `Counts.arrivals`.
 *
 * @since 0.1.0
 */
import * as Counts from "../measure/Counts.js"
import { Count, LaterCount } from "./CountField.js"
import type { Counter } from "./CounterTable.js"

/** `which` says which messages it counts, after that word. */
const counter = <Field extends Counter["field"]>(
  which: string,
  row: Omit<Counter, "description" | "field"> & { readonly field: Field }
) => ({ ...row, which, description: `Messages ${which}.` })

/**
 * The table, in the order in which reports show it.
 *
 * @since 0.1.0
 * @category constants
 */
export const counters = {
  late: counter("that waited for a session when they were due, and then began", {
    field: Count,
    phrase: "waited for a session",
    always: true,
    column: "late",
    gauge: "messages_late"
  }),
  behind: counter("that began over 10 ms late with a session free, because the generator was behind", {
    field: LaterCount,
    phrase: "started over 10 ms late because the generator was behind",
    column: "behind",
    gauge: "messages_behind"
  }),
  dropped: counter("that waited for too long, and were not begun", {
    field: Count,
    phrase: "dropped",
    always: true,
    column: "dropped",
    gauge: "messages_dropped"
  })
} satisfies { readonly [name in (typeof Counts.arrivals)[number]]: Counter }

/**
 * The fields of an interval of the series: early reports had none of them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const intervalFields = Object.fromEntries(Counts.arrivals.map((name) => [name, LaterCount])) as {
  // Entries have lost the names.
  readonly [name in (typeof Counts.arrivals)[number]]: typeof LaterCount
}
