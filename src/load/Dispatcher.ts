/**
 * Starts the messages of an open run when they are due, whether or not earlier ones were answered.
 *
 * One fiber sleeps until the next message is due and releases all that are, on Effect's Clock: on the live one, which counts
 * in milliseconds, a message may start a millisecond late, and never early. A message goes to the session that was idle for
 * the shortest time, so that few connections are kept warm; only where none is idle is one more session begun, up to the
 * limit. Beyond that the next message waits for the first session that becomes free, which takes it by itself.
 *
 * A message is taken from the run's tickets when it is the next to be due, and no earlier: threads that share them hold one
 * each.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Recorder } from "../measure/Recorder.js"
import type { Arrivals } from "../plan/Arrival.js"
import type { Tickets } from "./Tickets.js"

/**
 * A message, and when it is due, by the run's clock in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Due {
  readonly message: number
  readonly at: number
  /** Whether no session was free when it was due. */
  readonly waited: boolean
}

/**
 * What a dispatcher works with. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface DispatcherOptions {
  readonly arrivals: Arrivals
  readonly tickets: Tickets
  readonly recorder: Recorder
  readonly now: () => number
  /** The moment from which due times count. */
  readonly origin: number
  /** The least that the clock can sleep for. */
  readonly granularity: number
  readonly maxSessions: number
  /** How late a message that waits for a session may start. */
  readonly dropLate: number
}

/**
 * The dispatcher of a run. `E` is what ends it.
 *
 * @since 0.1.0
 * @category models
 */
export class Dispatcher<E> {
  /** The sessions that wait for a message; the last one was free last. */
  private readonly idle: Array<(due: Due | undefined) => void> = []
  private head: Due | undefined = undefined
  private sessions = 0
  /** A message was due, and no session free. */
  private starved = false
  private over = false
  private rouse: (() => void) | undefined = undefined

  constructor(
    private readonly options: DispatcherOptions,
    private readonly ended: Deferred.Deferred<void, E>
  ) {}

  /** For a session that is free: the next message, when it is due; undefined where none is left. */
  readonly next: Effect.Effect<Due | undefined> = Effect.suspend(() => {
    if (this.starved) {
      const due = this.overdue()
      if (due !== undefined) {
        this.options.recorder.late++
        return Exit.succeed({ ...due, waited: true })
      }
      this.starved = false
      this.rouse?.()
    }
    return this.over ? Exit.succeed(undefined) : this.wait
  })

  private readonly wait = Effect.async<Due | undefined>((resume) => {
    const take = (due: Due | undefined) => resume(Exit.succeed(due))
    this.idle.push(take)
    return Effect.sync(() => {
      const place = this.idle.indexOf(take)
      if (place >= 0) this.idle.splice(place, 1)
    })
  })

  /** Hands out the messages until there are no more. `begin` forks a session with its first message. */
  readonly dispatch = <R>(begin: (first: Due) => Effect.Effect<unknown, never, R>): Effect.Effect<void, never, R> => {
    const self = this
    const { granularity, maxSessions, now } = this.options
    return Effect.gen(function* () {
      while (!self.over) {
        self.head ??= self.draw()
        const due = self.head
        if (due === undefined) return self.close()
        const wait = due.at - now()
        if (wait > 0) yield* Effect.sleep(Math.ceil(wait / granularity) * granularity)
        else if (self.idle.length > 0) {
          self.head = undefined
          self.idle.pop()?.(due)
        } else if (self.sessions < maxSessions) {
          self.head = undefined
          self.sessions++
          yield* begin(due)
        } else yield* self.starve
      }
    })
  }

  /** No session is free: the first that is takes what is due, and says so when nothing is any more. */
  private readonly starve = Effect.async<void>((resume) => {
    this.starved = true
    this.rouse = () => {
      this.rouse = undefined
      resume(Exit.void)
    }
  })

  /** No more messages: the sessions end when they are free. */
  close(): void {
    this.over = true
    this.head = undefined
    for (const take of this.idle.splice(0)) take(undefined)
    this.rouse?.()
    if (this.sessions === 0) Deferred.unsafeDone(this.ended, Exit.void)
  }

  /** A session has ended; the first that fails ends them all. */
  left(exit: Exit.Exit<void, E>): void {
    this.sessions--
    if (Exit.isFailure(exit)) Deferred.unsafeDone(this.ended, exit)
    else if (this.over && this.sessions === 0) Deferred.unsafeDone(this.ended, Exit.void)
  }

  private draw(): Due | undefined {
    const { arrivals, origin, tickets } = this.options
    const message = tickets.take()
    return message === undefined ? undefined : { message, at: origin + arrivals.dueAt(message), waited: false }
  }

  /** What is due already, and not too late. */
  private overdue(): Due | undefined {
    const { dropLate, recorder } = this.options
    const now = this.options.now()
    while (!this.over) {
      this.head ??= this.draw()
      const due = this.head
      if (due === undefined || due.at > now) return undefined
      this.head = undefined
      if (now - due.at <= dropLate) return due
      recorder.dropped++
    }
    return undefined
  }
}
