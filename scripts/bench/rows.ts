/**
 * What is compared: the same work for the original and for us, long enough that the original uses five seconds of CPU.
 */
import type { SinkConfig } from "../../src/sink/SinkOptions.js"

/** One comparison. */
export interface Row {
  readonly name: string
  /** Options of both. */
  readonly common: ReadonlyArray<string>
  /** Our options beyond the original's. */
  readonly ours?: ReadonlyArray<string>
  /** What ours are set against, in place of the original: ours, with the common options alone; or the client in C. */
  readonly against?: "ours" | { readonly c: ReadonlyArray<string> }
  /** The arguments of `library.mjs`, in place of the command, up to the messages. */
  readonly library?: ReadonlyArray<string>
  /** smtp-sink's options. */
  readonly sink?: ReadonlyArray<string>
  /** Ours are aimed at our own sink with these settings, for smtp-sink does not speak what they do. So is the client in C. */
  readonly ownSink?: SinkConfig
  readonly messages: number
  /** The highest ratio of our CPU to the original's that is good enough. */
  readonly goal?: number
  /** The lowest ratio of our messages per second to the original's that is good enough. */
  readonly rateGoal?: number
}

const reuse = ["-d", "-l", "1024"]

/** Reports of every kind, which nobody reads. */
const reports = ["json", "ndjson", "csv", "hgrm", "html"].flatMap((format) => ["--report", `${format}=/dev/null`])

/** Neither our command nor the client in C verifies. */
const secure = ["--tls=implicit", "--tls-verify=none"]
const overTls: SinkConfig = { tls: "implicit" }

/** Commands are told the password by their environment. */
export const password = "secret"
const oneAccount: SinkConfig = { auth: { accounts: [{ user: "load", password }] } }

export const rows: ReadonlyArray<Row> = [
  { name: "reuse, 20 sessions, 1 KiB", common: [...reuse, "-s", "20"], messages: 180_000, goal: 1.03 },
  { name: "reuse, 200 sessions, 1 KiB", common: [...reuse, "-s", "200"], messages: 150_000, goal: 1.03 },
  { name: "reuse, 1 session, 1 KiB", common: [...reuse, "-s", "1"], messages: 60_000, goal: 1.15 },
  { name: "reuse, 20 sessions, default body", common: ["-d", "-s", "20"], messages: 180_000 },
  {
    name: "the library, reuse, 20 sessions, 1 KiB",
    common: [...reuse, "-s", "20"],
    library: ["plan", "20"],
    messages: 180_000
  },
  {
    name: "a scenario of the library, 20 sessions, 1 KiB",
    common: [...reuse, "-s", "20"],
    library: ["scenario", "20"],
    messages: 180_000
  },
  {
    name: "a scenario of the library, against the plan",
    common: [...reuse, "-s", "20"],
    library: ["scenario", "20"],
    against: "ours",
    messages: 180_000,
    goal: 1.2
  },
  { name: "a connection per message, 10 sessions", common: ["-s", "10"], messages: 55_000, goal: 1.08 },
  { name: "20 recipients, 20 sessions", common: [...reuse, "-s", "20", "-r", "20"], messages: 35_000, goal: 1.15 },
  { name: "LMTP, 20 sessions", common: [...reuse, "-L", "-s", "20"], sink: ["-L"], messages: 180_000, goal: 1.1 },
  { name: "1 MB messages, 10 sessions", common: ["-d", "-l", "1000000", "-s", "10"], messages: 15_000, goal: 0.8 },
  // Ours take a third of the original's time: long enough for theirs to be long, too.
  {
    name: "pipelining on, 20 sessions",
    common: [...reuse, "-s", "20"],
    ours: ["--pipelining=on"],
    messages: 300_000,
    goal: 0.6
  },
  {
    name: "pipelining full, 20 sessions",
    common: [...reuse, "-s", "20"],
    ours: ["--pipelining=full"],
    messages: 500_000,
    goal: 0.32,
    rateGoal: 2.5
  },
  {
    name: "pipelining full, 20 recipients",
    common: [...reuse, "-s", "20", "-r", "20"],
    ours: ["--pipelining=full"],
    messages: 100_000,
    goal: 0.12,
    rateGoal: 6
  },
  {
    name: "BDAT, pipelining full, 20 sessions",
    common: [...reuse, "-s", "20"],
    ours: ["--pipelining=full", "--chunking=on"],
    ownSink: {},
    messages: 500_000,
    goal: 0.33
  },
  {
    name: "BDAT, ten transactions in one write, 20 sessions",
    common: [...reuse, "-s", "20"],
    ours: ["--pipelining=full", "--chunking=on", "--depth=10"],
    ownSink: {},
    messages: 1_000_000,
    goal: 0.12
  },
  {
    name: "TLS, 20 sessions, against the client in C",
    common: [...reuse, "-s", "20"],
    ours: secure,
    against: { c: ["-d"] },
    ownSink: overTls,
    messages: 80_000,
    goal: 1.45
  },
  {
    name: "TLS, 20 sessions, against plain",
    common: [...reuse, "-s", "20"],
    ours: secure,
    against: "ours",
    ownSink: overTls,
    messages: 80_000,
    goal: 1.5
  },
  {
    name: "TLS, pipelining full, 20 sessions, against plain",
    common: [...reuse, "-s", "20", "--pipelining=full"],
    ours: secure,
    against: "ours",
    ownSink: overTls,
    messages: 240_000,
    goal: 1.25
  },
  {
    name: "TLS, handshake, greeting and HELO, 10 sessions, against the client in C",
    common: ["-s", "10"],
    ours: [...secure, "--abandon=hello"],
    against: { c: ["-a"] },
    ownSink: overTls,
    messages: 5_000,
    goal: 1.25
  },
  {
    name: "TLS, a connection per message, 10 sessions, against the client in C",
    common: ["-l", "1024", "-s", "10"],
    ours: secure,
    against: { c: [] },
    ownSink: overTls,
    messages: 5_000
  },
  {
    name: "TLS, the same, resumed",
    common: ["-l", "1024", "-s", "10"],
    ours: [...secure, "--tls-resume=on"],
    against: { c: ["-r"] },
    ownSink: overTls,
    messages: 5_000
  },
  ...["plain", "cram-md5", "scram-sha-256"].map(
    (mechanism): Row => ({
      name: `a login by ${mechanism} and a connection for each message, against a connection alone`,
      common: ["-s", "10"],
      ours: [`--auth=${mechanism}`, "--user=load"],
      against: "ours",
      ownSink: oneAccount,
      messages: 30_000
    })
  ),
  {
    name: "two workers, against one",
    common: [...reuse, "-s", "20"],
    ours: ["--workers=2"],
    against: "ours",
    messages: 180_000,
    goal: 1.15
  },
  {
    name: "every report, against none",
    common: [...reuse, "-s", "20"],
    ours: [...reports, "--progress=plain", "--summary"],
    against: "ours",
    messages: 180_000
  }
]
