/**
 * The last minute of a run that goes on, second by second, so that it can be judged by what happens now.
 *
 * @since 0.1.0
 */
import * as Counts from "../measure/Counts.js"
import * as Meter from "../measure/Meter.js"
import * as Series from "../measure/Series.js"
import * as Durations from "./Durations.js"
import type { Entry } from "./RunningReport.js"
import type * as RunReport from "./RunReport.js"

/** In entries, each of about a second. */
const most = 60

/**
 * What happened in a part of a run, in the fields of a report. Times are in milliseconds since the run's start.
 *
 * @since 0.1.0
 * @category models
 */
export interface Part
  extends Pick<RunReport.RunReport, "arrivals" | "durations" | "errors" | "messages" | "recipients" | "replies"> {
  readonly from: number
  readonly to: number
}

/**
 * Keeps the entries of the last minute.
 *
 * @since 0.1.0
 * @category models
 */
export class Recent {
  private readonly entries: Array<Entry> = []
  /** The last entry before them: its replies and errors are those up to there. */
  private before: Entry | undefined = undefined

  add(entry: Entry): void {
    this.entries.push(entry)
    if (this.entries.length > most) this.before = this.entries.shift()
  }

  /** How many entries there are. */
  get length(): number {
    return this.entries.length
  }

  /** What happened in the last entries, this many, of those that began at `after` or later; undefined where there are none. */
  last(count: number, after = Number.NEGATIVE_INFINITY): Part | undefined {
    const first = Math.max(0, this.entries.length - count)
    const part = this.entries.slice(first).filter(({ interval: { at, length } }) => at - length >= after)
    const [opening] = part
    const closing = part.at(-1)
    if (opening === undefined || closing === undefined) return undefined
    const whole = Series.join(part.map(({ interval }) => interval))
    const place = this.entries.indexOf(opening)
    const before = place === 0 ? this.before : this.entries[place - 1]
    const { started, ...ends } = Counts.pick(Counts.messages, whole)
    return {
      from: whole.at - whole.length,
      to: whole.at,
      messages: { planned: started, started, ...ends, notStarted: 0, lost: 0 },
      arrivals: Counts.pick(Counts.arrivals, whole),
      recipients: Counts.sum(
        Counts.recipients,
        part.map(({ recipients }) => recipients)
      ),
      durations: Durations.ofSteps(Meter.sumSteps(part.map(({ durations }) => durations))),
      replies: since(before?.replies ?? [], closing.replies, ({ code, enhanced, step }) => [step, code, enhanced]),
      errors: since(before?.errors ?? [], closing.errors, ({ detail, kind, local, step }) => [
        step,
        kind,
        detail,
        local
      ])
    }
  }
}

/** Counts since the start, without those that were there before. */
const since = <A extends { readonly count: number }>(
  before: ReadonlyArray<A>,
  now: ReadonlyArray<A>,
  keyOf: (one: A) => ReadonlyArray<unknown>
): ReadonlyArray<A> => {
  const known = new Map(before.map((one) => [JSON.stringify(keyOf(one)), one.count]))
  return now.flatMap((one) => {
    const count = one.count - (known.get(JSON.stringify(keyOf(one))) ?? 0)
    return count > 0 ? [{ ...one, count }] : []
  })
}
