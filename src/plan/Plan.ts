/**
 * The one description of a run: plain data, from which come the command line, the environment's names, the manual page,
 * the JSON Schema and what a worker is given.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as JSONSchema from "effect/JSONSchema"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Target from "../smtp/Target.js"
import * as Arrival from "./Arrival.js"
import * as PlanField from "./PlanField.js"
import * as Rate from "./Rate.js"
import * as ReportRequest from "./ReportRequest.js"
import * as Shape from "./Shape.js"
import * as Verdict from "./Verdict.js"

/** Up to what a C int holds: the original's counts wrap around beyond it (clause S1.6). */
const Count = Schema.Int.pipe(Schema.between(1, 2_147_483_647)).annotations({
  message: () => ({ message: "expected a whole number from 1 to 2147483647", override: true })
})

const Seconds = Schema.Number.pipe(Schema.between(0, 1e9)).annotations({
  message: () => ({ message: "expected a number of seconds, 0 or more", override: true })
})

const PositiveSeconds = Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(1e9)).annotations({
  message: () => ({ message: "expected a number of seconds, more than 0", override: true })
})

const PositiveNumber = Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(1e9)).annotations({
  message: () => ({ message: "expected a number, more than 0", override: true })
})

const Addresses = Schema.String.pipe(
  Schema.filter((text) => text.split(",").every((address) => Target.isIpv4(address) || Target.isIpv6(address)), {
    message: () => "expected IPv4 or IPv6 addresses with commas between them"
  })
)

/** Text that goes into a command or a header: a line break would begin another one (CWE-93). */
const OneLine = Schema.String.pipe(
  Schema.filter((text) => !/[\u0000\r\n]/.test(text), { message: () => "holds a line break or a NUL" })
)

/** Clause S1.9: a host name, or an address literal in brackets. */
const HelloName = Schema.String.pipe(
  Schema.filter((name) => isHelloName(name), {
    message: () => "expected a host name, or an address literal such as [127.0.0.1] or [IPv6:::1]"
  })
)

const isHelloName = (name: string): boolean => {
  const literal = /^\[(.*)\]$/.exec(name)?.[1]
  if (literal === undefined) return Target.isHostName(name)
  if (!/^ipv6:/i.test(literal)) return Target.isIpv4(literal)
  const address = literal.slice("ipv6:".length)
  // As lenient as the original about groups that are missing, and as strict about zones.
  return (Target.isIpv6(address) && !address.includes("%")) || /^[\da-f]{1,4}(:[\da-f]{1,4}){1,7}$/i.test(address)
}

const TargetText = Schema.String.pipe(
  Schema.filter((text) => Either.match(Target.parse(text), { onLeft: (reason) => reason, onRight: () => true }))
)

const ReportText = Schema.String.pipe(
  Schema.filter((text) => ReportRequest.parse(text) !== undefined, {
    message: () =>
      `expected ${ReportRequest.kinds.slice(0, -1).join(", ")} or ${ReportRequest.kinds.at(-1)}, or one of them with =FILE`
  })
)

const VerdictText = Schema.String.pipe(
  Schema.filter((text) =>
    Either.match(Verdict.parse(text), { onLeft: (failure) => Verdict.describe(failure), onRight: () => true })
  )
)

/** Text in one of the grammars of `Rate`. */
const parsed = (parse: (text: string) => Either.Either<unknown, Rate.ParseFailure>) =>
  Schema.String.pipe(Schema.filter((text) => Either.match(parse(text), { onLeft: Rate.describe, onRight: () => true })))

const fields = {
  target: Schema.optionalWith(TargetText, { exact: true }).annotations({
    description: "Where to connect: [inet:]host[:port] or unix:pathname."
  }),
  family: PlanField.withDefault(Schema.Literal("any", "ipv4", "ipv6"), "any", {
    presets: { "4": "ipv4", "6": "ipv6", ipv4: "ipv4", ipv6: "ipv6" },
    description: "Connect to the server over this address family alone. It has no effect on a UNIX-domain target."
  }),
  acceptRejection: PlanField.withDefault(Schema.Boolean, false, {
    short: "A",
    description:
      "Don't stop when the server answers with something other than the expected positive reply: go on with the next message. A connection that is lost still ends the run; see --keep-going."
  }),
  counter: PlanField.withDefault(Schema.Boolean, false, {
    short: "c",
    description:
      "Display a running counter on standard output, incremented each time the end of a message has been sent."
  }),
  connectAttempts: PlanField.withDefault(Count, 1, {
    short: "C",
    placeholder: "count",
    description:
      "Try this many times to open a connection before giving up, in each session and for all of its life. One attempt goes through all addresses of the server."
  }),
  reuse: PlanField.withDefault(Schema.Boolean, false, {
    short: "d",
    description: "Don't disconnect after sending a message; send the next message over the same connection."
  }),
  from: PlanField.optional(OneLine, {
    short: "f",
    placeholder: "from",
    description: "Use this sender address (default: foo@myhostname). An empty one is the null sender."
  }),
  file: PlanField.optional(Schema.String, {
    short: "F",
    placeholder: "file",
    description:
      "Send the message, headers and body, that is in this file. Lines may end in LF or in CRLF; lines that begin with a dot are stuffed."
  }),
  length: PlanField.optional(Count, {
    short: "l",
    placeholder: "length",
    description: "Send this many bytes of generated text as the body of the message, headers not counted."
  }),
  lmtp: PlanField.withDefault(Schema.Boolean, false, {
    short: "L",
    description: "Speak LMTP rather than SMTP."
  }),
  messages: PlanField.withDefault(Count, 1, {
    short: "m",
    placeholder: "message_count",
    description: "Send this many messages in all."
  }),
  helloName: PlanField.optional(HelloName, {
    short: "M",
    long: "hostname",
    placeholder: "myhostname",
    description:
      "Use this host name, or [address literal], in the HELO command, in the default sender and recipient, and in Message-Id (default: the host's own name)."
  }),
  numberRecipients: PlanField.withDefault(Schema.Boolean, false, {
    short: "N",
    description:
      "Put a number that is used once in the run before each recipient address, so that the server's caches see new ones."
  }),
  bare: PlanField.withDefault(Schema.Boolean, false, {
    short: "o",
    description: "Old mode: don't send HELO, and don't send message headers."
  }),
  recipients: PlanField.optional(Count, {
    short: "r",
    placeholder: "recipient_count",
    description:
      "Send this many recipients with each message (default: 1). Their addresses differ by a number before the recipient address."
  }),
  randomDelay: PlanField.optional(PositiveSeconds, {
    short: "R",
    placeholder: "interval",
    description:
      "Wait for a random time between 0 and this many seconds between the messages of a session. Whole seconds are drawn, unless the interval has a fraction."
  }),
  sessions: PlanField.withDefault(Count, 1, {
    short: "s",
    placeholder: "session_count",
    description: "Run this many sessions in parallel."
  }),
  subject: PlanField.optional(OneLine, {
    short: "S",
    placeholder: "subject",
    description: "Send mail with this subject line (default: none)."
  }),
  to: PlanField.optional(OneLine, {
    short: "t",
    placeholder: "to",
    description: "Use this recipient address (default: foo@myhostname)."
  }),
  windowSize: PlanField.optional(Count, {
    short: "T",
    placeholder: "windowsize",
    description:
      "Set the socket's send and receive buffers to this many bytes before connecting. This needs the optional package koffi."
  }),
  verbose: PlanField.withDefault(Schema.NonNegativeInt, 0, {
    short: "v",
    counted: true,
    description: "Write the dialogue to standard error."
  }),
  delay: PlanField.optional(PositiveSeconds, {
    short: "w",
    placeholder: "interval",
    description: "Wait for this many seconds between the messages of a session."
  }),
  timeout: PlanField.withDefault(PositiveSeconds, 300, {
    section: "Time limits and faults",
    placeholder: "seconds",
    description: "Give up on a reply that is not complete after this many seconds, and on a server that stops reading."
  }),
  keepGoing: PlanField.withDefault(Schema.Boolean, false, {
    section: "Time limits and faults",
    description:
      "Go on whatever happens: a rejection, a lost connection, a time-out, a malformed reply or a failed connect costs the message it struck, and is counted. The exit status is 1 when a message was not accepted."
  }),
  drain: PlanField.withDefault(Seconds, 5, {
    section: "Time limits and faults",
    placeholder: "seconds",
    description: "After a signal, give the transactions under way this many seconds to end."
  }),
  connecting: PlanField.withDefault(Count, 64, {
    section: "Connections and dialogue",
    placeholder: "count",
    description: "Have at most this many connections waiting for their greeting at any time."
  }),
  connectRate: PlanField.optional(PositiveNumber, {
    placeholder: "rate",
    description: "Open at most this many connections a second, evenly spaced."
  }),
  source: PlanField.optional(Addresses, {
    placeholder: "address,...",
    description:
      "Connect from these local addresses in turn. Each one has ports of its own: some 28,000 on Linux, unless told otherwise."
  }),
  perConnection: PlanField.optional(parsed(Shape.parsePerConnection), {
    section: "Connections and dialogue",
    placeholder: "count|min..max",
    description:
      "Send this many messages over each connection, and then open another one; or as many as are drawn for it, between the two numbers. It implies -d."
  }),
  hold: PlanField.optional(PositiveSeconds, {
    section: "Connections and dialogue",
    placeholder: "seconds",
    description: "Hold each connection, idle, for so long before QUIT."
  }),
  sendRate: PlanField.optional(PositiveNumber, {
    section: "Connections and dialogue",
    placeholder: "bytes",
    description: "Send the content of messages at no more than this many bytes a second over each connection."
  }),
  abandon: PlanField.optional(parsed(Shape.parseAbandon), {
    section: "Connections and dialogue",
    placeholder: "step [close|reset] [share%]",
    description:
      'Leave without a word once the server has answered this step: greeting, hello, mail, rcpt or data; by a reset unless close is said, and for this share of the messages: "data 5%", "rcpt close 10%". They are counted as failed, and do not end the run.'
  }),
  close: PlanField.withDefault(Schema.Literal("reset", "fin"), "reset", {
    section: "Connections and dialogue",
    description:
      "How to close a connection after QUIT: reset leaves no port in TIME_WAIT, as the original does; fin is the polite way."
  }),
  numbering: PlanField.withDefault(Schema.Literal("prepend", "append"), "prepend", {
    section: "Connections and dialogue",
    description:
      "Where a recipient's number goes: before the address, counted from 1, or after its local part, counted from 0 (Postfix 3.9 and later)."
  }),
  pipelining: PlanField.withDefault(Schema.Literal("off", "on", "full"), "off", {
    section: "Connections and dialogue",
    description:
      "Send commands in groups, where the server offers PIPELINING: on puts a message's envelope and DATA in one write; full adds to the end of a message the envelope of the next one on the same connection, which some servers refuse. Each reply of a group counts its time from when the group was written, that to the final dot from the dot."
  }),
  rate: PlanField.optional(parsed(Rate.parseRate), {
    section: "Arrivals",
    placeholder: "count[/s|/m|/h]",
    description:
      "Start so many messages a second, minute or hour, each when it is due, whether or not earlier ones were answered. Durations of transactions then count from when the message was due."
  }),
  arrivals: PlanField.withDefault(Schema.Literal("constant", "poisson"), "constant", {
    section: "Arrivals",
    description: "With a rate: evenly spaced, or each on its own, as mail comes in (poisson; drawn from --seed)."
  }),
  stages: PlanField.optional(parsed(Rate.parseStages), {
    section: "Arrivals",
    placeholder: "time:rate[..rate],...",
    description:
      'Instead of one rate, several in turn: "30s:100/s, 2m:100/s..1000/s, 1m:0/s" holds 100 a second for 30 seconds, goes up to 1000 a second in two minutes, and rests for one. Without -m the run ends with the last stage.'
  }),
  burst: PlanField.withDefault(Count, 1, {
    section: "Arrivals",
    placeholder: "count",
    description:
      "With a rate: start this many messages at once, and so many times less often, so that the rate is kept."
  }),
  maxSessions: PlanField.optional(Count, {
    section: "Arrivals",
    placeholder: "count",
    description:
      "With a rate: have at most this many sessions (default: that of -s, or 1000). A message that is due while all of them are busy starts late, which is counted."
  }),
  dropLate: PlanField.optional(Seconds, {
    section: "Arrivals",
    placeholder: "seconds",
    description:
      "With a rate: don't start a message that had to wait for a session for longer than this. It is counted as dropped, and among those not started."
  }),
  duration: PlanField.optional(parsed(Rate.parseDuration), {
    section: "The run",
    placeholder: "time",
    description:
      "Begin no more messages after this time (90s, 10m, 1h), or after those of -m, whichever comes first. Without -m there is no limit to their number."
  }),
  warmUp: PlanField.optional(parsed(Rate.parseDuration), {
    section: "The run",
    placeholder: "time",
    description:
      "Leave this first part of the run (10s, 1m) out of the durations, the replies and the rate that are reported. Its messages are counted, and what goes wrong is told."
  }),
  seed: PlanField.optional(Schema.String, {
    section: "The run",
    placeholder: "text",
    description: "Draw random delays and arrivals from this seed, so that a run can be repeated."
  }),
  workers: PlanField.withDefault(Schema.Union(Count, Schema.Literal("auto")), 1, {
    section: "The run",
    placeholder: "count|auto",
    description:
      "Share the sessions out to this many threads, each with a processor of its own; auto is one for each processor."
  }),
  sink: PlanField.withDefault(Schema.Boolean, false, {
    section: "The run",
    description:
      "Start a server of our own on loopback, in a thread of its own, and send to it instead of to a target. At the end its counts are compared with ours; a difference is a bug (exit status 70)."
  }),
  calibrate: PlanField.withDefault(Schema.Boolean, false, {
    section: "The run",
    description:
      "Instead of sending to a target, measure for a few seconds what this machine can generate, against a sink of our own: the load as it is asked for, without its rate and pauses, and with all that makes it faster. A server that takes more than this is not measured by it."
  }),
  summary: PlanField.withDefault(Schema.Boolean, false, {
    section: "The run",
    description: "Write the summary to standard error at the end, even where that is no terminal."
  }),
  report: PlanField.optional(Schema.Array(ReportText), {
    section: "Results",
    repeatable: true,
    placeholder: "format[=file]",
    description:
      "Report the run at its end, as text, json, csv (second by second), hgrm (HdrHistogram), prometheus (for a textfile collector), junit or html (one page that needs nothing else), to a file; without one, text goes to standard error and the others to standard output. ndjson is a journal: a line of JSON for each second as it goes, and the report at the end, so that smtp-report can read a run that was killed, too. May be given several times."
  }),
  progress: PlanField.withDefault(Schema.Literal("auto", "plain", "off"), "auto", {
    section: "Results",
    description:
      "Show how far the run is, on standard error: auto does so on a terminal that neither -v nor -c writes to, a few times a second; plain writes a line every five seconds."
  }),
  failIf: PlanField.optional(Schema.Array(VerdictText), {
    section: "Results",
    repeatable: true,
    placeholder: "expression",
    description:
      'Exit with status 99 if this is true of the run: "p99(transaction) > 250ms", "max(rcpt) >= 1s", "mean(final) > 20ms", "rejected > 0.1%", "accepted < 100%", "rate < 500/s", "code(4xx) > 0". Durations are of what was accepted, unless said otherwise ("p50(rcpt, rejected) > 1s"), and a duration that was never measured fails. May be given several times.'
  }),
  abortIf: PlanField.optional(Schema.Array(VerdictText), {
    section: "Results",
    repeatable: true,
    placeholder: "expression",
    description:
      "Stop the run, as a signal would, as soon as this is true of it, and exit with status 99. It is looked at each second, at all that was measured since the start; what was not measured yet is not true. May be given several times."
  })
}

/**
 * The schema of a `Plan`, with the rules between its fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct(fields).pipe(
  Schema.filter((plan) => {
    const found = conflicts(plan)
    return found.length === 0 ? undefined : found.join("; ")
  })
)

/**
 * Which of the given fields exclude each other (clause S1.7), in words.
 *
 * @since 0.1.0
 * @category schemas
 */
export const conflicts = (plan: {
  readonly [field: string]: unknown
  readonly sink?: unknown
  readonly calibrate?: unknown
  readonly counter?: unknown
  readonly report?: unknown
  readonly arrivals?: unknown
  readonly burst?: unknown
}): ReadonlyArray<string> => {
  const given = (field: string) => plan[field] !== undefined
  const open = given("rate") || given("stages")
  const requests = (Array.isArray(plan.report) ? plan.report : []).map((text) => ReportRequest.parse(String(text)))
  const toStdout = requests.filter((request) => request !== undefined && ReportRequest.takesStdout(request)).length
  const rules: ReadonlyArray<readonly [boolean, string]> = [
    [given("file") && given("length"), "the -l option cannot be used with -F"],
    [given("delay") && given("randomDelay"), "do not use the -w and -R options at the same time"],
    [open && (given("delay") || given("randomDelay")), "-w and -R are for runs without --rate and --stages"],
    [given("rate") && given("stages"), "--stages takes the place of --rate"],
    [
      given("rate") && !given("stages") && !given("messages") && !given("duration"),
      "--rate needs an end: -m, or --duration; or use --stages"
    ],
    ...(
      [
        ["--arrivals poisson", plan.arrivals === "poisson"],
        ["--burst", given("burst") && plan.burst !== 1],
        ["--max-sessions", given("maxSessions")],
        ["--drop-late", given("dropLate")]
      ] as const
    ).map(([option, asked]) => [asked && !open, `${option} needs --rate or --stages`] as const),
    [given("target") && plan.sink === true, "--sink takes the place of the target"],
    [given("target") && plan.calibrate === true, "--calibrate takes the place of the target"],
    [plan.sink === true && plan.calibrate === true, "--calibrate starts a sink of its own"],
    [toStdout > 0 && plan.counter === true, "the -c option and --report cannot both have standard output"],
    [toStdout > 1, "only one --report can have standard output"]
  ]
  return rules.flatMap(([broken, rule]) => (broken ? [rule] : []))
}

/**
 * The fields of the schema, with their descriptions (`PlanField.get`).
 *
 * @since 0.1.0
 * @category schemas
 */
export const planFields: Schema.Struct.Fields = fields

/**
 * Everything that a run needs to know. Times are in seconds.
 *
 * @since 0.1.0
 * @category models
 */
export type Plan = typeof schema.Type

/**
 * A Plan as it is written in a file or by a program: fields that have a default may be left out.
 *
 * @since 0.1.0
 * @category models
 */
export type PlanInput = typeof schema.Encoded

/**
 * A Plan, as it is written in a file, as a JSON Schema. The rules between fields, and the grammars of texts, are not in it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const jsonSchema = (): JSONSchema.JsonSchema7Root =>
  JSONSchema.make(
    Schema.Struct(fields).annotations({ title: "A plan of smtp-source", description: "What --scenario reads." })
  )

/**
 * Reads a Plan from plain data; the error holds all that is wrong with it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decode = (input: unknown): Either.Either<Plan, ParseResult.ParseError> =>
  Schema.decodeUnknownEither(schema)(completed(input), { errors: "all", onExcessProperty: "error" })

/** The defaults that depend on other fields: what ends the run, and how many sessions it may have. */
const completed = (input: unknown): unknown => {
  if (typeof input !== "object" || input === null) return input
  const given: { readonly [field: string]: unknown } = { ...input }
  const open = given.rate !== undefined || given.stages !== undefined
  const ends = given.duration !== undefined || given.stages !== undefined
  return {
    ...given,
    ...(ends && given.messages === undefined ? { messages: Arrival.unlimited } : {}),
    ...(open && given.maxSessions === undefined
      ? { maxSessions: typeof given.sessions === "number" ? given.sessions : 1000 }
      : {})
  }
}

/**
 * Makes a Plan, filling in the defaults. Throws a `ParseError` where `input` breaks a rule.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { Plan } from "smtp-source"
 *
 * export const plan = Plan.make({ target: "localhost:2525", messages: 100, sessions: 10, reuse: true })
 */
export const make = (input: PlanInput): Plan => Either.getOrThrowWith(decode(input), (error) => error)
