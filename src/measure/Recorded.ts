/**
 * What was recorded in a run, to be read: counts, durations, replies and errors.
 *
 * @since 0.1.0
 */
import type * as AuthTally from "./AuthTally.js"
import type * as Counts from "./Counts.js"
import type * as EndTally from "./EndTally.js"
import type * as ErrorTally from "./ErrorTally.js"
import type * as Histogram from "./Histogram.js"
import type { Durations, Ending, Measured } from "./Measured.js"
import type * as ReplyTally from "./ReplyTally.js"
import type { Connections } from "./Series.js"
import type { StageCounts } from "./StageTally.js"
import type * as TargetTally from "./TargetTally.js"
import type * as TlsTally from "./TlsTally.js"
import type * as WithoutTally from "./WithoutTally.js"

/**
 * What was recorded. Times are in milliseconds, histograms' in nanoseconds. As JSON it is what was counted, and the buckets
 * that are not empty.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recorded extends Counts.Counts<typeof Counts.recorded> {
  /** When the warm-up was over, since the run began. */
  readonly warmUpEnd: number
  /** The counts of each stage; undefined where the run was not an open one. */
  readonly stages: { readonly toData: () => StageCounts } | undefined
  /** What became of connections. */
  readonly connections: () => Connections
  /** The replies, by step and code. */
  readonly replies: () => ReadonlyArray<ReplyTally.ReplyCount>
  /** What went wrong, by step and kind. */
  readonly errors: () => ReadonlyArray<ErrorTally.ErrorCount>
  /** What messages that were not accepted came to their end of, each counted once. */
  readonly ends: () => ReadonlyArray<EndTally.EndCount>
  /** The TLS sessions, by what they came to. */
  readonly tls: () => ReadonlyArray<TlsTally.TlsCount>
  /** The logins, by mechanism; undefined where there were none. */
  readonly auth: () => AuthTally.AuthCounts | undefined
  /** What messages went without, as the server did not offer it. */
  readonly without: () => ReadonlyArray<WithoutTally.WithoutCount>
  /** The connections and messages by target, where there are several. */
  readonly targets: () => ReadonlyArray<TargetTally.TargetCount>
  /** All durations that there are, in the order of the dialogue; those of steps that are not SMTP's come last. */
  readonly durations: () => Iterable<Durations>
  /** The durations of what ended so; undefined where there were none. */
  readonly histogram: (what: Measured, ending: Ending) => Histogram.Histogram | undefined
  /** The durations of a step that is not SMTP's, which ended so; undefined where there were none. */
  readonly ownHistogram: (name: string, ending: Ending) => Histogram.Histogram | undefined
  /** All that was recorded, as plain data that another recorder can add. The counts of histograms are not copied. */
  readonly toData: () => RecorderData
  /** What `JSON.stringify` writes. */
  readonly toJSON: () => RecordedJson
}

/** What was counted, as plain data. Times are since the run began. */
interface Counted {
  readonly counts: Counts.Counts<typeof Counts.recorded>
  readonly warmUpEnd: number
  readonly replies: ReadonlyArray<ReplyTally.ReplyCount>
  readonly errors: ReadonlyArray<ErrorTally.ErrorCount>
  readonly ends: ReadonlyArray<EndTally.EndCount>
  readonly tls: ReadonlyArray<TlsTally.TlsCount>
  readonly without: ReadonlyArray<WithoutTally.WithoutCount>
  readonly targets: ReadonlyArray<TargetTally.TargetCount>
  readonly stages: StageCounts | undefined
}

/**
 * What was recorded, as plain data of moderate size.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordedJson extends Counted {
  readonly durations: ReadonlyArray<Omit<Durations, "histogram"> & { readonly buckets: Histogram.Buckets }>
  readonly auth: AuthTally.AuthJson | undefined
}

/**
 * What a recorder has recorded.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecorderData extends Counted {
  /** The buckets of each histogram of a step that is not SMTP's, by its name and ending. */
  readonly own: ReadonlyArray<readonly [key: string, buckets: Histogram.Buckets]>
  /** The counts of each histogram, in the recorder's own order. */
  readonly histograms: ReadonlyArray<Float64Array | undefined>
  readonly auth: AuthTally.AuthCounts | undefined
}
