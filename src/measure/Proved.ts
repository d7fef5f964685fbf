/**
 * What a proof of delivery came to.
 *
 * @since 0.1.0
 */
import type { SinkClockOffset } from "./ClockOffset.js"
import type { Deliveries } from "./Deliveries.js"
import type { DeliveryTally } from "./DeliveryTally.js"
import type { Difference } from "./Difference.js"

/**
 * A message, or a recipient of it, that was accepted and has not arrived.
 *
 * @since 0.1.0
 * @category models
 */
export interface Missed {
  readonly message: number
  readonly sender: string
  readonly recipient: string
  /** Its Message-Id, in its angle brackets, where it can be made again. */
  readonly messageId?: string | undefined
}

/**
 * What a proof came to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Proved {
  readonly tally: DeliveryTally
  /** Whether recipients are told apart, or messages are counted. */
  readonly by: "messages" | "recipients"
  /** What was accepted and what has arrived, second by second since the start. */
  readonly seconds: ReturnType<Deliveries["bySecond"]>
  /** How long it waited for what was missing, in milliseconds. */
  readonly waited: number
  /** The first that are missing. */
  readonly missed: ReadonlyArray<Missed>
  /** Said where arrivals were timed by other clocks than sending was, and nobody knows by how much they differ. */
  readonly clocks?: "not compared" | undefined
  /** Those clocks of which it is known. */
  readonly compared?: ReadonlyArray<ComparedClock> | undefined
  /** Times of arrival were told no more exactly than to this, in milliseconds. */
  readonly exactTo?: number | undefined
  /** The first bodies that were changed. */
  readonly changes: ReadonlyArray<ShownChange>
  /** How many have come of segments that are lost: nobody knows whether those were accepted. */
  readonly ofLost?: number | undefined
  readonly stores?: UnseenStores | undefined
}

/**
 * By how much a clock was ahead of the generator's, and how far off that may be, in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface ComparedClock {
  /** The file of the sink whose clock it is. */
  readonly of: string
  readonly ahead: number
  readonly within: number
  /** Whether the times of delivery are by the generator's clock. */
  readonly corrected: boolean
}

/**
 * Stores of mail, and files of sinks, of which nobody knows all that came there.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnseenStores {
  /** They could not be read: their names, and why. */
  readonly lost: ReadonlyArray<string>
  /** Files of sinks that took messages when they wrote them. */
  readonly unfinished: ReadonlyArray<string>
}

/**
 * What was sent with stamps, for whoever looks for it later: bit planes as text, by the recipient or by the message.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stamped {
  /** What stands for the run in its stamps. */
  readonly run: string
  readonly by: "messages" | "recipients"
  /** How many recipients of a message are told apart. */
  readonly width: number
  /** The Message-Id of each, `{k}` standing for its number, where the run has made them. */
  readonly messageId?: string | undefined
  readonly accepted: string
  readonly open: string
  /** The clocks of sinks that were compared with the generator's. */
  readonly clocks?: ReadonlyArray<SinkClockOffset> | undefined
}

/**
 * A change of a body that is shown, as a note in the books.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShownChange extends Difference {
  readonly message: number
}
