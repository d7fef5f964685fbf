/**
 * What a server in memory is told to do, and what it has seen.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type { SinkEvent, Stage } from "./SinkOptions.js"

/**
 * Something that the server is about to answer, or a content that it is about to read.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerEvent extends Omit<SinkEvent, "stage"> {
  readonly stage: Stage | "content"
}

/**
 * What the server does. All that is left out is as usual.
 *
 * For `content`, `after` is how long it takes to read it; with `say` or `end` it does that instead of reading it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour {
  /** How long it thinks first. Replies wait for the ones before them. */
  readonly after?: Duration.DurationInput | undefined
  /** The bytes to say, line ends included, one in each character; a list arrives piece by piece; "" is silence. */
  readonly say?: string | ReadonlyArray<string> | undefined
  /** The time that each byte takes. */
  readonly drip?: Duration.DurationInput | undefined
  /** How the connection ends once that is said. */
  readonly end?: "close" | "reset" | undefined
}

/**
 * What the server does, and when: a function, or one behaviour for each stage.
 *
 * @since 0.1.0
 * @category models
 */
export type Script =
  | ((event: ServerEvent) => Behaviour | undefined)
  | { readonly [stage in ServerEvent["stage"]]?: Behaviour | undefined }

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
  readonly end?: {
    readonly time: number
    readonly by: "client" | "server"
    readonly how: "close" | "reset"
  }
}
