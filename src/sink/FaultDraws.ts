/**
 * Which faults strike, and how often each has: shared by a server's connections. All chances are drawn from the seed.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Distribution from "../plan/Distribution.js"
import * as Draw from "../plan/Draw.js"
import { later } from "./Action.js"
import { holding } from "./Condition.js"
import type { Asked, Fault, Moment, Reaction } from "./Reaction.js"

/**
 * The faults of a server at work.
 *
 * @since 0.1.0
 * @category models
 */
export class FaultDraws {
  /** How often each has struck, in their order. */
  readonly struck: Array<number>
  private readonly keys: ReadonlyArray<number>
  /** The places of the faults of each moment. */
  private readonly places = new Map<Moment, Array<number>>()
  private readonly conditions: ReadonlyArray<((event: Asked) => boolean) | undefined>
  /** How often each recipient was tried, by fault. */
  private readonly attempts = new Map<string, number>()

  constructor(
    private readonly faults: ReadonlyArray<Fault>,
    seed: string,
    /** The server's own time, in milliseconds. */
    private readonly elapsed: () => number,
    /** What the server does where no fault strikes. */
    private readonly otherwise: (event: Asked) => Reaction | undefined
  ) {
    this.struck = faults.map(() => 0)
    const key = Draw.keyOf(seed)
    // Two series are the service model's.
    this.keys = faults.map((_, index) => Draw.series(key, index + 2))
    this.conditions = faults.map(({ when }) => (when === undefined ? undefined : holding(when)))
    for (const [index, { at }] of faults.entries()) {
      const places = this.places.get(at)
      if (places === undefined) this.places.set(at, [index])
      else places.push(index)
    }
  }

  /** `total` is how often this moment has come. What the first one that strikes does, or what is done otherwise, after what those wait that go on. */
  reaction(event: Asked, total: number): Reaction | undefined {
    let waits = 0
    for (const index of this.places.get(event.stage) ?? none) {
      const fault = this.faults[index]!
      if (!this.hits(fault, index, event, total)) continue
      this.struck[index]!++
      const after = fault.timing === undefined ? fault.after : this.drawn(index, fault.timing)
      if (fault.goesOn === true) waits += Duration.toMillis(after ?? 0)
      else
        return later(
          fault.twice === true ? { ...fault, after, say: event.reply + event.reply } : { ...fault, after },
          waits
        )
    }
    return later(this.otherwise(event), waits)
  }

  /** The next duration of a fault's own series. */
  private drawn(index: number, timing: Distribution.DistributionInput): number {
    const place = this.struck[index]!
    return Distribution.make(timing).at(Draw.uniform(Draw.series(this.keys[index]!, 0), place))
  }

  private hits(fault: Fault, index: number, event: Asked, total: number): boolean {
    const { every = 1, first = Number.POSITIVE_INFINITY, fromRecipient = 1, message, percent = 100 } = fault
    const condition = this.conditions[index]
    return (
      total <= first &&
      total % every === 0 &&
      (message === undefined || message === event.message) &&
      fromRecipient <= (event.recipientPlace ?? 1) &&
      (fault.command === undefined || fault.command === commandOf(event)) &&
      (condition === undefined || condition(event)) &&
      (fault.during === undefined || this.isDuring(fault.during)) &&
      (percent >= 100 || this.drawFor(fault, index, event, total) * 100 < percent)
    )
  }

  private drawFor(fault: Fault, index: number, event: Asked, total: number): number {
    const key = this.keys[index]!
    if (fault.byRecipient !== true) return Draw.uniform(key, total)
    const address = `${index} ${(event.recipient ?? "").toLowerCase()}`
    const attempt = this.attempts.get(address) ?? 0
    this.attempts.delete(address)
    this.attempts.set(address, attempt + 1)
    // Those tried longest ago begin anew.
    if (this.attempts.size > mostAttempts) this.attempts.delete(this.attempts.keys().next().value!)
    return Draw.uniform(key ^ Draw.keyOf(address), attempt)
  }

  private isDuring({ from, to }: NonNullable<Fault["during"]>): boolean {
    const elapsed = this.elapsed()
    return elapsed >= Duration.toMillis(from) && elapsed < Duration.toMillis(to)
  }
}

const none: ReadonlyArray<number> = []

/** The recipients whose attempts are counted. */
const mostAttempts = 100_000

/** The command's first word, in capitals; that of a greeting is CONNECT. */
const commandOf = ({ line, stage }: Asked): string =>
  stage === "greeting" ? "CONNECT" : (/^[ \t]*([^ \t]*)/.exec(line)?.[1] ?? "").toUpperCase()
