/**
 * Where a run's connections are let in: a limited number on their way at a time, and a limited number in a second.
 *
 * How many may be on their way is learnt from the server (`ConnectWindow`). First come, first served.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Deadlines, Expiring } from "../smtp/Wire.js"
import { ConnectWindow } from "./ConnectWindow.js"
import type { StopRequest } from "./StopRequest.js"
import { type Restore, Turnstile } from "./Turnstile.js"

/**
 * A place in the gate, for one connection. To leave twice is harmless.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  /**
   * Waits for the time to connect once more, where there is a rate. It is run where nothing interrupts it, but for what is
   * restored.
   */
  readonly turn: (restore: Restore) => Effect.Effect<unknown>
  /** An attempt to connect begins. */
  readonly connecting: () => void
  /** The connection stands, and its greeting is awaited from now on. */
  readonly connected: () => void
  /** It was greeted, or refused: the server has taken it in. */
  readonly greeted: () => void
  /** Nothing came of it. */
  readonly leave: () => void
}

/**
 * Nobody is let in any more.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shut {
  readonly _tag: "Shut"
}

/**
 * What `pass` gives to those who waited in vain.
 *
 * @since 0.1.0
 * @category constants
 */
export const shut: Shut = { _tag: "Shut" }

/**
 * The gate of a run.
 *
 * @since 0.1.0
 * @category models
 */
export class ConnectGate {
  private readonly window: ConnectWindow
  private readonly places: Turnstile<GatePlace>
  /** The milliseconds between two connects, and when the next one may be. */
  private readonly interval: number
  private nextAt: number
  /** Somebody waits for the time to connect. */
  private pacing = false
  private readonly line: Turnstile<true>

  /** At most `places` connections are on their way at a time, and `rate` are begun in a second, the first one `after` milliseconds from now. */
  constructor(
    places: number,
    private readonly deadlines: Deadlines,
    rate: number = Number.POSITIVE_INFINITY,
    after: number = 0
  ) {
    this.interval = 1000 / rate
    this.nextAt = deadlines.now() + after
    this.window = new ConnectWindow(places)
    this.places = new Turnstile(
      () => this.window.free(),
      () => new GatePlace(this, this.window, deadlines)
    )
    this.line = new Turnstile(
      () => (this.pacing ? 0 : 1),
      () => {
        this.pacing = true
        return true
      }
    )
  }

  /**
   * Waits for a place, and opens a connection with it; gives `shut` where `unless` was made meanwhile. Interruption leaves the
   * queue. What `open` does with the place and with what it has opened is not interrupted, but for what it restores; where it
   * fails, the place is left.
   */
  pass<A, E, R>(open: (place: Place, restore: Restore) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
  pass<A, E, R>(
    open: (place: Place, restore: Restore) => Effect.Effect<A, E, R>,
    unless: StopRequest | undefined
  ): Effect.Effect<A | Shut, E, R>
  pass<A, E, R>(
    open: (place: Place, restore: Restore) => Effect.Effect<A, E, R>,
    unless?: StopRequest | undefined
  ): Effect.Effect<A | Shut, E, R> {
    return Effect.uninterruptibleMask((restore) => {
      if (unless?.isMade() === true) return Exit.succeed(shut)
      const free = this.places.enterNow()
      // Nobody waits, and nothing has to be waited for: the usual case, which each connection goes through.
      if (free !== undefined && this.interval === 0) return leaving(free, () => open(free, restore))
      const entered = free === undefined ? this.places.enter(restore, unless) : Exit.succeed(free)
      return Effect.flatMap(entered, (place): Effect.Effect<A | Shut, E, R> => {
        if (place === undefined) return Exit.succeed(shut)
        return leaving(place, () =>
          Effect.flatMap(this.turn(restore, unless), (come): Effect.Effect<A | Shut, E, R> => {
            if (come) return open(place, restore)
            place.leave()
            return Exit.succeed(shut)
          })
        )
      })
    })
  }

  /** There may be room for more. */
  admit(): void {
    this.places.admit()
  }

  /** Waits for the time to connect; false where `unless` was made meanwhile. A time that nobody used goes to the next. */
  turn(restore: Restore, unless?: StopRequest | undefined): Effect.Effect<boolean> {
    if (this.interval === 0) return come
    const came = this.deadlines.now()
    return Effect.flatMap(this.line.enter(restore, unless), (first) => {
      if (first === undefined) return Exit.succeed(false)
      const at = Math.max(came, this.nextAt)
      const wait = at - this.deadlines.now()
      const sleep = wait > 0 ? Effect.as(Effect.sleep(wait), true) : come
      const over = unless === undefined ? Effect.never : Effect.as(unless.awaited, false)
      return Effect.onExit(wait > 0 ? restore(Effect.raceFirst(sleep, over)) : come, (exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit) && exit.value) this.nextAt = at + this.interval
          this.pacing = false
          this.line.admit()
        })
      )
    })
  }
}

/** Gives the place up where what goes through the gate fails. */
const leaving = <A, E, R>(place: Place, through: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.catchAllCause(Effect.suspend(through), (cause) => {
    place.leave()
    return Exit.failCause(cause)
  })

const come = Effect.succeed(true)

class GatePlace implements Place, Expiring {
  deadline = Number.POSITIVE_INFINITY
  seat: number | undefined = undefined
  private readonly entrant: ReturnType<ConnectWindow["begin"]>

  constructor(
    private readonly gate: ConnectGate,
    private readonly window: ConnectWindow,
    private readonly deadlines: Deadlines
  ) {
    this.entrant = window.begin()
  }

  turn(restore: Restore): Effect.Effect<unknown> {
    return this.gate.turn(restore)
  }

  connecting(): void {
    this.window.connecting(this.entrant, this.deadlines.now())
    this.watch()
  }

  connected(): void {
    this.window.connected(this.entrant, this.deadlines.now())
    this.watch()
  }

  greeted(): void {
    this.window.greeted(this.entrant, this.deadlines.now())
    this.done()
  }

  leave(): void {
    this.window.end(this.entrant)
    this.done()
  }

  expire(): void {
    this.window.waited(this.entrant, this.deadlines.now())
    if (this.entrant.over) return this.done()
    this.watch()
    this.gate.admit()
  }

  private watch(): void {
    this.deadline = this.entrant.deadline
    this.deadlines.add(this)
  }

  private done(): void {
    this.deadline = Number.POSITIVE_INFINITY
    this.deadlines.remove(this)
    this.gate.admit()
  }
}
