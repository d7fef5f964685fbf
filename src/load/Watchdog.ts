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

const isLive = (clock: Clock.Clock): boolean => clock === Context.get(DefaultServices.liveServices, Clock.Clock)

class Watchdog implements Deadlines {
  wakesAt = Number.POSITIVE_INFINITY
  /**
   * All that is watched, in no order. A Set would be tidier; but with each table that it outgrows V8 keeps all that was in it, and
   * the next table, until a full collection, and with connections that come and go every one of them is then taken for long-lived.
   */
  private readonly watched: Array<Expiring> = []
  private rouse: ((wake: Effect.Effect<void>) => void) | undefined = undefined

  constructor(readonly now: () => number) {}

  add(expiring: Expiring): void {
    if (!this.watches(expiring)) expiring.watchedAt = this.watched.push(expiring) - 1
    if (expiring.deadline < this.wakesAt) this.wake(expiring.deadline)
  }

  remove(expiring: Expiring): void {
    if (!this.watches(expiring)) return
    // The last one takes its place.
    const last = this.watched.pop()!
    if (last === expiring) return
    last.watchedAt = expiring.watchedAt
    this.watched[last.watchedAt!] = last
  }

  private watches(expiring: Expiring): boolean {
    const { watchedAt } = expiring
    return watchedAt !== undefined && this.watched[watchedAt] === expiring
  }

  closeAll(): void {
    for (const expiring of [...this.watched]) expiring.close?.("reset")
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
    const late: Array<Expiring> = []
    for (const expiring of this.watched) {
      if (expiring.deadline <= now) late.push(expiring)
      else if (expiring.deadline < earliest) earliest = expiring.deadline
    }
    // The end of one may be that of another.
    for (const expiring of late) if (expiring.deadline <= now && this.watches(expiring)) expiring.expire()
    if (earliest < this.wakesAt) this.wakesAt = earliest
  }
}
