/**
 * The attempts of a session of a scenario to send messages: measured, and noted with their messages, whatever becomes of them.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Delivery from "../../smtp/Delivery.js"
import * as Outcome from "../../smtp/Outcome.js"
import * as Scripts from "../../smtp/Scripts.js"
import type { Script, Wire } from "../../smtp/Wire.js"
import type { Restore } from "../Turnstile.js"
import type { ReadyMessages } from "./ReadyMessages.js"
import type { SessionConnections } from "./SessionConnections.js"
import type { TakenMessage, TakenMessages } from "./TakenMessages.js"

/**
 * What follows an attempt, which came to this: the message that is to go over the same connection at once, if there is one. It is
 * asked after each attempt that came to its end, and only then. A message that it gives need not have been sent.
 *
 * @since 0.1.0
 * @category models
 */
export type Following = (outcome: Outcome.Outcome) => TakenMessage | undefined

/**
 * The attempts of one session.
 *
 * @since 0.1.0
 * @category models
 */
export class Attempts {
  private readonly options: Delivery.TransactionOptions

  constructor(
    private readonly connections: SessionConnections,
    private readonly messages: TakenMessages,
    private readonly ready: ReadyMessages,
    private readonly now: () => number,
    lmtp: boolean
  ) {
    this.options = { lmtp, afterUnexpected: "strict" }
  }

  /**
   * One attempt, over a connection of this session or one of the user's own; and as long as messages are accepted, those that
   * follow, without a turn of the fiber between them. Gives what the last of them came to. For where nothing interrupts it but what
   * it restores.
   */
  oneAfterAnother(
    wire: Wire,
    first: TakenMessage,
    restore: Restore,
    following: Following
  ): Effect.Effect<Outcome.Outcome> {
    return Effect.suspend(() => {
      const { connections, messages, now, options, ready } = this
      const route = connections.routeOf(wire)
      const agreement = connections.agreementOn(wire)
      const { transactions } = agreement
      let message = first
      let from = messages.beginning(first, now())
      let delivery = Delivery.make(options)
      let isUnderWay = false

      const dialogue = (): Script<Outcome.Outcome> => {
        isUnderWay = true
        return agreement.script(delivery)
      }
      const begin = (): void => {
        delivery = Delivery.make(options, ready.ready(wire, message, agreement))
        connections.carry(wire, agreement)
      }
      const end = (outcome: Outcome.Outcome, ended: number): TakenMessage | undefined => {
        isUnderWay = false
        messages.route = route
        messages.attempt(message, outcome, from, ended)
        return following(outcome)
      }

      const refusal = ready.refusal(wire, first, agreement)
      if (refusal !== undefined) {
        const outcome: Outcome.Outcome = { _tag: "Failed", error: refusal, recipients: Outcome.noRecipients }
        end(outcome, now())
        return Exit.succeed(outcome)
      }
      begin()
      const sequel = (outcome: Outcome.Outcome): Script<Outcome.Outcome> | undefined => {
        // The next attempt begins with the reply that ended this one: another look at the clock would tell the same.
        const isAccepted = outcome._tag === "Accepted"
        const ended = isAccepted ? wire.arrivedAt : now()
        const next = end(outcome, ended)
        if (next === undefined || !isAccepted || wire.state() !== "open") return undefined
        if (ready.refusal(wire, next, agreement) !== undefined) return undefined
        message = next
        from = messages.beginning(next, ended)
        begin()
        return dialogue()
      }
      return Effect.matchCauseEffect(restore(wire.converse(() => Scripts.chain(dialogue(), sequel))), {
        onFailure: (cause) => {
          const error = Cause.failureOption(cause)
          if (Option.isSome(error)) {
            const outcome = transactions.broken(error.value, delivery)
            end(outcome, now())
            return Exit.succeed(outcome)
          }
          if (isUnderWay) {
            messages.route = route
            messages.brokenOff(message, transactions.interrupted(delivery), from, now())
          }
          // It is in the middle of a dialogue, which nobody can go on with.
          wire.close("reset")
          return Effect.failCause(cause as Cause.Cause<never>)
        },
        onSuccess: Exit.succeed
      })
    })
  }
}
