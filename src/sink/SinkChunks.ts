/**
 * The chunks of a message that comes by BDAT (RFC 3030 §2), as a sink reads them.
 *
 * @since 0.1.0
 */
import type { ChunkCommand } from "./SinkCommand.js"

/**
 * The chunks of one message after another. One for each session.
 *
 * @since 0.1.0
 * @category models
 */
export class SinkChunks {
  /** A chunk is coming: what comes next is its bytes. */
  isComing = false
  /** Chunks have come of this message, or the first one is coming. */
  areThere = false
  /** One of them was refused: the transaction is open until it is reset. */
  isRefused = false
  /** Their bytes so far, with those that are announced. */
  size = 0
  isLast = false
  /** The command of the last one that came. */
  line = ""
  private left = 0

  /** Forgets the message. */
  reset(): void {
    this.areThere = false
    this.isRefused = false
    this.size = 0
  }

  /** A chunk was announced. */
  begin({ isLast, length }: ChunkCommand, line: string): void {
    this.isComing = true
    this.areThere = true
    this.isLast = isLast
    this.size += length
    this.left = length
    this.line = line
  }

  /** Takes the chunk's bytes; returns where they end, or `end`. */
  take(start: number, end: number): number {
    const at = Math.min(end, start + this.left)
    this.left -= at - start
    return at
  }

  /** Whether all of the chunk has come. */
  get isWhole(): boolean {
    return this.left === 0
  }
}
