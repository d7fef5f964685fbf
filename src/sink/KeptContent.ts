/**
 * What is kept of a message's content, for those who want to see all of it.
 *
 * @since 0.1.0
 */
import type { OpenTap } from "./ContentTap.js"
import type { SinkMessage } from "./SinkOptions.js"

/** Pieces that are smaller than this are put into one: a client may send a byte at a time. */
const smallest = 4096

/**
 * A tap that keeps contents, and hands over those that are accepted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keeping =
  (onMessage: (message: SinkMessage) => void): OpenTap =>
  ({ sender, session }) => {
    const pieces: Array<Uint8Array> = []
    let last = Buffer.alloc(0)
    let used = 0
    return {
      take: (chunk, start, end) => {
        let at = start
        while (at < end) {
          if (used === last.length) {
            last = Buffer.allocUnsafe(Math.max(smallest, end - at))
            used = 0
            pieces.push(last)
          }
          const next = Math.min(end, at + last.length - used)
          last.set(chunk.subarray(at, next), used)
          used += next - at
          at = next
        }
      },
      end: (recipients) => {
        if (recipients.length === 0) return
        if (pieces.length > 0) pieces[pieces.length - 1] = last.subarray(0, used)
        const [only] = pieces
        const content = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
        onMessage({ session, sender, recipients: recipients.slice(), content })
      },
      lost: () => {}
    }
  }
