/**
 * The replies that a session gives to what has come at once, as one piece.
 *
 * @since 0.1.0
 */

/**
 * Replies that were not written yet. One reply, which is what there is most of the time, is not copied.
 *
 * @since 0.1.0
 * @category models
 */
export class Outbox {
  private first: Uint8Array | undefined = undefined
  private rest: Array<Uint8Array> | undefined = undefined

  add(bytes: Uint8Array): void {
    if (this.first === undefined) this.first = bytes
    else if (this.rest === undefined) this.rest = [bytes]
    else this.rest.push(bytes)
  }

  /** How many replies there are. */
  get size(): number {
    return this.first === undefined ? 0 : 1 + (this.rest?.length ?? 0)
  }

  /** Forgets all replies after this many. */
  cut(size: number): void {
    if (size === 0) this.first = undefined
    if (size <= 1) this.rest = undefined
    else this.rest = this.rest?.slice(0, size - 1)
  }

  /** Gives what there is, and is empty. */
  take(): Uint8Array | undefined {
    const { first, rest } = this
    this.first = undefined
    if (first === undefined || rest === undefined) return first
    this.rest = undefined
    return Buffer.concat([first, ...rest])
  }
}
