/**
 * What a sink is given that is to tell what has become of a run's messages: plain data, and memory that threads share.
 *
 * @since 0.1.0
 */
import type { RunIdentity } from "./Message.js"
import type { MessageParts } from "./MessageParts.js"
import type { Plan } from "./Plan.js"

/**
 * The run whose messages a sink watches for. With it, the sink makes each message anew to compare what has come.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProofOrder {
  readonly plan: Plan
  readonly identity: RunIdentity & { readonly seed: string }
  readonly file: Uint8Array | undefined
  readonly parts: MessageParts | undefined
  /** How many recipients of a message are told apart. */
  readonly width: number
  /** In microseconds since 1970. */
  readonly startedAt: number
  /** Where arrivals are written. */
  readonly memory: {
    readonly planes: SharedArrayBuffer
    readonly tallies: SharedArrayBuffer
    readonly times?: SharedArrayBuffer | undefined
  }
}
