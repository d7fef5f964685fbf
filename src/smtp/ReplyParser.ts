/**
 * The incremental parser that assembles replies from a connection's bytes (RFC 5321 §4.2).
 *
 * Pure: no socket, no clock, no Effect. A chunk may hold part of a reply or several. The parser is as lenient as the
 * original about what a reply looks like (clause S9.1) and says so: what breaks the grammar is a `Reply` with a
 * `defect`. What it keeps is bounded, whatever the server sends.
 *
 * @since 0.1.0
 */
import * as RecentReplies from "./RecentReplies.js"
import type { Reply } from "./Reply.js"

/**
 * The bytes kept of one line; the rest of it is skipped.
 *
 * @since 0.1.0
 * @category limits
 */
export const longestLine = 65_536

/**
 * The characters kept of the text of one reply, over all its lines; the rest is read and left out.
 *
 * @since 0.1.0
 * @category limits
 */
export const longestText = 65_536

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
export const make = (): ReplyParser => new Parser()

class Parser implements ReplyParser {
  /** The bytes so far of a line whose end has not come, at most `longestLine` of them. */
  private partial = ""
  /** How many bytes the line has had, kept or not. */
  private partialLength = 0
  /** The texts of the earlier lines of this reply, as far as they are kept, and how many lines there were. */
  private lines: Array<string> = []
  private lineCount = 0
  /** How many more characters of this reply's text are kept. */
  private room = longestText
  private length = 0
  private firstCode = -1
  private defect: string | undefined = undefined
  /** The reply before this one, where it is among the recent ones. */
  private previous: RecentReplies.RecentReply | undefined = undefined

  isInside(): boolean {
    return this.partialLength > 0 || this.lineCount > 0
  }

  push(chunk: Uint8Array, start: number, end: number, onReply: (reply: Reply) => void): boolean {
    let from = start
    while (from < end) {
      const fresh = this.partialLength === 0 && this.lineCount === 0
      if (fresh) {
        const expected = this.previous?.next
        if (expected !== undefined && RecentReplies.standsAt(expected.bytes, chunk, from, end)) {
          this.previous = expected
          from += expected.bytes.length
          onReply(expected.reply)
          continue
        }
      }
      const feed = indexOfLineFeed(chunk, from, end)
      if (feed < 0) return this.hold(chunk, from, end)
      const next = feed + 1
      if (fresh) {
        const known = RecentReplies.recall(chunk, from, next)
        if (known !== undefined) {
          this.follow(known)
          from = next
          onReply(known.reply)
          continue
        }
      }
      if (!this.hold(chunk, from, feed)) return false
      const whole = this.lineCount === 0 && this.partialLength === feed - from
      const reply = this.endLine()
      if (reply !== undefined) {
        this.follow(whole ? RecentReplies.remember(chunk, from, next, reply) : undefined)
        onReply(reply)
      } else if (this.lineCount >= mostLines) {
        return false
      }
      from = next
    }
    return true
  }

  /** What this server said came after what it said before: next time it is looked for first. */
  private follow(reply: RecentReplies.RecentReply | undefined): void {
    const { previous } = this
    if (previous?.kept === true && reply !== undefined) previous.next = reply
    this.previous = reply
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
      this.keep(text)
      return undefined
    }
    if (this.lineCount > 0) this.keep(text)
    const whole = this.lineCount === 0 ? text : this.lines.join("\n")
    const defect = this.defect ?? (code < 200 || code > 599 ? "no reply code" : undefined)
    const reply: Reply = defect === undefined ? { code, text: whole } : { code, text: whole, defect }
    if (this.lineCount > 0) {
      this.lines = []
      this.lineCount = 0
      this.room = longestText
    }
    this.length = 0
    this.firstCode = -1
    this.defect = undefined
    return reply
  }

  /** Adds the text of one of several lines, as far as there is room for it and the line feed before it. */
  private keep(text: string): void {
    const room = this.lineCount === 0 ? this.room : this.room - 1
    this.lineCount++
    if (room < 0) return
    const kept = text.slice(0, room)
    this.lines.push(kept)
    this.room = room - kept.length
  }
}

const indexOfLineFeed = (chunk: Uint8Array, start: number, end: number): number => {
  for (let index = start; index < end; index++) if (chunk[index] === LF) return index
  return -1
}
