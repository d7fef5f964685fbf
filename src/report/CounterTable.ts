/**
 * What reports take from a table of counters: one row for each, in the order in which they are shown.
 *
 * @since 0.1.0
 */
import type { Count, LaterCount } from "./CountField.js"

/**
 * One counter's words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Counter {
  /** In a report's JSON: a `LaterCount` where earlier reports do not have it. */
  readonly field: typeof Count | typeof LaterCount
  /** What it counts: in the JSON Schema, and as the help of its gauge. */
  readonly description: string
  /** After the number, in text. */
  readonly phrase: string
  /** Whether text has it where there was none, too. */
  readonly always?: boolean | undefined
  /** In the CSV; left out where it has none. */
  readonly column?: string | undefined
  /** Prometheus's name. Counters of the same name are one gauge with a help of its own, and told apart by who did it. */
  readonly gauge?: string | { readonly name: string; readonly help: string; readonly by: string } | undefined
}

/**
 * Counters by name.
 *
 * @since 0.1.0
 * @category models
 */
export interface CounterTable {
  readonly [name: string]: Counter
}

type Name<Table> = keyof Table & string

/** The rows of a table, which `Object.entries` would give with names that are any text. */
const rowsOf = <Table extends CounterTable>(table: Table): ReadonlyArray<readonly [name: Name<Table>, row: Counter]> =>
  Object.keys(table).map((name) => [name as Name<Table>, table[name]!])

/**
 * The fields of a schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = <Table extends CounterTable>(
  table: Table
): { readonly [name in Name<Table>]: Table[name]["field"] } => {
  const made = rowsOf(table).map(
    ([name, { description, field }]) => [name, field.annotations({ description })] as const
  )
  // Entries have lost which field is whose.
  return Object.fromEntries(made) as { readonly [name in Name<Table>]: Table[name]["field"] }
}

/**
 * The counts in words, such as "12 opened".
 *
 * @since 0.1.0
 * @category formatting
 */
export const phrases = <Table extends CounterTable>(
  table: Table,
  counts: { readonly [name in Name<Table>]: number },
  format: (number: number) => string
): ReadonlyArray<string> =>
  rowsOf(table).flatMap(([name, { always, phrase }]) =>
    always === true || counts[name] > 0 ? [`${format(counts[name])} ${phrase}`] : []
  )

/**
 * The columns of the CSV, each with the counter that it holds.
 *
 * @since 0.1.0
 * @category constants
 */
export const columns = <Table extends CounterTable>(
  table: Table
): ReadonlyArray<readonly [heading: string, name: Name<Table>]> =>
  rowsOf(table).flatMap(([name, { column }]) => (column === undefined ? [] : [[column, name] as const]))

/**
 * Prometheus's gauges, each with the counters that it shows.
 *
 * @since 0.1.0
 * @category constants
 */
export const gauges = <Table extends CounterTable>(
  table: Table
): ReadonlyArray<{
  readonly name: string
  readonly help: string
  readonly values: ReadonlyArray<readonly [labels: { readonly by?: string }, name: Name<Table>]>
}> => {
  const shown = rowsOf(table).flatMap(([counter, { description: help, gauge }]) => {
    if (gauge === undefined) return []
    return [typeof gauge === "string" ? { name: gauge, help, labels: {}, counter } : { ...labelled(gauge), counter }]
  })
  return [...new Set(shown.map(({ name }) => name))].map((name) => {
    const same = shown.filter((each) => each.name === name)
    return { name, help: same[0]!.help, values: same.map(({ counter, labels }) => [labels, counter] as const) }
  })
}

const labelled = ({ by, ...gauge }: { readonly name: string; readonly help: string; readonly by: string }) => ({
  ...gauge,
  labels: { by }
})
