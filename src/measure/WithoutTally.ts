/**
 * Counts messages that went without an extension that they were to have, since the server does not offer it.
 *
 * @since 0.1.0
 */

/**
 * The messages that went without one extension.
 *
 * @since 0.1.0
 * @category models
 */
export interface WithoutCount {
  /** The extension's keyword, such as `DSN`. */
  readonly what: string
  /** A message that is begun again counts again. */
  readonly messages: number
}

/**
 * A tally. One for each thread.
 *
 * @since 0.1.0
 * @category models
 */
export class WithoutTally {
  private readonly counts = new Map<string, number>()

  /** Counts one message. */
  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  /** What was counted. */
  toData(): ReadonlyArray<WithoutCount> {
    return [...this.counts].map(([what, messages]) => ({ what, messages }))
  }
}

/**
 * The counts of all parts together, by keyword.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (parts: ReadonlyArray<ReadonlyArray<WithoutCount>>): ReadonlyArray<WithoutCount> => {
  const all = new Map<string, number>()
  for (const { messages, what } of parts.flat()) all.set(what, (all.get(what) ?? 0) + messages)
  return [...all].map(([what, messages]) => ({ what, messages })).sort((one, other) => (one.what < other.what ? -1 : 1))
}
