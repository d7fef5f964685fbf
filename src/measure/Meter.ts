/**
 * Reads the books and the recorder of a run while it goes on: what was added since the last reading.
 *
 * @since 0.1.0
 */
import type { Recipients } from "../smtp/Outcome.js"
import type { Accounting } from "./Accounting.js"
import * as Counts from "./Counts.js"
import * as ErrorTally from "./ErrorTally.js"
import type * as Histogram from "./Histogram.js"
import type { Ending, Recorder } from "./Recorder.js"
import * as ReplyTally from "./ReplyTally.js"
import * as Series from "./Series.js"

/**
 * The durations of one step that ended so, in one interval.
 *
 * @since 0.1.0
 * @category models
 */
export interface StepBuckets {
  readonly of: string
  readonly ending: Ending
  readonly buckets: Series.Buckets
}

/**
 * All that happened in one interval; replies and errors are those since the run's start. From the samples of a run its
 * whole report can be made.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sample {
  readonly interval: Series.Interval
  readonly recipients: Recipients
  readonly durations: ReadonlyArray<StepBuckets>
  readonly replies: ReadonlyArray<ReplyTally.ReplyCount>
  readonly errors: ReadonlyArray<ErrorTally.ErrorCount>
}

/**
 * Takes samples. One for each run, or each thread's part of it.
 *
 * @since 0.1.0
 * @category models
 */
export class Meter {
  private at: number
  private counts: Reading
  /** The counts of each histogram that earlier samples told of. */
  private readonly seen = new Map<string, Float64Array>()
  private readonly seenOwn = new Map<string, Map<number, number>>()

  /** `begunAt` is when the part began, in milliseconds since the run's start. */
  constructor(
    private readonly accounting: Accounting,
    private readonly recorder: Recorder,
    begunAt: number
  ) {
    this.at = begunAt
    this.counts = this.read()
  }

  /** What was added since the last sample, up to `at`, in milliseconds since the run's start. */
  take(at: number): Sample {
    const before = this.counts
    const [replies, errors] = [this.recorder.replies(), this.recorder.errors()]
    const now = this.read(replies, errors)
    const durations = this.durations()
    const transactions = durations.find(({ ending, of }) => of === "transaction" && ending === "accepted")
    const { accepted, connections, failed, rejected, started, unknown } = now.counted
    const interval: Series.Interval = {
      at,
      length: Math.round((at - this.at) * 1000) / 1000,
      ...Series.difference(now.counted, before.counted),
      underWay: started - accepted - rejected - failed - unknown,
      open: connections.opened - connections.closedByUs - connections.closedByServer,
      ...Series.statistics(Series.coarse(transactions?.buckets ?? []))
    }
    const recipients = Counts.difference(Counts.recipients, now.recipients, before.recipients)
    this.at = at
    this.counts = now
    return { interval, recipients, durations, replies, errors }
  }

  /** Whether anything was added since the last sample. */
  hasNews(): boolean {
    return JSON.stringify(this.read()) !== JSON.stringify(this.counts)
  }

  private read(replies = this.recorder.replies(), errors = this.recorder.errors()) {
    const { accounting, recorder } = this
    const counted: Series.Counted = {
      ...Counts.pick(Counts.messages, accounting),
      ...Counts.pick(Counts.arrivals, recorder),
      errors: errors.reduce((sum, { count, local }) => (local ? sum : sum + count), 0),
      bytes: { out: recorder.bytesOut, in: recorder.bytesIn },
      connections: recorder.connections(),
      codes: { "4xx": ofClass(replies, 4), "5xx": ofClass(replies, 5) }
    }
    return { counted, recipients: accounting.recipients }
  }

  private durations(): ReadonlyArray<StepBuckets> {
    const added: Array<StepBuckets> = []
    for (const { ending, histogram, of } of this.recorder.dense()) {
      const buckets = this.added(`${of} ${ending}`, histogram)
      if (buckets.length > 0) added.push({ of, ending, buckets })
    }
    for (const { buckets, ending, of } of this.recorder.sparse()) {
      const more = this.more(`${of} ${ending}`, buckets)
      if (more.length > 0) added.push({ of, ending, buckets: more })
    }
    return added
  }

  private added(key: string, { counts }: Histogram.Histogram): Series.Buckets {
    let seen = this.seen.get(key)
    if (seen === undefined) {
      seen = new Float64Array(counts.length)
      this.seen.set(key, seen)
    }
    const buckets: Array<readonly [number, number]> = []
    for (let index = 0; index < counts.length; index++) {
      const count = counts[index]!
      if (count === seen[index]) continue
      buckets.push([index, count - seen[index]!])
      seen[index] = count
    }
    return buckets
  }

  private more(key: string, buckets: Series.Buckets): Series.Buckets {
    const seen = this.seenOwn.get(key) ?? new Map<number, number>()
    this.seenOwn.set(key, seen)
    return buckets.flatMap(([index, count]) => {
      const before = seen.get(index) ?? 0
      if (count === before) return []
      seen.set(index, count)
      return [[index, count - before] as const]
    })
  }
}

type Reading = ReturnType<Meter["read"]>

/** How many replies had a code of this class. */
const ofClass = (replies: Sample["replies"], first: number): number =>
  replies.reduce((sum, { code, count }) => (Math.floor(code / 100) === first ? sum + count : sum), 0)

/**
 * The samples of several threads for the same interval, as one.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (samples: ReadonlyArray<Sample>): Sample => {
  return {
    interval: Series.together(samples.map(({ interval }) => interval)),
    recipients: Counts.sum(
      Counts.recipients,
      samples.map(({ recipients }) => recipients)
    ),
    durations: sumSteps(samples.map(({ durations }) => durations)),
    replies: ReplyTally.merge(samples.map(({ replies }) => replies)),
    errors: ErrorTally.merge(samples.map(({ errors }) => errors))
  }
}

/**
 * The durations of several samples, added up.
 *
 * @since 0.1.0
 * @category combining
 */
export const sumSteps = (all: ReadonlyArray<ReadonlyArray<StepBuckets>>): ReadonlyArray<StepBuckets> => {
  const steps = new Map<string, Array<StepBuckets>>()
  for (const durations of all.flat()) {
    const key = `${durations.of} ${durations.ending}`
    const parts = steps.get(key)
    if (parts === undefined) steps.set(key, [durations])
    else parts.push(durations)
  }
  return [...steps.values()].flatMap((parts) =>
    parts.slice(0, 1).map(({ ending, of }) => ({
      of,
      ending,
      buckets: Series.sumBuckets(parts.map(({ buckets }) => buckets))
    }))
  )
}
