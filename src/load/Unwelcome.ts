/**
 * How a message ends whose connection came to nothing before it was ready.
 *
 * @since 0.1.0
 */
import type { Plan } from "../plan/Plan.js"
import type * as Introduction from "../smtp/Introduction.js"
import * as Outcome from "../smtp/Outcome.js"
import * as Reply from "../smtp/Reply.js"
import { type ConnectFailed, ReplyMalformed, type WireError } from "../smtp/SmtpError.js"

/**
 * The outcome of the message, where a greeting or HELO that was not welcome ends it (clause S9.5).
 *
 * @since 0.1.0
 * @category outcomes
 */
export const refusedBy = (
  { acceptRejection, keepGoing }: Plan,
  step: Introduction.Welcome,
  reply: Reply.Reply
): Outcome.Outcome | undefined => {
  if (Reply.isPositive(reply)) return undefined
  const goesOn = acceptRejection || Reply.isOfClass2(reply)
  if (!keepGoing && goesOn && !Reply.isClosing(reply)) return undefined
  if (Reply.isRefusal(reply)) return { _tag: "Rejected", step, reply, recipients: Outcome.noRecipients }
  return failed(new ReplyMalformed({ step, reason: `${reply.code} ${reply.text}`, replies: [] }))
}

/**
 * The outcome of a message that was not begun, since this came before it.
 *
 * @since 0.1.0
 * @category outcomes
 */
export const failed = (error: ConnectFailed | WireError): Outcome.Outcome => ({
  _tag: "Failed",
  error,
  recipients: Outcome.noRecipients
})

/**
 * Whether the server does not offer what was to be used, or it is not to be used there: nothing was tried, and the connection is
 * in order.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isWithheld = (error: ConnectFailed | WireError): boolean =>
  error._tag === "NotOffered" || error._tag === "NotAllowed"
