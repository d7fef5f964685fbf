/**
 * How the connections of a run differ from the plain way: how many messages each carries, how long it is held, how fast it
 * sends, how long it thinks between messages, which of its messages are abandoned half way, and whether it has TLS. The
 * connections of a run are all of one shape, or of several, by weight.
 *
 *     per-connection = count [ ".." count ]
 *     abandon        = step [ "close" / "reset" ] [ number "%" ]   ; blanks between them
 *     step           = "greeting" / "hello" / "starttls" / "tls" / "auth" / "mail" / "rcpt" / "data"
 *     shape          = number [ "%" ] [ ":" part *( "," part ) ]   ; its weight, and what is different about it;
 *                                                                   ; in percent, weights add up to 100
 *     part           = "per-connection" per-connection / "hold" timing / "think" timing / "send-rate" bytes
 *                    / "tls" ( "off" / "starttls" / "if-offered" / "implicit" )
 *                    / "abandon" abandon                           ; which may stand there several times
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { TlsWay } from "../smtp/Tls.js"
import type { ParseFailure } from "./Cursor.js"
import * as Draw from "./Draw.js"
import * as Timing from "./Timing.js"

/**
 * The steps after which a connection can be abandoned: once the server has answered them, and TLS stands.
 *
 * @since 0.1.0
 * @category constants
 */
export const steps = ["greeting", "hello", "starttls", "tls", "auth", "mail", "rcpt", "data"] as const

/**
 * To drop the connection, without QUIT, after the reply to a step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Abandonment {
  readonly step: (typeof steps)[number]
  readonly how: "fin" | "reset"
}

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

/**
 * Reads `5` or `1..20`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parsePerConnection = (
  text: string
): Either.Either<readonly [least: number, most: number], ParseFailure> => {
  const [, first = "", second] = /^\s*(\d+)(?:\.\.(\d+))?\s*$/.exec(text) ?? []
  const [least, most] = [Number(first), Number(second ?? first)]
  const expected = "a number of messages, 1 or more, or two of them as in 1..20, the smaller one first"
  return first !== "" && least >= 1 && most >= least && most <= 2_147_483_647
    ? Either.right([least, most])
    : Either.left({ column: 1, expected })
}

/**
 * Reads `data`, `rcpt close` or `mail reset 5%`; without a share, it is all of them.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseAbandon = (text: string): Either.Either<Abandonment & { readonly share: number }, ParseFailure> => {
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ column: match.index + 1, word: match[0] }))
  const [first, ...rest] = words
  const step = steps.find((each) => each === first?.word)
  if (step === undefined) {
    const expected = `one of ${steps.slice(0, -1).join(", ")} and ${steps.at(-1)}`
    return Either.left({ column: first?.column ?? 1, expected })
  }
  let how: Abandonment["how"] = "reset"
  let share = 1
  let seen = 0
  for (const { column, word } of rest) {
    const number = /^(\d+(?:\.\d+)?)%$/.exec(word)?.[1]
    if (seen === 0 && (word === "close" || word === "reset")) {
      how = word === "close" ? "fin" : "reset"
      seen = 1
    } else if (seen < 2 && number !== undefined && Number(number) > 0 && Number(number) <= 100) {
      share = Number(number) / 100
      seen = 2
    } else {
      const expected =
        seen === 0 ? "close, reset or a share such as 5%" : seen === 1 ? "a share such as 5%" : "nothing more"
      return Either.left({ column, expected })
    }
  }
  return Either.right({ step, how, share })
}

/**
 * Reads `90%: per-connection 1..20, hold 5`. That the parts which are read are in order themselves is left to the schema of
 * their fields.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<{ readonly [field: string]: unknown }, ParseFailure> => {
  const [, before = "", digits, after = ""] = /^(\s*)(\d+(?:\.\d+)?)\s*%?\s*(:.*)?$/s.exec(text) ?? []
  if (digits === undefined || Number(digits) === 0) {
    return Either.left({ column: before.length + 1, expected: 'a share such as 90%, and after ":" what is different' })
  }
  const fields: { [field: string]: unknown } & { abandon: Array<string> } = { weight: Number(digits), abandon: [] }
  let column = text.length - after.length + 2
  for (const part of after === "" ? [] : after.slice(1).split(",")) {
    const [, blanks = "", name = "", value = ""] = /^(\s*)(\S*)\s*(.*?)\s*$/s.exec(part) ?? []
    const field = parts.get(name)
    const at = column + blanks.length
    if (field === undefined) return Either.left({ column: at, expected: oneOf([...parts.keys()]) })
    if (value === "") return Either.left({ column: at + name.length, expected: `what ${name} is to be` })
    if (field === "abandon") fields.abandon.push(value)
    else if (field in fields) return Either.left({ column: at, expected: `${name} once` })
    else fields[field] = value
    column += part.length + 1
  }
  const { abandon, ...others } = fields
  return Either.right(abandon.length === 0 ? others : { ...others, abandon })
}

/**
 * What is wrong with the weights of shapes as they are written: shares in percent that do not add up to all, by which the rest
 * would be shared out unseen, and a number that is no 1 and stands alone, where mostly the sign is missing. Undefined where
 * nothing is. Shapes can be texts, and plain data, of which only what is in percent is looked at.
 *
 * @since 0.1.0
 * @category predicates
 */
export const misweighed = (shapes: ReadonlyArray<unknown>): string | undefined => {
  const weights = shapes.flatMap((shape) => weightOf(shape) ?? [])
  const [first] = weights
  if (first === undefined || weights.length < shapes.length) return undefined
  if (weights.length === 1 && first.isNumber && first.weight !== 1) {
    return `${first.weight} is the weight of the only shape, which all connections would have: write ${first.weight}%, and another shape for the rest; or 100%`
  }
  const total = Number(weights.reduce((sum, { weight }) => sum + weight, 0).toFixed(6))
  if (total === 100 || !weights.every(({ isPercent }) => isPercent)) return undefined
  const rest =
    total < 100 ? `: those that are left are a shape, too, such as "${Number((100 - total).toFixed(6))}%"` : ""
  return `shares in percent must add up to 100%, not ${total}%${rest}`
}

/** A weight, and how it was written; undefined for what is none. */
const weightOf = (shape: unknown) => {
  const written = typeof shape === "object" && shape !== null && "weight" in shape ? shape.weight : shape
  if (written === shape && typeof shape !== "string") return undefined
  const [, digits, sign] = /^\s*(\d+(?:\.\d+)?)\s*(%)?\s*(?::|$)/.exec(String(written)) ?? []
  if (digits === undefined) return undefined
  return { weight: Number(digits), isPercent: sign !== undefined, isNumber: written === shape && sign === undefined }
}

/**
 * Whether a plan has connections abandoned after this step, in any shape; fields may be lists, and texts.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAbandonedAfter = (
  plan: { readonly [field: string]: unknown },
  step: (typeof steps)[number]
): boolean => {
  const texts = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [value])
  const shaped = texts(plan.shapes).flatMap((shape) => {
    const parts = typeof shape === "string" ? Either.getOrElse(parse(shape), () => ({})) : shape
    return typeof parts === "object" && parts !== null && "abandon" in parts ? texts(parts.abandon) : []
  })
  return [...texts(plan.abandon), ...shaped].some((each) => String(each).trim().split(/\s/)[0] === step)
}

/** The names of the parts, and the fields that they are. */
const parts: ReadonlyMap<string, keyof ShapeFields> = new Map([
  ["per-connection", "perConnection"],
  ["hold", "hold"],
  ["think", "think"],
  ["send-rate", "sendRate"],
  ["tls", "tls"],
  ["abandon", "abandon"]
])

const oneOf = (words: ReadonlyArray<string>): string => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
