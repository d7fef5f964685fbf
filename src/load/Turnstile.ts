/**
 * A waiting room: first come, first served, whatever it is that there is too little of.
 *
 * Who is let in takes its place itself. A place that was handed to a fiber which is interrupted in the same turn would be lost;
 * here it was only promised, and goes to the next. Effect's Semaphore is no help: it wakes all who wait for each permit, which for
 * ten thousand sessions is ten thousand turns, and in no order.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { StopRequest } from "./StopRequest.js"

/**
 * What `Effect.uninterruptibleMask` gives: makes an effect interruptible again where it was.
 *
 * @since 0.1.0
 * @category models
 */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * The waiting room. `free` tells how many places there are at the moment; who is let in has taken one when `take` returns.
 *
 * @since 0.1.0
 * @category models
 */
export class Turnstile<Place> {
  private readonly waiting = new Set<Waiter>()
  /** Those that may come in, and have not yet. */
  private promised = 0

  constructor(
    private readonly free: () => number,
    private readonly take: () => Place
  ) {}

  /** Takes a place where one is free, and nobody waits for it. */
  enterNow(): Place | undefined {
    return this.waiting.size === 0 && this.free() > this.promised ? this.take() : undefined
  }

  /**
   * Waits for a place and takes it; undefined where `unless` was made meanwhile. To be run where nothing interrupts it, so that
   * a place is never lost; `restore` lets interruption end the wait.
   */
  enter(restore: Restore, unless?: StopRequest | undefined): Effect.Effect<Place | undefined> {
    return Effect.suspend(() => {
      const free = this.enterNow()
      if (free !== undefined) return Exit.succeed(free)
      const waiter: Waiter = { resume: undefined, unwatch: undefined, promised: false }
      this.waiting.add(waiter)
      const turn = Effect.async<void>((resume) => {
        const go = () => resume(Exit.void)
        if (waiter.promised) return go()
        waiter.resume = go
        waiter.unwatch = unless?.watch(go)
      })
      return Effect.matchCauseEffect(restore(turn), {
        onFailure: (cause) => {
          this.leave(waiter)
          this.admit()
          return Effect.failCause(cause)
        },
        onSuccess: () => {
          this.leave(waiter)
          return Exit.succeed(waiter.promised ? this.take() : undefined)
        }
      })
    })
  }

  /** There may be more places than before: those who are next may come in. */
  admit(): void {
    if (this.waiting.size === 0) return
    let free = this.free() - this.promised
    for (const waiter of this.waiting) {
      if (free <= 0) return
      free--
      this.promised++
      waiter.promised = true
      this.waiting.delete(waiter)
      waiter.resume?.()
    }
  }

  private leave(waiter: Waiter): void {
    waiter.unwatch?.()
    if (waiter.promised) this.promised--
    else this.waiting.delete(waiter)
  }
}

interface Waiter {
  resume: (() => void) | undefined
  unwatch: (() => void) | undefined
  promised: boolean
}
