/**
 * How many messages and sessions a run has, and when it begins and ends: what follows from a plan's rate, stages and duration.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import * as Accounting from "../measure/Accounting.js"
import type { Recorded, Recorder } from "../measure/Recorder.js"
import * as Arrival from "../plan/Arrival.js"
import type { RunIdentity } from "../plan/Message.js"
import type { Plan } from "../plan/Plan.js"
import * as Partition from "../plan/Partition.js"
import * as Rate from "../plan/Rate.js"
import * as Segment from "../plan/Segment.js"
import type { StopRequest } from "./StopRequest.js"
import * as Tickets from "./Tickets.js"

/**
 * What random delays and arrivals are drawn from.
 *
 * @since 0.1.0
 * @category bounds
 */
export const seedOf = (plan: Plan, identity: Pick<RunIdentity, "runId">): string => plan.seed ?? identity.runId

/**
 * The plan, with no more messages than are due before its stages, or its duration, end.
 *
 * @since 0.1.0
 * @category bounds
 */
export const whatIsDue = (plan: Plan, identity: RunIdentity): Plan => {
  const arrivals = Arrival.make(plan, seedOf(plan, identity))
  return arrivals === undefined ? plan : { ...plan, messages: arrivals.messages }
}

/**
 * How many messages the plan's segment has, of a run of which no more are due than the plan says.
 *
 * @since 0.1.0
 * @category bounds
 */
export const ownMessages = (plan: Plan): number => Partition.of(Segment.ofPlan(plan)).count(Arrival.messagesOf(plan))

/**
 * How many sessions the plan's segment has at most.
 *
 * @since 0.1.0
 * @category bounds
 */
export const sessionsOf = (plan: Plan): number => {
  const sessions = Arrival.isOpen(plan) ? (plan.maxSessions ?? plan.sessions) : plan.sessions
  return Math.min(Segment.shareOf(sessions, Segment.ofPlan(plan)), ownMessages(plan))
}

/**
 * How many messages of the segment were planned, as it turned out. Where time alone ends the run, that is as many as were begun.
 *
 * @since 0.1.0
 * @category bounds
 */
export const planned = (plan: Plan, started: number): number =>
  plan.duration !== undefined && Arrival.messagesOf(plan) === Arrival.unlimited ? started : ownMessages(plan)

/**
 * The books at the end: what was not begun, of this many messages, is booked as such.
 *
 * @since 0.1.0
 * @category bounds
 */
export const close = (
  plan: Plan,
  ledger: Accounting.Ledger,
  messages: number = planned(plan, ledger.started)
): Accounting.Accounting => {
  ledger.add("notStarted", messages - ledger.started)
  return Accounting.sum(messages, [ledger])
}

/**
 * Hands out no more tickets when the plan's duration is over, which counts from `begun`, and tells `ending`. An open run does so by itself: there it is the
 * arrivals that end.
 *
 * @since 0.1.0
 * @category bounds
 */
export const limit = (
  plan: Plan,
  tickets: Tickets.Tickets,
  ending: StopRequest,
  now: () => number,
  begun: number
): Effect.Effect<Tickets.Tickets, never, Scope.Scope> => {
  if (plan.duration === undefined || Arrival.isOpen(plan)) return Effect.succeed(tickets)
  const over = begun + milliseconds(plan.duration)
  const tell = Effect.sync(() => ending.make())
  return Effect.as(
    Effect.forkScoped(Effect.zipRight(Effect.sleep(Math.max(0, over - now())), tell)),
    Tickets.until(tickets, () => now() >= over)
  )
}

/**
 * Measures nothing before the warm-up is over, and keeps how many messages were accepted by then.
 *
 * @since 0.1.0
 * @category bounds
 */
export const warmUp = (
  plan: Plan,
  recorder: Recorder,
  ledger: Accounting.Accounting,
  now: () => number,
  begun: number
): Effect.Effect<unknown, never, Scope.Scope> =>
  Effect.suspend(() => {
    if (plan.warmUp === undefined) return Effect.void
    recorder.measuresFrom = begun + milliseconds(plan.warmUp)
    const lasts = Math.max(0, recorder.measuresFrom - now())
    recorder.warmUpEnd = recorder.measuresFrom - recorder.begun
    recorder.isWarming = true
    const end = Effect.sync(() => endWarmUp(recorder, ledger))
    return Effect.forkScoped(Effect.zipRight(Effect.sleep(lasts), end))
  })

const endWarmUp = (recorder: Recorder, ledger: Accounting.Accounting): void => {
  if (recorder.isWarming) recorder.warmUpAccepted = ledger.accepted
  recorder.isWarming = false
}

/**
 * What was recorded in a run that is over; its warm-up is over then, too.
 *
 * @since 0.1.0
 * @category bounds
 */
export const recorded = (recorder: Recorder, ledger: Accounting.Accounting): Recorded => {
  endWarmUp(recorder, ledger)
  return recorder.recorded()
}

const milliseconds = (duration: string): number => Either.getOrThrow(Rate.parseDuration(duration))
