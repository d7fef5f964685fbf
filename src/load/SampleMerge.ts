/**
 * Makes one stream of samples from those of several threads.
 *
 * @since 0.1.0
 */
import * as Counts from "../measure/Counts.js"
import * as Meter from "../measure/Meter.js"
import * as Series from "../measure/Series.js"
import type { Sampling } from "./Sampler.js"

/**
 * Holds the samples of an interval until each thread has reported it, or a later one, and gives on their sum. A thread that
 * has nothing to say any more counts with what it said last.
 *
 * @since 0.1.0
 * @category models
 */
export class SampleMerge {
  private readonly waiting: Array<Array<Meter.Sample>>
  /** The last sample of each thread that was given on: replies and errors in it are of the whole run so far. */
  private readonly last: Array<Meter.Sample | undefined>

  constructor(
    workers: number,
    private readonly sampling: Sampling
  ) {
    this.waiting = Array.from({ length: workers }, () => [])
    this.last = Array.from({ length: workers })
  }

  add(worker: number, sample: Meter.Sample): void {
    this.waiting[worker]?.push(sample)
    while (this.waiting.every((samples) => samples.length > 0)) this.give()
  }

  /** Gives on what is still held. */
  finish(): void {
    while (this.waiting.some((samples) => samples.length > 0)) this.give()
  }

  /** The earliest interval of which there is a sample. */
  private give(): void {
    const at = Math.min(...this.waiting.flatMap(([first]) => (first === undefined ? [] : [first.interval.at])))
    const parts = this.waiting.flatMap((samples, worker) => {
      const first = samples[0]
      if (first === undefined || first.interval.at > at) {
        const last = this.last[worker]
        return last === undefined ? [] : [quiet(last, at)]
      }
      samples.shift()
      this.last[worker] = first
      return [first]
    })
    this.sampling.take(Meter.merge(parts))
  }
}

/** What a thread that told nothing of an interval adds to it: what it has open, and what was true before. */
const quiet = (sample: Meter.Sample, at: number): Meter.Sample => ({
  interval: {
    underWay: sample.interval.underWay,
    open: sample.interval.open,
    at,
    length: 0,
    ...Series.sum([]),
    ...Series.statistics([])
  },
  recipients: Counts.sum(Counts.recipients, []),
  durations: [],
  replies: sample.replies,
  errors: sample.errors
})
