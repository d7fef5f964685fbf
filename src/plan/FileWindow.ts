/**
 * A file of any size, of which a piece at a time is in memory.
 *
 * @since 0.1.0
 */
import type { StoredFile } from "./CorpusStore.js"
import type { Source } from "./Mbox.js"

/** In bytes. Also what is kept before the place that is asked for: whoever goes through a file looks back a little. */
const pieceSize = 1_048_576
const before = 4096

/**
 * The bytes of a file, as it was when it was opened. What `piece` gives is good until the next call of any of these.
 *
 * @since 0.1.0
 * @category models
 */
export class FileWindow implements Source {
  private readonly window: Buffer
  /** What of the file is in the window. */
  private from = 0
  private to = 0
  private readonly margin: number

  constructor(
    private readonly file: StoredFile,
    readonly length: number,
    size = pieceSize
  ) {
    this.window = Buffer.allocUnsafeSlow(size)
    this.margin = Math.min(before, size >> 2)
  }

  byte(at: number): number | undefined {
    if (at < 0 || at >= this.length) return undefined
    if (at < this.from || at >= this.to) this.move(at)
    return this.window[at - this.from]
  }

  indexOf(what: number | string, from: number): number {
    const overlap = typeof what === "string" ? what.length - 1 : 0
    for (let at = Math.max(0, from); at < this.length; at = this.to - overlap) {
      if (at < this.from || at + overlap >= this.to) this.move(at)
      const found = this.window.subarray(0, this.to - this.from).indexOf(what, at - this.from, "latin1")
      if (found >= 0) return this.from + found
      if (this.to >= this.length) return -1
    }
    return -1
  }

  text(from: number, to: number): string {
    return this.piece(from, to).toString("latin1")
  }

  /** A part of the file, which is in the window, or in memory of its own where it is larger. */
  piece(from: number, to: number): Buffer {
    const [first, last] = [Math.max(0, from), Math.min(to, this.length)]
    if (first >= last) return Buffer.alloc(0)
    if (last - first + this.margin > this.window.length) {
      const own = Buffer.allocUnsafeSlow(last - first)
      return own.subarray(0, this.file.read(own, own.length, first))
    }
    if (first < this.from || last > this.to) this.move(first)
    return this.window.subarray(first - this.from, last - this.from)
  }

  private move(at: number): void {
    const from = Math.max(0, at - this.margin)
    this.from = from
    this.to = from + this.file.read(this.window, Math.min(this.window.length, this.length - from), from)
    if (this.to <= at) throw new Error("became shorter while it was read")
  }
}
