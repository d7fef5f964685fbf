/**
 * The books of a run: every message ends in exactly one of five ways, and the sums say so.
 *
 * @since 0.1.0
 */
import type { Outcome, Recipients } from "../smtp/Outcome.js"

/**
 * What has become of the messages and recipients of a run so far. Books add up: those of two parts of a run give those of
 * the whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface Accounting {
  planned: number
  /** Taken up by a session, ended or not. */
  started: number
  accepted: number
  rejected: number
  failed: number
  unknown: number
  notStarted: number
  readonly recipients: { -readonly [count in keyof Recipients]: number }
}

/**
 * The books of a run of `planned` messages, before it begins.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (planned: number): Accounting => ({
  planned,
  started: 0,
  accepted: 0,
  rejected: 0,
  failed: 0,
  unknown: 0,
  notStarted: 0,
  recipients: { offered: 0, accepted: 0, refused: 0, refusedAfterContent: 0, unknown: 0, abandoned: 0 }
})

/**
 * Books the end of a message. A message that had begun was counted in `started` when a session took it.
 *
 * @since 0.1.0
 * @category booking
 */
export const book = (self: Accounting, outcome: Outcome): void => {
  switch (outcome._tag) {
    case "Accepted":
      self.accepted++
      break
    case "Rejected":
      self.rejected++
      break
    case "Failed":
      self.failed++
      break
    case "Unknown":
      self.unknown++
      break
    case "NotStarted":
      self.notStarted++
      return
  }
  const { recipients } = self
  const { abandoned, accepted, offered, refused, refusedAfterContent, unknown } = outcome.recipients
  recipients.offered += offered
  recipients.accepted += accepted
  recipients.refused += refused
  recipients.refusedAfterContent += refusedAfterContent
  recipients.unknown += unknown
  recipients.abandoned += abandoned
}

/**
 * The laws that the books of a finished run break; none, unless there is a bug.
 *
 * - planned = started + not started
 * - started = accepted + rejected + failed + unknown
 * - recipients offered = accepted + refused + refused after content + unknown + abandoned
 *
 * @since 0.1.0
 * @category laws
 */
export const violations = (self: Accounting): ReadonlyArray<string> => {
  const { accepted, failed, notStarted, planned, recipients, rejected, started, unknown } = self
  const laws: ReadonlyArray<readonly [boolean, string]> = [
    [
      planned === started + notStarted,
      `planned ${planned} is not the sum of started ${started} and not started ${notStarted}`
    ],
    [
      started === accepted + rejected + failed + unknown,
      `started ${started} is not the sum of accepted ${accepted}, rejected ${rejected}, failed ${failed} and unknown ${unknown}`
    ],
    [
      recipients.offered ===
        recipients.accepted +
          recipients.refused +
          recipients.refusedAfterContent +
          recipients.unknown +
          recipients.abandoned,
      `recipients offered ${recipients.offered} is not the sum of ${JSON.stringify(recipients)}`
    ]
  ]
  return laws.flatMap(([holds, law]) => (holds ? [] : [law]))
}
