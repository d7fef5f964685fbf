/**
 * Memory for what is made for one message: cut from larger pieces, since to take memory for each costs more than to fill it. A
 * piece is free again when all that was cut from it is.
 *
 * @since 0.1.0
 */

/** In bytes. */
const pieceSize = 262_144

/** More than this is taken alone, so that little of a piece is left unused. */
const most = pieceSize >> 2

let piece: Buffer | undefined
let used = 0

/**
 * Memory of this size, in bytes. What is in it is left from before.
 *
 * @since 0.1.0
 * @category constructors
 */
export const take = (size: number): Buffer => {
  if (size > most) return Buffer.allocUnsafeSlow(size)
  if (piece === undefined || used + size > pieceSize) {
    piece = Buffer.allocUnsafeSlow(pieceSize)
    used = 0
  }
  used += size
  return piece.subarray(used - size, used)
}
