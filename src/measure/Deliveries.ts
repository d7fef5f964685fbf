/**
 * What became of messages that were sent on: the ends that the generator saw, against what arrived at the next hop.
 *
 * A key stands for one recipient of one message; or for a message, where recipients are not told apart. The books lie in memory
 * that threads share: generators write what was accepted, a sink writes what arrived, and neither waits for the other.
 *
 * A copy of what the sink had confirmed is a duplicate. One of what it had not confirmed is none: whoever sent it could not
 * know better.
 *
 * It is over 300 lines because what is written and what is read share the layout of one memory.
 *
 * @since 0.1.0
 */
import { type ArrivalTime, ArrivalTimes } from "./ArrivalTimes.js"
import * as Came from "./Came.js"
import type { DeliveryTally } from "./DeliveryTally.js"
import * as Difference from "./Difference.js"
import * as Histogram from "./Histogram.js"
import { Planes } from "./Planes.js"

/** Where each thing is known of a key. */
const Plane = {
  /** The server accepted it. */
  accepted: 0,
  /** It may arrive, and need not: nobody knows whether it was accepted, or it was refused at its end. */
  open: 1,
  came: 2,
  confirmed: 3,
  /** It came again after it was confirmed. */
  again: 4,
  /** It came with another body. */
  changed: 5,
  /** It came with another body that says the same, or with another header. */
  recast: 6,
  /** A notice says that it was not delivered. */
  returned: 7
} as const

const planes = 8

/** The counts of single arrivals. */
const counts = [
  "copies",
  "first",
  "duplicates",
  "repeats",
  "refused",
  "foreign",
  "foreignRecipients",
  "outOfOrder",
  "early",
  "delayed",
  "looped",
  "beyond",
  "length"
] as const

const countAt = new Map(counts.map((name, index) => [name, index]))
const kindsAt = counts.length

/** Seconds that are told apart: three days. What is later is in the last of them. */
const seconds = 262_144
const maxNotes = 65_536

const histogramBytes = Histogram.counters * 8
const countBytes = 4 * 64
const begunBytes = 8
const secondsBytes = 4 * 2 * seconds

/**
 * The memory of the books: what another thread is given.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeliveriesMemory {
  readonly planes: SharedArrayBuffer
  readonly tallies: SharedArrayBuffer
  /** Where it is kept when each arrived, if anybody wants to know. */
  readonly times?: SharedArrayBuffer | undefined
}

/**
 * One arrival of one recipient of a message. Times are in microseconds since 1970.
 *
 * @since 0.1.0
 * @category models
 */
export interface Arrived {
  readonly message: number
  /** Which of its recipients, from 0. */
  readonly place: number
  /** What it was answered: that it was taken, nothing, or that it was not taken. */
  readonly fate: "confirmed" | "withheld" | "refused"
  /** What was done to its body. */
  readonly change: Difference.Kind | undefined
  readonly sentAt: number
  /** Unknown where only a store of mail was looked at, which does not tell. */
  readonly at: number | undefined
}

/**
 * The books of a run.
 *
 * @since 0.1.0
 * @category models
 */
export class Deliveries {
  private readonly planes: Planes
  private readonly counts: Int32Array
  private readonly seconds: Int32Array
  private readonly notes: Uint8Array
  /** When the run began, once it has. */
  private readonly begun: Float64Array
  private readonly delivery: Histogram.Histogram
  /** How long before they were sent those came that did so: clocks differ. */
  private readonly before: Histogram.Histogram
  private readonly times: ArrivalTimes | undefined
  /** The highest message that has come here. */
  private highest = -1

  private constructor(
    /** How many keys a message has. */
    readonly width: number,
    /** From when seconds count, in microseconds since 1970, unless the run begins later. */
    readonly startedAt: number,
    readonly memory: DeliveriesMemory
  ) {
    const { planes: bits, tallies, times } = memory
    this.times = times && new ArrivalTimes(times)
    this.planes = Planes.shared(planes, bits)
    this.delivery = Histogram.make(tallies)
    this.counts = new Int32Array(tallies, histogramBytes, countBytes / 4)
    // The last of the counts are none.
    this.begun = new Float64Array(tallies, histogramBytes + countBytes - begunBytes, 1)
    this.seconds = new Int32Array(tallies, histogramBytes + countBytes, secondsBytes / 4)
    this.notes = new Uint8Array(tallies, histogramBytes + countBytes + secondsBytes, maxNotes)
    this.before = Histogram.make(tallies, histogramBytes + countBytes + secondsBytes + maxNotes)
  }

  /** Empty books for as many messages, or for any number; those that are timed know when each arrived. */
  static make(
    width: number,
    startedAt: number,
    messages: number = Number.POSITIVE_INFINITY,
    { timed = false }: { readonly timed?: boolean } = {}
  ): Deliveries {
    return new Deliveries(width, startedAt, {
      planes: Planes.make(planes, messages * width).memory,
      tallies: new SharedArrayBuffer(2 * histogramBytes + countBytes + secondsBytes + maxNotes),
      ...(timed ? { times: ArrivalTimes.memoryFor(messages * width) } : {})
    })
  }

  /** The books that another thread has made. */
  static shared(width: number, startedAt: number, memory: DeliveriesMemory): Deliveries {
    return new Deliveries(width, startedAt, memory)
  }

  /** What another thread is given, for `shared`. */
  shape(): { readonly width: number; readonly startedAt: number; readonly memory: DeliveriesMemory } {
    const { memory, startedAt, width } = this
    return { width, startedAt, memory }
  }

  /** The run begins now, in microseconds since 1970: the books are made before. */
  begin(at: number): void {
    this.begun[0] = at
  }

  /** When it began. */
  beganAt(): number {
    return this.begun[0] || this.startedAt
  }

  /** A recipient of a message has come to its end at the generator's. What certainly was not accepted is not booked. */
  book(message: number, place: number, end: "accepted" | "open", at: number): void {
    const key = this.keyOf(message, place)
    if (end === "open") this.planes.set(Plane.open, key)
    else if (!this.planes.set(Plane.accepted, key)) Atomics.add(this.seconds, this.second(at) * 2, 1)
  }

  /** It has arrived. Only one thread tells of arrivals. */
  arrive({ at, change, fate, message, place, sentAt }: Arrived): void {
    const key = this.keyOf(message, place)
    if (key < 0) return this.count("beyond")
    // What was refused is the sender's to keep: nothing has arrived.
    if (fate === "refused") return this.count("refused")
    this.count("copies")
    const { planes, times } = this
    // Who sees that it has come looks for its time.
    if (times !== undefined && at !== undefined && !planes.has(Plane.came, key)) times.set(key, { at, sentAt })
    if (!planes.set(Plane.came, key)) this.first(message, sentAt, at)
    else if (planes.has(Plane.confirmed, key)) {
      this.count("duplicates")
      planes.set(Plane.again, key)
    } else this.count("repeats")
    if (fate === "confirmed") planes.set(Plane.confirmed, key)
    if (change === undefined) return
    // Whose body came as it was sent is what was sent, whatever its headers say.
    const isWhole = change === "header" || Difference.isHarmless(change)
    const isNew = !planes.set(isWhole ? Plane.recast : Plane.changed, key)
    if (isNew) Atomics.add(this.counts, kindsAt + Difference.kinds.indexOf(change), 1)
  }

  private first(message: number, sentAt: number, at: number | undefined): void {
    this.count("first")
    if (at === undefined) return
    Atomics.add(this.seconds, this.second(at) * 2 + 1, 1)
    if (at < sentAt) {
      this.count("early")
      Histogram.record(this.before, (sentAt - at) * 1000)
    }
    Histogram.record(this.delivery, Math.max(0, at - sentAt) * 1000)
    if (message < this.highest) this.count("outOfOrder")
    else this.highest = message
  }

  /** What arrives from now on came to another place, and in an order of its own there. */
  elsewhere(): void {
    this.highest = -1
  }

  /** A notice says that it was not delivered. */
  returned(message: number, place: number): void {
    this.planes.set(Plane.returned, this.keyOf(message, place))
  }

  /** Counts an arrival that is none of the above. */
  count(what: (typeof counts)[number], by = 1): void {
    Atomics.add(this.counts, countAt.get(what)!, by)
  }

  /** Keeps a note, which becomes JSON; false where there is no more room. */
  note(note: unknown): boolean {
    const text = Buffer.from(`${JSON.stringify(note)}\n`)
    const at = countAt.get("length")!
    const length = Atomics.load(this.counts, at)
    if (length + text.length > maxNotes) return false
    this.notes.set(text, length)
    Atomics.store(this.counts, at, length + text.length)
    return true
  }

  /** The notes, as they were kept. */
  noted(): ReadonlyArray<unknown> {
    const text = Buffer.from(this.notes.slice(0, this.counted("length"))).toString()
    return text === ""
      ? []
      : text
          .trimEnd()
          .split("\n")
          .map((line): unknown => JSON.parse(line))
  }

  /** How many have arrived so far, of all kinds: while it stays the same, nothing arrives. */
  arrivals(): number {
    return this.counted("copies") + this.counted("refused") + this.counted("foreign")
  }

  /** How many were accepted. */
  accepted(): number {
    return this.planes.countOf((word) => word(Plane.accepted))
  }

  /** How many were accepted and are neither here nor returned. */
  missing(): number {
    return this.planes.countOf(missing)
  }

  /** How many are to be waited for: those that are missing, and those whose sender does not know that they have come. */
  awaited(): number {
    return this.planes.countOf((word) => missing(word) | unconfirmed(word))
  }

  /** Whether it has come. */
  hasCome(message: number, place: number): boolean {
    return this.planes.has(Plane.came, this.keyOf(message, place))
  }

  /** Whether a notice says that it will not come. */
  hasReturned(message: number, place: number): boolean {
    return this.planes.has(Plane.returned, this.keyOf(message, place))
  }

  /** When it came, where the books are timed. */
  timeOf(message: number, place: number): ArrivalTime | undefined {
    return this.times?.get(this.keyOf(message, place))
  }

  /** What was sent, as text: what was accepted, and what may arrive. */
  sent(): { readonly accepted: string; readonly open: string } {
    return { accepted: this.planes.encode(Plane.accepted), open: this.planes.encode(Plane.open) }
  }

  /** Books that know what was sent, as `sent` tells it; undefined where the texts are none of its. */
  static ofSent(
    width: number,
    startedAt: number,
    sent: { readonly accepted: string; readonly open: string }
  ): Deliveries | undefined {
    const deliveries = Deliveries.make(width, startedAt)
    const { planes } = deliveries
    return planes.decode(Plane.accepted, sent.accepted) && planes.decode(Plane.open, sent.open) ? deliveries : undefined
  }

  /** The same books by the message: one is accepted that is for any of its recipients. */
  byMessage(): Deliveries {
    if (this.width === 1) return this
    const books = Deliveries.make(1, this.startedAt)
    for (const end of ["accepted", "open"] as const) {
      for (const key of this.planes.keysOf((word) => word(Plane[end]))) {
        books.book(Math.floor(key / this.width), 0, end, this.startedAt)
      }
    }
    return books
  }

  /** Adds what others know of messages that were sent, of which there are as many recipients. */
  addSent(that: Deliveries): void {
    this.planes.add(that.planes)
  }

  /** What has arrived, for whoever adds it to other books. */
  came(): Came.Came {
    const texts = Came.planes.map((name) => [name, this.planes.encode(Plane[name])] as const)
    const numbers = Came.counts.map((name) => [name, this.counted(name)] as const)
    return {
      // One entry for each of the names.
      ...(Object.fromEntries(texts) as Pick<Came.Came, (typeof Came.planes)[number]>),
      counts: Object.fromEntries(numbers) as Came.Came["counts"],
      delivery: Histogram.bucketsOf(this.delivery),
      before: Histogram.bucketsOf(this.before)
    }
  }

  /**
   * Adds what others have seen arrive; false where it cannot be read. What both have confirmed came again: unless `copies` is false,
   * which says that nobody can tell a copy from what is for somebody else.
   */
  addCame(came: Came.Came, copies: boolean): boolean {
    const that = Deliveries.make(this.width, this.startedAt)
    const names = copies ? Came.planes : Came.planes.filter((name) => name !== "again")
    if (!names.every((name) => that.planes.decode(Plane[name], came[name]))) return false
    const sizes = (plane: number) =>
      [this.planes, that.planes].reduce((sum, planes) => sum + planes.countOf((word) => word(plane)), 0)
    const [both, confirmed] = [sizes(Plane.came), sizes(Plane.confirmed)]
    this.planes.add(that.planes, copies ? { of: Plane.confirmed, to: Plane.again } : undefined)
    const all = this.planes.countOf((word) => word(Plane.came))
    const twice = confirmed - this.planes.countOf((word) => word(Plane.confirmed))
    this.count("first", all - this.counted("first"))
    for (const name of Came.counts) {
      if (copies || (name !== "duplicates" && name !== "repeats")) this.count(name, came.counts[name])
    }
    if (copies) {
      this.count("duplicates", twice)
      this.count("repeats", both - all - twice)
    }
    const copied = this.counted("first") + this.counted("duplicates") + this.counted("repeats")
    this.count("copies", copied - this.counted("copies"))
    const other = kindsAt + Difference.kinds.indexOf("other")
    Atomics.store(
      this.counts,
      other,
      this.planes.countOf((word) => word(Plane.changed))
    )
    Histogram.add(this.delivery, Histogram.ofBuckets(came.delivery))
    Histogram.add(this.before, Histogram.ofBuckets(came.before))
    return true
  }

  /** How many have come that are not known to have been sent, of the messages that a rule holds of. */
  unsent(isOwn: (message: number) => boolean): number {
    const keys = this.planes.keysOf((word) => word(Plane.came) & ~word(Plane.accepted) & ~word(Plane.open))
    return keys.filter((key) => isOwn(this.ofKey(key).message)).length
  }

  /** The first that are missing. */
  missed(most: number): ReadonlyArray<{ readonly message: number; readonly place: number }> {
    return this.planes.keysOf(missing, most).map((key) => this.ofKey(key))
  }

  /** What the books say. Keys of messages that are another segment's are left out. */
  tally(isOwn: (message: number) => boolean = () => true): DeliveryTally {
    const { planes } = this
    const kinds = Difference.kinds.map((kind, index) => [kind, this.counts[kindsAt + index]!] as const)
    const impossible = planes
      .keysOf((word) => word(Plane.came) & ~word(Plane.accepted) & ~word(Plane.open) & ~word(Plane.changed))
      .map((key) => this.ofKey(key))
      .filter(({ message }) => isOwn(message))
    const { most, second } = this.depth()
    return {
      accepted: this.accepted(),
      open: planes.countOf((word) => word(Plane.open) & ~word(Plane.accepted)),
      deliveredAccepted: planes.countOf((word) => word(Plane.came) & word(Plane.accepted)),
      deliveredOpen: planes.countOf((word) => word(Plane.came) & word(Plane.open) & ~word(Plane.accepted)),
      missing: this.missing(),
      returned: planes.countOf((word) => word(Plane.returned) & ~word(Plane.came)),
      duplicated: planes.countOf((word) => word(Plane.again)),
      unconfirmed: planes.countOf(unconfirmed),
      came: planes.countOf((word) => word(Plane.came)),
      copies: this.counted("copies"),
      first: this.counted("first"),
      duplicates: this.counted("duplicates"),
      repeats: this.counted("repeats"),
      refused: this.counted("refused"),
      // Each of `kinds` is there.
      changes: Object.fromEntries(kinds) as { readonly [kind in Difference.Kind]: number },
      foreign: this.counted("foreign"),
      foreignRecipients: this.counted("foreignRecipients"),
      outOfOrder: this.counted("outOfOrder"),
      early: this.counted("early"),
      delayed: this.counted("delayed"),
      looped: this.counted("looped"),
      impossible: { count: impossible.length, first: impossible.slice(0, 10) },
      delivery: this.delivery,
      depth: { most, second }
    }
  }

  /** Accepted and arrived, second by second, up to the last in which anything was. */
  bySecond(): ReadonlyArray<{ readonly accepted: number; readonly arrived: number }> {
    let end = seconds
    while (end > 0 && this.seconds[end * 2 - 2] === 0 && this.seconds[end * 2 - 1] === 0) end--
    return Array.from({ length: end }, (_, second) => ({
      accepted: this.seconds[second * 2]!,
      arrived: this.seconds[second * 2 + 1]!
    }))
  }

  /** The most that were accepted and had not arrived at the end of a second, and which second that was. */
  private depth(): { readonly most: number; readonly second: number } {
    let [depth, most, at] = [0, 0, 0]
    this.bySecond().forEach(({ accepted, arrived }, second) => {
      depth += accepted - arrived
      if (depth > most) [most, at] = [depth, second]
    })
    return { most, second: at }
  }

  private counted(what: (typeof counts)[number]): number {
    return Atomics.load(this.counts, countAt.get(what)!)
  }

  private second(at: number): number {
    return Math.min(seconds - 1, Math.max(0, Math.floor((at - this.beganAt()) / 1e6)))
  }

  private keyOf(message: number, place: number): number {
    const key = message * this.width + place
    return place >= 0 && place < this.width && key >= 0 && key < this.planes.room ? key : -1
  }

  private ofKey(key: number) {
    return { message: Math.floor(key / this.width), place: key % this.width }
  }
}

const unconfirmed = (word: (plane: number) => number): number => word(Plane.came) & ~word(Plane.confirmed)

const missing = (word: (plane: number) => number): number =>
  word(Plane.accepted) & ~word(Plane.came) & ~word(Plane.returned)
