/**
 * What became of messages after they were accepted, as a report has it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { DeliveryTally } from "../measure/DeliveryTally.js"
import * as Difference from "../measure/Difference.js"
import type { Proved, UnseenStores } from "../measure/Proved.js"
import * as Printable from "../smtp/Printable.js"
import { Count } from "./CountField.js"

const described = (description: string) => Count.annotations({ description })

/** A count that earlier reports do not have. */
const LaterCount = Schema.optionalWith(Count, { default: () => 0, exact: true })

/** The seconds that a report has: a day, and half of one. */
const mostSeconds = 100_000

/** What is counted, and adds up. */
const counts = {
  accepted: described("Recipients that the server accepted; or messages, where by says so. So are all counts below."),
  open: described("Those of which nobody knows whether they were accepted, or that were refused at their end."),
  deliveredAccepted: described("Those that were accepted and have arrived."),
  deliveredOpen: described("Those that were not known to be accepted, or were refused at their end, and have arrived."),
  missing: described(
    "Accepted, and neither arrived nor returned when the wait ended. Where stores are named, it is the most that may be missing."
  ),
  returned: described("A notice of non-delivery has arrived in their stead."),
  duplicated: described("Those that arrived again after the next hop had confirmed them."),
  first: described("All arrivals that were the first of theirs."),
  duplicates: described("Arrivals after a confirmed one."),
  repeats: described("Arrivals after one that the next hop had not answered: the server could not know better."),
  unconfirmed: LaterCount.annotations({
    description:
      "Those that arrived, and did not come again after the next hop had not answered: the server still has them."
  }),
  refused: described("Arrivals that the next hop refused."),
  foreign: described("Arrivals of other messages, such as notices."),
  foreignRecipients: described("Recipients of the run's messages that none was sent to."),
  outOfOrder: described("First arrivals after that of a later message."),
  early: described("First arrivals before the message was sent: the clocks differ."),
  delayed: described("Notices that a message is late."),
  looped: described("Arrivals that had gone through more than 50 servers.")
}

/**
 * The schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({
  by: Schema.Literal("messages", "recipients"),
  ...counts,
  changes: Schema.Struct({
    wrapped: Count,
    recoded: Count,
    "line ends": Count,
    footer: Count,
    banner: Count,
    truncated: Count,
    other: Count,
    header: LaterCount
  }).annotations({
    description:
      "Those that were changed, by what was done to the body: after the first three it says the same as it was sent. header: the body came as it was sent, or says the same, and a header is missing or says something else."
  }),
  depth: Schema.Struct({ most: Count, at: Schema.Number }).annotations({
    description:
      "The most that were accepted and had not arrived at the end of a second, and when that was, since the start. Of merged runs, the most of one."
  }),
  waited: Schema.Number.annotations({
    description:
      "How long it waited, once the last message had ended, for what was missing or had to be sent again. In milliseconds."
  }),
  missed: Schema.Array(
    Schema.Struct({
      message: Count,
      sender: Schema.String,
      recipient: Schema.String,
      messageId: Schema.optionalWith(Schema.String, { exact: true })
    })
  ).annotations({
    description: "The first that are missing."
  }),
  changed: Schema.Array(
    Schema.Struct({ message: Count, kind: Schema.String, at: Count, sent: Schema.String, came: Schema.String })
  ).annotations({
    description: "The first that were changed: where in the body, or in the header, what was sent there, and what came."
  }),
  ofLost: Schema.optionalWith(Count, { exact: true }).annotations({
    description:
      "Those of segments that are lost which have arrived: nobody knows whether they were accepted, and they are in no other count."
  }),
  stores: Schema.optionalWith(
    Schema.Struct({ lost: Schema.Array(Schema.String), unfinished: Schema.Array(Schema.String) }),
    { exact: true }
  ).annotations({
    description:
      "Stores of mail, and files of sinks, of which not all is known that came there: those that could not be read, and those of sinks that were killed, or still took messages. What is missing may be there."
  }),
  clocks: Schema.optionalWith(Schema.Literal("not compared"), { exact: true }).annotations({
    description:
      "Said where the times of arrival are another clock's, so that delivery holds what the clocks differ by."
  }),
  compared: Schema.optionalWith(
    Schema.Array(
      Schema.Struct({
        of: Schema.String.annotations({ description: "The file of the sink whose clock it is." }),
        ahead: Schema.Number,
        within: Schema.Number.annotations({ description: "How far off ahead may be." }),
        corrected: Schema.Boolean.annotations({
          description: "Whether delivery is by the generator's clock, as far as that is known."
        })
      })
    ),
    { exact: true }
  ).annotations({
    description:
      "By how much the clocks by which arrivals were timed were ahead of the generator's, in milliseconds (--compare-clocks)."
  }),
  exactTo: Schema.optionalWith(Schema.Number, { exact: true }).annotations({
    description: "Times of arrival were told no more exactly than to this, in milliseconds."
  }),
  seconds: Schema.Array(Schema.Tuple(Count, Count)).annotations({
    description: "Accepted and arrived in each second since the start."
  })
})

/**
 * What a report's own schema says of it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const description = "What has become of the messages after they were accepted, where a proof was asked for."

/**
 * The proof in a report.
 *
 * @since 0.1.0
 * @category models
 */
export type ProofReport = typeof schema.Type

interface WithProof {
  readonly proof?: ProofReport | undefined
  /** What was sent with stamps, whether anybody has looked for it or not. */
  readonly stamped?: unknown
}

const names = Object.keys(counts) as ReadonlyArray<keyof typeof counts>

const counted = (of: (name: keyof typeof counts) => number): { readonly [name in keyof typeof counts]: number } =>
  // One entry for each of the names.
  Object.fromEntries(names.map((name) => [name, of(name)])) as { readonly [name in keyof typeof counts]: number }

/**
 * What a proof came to, as a report has it; the field is left out where there was none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (proof: Proved | undefined): { readonly proof?: ProofReport } => {
  if (proof === undefined) return {}
  const { by, changes, clocks, compared = [], exactTo, missed, ofLost, seconds, stores, tally, waited } = proof
  return {
    proof: {
      by,
      ...counted((name) => tally[name]),
      changes: tally.changes,
      depth: { most: tally.depth.most, at: tally.depth.second * 1000 },
      waited: Math.round(waited),
      missed: missed.map(({ message, messageId, recipient, sender }) => ({
        message,
        sender: Printable.escape(sender),
        recipient: Printable.escape(recipient),
        ...(messageId === undefined ? {} : { messageId: Printable.escape(messageId) })
      })),
      changed: changes,
      ...(ofLost === undefined ? {} : { ofLost }),
      ...(stores === undefined ? {} : { stores: escaped(stores) }),
      ...(clocks === undefined ? {} : { clocks }),
      ...(compared.length === 0
        ? {}
        : { compared: compared.map((clock) => ({ ...clock, of: Printable.escape(clock.of) })) }),
      ...(exactTo === undefined ? {} : { exactTo }),
      seconds: seconds.slice(0, mostSeconds).map(({ accepted, arrived }) => [accepted, arrived] as const)
    }
  }
}

const escaped = ({ lost, unfinished }: UnseenStores): UnseenStores => ({
  lost: lost.map(Printable.escape),
  unfinished: unfinished.map(Printable.escape)
})

/** The most that are named. */
const mostNamed = 10

/**
 * Of several runs, or of the segments of one; none where some of what was sent with stamps has not been looked for.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (reports: ReadonlyArray<WithProof>): { readonly proof?: ProofReport } => {
  const [first, ...more] = reports.flatMap(({ proof }) => (proof === undefined ? [] : [proof]))
  if (first === undefined || reports.some(({ proof, stamped }) => proof === undefined && stamped !== undefined))
    return {}
  const all = [first, ...more]
  const sum = (of: (proof: ProofReport) => number) => all.reduce((total, proof) => total + of(proof), 0)
  const kinds = Difference.kinds.map((kind) => [kind, sum(({ changes }) => changes[kind])] as const)
  const byMessage = (one: { readonly message: number }, other: { readonly message: number }) =>
    one.message - other.message
  const length = Math.max(...all.map(({ seconds }) => seconds.length))
  const stores = all.flatMap(({ stores }) => stores ?? [])
  const compared = all.flatMap(({ compared = [] }) => compared)
  return {
    proof: {
      by: all.every(({ by }) => by === first.by) ? first.by : "recipients",
      ...counted((name) => sum((proof) => proof[name])),
      changes: Object.fromEntries(kinds) as ProofReport["changes"],
      depth: all.map(({ depth }) => depth).reduce((most, each) => (each.most > most.most ? each : most)),
      waited: Math.max(...all.map(({ waited }) => waited)),
      missed: all
        .flatMap(({ missed }) => missed)
        .sort(byMessage)
        .slice(0, mostNamed),
      changed: all
        .flatMap(({ changed }) => changed)
        .sort(byMessage)
        .slice(0, mostNamed),
      ...(all.some(({ ofLost }) => ofLost !== undefined) ? { ofLost: sum(({ ofLost = 0 }) => ofLost) } : {}),
      ...(stores.length === 0
        ? {}
        : {
            stores: {
              lost: stores.flatMap(({ lost }) => lost).sort(),
              unfinished: stores.flatMap(({ unfinished }) => unfinished).sort()
            }
          }),
      ...(all.some(({ clocks }) => clocks !== undefined) ? { clocks: "not compared" as const } : {}),
      ...(compared.length === 0 ? {} : { compared: compared.toSorted((one, other) => (one.of < other.of ? -1 : 1)) }),
      ...(all.some(({ exactTo }) => exactTo !== undefined)
        ? { exactTo: Math.max(...all.map(({ exactTo = 0 }) => exactTo)) }
        : {}),
      seconds: Array.from(
        { length },
        (_, second) =>
          [sum(({ seconds }) => seconds[second]?.[0] ?? 0), sum(({ seconds }) => seconds[second]?.[1] ?? 0)] as const
      )
    }
  }
}

/**
 * How many verdicts are about: `delivered` are those of the accepted that have arrived.
 *
 * @since 0.1.0
 * @category reading
 */
export const countOf = (
  proof: ProofReport,
  what: "delivered" | "missing" | "returned" | "duplicated" | "changed" | "depth"
): number => {
  switch (what) {
    case "delivered":
      return proof.deliveredAccepted
    case "changed":
      return changedOf(proof.changes)
    case "depth":
      return proof.depth.most
    default:
      return proof[what]
  }
}

/**
 * Whether more may have arrived than is known.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isUnseen = ({ stores }: ProofReport): boolean =>
  stores !== undefined && stores.lost.length + stores.unfinished.length > 0

const changedOf = (changes: DeliveryTally["changes"]): number =>
  Difference.kinds.reduce((sum, kind) => sum + (Difference.isHarmless(kind) ? 0 : changes[kind]), 0)
