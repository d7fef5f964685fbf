/**
 * When each message of an open run is due: a function of the plan, the seed and the message's number, and of nothing else. So
 * a plan can be cut into parts, over threads or hosts, and all parts agree.
 *
 * Message k is due where the area under the rate is k: the first one when the rate begins, and as many in any time as the
 * area under the rate there, to within one. Nothing adds up from message to message, so that nothing drifts. Random arrivals
 * (Poisson) are those of rate 1, put to the same test: due where the area under the rate is the time of the k-th.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Draw from "./Draw.js"
import * as Partition from "./Partition.js"
import * as Rate from "./Rate.js"
import * as Segment from "./Segment.js"
import { UnitPoisson } from "./UnitPoisson.js"

/**
 * The arrivals of a run. Times are in milliseconds since its start.
 *
 * @since 0.1.0
 * @category models
 */
export interface Arrivals {
  /** How many messages are due: those of the plan, or fewer where stages or the duration end before. */
  readonly messages: number
  /** When a message is due. Cheap for one number after another, forwards. */
  readonly dueAt: (message: number) => number
  /** What is due when: the stages, up to the last message; one rate is one stage. */
  readonly stages: ReadonlyArray<ArrivalStage>
  /** When the time is over, by the duration or the stages; infinite where only the messages are bounded. */
  readonly end: number
}

/**
 * A stage: from when to when it lasts, the messages per second where it begins and where it ends, and how many are due in it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ArrivalStage {
  readonly from: number
  readonly to: number
  readonly rate: readonly [number, number]
  readonly due: number
}

/**
 * The fields of a plan that arrivals come from.
 *
 * @since 0.1.0
 * @category models
 */
export interface ArrivalPlan {
  readonly messages?: number | undefined
  readonly arrivals?: "constant" | "poisson" | undefined
  readonly burst?: number | undefined
  readonly duration?: string | undefined
  readonly rate?: string | undefined
  readonly stages?: string | undefined
}

/**
 * Whether messages start when they are due, rather than when a session is free.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOpen = (plan: Pick<ArrivalPlan, "rate" | "stages">): boolean =>
  plan.rate !== undefined || plan.stages !== undefined

/**
 * The number of messages that stands for no limit, where a duration or stages end the run.
 *
 * @since 0.1.0
 * @category constants
 */
export const unlimited = 2_147_483_647

/**
 * How many messages the plan has: those that it says, one where nothing else ends the run, or no limit.
 *
 * @since 0.1.0
 * @category reading
 */
export const messagesOf = ({
  duration,
  messages,
  stages
}: Pick<ArrivalPlan, "duration" | "messages" | "stages">): number =>
  messages ?? (duration === undefined && stages === undefined ? 1 : unlimited)

/**
 * The arrivals that a plan asks for, or undefined where its messages wait for sessions.
 *
 * In bursts of n, each message is due with the first one of its n. Random bursts keep the rate, too: there are fewer of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (plan: ArrivalPlan, seed: string): Arrivals | undefined => {
  if (!isOpen(plan)) return undefined
  const { arrivals = "constant", burst = 1, duration, rate, stages } = plan
  const messages = messagesOf(plan)
  const end = duration === undefined ? Number.POSITIVE_INFINITY : Either.getOrThrow(Rate.parseDuration(duration))
  const area =
    stages === undefined
      ? new Area([{ lasts: Number.POSITIVE_INFINITY, ...held(Either.getOrThrow(Rate.parseRate(rate ?? ""))) }])
      : new Area(Either.getOrThrow(Rate.parseStages(stages)))
  if (arrivals === "poisson") {
    const unit = new UnitPoisson(Draw.keyOf(`${seed} arrivals`))
    const dueAt = (message: number) => area.inverse(unit.at(Math.floor(message / burst)) * burst)
    const last = Math.min(end, area.end)
    if (last === Number.POSITIVE_INFINITY) return whole({ area, end, messages, dueAt })
    const bursts = unit.countWhile((time) => area.inverse(time * burst) < last, Math.ceil(messages / burst))
    return whole({ area, end, messages: Math.min(messages, bursts * burst), dueAt })
  }
  // As many bursts as begin before the end.
  const due = Math.ceil(area.until(end) / burst) * burst
  const dueAt = (message: number) => area.inverse(message - (message % burst))
  return whole({ area, end, messages: Math.min(messages, due), dueAt })
}

/**
 * The arrivals with the stages as they are of one segment: of what is due in each, its own messages, at its part of the rate. When
 * a message is due, and how many there are in all, is the same for all segments.
 *
 * @since 0.1.0
 * @category combinators
 */
export const ofSegment: {
  (segment: Segment.Segment): (self: Arrivals) => Arrivals
  (self: Arrivals, segment: Segment.Segment): Arrivals
} = dual(2, (arrivals: Arrivals, segment: Segment.Segment): Arrivals => {
  if (segment.of === 1) return arrivals
  const { count } = Partition.of(segment)
  let due = 0
  const stages = arrivals.stages.map((stage) => {
    const before = count(due)
    due += stage.due
    const [from, to] = stage.rate
    const rate = [Segment.rateOf(from, segment).rate, Segment.rateOf(to, segment).rate] as const
    return { ...stage, rate, due: count(due) - before }
  })
  return { ...arrivals, stages }
})

/** With the stages, which are over when the message after the last one would be due, or at the end of the run's time. */
const whole = ({
  area,
  dueAt,
  end,
  messages
}: Pick<Arrivals, "dueAt" | "end" | "messages"> & { readonly area: Area }): Arrivals => {
  const next = messages === unlimited ? Number.POSITIVE_INFINITY : dueAt(messages)
  return {
    messages,
    dueAt,
    end: Math.min(end, area.end),
    stages: area.stages(Math.min(end, area.end, next), (time) => countBefore({ dueAt, messages }, time))
  }
}

/**
 * How many messages are due before a time.
 *
 * @since 0.1.0
 * @category reading
 */
export const countBefore: {
  (time: number): (self: Pick<Arrivals, "dueAt" | "messages">) => number
  (self: Pick<Arrivals, "dueAt" | "messages">, time: number): number
} = dual(2, ({ dueAt, messages }: Pick<Arrivals, "dueAt" | "messages">, time: number): number => {
  let [low, high] = [0, messages]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (dueAt(middle) < time) low = middle + 1
    else high = middle
  }
  return low
})

const held = (rate: Rate.Rate) => ({ from: rate, to: rate })

/** The area under the rate: how many messages were due until a time, and when it was that many. */
class Area {
  readonly end: number
  private readonly parts: ReadonlyArray<Part>

  constructor(stages: ReadonlyArray<Rate.Stage>) {
    const parts: Array<Part> = []
    let [start, before] = [0, 0]
    for (const { from, lasts, to } of stages) {
      const area = areaOf(from, to, lasts, lasts)
      const after = rounded(before + area)
      parts.push({ start, lasts, from, to, before, after })
      start += lasts
      before = after
    }
    this.parts = parts
    this.end = start
  }

  until(time: number): number {
    let area = 0
    for (const { after, before, from, lasts, start, to } of this.parts) {
      if (time <= start) break
      area = time >= start + lasts ? after : rounded(before + areaOf(from, to, lasts, time - start))
    }
    return area
  }

  /** Its parts up to the end, and how many messages are due in each. */
  stages(end: number, dueBy: (time: number) => number): ReadonlyArray<ArrivalStage> {
    return this.parts.flatMap(({ from, lasts, start, to }) => {
      if (start >= end || end === Number.POSITIVE_INFINITY) return []
      const until = Math.min(start + lasts, end)
      const [first, last] = [perMillisecond(from) * 1000, perMillisecond(to) * 1000]
      const reached = isHeld(from, to) ? last : first + ((last - first) * (until - start)) / lasts
      return [{ from: start, to: until, rate: [first, reached] as const, due: dueBy(until) - dueBy(start) }]
    })
  }

  /** The last time at which the area is not more than this: a rest is slept through. Infinite beyond the end. */
  inverse(area: number): number {
    for (const { after, before, from, lasts, start, to } of this.parts) {
      if (area < after) return start + Math.min(lasts, timeTo(from, to, lasts, area - before))
    }
    return Number.POSITIVE_INFINITY
  }
}

interface Part extends Rate.Stage {
  readonly start: number
  /** The area until its start, and until its end. */
  readonly before: number
  readonly after: number
}

const perMillisecond = ({ messages, per }: Rate.Rate): number => messages / per

const isHeld = (from: Rate.Rate, to: Rate.Rate): boolean => from.messages * to.per === to.messages * from.per

const areaOf = (from: Rate.Rate, to: Rate.Rate, lasts: number, time: number): number => {
  // So that no rest of infinite length is 0 × ∞.
  if (isHeld(from, to)) return from.messages === 0 ? 0 : (time * from.messages) / from.per
  const [first, last] = [perMillisecond(from), perMillisecond(to)]
  return first * time + ((last - first) * time * time) / (2 * lasts)
}

const timeTo = (from: Rate.Rate, to: Rate.Rate, lasts: number, area: number): number => {
  if (area <= 0) return 0
  if (isHeld(from, to)) return (area * from.per) / from.messages
  const [first, last] = [perMillisecond(from), perMillisecond(to)]
  // The root of the quadratic equation in the form that does not subtract what is almost the same.
  return (2 * area) / (first + Math.sqrt(Math.max(0, first * first + (2 * (last - first) * area) / lasts)))
}

/** A whole number where only rounding has kept it from being one: 0.1 thirty times is 3, and not a message more. */
const rounded = (area: number): number => {
  const nearest = Math.round(area)
  return Math.abs(area - nearest) <= 1e-9 + 1e-13 * area ? nearest : area
}
