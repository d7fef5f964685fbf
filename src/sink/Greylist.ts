/**
 * Greylisting: who sends for the first time is told to come back later (RFC 6647).
 *
 * Pure: the time comes in with the question. Bounded: the oldest acquaintances are forgotten first.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * When a pair of sender and recipient is let in: from `after` its first attempt on. An attempt later than `until` counts as
 * a first one again, unless the pair has been let in before.
 *
 * @since 0.1.0
 * @category models
 */
export interface GreylistOptions {
  readonly after: Duration.DurationInput
  /** Default: 4 hours. */
  readonly until?: Duration.DurationInput | undefined
}

/** The most pairs that are remembered. */
const most = 1_000_000

/** A pair that is let in for good. */
const known = Number.NEGATIVE_INFINITY

/**
 * The pairs that were seen.
 *
 * @since 0.1.0
 * @category models
 */
export class Greylist {
  private readonly after: number
  private readonly until: number
  private readonly seen = new Map<string, number>()

  constructor(options: GreylistOptions) {
    this.after = Duration.toMillis(options.after)
    this.until = Duration.toMillis(options.until ?? "4 hours")
  }

  /** Whether the pair is let in `now`, a time in milliseconds. */
  isKnown(sender: string, recipient: string, now: number): boolean {
    const pair = JSON.stringify([sender, recipient])
    const first = this.seen.get(pair)
    if (first === known) return true
    if (first !== undefined && now - first >= this.after && now - first <= this.until) {
      this.seen.set(pair, known)
      return true
    }
    if (first === undefined || now - first > this.until) this.remember(pair, now)
    return false
  }

  private remember(pair: string, now: number): void {
    this.seen.delete(pair)
    this.seen.set(pair, now)
    if (this.seen.size <= most) return
    for (const oldest of this.seen.keys()) {
      this.seen.delete(oldest)
      return
    }
  }
}
