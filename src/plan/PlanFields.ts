/**
 * The fields of a plan: what each may be, its default, and its description, from which come the command line, the
 * environment's names, the manual page, the JSON Schema and what an editor shows.
 *
 * After a change, `npm run generate` writes `PlanTypes.ts` anew.
 *
 * It is over 300 lines because it is a table: a row for each field.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as AuthFields from "./AuthFields.js"
import * as ClientFields from "./ClientFields.js"
import * as Extensions from "./Extensions.js"
import * as MessageFields from "./MessageFields.js"
import * as PlanField from "./PlanField.js"
import * as PlanValue from "./PlanValue.js"
import * as ShapeValue from "./ShapeValue.js"
import * as DkimFields from "./DkimFields.js"
import * as ProofFields from "./ProofFields.js"
import * as Rate from "./Rate.js"
import * as RouteFields from "./RouteFields.js"
import * as SinkFields from "./SinkFields.js"
import * as TlsFields from "./TlsFields.js"

/**
 * The fields, with their descriptions (`PlanField.get`).
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  target: Schema.optionalWith(PlanValue.TargetText, { exact: true }).annotations({
    description:
      "Where to connect: [inet:]host[:port], unix:pathname, or mx:domain for the domain's mail exchangers; or several of them, with commas between, each with its weight, as in one:25*3,two:25."
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
  connectAttempts: PlanField.withDefault(PlanValue.Count, 1, {
    short: "C",
    placeholder: "count",
    description:
      "Give up when this many attempts to open a connection have failed in a session; a success does not reset the count. One attempt tries all addresses of the server."
  }),
  reuse: PlanField.withDefault(Schema.Boolean, false, {
    short: "d",
    description: "Don't disconnect after sending a message; send the next message over the same connection."
  }),
  from: PlanField.optional(PlanValue.OneLine, {
    short: "f",
    placeholder: "from",
    description:
      "Use this sender address (default: foo@myhostname). An empty one is the null sender. With --auth, {user} in it is the user that the connection is logged in as: -f '{user}', or -f '{user}@example.com'."
  }),
  file: PlanField.optional(Schema.String, {
    short: "F",
    placeholder: "file",
    description:
      "Send the message, headers and body, that is in this file. Lines may end in LF or in CRLF; lines that begin with a dot are stuffed."
  }),
  length: PlanField.optional(MessageFields.Sizes, {
    short: "l",
    placeholder: "length",
    description:
      'Send this many bytes of generated text as the body of the message, headers not counted. Or draw the size of each message, from --seed: any between two (1k..100k); mostly small, with this mean (exp(20k)); as the bodies of real mail, by median and mean (lognormal(4k, 25k)); as its large attachments, by smallest size and shape (pareto(64k, 1.2)); one of several ("70%: 4k, 25%: 50k, 5%: 1M..5M"); or a published mix: isp (SPECmail2001) or office (Domino). k and M are thousands and millions, Ki and Mi powers of 1,024. No size is over 100M, or over a last number: exp(20k, 1M).'
  }),
  lmtp: PlanField.withDefault(Schema.Boolean, false, {
    short: "L",
    description: "Speak LMTP rather than SMTP."
  }),
  messages: PlanField.optional(PlanValue.Count, {
    short: "m",
    placeholder: "message_count",
    description: "Send this many messages in all (default: 1; with --duration or --stages, as many as the time allows)."
  }),
  helloName: PlanField.optional(PlanValue.HelloName, {
    short: "M",
    long: "hostname",
    placeholder: "myhostname",
    description:
      "Use this host name, or [address literal], in the HELO command, in the default sender and recipient, and in Message-Id (default: the host's own name)."
  }),
  numberRecipients: PlanField.withDefault(Schema.Boolean, false, {
    short: "N",
    description:
      "Put a number before each recipient address, another one each time, so that the server has none of them in its caches."
  }),
  bare: PlanField.withDefault(Schema.Boolean, false, {
    short: "o",
    description: "Old mode: don't send HELO, and don't send message headers."
  }),
  recipients: PlanField.optional(MessageFields.Counts, {
    short: "r",
    placeholder: "recipient_count",
    description:
      'Send each message to this many recipients (default: 1). Their addresses differ by a number before the recipient address. Or draw how many a message has, from --seed: any between two (1..20); mostly few, with this mean and this most (exp(2, 50)); one of several ("86%: 1, 14%: 2..20"); or a published mix: isp (SPECmail2001). With -N, numbers are then left out where a message has fewer than the most.'
  }),
  randomDelay: PlanField.optional(PlanValue.PositiveTime, {
    short: "R",
    placeholder: "interval",
    description:
      "Wait for a random time between 0 and this many seconds between the messages of a session. Whole seconds are drawn, unless the interval has a fraction."
  }),
  sessions: PlanField.withDefault(PlanValue.Count, 1, {
    short: "s",
    placeholder: "session_count",
    description: "Run this many sessions in parallel."
  }),
  subject: PlanField.optional(PlanValue.OneLine, {
    short: "S",
    placeholder: "subject",
    description: "Send mail with this subject line (default: none)."
  }),
  to: PlanField.optional(PlanValue.OneLine, {
    short: "t",
    placeholder: "to",
    description: "Use this recipient address (default: foo@myhostname)."
  }),
  windowSize: PlanField.optional(PlanValue.Count, {
    short: "T",
    placeholder: "windowsize",
    description:
      "Set the socket's send and receive buffers to this many bytes before connecting. This needs the optional package koffi."
  }),
  verbose: PlanField.withDefault(PlanValue.Times, 0, {
    short: "v",
    counted: true,
    description:
      "Write the dialogue to standard error. With several sessions, each line begins with the number of its connection."
  }),
  delay: PlanField.optional(PlanValue.PositiveTime, {
    short: "w",
    placeholder: "interval",
    description: "Wait for this many seconds between the messages of a session."
  }),
  timeout: PlanField.withDefault(PlanValue.PositiveTime, 300, {
    section: "Time limits and faults",
    placeholder: "seconds",
    description:
      "Give up on a reply that is not complete after this many seconds (or 500ms, 2m), and on a server that stops reading."
  }),
  keepGoing: PlanField.withDefault(Schema.Boolean, false, {
    section: "Time limits and faults",
    description:
      "Go on after a failure: a rejection, a lost connection, a time-out, a malformed reply or a failed connect costs the one message that it struck, and is counted. A session whose connects keep failing waits before the next one, for a second at most. The exit status is 1 when a message was not accepted."
  }),
  drain: PlanField.withDefault(PlanValue.Time, 5, {
    section: "Time limits and faults",
    placeholder: "seconds",
    description:
      "After a signal, or when the time of --duration or --stages is over, let what is under way go on for this many seconds."
  }),
  connecting: PlanField.withDefault(PlanValue.Count, 64, {
    section: "Connections and dialogue",
    placeholder: "count",
    description:
      "Have at most this many connections waiting for their greeting at any time; with --tls and --auth, for these to be done. TLS handshakes that are under way together share this machine's processor, so that each takes longer. With 4, the durations of the step tls are the server's own; more are needed where the server is far away."
  }),
  connectRate: PlanField.optional(PlanValue.PerSecond, {
    placeholder: "rate",
    description: "Open at most this many connections a second (50, or 3000/m), evenly spaced."
  }),
  source: PlanField.optional(PlanValue.Addresses, {
    placeholder: "address,...",
    description:
      "Connect from these local addresses in turn: 127.0.0.2, 127.0.0.3, or all of a network, 127.0.1.0/24. Each one has ports of its own: some 28,000 on Linux, unless told otherwise."
  }),
  perConnection: PlanField.optional(ShapeValue.PerConnection, {
    section: "Connections and dialogue",
    placeholder: "count|min..max",
    description:
      "Send this many messages over each connection, and then open another one. Of min..max, a number between the two is drawn for each connection. It implies -d."
  }),
  think: PlanField.optional(PlanValue.TimingText, {
    section: "Connections and dialogue",
    placeholder: "time",
    description:
      "Wait between the messages of a session, as -w and -R do: for this time (2, 500ms, 1m), for a time between two (1..5), or for a time that is mostly short, with this mean (exp(2))."
  }),
  hold: PlanField.optional(PlanValue.TimingText, {
    section: "Connections and dialogue",
    placeholder: "time",
    description:
      "Hold each connection idle for this time before QUIT, or before it is abandoned. Times are written as for --think."
  }),
  sendRate: PlanField.optional(PlanValue.BytesPerSecond, {
    section: "Connections and dialogue",
    placeholder: "bytes",
    description:
      "Send the content of messages at no more than this many bytes a second (500, 2k, 1.5M) over each connection."
  }),
  abandon: PlanField.optional(ShapeValue.Abandonments, {
    section: "Connections and dialogue",
    repeatable: true,
    placeholder: "step [close|reset] [share%]",
    description:
      'Drop the connection without QUIT after the reply to this step: greeting, hello, starttls (no handshake follows), tls (when the handshake is done), auth, mail, rcpt or data. It is reset, or closed with close. It is dropped for all messages, or for this share of them: "data 5%", "rcpt close 10%". They are counted as abandoned; they neither end the run nor change its exit status. May be given several times.'
  }),
  shapes: PlanField.optional(ShapeValue.Shapes, {
    section: "Connections and dialogue",
    repeatable: true,
    long: "shape",
    placeholder: "weight[:part,...]",
    description:
      'Have connections of several shapes, each with its share of them: "90%: per-connection 1..20, hold 5", "9%: send-rate 2k, think exp(3)", "1%: hold 60, abandon greeting"; or some with TLS: "70%: tls starttls", "30%: tls off". Shares add up to 100%. Numbers without % are weights ("3: tls starttls", "1: tls off"). What a shape leaves open is as the options say. In a file, the parts are fields: weight, perConnection, hold, think, sendRate, tls, abandon. May be given several times.'
  }),
  ...MessageFields.fields,
  ...DkimFields.fields,
  ...TlsFields.fields,
  ...AuthFields.fields,
  ...Extensions.fields,
  ...ClientFields.fields,
  ...RouteFields.fields,
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
      "Send commands in groups, where the server offers PIPELINING. on sends MAIL, RCPT and DATA of a message in one write. full also sends the end of a message together with these commands of the next one on the same connection, which some servers refuse. The duration of each reply counts from when its group was written; that of the reply to the final dot, from the dot."
  }),
  rate: PlanField.optional(PlanValue.parsed(Rate.parseRate), {
    section: "Arrivals",
    placeholder: "count[/s|/m|/h]",
    description:
      "Start this many messages a second, minute or hour, each when it is due, whether or not earlier ones were answered. Durations of transactions then count from when the message was due."
  }),
  arrivals: PlanField.withDefault(Schema.Literal("constant", "poisson"), "constant", {
    section: "Arrivals",
    description:
      "With a rate: start messages evenly spaced (constant), or at random times, as real mail comes in (poisson; drawn from --seed)."
  }),
  stages: PlanField.optional(PlanValue.parsed(Rate.parseStages), {
    section: "Arrivals",
    placeholder: "time:rate[..rate],...",
    description:
      'Instead of one rate, several in turn: "30s:100/s, 2m:100/s..1000/s, 1m:0/s" holds 100 a second for 30 seconds, goes up to 1000 a second in two minutes, and rests for one. Without -m the run ends with the last stage.'
  }),
  burst: PlanField.withDefault(PlanValue.Count, 1, {
    section: "Arrivals",
    placeholder: "count",
    description: "With a rate: start messages in groups of this many. The rate stays the same."
  }),
  maxSessions: PlanField.optional(PlanValue.Count, {
    section: "Arrivals",
    placeholder: "count",
    description:
      "With a rate: have at most this many sessions (default: that of -s, or 1000). A message that is due while all of them are busy waits, and is counted as late."
  }),
  dropLate: PlanField.optional(PlanValue.Time, {
    section: "Arrivals",
    placeholder: "seconds",
    description:
      "With a rate: don't start a message that had to wait for a session for longer than this (5, 500ms). It is counted as dropped, and among those not started."
  }),
  duration: PlanField.optional(PlanValue.DurationText, {
    section: "The run",
    placeholder: "time",
    description:
      "Begin no more messages after this time (90s, 10m, 1h), or after those of -m, whichever comes first. Without -m there is no limit to their number."
  }),
  warmUp: PlanField.optional(PlanValue.DurationText, {
    section: "The run",
    placeholder: "time",
    description:
      "Leave this first part of the run (10s, 1m) out of the durations, the replies and the rate in reports. Its messages and its errors still count."
  }),
  seed: PlanField.optional(PlanValue.Text, {
    section: "The run",
    placeholder: "text",
    description: "Draw random delays and arrivals from this seed, so that a run can be repeated."
  }),
  workers: PlanField.withDefault(PlanValue.Workers, 1, {
    section: "The run",
    placeholder: "count|auto",
    description:
      "Share the sessions out to this many threads, each with a processor of its own; auto is one for each processor."
  }),
  sink: PlanField.withDefault(Schema.Boolean, false, {
    section: "The run",
    description:
      "Start a server on loopback, in this process, and send to it instead of to a target. At the end its counts are compared with ours; a difference is a bug (exit status 70)."
  }),
  ...SinkFields.sinkFields,
  calibrate: PlanField.withDefault(Schema.Boolean, false, {
    section: "The run",
    description:
      "Instead of sending to a target, send this load to a built-in server for a few seconds, without its rate and pauses, to measure what this machine can generate. A faster server cannot be measured from here."
  }),
  summary: PlanField.withDefault(Schema.Boolean, false, {
    section: "The run",
    description:
      "Write the summary to standard error at the end, even where that is no terminal. A text report there says the same, and replaces it."
  }),
  ...ProofFields.fields,
  segment: PlanField.optional(PlanValue.SegmentText, {
    section: "Many machines",
    placeholder: "i/n|auto",
    description:
      "Be segment i of n of a run that n processes make together, on as many machines as there are: send every message that is this one's, and share -s, --max-sessions, --connecting and --connect-rate out. Message k is the same whoever sends it (give all the same -M, for the names in it). auto takes i and n from the engine that started this process: Slurm, Kubernetes, Cloud Run, AWS Batch, Open MPI, Nomad or GNU parallel. smtp-report puts the results together."
  }),
  weights: PlanField.optional(PlanValue.Weights, {
    section: "Many machines",
    placeholder: "weight,...",
    description:
      "With --segment, for machines of different strength: the weight of each segment, as whole numbers. With 1,2,5 the third one sends five messages in eight."
  }),
  runId: PlanField.optional(PlanValue.RunId, {
    section: "Many machines",
    placeholder: "name",
    description:
      "Call the run this, in Message-Id and in results, instead of a name that is drawn. All segments of a run need the same one; with --segment auto it may come from the engine. Where there is no --seed, it is the seed, too."
  }),
  startAt: PlanField.optional(PlanValue.StartText, {
    section: "Many machines",
    placeholder: "time|+duration",
    description:
      "Begin at this time by the machine's clock (2026-12-01T10:00:00Z), or after this time (+30s), and date all messages so. With a rate, a process that is more than 0.1 seconds late leaves out what was due before it began: those messages are not started, and never sent in a burst."
  }),
  report: PlanField.optional(PlanValue.Reports, {
    section: "Results",
    repeatable: true,
    placeholder: "format[=file]",
    description:
      "Report the run at its end, as text, json, csv (second by second), hgrm (HdrHistogram: in run.hgrm the accepted transactions, and beside it a file for each step and ending, such as run.rcpt-accepted.hgrm), prometheus (for a textfile collector), junit or html (one page that needs nothing else), to a file; without one, text goes to standard error and the others to standard output. ndjson is a journal: a line of JSON for each second as it goes, and the report at the end, so that smtp-report can read a run that was killed, too. May be given several times."
  }),
  progress: PlanField.withDefault(Schema.Literal("auto", "plain", "off"), "auto", {
    section: "Results",
    description:
      "Show how far the run is, on standard error: auto does so on a terminal that neither -v nor -c writes to, a few times a second; plain writes a line every five seconds."
  }),
  otlp: PlanField.optional(PlanValue.Collector, {
    section: "Results",
    placeholder: "url|auto",
    description:
      "Send the run's metrics to an OpenTelemetry collector each second as it goes, and whole at its end: by OTLP over HTTP, in JSON, to this URL with /v1/metrics; auto is the collector that OTEL_EXPORTER_OTLP_ENDPOINT names, or http://localhost:4318. OTEL_EXPORTER_OTLP_HEADERS is sent along. A collector that fails is reported once, and changes nothing else."
  }),
  failIf: PlanField.optional(PlanValue.Verdicts, {
    section: "Results",
    repeatable: true,
    placeholder: "expression",
    description:
      'Exit with status 99 if this is true of the run: "p99(transaction) > 250ms", "max(rcpt) >= 1s", "mean(final) > 20ms", "rejected > 0.1%", "accepted < 100%", "rate < 500/s", "code(4xx) > 0". Others are errors (of the server or the network), abandoned, "recipients(refused) > 1%"; in an open run late (messages that waited for a session), behind (messages that started over 10 ms late because the generator was behind) and dropped; of connections secured (with TLS), resumed (of those) and handshakes ("resumed < 90%", "handshakes < 500/s"); and durations of the transaction and its steps, of a whole connection, and in an open run of the service and the start. Durations are of what was accepted, unless said otherwise ("p50(rcpt, rejected) > 1s"); one that was never measured fails. May be given several times.'
  }),
  require: PlanField.optional(PlanValue.Verdicts, {
    section: "Results",
    repeatable: true,
    placeholder: "expression",
    description:
      'Exit with status 99 unless this is true of the run: "p99(transaction) < 250ms", "accepted >= 99.9%". The expressions are those of --fail-if. May be given several times.'
  }),
  abortIf: PlanField.optional(PlanValue.AbortVerdicts, {
    section: "Results",
    repeatable: true,
    placeholder: "expression",
    description:
      "Stop the run, as a signal would, as soon as this is true of it, and exit with status 99. It is looked at each second, and once more, for the whole run, at the end. While the run goes on, counts are since its start; durations, shares and the rate are those of the last ten seconds, or of up to a minute where it takes as long to have enough to judge by: ten values beyond a percentile (1,000 for p99), a hundred messages for a share or a mean. With fewer the run goes on. To leave a slow start out altogether, add --warm-up. May be given several times."
  })
}

/**
 * The struct of the fields alone: without the defaults that depend on other fields, and the rules between them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const struct = Schema.Struct(fields)
