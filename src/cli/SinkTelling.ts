/**
 * What a sink shows while it serves: its counts, and what clients say.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { Output } from "../report/Output.js"
import type { SinkServing } from "../sink/EmbeddedSink.js"
import * as SinkLetters from "../sink/SinkLetters.js"
import type { SinkPlan } from "../sink/SinkPlan.js"
import * as Printable from "../smtp/Printable.js"
import { program } from "./SinkOptionTable.js"

/** What is counted for all to see. */
type SinkTotals = Parameters<NonNullable<SinkServing["onCount"]>>[0]

/**
 * Shows the counts each time that they change: those of a turn of the event loop in one write.
 *
 * @since 0.1.0
 * @category constructors
 */
export const counting = (output: Output["Type"]) => {
  let unshown = ""
  let isOver = false
  const show = (): void => {
    const text = unshown
    unshown = ""
    if (text !== "") output.stdout(text)
  }
  const count = ({ contents, ended, quits }: SinkTotals): void => {
    if (isOver) return
    if (unshown === "") setImmediate(show)
    unshown += `sess=${ended} quit=${quits} mesg=${contents}\r`
  }
  const end = (): void => {
    show()
    isOver = true
  }
  return { count, end }
}

/**
 * What is to be done when a count has changed; undefined where nothing is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const watching = (
  { counter, messages = Number.POSITIVE_INFINITY, sessions = Number.POSITIVE_INFINITY }: SinkPlan,
  count: (totals: SinkTotals) => void,
  onReached: () => void
): SinkServing["onCount"] => {
  if (!counter && messages === Number.POSITIVE_INFINITY && sessions === Number.POSITIVE_INFINITY) return undefined
  return (totals) => {
    if (counter) count(totals)
    if (totals.contents >= messages || totals.ended >= sessions) onReached()
  }
}

/**
 * Writes what clients say to standard error: all of it, or some commands.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commandsOf = (plan: SinkPlan, output: Output["Type"]): SinkServing["onCommand"] => {
  if (plan.verbose === 0 && plan.log === undefined) return undefined
  const only =
    plan.verbose > 0 || plan.log === undefined
      ? undefined
      : new Set(Either.getOrThrow(SinkLetters.parseCommands(plan.log)).map(({ name }) => name))
  return (session, line) => {
    if (only !== undefined && !only.has((/^[ \t]*([^ \t]*)/.exec(line)?.[1] ?? "").toUpperCase())) return
    output.stderr(`${program}: ${session}: ${Printable.escapeBytes(line)}\n`)
  }
}
