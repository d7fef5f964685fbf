/**
 * Real messages, as they are in files: kept ready for DATA in memory that threads share, or left on disk, with an index.
 *
 * What of their headers is to be made anew is taken out, and put on top of each message when it is sent.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type * as Rewrite from "./Rewrite.js"
import * as CorpusEnvelope from "./CorpusEnvelope.js"
import * as CorpusIndex from "./CorpusIndex.js"
import * as CorpusItem from "./CorpusItem.js"
import type * as CorpusOrder from "./CorpusOrder.js"

/**
 * What was found in the files, in messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface CorpusCounts {
  readonly found: number
  /** Not sent, because a carriage return stands alone in them. */
  readonly bareReturn: number
  /** Not sent, because they are larger than 256 MB. */
  readonly tooLarge: number
  /** Not sent, because their headers name nobody whom they could be sent to. */
  readonly noRecipients: number
  /** Of those that are sent: with NUL, with bytes beyond ASCII, with lines of more than 998 bytes, without headers. */
  readonly nul: number
  readonly eightBit: number
  readonly longLine: number
  readonly headless: number
  /** Lines that begin with `From ` after an empty line, and were not taken for the beginning of a message. */
  readonly doubtful: number
}

/**
 * Messages in memory, ready for DATA.
 *
 * @since 0.1.0
 * @category models
 */
export interface KeptMessages {
  /** The messages, one after another in each block, each with its final dot. */
  readonly blocks: ReadonlyArray<Uint8Array>
  /** Four numbers for each message: its block, where it begins there, where it ends, and its marks. */
  readonly places: Float64Array
}

/**
 * The messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Corpus {
  /** In memory, or on disk. */
  readonly messages: KeptMessages | CorpusIndex.CorpusIndex
  readonly unusual: CorpusItem.Unusual
  readonly counts: CorpusCounts
  /** Those of a corpus that has a share of the messages, one after another; one group where there are no shares. */
  readonly groups: ReadonlyArray<CorpusOrder.Group>
  /** Of each message, where envelopes are those of headers. */
  readonly envelopes?: CorpusEnvelope.Envelopes | undefined
}

/**
 * What becomes of messages as they are found.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rules {
  readonly rewrite: ReadonlyArray<Rewrite.Rewritable>
  readonly unusual: CorpusItem.Unusual
  /** Where messages go, each to those of its own headers; without it, as the plan says. */
  readonly toDomain?: string | undefined
}

/** What mail programs note about a stored message, which is none of the message. */
const notes = ["status", "x-status", "x-keywords", "x-uid", "content-length", "x-mozilla-status", "x-mozilla-status2"]

/**
 * The largest message that is sent, in bytes.
 *
 * @since 0.1.0
 * @category constants
 */
export const largest = 256_000_000

/**
 * Looks at messages as they are found, counts them, and says which of them are sent.
 *
 * @since 0.1.0
 * @category models
 */
export class Tally {
  private readonly counts = {
    found: 0,
    bareReturn: 0,
    tooLarge: 0,
    noRecipients: 0,
    nul: 0,
    eightBit: 0,
    longLine: 0,
    headless: 0,
    doubtful: 0
  }

  /** Of messages that are sent. */
  private readonly envelopes = new CorpusEnvelope.Collector()
  private readonly dropped: ReadonlySet<string>

  constructor(
    private readonly rules: Rules,
    private readonly isAscii?: (bytes: Uint8Array) => boolean
  ) {
    this.dropped = new Set([...notes, ...rules.rewrite])
  }

  tooLarge(): void {
    this.counts.found++
    this.counts.tooLarge++
  }

  doubtful(lines: number): void {
    this.counts.doubtful += lines
  }

  /** What there is to know of a message; nothing where it is not sent. */
  take(message: Buffer): CorpusItem.Survey | undefined {
    const { counts } = this
    const { toDomain, unusual } = this.rules
    counts.found++
    const survey = CorpusItem.survey(message, this.dropped, this.isAscii)
    const has = (mark: keyof typeof CorpusItem.marks) => (survey.marks & CorpusItem.marks[mark]) !== 0
    if (unusual === "skip" && has("bareReturn")) {
      counts.bareReturn++
      return undefined
    }
    if (toDomain !== undefined) {
      const envelope = CorpusEnvelope.ofHeaders(CorpusItem.headersOf(message), toDomain)
      if (envelope.recipients.length === 0) {
        counts.noRecipients++
        return undefined
      }
      this.envelopes.add(envelope)
    }
    for (const mark of ["nul", "eightBit", "longLine", "headless"] as const) if (has(mark)) counts[mark]++
    return survey
  }

  end(): Pick<Corpus, "counts" | "envelopes" | "unusual"> {
    const { toDomain, unusual } = this.rules
    return { counts: { ...this.counts }, unusual, envelopes: toDomain === undefined ? undefined : this.envelopes.end() }
  }
}

/**
 * Takes message after message, and makes them ready.
 *
 * @since 0.1.0
 * @category models
 */
export class Collector {
  private readonly blocks: Array<Uint8Array> = [blockOf(firstBlock)]
  /** How much of the last block is used. */
  private used = 0
  private size = 0
  private readonly places: Array<number> = []
  readonly tally: Tally

  constructor(private readonly rules: Rules) {
    this.tally = new Tally(rules)
  }

  get count(): number {
    return this.places.length / 4
  }

  /** How many bytes there are so far. */
  get length(): number {
    return this.size
  }

  add(message: Buffer): void {
    if (message.length > largest) return this.tally.tooLarge()
    const survey = this.tally.take(message)
    if (survey === undefined) return
    const { body, head } = Either.getOrThrow(CorpusItem.ready(message, survey, this.rules.unusual))
    const made = body ?? Buffer.from(head, "latin1")
    let block = this.blocks.at(-1)!
    if (this.used + made.length > block.length) {
      // Blocks, and not one that grows: that would be there twice each time.
      block = blockOf(Math.max(nextBlock, made.length))
      this.blocks.push(block)
      this.used = 0
    }
    block.set(made, this.used)
    this.places.push(this.blocks.length - 1, this.used, this.used + made.length, survey.marks)
    this.used += made.length
    this.size += made.length
  }

  /** The groups count the messages. Without any, they are one. */
  end(groups: ReadonlyArray<CorpusOrder.Group> = [{ count: this.count, weight: 1 }]): Corpus {
    const { blocks } = this
    const places = new Float64Array(new SharedArrayBuffer(this.places.length * 8))
    for (let index = 0; index < places.length; index++) places[index] = this.places[index]!
    return { messages: { blocks, places }, groups, ...this.tally.end() }
  }
}

/** In bytes: what is not used of a block takes no memory. */
const firstBlock = 1_048_576
const nextBlock = 33_554_432

const blockOf = (size: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(size))

/**
 * How many messages there are.
 *
 * @since 0.1.0
 * @category destructors
 */
export const count = ({ messages }: Corpus): number =>
  "places" in messages ? messages.places.length / 4 : CorpusIndex.count(messages)

/**
 * Whether all of it is in memory.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isKept = ({ messages }: Corpus): boolean => "places" in messages

/**
 * How many were left out.
 *
 * @since 0.1.0
 * @category destructors
 */
export const skipped = ({ counts: { bareReturn, noRecipients, tooLarge } }: Corpus): number =>
  bareReturn + noRecipients + tooLarge

/**
 * A message that is in memory, from 0, with its final dot.
 *
 * @since 0.1.0
 * @category destructors
 */
export const message = ({ blocks, places }: KeptMessages, index: number): Uint8Array =>
  blocks[places[index * 4]!]!.subarray(places[index * 4 + 1]!, places[index * 4 + 2]!)

/**
 * Whether a message that is in memory has no headers: it begins with neither a header nor the empty line after them.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHeadless = ({ places }: KeptMessages, index: number): boolean =>
  (places[index * 4 + 3]! & CorpusItem.marks.headless) !== 0
