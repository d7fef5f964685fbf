/**
 * Ends what is late: one fiber for all deadlines of a run, on Effect's Clock.
 *
 * It sleeps until the earliest deadline that it knows of and never ticks. Deadlines usually move away from now, which
 * costs nothing: it finds out when it wakes, and sleeps again. While nothing is due it is parked.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { Crowd } from "../smtp/Crowd.js"
import type { Deadlines, Expiring } from "../smtp/Wire.js"

/**
 * Starts a watchdog, which lives as long as the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Deadlines, never, Scope.Scope> = Effect.gen(function* () {
  const clock = yield* Effect.clock
  const watchdog = new Watchdog(monotonic(clock))
  // An interruption may strike between the moment that a connection stands and the moment that somebody has it.
  yield* Effect.addFinalizer(() => Effect.sync(() => watchdog.closeAll()))
  yield* Effect.forkScoped(watchdog.watch)
  return watchdog
})

/**
 * Milliseconds that never go back, with fractions. The live clock's own nanoseconds are a bigint, which costs an
 * allocation at each look.
 *
 * @since 0.1.0
 * @category time
 */
export const monotonic = (clock: Clock.Clock): (() => number) =>
  isLive(clock) ? () => performance.now() : () => Number(clock.unsafeCurrentTimeNanos()) / 1e6

/**
 * The least that the clock sleeps for, in milliseconds: the live one counts in whole ones.
 *
 * @since 0.1.0
 * @category time
 */
export const granularity = (clock: Clock.Clock): number => (isLive(clock) ? 1 : 0.001)

/**
 * Whether it is the clock of the machine, and not one of tests.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isLive = (clock: Clock.Clock): boolean => clock === Context.get(DefaultServices.liveServices, Clock.Clock)

class Watchdog implements Deadlines {
  wakesAt = Number.POSITIVE_INFINITY
  private readonly watched = new Crowd<Expiring>()
  private rouse: ((wake: Effect.Effect<void>) => void) | undefined = undefined

  constructor(readonly now: () => number) {}

  add(expiring: Expiring): void {
    this.watched.add(expiring)
    if (expiring.deadline < this.wakesAt) this.wake(expiring.deadline)
  }

  remove(expiring: Expiring): void {
    this.watched.delete(expiring)
  }

  closeAll(): void {
    for (const expiring of this.watched) expiring.close?.("reset")
  }

  wake(deadline: number): void {
    this.wakesAt = deadline
    this.rouse?.(Exit.void)
    this.rouse = undefined
  }

  readonly watch: Effect.Effect<never> = Effect.suspend(() => {
    const until = this.wakesAt
    const wait = until - this.now()
    const roused = this.rousedBefore(until)
    // A nap that ends a moment early would only be followed by another one.
    const nap =
      wait === Number.POSITIVE_INFINITY ? roused : Effect.raceFirst(Effect.sleep(Math.max(0, Math.ceil(wait))), roused)
    return Effect.map(nap, () => this.sweep())
  }).pipe(Effect.forever)

  /** The two sides of a race begin a turn after it: a call to wake that came in between is answered at once. */
  private rousedBefore(until: number): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      if (this.wakesAt < until) resume(Exit.void)
      else this.rouse = resume
    })
  }

  /** Ends what is late, and finds out when to look again. */
  private sweep(): void {
    const now = this.now()
    // What ends now may set deadlines, its own and those of others that were looked at before: they call to wake meanwhile.
    this.wakesAt = Number.POSITIVE_INFINITY
    let earliest = Number.POSITIVE_INFINITY
    for (const expiring of this.watched) {
      if (expiring.deadline > now) earliest = Math.min(earliest, expiring.deadline)
      // The end of one may have been that of another.
      else if (this.watched.has(expiring)) expiring.expire()
    }
    if (earliest < this.wakesAt) this.wakesAt = earliest
  }
}
