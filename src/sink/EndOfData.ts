/**
 * Finds the end of a message's content: CRLF . CRLF (RFC 5321 §4.1.1.4), and nothing that resembles it. However the
 * content is split, it ends at the same byte. Pure.
 *
 * @since 0.1.0
 */

import type { ContentTap } from "./ContentTap.js"

const LF = 10
const CR = 13
const DOT = 46

/**
 * Looks for the end of one content after another. One for each session.
 *
 * @since 0.1.0
 * @category models
 */
export class EndOfData {
  /** How much of CRLF . CRLF has been seen; the line end of DATA counts. */
  private matched = 2
  /** The bytes so far, the dots at the beginning of lines not counted. */
  private length = 0

  /** Begins the next content. */
  begin(): void {
    this.matched = 2
    this.length = 0
  }

  /** Whether the end has been found. */
  get found(): boolean {
    return this.matched === 5
  }

  /** The size of the content so far, as RFC 1870 counts it; exact once the end has been found. */
  get size(): number {
    return this.length - 2
  }

  /** Takes content; returns where it ends, or `end`. */
  take(chunk: Uint8Array, start: number, end: number, tap?: Pick<ContentTap, "take"> | undefined): number {
    let { matched } = this
    let dots = 0
    let at = start
    let view: Buffer | undefined
    /** Where the piece begins that was not handed out. */
    let piece = start
    if (tap !== undefined && matched === 4 && start < end) {
      // What was held back was no end of the content, unless this is its last byte.
      if (chunk[start] !== LF) tap.take(carriageReturn, 0, 1)
    }
    while (at < end && matched < 5) {
      if (matched > 0) {
        matched = next(matched, chunk[at++]!)
        if (matched !== 3) continue
        dots++
        if (tap !== undefined && at - 1 > piece) tap.take(chunk, piece, at - 1)
        piece = at
        continue
      }
      // Nearly all bytes go by here: a search costs a tenth of a loop, and a view of what was read keeps it from going on
      // into what an earlier read left in the buffer.
      view ??= Buffer.from(chunk.buffer, chunk.byteOffset, end)
      const line = view.indexOf(dotLine, at)
      if (line < 0) {
        matched = chunk[end - 1] === CR ? 1 : chunk[end - 1] === LF && end - at > 1 && chunk[end - 2] === CR ? 2 : 0
        at = end
      } else {
        matched = 3
        dots++
        at = line + dotLine.length
        if (tap !== undefined) tap.take(chunk, piece, at - 1)
        piece = at
      }
    }
    if (tap !== undefined) {
      // After a dot, the line end that ends the content is none of it; its first byte may be the last that has come.
      const last = matched === 5 ? piece : matched === 4 ? at - 1 : at
      if (last > piece) tap.take(chunk, piece, last)
    }
    this.matched = matched
    this.length += at - start - dots
    return at
  }
}

const carriageReturn = Uint8Array.of(CR)

/** What every dot at the beginning of a line comes with, but the content's first. */
const dotLine = Buffer.from("\r\n.")

/** How much of CRLF . CRLF has been seen after one more byte: 5 is all of it. */
const next = (matched: number, byte: number): number => {
  switch (byte) {
    case CR:
      return matched === 3 ? 4 : 1
    case LF:
      return matched === 1 ? 2 : matched === 4 ? 5 : 0
    case DOT:
      return matched === 2 ? 3 : 0
    default:
      return 0
  }
}
