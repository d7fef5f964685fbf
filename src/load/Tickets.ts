/**
 * The messages of a run, handed out one by one: message k to whoever asks next.
 *
 * @since 0.1.0
 */

/**
 * A run's messages. Synchronous, so that no two sessions get the same one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tickets {
  /** The next message's number, from 0; undefined where there is none left. */
  readonly take: () => number | undefined
  /** Hands out no more. */
  readonly close: () => void
  readonly isClosed: () => boolean
}

/**
 * Tickets for messages 0 to `messages` - 1.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (messages: number): Tickets => {
  let next = 0
  let open = true
  return {
    take: () => (open && next < messages ? next++ : undefined),
    close: () => {
      open = false
    },
    isClosed: () => !open
  }
}
