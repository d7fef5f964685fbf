/**
 * Starts the messages of an open run when they are due, whether or not earlier ones were answered.
 *
 * One fiber sleeps until the next message is due and releases all that are, on Effect's Clock: on the live one, which counts
 * in milliseconds, a message may start a millisecond late, and never early. A message goes to the session that was idle for
 * the shortest time, so that few connections are kept warm. Where none is idle it waits for whichever is ready first: a session
 * that ends another message, or one that is begun and opens a connection, one for each message that waits. A session that was
 * begun for a message which another one took stays idle. Beyond the limit of sessions no more messages are taken until one is
 * free.
 *
 * A message is taken from the run's tickets when it is the next to be due, and no earlier: threads that share them hold one
 * each, and those that wait for connections.
 *
 * It is over 300 lines because messages that wait and sessions that are idle are one state.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { behindAfter } from "../measure/GeneratorHealth.js"
import type { Recorder } from "../measure/Recorder.js"
import type { Arrivals } from "../plan/Arrival.js"
import type { Tickets } from "./Tickets.js"

/**
 * A message that is due. Times are by the run's clock, in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Due {
  readonly message: number
  readonly at: number
  /** Since when a session was free for it: what is later than that is the generator's doing. */
  readonly free: number
  /** Whether it was begun before, over a connection that was of no use. */
  readonly again: boolean
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

/** A message that waits for a session to be ready. */
interface Waiting {
  readonly due: Due
  /** Whether the generator saw too late that it was due. */
  readonly behind: boolean
  /** Whether a session was begun for it. */
  owned: boolean
}

/** A connection is being opened for it, or it was begun before. */
const isUnderWay = ({ due, owned }: Waiting): boolean => owned || due.again

/**
 * The dispatcher of a run. `E` is what ends it.
 *
 * A session is begun for a message and opens its connection; then it calls `opened`, or `failed`. After that it asks for the
 * next message, again and again, and at last it has `left`.
 *
 * @since 0.1.0
 * @category models
 */
export class Dispatcher<E> {
  /** The sessions that wait for a message; the last one was free last. */
  private readonly idle: Array<(due: Due | undefined) => void> = []
  /** The messages that are due and that nobody has taken; the first one is due first. */
  private waiting: Array<Waiting> = []
  /** Those that were begun, and are to be begun once more. */
  private readonly begunBefore = new Map<number, Due>()
  private head: Due | undefined = undefined
  private sessions = 0
  /** How many of the sessions are not ready yet. */
  private opening = 0
  /** Since when a message is due and there are no more sessions to be had. */
  private starvedSince: number | undefined = undefined
  private over = false
  private timeIsOver = false
  private rouse: (() => void) | undefined = undefined

  /** `begin` forks a session for the message. */
  constructor(
    private readonly options: DispatcherOptions,
    private readonly ended: Deferred.Deferred<void, E>,
    private readonly begin: (due: Due) => Effect.Effect<unknown>
  ) {}

  /**
   * For a session that is free: the next message, when it is due; undefined where none is left. One that has just been opened
   * says for whom.
   */
  next(owner?: Due | undefined): Effect.Effect<Due | undefined> {
    return Effect.suspend(() => {
      const due = this.takeWaiting(owner) ?? this.takeOverdue()
      if (due !== undefined) return Exit.succeed(due)
      if (this.starvedSince !== undefined) this.awake()
      return this.over ? Exit.succeed(undefined) : this.wait
    })
  }

  private readonly wait = Effect.async<Due | undefined>((resume) => {
    const take = (due: Due | undefined) => resume(Exit.succeed(due))
    this.idle.push(take)
    return Effect.sync(() => {
      const place = this.idle.indexOf(take)
      if (place >= 0) this.idle.splice(place, 1)
    })
  })

  /** Hands out the messages until there are no more. */
  readonly dispatch: Effect.Effect<void> = Effect.suspend(() => {
    const self = this
    const { granularity, maxSessions, now } = this.options
    return Effect.gen(function* () {
      while (!self.over) {
        self.head ??= self.draw()
        const due = self.head
        if (due === undefined) return self.close("taken")
        const wait = due.at - now()
        if (wait > 0) {
          self.starvedSince = undefined
          yield* Effect.sleep(Math.ceil(wait / granularity) * granularity)
        } else if (self.idle.length > 0) {
          self.head = undefined
          self.idle.pop()?.(due)
        } else if (self.sessions < maxSessions || (self.waiting.length < self.opening && !self.timeIsOver)) {
          self.head = undefined
          const known = self.starvedSince === undefined ? due : self.waited(due, self.starvedSince)
          if (known === undefined) continue
          self.waiting.push({ due: known, behind: now() - known.free > behindAfter, owned: false })
          yield* self.beginAsNeeded
        } else if (self.timeIsOver) return self.close("stopped")
        else {
          self.starvedSince ??= now()
          yield* self.roused
        }
      }
    })
  })

  /** One more session for each message that waits and has none, as long as there are some to be had. */
  private readonly beginAsNeeded: Effect.Effect<void> = Effect.suspend(() => {
    if (this.opening >= this.waiting.length || this.sessions >= this.options.maxSessions) return Effect.void
    const next = this.waiting.find(({ owned }) => !owned)
    if (next === undefined) return Effect.void
    next.owned = true
    this.sessions++
    this.opening++
    return Effect.zipRight(this.begin(next.due), this.beginAsNeeded)
  })

  /** No session is to be had: the first that is free takes what is due, and says so when nothing is any more. */
  private readonly roused = Effect.async<void>((resume) => {
    this.rouse = () => {
      this.rouse = undefined
      resume(Exit.void)
    }
  })

  /** The messages that were begun before, and are not under way: whoever was to take one may have been interrupted. */
  begun(): ReadonlyArray<Due> {
    return [...this.begunBefore.values()]
  }

  private awake(): void {
    this.starvedSince = undefined
    this.rouse?.()
  }

  /** A session that was begun is ready. */
  opened(): void {
    this.opening--
  }

  /** A session that was begun is not ready, and ends. Gives the message that it was begun for, where that waits still. */
  failed(owner: Due): Due | undefined {
    this.opening--
    const place = this.placeOf(owner)
    return place < 0 ? undefined : this.waiting.splice(place, 1)[0]?.due
  }

  /** A message that was begun, and for which its connection was of no use, goes to whichever is ready first. */
  giveBack({ at, message }: Due): Effect.Effect<void> {
    const due = { message, at, free: this.options.now(), again: true }
    this.begunBefore.set(message, due)
    const take = this.idle.pop()
    if (take !== undefined) {
      take(due)
      return Effect.void
    }
    this.waiting.unshift({ due, behind: false, owned: false })
    return this.beginAsNeeded
  }

  /** The message is begun once more. */
  beginAgain({ message }: Due): void {
    this.begunBefore.delete(message)
  }

  /**
   * The time is over: what is due and waits for a session that is free, or for one to be had, is not begun. What is due now
   * still is, where there are sessions, and so is what a connection is being opened for.
   */
  timeOver(): void {
    this.timeIsOver = true
    if (this.starvedSince !== undefined) this.close("stopped")
    else this.waiting = this.waiting.filter(isUnderWay)
  }

  /** No more messages: the sessions end when they are free. Where all were `taken`, those that wait are sent still. */
  close(why: "taken" | "stopped"): void {
    this.over = true
    this.head = undefined
    if (why === "stopped") this.waiting = this.waiting.filter(isUnderWay)
    for (const take of this.idle.splice(0)) take(undefined)
    this.awake()
    this.endIfOver()
  }

  /** A session has ended; the first that fails ends them all. */
  left(exit: Exit.Exit<void, E>): Effect.Effect<void> {
    this.sessions--
    if (Exit.isFailure(exit)) {
      Deferred.unsafeDone(this.ended, exit)
      return Effect.void
    }
    this.rouse?.()
    this.endIfOver()
    return this.beginAsNeeded
  }

  /** Sessions that still open a connection when nothing is left to send are waited for no longer. */
  private endIfOver(): void {
    if (this.over && this.waiting.length === 0 && this.sessions === this.opening) {
      Deferred.unsafeDone(this.ended, Exit.void)
    }
  }

  private draw(): Due | undefined {
    const { arrivals, origin, tickets } = this.options
    const message = tickets.take()
    if (message === undefined) return undefined
    const at = origin + arrivals.dueAt(message)
    return { message, at, free: at, again: false }
  }

  private placeOf({ message }: Due): number {
    return this.waiting.findIndex(({ due }) => due.message === message)
  }

  /** The message that the session was begun for, or else the first that waits and is not too late for it. */
  private takeWaiting(owner: Due | undefined): Due | undefined {
    const { dropLate, now, recorder } = this.options
    const own = owner === undefined ? -1 : this.placeOf(owner)
    if (own >= 0) return this.waiting.splice(own, 1)[0]?.due
    while (this.waiting.length > 0) {
      const { behind, due } = this.waiting.shift()!
      const waited = now() - due.at
      if (due.again) return { ...due, free: now() }
      if (waited <= dropLate) {
        recorder.recordOwn("waited", "accepted", waited)
        return behind ? due : { ...due, free: now() }
      }
      recorder.dropped++
    }
    return undefined
  }

  /** What is due already while no session was to be had, and not too late. */
  private takeOverdue(): Due | undefined {
    const since = this.starvedSince
    if (since === undefined) return undefined
    const now = this.options.now()
    while (!this.over) {
      this.head ??= this.draw()
      const due = this.head
      if (due === undefined || due.at > now) return undefined
      this.head = undefined
      const known = this.waited(due, since)
      if (known !== undefined) return known
    }
    return undefined
  }

  /** The message, which was due while no session was to be had; undefined where that was for too long. */
  private waited(due: Due, since: number): Due | undefined {
    const { dropLate, recorder } = this.options
    const now = this.options.now()
    if (now - due.at > dropLate) {
      recorder.dropped++
      return undefined
    }
    // The process was stopped, or too busy to see that it was due, while there were sessions.
    if (since - due.at > behindAfter) return due
    recorder.late++
    return { ...due, free: now }
  }
}
