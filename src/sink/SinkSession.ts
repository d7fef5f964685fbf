/**
 * A connection as a sink sees it: bytes in, bytes out, and what is to be done with it.
 *
 * @since 0.1.0
 */
import type { Action } from "./Action.js"
import type { Ending } from "./Reaction.js"

/**
 * What is to be done with the connection once the bytes are written: `secure` when TLS begins, `quit` when the client has
 * said good-bye and sends nothing more, `close` when it may still be sending, `stall` when it is left to wait.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict = "open" | "secure" | "quit" | Ending

/**
 * One connection's dialogue. Nothing is read once the verdict is not `open`.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkSession {
  /** What to write when the connection opens. */
  readonly greeting: Uint8Array | undefined
  readonly verdict: Verdict
  /** TLS stands: what was said before is forgotten. Returns what to write, which is the greeting where TLS came first. */
  readonly secured: () => Uint8Array | undefined
  /** What came before TLS and is part of it: the listener hands it on. */
  readonly unread?: Uint8Array | undefined
  /** Whether what comes next is a message's content, and not a command. */
  readonly inContent: boolean
  /**
   * Takes bytes `start` to `end` of `chunk`, which may be reused afterwards, and returns the replies to all commands
   * that they complete, as one piece. What is returned must not be changed: other sessions are given the same bytes.
   */
  readonly push: (chunk: Uint8Array, start?: number, end?: number) => Uint8Array | undefined
  /** What a sink with a behaviour does next, in turn, since it was last asked. Without one: nothing. */
  readonly actions: () => ReadonlyArray<Action>
  /** The connection is over, however it ended: a content that was under way is lost. */
  readonly closed: () => void
  /** Ends the session because the client has been silent for too long; returns what to tell it, unless `say` is that. */
  readonly expire: (say?: string | undefined) => Uint8Array | undefined
}
