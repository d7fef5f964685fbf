/**
 * Watches for messages of a run to come to the next hop, for scenarios that ask.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Deliveries } from "../../measure/Deliveries.js"

/**
 * A message that has come to all that are asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Arrived {
  /** When the last of them had it. */
  readonly at: Date
  /** How long after the message was sent, or, in an open run, was due. Below nothing where the next hop's clock is behind. */
  readonly after: Duration.Duration
}

/**
 * What is known of a message: that it has come; that a notice says that it will not; that it came so long ago that nobody knows
 * when; or nothing yet.
 *
 * @since 0.1.0
 * @category models
 */
export type Sight = Arrived | "returned" | "forgotten" | undefined

/** How often those who wait are looked for, in milliseconds. */
const lookEvery = 10

interface Waiter {
  readonly look: () => Sight
  readonly resume: (sight: Exclude<Sight, undefined>) => void
}

/**
 * Watches the books of one run. One fiber looks for all who wait.
 *
 * @since 0.1.0
 * @category models
 */
export class ArrivalWatch {
  private readonly waiters = new Set<Waiter>()
  private isLooking = false

  /** The fiber ends with the scope. */
  constructor(
    private readonly deliveries: Deliveries,
    private readonly scope: Scope.Scope
  ) {}

  /** How many of the recipients of a message are told apart. */
  placesOf(recipients: number): number {
    return Math.min(recipients, this.deliveries.width)
  }

  /** What is known of these recipients of a message. */
  look(message: number, from: number, to: number): Sight {
    const { deliveries } = this
    let [last, sent] = [Number.NEGATIVE_INFINITY, 0]
    let isForgotten = false
    for (let place = from; place < to; place++) {
      if (!deliveries.hasCome(message, place)) return deliveries.hasReturned(message, place) ? "returned" : undefined
      const time = deliveries.timeOf(message, place)
      if (time === undefined) isForgotten = true
      else if (time.at > last) [last, sent] = [time.at, time.sentAt]
    }
    if (isForgotten) return "forgotten"
    return { at: new Date(last / 1000), after: Duration.millis((last - sent) / 1000) }
  }

  /** Waits until something is known of them. */
  wait(message: number, from: number, to: number): Effect.Effect<Exclude<Sight, undefined>> {
    const look = () => this.look(message, from, to)
    return Effect.suspend(() => {
      const sight = look()
      if (sight !== undefined) return Effect.succeed(sight)
      const waiting = Effect.async<Exclude<Sight, undefined>>((resume) => {
        const waiter = { look, resume: (sight: Exclude<Sight, undefined>) => resume(Exit.succeed(sight)) }
        this.waiters.add(waiter)
        return Effect.sync(() => this.waiters.delete(waiter))
      })
      if (this.isLooking) return waiting
      this.isLooking = true
      return Effect.zipRight(Effect.forkIn(Effect.interruptible(this.lookOut), this.scope), waiting)
    })
  }

  /** As long as anybody waits. */
  private readonly lookOut: Effect.Effect<void> = Effect.suspend(() => {
    for (const waiter of this.waiters) {
      const sight = waiter.look()
      if (sight === undefined) continue
      this.waiters.delete(waiter)
      waiter.resume(sight)
    }
    return Effect.sleep(lookEvery)
  }).pipe(
    Effect.repeat({ while: () => this.waiters.size > 0 }),
    Effect.ensuring(
      Effect.sync(() => {
        this.isLooking = false
      })
    )
  )
}
