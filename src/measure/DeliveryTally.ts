/**
 * What the books of deliveries say when they are added up, and the laws that hold of it.
 *
 * @since 0.1.0
 */
import type * as Difference from "./Difference.js"
import type * as Histogram from "./Histogram.js"

/**
 * What the books say, by the key: by the recipient, or by the message.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeliveryTally {
  readonly accepted: number
  /** Of which nobody knows whether they were accepted, or that were refused at their end. */
  readonly open: number
  /** Those that arrived: of those that were accepted, and of the others. */
  readonly deliveredAccepted: number
  readonly deliveredOpen: number
  /** Accepted, and neither here nor returned so far. */
  readonly missing: number
  /** A notice says that they were not delivered. */
  readonly returned: number
  /** Those that came again after they were confirmed. */
  readonly duplicated: number
  /** Those that came and were never confirmed: whoever sent them still has them, and will send them again. */
  readonly unconfirmed: number
  readonly came: number
  /** Arrivals that were taken, or not answered: the first of each, copies of what was confirmed, and of what was not. */
  readonly copies: number
  readonly first: number
  readonly duplicates: number
  readonly repeats: number
  /** Arrivals that the sink did not take. */
  readonly refused: number
  readonly changes: { readonly [kind in Difference.Kind]: number }
  /** Arrivals that are none of this run's messages, and recipients of them that are none of theirs. */
  readonly foreign: number
  readonly foreignRecipients: number
  /** Those that came after a later one. */
  readonly outOfOrder: number
  /** Those that came before they were sent: the clocks are not the same. */
  readonly early: number
  /** Notices that a message is late. */
  readonly delayed: number
  /** Those that went through too many servers. */
  readonly looped: number
  /** Those that arrived, and were not sent as far as the generator knows. */
  readonly impossible: {
    readonly count: number
    readonly first: ReadonlyArray<{ readonly message: number; readonly place: number }>
  }
  /** From when messages were sent to when they first came, in nanoseconds. */
  readonly delivery: Histogram.Histogram
  /** The most that were accepted and had not come at the end of a second, and which second that was, from 0. */
  readonly depth: { readonly most: number; readonly second: number }
}

/**
 * The laws that these books break; none, unless there is a bug. `partial` says that ends of messages are lost, and `booked` is how many recipients, or messages, the other books of
 * the generator have as accepted.
 *
 * @since 0.1.0
 * @category laws
 */
export const violations = (
  tally: DeliveryTally,
  { booked, partial = false }: { readonly booked?: number | undefined; readonly partial?: boolean } = {}
): ReadonlyArray<string> => {
  const { accepted, came, copies, deliveredAccepted, duplicates, first, impossible, missing, repeats, returned } = tally
  const laws: ReadonlyArray<readonly [holds: boolean, law: string]> = [
    [
      copies === first + repeats + duplicates,
      `copies ${copies} is not first ${first} + repeats ${repeats} + duplicates ${duplicates}`
    ],
    [came === first, `${came} have come, and ${first} were the first`],
    [
      accepted - deliveredAccepted - missing >= 0 && accepted - deliveredAccepted - missing <= returned,
      `accepted ${accepted} is not delivered ${deliveredAccepted} + missing ${missing} + some of returned ${returned}`
    ],
    [
      partial || booked === undefined || booked === accepted,
      `${accepted} are watched for as accepted, and ${booked} were`
    ],
    [
      partial || impossible.count === 0,
      `${impossible.count} arrived that were never sent: ${impossible.first.map(({ message }) => `k = ${message}`).join(", ")}`
    ]
  ]
  return laws.flatMap(([holds, law]) => (holds ? [] : [law]))
}
