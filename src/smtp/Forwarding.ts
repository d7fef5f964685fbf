/**
 * Transactions of which each begins with XFORWARD: on whose behalf the message is, as Postfix has it between its own hops. It
 * holds for one message.
 *
 * @since 0.1.0
 */
import * as Delivery from "./Delivery.js"
import type * as Outcome from "./Outcome.js"
import type { WireError } from "./SmtpError.js"
import * as Steps from "./Steps.js"
import type { Transactions } from "./Transaction.js"
import type { Script } from "./Wire.js"

/**
 * The same transactions, with XFORWARD before those of messages that have it. Its reply is waited for. One that is not positive
 * ends the message, for which nothing more is sent: there is no transaction to be given up.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (inner: Transactions): Transactions => {
  const broken = (error: WireError, delivery: Delivery.Delivery): Outcome.Outcome =>
    // What the transaction before it left behind says nothing of this message.
    error.step === "xforward" ? Delivery.broken(error, delivery) : inner.broken(error, delivery)
  return {
    wire: inner.wire,
    grouping: inner.grouping,
    script: (delivery, next) => script(inner, delivery, next),
    broken,
    interrupted: (delivery) => delivery.settled ?? broken(Delivery.interruption(inner.wire), delivery)
  }
}

function* script(
  inner: Transactions,
  delivery: Delivery.Delivery,
  next: Delivery.Message | undefined
): Script<Outcome.Outcome> {
  const { forward } = delivery.message
  if (forward !== undefined) {
    Delivery.begin(delivery)
    const reply = (yield Steps.command("xforward", forward))[0]!
    const { options } = delivery
    if (!Delivery.isSuccess(reply, options)) {
      const outcome = Delivery.refused("xforward", reply, delivery)
      delivery.settled = outcome
      if (outcome._tag === "Failed" && options.afterUnexpected === "strict") inner.wire.close("reset")
      return outcome
    }
  }
  return yield* inner.script(delivery, next)
}
