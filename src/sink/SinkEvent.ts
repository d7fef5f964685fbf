/**
 * What a sink is about to answer.
 *
 * @since 0.1.0
 */
import type { Stage } from "../smtp/Stage.js"

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
  /** The command as it came, without its line end: "." for `final` after DATA, empty for `greeting`. */
  readonly line: string
  /** From MAIL on. */
  readonly sender?: string | undefined
  /** At `rcpt`, and for each of LMTP's final replies. */
  readonly recipient?: string | undefined
  /** The recipient's place in its message, from 1: among those offered at `rcpt`, among those accepted at `final`. */
  readonly recipientPlace?: number | undefined
  /** The client's address, where it has one. */
  readonly client?: string | undefined
  /** The content's size in bytes, at `final`. */
  readonly size?: number | undefined
  /** The content's headers, at `final`, as far as a condition asks for them. */
  readonly headers?: string | undefined
  /** What the sink would say, line ends included. */
  readonly reply: string
}
