/**
 * SMTP replies, and the incremental parser that assembles them from a connection's bytes (RFC 5321 §4.2).
 *
 * Pure: no socket, no clock, no Effect. A chunk may hold part of a reply or several. The parser is as lenient as the
 * original about what a reply looks like (clause S9.1) and says so: what breaks the grammar is a `Reply` with a
 * `defect`. What it keeps is bounded, whatever the server sends.
 *
 * @since 0.1.0
 */

/**
 * A complete reply. `code` is that of the last line, 0 where it has none. `text` holds the text of each line, joined
 * with line feeds, one byte in each character.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reply {
  readonly code: number
  readonly text: string
  /** What breaks the grammar, if anything does. */
  readonly defect?: string | undefined
}

/**
 * The bytes kept of one line; the rest of it is skipped.
 *
 * @since 0.1.0
 * @category limits
 */
export const longestLine = 65_536

/**
 * The bytes of one reply, over all its lines, beyond which it is no reply any more.
 *
 * @since 0.1.0
 * @category limits
 */
export const longestReply = 1_048_576

/**
 * The lines of one reply beyond which it is no reply any more.
 *
 * @since 0.1.0
 * @category limits
 */
export const mostLines = 10_000

/**
 * Whether the reply is in order and of class 2: success.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPositive = (reply: Reply): boolean => reply.code >= 200 && reply.code < 300

/**
 * Whether this is the one reply that lets the message follow DATA.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isGoAhead = (reply: Reply): boolean => reply.code === 354

/**
 * Whether the server refuses in so many words: a code of class 4 or 5, and no defect.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isRefusal = (reply: Reply): boolean => reply.code >= 400 && reply.code < 600 && reply.defect === undefined

/**
 * Whether the server closes the connection with this reply (RFC 5321 §3.8, RFC 7504).
 *
 * @since 0.1.0
 * @category predicates
 */
export const isClosing = (reply: Reply): boolean => reply.code === 421 || reply.code === 521

/**
 * The enhanced status code that the text begins with (RFC 3463 §2), if there is one.
 *
 * @since 0.1.0
 * @category destructors
 */
export const enhancedStatusCode = (reply: Reply): string | undefined =>
  /^[245]\.\d{1,3}\.\d{1,3}(?=[ \n]|$)/.exec(reply.text)?.[0]

/**
 * Assembles replies. One for each connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReplyParser {
  /**
   * Takes bytes `start` to `end` of `chunk`, which may be reused afterwards, and calls `onReply` for each reply that
   * they complete, oldest first.
   *
   * Returns false when a reply passed `longestReply` or `mostLines`; the parser is spent then.
   */
  readonly push: (chunk: Uint8Array, start: number, end: number, onReply: (reply: Reply) => void) => boolean
  /** Whether part of a reply is held. */
  readonly isInside: () => boolean
}

const LF = 10
const CR = 13
const HYPHEN = 45

const decode = (chunk: Uint8Array, start: number, end: number): string =>
  Buffer.from(chunk.buffer, chunk.byteOffset + start, end - start).toString("latin1")

/**
 * Creates a parser, which holds nothing yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeParser = (): ReplyParser => new Parser()

class Parser implements ReplyParser {
  /** The bytes so far of a line whose end has not come, at most `longestLine` of them. */
  private partial = ""
  /** How many bytes the line has had, kept or not. */
  private partialLength = 0
  /** The texts of the earlier lines of this reply. */
  private lines: Array<string> = []
  private length = 0
  private firstCode = -1
  private defect: string | undefined = undefined

  isInside(): boolean {
    return this.partialLength > 0 || this.lines.length > 0
  }

  push(chunk: Uint8Array, start: number, end: number, onReply: (reply: Reply) => void): boolean {
    let from = start
    while (from < end) {
      const feed = indexOfLineFeed(chunk, from, end)
      if (feed < 0) return this.hold(chunk, from, end)
      if (this.partialLength === 0 && this.lines.length === 0) {
        const reply = recall(chunk, from, feed)
        if (reply !== undefined) {
          from = feed + 1
          onReply(reply)
          continue
        }
      }
      if (!this.hold(chunk, from, feed)) return false
      const whole = this.lines.length === 0 && this.partialLength === feed - from
      const reply = this.endLine()
      if (reply !== undefined) {
        if (whole) remember(chunk, from, feed, reply)
        onReply(reply)
      } else if (this.lines.length >= mostLines) {
        return false
      }
      from = feed + 1
    }
    return true
  }

  /** Adds part of a line. False when the reply has become too long. */
  private hold(chunk: Uint8Array, start: number, end: number): boolean {
    this.length += end - start
    if (this.length > longestReply) return false
    const room = longestLine - this.partialLength
    if (room > 0) this.partial += decode(chunk, start, Math.min(end, start + room))
    this.partialLength += end - start
    return true
  }

  /** Takes the held line; gives the reply if it was the last of one. */
  private endLine(): Reply | undefined {
    let line = this.partial
    this.partial = ""
    this.partialLength = 0
    let length = line.length
    while (length > 0 && line.charCodeAt(length - 1) === CR) length--
    line = line.slice(0, length)

    // The code is the leading run of digits, if it is three digits long (S9.1).
    const digits = /^\d*/.exec(line)?.[0].length ?? 0
    const code = digits === 3 ? Number(line.slice(0, 3)) : 0
    const more = line.charCodeAt(digits) === HYPHEN
    if (code === 0 && this.defect === undefined) this.defect = "no three-digit code"
    if (this.firstCode < 0) this.firstCode = code
    else if (code !== this.firstCode && this.defect === undefined) this.defect = "codes differ between lines"
    const separator = line[3]
    if (code !== 0 && separator !== undefined && separator !== " " && separator !== "-") {
      this.defect ??= "no space after the code"
    }
    // What stands where the space should be is part of what was said.
    const text = code === 0 ? line : line.slice(separator === " " || separator === "-" ? 4 : 3)
    if (more) {
      this.lines.push(text)
      return undefined
    }
    const whole = this.lines.length === 0 ? text : [...this.lines, text].join("\n")
    const defect = this.defect ?? (code < 200 || code > 599 ? "no reply code" : undefined)
    const reply: Reply = defect === undefined ? { code, text: whole } : { code, text: whole, defect }
    this.lines = []
    this.length = 0
    this.firstCode = -1
    this.defect = undefined
    return reply
  }
}

const indexOfLineFeed = (chunk: Uint8Array, start: number, end: number): number => {
  for (let index = start; index < end; index++) if (chunk[index] === LF) return index
  return -1
}

// A server says the same few things thousands of times. What was said lately is found again by its bytes, so that the
// usual reply costs a comparison and no allocation. A direct-mapped table, shared by all connections.
const slots = 256
const longestRemembered = 256
const remembered: Array<{ readonly bytes: Uint8Array; readonly reply: Reply } | undefined> = new Array(slots)

const slotOf = (chunk: Uint8Array, start: number, end: number): number => {
  // Replies to different commands differ early: 250 2.1.0, 250 2.1.5.
  let hash = end - start
  const last = Math.min(end, start + 16)
  for (let index = start; index < last; index++) hash = (Math.imul(hash, 31) + chunk[index]!) | 0
  return (hash ^ (hash >>> 8)) & (slots - 1)
}

const recall = (chunk: Uint8Array, start: number, end: number): Reply | undefined => {
  const length = end - start
  if (length < 2 || length > longestRemembered) return undefined
  const entry = remembered[slotOf(chunk, start, end)]
  if (entry === undefined) return undefined
  const bytes = entry.bytes
  if (bytes.length !== length) return undefined
  for (let index = 0; index < length; index++) if (bytes[index] !== chunk[start + index]) return undefined
  return entry.reply
}

const remember = (chunk: Uint8Array, start: number, end: number, reply: Reply): void => {
  const length = end - start
  if (length < 2 || length > longestRemembered) return
  // Not slice: that of a Buffer shares its memory, which is overwritten by the next read.
  remembered[slotOf(chunk, start, end)] = { bytes: new Uint8Array(chunk.subarray(start, end)), reply }
}
