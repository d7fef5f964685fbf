/**
 * A text and bytes as one write: to copy a message costs less than a write of two pieces, or one of a long text.
 *
 * They are put together in one place, for all connections of a thread. The kernel takes a write at once, nearly always, and then
 * the place is free again.
 *
 * @since 0.1.0
 */

/**
 * The longest text that Node writes from its stack, in bytes. For a longer one it takes memory each time.
 *
 * @since 0.1.0
 * @category constants
 */
export const mostOfStack = 16_384

/**
 * What can be put together, in bytes.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 65_536

let place: Buffer | undefined

/**
 * Text with one byte in each character, and then bytes; no more than `most` in all. It is good until the next call, unless it is
 * kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const joined = (text: string, bytes: Uint8Array | undefined): Buffer => {
  place ??= Buffer.allocUnsafeSlow(most)
  place.write(text, 0, "latin1")
  if (bytes !== undefined) place.set(bytes, text.length)
  return place.subarray(0, text.length + (bytes === undefined ? 0 : bytes.length))
}

/**
 * The kernel has not taken all of what was put together last: it stays where it is, and others are put elsewhere.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keep = (): void => {
  place = undefined
}
