/**
 * What is counted, by name, and how counts add up: one list for each group, read by all who take, sum up or compare them. A
 * name that is added to a list is counted everywhere.
 *
 * @since 0.1.0
 */

/**
 * Messages begun, and how they ended. `abandoned` are those of the failed ones that were to end so.
 *
 * @since 0.1.0
 * @category names
 */
export const messages = ["started", "accepted", "rejected", "failed", "abandoned", "unknown"] as const

/**
 * Messages of an open run: those due while no session was free, which began `late`; those that began late with a session free,
 * because the generator was `behind`; and those that waited for too long, and were `dropped`.
 *
 * @since 0.1.0
 * @category names
 */
export const arrivals = ["late", "behind", "dropped"] as const

/**
 * Connections: `failed` are attempts that led to none, `local` those that failed for want of something on this machine, such as
 * descriptors or ports, `reused` the messages that went over a connection that had carried one before. `unpipelined` are those
 * that did not offer PIPELINING to a plan that asks for it. `closedByServer` are also those given up after a 421 or 521.
 *
 * @since 0.1.0
 * @category names
 */
export const connections = [
  "opened",
  "failed",
  "local",
  "reused",
  "unpipelined",
  "closedByUs",
  "closedByServer"
] as const

/**
 * Bytes on the wire.
 *
 * @since 0.1.0
 * @category names
 */
export const bytes = ["out", "in"] as const

/**
 * Replies that refused, for now and for good.
 *
 * @since 0.1.0
 * @category names
 */
export const codes = ["4xx", "5xx"] as const

/**
 * What an interval of a series counts of messages, and the errors of the server or the network.
 *
 * @since 0.1.0
 * @category names
 */
export const intervals = [...messages, ...arrivals, "errors"] as const

/**
 * What became of recipients: the first is the sum of the others.
 *
 * @since 0.1.0
 * @category names
 */
export const recipients = ["offered", "accepted", "refused", "refusedAfterContent", "unknown", "abandoned"] as const

/**
 * All that a recorder counts.
 *
 * @since 0.1.0
 * @category names
 */
export const recorded = ["bytesOut", "bytesIn", ...connections, ...arrivals, "contents", "warmUpAccepted"] as const

/**
 * A number for each of the names.
 *
 * @since 0.1.0
 * @category models
 */
export type Counts<Names extends ReadonlyArray<string>> = { readonly [name in Names[number]]: number }

/**
 * The number that `of` gives for each name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Names extends ReadonlyArray<string>>(
  names: Names,
  of: (name: Names[number]) => number
): Counts<Names> => {
  // Results of hours add up millions of them: a loop takes a quarter of what entries take.
  const made: { [name: string]: number } = {}
  for (const name of names as ReadonlyArray<Names[number]>) made[name] = of(name)
  return made as Counts<Names>
}

/**
 * The counts of these names among others.
 *
 * @since 0.1.0
 * @category reading
 */
export const pick = <const Names extends ReadonlyArray<string>>(names: Names, from: Counts<Names>): Counts<Names> =>
  make(names, (name) => from[name])

/**
 * The sums; zeros where there is nothing to add up.
 *
 * @since 0.1.0
 * @category combining
 */
export const sum = <const Names extends ReadonlyArray<string>>(
  names: Names,
  all: ReadonlyArray<Counts<Names>>
): Counts<Names> =>
  make(names, (name) => {
    let total = 0
    for (const each of all) total += each[name]
    return total
  })

/**
 * What was added since `before`.
 *
 * @since 0.1.0
 * @category combining
 */
export const difference = <const Names extends ReadonlyArray<string>>(
  names: Names,
  now: Counts<Names>,
  before: Counts<Names>
): Counts<Names> => make(names, (name) => now[name] - before[name])
