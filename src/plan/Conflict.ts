/**
 * The rules between the fields of a plan (clause S1.7).
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as AuthFields from "./AuthFields.js"
import * as ClientFields from "./ClientFields.js"
import * as DkimFields from "./DkimFields.js"
import * as Extensions from "./Extensions.js"
import * as MessageFields from "./MessageFields.js"
import { fields } from "./PlanFields.js"
import * as PlanRule from "./PlanRule.js"
import * as ProofFields from "./ProofFields.js"
import * as Rate from "./Rate.js"
import * as ReportRequest from "./ReportRequest.js"
import * as RouteFields from "./RouteFields.js"
import * as Segment from "./Segment.js"
import * as ShapeGrammar from "./ShapeGrammar.js"
import * as SinkFields from "./SinkFields.js"
import * as TlsFields from "./TlsFields.js"

/**
 * The rules that are broken, of the fields as they were given.
 *
 * @since 0.1.0
 * @category predicates
 */
export const find = (input: unknown): ReadonlyArray<PlanRule.Conflict> =>
  typeof input === "object" && input !== null ? PlanRule.broken(rules, given({ ...input })) : []

const given = PlanRule.given(fields)

const isOpen = ({ has }: PlanRule.Given): boolean => has("rate") || has("stages")

/** Each segment must have something of what is shared out: otherwise it could not send its messages. */
const segments: PlanRule.PlanRule = (given) => {
  const { calibrate, connecting = 64, maxSessions, segment, sessions, weights } = given.plan
  const isWeighed = weights !== undefined
  if (segment === undefined) return isWeighed ? [{ fields: ["weights"], rule: "--weights needs --segment" }] : []
  const parsed = Segment.parse(String(segment))
  const list = isWeighed ? Segment.parseWeights(String(weights)) : undefined
  if (calibrate === true) {
    return [{ fields: ["segment", "calibrate"], rule: "--calibrate and --segment exclude each other" }]
  }
  // What the engine says is known later, or one of the two is no valid value.
  if (parsed === undefined || (isWeighed && list === undefined)) return []
  const { of } = parsed
  if (list !== undefined && list.length !== of) {
    const rule = `--weights has ${counted(list.length, "weight")} for ${counted(of, "segment")}`
    return [{ fields: ["segment", "weights"], rule }]
  }
  const open = isOpen(given)
  const most = open ? (maxSessions ?? sessions ?? 1000) : (sessions ?? 1)
  const shared = [
    [open && maxSessions !== undefined ? "maxSessions" : "sessions", open ? "--max-sessions" : "-s", most],
    ["connecting", "--connecting", connecting]
  ] as const
  const weighed = (index: number) => ({ index, of, weights: list })
  const indexes = Array.from({ length: of }, (_, index) => index)
  return shared.flatMap(([field, option, count]) => {
    const without = indexes.find((index) => Segment.shareOf(Number(count), weighed(index)) === 0)
    if (without === undefined) return []
    const rule = `${option} ${count} is too few for ${counted(of, "segment")}: ${Segment.print(weighed(without))} would have none`
    return [{ fields: [field, "segment", "weights"], rule }]
  })
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

const memory: PlanRule.PlanRule = (given) => {
  const { plan } = given
  if (atOnce(given) <= mostSessions * (typeof plan.workers === "number" ? plan.workers : 1)) return []
  const field = isOpen(given) && given.has("maxSessions") ? "maxSessions" : "sessions"
  const rule = `more than ${mostSessions} sessions at once do not fit into a worker's memory; give --workers a number that shares them out`
  return [{ fields: [field, "workers"], rule }]
}

/** Each takes some 10 kB, and a thread has a few GB. */
const mostSessions = 100_000

/** How many sessions a run can have at a time; what is no number is reported elsewhere. */
const atOnce = (given: PlanRule.Given): number => {
  const { duration, maxSessions, segment, sessions = 1 } = given.plan
  const { messages = duration === undefined ? 1 : Infinity } = given.plan
  const most = isOpen(given) ? Number(maxSessions ?? sessions) : Math.min(Number(sessions), Number(messages))
  return Number.isNaN(most) ? 0 : Math.ceil(most / (Segment.parse(String(segment))?.of ?? 1))
}

/** Whether the run is known to be over before its warm-up is. */
const warmUp: PlanRule.PlanRule = ({ has, plan: { duration, stages, warmUp } }) => {
  const timeOf = (text: unknown) => Either.getOrElse(Rate.parseDuration(String(text)), () => Number.NaN)
  const inAll = Either.map(Rate.parseStages(String(stages)), (list) => list.reduce((sum, { lasts }) => sum + lasts, 0))
  const ends = [
    ...(duration === undefined ? [] : [timeOf(duration)]),
    ...(stages === undefined ? [] : [Either.getOrElse(inAll, () => Number.NaN)])
  ]
  if (warmUp === undefined || !ends.some((end) => timeOf(warmUp) >= end)) return []
  const run = has("duration") ? duration : "all stages together"
  const rule = `--warm-up must be shorter than the run: ${warmUp} is not less than ${run}`
  return [{ fields: ["warmUp", "duration", "stages"], rule }]
}

const requestsIn = ({ report }: PlanRule.Given["plan"]) =>
  listOf(report).flatMap((text) => ReportRequest.parse(String(text)) ?? [])

const toStdout = (plan: PlanRule.Given["plan"]): number => requestsIn(plan).filter(ReportRequest.takesStdout).length

const reportFiles: PlanRule.PlanRule = ({ plan }) =>
  twice(requestsIn(plan).flatMap(({ file }) => (file === undefined ? [] : [plainPath(file)]))).map((file) => ({
    fields: ["report"],
    rule: `only one --report can have the file ${file}`
  }))

const thinksInShapes = ({ plan }: PlanRule.Given): boolean => listOf(plan.shapes).some(thinks)

const weightsOfShapes: PlanRule.PlanRule = ({ plan }) => {
  const wrong = ShapeGrammar.misweighed(listOf(plan.shapes))
  return wrong === undefined ? [] : [{ fields: ["shapes"], rule: `--shape: ${wrong}` }]
}

/**
 * The rules, in the order in which they are reported.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  ...MessageFields.rules,
  {
    asked: ["delay", "randomDelay"],
    says: "do not use the {delay} and {randomDelay} options at the same time",
    replaces: true
  },
  {
    asked: ["think"],
    some: ["delay", "randomDelay"],
    says: "{think} cannot be used with {delay} or {randomDelay}",
    replaces: true
  },
  {
    asked: ["shapes"],
    some: ["delay", "randomDelay"],
    without: ["think"],
    when: thinksInShapes,
    says: "{think} cannot be used with {delay} or {randomDelay}"
  },
  {
    some: ["delay", "randomDelay"],
    when: isOpen,
    says: "{delay} and {randomDelay} cannot be used with {rate} or {stages}",
    fields: ["delay", "randomDelay", "rate", "stages"]
  },
  {
    asked: ["think"],
    when: isOpen,
    says: "{think} cannot be used with {rate} or {stages}",
    fields: ["think", "rate", "stages"]
  },
  {
    asked: ["shapes"],
    without: ["think"],
    when: (given) => isOpen(given) && thinksInShapes(given),
    says: "{think} cannot be used with {rate} or {stages}",
    fields: ["shapes", "rate", "stages"]
  },
  weightsOfShapes,
  ...TlsFields.rules,
  ...Extensions.rules,
  ...ClientFields.rules,
  ...AuthFields.rules,
  ...RouteFields.rules,
  ...SinkFields.rules,
  ...ProofFields.rules,
  ...DkimFields.rules,
  { asked: ["rate", "stages"], says: "{rate} and {stages} exclude each other", replaces: true },
  {
    asked: ["rate"],
    without: ["stages", "messages", "duration", "once"],
    says: "{rate} needs an end: {messages}, or {duration}; or use {stages}"
  },
  {
    asked: [["arrivals", "poisson"]],
    without: ["rate", "stages"],
    says: "{arrivals} poisson needs {rate} or {stages}"
  },
  ...["burst", "maxSessions", "dropLate"].map((field) => ({
    asked: [field],
    without: ["rate", "stages"],
    says: `{${field}} needs {rate} or {stages}`
  })),
  { asked: ["target", "sink"], says: "{sink} and a target exclude each other", replaces: true },
  { asked: ["target", "calibrate"], says: "{calibrate} and a target exclude each other", replaces: true },
  { asked: ["sink", "calibrate"], says: "{calibrate} and {sink} exclude each other", replaces: true },
  {
    asked: ["counter", "report"],
    when: ({ plan }) => toStdout(plan) > 0,
    says: "the {counter} option and {report} cannot both have standard output"
  },
  memory,
  warmUp,
  segments,
  {
    asked: ["report"],
    when: ({ plan }) => toStdout(plan) > 1,
    says: "only one {report} can have standard output"
  },
  reportFiles
]

/**
 * Fields of which each takes the place of the others.
 *
 * @since 0.1.0
 * @category constants
 */
export const exclusive: ReadonlyArray<ReadonlyArray<string>> = PlanRule.exclusive(rules)

/** Whether a shape, as fields or as text, has a time to think. */
const thinks = (shape: unknown): boolean => {
  if (typeof shape === "string") return thinks(Either.getOrUndefined(ShapeGrammar.parse(shape)))
  return typeof shape === "object" && shape !== null && "think" in shape
}

/** A path without what says nothing: `./a//b` is `a/b`. */
const plainPath = (path: string): string => path.replace(/\/(\.?\/)+/g, "/").replace(/^(\.\/)+/, "")

const twice = (texts: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(texts.filter((text, index) => texts.indexOf(text) !== index))
]

/** One value may stand for a list of it. */
const listOf = (value: unknown): ReadonlyArray<unknown> =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]
