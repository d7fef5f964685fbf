/**
 * What a connection has written and the socket has not taken yet, and where in it a message's content ends.
 *
 * @since 0.1.0
 */
import { Pacing } from "./Pacing.js"
import type { Transport } from "./Transport.js"
import type { ConnectOptions } from "./Wire.js"

/**
 * Who is told how a write gets on.
 *
 * @since 0.1.0
 * @category models
 */
export interface WriteListener {
  /** Part of it was taken. */
  readonly progressed: () => void
  /** A message's content was taken to its end; commands that ride with it may still wait. */
  readonly onContentTaken: () => void
  /** All of it was taken, and no content that was not reported before. */
  readonly onFlushed: () => void
}

/** A write that was taken within a millisecond did not wait: it may take this long to hear of it. */
const queueing = 1

/**
 * The writes of one connection, one after another.
 *
 * @since 0.1.0
 * @category models
 */
export class Outgoing {
  /** Some of the last write was not taken yet. */
  busy = false
  /**
   * The final dot of the last write was not taken yet, for certain. Where commands ride with a content this is not known (a
   * socket tells only when it has taken everything), unless it is handed over slowly.
   */
  holdsDot = false
  /** A content was written and is not known to be taken, nor was it answered. */
  contentDue = false
  private readonly pacing: Pacing | undefined = undefined
  /** Writes that the transport has not taken: a server may answer before it has read everything, so there may be two. */
  private unflushed = 0
  /** How much of what is handed over slowly is content. */
  private contentLength = Number.POSITIVE_INFINITY
  /** Since when what was written waits for the socket. */
  private queuedAt = 0

  constructor(
    private readonly transport: Transport,
    private readonly options: ConnectOptions,
    private readonly listener: WriteListener
  ) {
    const { bytesPerSecond, deadlines } = options
    if (bytesPerSecond === undefined) return
    const write = (bytes: string, body: Uint8Array | undefined) => this.transport.write(bytes, body)
    this.pacing = new Pacing(
      bytesPerSecond,
      deadlines,
      write,
      () => this.pieceTaken(),
      () => this.taken()
    )
  }

  /** Writes commands, and tells when they were taken: at once, most of the time. */
  commands(bytes: string, body: Uint8Array | undefined): void {
    this.busy = true
    this.holdsDot = false
    this.handOver(bytes, body)
  }

  /** Writes a message's content, of which `riding` commands follow the first `contentLength` bytes. */
  content(bytes: string, body: Uint8Array | undefined, contentLength: number | undefined, riding: boolean): void {
    this.busy = true
    this.contentDue = true
    this.holdsDot = !riding || this.pacing !== undefined
    if (this.pacing === undefined) return this.handOver(bytes, body)
    this.contentLength = contentLength ?? Number.POSITIVE_INFINITY
    this.pacing.start(bytes, body)
  }

  /** The transport has taken a whole write that it had not taken at once. */
  flushed(): void {
    if (this.unflushed > 0) {
      if (--this.unflushed > 0) return
      this.waited()
      if (this.pacing?.isBusy() !== true) this.taken()
    } else if (this.pacing?.isBusy() === true) this.pacing.taken()
  }

  /** Gives up what was not handed over. */
  stop(): void {
    this.pacing?.stop()
  }

  private handOver(bytes: string, body: Uint8Array | undefined): void {
    if (this.transport.write(bytes, body)) {
      this.unflushed = 0
      this.taken()
    } else if (++this.unflushed === 1) this.queuedAt = this.options.deadlines.now()
  }

  /** A write was not taken at once: the server, or what lies before it, reads more slowly than we write. */
  private waited(): void {
    const { deadlines, observer } = this.options
    const waited = deadlines.now() - this.queuedAt
    if (waited >= queueing) observer.onQueued(waited)
  }

  private pieceTaken(): void {
    this.listener.progressed()
    if (!this.holdsDot || this.pacing === undefined || this.pacing.given() < this.contentLength) return
    this.holdsDot = false
    this.contentTaken()
  }

  private contentTaken(): void {
    if (!this.contentDue) return
    this.contentDue = false
    this.listener.onContentTaken()
  }

  private taken(): void {
    if (!this.busy) return
    this.busy = false
    this.holdsDot = false
    if (this.contentDue) this.contentTaken()
    else this.listener.onFlushed()
  }
}
