/**
 * Takes what happens on the wires, on the hot path: a sample costs nanoseconds and allocates nothing.
 *
 * @since 0.1.0
 */
import type * as Reply from "../smtp/Reply.js"
import { type Step, steps } from "../smtp/SmtpError.js"
import type { WireObserver } from "../smtp/Wire.js"
import * as Histogram from "./Histogram.js"

/**
 * What a duration is of: a step, or a whole transaction, from MAIL to the reply to the final dot.
 *
 * @since 0.1.0
 * @category models
 */
export type Measured = Step | "transaction"

/**
 * All that is measured, in the order of the dialogue.
 *
 * @since 0.1.0
 * @category models
 */
export const measured: ReadonlyArray<Measured> = [...steps, "transaction"]

/**
 * How what was measured ended: never mixed, for a refusal that is quick makes a slow server look fast.
 *
 * @since 0.1.0
 * @category models
 */
export type Ending = "accepted" | "rejected" | "failed"

/**
 * Every ending.
 *
 * @since 0.1.0
 * @category models
 */
export const endings: ReadonlyArray<Ending> = ["accepted", "rejected", "failed"]

/**
 * Fills histograms, one for each step and ending. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export class Recorder implements WireObserver {
  bytesOut = 0
  bytesIn = 0
  /** How many times the end of a message's content was handed over. */
  contents = 0
  private readonly histograms: Array<Histogram.Histogram | undefined> = Array.from({
    length: measured.length * endings.length
  })
  private readonly own = new Map<string, Histogram.Histogram>()

  constructor(
    readonly onTrace?: WireObserver["onTrace"],
    private readonly onContentSent?: (() => void) | undefined
  ) {}

  onReply(step: Step, reply: Reply.Reply, elapsed: number): void {
    const code = reply.code
    const ending =
      code < 300 || code === 354 ? (code >= 200 && reply.defect === undefined ? "accepted" : "failed") : "rejected"
    this.record(step, ending, elapsed)
  }

  onContent(elapsed: number): void {
    this.contents++
    this.record("content", "accepted", elapsed)
    this.onContentSent?.()
  }

  /** Counts one duration, in milliseconds. */
  record(what: Measured, ending: Ending, elapsed: number): void {
    const slot = places[what] * 3 + (ending === "accepted" ? 0 : ending === "rejected" ? 1 : 2)
    let histogram = this.histograms[slot]
    if (histogram === undefined) {
      histogram = Histogram.make()
      this.histograms[slot] = histogram
    }
    Histogram.record(histogram, elapsed * 1e6)
  }

  /** Counts one duration of a step that is not SMTP's, under its own name, in milliseconds. */
  recordOwn(name: string, ending: Ending, elapsed: number): void {
    const key = `${name} ${ending}`
    let histogram = this.own.get(key)
    if (histogram === undefined) {
      histogram = Histogram.make()
      this.own.set(key, histogram)
    }
    Histogram.record(histogram, elapsed * 1e6)
  }

  /** The durations of a step that is not SMTP's, which ended so; undefined where there were none. */
  ownHistogram(name: string, ending: Ending): Histogram.Histogram | undefined {
    return this.own.get(`${name} ${ending}`)
  }

  /** All that was recorded, as plain data. The counts are not copied. */
  toData(): RecorderData {
    const { bytesIn, bytesOut, contents, histograms } = this
    return { bytesIn, bytesOut, contents, histograms: histograms.map((histogram) => histogram?.counts) }
  }

  /** Adds what another recorder has recorded. */
  add(data: RecorderData): void {
    this.bytesIn += data.bytesIn
    this.bytesOut += data.bytesOut
    this.contents += data.contents
    data.histograms.forEach((counts, slot) => {
      if (counts === undefined) return
      const histogram = this.histograms[slot] ?? Histogram.make()
      Histogram.add(histogram, { counts })
      this.histograms[slot] = histogram
    })
  }

  /** The durations of what ended so; undefined where there were none. */
  histogram(what: Measured, ending: Ending): Histogram.Histogram | undefined {
    return this.histograms[places[what] * endings.length + endings.indexOf(ending)]
  }
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
  readonly contents: number
  /** The counts of each histogram, in the recorder's own order. */
  readonly histograms: ReadonlyArray<Float64Array | undefined>
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
  transaction: 10
}
