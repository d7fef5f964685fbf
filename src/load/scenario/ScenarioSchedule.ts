/**
 * When a scenario's parts begin: at a rate that sessions keep together, or at times that are due.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Arrival from "../../plan/Arrival.js"
import * as Partition from "../../plan/Partition.js"
import * as Rate from "../../plan/Rate.js"
import * as Segment from "../../plan/Segment.js"
import { InvalidScenario } from "./InvalidScenario.js"
import { endingOf, isNone, type MeasureOptions, problemOfName } from "./ScenarioMeasure.js"
import { ScenarioSession, type Session } from "./ScenarioSession.js"

/**
 * A rate that all sessions of a run keep together.
 *
 * @since 0.1.0
 * @category models
 */
export interface RateLimit {
  readonly perSecond: number
  /** Why the rate is invalid, where it could not be read. Whoever keeps to it fails with this. */
  readonly problem?: InvalidScenario | undefined
}

/**
 * A rate, evenly spaced: this many a second, or a text such as `30000/m`. Those who are given the same object share it, so make
 * it outside of the scenario. Where it is not more than 0, or cannot be read, `rateLimited` fails with `InvalidScenario`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rateLimit = (rate: number | string): RateLimit => {
  if (typeof rate === "number") return checkedRate(rate, rate)
  return Either.match(Rate.parseRate(rate), {
    onLeft: (failure) => ({
      perSecond: Number.NaN,
      problem: unread(rate, failure)
    }),
    onRight: ({ messages, per }) => checkedRate((messages * 1000) / per, rate)
  })
}

const checkedRate = (perSecond: number, rate: number | string): RateLimit =>
  perSecond > 0 && perSecond < Number.POSITIVE_INFINITY
    ? { perSecond }
    : {
        perSecond,
        problem: new InvalidScenario({ problem: `not a rate: ${rate}` })
      }

const unread = (text: string, failure: Rate.ParseFailure): InvalidScenario =>
  new InvalidScenario({ problem: `${text}: ${Rate.describe(failure)}` })

/**
 * Begins when the rate allows it. Times that were not used are not made up for. In a segment of a run it is the segment's share
 * of the rate.
 *
 * @since 0.1.0
 * @category combinators
 */
export const rateLimited: {
  (
    limit: RateLimit
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | InvalidScenario, R | ScenarioSession>
  <A, E, R>(self: Effect.Effect<A, E, R>, limit: RateLimit): Effect.Effect<A, E | InvalidScenario, R | ScenarioSession>
} = dual(
  2,
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    limit: RateLimit
  ): Effect.Effect<A, E | InvalidScenario, R | ScenarioSession> =>
    Effect.gen(function* () {
      const { problem } = limit.problem === undefined ? checkedRate(limit.perSecond, limit.perSecond) : limit
      if (problem !== undefined) return yield* problem
      const session = yield* ScenarioSession
      const { after, rate } = Segment.rateOf(limit.perSecond, Segment.ofPlan(session.plan))
      const turn = yield* session.shared(
        limit,
        Effect.sync(() => ({ next: after }))
      )
      const now = session.now()
      const at = Math.max(now, turn.next)
      turn.next = at + 1000 / rate
      if (at > now) yield* session.pause(at - now)
      return yield* self
    })
)

/**
 * Times at which something is to begin, of all sessions of a run together: a segment has its own of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface StartTimes {
  /** When the k-th one is due, from 0, in milliseconds since the sessions began; undefined after the last one. */
  readonly dueAt: (index: number) => number | undefined
  /** Why the times are invalid, where they could not be made. Whoever keeps to them fails with this. */
  readonly problem?: InvalidScenario | undefined
}

/**
 * The times that a function gives, which must not decrease. Those who are given the same object share them, so make it
 * outside of the scenario.
 *
 * @since 0.1.0
 * @category constructors
 */
export const startTimes = (dueAt: StartTimes["dueAt"]): StartTimes => ({ dueAt })

/**
 * What `arrivals` are made from: a rate or stages, as a Plan has them, and an end, if they have none by themselves.
 *
 * @since 0.1.0
 * @category models
 */
export interface ArrivalOptions extends Omit<Arrival.ArrivalPlan, "messages"> {
  readonly messages?: number | undefined
  /** Random arrivals are drawn from it. Default `arrivals`. */
  readonly seed?: string | undefined
}

/**
 * The times of a rate such as `500/s`, or of stages such as `30s:100/s, 2m:100/s..1000/s`: evenly spaced, or each on its own
 * (`poisson`). Where there is neither or both, or where they cannot be read, `onSchedule` fails with `InvalidScenario`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const arrivals = ({ messages = Arrival.unlimited, seed = "arrivals", ...plan }: ArrivalOptions): StartTimes => {
  const problem = problemOfArrivals({ ...plan, messages })
  if (problem !== undefined) return { dueAt: () => undefined, problem }
  const made = Arrival.make({ ...plan, messages }, seed)
  return startTimes((index) => (made !== undefined && index < made.messages ? made.dueAt(index) : undefined))
}

const problemOfArrivals = ({
  arrivals,
  burst = 1,
  duration,
  messages = 0,
  rate,
  stages
}: ArrivalOptions): InvalidScenario | undefined => {
  const no = (problem: string) => new InvalidScenario({ problem })
  if (rate === undefined && stages === undefined) return no("arrivals need a rate, or stages")
  if (rate !== undefined && stages !== undefined) return no("arrivals have a rate or stages, not both")
  if (arrivals !== undefined && arrivals !== "constant" && arrivals !== "poisson") return no(`no arrivals: ${arrivals}`)
  if (!(Number.isInteger(burst) && burst > 0)) return no(`not a size of bursts: ${burst}`)
  if (!(messages >= 0)) return no(`not a number of messages: ${messages}`)
  const failed = <A>(text: string | undefined, parse: (text: string) => Either.Either<A, Rate.ParseFailure>) =>
    text === undefined
      ? undefined
      : Either.match(parse(text), {
          onLeft: (failure) => unread(text, failure),
          onRight: () => undefined
        })
  return failed(rate, Rate.parseRate) ?? failed(stages, Rate.parseStages) ?? failed(duration, Rate.parseDuration)
}

/** The segment's own times. Those before a start that was agreed upon, and missed, would be a burst that nobody planned. */
const firstTime = ({ dueAt }: StartTimes, { now, plan }: Session) =>
  Effect.sync(() => {
    const { at } = Partition.of(Segment.ofPlan(plan))
    let next = 0
    if (plan.startAt !== undefined) while ((dueAt(at(next)) ?? Number.POSITIVE_INFINITY) < now() - tolerated) next++
    return { next, at }
  })

/** In milliseconds: who is late by no more begins all the same. */
const tolerated = 100

/**
 * Begins at the given times, again and again: each session takes the next time as soon as it is free, so that a beginning is
 * late when none is. Ends when there are no more times, or when the run is asked to stop.
 *
 * With a name, the time from when each one was due to its end is measured under it, by how it ended (`endingOf`, unless the
 * options say otherwise), and by how much each one began late under the name with ` late` after it. This sees what a loop of
 * sessions does not: a loop waits while the server stalls, and records one slow message for each session; here, all
 * that were due meanwhile are slow.
 *
 * A plan with a rate or stages does the same with a whole scenario, and begins sessions only as they are needed.
 *
 * @since 0.1.0
 * @category combinators
 */
export const onSchedule: {
  (
    times: StartTimes,
    name?: string
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<void, E | InvalidScenario, R | ScenarioSession>
  <A, E>(
    times: StartTimes,
    name: string,
    options: MeasureOptions<A, E>
  ): <R>(self: Effect.Effect<A, E, R>) => Effect.Effect<void, E | InvalidScenario, R | ScenarioSession>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    times: StartTimes,
    name?: string,
    options?: MeasureOptions<A, E>
  ): Effect.Effect<void, E | InvalidScenario, R | ScenarioSession>
} = dual(
  (args) => Effect.isEffect(args[0]),
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    times: StartTimes,
    name?: string,
    { ending = endingOf }: MeasureOptions<A, E> = {}
  ): Effect.Effect<void, E | InvalidScenario, R | ScenarioSession> => {
    const problem = times.problem ?? (name === undefined ? undefined : problemOfName(name))
    if (problem !== undefined) return Effect.fail(problem)
    return Effect.gen(function* () {
      const session = yield* ScenarioSession
      const turn = yield* session.shared(times, firstTime(times, session))
      while (!session.isStopping()) {
        const due = times.dueAt(turn.at(turn.next++))
        if (due === undefined) return
        if (due > session.now()) yield* session.pause(due - session.now())
        if (session.isStopping()) return
        if (name === undefined) yield* self
        else {
          const late = Math.max(0, session.now() - due)
          const foundNone = session.foundNone()
          yield* Effect.onExit(self, (exit) =>
            Effect.sync(() => {
              if (isNone(exit) && session.foundNone() > foundNone) return
              session.record(`${name} late`, "accepted", late)
              session.record(name, ending(exit), session.now() - due)
            })
          )
        }
        yield* Effect.yieldNow()
      }
    })
  }
)
