/**
 * What a run that goes on looks like on standard error: lines that are drawn over and over, or a line now and then.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Settling } from "../load/RunResult.js"
import type { SignalName } from "../load/StopSignal.js"
import * as RunBounds from "../load/RunBounds.js"
import * as Series from "../measure/Series.js"
import * as Arrival from "../plan/Arrival.js"
import type { Plan } from "../plan/Plan.js"
import * as Rate from "../plan/Rate.js"
import type { Output } from "../report/Output.js"
import * as Progress from "../report/Progress.js"
import * as Summary from "../report/Summary.js"

/**
 * How a run is shown.
 *
 * @since 0.1.0
 * @category models
 */
export type View = "live" | "plain" | "off"

/**
 * A live view where standard error is a terminal that nothing else writes to, or what the plan asks for.
 *
 * @since 0.1.0
 * @category running
 */
export const viewOf = ({ counter, progress, verbose }: Plan, { isTerminal }: Output["Type"]): View => {
  if (progress !== "auto") return progress
  return isTerminal.stderr && verbose === 0 && !(counter && isTerminal.stdout) ? "live" : "off"
}

/** Between two lines of the plain view, in milliseconds. */
const plainEvery = 5000

/** A wait that is shorter is not shown, in milliseconds. */
const soon = 1000

/**
 * The view of one run.
 *
 * @since 0.1.0
 * @category models
 */
export class Screen {
  private drawn: ReadonlyArray<string> = []
  /** The samples of the last second, and how many messages were due in each. */
  private readonly lately: Array<{ readonly interval: Series.Interval; readonly due: number }> = []
  private whole: Series.Interval | undefined
  private saidAt = 0
  private isStopping = false
  /** When the wait of a proof is shown next; undefined where there is none. */
  private settlingAt: number | undefined
  /** The run as it was drawn last. */
  private lines: ReadonlyArray<string> = []
  /** How many transactions there were when the run was last looked at. */
  private underWay: number | undefined
  private planned: number | undefined
  private arrivals: Progress.Arrivals | undefined
  private dueAt: Arrival.Arrivals["dueAt"] | undefined
  /** All sessions that the run has at most. */
  private sessions = Number.POSITIVE_INFINITY
  /** How long the run lasts at most, in milliseconds. */
  private lasts: number | undefined

  constructor(
    private readonly plan: Plan,
    private readonly view: View,
    private readonly output: Output["Type"]
  ) {
    this.lasts =
      plan.duration === undefined || Arrival.isOpen(plan)
        ? undefined
        : Option.getOrUndefined(Either.getRight(Rate.parseDuration(plan.duration)))
  }

  /** Tells what is known of the run before its first sample. */
  begin(planned: number | undefined, runId: string): void {
    this.planned = planned
    if (this.view === "off") return
    const arrivals = Arrival.make(this.plan, RunBounds.seedOf(this.plan, { runId }))
    if (arrivals === undefined || arrivals.messages === 0) return
    this.dueAt = arrivals.dueAt
    if (Number.isFinite(arrivals.end)) this.lasts = arrivals.end
    this.sessions = RunBounds.sessionsOf({ ...this.plan, messages: arrivals.messages })
    this.arrivals = { due: 0, dueLately: 0, waiting: 0, end: arrivals.dueAt(arrivals.messages - 1) }
  }

  show(interval: Series.Interval): void {
    this.underWay = interval.underWay
    if (this.view === "off") return
    const before = this.arrivals?.due ?? 0
    const due = this.dueBy(interval.at, before)
    this.lately.push({ interval, due: due - before })
    const since = interval.at - 1000
    while (this.lately[0] !== undefined && this.lately[0].interval.at <= since) this.lately.shift()
    // The whole run's percentiles are for the last line of the plain view alone.
    const buckets = this.view === "plain" ? interval.buckets : []
    const { open, underWay } = interval
    const next = { ...interval, buckets }
    this.whole = this.whole === undefined ? next : { ...Series.together([this.whole, next]), open, underWay }
    const lately = { ...Series.together(this.lately.map((each) => each.interval)), open, underWay }
    if (this.arrivals !== undefined) {
      const { accepted, dropped, failed, rejected, unknown } = this.whole
      const begun = accepted + rejected + failed + unknown + underWay + dropped
      // Threads begin a little after the run does: what is due and not begun waits only where there is no session for it.
      const waits = lately.late > 0 || underWay >= this.sessions
      this.arrivals = {
        ...this.arrivals,
        due,
        dueLately: this.lately.reduce((sum, each) => sum + each.due, 0),
        waiting: waits ? Math.max(0, due - begun) : 0
      }
    }
    const state = this.state(this.whole, lately)
    if (this.view === "live") {
      this.lines = Progress.lines(state, this.output.columns())
      this.draw(this.lines)
    } else if (interval.at - this.saidAt >= plainEvery) {
      this.saidAt = interval.at
      this.output.stderr(`smtp-source: ${Progress.plain(state)}\n`)
    }
  }

  /** The last message has ended, and a proof waits for what has not arrived. */
  settling(settling: Settling): void {
    this.settlingAt ??= soon
    if (settling.waited < this.settlingAt) return
    const line = Progress.settling(settling)
    if (this.view === "live") this.drawAnew([...this.lines, line.slice(0, Math.max(0, this.output.columns() - 1))])
    else if (this.view === "plain") {
      this.settlingAt = settling.waited + plainEvery
      this.output.stderr(`smtp-source: ${line}\n`)
    }
  }

  /** From now on no message is begun. */
  stopping(signal: SignalName): void {
    if (this.settlingAt !== undefined) {
      this.above("smtp-source: stopping: what has not arrived is not waited for\n")
      return
    }
    this.isStopping = true
    const { drain } = this.plan
    const many =
      this.underWay === undefined
        ? "transactions"
        : this.underWay === 0
          ? "no transaction"
          : Summary.counted(this.underWay, "transaction")
    const again = signal === "SIGINT" ? "Ctrl-C again stops now" : "a second signal stops now"
    this.above(`smtp-source: stopping: ${many} under way, ${Summary.duration(drain)} at most; ${again}\n`)
  }

  above(text: string): void {
    const lines = this.drawn
    this.clear()
    this.output.stderr(text)
    if (lines.length > 0) this.draw(lines)
  }

  /** Takes the live view away; the plain one says how the run ended. */
  close(): void {
    this.clear()
    if (this.view === "plain" && this.whole !== undefined) {
      this.output.stderr(`smtp-source: ${Progress.closing(this.state(this.whole, this.whole))}\n`)
    }
  }

  private clear(): void {
    if (this.drawn.length > 0) this.draw([])
  }

  private state(ended: Series.Interval, lately: Series.Interval): Progress.State {
    const { arrivals, isStopping, lasts, planned } = this
    return { planned, lasts, elapsed: ended.at, ended, lately, arrivals, isStopping }
  }

  private dueBy(time: number, known: number): number {
    const { dueAt, planned = 0 } = this
    if (dueAt === undefined) return 0
    let due = known
    while (due < planned && dueAt(due) <= time) due++
    return due
  }

  /** What stands there already need not be drawn. */
  private drawAnew(lines: ReadonlyArray<string>): void {
    if (lines.length !== this.drawn.length || lines.some((line, index) => line !== this.drawn[index])) this.draw(lines)
  }

  private draw(lines: ReadonlyArray<string>): void {
    this.output.stderr(Progress.redraw(this.drawn, lines, this.output.columns()))
    this.drawn = lines
  }
}
