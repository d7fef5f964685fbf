/**
 * A run so far in OpenTelemetry's data model: sums since the run's start, gauges, and histograms with the bounds that the
 * Prometheus report has.
 *
 * What it holds is bounded by the steps, codes and kinds of errors that there are, however long the run is.
 *
 * @since 0.1.0
 */
import * as OtlpResource from "@effect/opentelemetry/OtlpResource"
import type { Accounting } from "../measure/Accounting.js"
import * as Histogram from "../measure/Histogram.js"
import type { Sample } from "../measure/Meter.js"
import type { Recorded } from "../measure/Recorded.js"
import type { Buckets, Connections } from "../measure/Series.js"
import { bounds } from "../report/PrometheusReport.js"
import * as Outcome from "../smtp/Outcome.js"
import type { Metric, Point } from "./OtlpMetric.js"

/** Durations of one step that ended so. */
interface Durations {
  readonly of: string
  readonly ending: string
  count: number
  /** In nanoseconds, by the middle of each bucket. */
  sum: number
  min: number
  max: number
  readonly bucketCounts: Array<number>
}

/** Attributes and the number that they have. */
type Counts = ReadonlyArray<readonly [attributes: Readonly<Record<string, string | number | boolean>>, count: number]>

/** In nanoseconds. */
const limits = bounds.map((bound) => Math.round(bound * 1e9))

/**
 * Adds samples up.
 *
 * @since 0.1.0
 * @category models
 */
export class RunMetrics {
  private at = 0
  private started = 0
  private ends = { accepted: 0, rejected: 0, failed: 0, abandoned: 0, unknown: 0 }
  /** Known at the end. */
  private notStarted: number | undefined = undefined
  private recipients: Sample["recipients"] = Outcome.noRecipients
  private bytes = { out: 0, in: 0 }
  private connections: Pick<Connections, "opened" | "failed" | "closedByUs" | "closedByServer"> = {
    opened: 0,
    failed: 0,
    closedByUs: 0,
    closedByServer: 0
  }
  private underWay = 0
  private open = 0
  private durations = new Map<string, Durations>()
  private replies: Sample["replies"] = []
  private errors: Sample["errors"] = []

  /** `startedAt` is in milliseconds of the time of day. */
  constructor(
    private readonly startedAt: number,
    private readonly planned: number | undefined
  ) {}

  /** Adds what happened in one interval. */
  add({ durations, errors, interval, recipients, replies }: Sample): void {
    const { bytes, connections, ends } = this
    this.at = Math.max(this.at, interval.at)
    this.started += interval.started
    this.ends = sumOf(ends, { ...interval, failed: interval.failed - interval.abandoned })
    this.recipients = sumOf(this.recipients, recipients)
    this.bytes = sumOf(bytes, interval.bytes)
    this.connections = sumOf(connections, interval.connections)
    this.underWay = interval.underWay
    this.open = interval.open
    this.replies = replies
    this.errors = errors
    for (const { buckets, ending, of } of durations) this.count(of, ending, buckets)
  }

  /** Closes the books: how the messages of the run ended, after this many milliseconds. */
  close(accounting: Accounting, elapsed: number): void {
    const { abandoned, accepted, failed, notStarted, recipients, rejected, started, unknown } = accounting
    this.at = Math.max(this.at, elapsed)
    this.started = started
    this.ends = { accepted, rejected, failed: failed - abandoned, abandoned, unknown }
    this.notStarted = notStarted
    this.recipients = recipients
    this.underWay = 0
    this.open = 0
  }

  /** Takes what a recorder recorded in place of what samples told of it. */
  replace(recorder: Recorded): void {
    this.bytes = { out: recorder.bytesOut, in: recorder.bytesIn }
    this.connections = recorder.connections()
    this.replies = recorder.replies()
    this.errors = recorder.errors()
    this.durations = new Map()
    for (const { ending, histogram, of } of recorder.durations()) {
      this.count(of, ending, filled(histogram))
    }
  }

  /** The metrics, of what there has been anything to count. */
  metrics(): ReadonlyArray<Metric> {
    const { bytes, connections, errors, notStarted, open, planned, recipients, replies, started, underWay } = this
    const { offered, ...recipientEnds } = recipients
    return [
      ...(planned === undefined ? [] : [this.gauge("messages.planned", "{message}", "Messages to be sent.", planned)]),
      this.sum("messages.started", "{message}", "Messages taken up by a session.", [[{}, started]]),
      this.sum(
        "messages.ended",
        "{message}",
        "Messages by how they ended.",
        by("end", { ...this.ends, ...(notStarted === undefined ? {} : { notStarted }) })
      ),
      this.sum("recipients.offered", "{recipient}", "Recipients that were sent.", [[{}, offered]]),
      this.sum("recipients.ended", "{recipient}", "Recipients by what became of them.", by("end", recipientEnds)),
      this.gauge("sessions.active", "{session}", "Sessions that are busy with a message.", underWay),
      this.gauge("connections.open", "{connection}", "Connections that are open.", open),
      this.sum("connections.opened", "{connection}", "Connections that were opened.", [[{}, connections.opened]]),
      this.sum("connections.failed", "{connection}", "Attempts that led to no connection.", [[{}, connections.failed]]),
      this.sum(
        "connections.closed",
        "{connection}",
        "Connections by who closed them.",
        by("closed_by", { client: connections.closedByUs, server: connections.closedByServer })
      ),
      this.sum("network.io", "By", "Bytes on the wire.", [
        [{ "network.io.direction": "transmit" }, bytes.out],
        [{ "network.io.direction": "receive" }, bytes.in]
      ]),
      this.sum(
        "replies",
        "{reply}",
        "Replies by step and code.",
        [...byCode(replies)].map(([key, count]) => {
          const [step = "", code = ""] = key.split(" ")
          return [{ [`${prefix}step`]: step, [`${prefix}reply.code`]: Number(code) }, count]
        })
      ),
      this.sum(
        "errors",
        "{error}",
        "Errors by step and kind, connects that were tried again among them.",
        errors.map(({ count, detail, kind, local, step }) => [
          {
            [`${prefix}step`]: step,
            "error.type": kind,
            ...(detail === "" ? {} : { [`${prefix}error.detail`]: detail }),
            [`${prefix}error.local`]: local
          },
          count
        ])
      ),
      this.histogram(
        "transaction.duration",
        "How long messages took, from MAIL, or from when they were due, to the reply to the final dot.",
        (of) => of === "transaction"
      ),
      this.histogram("step.duration", "How long each step took.", (of) => of !== "transaction")
    ].filter(({ gauge, histogram, sum }) => (sum ?? histogram ?? gauge)?.dataPoints.length !== 0)
  }

  private count(of: string, ending: string, buckets: Buckets): void {
    const key = `${of} ${ending}`
    const known = this.durations.get(key) ?? {
      of,
      ending,
      count: 0,
      sum: 0,
      min: Number.POSITIVE_INFINITY,
      max: 0,
      bucketCounts: [...limits.map(() => 0), 0]
    }
    let place = 0
    for (const [index, here] of buckets) {
      const lowest = Histogram.lowestAt(index)
      const highest = Histogram.highestAt(index)
      while (place < limits.length && highest > limits[place]!) place++
      known.count += here
      known.sum += (here * (lowest + highest)) / 2
      known.min = Math.min(known.min, lowest)
      known.max = Math.max(known.max, highest)
      known.bucketCounts[place] = known.bucketCounts[place]! + here
    }
    if (known.count > 0) this.durations.set(key, known)
  }

  private sum(name: string, unit: string, description: string, counts: Counts): Metric {
    const dataPoints = counts.map(([attributes, asInt]) => ({ ...this.point(attributes), asInt }))
    return { name: prefix + name, description, unit, sum: { ...cumulative, isMonotonic: true, dataPoints } }
  }

  private gauge(name: string, unit: string, description: string, asInt: number): Metric {
    return { name: prefix + name, description, unit, gauge: { dataPoints: [{ ...this.point({}), asInt }] } }
  }

  private histogram(name: string, description: string, which: (of: string) => boolean): Metric {
    const dataPoints = [...this.durations.values()].flatMap(({ bucketCounts, count, ending, max, min, of, sum }) => {
      if (!which(of)) return []
      const attributes = { ...(of === "transaction" ? {} : { [`${prefix}step`]: of }), [`${prefix}ending`]: ending }
      const inSeconds = { sum: sum / 1e9, min: min / 1e9, max: max / 1e9 }
      return [
        { ...this.point(attributes), count, ...inSeconds, bucketCounts: [...bucketCounts], explicitBounds: bounds }
      ]
    })
    return { name: prefix + name, description, unit: "s", histogram: { ...cumulative, dataPoints } }
  }

  private point(attributes: Counts[number][0]): Point {
    return {
      attributes: OtlpResource.entriesToAttributes(Object.entries(attributes)),
      startTimeUnixNano: nanoseconds(this.startedAt),
      timeUnixNano: nanoseconds(this.startedAt + this.at)
    }
  }
}

/** Before the names of metrics and attributes, but for those that OpenTelemetry's conventions have. */
const prefix = "smtp_source."

const cumulative = { aggregationTemporality: 2 } as const

/** The names of `before`, each with the sum of both. */
const sumOf = <Name extends string>(
  before: Readonly<Record<Name, number>>,
  added: Readonly<Record<NoInfer<Name>, number>>
): Record<Name, number> => {
  const sum: Record<Name, number> = { ...before }
  for (const name in sum) sum[name] += added[name]
  return sum
}

const by = (attribute: string, counts: { readonly [value: string]: number }): Counts =>
  Object.entries(counts).map(([value, count]) => [{ [prefix + attribute]: snake(value) }, count])

const snake = (name: string): string => name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)

/** Most of the 33,792 buckets of a histogram are empty: no list is made of them. */
const filled = ({ counts }: Histogram.Histogram): Buckets => {
  const buckets: Array<Buckets[number]> = []
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index]!
    if (count !== 0) buckets.push([index, count])
  }
  return buckets
}

/** Enhanced status codes are not told apart: who keeps time series pays for each. */
const byCode = (replies: Sample["replies"]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { code, count, step } of replies)
    counts.set(`${step} ${code}`, (counts.get(`${step} ${code}`) ?? 0) + count)
  return counts
}

/** Whole microseconds are what a double holds of the time of day. */
const nanoseconds = (milliseconds: number): string => String(BigInt(Math.round(milliseconds * 1000)) * 1000n)
