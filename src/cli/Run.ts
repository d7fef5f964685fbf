/**
 * Runs a plan for the command line: what the user sees while it goes on, and the exit status at its end.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Load from "../load/Load.js"
import { StopSignal } from "../load/StopSignal.js"
import * as Workers from "../load/Workers.js"
import * as Accounting from "../measure/Accounting.js"
import type { Plan } from "../plan/Plan.js"
import { Output } from "../report/Output.js"
import * as Summary from "../report/Summary.js"
import * as Printable from "../smtp/Printable.js"
import type { Connector } from "../smtp/Wire.js"
import * as Fatal from "./Fatal.js"

/**
 * Runs the plan and gives the exit status of design's table: 0, 1, 70, 130 or 143.
 *
 * Standard output carries the -c counter alone. Standard error gets the dialogue (-v), each kind of trouble once, what
 * ended the run, and the summary, where there is a terminal or `--summary`.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  plan: Plan
): Effect.Effect<
  number,
  Load.RunError | Workers.WorkerDied,
  Connector | FileSystem | Output | StopSignal | Workers.Workers
> =>
  Effect.gen(function* () {
    const output = yield* Output
    const signals = yield* StopSignal
    const say = (text: string) => output.stderr(`smtp-source: ${text}\n`)
    let received: "SIGINT" | "SIGTERM" | undefined
    let sent = 0

    const result = yield* Workers.run(plan, {
      stopping: Effect.map(signals.first, (signal) => {
        received = signal
      }),
      hurrying: signals.second,
      onTrace: plan.verbose > 0 ? (direction, text) => output.stderr(traced(direction, text)) : undefined,
      onContentSent: plan.counter ? () => output.stdout(`${++sent}\r`) : undefined,
      onTrouble: (kind, text) => {
        // What ends the run is told as such.
        if (plan.acceptRejection || plan.keepGoing || kind.startsWith("retry ")) say(`warning: ${text}`)
      }
    })

    const { accounting, endedBy, stopped, workerDied } = result
    if (Option.isSome(workerDied)) say(`fatal: ${workerDied.value.message}`)
    else if (Option.isSome(endedBy)) say(`fatal: ${endedBy.value.message}`)
    else if (plan.counter) output.stdout("\n")
    if (plan.summary || output.isTerminal.stderr || stopped) {
      for (const line of Summary.render(result)) say(line)
    }
    const violations = Accounting.violations(accounting)
    for (const law of violations) say(`panic: the books do not balance: ${law}`)

    if (violations.length > 0) return Fatal.status.internalError
    if (received !== undefined) return received === "SIGTERM" ? Fatal.status.terminated : Fatal.status.interrupted
    if (Option.isSome(endedBy) || Option.isSome(workerDied)) return Fatal.status.failure
    return plan.keepGoing && accounting.accepted < accounting.planned ? Fatal.status.failure : Fatal.status.success
  })

/** Commands as they are, replies after `<<<`, each line on its own. */
const traced = (direction: "sent" | "received", text: string): string => {
  const lines = text.replace(/\r\n$/, "").split(direction === "sent" ? "\r\n" : "\n")
  const mark = direction === "sent" ? "" : "<<< "
  return lines.map((line) => `${mark}${Printable.escapeBytes(line)}\n`).join("")
}
