/**
 * The sessions of an open run: each sends the messages that are due to it, one by one, and waits for the next.
 *
 * A message's transaction is measured from when it was due: where the server is slow, or no session free, the wait is the
 * message's, and not lost (coordinated omission). Beside it, under names of their own, stand `service`, from when a session
 * took it up, and `start`, by how much later that was than when it was due. Both include the opening of a connection.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { behindAfter } from "../measure/GeneratorHealth.js"
import { StageTally } from "../measure/StageTally.js"
import type { Arrivals } from "../plan/Arrival.js"
import { isIntended, type Outcome } from "../smtp/Outcome.js"
import type * as Settlement from "../smtp/Settlement.js"
import type { SmtpError } from "../smtp/SmtpError.js"
import type { Script } from "../smtp/Wire.js"
import * as Connection from "./Connection.js"
import { Dispatcher, type Due } from "./Dispatcher.js"
import * as Session from "./Session.js"
import type { SharedRun } from "./SharedRun.js"

/**
 * How an open run goes. Times are in milliseconds, by the run's clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenOptions {
  readonly arrivals: Arrivals
  /** The moment from which due times count. */
  readonly origin: number
  /** The least that the clock can sleep for. */
  readonly granularity: number
  readonly maxSessions: number
}

/**
 * Runs until every message has come to its end, or the run is asked to stop. The first session that meets what ends the run
 * ends them all.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (shared: SharedRun, options: OpenOptions): Effect.Effect<void, Session.RunEnded> =>
  serve<Session.RunEnded, never>(shared, options, (dispatcher, first) => session(shared, dispatcher, first))

/**
 * The same, by sessions of any kind: each begins with a first message and asks the dispatcher for the next.
 *
 * @since 0.1.0
 * @category running
 */
export const serve = <E, R>(
  shared: SharedRun,
  options: OpenOptions,
  session: (dispatcher: Dispatcher<E>, first: Due) => Effect.Effect<void, E, R>
): Effect.Effect<void, E, Exclude<R, Scope.Scope>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const ended = yield* Deferred.make<void, E>()
      const { connectOptions, plan, recorder, stopping, tickets } = shared
      const dropLate = (plan.dropLate ?? Number.POSITIVE_INFINITY) * 1000
      const { now } = connectOptions.deadlines
      recorder.stages = new StageTally(options.arrivals.stages, options.origin, recorder.measuresFrom)
      const dispatcher = new Dispatcher({ ...options, dropLate, now, recorder, tickets }, ended)
      const leave = stopping.watch(() => dispatcher.close())
      yield* Effect.addFinalizer(() => Effect.sync(leave))
      const begin = (first: Due) =>
        Effect.forkIn(
          Effect.onExit(session(dispatcher, first), (exit) => Effect.sync(() => dispatcher.left(exit))),
          scope
        )
      yield* Effect.forkIn(dispatcher.dispatch(begin), scope)
      yield* Deferred.await(ended)
    })
  )

const session = (
  shared: SharedRun,
  dispatcher: Dispatcher<Session.RunEnded>,
  first: Due
): Effect.Effect<void, Session.RunEnded> =>
  Effect.suspend(() => {
    const connection = Connection.make(shared)
    const underWay: Session.UnderWay = { message: undefined, progress: { offered: 0, refused: 0 } }
    return Effect.ensuring(
      Effect.gen(() => loop(shared, connection, underWay, dispatcher, first)),
      Effect.sync(() => Session.abandon(shared, connection, underWay))
    )
  })

function* loop(
  shared: SharedRun,
  connection: Connection.Connection,
  underWay: Session.UnderWay,
  dispatcher: Dispatcher<Session.RunEnded>,
  first: Due
) {
  const { addresses, connectOptions, contentOf, ledger, onOutcome, plan, recorder } = shared
  const { progress } = underWay
  const { now } = connectOptions.deadlines
  const options = Session.optionsOf(plan)

  const keeps = () => shared.reuse && !connection.isSpent()

  let due: Due | undefined = first
  let started = 0
  const end = ({ at, message }: Due, outcome: Outcome): SmtpError | undefined => {
    const error = Session.fatal(outcome, plan, connection.wire)
    const ended = now()
    underWay.message = undefined
    if (at >= recorder.measuresFrom && !isIntended(outcome)) {
      const ending = Session.endings[outcome._tag]
      recorder.record("transaction", ending, ended - at)
      recorder.recordOwn("service", ending, ended - started)
    }
    onOutcome(message, outcome, error !== undefined, started, at)
    return error
  }
  /** One message, and QUIT where the connection is not kept. The next one is not due yet: its envelope rides with none. */
  function* one(taken: Due): Script<Outcome | Settlement.Unsent> {
    const prepared = {
      mail: addresses.mail,
      rcpts: addresses.rcpts(taken.message),
      content: contentOf(taken.message)
    }
    const outcome = yield* connection.script(prepared, undefined, options, progress)
    if (keeps() || connection.holds || !Session.isAccepted(outcome) || connection.wire?.state() !== "open")
      return outcome
    end(taken, outcome)
    yield* connection.part()
    return outcome
  }

  while (due !== undefined) {
    const taken: Due = due
    ledger.start()
    underWay.message = taken.message
    connection.expect(taken.message)
    progress.offered = 0
    progress.refused = 0
    progress.settled = undefined
    started = now()
    if (started - taken.at > behindAfter && !taken.waited) recorder.behind++
    if (taken.at >= recorder.measuresFrom) recorder.recordOwn("start", "accepted", started - taken.at)

    // A server may part from a connection that is idle (RFC 5321, 4.5.3.2.7, and 421): another one takes its place.
    if (connection.wire !== undefined && connection.wire.state() !== "open") connection.close()
    let outcome = yield* connection.reopen
    if (outcome === undefined) outcome = yield* connection.converse(() => one(taken), options, progress)
    while (Session.wantsAnother(outcome, plan, connection)) {
      yield* connection.leave(false)
      progress.settled = undefined
      outcome = yield* connection.reopen
      if (outcome === undefined) outcome = yield* connection.converse(() => one(taken), options, progress)
    }
    const error = underWay.message === undefined ? undefined : end(taken, outcome)
    if (error !== undefined) return yield* new Session.RunEnded({ error })

    yield* connection.leave(keeps())
    due = yield* dispatcher.next
  }
  yield* connection.leave(false)
}
