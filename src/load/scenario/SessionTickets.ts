/**
 * The messages that a session of a scenario may take: those of the run's tickets, or, where messages are due at their times, the one
 * that it was begun for.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import { behindAfter } from "../../measure/GeneratorHealth.js"
import * as Arrival from "../../plan/Arrival.js"
import type { Due } from "../Dispatcher.js"
import type { ScenarioRun } from "./ScenarioRun.js"

/**
 * The tickets of one session. Times are by the run's clock.
 *
 * @since 0.1.0
 * @category models
 */
export class SessionTickets {
  /** Whether messages are due at their times. */
  readonly isOpen: boolean
  /** When the last ticket that was taken was due, where it was due at a time. */
  due: number | undefined = undefined
  /** How often there was none. */
  foundNone = 0
  private current: Due | undefined = undefined
  private begun = 0

  constructor(
    private readonly scenario: ScenarioRun,
    private readonly now: () => number
  ) {
    this.isOpen = Arrival.isOpen(scenario.run.plan)
  }

  /** The scenario runs now for this message alone. */
  begin(due: Due): void {
    const { recorder } = this.scenario.run
    this.current = due
    this.begun = this.now()
    if (this.begun - due.free > behindAfter) recorder.behind++
    if (due.at >= recorder.measuresFrom) recorder.recordOwn("start", "accepted", this.begun - due.at)
  }

  /** The next one. `unsaid` is what whoever asks does where the plan does not say how many messages there are. */
  take(unsaid: "ends" | "goes on"): Option.Option<number> {
    const { scenario } = this
    const ends = unsaid === "ends" && scenario.endless <= 0
    const next = ends ? undefined : this.isOpen ? this.current?.message : scenario.run.tickets.take()
    if (next === undefined) {
      this.foundNone++
      return Option.none()
    }
    if (unsaid === "ends") scenario.endless--
    scenario.taken = true
    if (this.isOpen) {
      this.due = this.current?.at
      this.current = undefined
    }
    return Option.some(next)
  }

  /** There was no message for the last one. */
  exhausted(): void {
    this.scenario.exhausted = true
    this.foundNone++
  }

  /** When a message that is started now began. */
  startOf(now: number): number {
    return this.isOpen ? this.begun : now
  }
}
