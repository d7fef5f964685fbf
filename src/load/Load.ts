/**
 * Runs a plan: sessions as fibers in one scope, until every message has come to its end.
 *
 * What the server does is data in the result. What `run` fails with was wrong before anything was sent.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as Accounting from "../measure/Accounting.js"
import { Recorder } from "../measure/Recorder.js"
import * as Address from "../plan/Address.js"
import * as Message from "../plan/Message.js"
import * as Pause from "../plan/Pause.js"
import type { Plan } from "../plan/Plan.js"
import type * as Outcome from "../smtp/Outcome.js"
import type { ConnectFailed, SmtpError } from "../smtp/SmtpError.js"
import * as Target from "../smtp/Target.js"
import { Connector, type WireObserver } from "../smtp/Wire.js"
import { ConnectGate } from "./ConnectGate.js"
import * as Session from "./Session.js"
import type { SharedRun } from "./SharedRun.js"
import * as Tickets from "./Tickets.js"
import * as Watchdog from "./Watchdog.js"

/**
 * Who listens while a run goes on, and how it is stopped. The listeners are called on the hot path: they return soon and
 * do not throw.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunOptions {
  /** Resumes when the run is to stop: no more messages begin, and those under way have `plan.drain` seconds to end. */
  readonly stopping?: Effect.Effect<unknown> | undefined
  /** Resumes when a run that is stopping is to wait no longer. */
  readonly hurrying?: Effect.Effect<unknown> | undefined
  /** The dialogue, as it goes: commands and replies, without the content. */
  readonly onTrace?: WireObserver["onTrace"]
  /** The final dot of a message was handed over. */
  readonly onContentSent?: (() => void) | undefined
  readonly onOutcome?: ((message: number, outcome: Outcome.Outcome) => void) | undefined
  /** A connect failed, and is tried again. */
  readonly onConnectRetry?: ((error: ConnectFailed) => void) | undefined
}

/**
 * What happened. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunResult {
  readonly accounting: Accounting.Accounting
  /** The durations, by step and ending. */
  readonly recorder: Recorder
  readonly startedAt: Date
  readonly elapsed: number
  /** What ended the run before its last message; nothing if it came to its end, or was stopped. */
  readonly endedBy: Option.Option<SmtpError>
  /** Whether it was asked to stop. */
  readonly stopped: boolean
}

/**
 * The plan names no target.
 *
 * @since 0.1.0
 * @category errors
 */
export type RunError = Message.FileUnusable

// A busy fiber under the default scheduler (2048 operations) keeps timers and sockets waiting for half a second.
const operationsBeforeYield = 32

/**
 * Runs the plan to its end and tells what happened.
 *
 * Interruption is prompt: connections are reset. To end a run with its books, use `stopping`.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (plan: Plan, options: RunOptions = {}): Effect.Effect<RunResult, RunError, Connector | FileSystem> =>
  Effect.scoped(
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const connector = yield* Connector
      const file = yield* Message.readFile(plan)
      const deadlines = yield* Watchdog.make
      const startedAt = new Date(clock.unsafeCurrentTimeMillis())
      const helloName = plan.helloName ?? "localhost"
      const runId = `${startedAt.getTime().toString(16)}.${(yield* Random.nextIntBetween(0, 0x7fff_ffff)).toString(16)}`
      const addresses = Address.make(plan, helloName)
      const ledger = Accounting.make(plan.messages)
      const recorder = new Recorder(options.onTrace, options.onContentSent)
      const tickets = Tickets.make(plan.messages)
      const { onOutcome } = options
      const stopping = Effect.asVoid(options.stopping ?? Effect.never)
      const shared: SharedRun = {
        plan,
        target: Either.getOrThrow(Target.parse(plan.target ?? "localhost")),
        helloName,
        connector,
        connectOptions: {
          deadlines,
          observer: recorder,
          timeout: plan.timeout * 1000,
          family: plan.family,
          windowSize: plan.windowSize
        },
        tickets,
        gate: new ConnectGate(plan.connecting, deadlines),
        recorder,
        addresses,
        contentOf: Message.make(plan, addresses, { helloName, runId, startedAt }, file),
        pauseBefore: Pause.make(plan, plan.seed ?? runId),
        stopping,
        ledger,
        onConnectRetry: options.onConnectRetry ?? (() => {}),
        onOutcome: (message, outcome) => {
          ledger.book(outcome)
          onOutcome?.(message, outcome)
        }
      }

      const begun = deadlines.now()
      const exit = yield* Effect.exit(withStop(sessions(shared), shared, options.hurrying ?? Effect.never))
      const elapsed = deadlines.now() - begun
      if (Exit.isFailure(exit) && Option.isNone(Cause.failureOption(exit.cause))) {
        return yield* Effect.failCause(exit.cause as Cause.Cause<never>)
      }
      ledger.add("notStarted", plan.messages - ledger.started)
      const endedBy = Exit.isFailure(exit)
        ? Option.map(Cause.failureOption(exit.cause), ({ error }) => error)
        : Option.none()
      return { accounting: ledger, recorder, startedAt, elapsed, endedBy, stopped: tickets.isClosed() }
    })
  ).pipe(Effect.withScheduler(new Scheduler.MixedScheduler(operationsBeforeYield)))

/** One fiber for each session that has a message to begin with; the first that ends the run ends them all. */
const sessions = (shared: SharedRun): Effect.Effect<void, Session.RunEnded> => {
  const count = Math.min(shared.plan.sessions, shared.plan.messages)
  return Effect.forEach(Array.from({ length: count }), () => Session.run(shared), {
    concurrency: count,
    discard: true
  })
}

/** Asked to stop, the run begins no more messages, and ends those under way when their time is up. */
const withStop = <E>(
  run: Effect.Effect<void, E>,
  { plan, stopping, tickets }: SharedRun,
  hurrying: Effect.Effect<unknown>
): Effect.Effect<unknown, E> => {
  const stop = Effect.flatMap(stopping, () => {
    tickets.close()
    return Effect.raceFirst(Effect.sleep(plan.drain * 1000), hurrying)
  })
  return Effect.raceFirst(run, stop)
}
