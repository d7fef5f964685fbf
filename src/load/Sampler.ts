/**
 * Takes samples of a run while it goes on, at whole seconds of the time of day, or at whole parts of them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Meter, type Sample } from "../measure/Meter.js"
import * as Arrival from "../plan/Arrival.js"
import type { RunIdentity } from "../plan/Message.js"
import type { Plan } from "../plan/Plan.js"
import * as RunBounds from "./RunBounds.js"
import type { Booking } from "./SharedRun.js"
import * as Watchdog from "./Watchdog.js"

/**
 * Who wants samples, and how often. `every` is in milliseconds and divides a second; without one it is a second.
 *
 * `take` is called between the turns of the run's fibers: it returns soon and does not throw.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sampling {
  readonly every?: number | undefined
  /**
   * Called before the first sample, with the run's start, its messages where their number is known, and the name that it
   * has in Message-Id.
   */
  readonly begin?: ((startedAt: Date, planned: number | undefined, runId: string) => void) | undefined
  readonly take: (sample: Sample) => void
}

/**
 * How many messages the plan's segment has, unless its time alone ends the run.
 *
 * @since 0.1.0
 * @category running
 */
export const knownMessages = (plan: Plan): number | undefined =>
  Arrival.messagesOf(plan) === Arrival.unlimited ? undefined : RunBounds.ownMessages(plan)

/**
 * Samples the run from now on, as long as the scope lives; what it gives takes the last sample, which is shorter.
 *
 * Only its start is told by the time of day: a clock that is set back or on moves no sample.
 *
 * A sample that comes late, because the thread was busy, is longer; none is taken twice. The last one ends a millisecond after
 * the one before where a run goes on for less than that.
 *
 * @since 0.1.0
 * @category running
 */
export const start = (
  { ledger, plan, recorder }: Booking,
  { runId, startedAt }: RunIdentity,
  { begin, every = 1000, take }: Sampling
): Effect.Effect<Effect.Effect<void>, never, Scope.Scope> =>
  Effect.gen(function* () {
    begin?.(startedAt, knownMessages(plan), runId)
    const clock = yield* Effect.clock
    const monotonic = Watchdog.monotonic(clock)
    // The time of day is looked at once: it may be set back, or on, at any moment.
    const ahead = clock.unsafeCurrentTimeMillis() - monotonic()
    const timeOfDay = () => monotonic() + ahead
    const sinceStart = () => Math.max(0, Math.floor(timeOfDay() - startedAt.getTime()))
    const meter = new Meter(ledger, recorder, sinceStart())
    let boundary = Math.floor(timeOfDay() / every) * every
    let last = -1
    const sample = (at: number) => {
      if (at <= last) return
      last = at
      take(meter.take(at))
    }
    const next = Effect.suspend(() => {
      const time = timeOfDay()
      boundary = Math.max(boundary, Math.floor(time / every) * every) + every
      return Effect.sleep(Math.ceil(boundary - time))
    })
    yield* Effect.forkScoped(Effect.forever(Effect.map(next, () => sample(boundary - startedAt.getTime()))))
    return Effect.sync(() => {
      const at = sinceStart()
      if (at > last || meter.hasNews()) sample(Math.max(at, last + 1))
    })
  })
