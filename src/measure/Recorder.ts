/**
 * Takes what happens on the wires, on the hot path: a sample costs nanoseconds and allocates nothing.
 *
 * It is over 300 lines because all that happens on the wires is counted by one object, which the hot path is given.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../smtp/Outcome.js"
import * as Reply from "../smtp/Reply.js"
import type { ConnectFailed, ConnectionLost, ReplyMalformed, Step, WireError } from "../smtp/SmtpError.js"
import type { TlsSession } from "../smtp/Tls.js"
import type { WireObserver } from "../smtp/Wire.js"
import * as AuthTally from "./AuthTally.js"
import * as Counts from "./Counts.js"
import * as EndTally from "./EndTally.js"
import * as ErrorTally from "./ErrorTally.js"
import * as Histogram from "./Histogram.js"
import {
  type Durations,
  durationsOf,
  type Ending,
  endings,
  longestName,
  type Measured,
  measured,
  mostOwn,
  nameAndEnding,
  offsets,
  otherNames,
  places,
  unanswered
} from "./Measured.js"
import type { Recorded, RecordedJson, RecorderData } from "./Recorded.js"
import { RecordedData } from "./RecordedData.js"
import * as ReplyTally from "./ReplyTally.js"
import type { Connections } from "./Series.js"
import { SparseHistogram } from "./SparseHistogram.js"
import * as TlsTally from "./TlsTally.js"
import { StageTally } from "./StageTally.js"
import * as TargetTally from "./TargetTally.js"
import * as WithoutTally from "./WithoutTally.js"

export type { Recorded, RecordedJson, RecorderData } from "./Recorded.js"
export {
  type Durations,
  type Ending,
  endings,
  type Measured,
  measured,
  measuredBesides,
  mostOwn,
  otherNames
} from "./Measured.js"

/** A field for each name that is counted. */
const Counting = class {
  constructor() {
    Object.assign(this, Counts.sum(Counts.recorded, []))
  }
  // Fields that are made from a list have no declaration that could be checked.
} as new () => { -readonly [name in keyof Counts.Counts<typeof Counts.recorded>]: number }

/**
 * Fills histograms, one for each step and ending. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export class Recorder extends Counting implements Recorded, WireObserver {
  /** When the warm-up was over, since the run began. */
  warmUpEnd = 0
  /** What was begun earlier, by the clock of what is recorded, is not measured: the run was warming up. */
  measuresFrom = Number.NEGATIVE_INFINITY
  /** Whether the warm-up goes on. */
  isWarming = false
  private readonly histograms: Array<Histogram.Histogram | undefined> = Array.from({
    length: measured.length * endings.length
  })
  private readonly own = new Map<string, SparseHistogram>()
  private readonly replyTally = new ReplyTally.ReplyTally()
  private readonly errorTally = new ErrorTally.ErrorTally()
  private readonly tlsTally = new TlsTally.TlsTally()
  private readonly withoutTally = new WithoutTally.WithoutTally()
  private readonly authTally = new AuthTally.AuthTally()
  private readonly endTally = new EndTally.EndTally()
  private readonly targetCounters = new Map<string, TargetTally.Counter>()
  private readonly added: Array<RecorderData> = []
  /** When the run began, by the clock of what is recorded. */
  begun = 0
  /** Of an open run. */
  stages: StageTally | undefined = undefined

  constructor(
    readonly onTrace?: WireObserver["onTrace"],
    private readonly onContentSent?: (() => void) | undefined,
    /** The clock of what is recorded. */
    private readonly now: () => number = () => 0,
    private readonly onTold?: ((error: ConnectionLost | ReplyMalformed) => void) | undefined
  ) {
    super()
  }

  onReply(step: Step, reply: Reply.Reply, elapsed: number, now: number): void {
    if (this.isEarly(elapsed, now)) return
    const code = reply.code
    const place = places[step]
    // A challenge is a part of the step, whose duration is known when it is over.
    if (code === 334 && step === "auth") return this.replyTally.count(place, reply, now)
    const ending =
      code < 300 || code === 354
        ? code >= 200 && reply.defect === undefined
          ? "accepted"
          : unanswered(step)
        : code >= 400 && reply.defect === undefined
          ? "rejected"
          : unanswered(step)
    this.countAt(place, ending, elapsed)
    this.replyTally.count(place, reply, now)
  }

  /** Counts a step that ended without its reply. */
  onFailed(step: Step, elapsed: number, now: number): void {
    if (!this.isEarly(elapsed, now)) this.count(step, unanswered(step), elapsed)
  }

  /**
   * Counts what the server said of itself and should not have: it costs no message by itself. A close that it announces is in
   * order.
   */
  onUnasked(error: ConnectionLost | ReplyMalformed, now: number): void {
    if (error._tag === "ReplyMalformed") this.errorTally.count(error, now)
    this.onTold?.(error)
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
  onConnectFailed({ local }: ConnectFailed, elapsed: number, counter?: TargetTally.Counter | undefined): void {
    if (local) {
      this.local++
      return
    }
    this.failed++
    if (counter !== undefined) counter.unopened++
    this.record("connect", "failed", elapsed)
  }

  /** Counts a connection that was opened. */
  onConnected(elapsed: number, counter?: TargetTally.Counter | undefined): void {
    if (counter !== undefined) counter.opened++
    this.record("connect", "accepted", elapsed)
  }

  /** Counts what cost no message: a connect that is tried again, or what ended a session. */
  onError(error: ConnectFailed | WireError, now: () => number): void {
    this.errorTally.count(error, now())
  }

  /** Counts a TLS session by what it came to, and the duration of its handshake. */
  onSecured(session: TlsSession, elapsed: number, now: number): void {
    if (this.isEarly(elapsed, now)) return
    this.count("tls", "accepted", elapsed)
    this.tlsTally.count(session)
  }

  /** Counts a message that goes without what it was to have, since the server does not offer it. */
  onWithout(missing: ReadonlyArray<{ readonly what: string }>): void {
    for (const { what } of missing) this.withoutTally.count(what)
  }

  /** Counts a login by its mechanism and by what came of it, for the account at that place. */
  onLogin(mechanism: string, ending: AuthTally.LoginEnding, place: number): void {
    if (!this.warmsUp || !this.isEarly(0, this.now())) this.authTally.count(mechanism, ending, place)
  }

  /** How many accounts there are. */
  expectAccounts(accounts: number): void {
    this.authTally.expect(accounts)
  }

  onContent(elapsed: number, now: number): void {
    this.contents++
    if (!this.isEarly(elapsed, now)) this.countAt(places.content, "accepted", elapsed)
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

  /** Whether what ends now, and took this long, was begun before the warm-up was over; a nanosecond is no time. */
  private isEarly(elapsed: number, now: number): boolean {
    return now - elapsed < this.measuresFrom - 1e-6
  }

  private count(what: Measured, ending: Ending, elapsed: number): void {
    this.countAt(places[what], ending, elapsed)
  }

  private countAt(place: number, ending: Ending, elapsed: number): void {
    const slot = place * endings.length + (ending === "accepted" ? 0 : offsets[ending])
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

  /** Beyond this many names, the rest goes by one of its own: a name may be made of what a server says. */
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
    return this.recorded().ownHistogram(name, ending)
  }

  /** What became of connections. */
  connections(): Connections {
    return Counts.pick(Counts.connections, this)
  }

  /** All that was recorded, as plain data. The counts of histograms are not copied. */
  toData(): RecorderData {
    return {
      counts: Counts.pick(Counts.recorded, this),
      warmUpEnd: this.warmUpEnd,
      histograms: this.histograms.map((histogram) => histogram?.counts),
      own: [...this.own].map(([key, histogram]) => [key, histogram.buckets()] as const),
      replies: this.replies(),
      errors: this.errors(),
      ends: this.ends(),
      tls: this.tls(),
      without: this.without(),
      targets: this.targets(),
      auth: this.auth(),
      stages: this.stages?.toData()
    }
  }

  /** All that was recorded, to be read. What is recorded later is not in it, but for the counts of histograms, which are shared. */
  recorded(): RecordedData {
    return new RecordedData(this.toData())
  }

  toJSON(): RecordedJson {
    return this.recorded().toJSON()
  }

  /** The replies, by step and code. */
  replies(): ReadonlyArray<ReplyTally.ReplyCount> {
    return ReplyTally.merge([this.replyTally.toData(this.begun), ...this.added.map(({ replies }) => replies)])
  }

  /** What went wrong, by step and kind. */
  errors(): ReadonlyArray<ErrorTally.ErrorCount> {
    return ErrorTally.merge([this.errorTally.toData(this.begun), ...this.added.map(({ errors }) => errors)])
  }

  /** The TLS sessions, by what they came to. */
  tls(): ReadonlyArray<TlsTally.TlsCount> {
    return TlsTally.merge([this.tlsTally.toData(), ...this.added.map(({ tls }) => tls)])
  }

  /** The messages that went without what they were to have. */
  without(): ReadonlyArray<WithoutTally.WithoutCount> {
    return WithoutTally.merge([this.withoutTally.toData(), ...this.added.map(({ without }) => without)])
  }

  /** The connections and messages by target, where there are several. */
  targets(): ReadonlyArray<TargetTally.TargetCount> {
    const own = [...this.targetCounters.values()].filter(TargetTally.isShown)
    return TargetTally.merge([own, ...this.added.map(({ targets }) => targets)])
  }

  /** The counter of the target with this name. Unless it is shown in any case, it is when there is something to count. */
  targetCounter(name: string, isShown = true): TargetTally.Counter {
    const counter = this.targetCounters.get(name) ?? new TargetTally.Counter(name, isShown)
    this.targetCounters.set(name, counter)
    return counter
  }

  /** The logins, by mechanism; undefined where there were none. */
  auth(): AuthTally.AuthCounts | undefined {
    return AuthTally.merge([this.authTally.toData(), ...this.added.map(({ auth }) => auth)])
  }

  /** What messages that were not accepted came to their end of, each counted once. */
  ends(): ReadonlyArray<EndTally.EndCount> {
    return [...this.endTally.toData(), ...this.added.flatMap(({ ends }) => ends)]
  }

  /** Adds what another recorder has recorded. */
  add(data: RecorderData): void {
    for (const name of Counts.recorded) this[name] += data.counts[name]
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
  durations(): Generator<Durations> {
    return this.recorded().durations()
  }

  /** The durations of steps, transactions and connections. */
  dense(): Generator<Durations> {
    return durationsOf((of, ending) => this.histogram(of, ending))
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
