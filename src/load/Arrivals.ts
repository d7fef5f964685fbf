/**
 * What a sink sees arrive of runs that it knows nothing of but what their stamps say: books by the message, for each run.
 *
 * @since 0.1.0
 */
import type { Came } from "../measure/Came.js"
import { Deliveries } from "../measure/Deliveries.js"
import * as Stamp from "../plan/Stamp.js"
import type { Arrival } from "../sink/ArrivedMessage.js"

/**
 * What has arrived by now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Seen {
  readonly runs: ReadonlyArray<Came & { readonly run: string }>
  /** Arrivals without a stamp. */
  readonly unstamped: number
}

/**
 * What the books need of their surroundings.
 *
 * @since 0.1.0
 * @category models
 */
export interface ArrivalsOptions {
  /** The time, in microseconds since 1970. */
  readonly now: () => number
  /** Told once that there are more runs than are watched. */
  readonly onFull: () => void
}

/**
 * The books.
 *
 * @since 0.1.0
 * @category models
 */
export interface Arrivals {
  readonly take: (arrival: Arrival) => void
  readonly seen: () => Seen
}

/**
 * The most runs: whoever can send mail can make up any number of them.
 *
 * @since 0.1.0
 * @category limits
 */
export const mostRuns = 64

/** The most messages of a run: 16 MB for each of its planes. */
const mostMessages = 134_217_728

/**
 * Books without an arrival.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ now, onFull }: ArrivalsOptions): Arrivals => {
  const runs = new Map<string, Deliveries>()
  let unstamped = 0
  let isFull = false
  const booksOf = (run: string): Deliveries | undefined => {
    const known = runs.get(run)
    if (known !== undefined) return known
    if (runs.size === mostRuns) {
      if (!isFull) onFull()
      isFull = true
      return undefined
    }
    const books = Deliveries.make(1, now(), mostMessages)
    runs.set(run, books)
    return books
  }
  return {
    take: ({ checksum, confirmed, hops, isWithheld, returned, size, stamp }) => {
      if (returned !== undefined) {
        const books = booksOf(returned.stamp.run)
        if (returned.isDelayed) books?.count("delayed")
        else books?.returned(returned.stamp.message, 0)
        return
      }
      if (stamp === undefined) {
        unstamped++
        return
      }
      const { message, run, sentAt } = stamp
      if (hops > Stamp.mostHops) {
        booksOf(run)?.count("looped")
        return
      }
      const fate = confirmed.length > 0 ? "confirmed" : isWithheld ? "withheld" : "refused"
      const change = stamp.checksum === checksum && stamp.size === size ? undefined : "other"
      booksOf(run)?.arrive({ message, place: 0, fate, change, sentAt, at: now() })
    },
    seen: () => ({ runs: Array.from(runs, ([run, books]) => ({ run, ...books.came() })), unstamped })
  }
}
