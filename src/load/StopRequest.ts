/**
 * The request to stop a run, and all who wait for it.
 *
 * Ten thousand sessions that pause wait for it, and leave again when their pause is over: that costs the same for each of
 * them, however many there are (a Deferred looks through all that wait whenever one leaves).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Deadlines, Expiring } from "../smtp/Wire.js"

/**
 * A request that is made once.
 *
 * @since 0.1.0
 * @category models
 */
export class StopRequest {
  private made = false
  private readonly watchers = new Set<() => void>()

  /** Resumes when the request is made. */
  readonly awaited: Effect.Effect<void> = Effect.async((resume) => {
    const leave = this.watch(() => resume(Exit.void))
    return Effect.sync(leave)
  })

  /** Calls `onMade` when the request is made, at once if it was; what it gives back calls that off. */
  watch(onMade: () => void): () => void {
    if (this.made) onMade()
    else this.watchers.add(onMade)
    return () => {
      this.watchers.delete(onMade)
    }
  }

  isMade(): boolean {
    return this.made
  }

  make(): void {
    this.made = true
    for (const onMade of this.watchers) onMade()
    this.watchers.clear()
  }

  /**
   * Waits for this many milliseconds, or until the request is made. It is the watchdog that keeps the time: a fiber that
   * sleeps, and another that waits for the request, would be two more for each session that pauses.
   */
  pause(milliseconds: number, deadlines: Deadlines): Effect.Effect<void> {
    if (milliseconds === 0) return Effect.void
    return Effect.async((resume) => {
      const over = () => {
        leave()
        resume(Exit.void)
      }
      const nap: Expiring = { deadline: deadlines.now() + milliseconds, expire: over }
      const leave = () => {
        deadlines.remove(nap)
        this.watchers.delete(over)
      }
      deadlines.add(nap)
      this.watch(over)
      return Effect.sync(leave)
    })
  }
}
