/**
 * Sender, recipients and their numbering, as the commands that name them.
 *
 * What message k is sent to is a pure function of the plan and k, so that a run can be cut into pieces: recipient j of
 * message k has number k·r + j, from 0. Where the number of recipients is drawn, r is the largest that it can be.
 *
 * @since 0.1.0
 */
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import * as Amount from "./Amount.js"
import * as Draw from "./Draw.js"
import type { Plan } from "./Plan.js"

/**
 * The addresses of a run. Messages count from 0.
 *
 * @since 0.1.0
 * @category models
 */
export interface Addresses {
  readonly sender: string
  /** The MAIL command of every message. */
  readonly mail: string
  /** The RCPT commands of a message. */
  readonly rcpts: (message: number) => ReadonlyArray<string>
  /** The address in the message's To: header. */
  readonly to: (message: number) => string
}

/**
 * The addresses that a plan asks for (clauses S7.3, S7.4 and S14). How many recipients a message has may be drawn from the seed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (plan: Plan, helloName: string, seed: string): Addresses => {
  const sender = plan.from ?? `foo@${helloName}`
  const recipient = plan.to ?? `foo@${helloName}`
  const counts = Amount.countsOf(plan.recipients ?? 1)
  const most = counts.most
  const key = Draw.keyOf(`${seed} recipients`)
  const countOf = counts.least === most ? () => most : (message: number) => counts.at(Draw.uniform(key, message))
  const mail = SmtpCommand.mail(sender)
  // The text around the numbers is encoded once: it is the same in every command of the run.
  const numbered = (before: string, after: string, first: number) => {
    const head = SmtpCommand.flat(SmtpCommand.rcptBegin + SmtpCommand.bytes(before))
    const tail = SmtpCommand.flat(SmtpCommand.bytes(after) + SmtpCommand.rcptEnd)
    return (message: number) => {
      const count = countOf(message)
      const rcpts: Array<string> = []
      for (let index = 0; index < count; index++) rcpts.push(head + (message * most + index + first) + tail)
      return rcpts
    }
  }

  if (plan.numbering === "append" && (plan.numberRecipients || plan.recipients !== undefined)) {
    const at = recipient.lastIndexOf("@")
    const local = at < 0 ? recipient : recipient.slice(0, at)
    const domain = at < 0 ? "" : recipient.slice(at)
    const last = (message: number) => `${local}${message * most + countOf(message) - 1}${domain}`
    return { sender, mail, rcpts: numbered(local, domain, 0), to: last }
  }
  if (plan.numberRecipients) return { sender, mail, rcpts: numbered("", recipient, 1), to: () => recipient }
  // Without -N the recipients of every message are the same: n to 2 before the address, and the bare one last.
  const rcpts = Array.from({ length: most }, (_, index) =>
    SmtpCommand.rcpt(index === most - 1 ? recipient : `${most - index}${recipient}`)
  )
  if (counts.least === most) return { sender, mail, rcpts: () => rcpts, to: () => recipient }
  return { sender, mail, rcpts: (message) => rcpts.slice(most - countOf(message)), to: () => recipient }
}
