/**
 * A transaction that is left half way because the plan says so.
 *
 * @since 0.1.0
 */
import * as Delivery from "../smtp/Delivery.js"
import type * as Outcome from "../smtp/Outcome.js"
import { ConnectionLost, type Step, type WireError } from "../smtp/SmtpError.js"
import type { Script } from "../smtp/Wire.js"

/**
 * The script, up to the last reply to a step; then nothing more is said. `onLeft` is called when it is left there, and not
 * where the message has come to its end before.
 *
 * @since 0.1.0
 * @category constructors
 */
export function* script(
  whole: Script<Outcome.Outcome>,
  step: Step,
  delivery: Delivery.Delivery,
  onLeft: () => void
): Script<Outcome.Outcome> {
  let turn = whole.next([])
  let isThere = beforehand.has(step)
  while (turn.done !== true) {
    const { steps } = turn.value
    if (delivery.settled === undefined && (isThere || steps[0] === "final")) {
      // What was answered when the connection was new is behind it; the envelope is, perhaps with the message before.
      onLeft()
      const [next = "mail"] = steps
      return Delivery.broken(leftBefore(next === "final" ? "content" : next), delivery)
    }
    turn = whole.next(yield turn.value)
    isThere = turn.done !== true && steps.includes(step) && !turn.value.steps.includes(step)
  }
  return turn.value
}

/** The steps of a connection's beginning. */
const beforehand: ReadonlySet<Step> = new Set<Step>(["greeting", "hello", "starttls", "tls", "auth"])

/**
 * How the connection ended that was left before a step.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leftBefore = (step: Step): WireError => new ConnectionLost({ step, how: "abandoned", replies: [] })
