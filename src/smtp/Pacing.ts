/**
 * Hands a message's content over slowly, as a client on a thin line does: a piece every tenth of a second.
 *
 * @since 0.1.0
 */
import type { Deadlines, Expiring } from "./Wire.js"

/** The milliseconds between two pieces. */
const interval = 100

/**
 * The content that is on its way over one connection, if there is one.
 *
 * @since 0.1.0
 * @category models
 */
export class Pacing implements Expiring {
  deadline = Number.POSITIVE_INFINITY
  private bytes = ""
  private body: Uint8Array | undefined = undefined
  private at = 0
  private total = 0
  /** A piece waits for the socket; the next one is due by then, or not. */
  private waiting = false
  private due = false
  private readonly size: number

  /** `write` is the transport's, `onPiece` is called for each piece that was taken, and `onDone` after the last of them. */
  constructor(
    bytesPerSecond: number,
    private readonly deadlines: Deadlines,
    private readonly write: (bytes: string, body: Uint8Array | undefined) => boolean,
    private readonly onPiece: () => void,
    private readonly onDone: () => void
  ) {
    this.size = Math.max(1, Math.round((bytesPerSecond * interval) / 1000))
  }

  /** Begins to hand over `bytes` and then `body`. */
  start(bytes: string, body: Uint8Array | undefined): void {
    this.bytes = bytes
    this.body = body
    this.at = 0
    this.total = bytes.length + (body === undefined ? 0 : body.length)
    this.waiting = false
    this.due = false
    this.piece()
  }

  /** Whether there is content on its way. */
  isBusy(): boolean {
    return this.total > 0
  }

  /** How many bytes the transport was given so far. */
  given(): number {
    return this.at
  }

  /** The transport has handed over the piece that it was given last. */
  taken(): void {
    this.waiting = false
    this.onPiece()
    if (this.at >= this.total) {
      this.stop()
      this.onDone()
    } else if (this.due) {
      this.piece()
    }
  }

  expire(): void {
    this.deadlines.remove(this)
    this.due = true
    if (!this.waiting) this.piece()
  }

  /** Gives up what was not handed over. */
  stop(): void {
    this.total = 0
    this.deadline = Number.POSITIVE_INFINITY
    this.deadlines.remove(this)
  }

  private piece(): void {
    const { at, body, bytes, size } = this
    const end = Math.min(at + size, this.total)
    const text = bytes.slice(at, end)
    const rest = body?.subarray(Math.max(0, at - bytes.length), Math.max(0, end - bytes.length))
    this.at = end
    this.due = false
    this.waiting = true
    this.deadline = this.deadlines.now() + interval
    this.deadlines.add(this)
    if (this.write(text, rest === undefined || rest.length === 0 ? undefined : rest)) this.taken()
  }
}
