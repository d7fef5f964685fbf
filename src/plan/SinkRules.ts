/**
 * The grammars of what limits and slows a sink.
 *
 *     latency  = [ step ] timing                                   ; of all replies, or of those to one step
 *     capacity = [ number "x" ] timing                             ; this many messages at a time, each takes this long
 *     stall    = time ":" time                                     ; at this time of the server's, for this long
 *     limit    = number "connections" [ "/client" ]                ; at a time
 *              / number "messages" "/connection"
 *              / number "recipients"                               ; of a message
 *              / number "/" [ number ] unit [ "/client" / "/domain" ]  ; messages, or for a domain recipients, in this time
 *              ... [ code text ]                                   ; what is said beyond it
 *     greylist = time [ ".." time ] [ "/" bits ]                   ; of the client's address, for IPv4
 *     tarpit   = time "after" number "errors"
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { type Stage, stages } from "../smtp/Stage.js"
import { type Cursor, type ParseFailure, whole } from "./Cursor.js"
import type { Distribution } from "./Distribution.js"
import * as Rate from "./Rate.js"
import * as Timing from "./Timing.js"

/**
 * The steps whose replies can be slow.
 *
 * @since 0.1.0
 * @category constants
 */
export const slowSteps = stages.filter(
  (stage): stage is Exclude<Stage, "tls" | "xclient"> => stage !== "tls" && stage !== "xclient"
)

/**
 * How long replies take.
 *
 * @since 0.1.0
 * @category models
 */
export interface LatencyRule {
  readonly step: (typeof slowSteps)[number] | undefined
  readonly timing: Distribution
}

/**
 * Reads `exp(20ms)`, or `final exp(20ms)`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseLatency = (text: string): Either.Either<LatencyRule, ParseFailure> =>
  whole(text, (cursor) => {
    const named = cursor.take(/(?!exp\s*\()[a-z]+/y)
    const step = slowSteps.find((each) => each === named)
    if (named !== undefined && step === undefined) return cursor.fail(`a time, or one of ${slowSteps.join(", ")}`, 0)
    const timing = unitTimingOf(cursor, text)
    return timing === undefined ? undefined : { step, timing }
  })

/** Of the milliseconds that most mean, a number alone would be the seconds. */
const unitTimingOf = (cursor: Cursor, text: string): Distribution | undefined => {
  const before = cursor.at
  const timing = Timing.timingOf(cursor)
  // A mistake in what can be read of it has a place of its own.
  if (timing === undefined && cursor.at === before) cursor.failure = undefined
  else if (timing === undefined || /(?:ms|millis|s|min|m|h|(?:second|minute|hour)s?)\s*\)?\s*$/.test(text))
    return timing
  return cursor.fail("a time with its unit, such as 20ms, 10..30ms or exp(2s)", before)
}

/**
 * How many messages are served at a time, and how long each takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface CapacityRule {
  readonly servers: number
  readonly service: Distribution
}

/**
 * Reads `4 x exp(10ms)`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseCapacity = (text: string): Either.Either<CapacityRule, ParseFailure> =>
  whole(text, (cursor) => {
    const servers = Number(cursor.take(/\d{1,6}(?=\s*x)/y) ?? 1)
    cursor.take(/x/y)
    if (servers < 1) return cursor.fail("a number of messages at a time, 1 or more", 0)
    const service = unitTimingOf(cursor, text)
    return service === undefined ? undefined : { servers, service }
  })

/**
 * A spell in which nothing goes on. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface StallRule {
  readonly at: number
  readonly lasts: number
}

/**
 * Reads `60s: 5s`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseStall = (text: string): Either.Either<StallRule, ParseFailure> =>
  whole(text, (cursor) => {
    const at = timeOf(cursor, "when it begins")
    if (at === undefined) return undefined
    if (cursor.take(/:/y) === undefined) return cursor.fail('":" and how long it lasts')
    const lasts = timeOf(cursor, "how long it lasts")
    return lasts === undefined ? undefined : { at, lasts }
  })

/**
 * A limit. `per` is a time in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type LimitRule = { readonly most: number; readonly reply: string | undefined } & (
  | { readonly _tag: "Connections"; readonly by: "all" | "client" }
  | { readonly _tag: "Messages" }
  | { readonly _tag: "Recipients" }
  | { readonly _tag: "Rate"; readonly per: number; readonly by: "all" | "client" | "domain" }
)

/**
 * Reads a limit, such as `20 connections/client` or `60/m/client 450 4.7.1 Slow down`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseLimit = (text: string): Either.Either<LimitRule, ParseFailure> =>
  whole(text, (cursor) => {
    const most = Number(cursor.take(/\d{1,9}/y) ?? 0)
    if (most < 1) return cursor.fail("a number of 1 or more, such as in 20 connections/client", 0)
    const limit = limitOf(cursor)
    if (limit === undefined) return undefined
    const code = cursor.take(/[45]\d\d(?!\w)/y)
    if (code === undefined) return { ...limit, most, reply: undefined }
    const words = cursor.take(/[ -~]+/y)
    return { ...limit, most, reply: words === undefined ? code : `${code} ${words.trim()}` }
  })

type LimitOf = LimitRule extends infer Each ? (Each extends LimitRule ? Omit<Each, "most" | "reply"> : never) : never

const limitOf = (cursor: Cursor): LimitOf | undefined => {
  if (cursor.take(/connections?(?!\w)/y) !== undefined) {
    return { _tag: "Connections", by: cursor.take(/\/\s*client(?!\w)/y) === undefined ? "all" : "client" }
  }
  if (cursor.take(/messages?\s*\/\s*connection(?!\w)/y) !== undefined) return { _tag: "Messages" }
  if (cursor.take(/recipients?(?!\w)/y) !== undefined) return { _tag: "Recipients" }
  if (cursor.take(/\//y) === undefined) {
    return cursor.fail(
      "connections, connections/client, messages/connection, recipients, or a rate such as /s or /m/client"
    )
  }
  const times = Number(cursor.take(/\d{1,6}/y) ?? 1)
  const unit = timeUnits[cursor.take(/(?:s|min|m|h)(?!\w)/y) ?? ""]
  if (unit === undefined || times < 1) return cursor.fail("s, m, min or h")
  const by = cursor.take(/\/\s*(?:client|domain)(?!\w)/y)
  return {
    _tag: "Rate",
    per: times * unit,
    by: by === undefined ? "all" : by.endsWith("client") ? "client" : "domain"
  }
}

const timeUnits: { readonly [unit: string]: number } = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }

/**
 * How greylisting goes. Times are in milliseconds; `bits` of a client's IPv4 address are looked at, and of an IPv6 address 64.
 *
 * @since 0.1.0
 * @category models
 */
export interface GreylistRule {
  readonly after: number
  readonly until: number | undefined
  readonly bits: number
}

/**
 * Reads `60s`, or `60s..4h /24`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseGreylist = (text: string): Either.Either<GreylistRule, ParseFailure> =>
  whole(text, (cursor) => {
    const after = timeOf(cursor, "how long the first attempt is ago")
    if (after === undefined) return undefined
    const until = cursor.take(/\.\./y) === undefined ? undefined : timeOf(cursor, "a later time")
    if (until !== undefined && until <= after) return cursor.fail("a later time than the first", 0)
    const bits = cursor.take(/\/\s*\d{1,2}/y)
    const number = Number(bits?.replace(/\D/g, "") ?? 32)
    return number > 32 ? cursor.fail("at most /32") : { after, until, bits: number }
  })

/**
 * How much longer each reply takes, in milliseconds, for each error beyond a number of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface TarpitRule {
  readonly delay: number
  readonly errors: number
}

/**
 * Reads `1s after 10 errors`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseTarpit = (text: string): Either.Either<TarpitRule, ParseFailure> =>
  whole(text, (cursor) => {
    const delay = timeOf(cursor, "how much longer each reply takes")
    if (delay === undefined) return undefined
    const errors = cursor.take(/after(?!\w)/y) === undefined ? undefined : cursor.take(/\d{1,6}/y)
    if (errors === undefined || cursor.take(/errors?(?!\w)/y) === undefined) {
      return cursor.fail('"after", a number, and "errors", as in 1s after 10 errors')
    }
    return { delay, errors: Number(errors) }
  })

const timeOf = (cursor: Cursor, what: string): number | undefined => {
  const time = Rate.timeOf(cursor)
  return time === undefined ? cursor.fail(`${what}, such as 60s`) : time.number * (time.unit ?? 1000)
}
