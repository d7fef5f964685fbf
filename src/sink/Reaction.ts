/**
 * What a server may do instead of the usual, and when: moments, reactions, and the faults that bring them about. Data.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type { DistributionInput } from "../plan/Distribution.js"
import type { TlsFailure } from "../smtp/Tls.js"
import type { Condition } from "./Condition.js"
import type { Stage } from "../smtp/Stage.js"
import type { SinkEvent } from "./SinkEvent.js"

/**
 * When a server may misbehave: before a reply, or before it reads a content.
 *
 * @since 0.1.0
 * @category models
 */
export type Moment = Stage | "content"

/**
 * A reply that is about to be given, or a content that is about to be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerEvent extends Omit<SinkEvent, "stage"> {
  readonly stage: Moment
  /** How often this moment has come, this time included: on this connection, and on all. */
  readonly nth: number
  readonly total: number
}

/**
 * The same before it is counted: what a behaviour is asked.
 *
 * @since 0.1.0
 * @category models
 */
export type Asked = Omit<ServerEvent, "nth" | "total">

/**
 * How a server ends a connection: with a FIN, with a reset, or by reading and saying nothing more (`stall`).
 *
 * @since 0.1.0
 * @category models
 */
export type Ending = "close" | "reset" | "stall"

/**
 * How fast a server reads: this many bytes at a time, this long apart. What it has read it answers at once, even if the client
 * has not handed over the rest.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reading {
  readonly bytes: number
  readonly every: Duration.DurationInput
}

/**
 * What the server does. All that is left out is as usual.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reaction {
  /** How long it waits first. */
  readonly after?: Duration.DurationInput | undefined
  /** The bytes to say, line ends included, one in each character; a list arrives piece by piece; "" is silence. */
  readonly say?: string | ReadonlyArray<string> | undefined
  /** The time that each byte takes. */
  readonly drip?: Duration.DurationInput | undefined
  /** How the connection ends once that is said. */
  readonly end?: Ending | undefined
  /** What follows, before anything else is done. Where it says nothing there is no usual reply. */
  readonly next?: Reaction | undefined
  /** At `content`: how fast it is read. */
  readonly reading?: Reading | undefined
  /** At `tls`: the handshake fails so, where that can be had: a server over sockets gives an alert. */
  readonly fail?: TlsFailure | undefined
}

/**
 * What goes wrong at one moment. Without a condition it goes wrong each time.
 *
 * At `content`, `after` is how long the server waits before it reads; with `say` or `end` it does that instead of reading.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fault extends Reaction {
  readonly at: Moment
  /** How many of a hundred are struck, drawn from the seed. */
  readonly percent?: number | undefined
  /** Only one in this many, counted over all connections. */
  readonly every?: number | undefined
  /** Only the first ones, this many, counted over all connections. */
  readonly first?: number | undefined
  /** Only this message of each connection, from 1; at `mail` and `final`, say. */
  readonly message?: number | undefined
  /** Only from this recipient of its message on, from 1; at `rcpt`, and at LMTP's `final`. */
  readonly fromRecipient?: number | undefined
  /** Gives the usual reply twice. */
  readonly twice?: boolean | undefined
  /** Only where this is the command, in capitals: EHLO and not HELO, NOOP and nothing else that is `other`. */
  readonly command?: string | undefined
  readonly when?: Condition | undefined
  /** Only in this part of the server's time, which begins with its first connection. */
  readonly during?: { readonly from: Duration.DurationInput; readonly to: Duration.DurationInput } | undefined
  /** How long it waits, drawn from the seed, instead of `after`. */
  readonly timing?: DistributionInput | undefined
  /** The reply to what comes next is given along with this one, before that has come. */
  readonly early?: boolean | undefined
  /** The share is of each recipient's own attempts, at `rcpt`: which they are depends on nothing that others do. */
  readonly byRecipient?: boolean | undefined
  /** What it is called where its strikes are told. */
  readonly label?: string | undefined
  /** Having waited, goes on to the next fault that strikes, or to the usual reply. */
  readonly goesOn?: boolean | undefined
}

/**
 * What the server does, and when, for tests: a function, or one reaction for each moment.
 *
 * @since 0.1.0
 * @category models
 */
export type Script =
  | ((event: ServerEvent) => Reaction | undefined)
  | { readonly [moment in Moment]?: Reaction | undefined }
