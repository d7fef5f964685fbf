/**
 * Between what bounds a figure lies of a run of which something is lost: from what it would be if all that is lost had gone well,
 * to what it would be if none of it had.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { measured } from "../measure/Recorder.js"
import * as Amount from "../plan/Amount.js"
import type * as Verdict from "../plan/Verdict.js"
import * as Printable from "../smtp/Printable.js"
import * as Durations from "./Durations.js"
import * as ProofReport from "./ProofReport.js"
import type { RunReport } from "./RunReport.js"
import * as TlsFigures from "./TlsFigures.js"

/**
 * The least and the most that a figure may be; the most is infinite where nobody knows.
 *
 * @since 0.1.0
 * @category models
 */
export type Interval = readonly [least: number, most: number]

/**
 * The bounds of a measure, durations in milliseconds, shares from 0 to 1, the rate by the second. `lost` is how many messages are
 * lost at most, which is more than 0.
 *
 * @since 0.1.0
 * @category reading
 */
export const of = (report: RunReport, measure: Verdict.Measure, isShare: boolean, lost: number): Interval => {
  const { arrivals, messages, recipients } = report
  const perMessage = mostRecipients(report.plan)
  const counted = (count: number, all: number, more: number): Interval =>
    isShare ? [ratio(count, all + more), ratio(count + more, all + more)] : [count, count + more]
  switch (measure._tag) {
    case "Duration":
      return durations(report, measure, lost, perMessage)
    case "Messages": {
      const { end } = measure
      const failed = messages.failed - messages.abandoned
      const count = end === "failed" ? failed : end === "not-started" ? messages.notStarted : messages[end]
      // What is lost is planned already, unless nobody knows how much that is.
      return counted(count, messages.planned - messages.lost, lost)
    }
    case "Recipients": {
      const { end } = measure
      const count = recipients[end === "refused-after-content" ? "refusedAfterContent" : end]
      return counted(count, recipients.offered, lost * perMessage)
    }
    case "Arrivals": {
      const { behind, dropped, late } = arrivals ?? { behind: 0, dropped: 0, late: 0 }
      return counted({ late, behind, dropped }[measure.end], messages.started + dropped, lost)
    }
    case "Deliveries": {
      const { proof } = report
      const count = proof === undefined ? 0 : ProofReport.countOf(proof, measure.end)
      return counted(count, proof?.accepted ?? 0, lost * perMessage)
    }
    case "Errors": {
      const count = total(report.errors.filter(({ local }) => !local))
      return [isShare ? ratio(count, messages.planned - messages.lost + lost) : count, Number.POSITIVE_INFINITY]
    }
    case "Replies":
      // A message has any number of replies.
      return isShare ? [0, 1] : [repliesOf(report, measure.code), Number.POSITIVE_INFINITY]
    case "Tls":
      // A segment may have opened any number of connections.
      return isShare ? [0, 1] : [TlsFigures.counts(report, measure.end).count, Number.POSITIVE_INFINITY]
    case "Handshakes":
      return [0, Number.POSITIVE_INFINITY]
    case "Rate":
      return rate(report, lost)
  }
}

/** How many recipients a message may have. What a message's own headers name has no bound that a plan knows. */
const mostRecipients = ({ envelope, recipients = 1 }: RunReport["plan"]): number => {
  if (envelope === "headers") return Number.POSITIVE_INFINITY
  return Either.match(Amount.parseCounts(String(recipients)), {
    onLeft: () => Number.POSITIVE_INFINITY,
    onRight: ({ most }) => most
  })
}

/** A share of nothing is none; of what has no end, anything. */
const ratio = (part: number, whole: number): number => {
  if (part === Number.POSITIVE_INFINITY) return 1
  return whole === 0 ? 0 : part / whole
}

const total = (all: ReadonlyArray<{ readonly count: number }>): number => all.reduce((sum, { count }) => sum + count, 0)

const repliesOf = ({ replies }: RunReport, code: string): number =>
  total(
    replies.filter((reply) =>
      code.endsWith("xx") ? Math.floor(reply.code / 100) === Number(code[0]) : reply.code === Number(code)
    )
  )

/** Messages that were due had their time, whoever sent them. Others may have taken longer than is known. */
const rate = ({ messages, rate, rates }: RunReport, lost: number): Interval => {
  const most =
    messages.accepted === 0 ? Number.POSITIVE_INFINITY : (rate * (messages.accepted + lost)) / messages.accepted
  return [rates === undefined ? 0 : rate, most]
}

/** As if what is lost had taken no time, and as if it had never ended. */
const durations = (
  report: RunReport,
  { ending, of, statistic }: Extract<Verdict.Measure, { readonly _tag: "Duration" }>,
  lost: number,
  perMessage: number
): Interval => {
  const known = report.durations.find((each) => each.of === Printable.escape(of) && each.ending === ending)
  const more = of === "rcpt" ? lost * perMessage : isMeasured(of) ? lost : Number.POSITIVE_INFINITY
  if (known === undefined || more === Number.POSITIVE_INFINITY) {
    return [statistic === "max" && known !== undefined ? known.max : 0, Number.POSITIVE_INFINITY]
  }
  const { buckets, count, max, mean, min } = known
  if (statistic === "min") return [0, min]
  if (statistic === "max") return [max, Number.POSITIVE_INFINITY]
  if (statistic === "mean") return [(mean * count) / (count + more), Number.POSITIVE_INFINITY]
  const rank = Math.max(1, Math.ceil((statistic / 100) * (count + more) - 1e-9))
  return [
    rank <= more ? 0 : Durations.valueAtRank(buckets, rank - more),
    rank > count ? Number.POSITIVE_INFINITY : Durations.valueAtRank(buckets, rank)
  ]
}

const isMeasured = (name: string): boolean => (measured as ReadonlyArray<string>).includes(name)
