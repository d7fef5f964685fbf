/**
 * Counts the messages that were not accepted by what they came to their end of: a reply's code, or a kind of trouble.
 *
 * It is kept apart from the books, which count the same messages by themselves: `Laws` sets the one against the other.
 *
 * @since 0.1.0
 */
import { isAbandoned, type Outcome } from "../smtp/Outcome.js"

/**
 * The ends that are counted.
 *
 * @since 0.1.0
 * @category models
 */
export type End = "rejected" | "failed" | "abandoned" | "unknown"

/**
 * The messages that ended so, for the same reason.
 *
 * @since 0.1.0
 * @category models
 */
export interface EndCount {
  readonly end: End
  /** The code of the reply; or the kind of error. */
  readonly reason: number | string
  readonly count: number
}

/**
 * A tally. One for each thread.
 *
 * @since 0.1.0
 * @category models
 */
export class EndTally {
  private readonly codes = new Map<number, number>()
  private readonly kinds = new Map<string, { readonly end: End; readonly reason: string; count: number }>()

  /** Counts a message that was not accepted. */
  count(outcome: Outcome): void {
    if (outcome._tag === "Rejected") {
      const { code } = outcome.reply
      this.codes.set(code, (this.codes.get(code) ?? 0) + 1)
    } else if (outcome._tag === "Failed" || outcome._tag === "Unknown") {
      const reason = outcome.error._tag
      const end = isAbandoned(outcome) ? "abandoned" : outcome._tag === "Failed" ? "failed" : "unknown"
      const known = this.kinds.get(`${end} ${reason}`)
      if (known === undefined) this.kinds.set(`${end} ${reason}`, { end, reason, count: 1 })
      else known.count++
    }
  }

  /** What was counted. */
  toData(): ReadonlyArray<EndCount> {
    const rejected = [...this.codes].map(([reason, count]) => ({ end: "rejected" as const, reason, count }))
    return [...rejected, ...[...this.kinds.values()].map((kind) => ({ ...kind }))]
  }
}

/**
 * How many messages ended so, for whatever reason.
 *
 * @since 0.1.0
 * @category reading
 */
export const total = (counts: ReadonlyArray<EndCount>, end: End): number =>
  counts.reduce((sum, each) => (each.end === end ? sum + each.count : sum), 0)
