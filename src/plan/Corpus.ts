/**
 * Real messages, as they are in files: ready for DATA, one after another in memory that threads share.
 *
 * What of their headers is to be made anew is taken out when they are read, and put on top of each message when it is sent: so a
 * message costs no more than one of -F.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Stuffing from "./Stuffing.js"

/**
 * The headers that can be made anew.
 *
 * @since 0.1.0
 * @category constants
 */
export const rewritable = ["message-id", "date", "from", "to", "subject"] as const

/**
 * A header that can be made anew.
 *
 * @since 0.1.0
 * @category models
 */
export type Rewritable = (typeof rewritable)[number]

/**
 * The messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Corpus {
  /** The messages, one after another in each block, each with its final dot. */
  readonly blocks: ReadonlyArray<Uint8Array>
  /** Three numbers for each message: its block, where it begins there, and where it ends. */
  readonly places: Float64Array
  /** Whether there are bytes beyond ASCII. */
  readonly isEightBit: boolean
  /** How many were left out, because a carriage return stands alone in them. */
  readonly skipped: number
}

/**
 * Reads which headers are made anew: `message-id,date`, or `none`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseRewrite = (text: string): Either.Either<ReadonlyArray<Rewritable>, string> => {
  if (text.trim() === "none") return Either.right([])
  const names = text.split(",").map((name) => name.trim().toLowerCase())
  const known = rewritable.filter((name) => names.includes(name))
  return names.every((name) => rewritable.some((each) => each === name))
    ? Either.right(known)
    : Either.left(
        `expected none, or some of ${rewritable.slice(0, -1).join(", ")} and ${rewritable.at(-1)}, with commas between`
      )
}

/** What mail programs note about a stored message, which is none of the message. */
const notes = ["status", "x-status", "x-keywords", "x-uid", "content-length", "x-mozilla-status", "x-mozilla-status2"]

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
  private isEightBit = false
  private skipped = 0
  private readonly dropped: ReadonlySet<string>

  constructor(
    rewrite: ReadonlyArray<Rewritable>,
    private readonly unusual: "skip" | "space"
  ) {
    this.dropped = new Set([...notes, ...rewrite])
  }

  /** How many bytes there are so far. */
  get length(): number {
    return this.size
  }

  add(message: Buffer): void {
    const whole = this.unusual === "space" && message.includes(13) ? spaced(message) : message
    const ready = Stuffing.content(stripped(whole, this.dropped))
    if (Either.isLeft(ready)) {
      this.skipped++
      return
    }
    const { body, head } = ready.right
    const made = body ?? Buffer.from(head, "latin1")
    let block = this.blocks.at(-1)!
    if (this.used + made.length > block.length) {
      // Blocks, and not one that grows: that would be there twice each time.
      block = blockOf(Math.max(nextBlock, made.length))
      this.blocks.push(block)
      this.used = 0
    }
    block.set(made, this.used)
    this.places.push(this.blocks.length - 1, this.used, this.used + made.length)
    this.used += made.length
    this.size += made.length
    this.isEightBit ||= /[\x80-\xff]/.test(head) || (body?.some((byte) => byte > 127) ?? false)
  }

  end(): Corpus {
    const { blocks, isEightBit, skipped } = this
    const places = new Float64Array(new SharedArrayBuffer(this.places.length * 8))
    for (let index = 0; index < places.length; index++) places[index] = this.places[index]!
    return { blocks, places, isEightBit, skipped }
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
export const count = ({ places }: Corpus): number => places.length / 3

/**
 * A message of the corpus, from 0, with its final dot.
 *
 * @since 0.1.0
 * @category destructors
 */
export const message = ({ blocks, places }: Corpus, index: number): Uint8Array =>
  blocks[places[index * 3]!]!.subarray(places[index * 3 + 1]!, places[index * 3 + 2]!)

/** A carriage return alone is what most servers make of it. */
const spaced = (message: Buffer): Buffer =>
  Buffer.from(message.toString("latin1").replaceAll(/\r(?!\n)/g, " "), "latin1")

/** The message without these headers, and the lines that go on with them. */
const stripped = (message: Buffer, dropped: ReadonlySet<string>): Buffer => {
  const empty = [message.indexOf("\n\n"), message.indexOf("\n\r\n")].filter((at) => at >= 0)
  const end = /^\r?\n/.test(message.toString("latin1", 0, 2)) ? 0 : Math.min(...empty, message.length)
  const lines = message.toString("latin1", 0, end).split("\n")
  const kept: Array<string> = []
  let drops = false
  for (const line of lines) {
    if (!/^[ \t]/.test(line)) drops = dropped.has(/^([!-9;-~]+)[ \t]*:/.exec(line)?.[1]?.toLowerCase() ?? "")
    if (!drops) kept.push(line)
  }
  if (kept.length === lines.length) return message
  // The last line of headers that nothing follows may lack its end, and the one before it does not.
  const rest = end < message.length ? message.subarray(end) : Buffer.from("\n")
  // All lines are gone: what follows begins with the end of the last one.
  return kept.length === 0
    ? Buffer.from(rest.subarray(rest[0] === LF ? 1 : 0))
    : Buffer.concat([Buffer.from(kept.join("\n"), "latin1"), rest])
}

const LF = 10
