/**
 * Adds up the series of many runs, or parts of one, one after another: what comes of it is what `Series.merge` makes of all of them,
 * for a fraction of what it takes to make a series anew with each.
 *
 * @since 0.1.0
 */
import * as Counts from "./Counts.js"
import * as Series from "./Series.js"

/** The counts of an interval, in the order in which a window has them. */
const groups = [
  [Counts.intervals, (part: Series.Counted) => part],
  [Counts.bytes, (part: Series.Counted) => part.bytes],
  [Counts.connections, (part: Series.Counted) => part.connections],
  [Counts.codes, (part: Series.Counted) => part.codes]
] as ReadonlyArray<readonly [ReadonlyArray<string>, (part: Series.Counted) => { readonly [name: string]: number }]>

const size = groups.reduce((sum, [names]) => sum + names.length, 0)

/** What happened in a stretch of the time of day. Times are in milliseconds. */
class Window {
  readonly counts = new Float64Array(size)
  readonly buckets = new Map<number, number>()
  underWay = 0
  open = 0
  from = Number.POSITIVE_INFINITY
  to = Number.NEGATIVE_INFINITY

  add(interval: Series.Interval, startedAt: number): void {
    const { counts } = this
    let place = 0
    for (const [names, of] of groups) {
      const part = of(interval)
      for (const name of names) counts[place] = counts[place++]! + part[name]!
    }
    for (const [index, count] of interval.buckets) this.buckets.set(index, (this.buckets.get(index) ?? 0) + count)
    this.underWay += interval.underWay
    this.open += interval.open
    this.from = Math.min(this.from, startedAt + interval.at - interval.length)
    this.to = Math.max(this.to, startedAt + interval.at)
  }

  interval(startedAt: number): Series.Interval {
    const { buckets, counts, from, open, to, underWay } = this
    let place = 0
    const [messages, bytes, connections, codes] = groups.map(([names]) => Counts.make(names, () => counts[place++]!))
    return {
      at: micros(to - startedAt),
      length: micros(to - from),
      // In the order of the groups.
      ...({ ...messages, bytes, connections, codes } as unknown as Series.Counted),
      underWay,
      open,
      ...Series.statistics([...buckets].sort(([left], [right]) => left - right))
    }
  }
}

const micros = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000

/**
 * The sum so far.
 *
 * @since 0.1.0
 * @category models
 */
export class SeriesSum {
  private width = 0
  private readonly windows = new Map<number, Window>()

  /** Adds the series of what began at `startedAt`, in milliseconds of the time of day. */
  add(series: Series.Series, startedAt: number): void {
    if (this.width === 0) this.width = series.width
    if (series.width !== this.width) return this.addWider({ series, startedAt })
    for (const interval of series.intervals) {
      const key = Math.ceil((startedAt + interval.at) / this.width)
      let window = this.windows.get(key)
      if (window === undefined) {
        window = new Window()
        this.windows.set(key, window)
      }
      window.add(interval, startedAt)
    }
    if (this.windows.size > Series.most) this.addWider({ series: Series.empty, startedAt })
  }

  /** The series, with its times since `startedAt`. */
  series(startedAt: number): Series.Series {
    const inOrder = [...this.windows].sort(([left], [right]) => left - right)
    return { width: this.width, intervals: inOrder.map(([, window]) => window.interval(startedAt)) }
  }

  /** Where widths differ, or there are too many windows, those before become wider ones. */
  private addWider(other: { readonly series: Series.Series; readonly startedAt: number }): void {
    const startedAt = Math.min(other.startedAt, ...[...this.windows.values()].map(({ from }) => Math.floor(from)))
    const merged = Series.merge([
      { series: this.series(startedAt), startedAt },
      { ...other, startedAt: other.startedAt }
    ])
    this.windows.clear()
    this.width = merged.width
    this.add(merged, startedAt)
  }
}
