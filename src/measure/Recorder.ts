/**
 * Takes what happens on the wires, on the hot path: a sample costs nanoseconds and allocates nothing.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../smtp/Outcome.js"
import * as Reply from "../smtp/Reply.js"
import { type ConnectFailed, type Step, steps, type WireError } from "../smtp/SmtpError.js"
import type { WireObserver } from "../smtp/Wire.js"
import * as EndTally from "./EndTally.js"
import * as ErrorTally from "./ErrorTally.js"
import * as Histogram from "./Histogram.js"
import * as ReplyTally from "./ReplyTally.js"
import type { Connections } from "./Series.js"
import { SparseHistogram } from "./SparseHistogram.js"
import { type StageCounts, StageTally } from "./StageTally.js"

/**
 * What a duration is of: a step; a whole transaction, from MAIL to the reply to the final dot; or a connection, from when it
 * stood to its end, which is a failure where the server brought it about.
 *
 * @since 0.1.0
 * @category models
 */
export type Measured = Step | "transaction" | "connection"

/**
 * All that is measured, in the order of the dialogue.
 *
 * @since 0.1.0
 * @category models
 */
export const measured: ReadonlyArray<Measured> = [...steps, "transaction", "connection"]

/**
 * What runs measure besides: from when a session took a message up, by how much later than it was due that was, and how long
 * writes waited for the socket.
 *
 * @since 0.1.0
 * @category models
 */
export const measuredBesides: ReadonlyArray<string> = ["service", "start", "queued"]

/**
 * The names and endings of steps of scenarios' own that are told apart; those that come later are measured as `otherNames`.
 *
 * @since 0.1.0
 * @category limits
 */
export const mostOwn = 1000

/**
 * The name for what is beyond `mostOwn`.
 *
 * @since 0.1.0
 * @category limits
 */
export const otherNames = "(other names)"

/** The characters of a name that tell it from others. */
const longestName = 200

/**
 * How what was measured ended: never mixed, for a refusal that is quick makes a slow server look fast, and a time-out a
 * failure. `unknown` is of what came after the final dot: it was sent, and no valid answer came.
 *
 * @since 0.1.0
 * @category models
 */
export type Ending = "accepted" | "rejected" | "failed" | "unknown"

/**
 * Every ending.
 *
 * @since 0.1.0
 * @category models
 */
export const endings: ReadonlyArray<Ending> = ["accepted", "rejected", "failed", "unknown"]

/**
 * Fills histograms, one for each step and ending. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export class Recorder implements WireObserver {
  bytesOut = 0
  bytesIn = 0
  opened = 0
  closedByUs = 0
  closedByServer = 0
  /** Connects that failed: of the server, or of this machine, which was out of something. */
  connectsFailed = 0
  connectsFailedLocally = 0
  /** Messages that went over a connection that had carried one before. */
  reused = 0
  /** How many times the end of a message's content was handed over. */
  contents = 0
  /** Messages of an open run that were due while no session was free: started late, or not at all. */
  lateStarts = 0
  dropped = 0
  /** Messages of an open run that started late though a session was free: the generator was behind. */
  behind = 0
  /** When the warm-up was over, since the run began, and how many messages had been accepted by then. */
  warmUpEnd = 0
  warmUpAccepted = 0
  /** What was begun earlier, by the clock of what is recorded, is not measured: the run was warming up. */
  measuresFrom = Number.NEGATIVE_INFINITY
  private readonly histograms: Array<Histogram.Histogram | undefined> = Array.from({
    length: measured.length * endings.length
  })
  private readonly own = new Map<string, SparseHistogram>()
  private readonly replyTally = new ReplyTally.ReplyTally()
  private readonly errorTally = new ErrorTally.ErrorTally()
  private readonly endTally = new EndTally.EndTally()
  private readonly added: Array<RecorderData> = []
  /** When the run began, by the clock of what is recorded. */
  begun = 0
  /** Of an open run. */
  stages: StageTally | undefined = undefined

  constructor(
    readonly onTrace?: WireObserver["onTrace"],
    private readonly onContentSent?: (() => void) | undefined,
    /** The clock of what is recorded. */
    private readonly now: () => number = () => 0
  ) {}

  onReply(step: Step, reply: Reply.Reply, elapsed: number, now: number): void {
    if (this.isEarly(elapsed, now)) return
    const code = reply.code
    const ending =
      code < 300 || code === 354
        ? code >= 200 && reply.defect === undefined
          ? "accepted"
          : unanswered(step)
        : code >= 400 && reply.defect === undefined
          ? "rejected"
          : unanswered(step)
    this.count(step, ending, elapsed)
    this.replyTally.count(places[step], reply, now)
  }

  /** Counts a step that ended without its reply. */
  onFailed(step: Step, elapsed: number, now: number): void {
    if (!this.isEarly(elapsed, now)) this.count(step, unanswered(step), elapsed)
  }

  /** Counts how long a connection stood. */
  onClosed(byServer: boolean, elapsed: number, now: number): void {
    if (!this.isEarly(elapsed, now)) this.count("connection", byServer ? "failed" : "accepted", elapsed)
  }

  /** Counts what a message came to grief by, if anything. */
  onOutcome(outcome: Outcome, now: () => number): void {
    if (outcome._tag === "Accepted" && outcome.lost === undefined) return
    this.endTally.count(outcome)
    this.errorTally.countOutcome(outcome, now)
  }

  /** Counts a connect that failed. What this machine was out of says nothing of the server, and has no duration. */
  onConnectFailed({ local }: ConnectFailed, elapsed: number): void {
    if (local) {
      this.connectsFailedLocally++
      return
    }
    this.connectsFailed++
    this.record("connect", "failed", elapsed)
  }

  /** Counts what cost no message: a connect that is tried again, or what ended a session. */
  onError(error: ConnectFailed | WireError, now: () => number): void {
    this.errorTally.count(error, now())
  }

  onContent(elapsed: number, now: number): void {
    this.contents++
    if (!this.isEarly(elapsed, now)) this.count("content", "accepted", elapsed)
    this.onContentSent?.()
  }

  /** Counts a write that waited for the socket, as a duration named `queued`. */
  onQueued(elapsed: number): void {
    this.recordOwn("queued", "accepted", elapsed)
  }

  /** Counts one duration that ends now, in milliseconds. */
  record(what: Measured, ending: Ending, elapsed: number): void {
    if (this.warmsUp && this.isEarly(elapsed, this.now())) return
    this.count(what, ending, elapsed)
  }

  private get warmsUp(): boolean {
    return this.measuresFrom !== Number.NEGATIVE_INFINITY
  }

  /** Whether what ends now, and took so long, was begun before the warm-up was over; a nanosecond is no time. */
  private isEarly(elapsed: number, now: number): boolean {
    return now - elapsed < this.measuresFrom - 1e-6
  }

  private count(what: Measured, ending: Ending, elapsed: number): void {
    const slot = places[what] * endings.length + (ending === "accepted" ? 0 : offsets[ending])
    let histogram = this.histograms[slot]
    if (histogram === undefined) {
      histogram = Histogram.make()
      this.histograms[slot] = histogram
    }
    Histogram.record(histogram, elapsed * 1e6)
  }

  /** Counts one duration, which ends now, of a step that is not SMTP's, under its own name, in milliseconds. */
  recordOwn(name: string, ending: Ending, elapsed: number): void {
    if (this.warmsUp && this.isEarly(elapsed, this.now())) return
    this.ownOf(`${name} ${ending}`).record(elapsed * 1e6)
  }

  /** Beyond so many names, the rest goes by one of its own: a name may be made of what a server says. */
  private ownOf(key: string): SparseHistogram {
    const known = this.own.get(key)
    if (known !== undefined) return known
    const [name, ending] = nameAndEnding(key)
    if (name.length > longestName) return this.ownOf(`${Reply.beginning(name, longestName)} ${ending}`)
    if (name !== otherNames && this.own.size >= mostOwn) return this.ownOf(`${otherNames} ${ending}`)
    const histogram = new SparseHistogram()
    this.own.set(key, histogram)
    return histogram
  }

  /** The durations of a step that is not SMTP's, which ended so; undefined where there were none. */
  ownHistogram(name: string, ending: Ending): Histogram.Histogram | undefined {
    const own = this.own.get(`${name} ${ending}`)
    return own === undefined ? undefined : Histogram.ofBuckets(own.buckets())
  }

  /** What became of connections. */
  connections(): Connections {
    const { closedByServer, closedByUs, connectsFailed: failed, connectsFailedLocally: local, opened, reused } = this
    return { opened, failed, local, reused, closedByUs, closedByServer }
  }

  /** All that was recorded, as plain data. The counts are not copied. */
  toData(): RecorderData {
    const { behind, bytesIn, bytesOut, contents, dropped, histograms, lateStarts } = this
    const counts = histograms.map((histogram) => histogram?.counts)
    const own = [...this.own].map(([key, histogram]) => [key, histogram.buckets()] as const)
    const { closedByServer, closedByUs, connectsFailed, connectsFailedLocally, opened, reused } = this
    const connections = { opened, closedByUs, closedByServer, connectsFailed, connectsFailedLocally, reused }
    const tallies = { replies: this.replies(), errors: this.errors(), ends: this.ends() }
    const { warmUpAccepted, warmUpEnd } = this
    const messages = { contents, behind, dropped, lateStarts, warmUpAccepted, warmUpEnd }
    const stages = this.stages?.toData()
    return { bytesIn, bytesOut, ...connections, ...messages, histograms: counts, own, ...tallies, stages }
  }

  /** The replies, by step and code. */
  replies(): ReadonlyArray<ReplyTally.ReplyCount> {
    return ReplyTally.merge([this.replyTally.toData(this.begun), ...this.added.map(({ replies }) => replies)])
  }

  /** What went wrong, by step and kind. */
  errors(): ReadonlyArray<ErrorTally.ErrorCount> {
    return ErrorTally.merge([this.errorTally.toData(this.begun), ...this.added.map(({ errors }) => errors)])
  }

  /** What messages that were not accepted came to their end of, each counted once. */
  ends(): ReadonlyArray<EndTally.EndCount> {
    return [...this.endTally.toData(), ...this.added.flatMap(({ ends }) => ends)]
  }

  /** Adds what another recorder has recorded. */
  add(data: RecorderData): void {
    this.bytesIn += data.bytesIn
    this.bytesOut += data.bytesOut
    this.opened += data.opened
    this.closedByUs += data.closedByUs
    this.closedByServer += data.closedByServer
    this.connectsFailed += data.connectsFailed
    this.connectsFailedLocally += data.connectsFailedLocally
    this.reused += data.reused
    this.contents += data.contents
    this.dropped += data.dropped
    this.lateStarts += data.lateStarts
    this.behind += data.behind
    this.warmUpAccepted += data.warmUpAccepted
    this.warmUpEnd = Math.max(this.warmUpEnd, data.warmUpEnd)
    for (const [key, buckets] of data.own) this.ownOf(key).add(buckets)
    if (data.stages !== undefined) {
      this.stages ??= new StageTally([], 0, 0)
      this.stages.add(data.stages)
    }
    this.added.push(data)
    data.histograms.forEach((counts, slot) => {
      if (counts === undefined) return
      const histogram = this.histograms[slot] ?? Histogram.make()
      Histogram.add(histogram, { counts })
      this.histograms[slot] = histogram
    })
  }

  /** All durations that there are, in the order of the dialogue; those of steps that are not SMTP's come last. */
  *durations(): Generator<Durations> {
    yield* this.dense()
    for (const { buckets, ending, of } of this.sparse()) yield { of, ending, histogram: Histogram.ofBuckets(buckets) }
  }

  /** The durations of steps, transactions and connections. */
  *dense(): Generator<Durations> {
    for (const of of measured) {
      for (const ending of endings) {
        const histogram = this.histogram(of, ending)
        if (histogram !== undefined) yield { of, ending, histogram }
      }
    }
  }

  /** The durations of steps that are not SMTP's. */
  *sparse(): Generator<Omit<Durations, "histogram"> & { readonly buckets: Histogram.Buckets }> {
    for (const [key, histogram] of this.own) {
      const [of, word] = nameAndEnding(key)
      const ending = endings.find((each) => each === word)
      if (ending !== undefined) yield { of, ending, buckets: histogram.buckets() }
    }
  }

  /** The durations of what ended so; undefined where there were none. */
  histogram(what: Measured, ending: Ending): Histogram.Histogram | undefined {
    return this.histograms[places[what] * endings.length + endings.indexOf(ending)]
  }
}

/**
 * The durations of one step, or of a whole transaction, which ended so.
 *
 * @since 0.1.0
 * @category models
 */
export interface Durations {
  readonly of: string
  readonly ending: Ending
  readonly histogram: Histogram.Histogram
}

/**
 * What a recorder has recorded.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecorderData {
  readonly bytesIn: number
  readonly bytesOut: number
  readonly opened: number
  readonly closedByUs: number
  readonly closedByServer: number
  readonly connectsFailed: number
  readonly connectsFailedLocally: number
  readonly reused: number
  readonly contents: number
  readonly behind: number
  readonly dropped: number
  readonly lateStarts: number
  readonly warmUpEnd: number
  readonly warmUpAccepted: number
  /** The buckets of each histogram of a step that is not SMTP's, by its name and ending. */
  readonly own: ReadonlyArray<readonly [key: string, buckets: Histogram.Buckets]>
  /** The counts of each histogram, in the recorder's own order. */
  readonly histograms: ReadonlyArray<Float64Array | undefined>
  /** Times since the run began. */
  readonly replies: ReadonlyArray<ReplyTally.ReplyCount>
  readonly errors: ReadonlyArray<ErrorTally.ErrorCount>
  readonly ends: ReadonlyArray<EndTally.EndCount>
  readonly stages: StageCounts | undefined
}

const places: { readonly [what in Measured]: number } = {
  connect: 0,
  greeting: 1,
  hello: 2,
  mail: 3,
  rcpt: 4,
  data: 5,
  content: 6,
  final: 7,
  rset: 8,
  quit: 9,
  other: 10,
  transaction: 11,
  connection: 12
}

const offsets: { readonly [ending in Ending]: number } = { accepted: 0, rejected: 1, failed: 2, unknown: 3 }

/** How a step ended to which no valid answer came. */
const unanswered = (step: Step): Ending => (step === "final" ? "unknown" : "failed")

const nameAndEnding = (key: string): readonly [name: string, ending: string] => {
  const at = key.lastIndexOf(" ")
  return [key.slice(0, at), key.slice(at + 1)]
}
