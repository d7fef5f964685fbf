/**
 * The messages of a scenario as they go over one of its connections: from the user that it is logged in as, and in chunks, where
 * the plan says so.
 *
 * A scenario takes up a message before anybody knows which connection it will go over, and may send it over several.
 *
 * @since 0.1.0
 */
import { MadeContent } from "../../plan/MadeContent.js"
import * as Stuffing from "../../plan/Stuffing.js"
import * as UserAtHand from "../../plan/UserAtHand.js"
import * as Delivery from "../../smtp/Delivery.js"
import { type ArgumentInvalid, NotAllowed, type NotOffered } from "../../smtp/SmtpError.js"
import type { Content, Wire } from "../../smtp/Wire.js"
import type { Agreement } from "../Agreement.js"
import type { Sending } from "../SharedRun.js"
import type { SessionConnections } from "./SessionConnections.js"
import type { TakenMessage, TakenMessages } from "./TakenMessages.js"

/**
 * The messages of one session.
 *
 * @since 0.1.0
 * @category models
 */
export class ReadyMessages {
  /** The plan's own messages, where the user of the connection is their sender: as they were made, and taken up. */
  private readonly planned = new WeakSet<Delivery.Message>()
  private lastDotted: Content | undefined = undefined
  private lastDotless: Content = { head: "" }

  constructor(
    private readonly run: Sending,
    private readonly connections: SessionConnections,
    private readonly messages: TakenMessages
  ) {}

  /** The plan's own message of that number: from the user of the session's latest connection, where the user is the sender. */
  plan(number: number): Delivery.Message {
    const { addresses, contentOf, userAtHand } = this.run
    userAtHand?.is(this.connections.latestUser)
    const message = Delivery.message(addresses.mail(number), addresses.rcpts(number), contentOf(number))
    if (userAtHand !== undefined) this.planned.add(message)
    return message
  }

  /** Notes that a message was taken up. */
  taken(message: Delivery.Message, taken: TakenMessage): TakenMessage {
    if (this.planned.has(message)) this.planned.add(taken)
    return taken
  }

  /** Why no message goes over the connection, or not this one. */
  refusal(
    wire: Wire,
    message: TakenMessage,
    { refusal }: Agreement
  ): NotOffered | NotAllowed | ArgumentInvalid | undefined {
    const original = this.messages.original(message)
    // What was taken up is in order, but its author may have changed it.
    const unusable = original === message ? undefined : Delivery.unusable(message, original)
    if (unusable !== undefined) return unusable
    if (refusal !== undefined || this.run.userAtHand === undefined) return refusal
    // A message that its author has put together from the plan's own is from whoever it was then, and perhaps from nobody.
    const lacks =
      this.ofPlan(message) === undefined ? UserAtHand.isIn(message.mail) : this.connections.userOf(wire) === undefined
    return lacks ? new NotAllowed({ step: "mail", reason: noUser }) : undefined
  }

  /** The message as it goes over the connection. What its author has changed stays changed. */
  ready(wire: Wire, message: TakenMessage, { dress, isChunked }: Agreement): Delivery.Message {
    const own = this.fromUser(wire, message)
    if (!isChunked || own.content.isDotless === true) return dress(own, message.number)
    return dress(Delivery.message(own.mail, own.rcpts, this.dotless(own.content), own.forward), message.number)
  }

  /** The content as chunks have it. Where all messages have the same one, it is made once. */
  private dotless(content: Content): Content {
    if (content !== this.lastDotted) {
      const { body, head, unusable } = Stuffing.dotless(content)
      this.lastDotless = new MadeContent(head, body, true, unusable)
      this.lastDotted = content
    }
    return this.lastDotless
  }

  private fromUser(wire: Wire, message: TakenMessage): Delivery.Message {
    const original = this.ofPlan(message)
    if (original === undefined) return message
    const { addresses, contentOf, userAtHand } = this.run
    userAtHand?.is(this.connections.userOf(wire))
    const mail = message.mail === original.mail ? addresses.mail(message.number) : message.mail
    const content = message.content === original.content ? contentOf(message.number) : message.content
    return Delivery.message(mail, message.rcpts, content, message.forward)
  }

  /** The message as it was taken up, where it is the plan's own, and its sender the user of the connection. */
  private ofPlan(message: TakenMessage): TakenMessage | undefined {
    if (this.run.userAtHand === undefined) return undefined
    const original = this.messages.original(message)
    return original !== undefined && this.planned.has(original) ? original : undefined
  }
}

const noUser = "the sender is the user of a login ({user}), and the plan had logged in nobody over the connection"
