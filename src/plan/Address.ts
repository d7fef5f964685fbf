/**
 * Sender, recipients and their numbering, as the commands that name them.
 *
 * What message k is sent to is a pure function of the plan and k, so that a run can be cut into pieces: recipient j of
 * message k has number k·r + j, from 0. Where the number of recipients is drawn, r is the largest that it can be.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import * as Amount from "./Amount.js"
import * as Draw from "./Draw.js"
import type { Plan } from "./PlanTypes.js"
import * as Template from "./Template.js"
import * as UserAtHand from "./UserAtHand.js"

/**
 * The addresses of a run. Messages count from 0.
 *
 * @since 0.1.0
 * @category models
 */
export interface Addresses {
  readonly sender: (message: number) => string
  /** The MAIL command. */
  readonly mail: (message: number) => string
  /** The RCPT commands of a message. */
  readonly rcpts: (message: number) => ReadonlyArray<string>
  /** The address in the message's To: header. */
  readonly to: (message: number) => string
  /** Whether the sender and the address of the header are the same in all messages. */
  readonly areConstant: boolean
}

/**
 * The addresses that a plan asks for (clauses S7.3, S7.4 and S14). How many recipients a message has may be drawn from the
 * seed, and the addresses may have variables, whose values are `values`. The sender may be `user`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: Plan,
  helloName: string,
  seed: string,
  values?: Template.Values,
  user?: UserAtHand.UserAtHand | undefined
): Addresses => {
  const from = plan.from ?? `foo@${helloName}`
  const recipient = plan.to ?? `foo@${helloName}`
  const senderOf = expanding(plan, from, "-f", values, user)
  const recipientOf = expanding(plan, recipient, "-t", values)
  const mailOf = senderOf && ((message: number) => mailBegin + senderOf.bytes(message) + SmtpCommand.rcptEnd)
  const constantMail = SmtpCommand.mail(from)
  const sender = senderOf?.text ?? (() => from)
  const mail = mailOf ?? (() => constantMail)
  const counts = Amount.countsOf(plan.recipients ?? 1)
  const most = counts.most
  const key = Draw.keyOf(`${seed} recipients`)
  const countOf = counts.least === most ? () => most : (message: number) => counts.at(Draw.uniform(key, message))
  const appends = plan.numbering === "append" && (plan.numberRecipients || plan.recipients !== undefined)
  if (recipientOf !== undefined) {
    const numbered = (address: string, message: number, index: number): string => {
      if (appends) {
        const [local, domain] = divided(address)
        return `${local}${message * most + index}${domain}`
      }
      if (plan.numberRecipients) return `${message * most + index + 1}${address}`
      const count = countOf(message)
      return index === count - 1 ? address : `${count - index}${address}`
    }
    const { bytes, text } = recipientOf
    return {
      sender,
      mail,
      rcpts: (message) => {
        const address = bytes(message)
        return Array.from(
          { length: countOf(message) },
          (_, index) => SmtpCommand.rcptBegin + numbered(address, message, index) + SmtpCommand.rcptEnd
        )
      },
      to: (message) => (appends ? numbered(text(message), message, countOf(message) - 1) : text(message)),
      areConstant: false
    }
  }
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
  const areConstant = senderOf === undefined
  if (appends) {
    const [local, domain] = divided(recipient)
    const last = (message: number) => `${local}${message * most + countOf(message) - 1}${domain}`
    return { sender, mail, rcpts: numbered(local, domain, 0), to: last, areConstant: false }
  }
  const to = () => recipient
  if (plan.numberRecipients) return { sender, mail, rcpts: numbered("", recipient, 1), to, areConstant }
  // Without -N the recipients of every message are the same: n to 2 before the address, and the bare one last.
  const rcpts = Array.from({ length: most }, (_, index) =>
    SmtpCommand.rcpt(index === most - 1 ? recipient : `${most - index}${recipient}`)
  )
  if (counts.least === most) return { sender, mail, rcpts: () => rcpts, to, areConstant }
  return { sender, mail, rcpts: (message) => rcpts.slice(most - countOf(message)), to, areConstant }
}

const mailBegin = "MAIL FROM:<"

const divided = (address: string): readonly [local: string, domain: string] => {
  const at = address.lastIndexOf("@")
  return at < 0 ? [address, ""] : [address.slice(0, at), address.slice(at)]
}

/** An address with variables: as text, and with one byte in each character. */
const expanding = (
  plan: Plan,
  address: string,
  option: string,
  values: Template.Values | undefined,
  user?: UserAtHand.UserAtHand | undefined
) => {
  const expands = plan.expand && values !== undefined && Template.isTemplate(address)
  const named = user !== undefined && UserAtHand.isIn(address) ? user : undefined
  if (!expands && named === undefined) return undefined
  const parts = expands
    ? Either.getOrThrow(Template.parse(address, option, values)).parts
    : [SmtpCommand.bytes(address)]
  const bytes = Template.render(named === undefined ? parts : UserAtHand.fill(parts, named))
  return { bytes, text: (message: number) => Buffer.from(bytes(message), "latin1").toString("utf8") }
}
