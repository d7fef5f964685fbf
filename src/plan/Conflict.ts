/**
 * The rules between the fields of a plan (clause S1.7).
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as AuthFields from "./AuthFields.js"
import * as ClientFields from "./ClientFields.js"
import * as Extensions from "./Extensions.js"
import * as MessageFields from "./MessageFields.js"
import * as DkimFields from "./DkimFields.js"
import * as ProofFields from "./ProofFields.js"
import * as Rate from "./Rate.js"
import * as ReportRequest from "./ReportRequest.js"
import * as Segment from "./Segment.js"
import * as Shape from "./Shape.js"
import * as RouteFields from "./RouteFields.js"
import * as SinkFields from "./SinkFields.js"
import * as TlsFields from "./TlsFields.js"

/**
 * A rule that is broken, in words, and the fields that break it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Conflict {
  readonly rule: string
  readonly fields: ReadonlyArray<string>
}

/**
 * Fields of which each takes the place of the others.
 *
 * @since 0.1.0
 * @category constants
 */
export const exclusive: ReadonlyArray<ReadonlyArray<string>> = [
  ["target", "sink", "calibrate"],
  ["rate", "stages"],
  ["delay", "randomDelay", "think"],
  ["file", "length"],
  ["file", "body"],
  ["file", "template"],
  ["template", "length"],
  ["template", "body"]
]

/**
 * The rules that are broken, of the fields as they were given: of what is not there, nobody can say that it was asked for.
 *
 * @since 0.1.0
 * @category predicates
 */
export const find = (input: unknown): ReadonlyArray<Conflict> => {
  if (typeof input !== "object" || input === null) return []
  const plan: { readonly [field: string]: unknown } = { ...input }
  const given = (field: string) => plan[field] !== undefined && plan[field] !== false
  const open = given("rate") || given("stages")
  const requests = listOf(plan.report).map((text) => ReportRequest.parse(String(text)))
  const toStdout = requests.filter((request) => request !== undefined && ReportRequest.takesStdout(request)).length
  const shared = twice(requests.flatMap((request) => (request?.file === undefined ? [] : [plainPath(request.file)])))
  const thinking = listOf(plan.shapes).some(thinks)
  const all = (...fields: ReadonlyArray<string>) => fields.every(given)
  const rules: ReadonlyArray<Rule> = [
    ...MessageFields.conflicts(plan, given),
    [all("delay", "randomDelay"), ["delay", "randomDelay"], "do not use the -w and -R options at the same time"],
    [
      (given("think") || thinking) && (given("delay") || given("randomDelay")),
      ["delay", "randomDelay", given("think") ? "think" : "shapes"],
      "--think cannot be used with -w or -R"
    ],
    [
      open && (given("delay") || given("randomDelay")),
      ["delay", "randomDelay", "rate", "stages"],
      "-w and -R cannot be used with --rate or --stages"
    ],
    [
      open && (given("think") || thinking),
      [given("think") ? "think" : "shapes", "rate", "stages"],
      "--think cannot be used with --rate or --stages"
    ],
    ...TlsFields.conflicts(plan, given),
    ...Extensions.conflicts(plan, given),
    ...ClientFields.conflicts(plan, given),
    ...AuthFields.conflicts(plan, given),
    ...RouteFields.conflicts(plan),
    ...SinkFields.conflicts(plan),
    ...ProofFields.conflicts(plan, given),
    ...DkimFields.conflicts(plan, given),
    [all("rate", "stages"), ["rate", "stages"], "--rate and --stages exclude each other"],
    [
      given("rate") && !given("stages") && !given("messages") && !given("duration") && !given("once"),
      ["rate"],
      "--rate needs an end: -m, or --duration; or use --stages"
    ],
    ...(
      [
        ["arrivals", "--arrivals poisson", plan.arrivals === "poisson"],
        ["burst", "--burst", given("burst") && plan.burst !== 1],
        ["maxSessions", "--max-sessions", given("maxSessions")],
        ["dropLate", "--drop-late", given("dropLate")]
      ] as const
    ).map(([field, option, asked]) => [asked && !open, [field], `${option} needs --rate or --stages`] as const),
    [all("target", "sink"), ["target", "sink"], "--sink and a target exclude each other"],
    [all("target", "calibrate"), ["target", "calibrate"], "--calibrate and a target exclude each other"],
    [all("sink", "calibrate"), ["sink", "calibrate"], "--calibrate and --sink exclude each other"],
    [
      toStdout > 0 && plan.counter === true,
      ["counter", "report"],
      "the -c option and --report cannot both have standard output"
    ],
    [
      atOnce(plan) > mostSessions * (typeof plan.workers === "number" ? plan.workers : 1),
      [open && given("maxSessions") ? "maxSessions" : "sessions", "workers"],
      `more than ${mostSessions} sessions at once do not fit into a worker's memory; give --workers a number that shares them out`
    ],
    [
      isAllWarmUp(plan),
      ["warmUp", "duration", "stages"],
      `--warm-up must be shorter than the run: ${plan.warmUp} is not less than ${given("duration") ? plan.duration : "all stages together"}`
    ],
    ...segmentRules(plan, open),
    [toStdout > 1, ["report"], "only one --report can have standard output"],
    ...shared.map((file) => [true, ["report"], `only one --report can have the file ${file}`] as const)
  ]
  return rules.flatMap(([broken, fields, rule]) => (broken ? [{ rule, fields: fields.filter(given) }] : []))
}

type Rule = readonly [broken: boolean, fields: ReadonlyArray<string>, rule: string]

/** Each segment must have something of what is shared out: otherwise it could not send its messages. */
const segmentRules = (plan: { readonly [field: string]: unknown }, open: boolean): ReadonlyArray<Rule> => {
  const { calibrate, connecting = 64, maxSessions, segment, sessions, weights } = plan
  if (segment === undefined) return [[weights !== undefined, ["weights"], "--weights needs --segment"]]
  const parsed = Segment.parse(String(segment))
  const list = weights === undefined ? undefined : Segment.parseWeights(String(weights))
  if (calibrate === true) return [[true, ["segment", "calibrate"], "--calibrate and --segment exclude each other"]]
  // What the engine says is known later, or one of the two is no valid value.
  if (parsed === undefined || (weights !== undefined && list === undefined)) return []
  const { of } = parsed
  if (list !== undefined && list.length !== of) {
    const rule = `--weights has ${counted(list.length, "weight")} for ${counted(of, "segment")}`
    return [[true, ["segment", "weights"], rule]]
  }
  const most = open ? (maxSessions ?? sessions ?? 1000) : (sessions ?? 1)
  const shared = [
    [open && maxSessions !== undefined ? "maxSessions" : "sessions", open ? "--max-sessions" : "-s", most],
    ["connecting", "--connecting", connecting]
  ] as const
  const weighed = (index: number) => ({ index, of, weights: list })
  const indexes = Array.from({ length: of }, (_, index) => index)
  return shared.map(([field, option, count]): Rule => {
    const without = indexes.find((index) => Segment.shareOf(Number(count), weighed(index)) === 0)
    const share = without === undefined ? "" : Segment.print(weighed(without))
    return [
      without !== undefined,
      [field, "segment", "weights"],
      `${option} ${count} is too few: segment ${share} would have none`
    ]
  })
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

/** Whether a shape, as fields or as text, has a time to think. */
const thinks = (shape: unknown): boolean => {
  if (typeof shape === "string") return thinks(Either.getOrUndefined(Shape.parse(shape)))
  return typeof shape === "object" && shape !== null && "think" in shape
}

/** Each takes some 10 kB, and a thread has a few GB. */
const mostSessions = 100_000

/** How many sessions a run can have at a time; what is no number is told of elsewhere. */
const atOnce = ({
  duration,
  maxSessions,
  messages = duration === undefined ? 1 : Infinity,
  rate,
  segment,
  sessions = 1,
  stages
}: {
  readonly [field: string]: unknown
}): number => {
  const open = rate !== undefined || stages !== undefined
  const most = open ? Number(maxSessions ?? sessions) : Math.min(Number(sessions), Number(messages))
  return Number.isNaN(most) ? 0 : Math.ceil(most / (Segment.parse(String(segment))?.of ?? 1))
}

/** Whether the run is known to be over before its warm-up is. */
const isAllWarmUp = ({ duration, stages, warmUp }: { readonly [field: string]: unknown }): boolean => {
  const timeOf = (text: unknown) => Either.getOrElse(Rate.parseDuration(String(text)), () => Number.NaN)
  const inAll = Either.map(Rate.parseStages(String(stages)), (list) => list.reduce((sum, { lasts }) => sum + lasts, 0))
  const ends = [
    ...(duration === undefined ? [] : [timeOf(duration)]),
    ...(stages === undefined ? [] : [Either.getOrElse(inAll, () => Number.NaN)])
  ]
  return warmUp !== undefined && ends.some((end) => timeOf(warmUp) >= end)
}

/** A path without what says nothing: `./a//b` is `a/b`. */
const plainPath = (path: string): string => path.replace(/\/(\.?\/)+/g, "/").replace(/^(\.\/)+/, "")

const twice = (texts: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(texts.filter((text, index) => texts.indexOf(text) !== index))
]

/** One value may stand for a list of it. */
const listOf = (value: unknown): ReadonlyArray<unknown> =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]
