/**
 * What is compared: the same work for the original and for us, long enough that the original uses five seconds of CPU.
 */

/** One comparison. */
export interface Row {
  readonly name: string
  /** Options of both. */
  readonly common: ReadonlyArray<string>
  /** Our options beyond the original's. */
  readonly ours?: ReadonlyArray<string>
  /** The arguments of `library.mjs`, in place of the command, up to the messages. */
  readonly library?: ReadonlyArray<string>
  /** smtp-sink's options. */
  readonly sink?: ReadonlyArray<string>
  readonly messages: number
  /** The highest ratio of our CPU to the original's that is good enough. */
  readonly goal?: number
  /** The lowest ratio of our messages per second to the original's that is good enough. */
  readonly rateGoal?: number
}

const reuse = ["-d", "-l", "1024"]

export const rows: ReadonlyArray<Row> = [
  { name: "reuse, 20 sessions, 1 KiB", common: [...reuse, "-s", "20"], messages: 150_000, goal: 1.1 },
  { name: "reuse, 200 sessions, 1 KiB", common: [...reuse, "-s", "200"], messages: 150_000, goal: 1.1 },
  { name: "reuse, 1 session, 1 KiB", common: [...reuse, "-s", "1"], messages: 100_000, goal: 1.15 },
  { name: "reuse, 20 sessions, default body", common: ["-d", "-s", "20"], messages: 150_000 },
  {
    name: "the library, reuse, 20 sessions, 1 KiB",
    common: [...reuse, "-s", "20"],
    library: ["20"],
    messages: 150_000
  },
  { name: "a connection per message, 10 sessions", common: ["-s", "10"], messages: 40_000, goal: 1.25 },
  { name: "20 recipients, 20 sessions", common: [...reuse, "-s", "20", "-r", "20"], messages: 30_000, goal: 1.15 },
  { name: "LMTP, 20 sessions", common: [...reuse, "-L", "-s", "20"], sink: ["-L"], messages: 150_000, goal: 1.1 },
  { name: "1 MB messages, 10 sessions", common: ["-d", "-l", "1000000", "-s", "10"], messages: 10_000, goal: 0.85 },
  {
    name: "pipelining on, 20 sessions",
    common: [...reuse, "-s", "20"],
    ours: ["--pipelining=on"],
    messages: 150_000,
    goal: 0.6
  },
  {
    name: "pipelining full, 20 sessions",
    common: [...reuse, "-s", "20"],
    ours: ["--pipelining=full"],
    messages: 150_000,
    goal: 0.33,
    rateGoal: 2.5
  },
  {
    name: "pipelining full, 20 recipients",
    common: [...reuse, "-s", "20", "-r", "20"],
    ours: ["--pipelining=full"],
    messages: 30_000,
    goal: 0.12,
    rateGoal: 6
  }
]
