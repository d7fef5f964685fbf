/**
 * A mail of a user's own, and what it is as a message that can be sent.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import * as Stuffing from "../../plan/Stuffing.js"
import type * as Delivery from "../../smtp/Delivery.js"
import * as Parameters from "../../smtp/Parameters.js"
import * as Printable from "../../smtp/Printable.js"
import * as SmtpCommand from "../../smtp/SmtpCommand.js"

/**
 * A message, as its author has it. The lines of the content may end in CRLF or LF; dots are stuffed, and the final one is
 * added. Text goes out as UTF-8.
 *
 * @since 0.1.0
 * @category models
 */
export interface Mail {
  /** Empty for the null sender. */
  readonly sender: string
  readonly recipients: ReadonlyArray<string>
  readonly content: string | Uint8Array
  /**
   * What follows the address in MAIL, such as `RET=HDRS`, and in each RCPT, such as `NOTIFY=NEVER`; after it comes what the plan asks
   * for. Whether the server offers what they need is for their author to know.
   */
  readonly mailParameters?: ReadonlyArray<string> | undefined
  readonly rcptParameters?: ReadonlyArray<string> | undefined
}

/**
 * A mail cannot be sent as it is: it has no recipients, an address with a line break, a parameter that is not one, or content with a
 * bare CR. Or the source cannot be used in this run: weights of `mixed` that are not more than 0, one that goes by the messages
 * before it in a segment, or any but `fromPlan` where the plan proves delivery.
 *
 * @since 0.1.0
 * @category errors
 */
export class MailUnusable extends Data.TaggedError("MailUnusable")<{
  /** The message's number. */
  readonly number: number
  readonly reason: string
}> {
  override get message(): string {
    return Printable.escape(`message ${this.number}: ${this.reason}`)
  }
}

/**
 * The mail of this number, ready to be sent.
 *
 * @since 0.1.0
 * @category destructors
 */
export const prepare = (
  number: number,
  { content, mailParameters = [], rcptParameters = [], recipients, sender }: Mail
): Either.Either<Delivery.Message, MailUnusable> => {
  const unusable = (reason: string) => Either.left(new MailUnusable({ number, reason }))
  if (recipients.length === 0) return unusable("no recipients")
  const broken = [sender, ...recipients].find((address) => /[\u0000\r\n]/.test(address))
  if (broken !== undefined) return unusable(`the address ${broken} holds a line break or a NUL`)
  const odd = [...mailParameters, ...rcptParameters].find((parameter) => !/^[!-~]+$/.test(parameter))
  if (odd !== undefined) return unusable(`the parameter ${odd} is not of printable ASCII without blanks`)
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  return Either.match(Stuffing.content(bytes), {
    onLeft: (line) => unusable(`line ${line} holds a carriage return that no line feed follows`),
    onRight: (content) =>
      Either.right({
        mail: Parameters.extended(SmtpCommand.mail(sender), mailParameters),
        rcpts: recipients.map((recipient) => Parameters.extended(SmtpCommand.rcpt(recipient), rcptParameters)),
        content
      })
  })
}

/**
 * What a message was before it was made ready.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofMessage = (
  number: number,
  { content, mail, rcpts }: Delivery.Message
): Either.Either<Mail, MailUnusable> => {
  const { body, head, unusable } = content.isDotless === true ? content : Stuffing.dotless(content)
  if (unusable !== undefined) return Either.left(new MailUnusable({ number, reason: unusable }))
  const addressIn = (command: string) =>
    Buffer.from(command.slice(command.indexOf("<") + 1, command.lastIndexOf(">")), "latin1").toString("utf8")
  return Either.right({
    sender: addressIn(mail),
    recipients: rcpts.map(addressIn),
    content: Buffer.concat([Buffer.from(head, "latin1"), body ?? Buffer.alloc(0)])
  })
}
