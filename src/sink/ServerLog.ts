/**
 * How a server in memory is reached, and what it has seen.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"

/**
 * How a connection is opened: after a while, or not at all, for the given reason.
 *
 * @since 0.1.0
 * @category models
 */
export interface Welcome {
  readonly after?: Duration.DurationInput | undefined
  /** An errno, such as ECONNREFUSED. */
  readonly refuse?: string | undefined
  /** Whether that is this machine's fault, such as EMFILE. */
  readonly local?: boolean | undefined
}

/**
 * A command, when it was sent; "." for the end of a content. Times are in milliseconds of the Clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Received {
  readonly time: number
  readonly session: number
  readonly line: string
}

/**
 * A message that the server accepted. `content` holds one byte in each character, without stuffed dots.
 *
 * @since 0.1.0
 * @category models
 */
export interface Accepted {
  readonly time: number
  readonly session: number
  readonly sender: string
  readonly recipients: ReadonlyArray<string>
  readonly content: string
}

/**
 * A connection: when it was opened, and how it ended, if it has.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerSession {
  readonly session: number
  readonly openedAt: number
  /** How the client closed its side, and when, if it has. A connection that it never closes leaks. */
  readonly left?: { readonly time: number; readonly how: "close" | "reset" }
  readonly end?: {
    readonly time: number
    readonly by: "client" | "server"
    readonly how: "close" | "reset"
  }
}
