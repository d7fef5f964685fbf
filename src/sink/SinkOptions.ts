/**
 * What a sink can be told, and what it tells.
 *
 * @since 0.1.0
 */
import type { Step } from "../smtp/SmtpError.js"

/**
 * What a reply answers: a step of the dialogue, or `other` for everything else (NOOP, VRFY, unknown commands).
 *
 * @since 0.1.0
 * @category models
 */
export type Stage = Exclude<Step, "connect" | "content"> | "other"

/**
 * The stages, in the order of the dialogue.
 *
 * @since 0.1.0
 * @category models
 */
export const stages: ReadonlyArray<Stage> = [
  "greeting",
  "hello",
  "mail",
  "rcpt",
  "data",
  "final",
  "rset",
  "quit",
  "other"
]

/**
 * A reply that is about to be given.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkEvent {
  readonly stage: Stage
  /** The session's number, from 1. */
  readonly session: number
  /** The number of the message under way, or of the next one, in its session, from 1. */
  readonly message: number
  /** The command as it came, without its line end: "." for `final`, empty for `greeting`. */
  readonly line: string
  /** At `rcpt`, and for each of LMTP's final replies. */
  readonly recipient?: string | undefined
  /** What the sink would say, line ends included. */
  readonly reply: string
}

/**
 * What becomes of a reply: other bytes instead (line ends included, one byte in each character; none at all for
 * silence), the end of the connection with or without them, or nothing special.
 *
 * The sink believes the reply that it is told to give: a message whose final reply begins with anything but 2 was not
 * accepted, and a 421 or 521 closes.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | { readonly reply: string; readonly end?: "close" | "reset" | undefined }
  | "close"
  | "reset"
  | undefined

/**
 * An accepted message. `content` is without the dots that were stuffed.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkMessage {
  readonly session: number
  readonly sender: string
  /** The recipients that were accepted; for LMTP, those whose final reply was positive. */
  readonly recipients: ReadonlyArray<string>
  readonly content: Uint8Array
}

/**
 * What a sink speaks, and its bounds. Plain data.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkConfig {
  /** Default `smtp`. */
  readonly protocol?: "smtp" | "lmtp" | undefined
  /** The name in the greeting. Default `localhost`. */
  readonly hostname?: string | undefined
  /** The largest message, in bytes; a larger one is refused after its dot. Default 1 GiB. */
  readonly maxMessageSize?: number | undefined
  /** The most recipients of a message; 452 afterwards. Default 10,000. */
  readonly maxRecipients?: number | undefined
  /** The longest command, in bytes; the rest is skipped and answered with 500. Default 2048. */
  readonly maxCommandLength?: number | undefined
  /** So many commands out of place, without a message accepted in between, end a session with 421. Default 20. */
  readonly maxErrors?: number | undefined
}

/**
 * A sink's configuration and what it tells. The functions are for tests: they cost more than everything else.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkOptions extends SinkConfig {
  /** Asked before each reply. */
  readonly respond?: ((event: SinkEvent) => Answer) | undefined
  /** Told of each message when it has been accepted. Without it, content is not kept. */
  readonly onMessage?: ((message: SinkMessage) => void) | undefined
  /** Where to count: an array of `countersLength` zeros, in shared memory if others are to read it. */
  readonly counters?: Float64Array | undefined
}
