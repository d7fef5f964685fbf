/**
 * Bounds the connections that are being opened: begun, and not greeted yet.
 *
 * A connection whose greeting is slow gives its place back after a second, so that slow greeters do not make a run
 * sequential. First come, first served.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Deadlines, Expiring } from "../smtp/Wire.js"

/** How long a connection that is open keeps its place while its greeting does not come, in milliseconds. */
const patience = 1000

/**
 * A place in the gate. To leave twice is harmless.
 *
 * @since 0.1.0
 * @category models
 */
export class Place implements Expiring {
  deadline = Number.POSITIVE_INFINITY
  private held = true

  constructor(
    private readonly gate: ConnectGate,
    private readonly deadlines: Deadlines
  ) {}

  /** The connection is open, and its greeting is awaited from now on. */
  connected(): void {
    this.deadline = this.deadlines.now() + patience
    this.deadlines.add(this)
  }

  leave(): void {
    if (!this.held) return
    this.held = false
    this.deadlines.remove(this)
    this.gate.release()
  }

  expire(): void {
    this.leave()
  }
}

/**
 * The gate of a run.
 *
 * @since 0.1.0
 * @category models
 */
export class ConnectGate {
  private free: number
  private readonly queue: Set<(place: Effect.Effect<Place>) => void> = new Set()

  /** The milliseconds between two openings, and when the next one may be. */
  private readonly interval: number
  private nextAt = 0

  /** `rate` bounds the openings in a second. */
  constructor(
    places: number,
    private readonly deadlines: Deadlines,
    rate: number = Number.POSITIVE_INFINITY
  ) {
    this.free = places
    this.interval = 1000 / rate
  }

  /** Waits for a place, and for the time to open one more connection. Interruption leaves the queue. */
  readonly enter: Effect.Effect<Place> = Effect.suspend(() => {
    if (this.interval === 0) return this.place
    const now = this.deadlines.now()
    const at = Math.max(now, this.nextAt)
    this.nextAt = at + this.interval
    return at > now ? Effect.zipRight(Effect.sleep(at - now), this.place) : this.place
  })

  private readonly place: Effect.Effect<Place> = Effect.suspend(() => {
    if (this.free > 0) {
      this.free--
      return Exit.succeed(new Place(this, this.deadlines))
    }
    return Effect.async<Place>((resume) => {
      this.queue.add(resume)
      return Effect.sync(() => {
        this.queue.delete(resume)
      })
    })
  })

  release(): void {
    for (const resume of this.queue) {
      this.queue.delete(resume)
      return resume(Exit.succeed(new Place(this, this.deadlines)))
    }
    this.free++
  }
}
