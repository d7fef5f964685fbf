/**
 * Runs a scenario in sessions: once in each of the plan's; or, where the plan has a rate or stages, once for each message that
 * is due, in as many sessions as that needs.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Due } from "../Dispatcher.js"
import * as OpenRun from "../OpenRun.js"
import { endingOf, isNone } from "./ScenarioMeasure.js"
import type { ScenarioRun } from "./ScenarioRun.js"
import * as ScenarioSession from "./ScenarioSession.js"

/**
 * How often the scenario was begun, and how often it failed or died of a defect. What was interrupted at the end of the run
 * is not a failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface Scenarios {
  readonly begun: number
  readonly failed: number
}

/**
 * How the sessions' scenarios ended.
 *
 * @since 0.1.0
 * @category models
 */
export class ScenarioEnds<A, E> implements Scenarios {
  begun = 0
  failed = 0
  /** By the sessions' numbers, in the segment; of several in one session, the last. */
  readonly sessions: Array<Exit.Exit<A, E>> = []

  constructor(private readonly run: ScenarioRun) {}

  add(session: number, exit: Exit.Exit<A, E>): void {
    this.sessions[session] = exit
    if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return
    this.failed++
    this.run.run.onSessionFailed(exit.cause)
  }
}

type Own<R> = Exclude<Exclude<R, ScenarioSession.ScenarioSession>, Scope.Scope>

/**
 * In this many sessions, in parallel. A session that fails does not end the others.
 *
 * @since 0.1.0
 * @category running
 */
export const each = <A, E, R>(
  run: ScenarioRun,
  scenario: Effect.Effect<A, E, R>,
  sessions: number,
  ends: ScenarioEnds<A, E>
): Effect.Effect<void, never, Own<R>> => {
  const numbers = Array.from({ length: sessions }, (_, number) => number)
  const one = (number: number) =>
    Effect.scoped(
      Effect.flatMap(Effect.scope, (scope) => {
        ends.begun++
        return provide(scenario, ScenarioSession.make(run, number, scope))
      })
    ).pipe(
      Effect.onExit((exit) => Effect.sync(() => ends.add(number, exit))),
      Effect.exit
    )
  return Effect.forEach(numbers, one, { concurrency: sessions, discard: true })
}

const provide = <A, E, R>(scenario: Effect.Effect<A, E, R>, session: ScenarioSession.Session) =>
  Effect.provideService(scenario, ScenarioSession.ScenarioSession, session)

/**
 * Once for each message that is due. The time from then to the scenario's end is measured as `scenario`.
 *
 * @since 0.1.0
 * @category running
 */
export const whenDue = <A, E, R>(
  run: ScenarioRun,
  scenario: Effect.Effect<A, E, R>,
  options: OpenRun.OpenOptions,
  ends: ScenarioEnds<A, E>
): Effect.Effect<void, never, Own<R>> => {
  const { connectOptions, recorder } = run.run
  const { now } = connectOptions.deadlines
  let sessions = 0
  const one = (session: ScenarioSession.RunningSession, number: number, { at }: Due, foundNone: number) =>
    Effect.scoped(provide(scenario, session)).pipe(
      Effect.onExit((exit) => {
        ends.add(number, exit)
        if (Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)) return Effect.void
        const idle = isNone(exit) && session.foundNone() > foundNone
        if (at >= recorder.measuresFrom && !idle) recorder.recordOwn("scenario", endingOf(exit), now() - at)
        // What a scenario that fails leaves behind may be in the middle of a dialogue.
        return Exit.isFailure(exit) ? session.letGo(exit) : Effect.void
      }),
      Effect.exit
    )
  return OpenRun.serve(run.run, options, (dispatcher, owner) =>
    Effect.scoped(
      Effect.gen(function* () {
        const number = sessions++
        const session = ScenarioSession.make(run, number, yield* Effect.scope)
        // It is the scenario that opens connections: the session is ready at once.
        dispatcher.opened()
        let due = yield* dispatcher.next(owner)
        while (due !== undefined) {
          ends.begun++
          session.begin(due)
          yield* one(session, number, due, session.foundNone())
          due = yield* dispatcher.next()
        }
      })
    )
  )
}
