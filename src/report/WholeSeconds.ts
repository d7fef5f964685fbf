/**
 * The seconds of a run, out of samples that may be shorter.
 *
 * @since 0.1.0
 */
import type { Sample } from "../measure/Meter.js"
import { type Entry, entry, join } from "./RunningReport.js"

/**
 * Puts samples together until a second of the time of day is over, and hands that on.
 *
 * @since 0.1.0
 * @category models
 */
export class WholeSeconds {
  /** What has not become a second yet. */
  private pending: Entry | undefined

  constructor(
    /** In milliseconds of the time of day. */
    private readonly startedAt: number,
    private readonly onSecond: (second: Entry) => void
  ) {}

  take(sample: Sample): void {
    const next = entry(sample)
    if (this.pending !== undefined && this.secondOf(this.pending) !== this.secondOf(next)) this.flush()
    this.pending = this.pending === undefined ? next : join(this.pending, next)
    if ((this.startedAt + next.interval.at) % 1000 === 0) this.flush()
  }

  /** Hands on what there is, at the end of the run. */
  flush(): void {
    if (this.pending !== undefined) this.onSecond(this.pending)
    this.pending = undefined
  }

  private secondOf({ interval }: Entry): number {
    return Math.ceil((this.startedAt + interval.at) / 1000)
  }
}
