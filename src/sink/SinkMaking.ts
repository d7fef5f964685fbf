/**
 * What a plan of smtp-sink comes to: a sink's configuration and behaviour. Pure.
 *
 * @since 0.1.0
 */
import * as Struct from "effect/Struct"
import * as Either from "effect/Either"
import * as PlanField from "../plan/PlanField.js"
import type * as AccountTable from "../smtp/AccountTable.js"
import type { Behaviour } from "./Behaviour.js"
import type { Fault, Reaction } from "./Reaction.js"
import * as Dump from "./Dump.js"
import * as Misbehaviour from "./Misbehaviour.js"
import * as SinkLetters from "./SinkLetters.js"
import * as SinkOffers from "./SinkOffers.js"
import type { SinkConfig } from "./SinkOptions.js"
import type { SinkPlan } from "./SinkPlan.js"

/** What the original offers, in its order. */
const offers: ReadonlyArray<SinkOffers.Usual> = [
  ["pipelining", "PIPELINING"],
  ["8bitmime", "8BITMIME"],
  ["auth", "AUTH PLAIN LOGIN"],
  ["xclient", "XCLIENT NAME HELO"],
  ["xforward", "XFORWARD NAME ADDR PROTO HELO"],
  ["enhancedstatuscodes", "ENHANCEDSTATUSCODES"],
  ["dsn", "DSN"]
]

/**
 * What the sink speaks.
 *
 * @since 0.1.0
 * @category constructors
 */
export const configOf = (plan: SinkPlan, accounts?: AccountTable.AccountData | undefined): SinkConfig => {
  const { hard, hostname, lmtp, maxSize, offer = [], pix, plain, proxy, soft, tls } = plan
  const esmtp = !plain && !pix
  const usual: ReadonlyArray<SinkOffers.Usual> = maxSize === undefined ? offers : [["size", "SIZE"], ...offers]
  const hide = [
    ...(plan.hide ?? []),
    // As the original: rejections imply -p.
    ...(hard !== undefined || soft !== undefined ? (["pipelining"] as const) : []),
    // The accounts have mechanisms of their own.
    ...(accounts === undefined ? [] : (["auth"] as const))
  ]
  const { auth, ...offering } = SinkOffers.configOf({ hide, offer }, usual)
  return {
    protocol: lmtp ? "lmtp" : "smtp",
    hostname,
    manners: "loose",
    greeting: pix ? "********" : esmtp ? `${hostname} ESMTP` : hostname,
    esmtp,
    servesRefused: true,
    tls,
    ...(offer.length === 0 ? {} : { parameters: "checked" }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(accounts === undefined ? { auth } : { auth: { ...auth, accounts, required: true } }),
    offers: usual.map(([, line]) => line),
    ...offering,
    ...(maxSize === undefined ? {} : { maxMessageSize: Math.floor(maxSize) })
  }
}

/**
 * The part of its behaviour that stays when it is told other faults: that of the letters, and its limits.
 *
 * @since 0.1.0
 * @category constructors
 */
export const steadyOf = (plan: SinkPlan, seed: string): Behaviour => ({
  faults: faultsOf(plan),
  seed: plan.seed ?? seed,
  connections: { limit: plan.maxConnections, beyond: beyondOf(plan) },
  idle: { after: plan.timeout * 1000, say: "" }
})

/**
 * What becomes of connections that are too many.
 *
 * @since 0.1.0
 * @category constructors
 */
export const beyondOf = ({ busy }: SinkPlan): "busy" | "wait" => (busy === "refuse" ? "busy" : "wait")

/**
 * How it behaves; undefined where it answers at once, as it should.
 *
 * @since 0.1.0
 * @category constructors
 */
export const behaviourOf = (plan: SinkPlan, seed: string): Behaviour | undefined => {
  const steady = steadyOf(plan, seed)
  const letters = steady.faults ?? []
  if (letters.length === 0 && !Misbehaviour.isAny(wordsOf(plan))) return undefined
  const behaviour = Misbehaviour.behaviourOf(wordsOf(plan))
  return { ...steady, ...behaviour, faults: [...letters, ...(behaviour.faults ?? [])] }
}

/**
 * The words for how it misbehaves.
 *
 * @since 0.1.0
 * @category constructors
 */
export const wordsOf = (plan: SinkPlan): Misbehaviour.Misbehaviour =>
  Struct.pick(plan, "capacity", "fault", "greylist", "latency", "limit", "readRate", "stall", "tarpit", "triggers")

/**
 * How it misbehaves beyond its letters, a text for each rule.
 *
 * @since 0.1.0
 * @category formatting
 */
export const rulesOf = (plan: SinkPlan): ReadonlyArray<string> =>
  Object.entries(wordsOf(plan)).flatMap(([name, value]: readonly [string, unknown]) =>
    value === undefined || value === false
      ? []
      : value === true
        ? [name]
        : (Array.isArray(value) ? value : [value]).map((text) => `${PlanField.kebab(name)} ${text}`)
  )

/** The letters' faults: delays first, and of what is done instead of a reply the one that the original prefers. */
const faultsOf = (plan: SinkPlan): ReadonlyArray<Fault> => {
  const {
    abort,
    commandDelay = [],
    dataDelay,
    disconnect,
    hard,
    hardReply,
    readDelay,
    shutDown,
    soft,
    softReply
  } = plan
  const delays = commandDelay.map((text): Fault => {
    const delay = Either.getOrThrow(SinkLetters.parseDelay(text))
    const { at, command } = delay.command
    return { at, command, timing: SinkLetters.timingOf(delay), goesOn: true, label: `-W ${text}` }
  })
  return [
    ...delays,
    ...(dataDelay === undefined ? [] : [{ at: "data", after: dataDelay * 1000, goesOn: true } as const]),
    ...struck(disconnect, { say: "", end: "close" }),
    ...struck(shutDown, { say: "421 4.0.0 Server closing connection\r\n" }),
    ...struck(hard, { say: `${hardReply}\r\n` }),
    ...struck(soft, { say: `${softReply}\r\n` }),
    ...(readDelay === undefined ? [] : [{ at: "content", after: readDelay * 1000, goesOn: true } as const]),
    ...(abort === undefined
      ? []
      : [{ at: "content", after: abort * 1000, say: "550 This violates SMTP\r\n", end: "close" } as const])
  ]
}

const struck = (names: string | undefined, reaction: Reaction): ReadonlyArray<Fault> =>
  names === undefined
    ? []
    : Either.getOrThrow(SinkLetters.parseCommands(names)).map(({ at, command }) => ({ at, command, ...reaction }))

/**
 * What is written to files.
 *
 * @since 0.1.0
 * @category constructors
 */
export const dumpsOf = ({
  dump = [],
  dumpAll,
  dumpEach,
  dumpStart = ""
}: SinkPlan): ReadonlyArray<Dump.DumpRequest> => {
  const start = SinkLetters.unescape(dumpStart)
  return [
    ...(dumpEach === undefined ? [] : [{ format: "each" as const, path: dumpEach, start }]),
    ...dump.flatMap((text) => Dump.parse(text) ?? []),
    ...(dumpAll === undefined ? [] : [{ format: "all" as const, path: dumpAll, start }])
  ]
}
