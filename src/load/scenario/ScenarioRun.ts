/**
 * What the sessions of a scenario have in common, and what they make in common.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Scope from "effect/Scope"
import type { Ending } from "../../measure/Recorder.js"
import type { SharedRun } from "../SharedRun.js"
import type { ArrivalWatch } from "./ArrivalWatch.js"

/**
 * What the sessions of a scenario have in common.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScenarioRun {
  readonly run: SharedRun
  /** When the sessions began, by the run's clock. */
  readonly begun: number
  /** The number in the whole run of the segment's session of this number. */
  readonly numberOf: (session: number) => number
  readonly seed: string
  readonly scope: Scope.Scope
  readonly onMeasured: ((name: string, ending: Ending, elapsed: number) => void) | undefined
  readonly arrivals: ArrivalWatch | undefined
  readonly shared: Map<object, unknown>
  /** How many messages may still be taken by who would never end: one, where the plan does not say. */
  endless: number
  /** Whether a message was taken; and whether a source had no more. */
  taken: boolean
  exhausted: boolean
  /** How often a message was accepted that had been accepted before. */
  acceptedAgain: number
}

/**
 * What all sessions share under a key. The first who asks has it made in a fiber of its own, so that whoever waits can be
 * interrupted without taking it from the others. The fiber ends with the run at the latest.
 *
 * @since 0.1.0
 * @category running
 */
export const share = <A, E, R>(
  { scope, shared }: ScenarioRun,
  key: object,
  make: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, Scope.Scope>> =>
  Effect.suspend(() => {
    // The key stands for one kind of thing: only its owner has it.
    const known = shared.get(key) as Deferred.Deferred<A, E> | undefined
    if (known !== undefined) return Deferred.await(known)
    const made = Deferred.unsafeMake<A, E>(FiberId.none)
    shared.set(key, made)
    const making = Effect.interruptible(Effect.intoDeferred(Scope.extend(make, scope), made))
    return Effect.zipRight(Effect.forkIn(making, scope), Deferred.await(made))
  })
