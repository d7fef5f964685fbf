/**
 * A transaction that is left half way because the plan says so.
 *
 * @since 0.1.0
 */
import type * as Outcome from "../smtp/Outcome.js"
import * as Settlement from "../smtp/Settlement.js"
import { ConnectionLost, type Step, type WireError } from "../smtp/SmtpError.js"
import type { Script } from "../smtp/Wire.js"

/**
 * The script, up to the last reply to a step; then nothing more is said. `onLeft` is called when it is left there, and not
 * where it ended before.
 *
 * @since 0.1.0
 * @category constructors
 */
export function* script(
  whole: Script<Outcome.Outcome | Settlement.Unsent>,
  step: Step,
  progress: Settlement.Progress,
  onLeft: () => void
): Script<Outcome.Outcome | Settlement.Unsent> {
  let turn = whole.next([])
  // What was answered when the connection was new is behind it.
  while (turn.done !== true && step !== "greeting" && step !== "hello") {
    const { steps } = turn.value
    // The envelope is answered, perhaps with the message before.
    if (steps[0] === "final") break
    turn = whole.next(yield turn.value)
    if (turn.done !== true && steps.includes(step) && !turn.value.steps.includes(step)) break
  }
  if (turn.done === true) return turn.value
  onLeft()
  const [next = "mail"] = turn.value.steps
  return Settlement.broken(leftBefore(next === "final" ? "content" : next), progress)
}

/**
 * How the connection ended that was left before a step.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leftBefore = (step: Step): WireError => new ConnectionLost({ step, how: "intended", replies: [] })
