/**
 * What the command smtp-sink is to do: the one schema from which its command line, its environment variables, its manual and
 * its JSON Schema come.
 *
 * It is over 300 lines because it is a table: a row for each option.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { optional, withDefault } from "../plan/PlanField.js"
import * as Cursor from "../plan/Cursor.js"
import * as ReportRequest from "../plan/ReportRequest.js"
import * as SinkVerdict from "./SinkVerdict.js"
import * as FieldNames from "../plan/FieldNames.js"
import * as FieldsSchema from "../plan/FieldsSchema.js"
import * as PlanIssue from "../plan/PlanIssue.js"
import * as PlanRule from "../plan/PlanRule.js"
import * as PlanValue from "../plan/PlanValue.js"
import * as SinkOffer from "../plan/SinkOffer.js"
import * as SinkFields from "../plan/SinkFields.js"
import * as Dump from "./Dump.js"
import * as ListenAddress from "./ListenAddress.js"
import * as SinkLetters from "./SinkLetters.js"

const Commands = PlanValue.readable(PlanValue.Text, SinkLetters.parseCommands)

const Delay: Schema.Schema<string> = PlanValue.readable(Schema.String, SinkLetters.parseDelay)

const Reply = (first: "4" | "5") =>
  PlanValue.OneLine.pipe(
    Schema.filter((text) => text.startsWith(first) && /^\d\d\d(?: |$)/.test(text), {
      message: () => `expected a reply of one line that begins with a code of ${first}00 to ${first}99`
    })
  )

const File = Schema.String.pipe(
  Schema.filter((name) => (name === "" || name.includes("\u0000") ? "expected the name of a file" : undefined))
)

const DumpText: Schema.Schema<string> = Schema.String.pipe(
  Schema.filter((text) => Dump.parse(text) !== undefined, {
    message: () => `expected ${Dump.formats.slice(0, -1).join(", ")} or ${Dump.formats.at(-1)}, with =PATH`
  })
)

const Extension = Schema.Literal(...SinkOffer.extensions).annotations({
  message: () => ({ message: `expected one of ${SinkOffer.extensions.join(", ")}`, override: true })
})

const ReportText: Schema.Schema<string> = Schema.String.pipe(
  Schema.filter((text) => /^(?:text|json)$/.test(ReportRequest.parse(text)?.format ?? ""), {
    message: () => "expected text or json, or one of them with =FILE"
  })
)

const VerdictText: Schema.Schema<string> = Schema.String.pipe(
  Schema.filter((text) => Either.match(SinkVerdict.parse(text), { onLeft: Cursor.describe, onRight: () => true }))
)

const ControlText = Schema.String.pipe(
  Schema.filter(
    (text) => Either.match(ListenAddress.parse(text), { onLeft: () => false, onRight: ({ _tag }) => _tag === "Inet" }),
    { message: () => "expected host:port, such as 127.0.0.1:9125" }
  )
)

/**
 * The fields, with their descriptions (`PlanField.get`).
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  listen: Schema.optionalWith(PlanValue.readable(Schema.String, ListenAddress.parse), {
    exact: true,
    default: () => "127.0.0.1:2525"
  }).annotations({
    description: "Where to listen: [inet:][host]:port, where no host is every interface, or unix:pathname."
  }),
  backlog: Schema.optionalWith(PlanValue.Count, { exact: true, default: () => 4096 }).annotations({
    description: "How many connections may wait to be accepted, as far as the system allows it."
  }),
  family: withDefault(Schema.Literal("any", "ipv4", "ipv6"), "any", {
    presets: { "4": "ipv4", "6": "ipv6", ipv4: "ipv4", ipv6: "ipv6" },
    description: "Listen over this address family alone."
  }),
  hide: optional(Schema.Array(Extension), {
    repeatable: true,
    placeholder: "extension",
    presets: {
      "8": "8bitmime",
      a: "auth",
      C: "xclient",
      E: "enhancedstatuscodes",
      F: "xforward",
      N: "dsn",
      p: "pipelining"
    },
    description:
      "Do not announce this extension. -8 is 8BITMIME, -a AUTH, -C XCLIENT, -E ENHANCEDSTATUSCODES, -F XFORWARD, -N DSN, -p PIPELINING. May be given several times."
  }),
  abort: optional(PlanValue.Time, {
    short: "A",
    placeholder: "seconds",
    description:
      "After DATA, wait for this time, say 550 and close, without reading the content. With 0, do so at once."
  }),
  softReply: withDefault(Reply("4"), "450 4.3.0 Error: command failed", {
    short: "b",
    placeholder: "reply",
    description: "Use this reply for what -r rejects."
  }),
  hardReply: withDefault(Reply("5"), "500 5.3.0 Error: command failed", {
    short: "B",
    placeholder: "reply",
    description: "Use this reply for what -f rejects."
  }),
  counter: withDefault(Schema.Boolean, false, {
    short: "c",
    description:
      "Show running counters on standard output whenever a session or a message ends: sess= is the sessions that have ended, quit= those of them that ended with QUIT, and mesg= the messages."
  }),
  dumpEach: optional(File, {
    short: "d",
    placeholder: "template",
    description:
      "Write each message to a file of its own. Its name is the template, expanded as strftime(3) does it, and a random hexadecimal number: %Y%m%d%H/%M. becomes 2026081203/05.809a62e3. Directories that are missing are made. A message that does not come to its end leaves no file."
  }),
  dumpAll: optional(File, {
    short: "D",
    placeholder: "template",
    description: "Append each message to the file that the template, expanded as strftime(3) does it, names."
  }),
  plain: withDefault(Schema.Boolean, false, {
    short: "e",
    long: "no-esmtp",
    description: "Do not speak ESMTP: EHLO is not known, and not in the greeting."
  }),
  hard: optional(Commands, {
    short: "f",
    placeholder: "command,...",
    description:
      "Reject these commands with a 5xx reply: CONNECT, HELO, EHLO, LHLO, XCLIENT, XFORWARD, AUTH, MAIL, RCPT, VRFY, DATA, . (the end of a message), RSET, NOOP or QUIT, in any case, with blanks or commas between. It implies -p."
  }),
  hostname: withDefault(PlanValue.OneLine, "smtp-sink", {
    short: "h",
    placeholder: "hostname",
    description: "Use this name in the greeting and in the replies to HELO and EHLO."
  }),
  readDelay: optional(PlanValue.Time, {
    short: "H",
    placeholder: "seconds",
    description: "Wait for this time after DATA before reading the content. A large content then fills the TCP window."
  }),
  lmtp: withDefault(Schema.Boolean, false, {
    short: "L",
    description: "Speak LMTP rather than SMTP."
  }),
  maxConnections: withDefault(PlanValue.Count, 256, {
    short: "m",
    placeholder: "count",
    description: "Serve at most this many connections at a time. Others wait until one is free."
  }),
  messages: optional(PlanValue.Count, {
    short: "M",
    placeholder: "count",
    description: "End after this many messages, the last one answered."
  }),
  sessions: optional(PlanValue.Count, {
    short: "n",
    placeholder: "count",
    description: "End after this many sessions."
  }),
  pix: withDefault(Schema.Boolean, false, {
    short: "P",
    description: "Greet with asterisks, as behind a firewall that hides what the server says. It implies -e."
  }),
  disconnect: optional(Commands, {
    short: "q",
    placeholder: "command,...",
    description: "Close the connection without a reply after each of these commands."
  }),
  shutDown: optional(Commands, {
    short: "Q",
    placeholder: "command,...",
    description: "Say 421 and close the connection after each of these commands."
  }),
  soft: optional(Commands, {
    short: "r",
    placeholder: "command,...",
    description: "Reject these commands with a 4xx reply. It implies -p."
  }),
  root: optional(Schema.String, {
    short: "R",
    placeholder: "directory",
    description: "Refused: a process of Node cannot change its root directory. Start smtp-sink with chroot(8) instead."
  }),
  log: optional(Commands, {
    short: "s",
    placeholder: "command,...",
    description: "Write these commands to standard error as they come."
  }),
  dumpStart: optional(Schema.String, {
    short: "S",
    placeholder: "string",
    description:
      "Write this before each message of -d and -D. \\a, \\b, \\f, \\n, \\r, \\t, \\v, \\ddd (octal) and \\\\ are what they are in C."
  }),
  timeout: withDefault(PlanValue.PositiveTime, 100, {
    short: "t",
    placeholder: "seconds",
    description: "Close a connection whose client has been silent for this time."
  }),
  windowSize: optional(PlanValue.Count, {
    short: "T",
    placeholder: "size",
    description:
      "Give connections send and receive buffers of this many bytes, as far as the system allows it. This needs Linux and the optional package koffi."
  }),
  user: optional(PlanValue.OneLine, {
    short: "u",
    placeholder: "username",
    description: "Become this user after listening. It is required of root, unless only this machine can connect."
  }),
  verbose: withDefault(PlanValue.Times, 0, {
    short: "v",
    counted: true,
    description: "Write what clients say to standard error, with the number of the session."
  }),
  dataDelay: optional(PlanValue.Time, {
    short: "w",
    placeholder: "seconds",
    description: "Wait for this time before the reply to DATA."
  }),
  commandDelay: optional(PlanValue.texts(Delay, "command:delay[:odds]"), {
    short: "W",
    repeatable: true,
    placeholder: "command:delay[:odds]",
    description:
      "Wait for this number of seconds before the reply to this command. With odds from 0 to 99, it may wait several times: after each wait, this is the chance in percent of another one. May be given several times."
  }),
  ...SinkFields.fields,
  dump: optional(PlanValue.texts(DumpText, "a format with =PATH"), {
    section: "Messages in files",
    repeatable: true,
    placeholder: "format=path",
    description:
      "Write the messages that are accepted: eml=folder (a file each), maildir=folder, mbox=file (mboxrd, which can be read back), or ndjson=file (a line of JSON about each message that came, with its sender, recipients, size and checksum, and the stamp of smtp-source --prove, if it has one, and without its content). A message is written before it is answered. One that cannot be written is refused by 451, counted, and warned about; of several files, others may have it. May be given several times."
  }),
  offer: SinkFields.offer,
  proxy: SinkFields.proxy,
  prove: optional(File, {
    section: "Messages in files",
    placeholder: "file",
    description:
      "Write to this file, every five seconds and at the end, which messages of runs of smtp-source --prove have come: smtp-report --delivered=file tells with it what is missing, has come twice or was changed. The files of several sinks add up. The file says whether it is complete, so that a sink that was killed is noticed. It holds up to 64 runs. With it, NOOP X-CLOCK is answered with the time, by which smtp-source --compare-clocks tells how far the clocks are apart."
  }),
  busy: withDefault(Schema.Literal("wait", "refuse"), "wait", {
    section: "Limits",
    description:
      "What becomes of connections beyond those of -m: they wait until one is free (wait), or are told 421 and closed (refuse)."
  }),
  maxSize: optional(PlanValue.BytesPerSecond, {
    section: "Limits",
    placeholder: "bytes",
    description: "Offer SIZE, and refuse messages of more bytes than this (500, 10k, 5M) by 552."
  }),
  duration: optional(PlanValue.PositiveTime, {
    section: "Limits",
    placeholder: "seconds",
    description: "End after this time (30, 5m, 1h)."
  }),
  tls: withDefault(Schema.Literal("off", "offered", "required", "implicit"), "off", {
    section: "TLS and AUTH",
    description:
      "Offer STARTTLS (offered), insist on it (required), or speak TLS from the first byte (implicit). The certificate is made anew at each start, for this host's names, unless --tls-cert names one."
  }),
  tlsCert: optional(File, {
    section: "TLS and AUTH",
    placeholder: "file",
    description: "Show the certificate in this file (PEM), with those that lead to its authority after it."
  }),
  tlsKey: optional(File, {
    section: "TLS and AUTH",
    placeholder: "file",
    description:
      "The private key of --tls-cert (PEM; default: the same file). SMTP_SINK_TLS_PASSPHRASE holds its passphrase, if it has one."
  }),
  accounts: optional(File, {
    section: "TLS and AUTH",
    placeholder: "file",
    description:
      "Accept mail only from those who log in with an account of this file (CSV with the columns user and password), by PLAIN, LOGIN, CRAM-MD5 or SCRAM. Without it, any AUTH succeeds, and none is needed."
  }),
  report: optional(PlanValue.texts(ReportText, "a report, such as text or json=sink.json"), {
    section: "Results",
    repeatable: true,
    placeholder: "format[=file]",
    description:
      "At the end, report what came, as text or json: the counts, how often each rule has struck, and, in json, each second in which anything came. Without a file, text goes to standard error and json to standard output. May be given several times."
  }),
  progress: withDefault(Schema.Literal("auto", "plain", "off"), "off", {
    section: "Results",
    description:
      "Write a line about what has come to standard error every five seconds: always (plain), or on a terminal (auto)."
  }),
  failIf: optional(PlanValue.texts(VerdictText, 'an expression, such as "messages < 1000"'), {
    section: "Results",
    repeatable: true,
    placeholder: "expression",
    description:
      'Exit with status 99 if this is true at the end, whatever ended it: "messages < 1000", "refused > 0", "refused(rcpt) > 10", "rate < 500/s" (of the messages that were accepted, from the first second in which any was to the last). Others are contents, recipients, delivered, sessions, quits, bytes, secured, injected, authenticated, unproxied and unkept, as --report has them. May be given several times.'
  }),
  listenMetrics: optional(ControlText, {
    section: "Other options",
    placeholder: "host:port",
    description:
      "Listen here for HTTP: GET /metrics has the counts for Prometheus, GET /events a line of JSON for each message as it comes, and PUT /faults, with JSON of the fields fault, latency, capacity, stall, limit, greylist, tarpit, readRate and triggers, changes how it misbehaves while it runs: fields that are left out are switched off. Whoever can connect may do so: use 127.0.0.1. Port 0 is any that is free, which is named on standard error."
  }),
  seed: optional(PlanValue.Text, {
    section: "Other options",
    placeholder: "text",
    description: "The seed of all that is drawn at random (default: another one each time)."
  })
}

const struct = Schema.Struct(fields)

const rules: ReadonlyArray<PlanRule.PlanRule> = [
  {
    asked: ["counter", "report"],
    when: ({ plan }) => toStdout(plan) > 0,
    says: "{counter} and {report} json cannot both have standard output"
  },
  {
    asked: ["report"],
    when: ({ plan }) => {
      const files = requestsIn(plan).flatMap(({ file }) => file ?? [])
      return toStdout(plan) > 1 || new Set(files).size < files.length
    },
    says: "two of {report} cannot go to the same place"
  },
  ({ plan }) =>
    SinkOffer.contradictions(listOf(plan.offer), listOf(plan.hide)).map((name) => ({
      fields: ["offer", "hide"],
      rule: `--offer and --hide both name ${name}`
    })),
  {
    asked: ["maxSize", "offer"],
    when: ({ plan }) => SinkOffer.contradictions(listOf(plan.offer), ["size"]).length > 0,
    says: "{maxSize} offers SIZE already: leave size out of {offer}"
  },
  {
    asked: ["offer"],
    without: ["accounts"],
    when: ({ plan }) => listOf(plan.offer).some(SinkOffer.needsPasswords),
    says: "{offer} auth with CRAM-MD5 or SCRAM needs {accounts}, whose passwords these mechanisms are about"
  },
  {
    asked: ["root"],
    says: "{root}: Node cannot change the root directory of a process; start smtp-sink by chroot(8)"
  },
  { asked: ["tlsKey"], without: ["tlsCert"], says: "{tlsKey} needs {tlsCert}" },
  { asked: ["tlsCert"], without: ["tls"], says: "{tlsCert} needs {tls} offered, required or implicit" },
  { asked: ["dumpEach", "dumpAll"], says: "{dumpEach} and {dumpAll} exclude each other" }
]

const listOf = (value: unknown): ReadonlyArray<string> => (Array.isArray(value) ? value.map(String) : [])

const requestsIn = ({ report }: PlanRule.Given["plan"]) =>
  listOf(report).flatMap((text) => ReportRequest.parse(text) ?? [])

const toStdout = (plan: PlanRule.Given["plan"]): number => requestsIn(plan).filter(ReportRequest.takesStdout).length

/**
 * The schema. Of the rules between fields, the first that is broken is told.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = struct.pipe(
  Schema.filter((plan) => PlanRule.broken(rules, PlanRule.given(fields)({ ...plan }))[0]?.rule)
)

/**
 * What to do. Times are in seconds.
 *
 * @since 0.1.0
 * @category models
 */
export type SinkPlan = typeof struct.Type

/**
 * The same as it is written: fields that have a default may be left out.
 *
 * @since 0.1.0
 * @category models
 */
export type SinkPlanInput = typeof struct.Encoded

/**
 * A plan, as it is written in a file, as a JSON Schema. The rules between fields, and the grammars of texts, are not in it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const jsonSchema = (): object =>
  FieldsSchema.make(struct, fields, { title: "A plan of smtp-sink", description: "What smtp-sink --scenario reads." })

/**
 * What is wrong with the fields of a plan, each by itself and with its place: a part of a plan may need others to be whole.
 *
 * @since 0.1.0
 * @category constructors
 */
export const issuesOfFields = (input: unknown): ReadonlyArray<PlanIssue.PlanIssue> =>
  Either.match(Schema.decodeUnknownEither(struct, { errors: "all", onExcessProperty: "error" })(input), {
    onLeft: (error) => PlanIssue.describe(error, input, (path) => FieldNames.meant(fields, String(path.at(-1)))),
    onRight: () => []
  })

/**
 * Reads a plan; the error holds all that is wrong with it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decode = Schema.decodeUnknownEither(schema, { errors: "all", onExcessProperty: "error" })
