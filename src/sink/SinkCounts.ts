/**
 * What a sink counts, in an array that threads can share: the sink writes, anybody reads.
 *
 * @since 0.1.0
 */
import { type Stage, stages } from "../smtp/Stage.js"

/**
 * What a sink has seen.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkCounts {
  readonly sessions: number
  /** Sessions that were ended by QUIT. */
  readonly quits: number
  /** Messages whose final reply was positive (for LMTP: at least one of them). */
  readonly messages: number
  /** Recipients accepted at RCPT, whatever became of the message. */
  readonly recipients: number
  /** Recipients of those messages: of LMTP's, those whose final reply was positive. */
  readonly delivered: number
  /** Replies that were not positive, by what they answered. */
  readonly refused: { readonly [stage in Stage]: number }
  readonly bytesIn: number
  /** TLS handshakes that succeeded. */
  readonly secured: number
  /** Logins that were accepted. */
  readonly authenticated: number
  /** Contents that came to their end, whatever they were answered. */
  readonly contents: number
  /** Sessions that are over. */
  readonly ended: number
  /** Clients that sent more before TLS, after STARTTLS: it was not taken for what is said under TLS. */
  readonly injected: number
  /** Connections that had to begin with the header of the PROXY protocol, and did not: they are no sessions. */
  readonly unproxied: number
  /** Messages that were refused because they could not be kept. */
  readonly unkept: number
}

/**
 * Where each count is; the refusals follow in the order of `stages`.
 *
 * @since 0.1.0
 * @category models
 */
export const Counter = {
  sessions: 0,
  quits: 1,
  messages: 2,
  recipients: 3,
  bytesIn: 4,
  delivered: 5,
  secured: 6,
  injected: 7,
  authenticated: 8,
  contents: 9,
  ended: 10,
  unproxied: 11,
  unkept: 12,
  refused: 13
} as const

/**
 * How many counters a sink has.
 *
 * @since 0.1.0
 * @category models
 */
export const length: number = Counter.refused + stages.length

/**
 * Reads counters, in this process or in another thread's.
 *
 * @since 0.1.0
 * @category destructors
 */
export const read = (counters: Float64Array): SinkCounts => {
  const refused = Object.fromEntries(stages.map((stage, index) => [stage, counters[Counter.refused + index] ?? 0]))
  return {
    sessions: counters[Counter.sessions] ?? 0,
    quits: counters[Counter.quits] ?? 0,
    messages: counters[Counter.messages] ?? 0,
    recipients: counters[Counter.recipients] ?? 0,
    delivered: counters[Counter.delivered] ?? 0,
    refused: refused as { [stage in Stage]: number }, // one entry for each of `stages`
    bytesIn: counters[Counter.bytesIn] ?? 0,
    secured: counters[Counter.secured] ?? 0,
    authenticated: counters[Counter.authenticated] ?? 0,
    contents: counters[Counter.contents] ?? 0,
    ended: counters[Counter.ended] ?? 0,
    injected: counters[Counter.injected] ?? 0,
    unproxied: counters[Counter.unproxied] ?? 0,
    unkept: counters[Counter.unkept] ?? 0
  }
}
