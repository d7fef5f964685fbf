/**
 * The time of day, to be compared with that of other threads, processes and hosts.
 *
 * Effect's live clock has nanoseconds since 1970, but they count from one look at a clock of whole milliseconds: two processes of one
 * machine are up to a millisecond apart by it, and more where one of them had to wait for the processor just then. Node's own origin
 * is right to microseconds.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Watchdog from "./Watchdog.js"

/**
 * Microseconds since 1970, with fractions: the time of day when the thread began, and what has passed since. A clock that is set
 * meanwhile does not matter.
 *
 * @since 0.1.0
 * @category time
 */
export const live = (): number => (performance.timeOrigin + performance.now()) * 1000

/**
 * The same; with a clock of tests it is their time.
 *
 * @since 0.1.0
 * @category time
 */
export const microseconds = (clock: Clock.Clock): (() => number) =>
  Watchdog.isLive(clock) ? live : () => Number(clock.unsafeCurrentTimeNanos()) / 1000
