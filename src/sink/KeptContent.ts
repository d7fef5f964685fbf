/**
 * What a sink keeps of a message's content, for who wants to see it.
 *
 * @since 0.1.0
 */

/**
 * Bytes that grow.
 *
 * @since 0.1.0
 * @category models
 */
export class KeptContent {
  private buffer = new Uint8Array(1024)
  private length = 0

  add(chunk: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start
    if (length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.buffer.length))
      larger.set(this.bytes())
      this.buffer = larger
    }
    this.buffer.set(chunk.subarray(start, end), this.length)
    this.length = length
  }

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }
}
