/**
 * How the connections of a run differ from the plain way: how many messages each carries, how long it is held, how fast it
 * sends, how long it thinks between messages, which of its messages are abandoned half way, and whether it has TLS. The
 * connections of a run are all of one shape, or of several, by weight.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { TlsWay } from "../smtp/Tls.js"
import * as Draw from "./Draw.js"
import { type Abandonment, parseAbandon, parsePerConnection } from "./ShapeGrammar.js"
import * as Timing from "./Timing.js"

export type { Abandonment } from "./ShapeGrammar.js"

/**
 * What can be different about connections, as a plan has it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShapeFields {
  readonly abandon?: ReadonlyArray<string> | undefined
  readonly hold?: string | undefined
  readonly perConnection?: string | undefined
  /** In bytes a second. */
  readonly sendRate?: number | undefined
  readonly think?: string | undefined
  readonly tls?: TlsWay | undefined
}

/**
 * One shape of several.
 *
 * @since 0.1.0
 * @category models
 */
export interface WeightedShape extends ShapeFields {
  readonly weight: number
}

/**
 * What of a plan shapes are made from. What one of several shapes leaves open, the plan itself says.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShapePlan extends ShapeFields {
  readonly reuse?: boolean | undefined
  readonly shapes?: ReadonlyArray<WeightedShape> | undefined
}

/**
 * The shape of one connection. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectionShape {
  /** How many messages it carries at most. */
  readonly messages: number
  /** How long it is held, idle, before it ends. */
  readonly hold: number
  readonly bytesPerSecond: number | undefined
  /** Whether it has TLS, and how, where the shape says so. */
  readonly tls: TlsWay | undefined
  /** How long it thinks before message k. */
  readonly thinks: (message: number) => number
  /** Whether message k is abandoned, and after which step. */
  readonly abandons: (message: number) => Abandonment | undefined
}

/**
 * The shape of a run's connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shape {
  /** Whether any connection may carry more than one message. */
  readonly reuse: boolean
  /** Whether it is for connections to say how long they think between messages. */
  readonly thinks: boolean
  /** Connection n, counted from 0. */
  readonly connection: (ordinal: number) => ConnectionShape
}

/**
 * The shape that a plan asks for, drawn from the seed; undefined where all goes the plain way, which may have one send rate
 * and one time to think.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (plan: ShapePlan, seed: string): Shape | undefined => {
  const { abandon, hold, perConnection, reuse = false, sendRate, shapes, think } = plan
  if (abandon === undefined && hold === undefined && perConnection === undefined && shapes === undefined) {
    return undefined
  }
  const base: ShapeFields = { abandon, hold, perConnection, sendRate, think }
  const mixed = shapes === undefined || shapes.length === 0 ? [{ weight: 1 }] : shapes
  const made = mixed.map((shape) => ({
    weight: shape.weight,
    connection: connections({ ...base, ...shape }, reuse, seed)
  }))
  const total = made.reduce((sum, { weight }) => sum + weight, 0)
  const choices = Draw.keyOf(`${seed} shapes`)
  const plain = made[0]!.connection
  return {
    reuse: reuse || [base, ...mixed].some((shape) => shape.perConnection !== undefined),
    thinks: shapes !== undefined && [base, ...mixed].some((shape) => shape.think !== undefined),
    connection: (ordinal) => {
      if (made.length === 1) return plain(ordinal)
      let rest = Draw.uniform(choices, ordinal) * total
      const chosen = made.find(({ weight }) => {
        rest -= weight
        return rest < 0
      })
      return (chosen?.connection ?? plain)(ordinal)
    }
  }
}

/** Connections of one shape. */
const connections = (shape: ShapeFields, reuse: boolean, seed: string): Shape["connection"] => {
  const { abandon = [], hold, perConnection, sendRate, think, tls } = shape
  const counts = Draw.keyOf(`${seed} per connection`)
  const holds = Draw.keyOf(`${seed} hold`)
  const range = perConnection === undefined ? undefined : Either.getOrThrow(parsePerConnection(perConnection))
  const held = hold === undefined ? undefined : Either.getOrThrow(Timing.parse(hold))
  const thinks = thinking(think, seed) ?? (() => 0)
  const abandons = abandoning(abandon, seed)
  return (ordinal) => {
    let messages = reuse ? Number.POSITIVE_INFINITY : 1
    if (range !== undefined) {
      const [least, most] = range
      messages = least + Math.floor(Draw.uniform(counts, ordinal) * (most - least + 1))
    }
    return {
      messages,
      hold: held === undefined ? 0 : held.at(Draw.uniform(holds, ordinal)),
      bytesPerSecond: sendRate,
      tls,
      thinks,
      abandons
    }
  }
}

/**
 * The times to think before each message, in milliseconds, drawn from the seed and the message's number alone; undefined
 * where there is no time for it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const thinking = (think: string | undefined, seed: string): ((message: number) => number) | undefined => {
  if (think === undefined) return undefined
  const times = Either.getOrThrow(Timing.parse(think))
  const key = Draw.keyOf(`${seed} think`)
  return (message) => times.at(Draw.uniform(key, message))
}

/** The shares stand one after another between 0 and 1; what a message draws falls into one of them, or behind all. */
const abandoning = (abandon: ReadonlyArray<string>, seed: string): ConnectionShape["abandons"] => {
  const key = Draw.keyOf(`${seed} abandon`)
  const abandonments = abandon.map((text) => Either.getOrThrow(parseAbandon(text)))
  if (abandonments.length === 0) return () => undefined
  return (message) => {
    let rest = Draw.uniform(key, message)
    return abandonments.find(({ share }) => {
      rest -= share
      return rest < 0
    })
  }
}
