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
  /** Hands out none of the first ones, as many as this. */
  readonly skip: (tickets: number) => void
}

/**
 * This many tickets. Where they are for a part of a run's messages, `at` says which message each is for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (messages: number, at: (ticket: number) => number = itself): Tickets => {
  let next = 0
  let open = true
  return {
    take: () => (open && next < messages ? at(next++) : undefined),
    skip: (tickets) => {
      next = Math.max(next, tickets)
    },
    close: () => {
      open = false
    },
    isClosed: () => !open
  }
}

const itself = (ticket: number): number => ticket

/**
 * The same tickets, as long as `isOver` is not true. They are not closed by that: nobody has asked for it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const until = (tickets: Tickets, isOver: () => boolean): Tickets => ({
  ...tickets,
  take: () => (isOver() ? undefined : tickets.take())
})

/**
 * The bytes that shared tickets take.
 *
 * @since 0.1.0
 * @category constants
 */
export const size = 4 * BigInt64Array.BYTES_PER_ELEMENT

const NEXT = 0
const CLOSED = 1
const ORIGIN = 2
const CONNECTIONS = 3

/**
 * The time from which the due times of all threads count: that of the thread which is ready first. `time` is in whole
 * milliseconds, more than 0, by a clock that the threads have in common.
 *
 * @since 0.1.0
 * @category sharing
 */
export const origin = (memory: SharedArrayBuffer, time: number): number => {
  const before = Atomics.compareExchange(new BigInt64Array(memory), ORIGIN, 0n, BigInt(time))
  return before === 0n ? time : Number(before)
}

/**
 * The number of the next connection that any of the threads opens, from 0.
 *
 * @since 0.1.0
 * @category sharing
 */
export const nextConnection = (memory: SharedArrayBuffer): (() => number) => {
  const cells = new BigInt64Array(memory)
  return () => Number(Atomics.add(cells, CONNECTIONS, 1n))
}

/**
 * Tickets that several threads take from: the same `memory`, zeroed at first, in each of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const shared = (
  messages: number,
  memory: SharedArrayBuffer,
  at: (ticket: number) => number = itself
): Tickets => {
  const cells = new BigInt64Array(memory)
  return {
    take: () => {
      if (Atomics.load(cells, CLOSED) !== 0n) return undefined
      const next = Number(Atomics.add(cells, NEXT, 1n))
      return next < messages ? at(next) : undefined
    },
    skip: (tickets) => {
      const most = BigInt(tickets)
      let next = Atomics.load(cells, NEXT)
      while (next < most)
        next = Atomics.compareExchange(cells, NEXT, next, most) === next ? most : Atomics.load(cells, NEXT)
    },
    close: () => {
      Atomics.store(cells, CLOSED, 1n)
    },
    isClosed: () => Atomics.load(cells, CLOSED) !== 0n
  }
}
