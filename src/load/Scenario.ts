/**
 * Sessions whose dialogue is a program of the user's own, composed of the steps in `Dialogue` or of anything else over a
 * wire, run as a plan's sessions are: behind the gate, under the watchdog, measured, and with the same books.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Message from "../plan/Message.js"
import type { Plan } from "../plan/Plan.js"
import * as Dialogue from "../smtp/Dialogue.js"
import type { Outcome } from "../smtp/Outcome.js"
import * as Settlement from "../smtp/Settlement.js"
import type { ConnectFailed } from "../smtp/SmtpError.js"
import type { Connector, Wire } from "../smtp/Wire.js"
import * as Load from "./Load.js"
import * as RunScheduler from "./RunScheduler.js"
import type { SharedRun } from "./SharedRun.js"

/**
 * What a session's program is given.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScenarioSession {
  /** From 0. */
  readonly number: number
  /** Opens a connection, not greeted yet, and closes it with the scope. It waits at the run's gate. */
  readonly connect: Effect.Effect<Wire, ConnectFailed, Scope.Scope>
  /**
   * Sends the next message of the plan over a connection that stands, greeted and introduced, and books how it ended. None
   * where no message is left. An interruption is booked too.
   */
  readonly send: (wire: Wire) => Effect.Effect<Option.Option<Outcome>>
  /** Measures a step of one's own under its own name: `accepted` if it succeeds, `failed` if not. */
  readonly measure: <A, E, R>(name: string, step: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/**
 * A session's program.
 *
 * @since 0.1.0
 * @category models
 */
export type Scenario<A, E, R> = (session: ScenarioSession) => Effect.Effect<A, E, R>

/**
 * What happened, and how each session's program ended, in the order of their numbers.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScenarioResult<A, E> extends Load.RunResult {
  readonly sessions: ReadonlyArray<Exit.Exit<A, E>>
}

/**
 * Runs the program in each of the plan's sessions, in parallel, and tells what happened. A session that fails does not end
 * the others.
 *
 * Interruption is prompt and closes all connections. A program holds functions, so that it stays in this thread.
 *
 * @since 0.1.0
 * @category running
 * @example
 * import { Dialogue, NodeServices, Plan, Scenario } from "smtp-source"
 * import * as Effect from "effect/Effect"
 *
 * const plan = Plan.make({ target: "localhost:2525", sessions: 10 })
 *
 * // What does a server take for a greeting alone?
 * const greetings = Scenario.run(plan, (session) =>
 *   Effect.scoped(
 *     Effect.gen(function* () {
 *       const wire = yield* session.connect
 *       yield* Dialogue.greeting(wire)
 *       yield* Dialogue.hello(wire, "EHLO", "client.example")
 *       yield* session.measure("noop", Dialogue.ask(wire, "rset", "NOOP\r\n"))
 *       yield* Dialogue.quit(wire)
 *     })
 *   )
 * )
 *
 * export const program = Effect.provide(greetings, NodeServices.layer)
 */
export const run = <A, E, R>(
  plan: Plan,
  scenario: Scenario<A, E, R>,
  options: Load.RunOptions = {}
): Effect.Effect<ScenarioResult<A, E>, Load.RunError, Connector | FileSystem | R> =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* Message.readFile(plan)
      const identity = yield* Load.identify(plan)
      const part = { ...Load.whole(plan, identity, file), sessions: plan.sessions }
      const shared = yield* Load.share(plan, part, options)
      const { ledger, recorder, tickets } = shared
      const { now } = shared.connectOptions.deadlines
      const begun = now()
      const numbers = Array.from({ length: plan.sessions }, (_, number) => number)
      const sessions = yield* Effect.forEach(numbers, (number) => Effect.exit(scenario(sessionOf(shared, number))), {
        concurrency: plan.sessions
      })
      const elapsed = now() - begun
      ledger.add("notStarted", plan.messages - ledger.started)
      const stopped = tickets.isClosed()
      const { startedAt } = identity
      return { accounting: ledger, recorder, startedAt, elapsed, endedBy: Option.none(), stopped, sessions }
    })
  ).pipe(RunScheduler.provide)

const sessionOf = (shared: SharedRun, number: number): ScenarioSession => {
  const { addresses, connectOptions, connector, contentOf, gate, ledger, onOutcome, plan, recorder, target, tickets } =
    shared
  const { now } = connectOptions.deadlines
  const options: Settlement.TransactionOptions = { lmtp: plan.lmtp, afterUnexpected: "strict" }
  const open = Effect.flatMap(gate.enter, (place) =>
    Effect.suspend(() => {
      const begun = now()
      return Effect.onExit(connector.connect(target, connectOptions), (exit) =>
        Effect.sync(() => {
          recorder.record("connect", Exit.isSuccess(exit) ? "accepted" : "failed", now() - begun)
          place.leave()
        })
      )
    })
  )
  return {
    number,
    connect: Effect.acquireRelease(Effect.interruptible(open), (wire) => Effect.sync(() => wire.close(plan.close))),
    send: (wire) =>
      Effect.suspend(() => {
        const message = tickets.take()
        if (message === undefined) return Effect.succeedNone
        ledger.start()
        const progress: Settlement.Progress = { offered: 0, refused: 0 }
        const content = contentOf(message)
        const begun = now()
        return Dialogue.transaction(
          wire,
          { mail: addresses.mail, rcpts: addresses.rcpts(message), content },
          options,
          progress
        ).pipe(
          Effect.map((outcome) => {
            const ending =
              outcome._tag === "Accepted" ? "accepted" : outcome._tag === "Rejected" ? "rejected" : "failed"
            recorder.record("transaction", ending, now() - begun)
            onOutcome(message, outcome, false)
            return Option.some(outcome)
          }),
          Effect.onInterrupt(() =>
            Effect.sync(() => onOutcome(message, Settlement.broken(Settlement.interruption(wire), progress), false))
          )
        )
      }),
    measure: (name, step) =>
      Effect.suspend(() => {
        const begun = now()
        return Effect.onExit(step, (exit) =>
          Effect.sync(() => recorder.recordOwn(name, Exit.isSuccess(exit) ? "accepted" : "failed", now() - begun))
        )
      })
  }
}
