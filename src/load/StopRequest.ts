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
import { Crowd, type Member } from "../smtp/Crowd.js"
import type { Deadlines, Expiring } from "../smtp/Wire.js"

interface Watcher extends Member {
  readonly onMade: () => void
}

/**
 * A request that is made once.
 *
 * @since 0.1.0
 * @category models
 */
export class StopRequest {
  private made = false
  private readonly watchers = new Crowd<Watcher>()

  /** Resumes when the request is made. */
  readonly awaited: Effect.Effect<void> = Effect.async((resume) => {
    const leave = this.watch(() => resume(Exit.void))
    return Effect.sync(leave)
  })

  /** Calls `onMade` when the request is made, at once if it was; what it gives back calls that off. */
  watch(onMade: () => void): () => void {
    const watcher: Watcher = { onMade, seat: undefined }
    if (this.made) onMade()
    else this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  isMade(): boolean {
    return this.made
  }

  make(): void {
    this.made = true
    for (const watcher of this.watchers) {
      // One that is called may call others off.
      if (!this.watchers.has(watcher)) continue
      this.watchers.delete(watcher)
      watcher.onMade()
    }
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
      const nap: Expiring = { deadline: deadlines.now() + milliseconds, expire: over, seat: undefined }
      const watcher: Watcher = { onMade: over, seat: undefined }
      const leave = () => {
        deadlines.remove(nap)
        this.watchers.delete(watcher)
      }
      deadlines.add(nap)
      if (this.made) over()
      else this.watchers.add(watcher)
      return Effect.sync(leave)
    })
  }
}
