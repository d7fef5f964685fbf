/**
 * The generator's side of a proof: how each message ended, by the recipient or by the message.
 *
 * @since 0.1.0
 */
import type { Deliveries } from "../measure/Deliveries.js"
import type { Addresses } from "../plan/Address.js"
import type { Plan } from "../plan/Plan.js"
import type { Outcome } from "../smtp/Outcome.js"
import type { StampTimes } from "./StampTimes.js"

/**
 * Writes the ends of messages into the books. What certainly was not accepted is not written.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: Plan,
  deliveries: Deliveries,
  { rcpts }: Addresses,
  times: StampTimes
): ((message: number, outcome: Outcome) => void) => {
  const byRecipient = plan.prove === "recipients"
  return (message, outcome) => {
    const end = endOf(outcome)
    if (!byRecipient) {
      if (end !== undefined) deliveries.book(message, 0, end, times.at())
      return
    }
    const exceptions = outcome._tag === "NotStarted" ? undefined : outcome.exceptions
    if (end === undefined && exceptions === undefined) return
    const at = times.at()
    const count = rcpts(message).length
    for (let place = 0; place < count; place++) {
      const exception = exceptions?.find((each) => each.place === place)
      // What was refused at its end can have been taken all the same; what was refused before cannot.
      const own = exception === undefined ? end : exception.step === "final" ? "open" : undefined
      if (own !== undefined) deliveries.book(message, place, own, at)
    }
  }
}

const endOf = (outcome: Outcome): "accepted" | "open" | undefined => {
  if (outcome._tag === "Accepted") return "accepted"
  if (outcome._tag === "Unknown") return "open"
  return outcome._tag === "Rejected" && outcome.step === "final" ? "open" : undefined
}
