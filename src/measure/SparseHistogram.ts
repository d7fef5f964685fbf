/**
 * A histogram of durations that takes memory for the parts of it that have counted anything: a run may have a thousand of
 * them, most with durations that are much alike. The layout is that of `Histogram`.
 *
 * @since 0.1.0
 */
import * as Histogram from "./Histogram.js"

/** The counters of one part, as a power of two. */
const partMagnitude = 7
const partSize = 1 << partMagnitude

/**
 * Counts durations. One for each name of a scenario's own, and ending.
 *
 * @since 0.1.0
 * @category models
 */
export class SparseHistogram {
  private readonly parts: Array<Float64Array | undefined> = Array.from({
    length: Math.ceil(Histogram.counters / partSize)
  })

  /** Counts one duration, in nanoseconds. */
  record(nanoseconds: number): void {
    this.count(Histogram.indexOf(nanoseconds), 1)
  }

  add(buckets: Histogram.Buckets): void {
    for (const [index, count] of buckets) this.count(index, count)
  }

  /** What was counted, by index. */
  buckets(): Histogram.Buckets {
    return this.parts.flatMap((part, place) =>
      part === undefined
        ? []
        : Histogram.bucketsOf({ counts: part }).map(([index, count]) => [place * partSize + index, count] as const)
    )
  }

  private count(index: number, by: number): void {
    const place = index >> partMagnitude
    let part = this.parts[place]
    if (part === undefined) {
      part = new Float64Array(partSize)
      this.parts[place] = part
    }
    const within = index & (partSize - 1)
    part[within] = part[within]! + by
  }
}
