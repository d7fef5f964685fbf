/**
 * Reads the books and the recorder of a run while it goes on: what was added since the last reading.
 *
 * @since 0.1.0
 */
import type { Recipients } from "../smtp/Outcome.js"
import type { Accounting } from "./Accounting.js"
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
  private counts: Counts
  private told = toldBy([], [])
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
    const now = this.read()
    const durations = this.durations()
    const [replies, errors] = [this.recorder.replies(), this.recorder.errors()]
    const told = toldBy(replies, errors)
    const since = (of: (counts: Counts) => number) => of(now) - of(before)
    const messages = now.accepted + now.rejected + now.failed + now.unknown
    const transactions = durations.find(({ ending, of }) => of === "transaction" && ending === "accepted")
    const interval: Series.Interval = {
      at,
      length: Math.round((at - this.at) * 1000) / 1000,
      started: since((counts) => counts.started),
      accepted: since((counts) => counts.accepted),
      rejected: since((counts) => counts.rejected),
      failed: since((counts) => counts.failed),
      abandoned: since((counts) => counts.abandoned),
      unknown: since((counts) => counts.unknown),
      late: since((counts) => counts.late),
      dropped: since((counts) => counts.dropped),
      behind: since((counts) => counts.behind),
      bytes: { out: since((counts) => counts.out), in: since((counts) => counts.in) },
      connections: {
        opened: since(({ connections }) => connections.opened),
        failed: since(({ connections }) => connections.failed),
        local: since(({ connections }) => connections.local),
        reused: since(({ connections }) => connections.reused),
        closedByUs: since(({ connections }) => connections.closedByUs),
        closedByServer: since(({ connections }) => connections.closedByServer)
      },
      underWay: now.started - messages,
      open: now.connections.opened - now.connections.closedByUs - now.connections.closedByServer,
      errors: told.errors - this.told.errors,
      codes: { "4xx": told["4xx"] - this.told["4xx"], "5xx": told["5xx"] - this.told["5xx"] },
      ...Series.statistics(Series.coarse(transactions?.buckets ?? []))
    }
    const recipients = {
      offered: since((counts) => counts.recipients.offered),
      accepted: since((counts) => counts.recipients.accepted),
      refused: since((counts) => counts.recipients.refused),
      refusedAfterContent: since((counts) => counts.recipients.refusedAfterContent),
      unknown: since((counts) => counts.recipients.unknown),
      abandoned: since((counts) => counts.recipients.abandoned)
    }
    this.at = at
    this.counts = now
    this.told = told
    return { interval, recipients, durations, replies, errors }
  }

  /** Whether anything was added since the last sample. */
  hasNews(): boolean {
    const { connections, out, started, ...before } = this.counts
    const now = this.read()
    const ends = ["accepted", "rejected", "failed", "unknown", "dropped"] as const
    return (
      now.out !== out ||
      now.in !== before.in ||
      now.started !== started ||
      now.connections.closedByUs !== connections.closedByUs ||
      ends.some((end) => now[end] !== before[end])
    )
  }

  private read() {
    const { abandoned, accepted, failed, recipients, rejected, started, unknown } = this.accounting
    const { behind, bytesIn, bytesOut, dropped, lateStarts: late } = this.recorder
    const connections = this.recorder.connections()
    const messages = { started, accepted, rejected, failed, abandoned, unknown, late, dropped, behind }
    return { ...messages, recipients, out: bytesOut, in: bytesIn, connections }
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

type Counts = ReturnType<Meter["read"]>

/** How many replies refused, by the class of their code, and how many errors there were that are not this machine's. */
const toldBy = (replies: Sample["replies"], errors: Sample["errors"]) => {
  const of = (first: number) =>
    replies.reduce((sum, { code, count }) => (Math.floor(code / 100) === first ? sum + count : sum), 0)
  const ours = errors.reduce((sum, { count, local }) => (local ? sum : sum + count), 0)
  return { "4xx": of(4), "5xx": of(5), errors: ours }
}

/**
 * The samples of several threads for the same interval, as one.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (samples: ReadonlyArray<Sample>): Sample => {
  const total = (name: keyof Recipients) => samples.reduce((sum, { recipients }) => sum + recipients[name], 0)
  return {
    interval: Series.together(samples.map(({ interval }) => interval)),
    recipients: {
      offered: total("offered"),
      accepted: total("accepted"),
      refused: total("refused"),
      refusedAfterContent: total("refusedAfterContent"),
      unknown: total("unknown"),
      abandoned: total("abandoned")
    },
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
