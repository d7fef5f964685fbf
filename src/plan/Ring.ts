/**
 * Lines that were made once, and from which every message takes a piece of its own: to make a body anew costs more than to send
 * it.
 *
 * A piece begins at a line that is drawn. A short one is cut out as a string. Of a long one only the first kilobytes are its own;
 * the rest is the end of a buffer that all messages share, and which is as large as the largest of them. So a piece of 1 MB
 * costs as much as one of 8 KB, and is still like no other.
 *
 * @since 0.1.0
 */
import type { Content } from "../smtp/Wire.js"
import * as Stuffing from "./Stuffing.js"

/** How much of a long piece is its own, at least, in bytes. */
const own = 8192

/**
 * Lines of 7-bit text that end in CRLF, of which none begins with a dot.
 *
 * @since 0.1.0
 * @category models
 */
export class Ring {
  /** The lines, and some of them again, so that a piece may begin anywhere. */
  private readonly text: string
  private readonly length: number
  /** Where each line begins; the place after the last one, too. */
  private readonly starts: ReadonlyArray<number>
  /** For each end of a message, a buffer that ends in it. */
  private readonly masters = new Map<string, Buffer>()

  constructor(
    lines: ReadonlyArray<string>,
    /** Fills a line that is longer or shorter than the others: 200 characters, without a line's end. */
    private readonly filler: string
  ) {
    const once = lines.join("")
    this.length = once.length
    const times = Math.ceil((Stuffing.longestText + 1024) / once.length)
    this.text = Buffer.from(once + once.repeat(times), "latin1").toString("latin1")
    let at = 0
    const starts = [0]
    for (const line of lines) {
      at += line.length
      starts.push(at)
    }
    this.starts = starts
  }

  /** A piece of this many bytes, from the line that a share of `u` of all come before; then a line's end, and `end`. */
  piece(size: number, u: number, end: string): Content {
    const line = Math.floor(u * (this.starts.length - 1))
    const start = this.starts[line]!
    if (size <= Stuffing.longestText) {
      const text = this.text.slice(start, start + size)
      return { head: (text.endsWith("\r") ? text.slice(0, -1) + this.filler[0] : text) + end }
    }
    const { at, master } = this.master(size, end)
    // Whole lines: those that the text surely holds.
    const [first, last] = [start, this.lineAfter(start + own)]
    const rest = size - (last - first)
    const from = this.lineAfter(at - rest)
    const gap = from - (at - rest)
    const lines = this.text.slice(first, last)
    const filled =
      gap === 0
        ? lines
        : gap < 3
          ? `${lines.slice(0, -2)}${this.filler.slice(0, gap)}\r\n`
          : `${lines}${this.filler.slice(0, gap - 2)}\r\n`
    return { head: filled, body: master.subarray(from) }
  }

  /** The first beginning of a line that is not before this place of the text, or of a master. */
  private lineAfter(place: number): number {
    const round = Math.floor(place / this.length)
    return round * this.length + this.starts[this.search(place - round * this.length)]!
  }

  private search(place: number): number {
    let [low, high] = [0, this.starts.length - 1]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.starts[middle]! < place) low = middle + 1
      else high = middle
    }
    return low
  }

  /** A buffer of whole rounds that ends in `end`, the last line's end among it; and where that begins. */
  private master(size: number, end: string): { readonly master: Buffer; readonly at: number } {
    const known = this.masters.get(end)
    if (known !== undefined && known.length - end.length >= size)
      return { master: known, at: known.length - end.length }
    const rounds = Math.ceil((size + 2) / this.length)
    // Larger than it must be, so that sizes which grow do not make it anew each time.
    const times = known === undefined ? rounds : Math.max(rounds, Math.ceil((known.length * 1.25) / this.length))
    const at = times * this.length - 2
    const master = Buffer.allocUnsafe(at + end.length)
    master.fill(this.text.slice(0, this.length), 0, at, "latin1")
    master.write(end, at, "latin1")
    this.masters.set(end, master)
    return { master, at }
  }
}
