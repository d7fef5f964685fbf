/**
 * How a sink is to misbehave, in the words of its options, and the behaviour that they come to. Pure.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Schema from "effect/Schema"
import * as FaultRule from "../plan/FaultRule.js"
import * as FieldNames from "../plan/FieldNames.js"
import * as PlanIssue from "../plan/PlanIssue.js"
import * as SinkFields from "../plan/SinkFields.js"
import * as SinkRules from "../plan/SinkRules.js"
import type { Behaviour } from "./Behaviour.js"
import type { Fault, Moment, Reaction } from "./Reaction.js"
import type { Latency } from "./ServiceModel.js"

/**
 * The words: plain data, in the grammars of the options of the same names.
 *
 * @since 0.1.0
 * @category models
 */
export interface Misbehaviour {
  readonly fault?: ReadonlyArray<string> | undefined
  readonly latency?: ReadonlyArray<string> | undefined
  readonly capacity?: string | undefined
  readonly stall?: ReadonlyArray<string> | undefined
  readonly limit?: ReadonlyArray<string> | undefined
  readonly greylist?: string | undefined
  readonly tarpit?: string | undefined
  /** In bytes a second. */
  readonly readRate?: number | undefined
  /** Whether recipients say what becomes of them. */
  readonly triggers?: boolean | undefined
  readonly seed?: string | undefined
}

/**
 * Whether anything is out of the ordinary.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAny = ({ seed: _, ...words }: Misbehaviour): boolean =>
  Object.values(words).some(
    (value) => value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
  )

/**
 * Words that are none of those that a sink knows.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidMisbehaviour extends Data.TaggedError("InvalidMisbehaviour")<{
  /** A line for each field. */
  readonly problems: ReadonlyArray<string>
}> {
  override get message(): string {
    return this.problems.join("\n")
  }
}

/**
 * The behaviour that words come to which are written in the program itself. Throws an `InvalidMisbehaviour` where one of them
 * cannot be read; `fromInput` is for words that are not known before the program runs.
 *
 * @example
 * import { Misbehaviour } from "smtp-source"
 * import { TestServer } from "smtp-source/testing"
 *
 * // In memory and in virtual time, what smtp-sink --fault does over sockets.
 * export const server = TestServer.layer(Misbehaviour.behaviourOf({ fault: ["rcpt 5% 451", "final delay exp(20ms)"] }))
 *
 * @since 0.1.0
 * @category constructors
 */
export const behaviourOf = (words: Misbehaviour): Behaviour => {
  const {
    capacity,
    fault = [],
    greylist,
    latency = [],
    limit = [],
    readRate,
    seed,
    stall = [],
    tarpit,
    triggers
  } = words
  const limits = limit.map((text) => ({ ...readable(words, SinkRules.parseLimit(text)), label: `limit ${text}` }))
  return {
    faults: fault.map((text) => ({ ...faultOf(readable(words, FaultRule.parse(text))), label: `fault ${text}` })),
    ...(seed === undefined ? {} : { seed }),
    ...(latency.length === 0 ? {} : { latency: latencyOf(words, latency) }),
    ...(capacity === undefined ? {} : { capacity: readable(words, SinkRules.parseCapacity(capacity)) }),
    ...(stall.length === 0 ? {} : { stalls: stall.map((text) => readable(words, SinkRules.parseStall(text))) }),
    ...(limits.length === 0 ? {} : { limits }),
    ...(greylist === undefined ? {} : { greylist: readable(words, SinkRules.parseGreylist(greylist)) }),
    ...(tarpit === undefined ? {} : { tarpit: readable(words, SinkRules.parseTarpit(tarpit)) }),
    ...(readRate === undefined ? {} : { reading: readingOf(readRate) }),
    ...(triggers === true ? { triggers } : {})
  }
}

/**
 * Reads words that came from outside, with the fields of the options' names; says what is wrong with them.
 *
 * @since 0.1.0
 * @category parsing
 */
export const decode = (input: unknown): Either.Either<Misbehaviour, ReadonlyArray<string>> =>
  Either.mapLeft(Schema.decodeUnknownEither(struct, { errors: "all", onExcessProperty: "error" })(input), (error) =>
    PlanIssue.describe(error, input, (path) => FieldNames.meant(SinkFields.fields, String(path.at(-1)))).map(
      ({ text }) => text
    )
  )

/**
 * The behaviour that words from outside come to, such as those of a file: fails with all that is wrong with them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromInput = (input: unknown): Effect.Effect<Behaviour, InvalidMisbehaviour> =>
  Either.mapBoth(decode(input), {
    onLeft: (problems) => new InvalidMisbehaviour({ problems }),
    onRight: behaviourOf
  })

/** What a text was read as; where it could not be, the words are looked at as a whole, which tells the field. */
const readable = <A>(words: Misbehaviour, text: Either.Either<A, unknown>): A =>
  Either.getOrThrowWith(
    text,
    () => new InvalidMisbehaviour({ problems: Either.match(decode(words), { onLeft: identity, onRight: () => [] }) })
  )

const struct = Schema.Struct(SinkFields.fields)

/** Ten times a second, or a byte at a time where that is less. */
const readingOf = (bytesPerSecond: number) => {
  const bytes = Math.max(1, Math.floor(bytesPerSecond / 10))
  return { bytes, every: (1000 * bytes) / bytesPerSecond }
}

/** A step's own goes before that of all. */
const latencyOf = (words: Misbehaviour, texts: ReadonlyArray<string>): Latency => {
  const rules = texts.map((text) => readable(words, SinkRules.parseLatency(text)))
  const all = rules.find(({ step }) => step === undefined)?.timing
  const own = new Map(rules.flatMap(({ step, timing }) => (step === undefined ? [] : [[step, timing] as const])))
  if (own.size === 0 && all !== undefined) return all
  return Object.fromEntries(SinkRules.slowSteps.map((step) => [step, own.get(step) ?? all]))
}

const faultOf = ({ act, byRecipient, delay, during, share, step, when }: FaultRule.FaultRule): Fault => ({
  ...momentOf(step),
  percent: share * 100,
  ...(delay === undefined ? {} : { timing: delay, goesOn: act === undefined }),
  ...(when === undefined ? {} : { when }),
  ...(during === undefined ? {} : { during }),
  ...(byRecipient ? { byRecipient } : {}),
  ...(act === undefined ? {} : reactionOf(act))
})

const momentOf = (step: FaultRule.FaultStep): { readonly at: Moment; readonly command?: string } => {
  switch (step) {
    case "connect":
      return { at: "greeting" }
    case "noop":
      return { at: "other", command: "NOOP" }
    default:
      return { at: step }
  }
}

const reactionOf = (act: FaultRule.FaultAct): Reaction & Pick<Fault, "twice" | "early"> => {
  switch (act._tag) {
    case "Reply":
      return { say: `${act.code} ${act.text}\r\n` }
    case "Drip":
      return { drip: 1000 / act.bytesPerSecond }
    case "close":
    case "reset":
      return { say: "", end: act._tag }
    case "shut":
      return { say: "", end: "stall" }
    case "silence":
      return { say: "" }
    case "garbage":
      return { say: "There is no code before this.\r\n" }
    case "twice":
      return { twice: true }
    case "early":
      return { early: true }
    case "endless":
      return endless
  }
}

/** A reply that goes on for a megabyte, and has no last line. */
const endless: Reaction = {
  say: Array.from({ length: 256 }, () => `250-${"x".repeat(4090)}\r\n`),
  end: "stall"
}
