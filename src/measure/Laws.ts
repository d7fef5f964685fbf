/**
 * What holds of every finished run, whatever the server did: the books, the reasons, the durations and the connections are
 * counted in different places, and must agree.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Accounting from "./Accounting.js"
import * as EndTally from "./EndTally.js"
import * as Histogram from "./Histogram.js"
import type { Recorded } from "./Recorded.js"

/**
 * A run that is over, and what it was.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finished {
  readonly accounting: Accounting.Accounting
  readonly recorder: Recorded
  /** Whether a first part of it was not measured. */
  readonly warmedUp: boolean
  /** Whether transactions were broken off at its end, which have no duration. */
  readonly cutOff: boolean
  /** Whether what a part of it recorded is lost. */
  readonly partial: boolean
  /** How many transactions were accepted of messages that had been accepted before. */
  readonly acceptedAgain?: number | undefined
}

/**
 * The laws that a finished run breaks; none, unless there is a bug.
 *
 * - Those of its books (`Accounting.violations`).
 * - Of the messages that were rejected, failed, abandoned or unknown, each has one reason.
 * - No code rejected more messages than there were replies of it.
 * - Each accepted message has the duration of its transaction, and no other has; one that was accepted again has more.
 * - Connections opened = closed by us + closed by the server.
 * - Of several targets: no more messages ended in a way at all of them than did in all. Those that no connection was begun for
 *   are no target's.
 *
 * @since 0.1.0
 * @category laws
 */
export const violations = (run: Finished): ReadonlyArray<string> => [
  ...Accounting.violations(run.accounting),
  ...(run.partial
    ? []
    : [...ofReasons(run), ...ofReplies(run), ...ofDurations(run), ...ofConnections(run), ...ofTargets(run)])
]

const ofReasons = ({ accounting, recorder }: Finished): ReadonlyArray<string> => {
  const ends = recorder.ends()
  const { abandoned, failed, rejected, unknown } = accounting
  const booked = { rejected, failed: failed - abandoned, abandoned, unknown }
  return (["rejected", "failed", "abandoned", "unknown"] as const).flatMap((end) => {
    const reasons = EndTally.total(ends, end)
    return reasons === booked[end] ? [] : [`${end} ${booked[end]} is not the sum of its reasons ${reasons}`]
  })
}

/** While a run warms up, replies are not counted. */
const ofReplies = ({ recorder, warmedUp }: Finished): ReadonlyArray<string> => {
  if (warmedUp) return []
  const replies = recorder.replies()
  return recorder.ends().flatMap(({ count, end, reason }) => {
    if (end !== "rejected") return []
    const seen = replies.reduce((sum, reply) => (reply.code === reason ? sum + reply.count : sum), 0)
    return count <= seen ? [] : [`rejected ${count} by ${reason}, which the server said ${seen} times`]
  })
}

const ofDurations = ({
  acceptedAgain = 0,
  accounting: { accepted: messages },
  cutOff,
  recorder,
  warmedUp
}: Finished): ReadonlyArray<string> => {
  const accepted = messages + acceptedAgain
  const histogram = recorder.histogram("transaction", "accepted")
  const measured = histogram === undefined ? 0 : Histogram.total(histogram)
  const holds = warmedUp || cutOff ? measured <= accepted : measured === accepted
  return holds ? [] : [`accepted ${accepted}, and ${measured} transactions were measured that were accepted`]
}

const ofConnections = ({ recorder }: Finished): ReadonlyArray<string> => {
  const { closedByServer, closedByUs, opened } = recorder.connections()
  return opened === closedByUs + closedByServer
    ? []
    : [`connections opened ${opened} is not the sum of closed by us ${closedByUs} and by the server ${closedByServer}`]
}

const ofTargets = ({ accounting, recorder }: Finished): ReadonlyArray<string> => {
  const targets = recorder.targets()
  if (targets.length === 0) return []
  return (["accepted", "rejected", "failed", "unknown"] as const).flatMap((end) => {
    const sum = targets.reduce((total, target) => total + target[end], 0)
    return sum <= accounting[end] ? [] : [`${end} ${accounting[end]} is less than the targets' ${sum}`]
  })
}

/**
 * What a server took in, by its own count: messages, recipients, or both.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivered {
  readonly messages?: number | undefined
  readonly recipients?: number | undefined
}

/**
 * The laws between the books and the server's own count that a finished run breaks: it took in all that was accepted, and of
 * the rest nothing but what is unknown.
 *
 * - accepted ≤ delivered ≤ accepted + unknown, of messages. One that was accepted for some recipients counts as accepted.
 * - The same of recipients.
 *
 * @since 0.1.0
 * @category laws
 */
export const ofDelivery: {
  (delivered: Delivered): (self: Accounting.Accounting) => ReadonlyArray<string>
  (self: Accounting.Accounting, delivered: Delivered): ReadonlyArray<string>
} = dual(
  2,
  ({ accepted, recipients, unknown }: Accounting.Accounting, delivered: Delivered): ReadonlyArray<string> => [
    ...between("messages", accepted, unknown, delivered.messages),
    ...between("recipients", recipients.accepted, recipients.unknown, delivered.recipients)
  ]
)

const between = (what: string, accepted: number, unknown: number, delivered: number | undefined) =>
  delivered === undefined || (accepted <= delivered && delivered <= accepted + unknown)
    ? []
    : [`${delivered} ${what} were delivered, and ${accepted} accepted and ${unknown} unknown`]
