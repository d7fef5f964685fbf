/**
 * The sessions of an open run: each sends the messages that are due to it, one by one, and waits for the next.
 *
 * A message's transaction is measured from when it was due: where the server is slow, or no session free, the wait is the
 * message's, and not lost (coordinated omission). Beside it, under names of their own, stand `service`, from when a session
 * took it up, and `start`, by how much later that was than when it was due. A message that goes over the connection that was
 * opened for it was taken up when that began. One that waited for a connection and got another one, since that was ready first, is
 * measured as `waited`, too.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { behindAfter } from "../measure/GeneratorHealth.js"
import { StageTally } from "../measure/StageTally.js"
import type { Arrivals } from "../plan/Arrival.js"
import * as Delivery from "../smtp/Delivery.js"
import { isAbandoned, noRecipients, type Outcome } from "../smtp/Outcome.js"
import { ConnectionLost } from "../smtp/SmtpError.js"
import type { Script } from "../smtp/Wire.js"
import type * as Connection from "./Connection.js"
import { Dispatcher, type Due } from "./Dispatcher.js"
import { endsRun, isAccepted, RunEnded, wantsAnother } from "./MessageEnd.js"
import * as Session from "./Session.js"
import type { Booking, SharedRun, Taking } from "./SharedRun.js"

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
export const run = (shared: SharedRun, options: OpenOptions): Effect.Effect<void, RunEnded> =>
  serve<RunEnded, never>(shared, options, (dispatcher, first) => session(shared, dispatcher, first))

/**
 * The same, by sessions of any kind: each is begun for a message, tells the dispatcher when it is ready, and asks for the next.
 *
 * @since 0.1.0
 * @category running
 */
export const serve = <E, R>(
  shared: Taking & Booking,
  options: OpenOptions,
  session: (dispatcher: Dispatcher<E>, first: Due) => Effect.Effect<void, E, R>
): Effect.Effect<void, E, Exclude<R, Scope.Scope>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const ended = yield* Deferred.make<void, E>()
      const { connectOptions, ending, plan, recorder, stopping, tickets } = shared
      const dropLate = (plan.dropLate ?? Number.POSITIVE_INFINITY) * 1000
      const { now } = connectOptions.deadlines
      const { end, stages } = options.arrivals
      recorder.stages = new StageTally(stages, options.origin, recorder.measuresFrom)
      const context = yield* Effect.context<R>()
      const begin = (owner: Due): Effect.Effect<unknown> =>
        session(dispatcher, owner).pipe(
          Effect.onExit((exit) => dispatcher.left(exit)),
          Effect.provide(context),
          Effect.forkIn(scope)
        )
      const dispatcher = new Dispatcher({ ...options, dropLate, now, recorder, tickets }, ended, begin)
      const leave = ending.watch(() => (stopping.isMade() ? dispatcher.close("stopped") : dispatcher.timeOver()))
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          leave()
          for (const due of dispatcher.begun())
            shared.onOutcome(due.message, givenUp, false, undefined, undefined, due.at)
        })
      )
      yield* Effect.forkIn(dispatcher.dispatch, scope)
      if (end < Number.POSITIVE_INFINITY) {
        const tell = Effect.sync(() => ending.make())
        yield* Effect.forkIn(Effect.zipRight(Effect.sleep(options.origin + end - now()), tell), scope)
      }
      yield* Deferred.await(ended)
    })
  )

/** The end of a message that waited for its second connection when the run's time was up. */
const givenUp: Outcome = {
  _tag: "Failed",
  error: new ConnectionLost({ step: "connect", how: "interrupted", replies: [] }),
  recipients: noRecipients
}

const session = (shared: SharedRun, dispatcher: Dispatcher<RunEnded>, owner: Due): Effect.Effect<void, RunEnded> =>
  Session.over(shared, (connection, underWay) =>
    Effect.gen(() => loop(shared, connection, underWay, dispatcher, owner))
  )

function* loop(
  shared: SharedRun,
  connection: Connection.Connection,
  underWay: Session.UnderWay,
  dispatcher: Dispatcher<RunEnded>,
  owner: Due
) {
  const { connectOptions, ledger, onUnused, plan, recorder } = shared
  const { delivery } = underWay
  const { now } = connectOptions.deadlines

  const keeps = () => shared.reuse && !connection.isSpent()

  const start = (due: Due, from: number): void => {
    const { again, at, free, message } = due
    underWay.message = message
    underWay.due = at
    underWay.begun = from
    Delivery.begin(delivery)
    if (again) return dispatcher.beginAgain(due)
    ledger.start()
    if (from - free > behindAfter) recorder.behind++
    if (at >= recorder.measuresFrom) recorder.recordOwn("start", "accepted", from - at)
  }
  const end = (outcome: Outcome) => Session.end(shared, connection, underWay, outcome, now())
  /** A message. The next one is not due yet: its envelope rides with none. */
  const one = ({ message }: Due): Script<Outcome> => {
    delivery.message = connection.prepare(message)
    return connection.script(delivery, undefined)
  }
  /** QUIT, after it, where the connection is not kept. */
  const following = (outcome: Outcome): Script<Outcome> | undefined => {
    if (underWay.message === undefined || keeps() || connection.holds) return undefined
    if (!isAccepted(outcome) || connection.wire?.state() !== "open") return undefined
    end(outcome)
    return connection.part(outcome)
  }

  const begun = now()
  connection.expect(owner.message)
  const unready = (yield* connection.reopen) ?? (yield* connection.welcome)
  if (unready !== undefined) {
    const struck = dispatcher.failed(owner)
    if (struck !== undefined) {
      start(struck, begun)
      const error = end(unready)
      if (error !== undefined) return yield* new RunEnded({ error })
    } else {
      // Another connection has taken the message that this one was opened for: it costs none, unless it ends the run.
      const error = endsRun(shared, unready, connection.wire)
      if (error !== undefined) return yield* new RunEnded({ error })
      if (unready._tag === "Failed" && !isAbandoned(unready)) onUnused(unready.error)
    }
    return yield* connection.leave(false)
  }

  dispatcher.opened()
  let due = yield* dispatcher.next(owner)
  while (due !== undefined) {
    const taken: Due = due
    connection.expect(taken.message)
    start(taken, taken.message === owner.message && !taken.again ? begun : now())

    // A server may part from a connection that is idle (RFC 5321, 4.5.3.2.7, and 421): another one takes its place.
    const idled = connection.wire?.state() !== "open"
    const outcome = idled ? undefined : yield* connection.converse(() => one(taken), delivery, following)
    if (outcome === undefined || wantsAnother(outcome, plan, connection)) {
      const begin = dispatcher.giveBack(taken)
      underWay.message = undefined
      yield* begin
      break
    }
    const error = underWay.message === undefined ? undefined : end(outcome)
    if (error !== undefined) return yield* new RunEnded({ error })

    yield* connection.leave(keeps())
    // A session of an open run lasts as long as its connection: where another one is needed, another one is begun.
    if (connection.wire?.state() !== "open") break
    due = yield* dispatcher.next()
  }
  yield* connection.leave(false)
}
