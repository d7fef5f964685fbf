/**
 * Between what bounds a figure lies of a run of which something is lost: from what it would be if all that is lost had gone well,
 * to what it would be if none of it had.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Counts from "../measure/Counts.js"
import { measured } from "../measure/Recorder.js"
import * as Amount from "../plan/Amount.js"
import type * as Verdict from "../plan/Verdict.js"
import * as Printable from "../smtp/Printable.js"
import * as Durations from "./Durations.js"
import * as ProofReport from "./ProofReport.js"
import type { RunReport } from "./RunReport.js"
import * as RunSegments from "./RunSegments.js"
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
 * lost at most.
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
      return durations(
        report,
        measure,
        measure.of === "delivery" ? undelivered(report) : moreOf(measure.of, lost, perMessage)
      )
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
      const known = arrivals ?? Counts.sum(Counts.arrivals, [])
      return counted(known[measure.end], messages.started + known.dropped, lost)
    }
    case "Deliveries": {
      const { proof } = report
      return proof === undefined ? counted(0, 0, lost * perMessage) : deliveries(report, proof, measure.end, isShare)
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

/**
 * Whether a measure depends on what nobody knows, although all messages have come to a known end: what became of them afterwards.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOpen = (report: RunReport, measure: Verdict.Measure): boolean => {
  const { proof } = report
  const isOfDelivery = measure._tag === "Deliveries" || (measure._tag === "Duration" && measure.of === "delivery")
  return isOfDelivery && proof !== undefined && (ProofReport.isUnseen(proof) || RunSegments.unendedOf(report) > 0)
}

/** How many more may have been accepted than the proof knows of: by segments that left no word of it. */
const unproved = (report: RunReport, { by }: ProofReport.ProofReport): number => {
  const messages = RunSegments.unendedOf(report)
  return messages === 0 || by === "messages" ? messages : messages * mostRecipients(report.plan)
}

/** As if all that is not known had arrived as it was sent, and as if none of it had, or worse. */
const deliveries = (
  report: RunReport,
  proof: ProofReport.ProofReport,
  what: Parameters<typeof ProofReport.countOf>[1],
  isShare: boolean
): Interval => {
  const { accepted, ofLost = 0, open } = proof
  const count = ProofReport.countOf(proof, what)
  const unseen = ProofReport.isUnseen(proof)
  const lost = unproved(report, proof)
  // What has come of lost segments is not missing, whether it was accepted or not.
  const more = what === "missing" ? Math.max(0, lost - ofLost) : lost
  // What is missing, or came back, may have come where nobody saw it; and anything may have come there once more.
  const isLess = what === "missing" || what === "returned" || what === "depth"
  const least = unseen && isLess ? 0 : count
  const all = what === "delivered" ? accepted : accepted + open
  const most = (unseen && what !== "missing" ? all : count) + more
  return isShare ? [ratio(least, accepted + lost), ratio(most, accepted + more)] : [least, most]
}

/** How many deliveries may have taken any time: each sink times a message once. What has come of lost segments was timed. */
const undelivered = (report: RunReport): number => {
  const { proof } = report
  if (proof === undefined) return Number.POSITIVE_INFINITY
  const { accepted, ofLost = 0, open, stores } = proof
  const sent = unproved(report, proof)
  const unseen = stores === undefined ? 0 : stores.lost.length + stores.unfinished.length
  return Math.max(0, sent - ofLost) + unseen * (accepted + open + sent)
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
  more: number
): Interval => {
  const known = report.durations.find((each) => each.of === Printable.escape(of) && each.ending === ending)
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

const moreOf = (of: string, lost: number, perMessage: number): number =>
  of === "rcpt" ? lost * perMessage : isMeasured(of) ? lost : Number.POSITIVE_INFINITY

const isMeasured = (name: string): boolean => (measured as ReadonlyArray<string>).includes(name)
