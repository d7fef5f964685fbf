/**
 * When messages are sent, for their stamps (--prove): now, or, in an open run, when they were due, as their durations count.
 *
 * It is the clock at the start and what has passed since: a clock that is set back meanwhile does not matter.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import type { Arrivals } from "../plan/Arrival.js"
import * as WallClock from "./WallClock.js"

/**
 * The times, in microseconds since 1970.
 *
 * @since 0.1.0
 * @category models
 */
export class StampTimes {
  private readonly origin: number
  private due: ((message: number) => number) | undefined = undefined

  /** `now` is the run's clock, in milliseconds. */
  constructor(
    clock: Clock.Clock,
    private readonly now: () => number
  ) {
    this.origin = WallClock.microseconds(clock)() - now() * 1000
  }

  /** Messages are due from now on, from a moment by the run's clock. */
  from(origin: number, { dueAt }: Arrivals): void {
    this.due = (message) => origin + dueAt(message)
  }

  /** A message is being put together. */
  readonly of = (message: number): number =>
    Math.round(this.origin + (this.due === undefined ? this.now() : this.due(message)) * 1000)

  /** This moment. */
  at(): number {
    return Math.round(this.origin + this.now() * 1000)
  }
}
