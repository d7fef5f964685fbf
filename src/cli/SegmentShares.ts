/**
 * --segments with --dry-run: what each segment of a run has.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as RunBounds from "../load/RunBounds.js"
import * as RunPart from "../load/RunPart.js"
import * as Arrival from "../plan/Arrival.js"
import type { Plan } from "../plan/Plan.js"
import * as Segment from "../plan/Segment.js"
import * as Figures from "../report/Figures.js"
import { UsageError } from "./Fatal.js"

/**
 * A table with a row for each segment of the plan, and one for all.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (plan: Plan): Effect.Effect<string, UsageError> =>
  Effect.gen(function* () {
    if (plan.arrivals === "poisson" && plan.seed === undefined && plan.runId === undefined) {
      const reason = "--segments: how many messages come at random depends on --run-id, or --seed: give one"
      return yield* new UsageError({ reason, remind: false })
    }
    if (plan.once && plan.messages === undefined) {
      const reason =
        "--segments: with --once, how many messages there are is known when the rows are read: give -m, too"
      return yield* new UsageError({ reason, remind: false })
    }
    const due = RunBounds.whatIsDue(plan, yield* RunPart.identify(plan))
    const { index: _, ...cut } = Segment.ofPlan(plan)
    const sessions = Arrival.isOpen(plan) ? (plan.maxSessions ?? plan.sessions) : plan.sessions
    const isEndless = Arrival.messagesOf(due) === Arrival.unlimited
    const columns: ReadonlyArray<readonly [name: string, of: (segment: Segment.Segment) => number | undefined]> = [
      ["messages", (segment) => (isEndless ? undefined : RunBounds.ownMessages(within(due, segment)))],
      ["sessions", (segment) => Segment.shareOf(sessions, segment)],
      ["connecting", (segment) => Segment.shareOf(plan.connecting, segment)]
    ]
    const segments = Array.from({ length: cut.of }, (_, index) => ({ ...cut, index }))
    const row = (name: string, cells: ReadonlyArray<string>) =>
      `${name.padEnd(11)}${cells.map((cell) => cell.padStart(15)).join("")}\n`
    const cells = (segment: Segment.Segment) =>
      columns.map(([, of]) => {
        const count = of(segment)
        return count === undefined ? "no limit" : Figures.count(count)
      })
    return [
      row(
        "segment",
        columns.map(([name]) => name)
      ),
      ...segments.map((segment) => row(Segment.print(segment), cells(segment))),
      row("all", cells(Segment.whole))
    ].join("")
  })

const within = (plan: Plan, segment: Segment.Segment): Plan => {
  const { segment: _, weights, ...rest } = plan
  if (segment.of === 1) return rest
  return { ...rest, ...(weights === undefined ? {} : { weights }), segment: Segment.print(segment) }
}
