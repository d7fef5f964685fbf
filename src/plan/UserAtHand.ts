/**
 * Senders that are the user of the connection: `{user}` in -f stands for the name that it has logged in with, as servers want it
 * that let nobody send as somebody else.
 *
 * @since 0.1.0
 */
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import * as Template from "./Template.js"

/** The variable, which is none where it stands in braces of --expand. */
const variable = /(?<!\{)\{user\}(?!\})/

/**
 * Whether an address depends on the user of the connection.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isIn = (address: string): boolean => variable.test(address)

/**
 * The user of the connection at hand. Who makes messages for a connection says first whose it is: a message is made in one go.
 *
 * @since 0.1.0
 * @category models
 */
export class UserAtHand {
  /** In UTF-8, one byte in each character; `{user}` while nobody has logged in. */
  text = "{user}"
  private known: string | undefined = undefined

  /** From now on, messages are made for this user. */
  is(user: string | undefined): void {
    if (user === this.known) return
    this.known = user
    this.text = user === undefined ? "{user}" : SmtpCommand.bytes(user)
  }
}

/**
 * The parts of a text, with this user in place of each `{user}`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const fill = (parts: ReadonlyArray<Template.Part>, user: UserAtHand): ReadonlyArray<Template.Part> =>
  Template.joined(
    parts.flatMap((part): ReadonlyArray<Template.Part> => {
      if (typeof part !== "string") return [part]
      return part
        .split(variable)
        .flatMap((text, index): ReadonlyArray<Template.Part> => (index === 0 ? [text] : [() => user.text, text]))
    })
  )
