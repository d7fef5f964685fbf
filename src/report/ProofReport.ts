/**
 * What became of messages after they were accepted, as a report has it, and in words.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { DeliveryTally } from "../measure/DeliveryTally.js"
import * as Difference from "../measure/Difference.js"
import type { Proved } from "../measure/Proved.js"
import * as Printable from "../smtp/Printable.js"
import * as Figures from "./Figures.js"

const Count = Schema.NonNegativeInt
const described = (description: string) => Count.annotations({ description })

/** The seconds that a report has: a day, and half of one. */
const mostSeconds = 100_000

/** What is counted, and adds up. */
const counts = {
  accepted: described("Recipients that the server accepted; or messages, where by says so. So are all counts below."),
  open: described("Those of which nobody knows whether they were accepted, or that were refused at their end."),
  deliveredAccepted: described("Those that were accepted and have arrived."),
  deliveredOpen: described("Those that were not known to be accepted, or were refused at their end, and have arrived."),
  missing: described("Accepted, and neither arrived nor returned when the wait ended."),
  returned: described("A notice of non-delivery has arrived in their stead."),
  duplicated: described("Those that arrived again after the next hop had confirmed them."),
  first: described("All arrivals that were the first of theirs."),
  duplicates: described("Arrivals after a confirmed one."),
  repeats: described("Arrivals after one that the next hop had not answered: the server could not know better."),
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
    other: Count
  }).annotations({
    description:
      "Those whose body was changed, by what was done to it. After the first three it says the same as it was sent."
  }),
  depth: Schema.Struct({ most: Count, at: Schema.Number }).annotations({
    description:
      "The most that were accepted and had not arrived at the end of a second, and when that was, since the start. Of merged runs, the most of one."
  }),
  waited: Schema.Number.annotations({ description: "How long was waited for what was missing." }),
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
  ).annotations({ description: "The first bodies that were changed: where, what was sent there, and what came." }),
  clocks: Schema.optionalWith(Schema.Literal("not compared"), { exact: true }).annotations({
    description:
      "Said where the times of arrival are another clock's, so that delivery holds what the clocks differ by."
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
}

const names = Object.keys(counts) as ReadonlyArray<keyof typeof counts>

const counted = (of: (name: keyof typeof counts) => number): { readonly [name in keyof typeof counts]: number } =>
  // One entry for each of the names.
  Object.fromEntries(names.map((name) => [name, of(name)])) as { readonly [name in keyof typeof counts]: number }

/**
 * What a proof came to, as a report has it; without a word where there was none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (proof: Proved | undefined): { readonly proof?: ProofReport } => {
  if (proof === undefined) return {}
  const { by, changes, clocks, missed, seconds, tally, waited } = proof
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
      ...(clocks === undefined ? {} : { clocks }),
      seconds: seconds.slice(0, mostSeconds).map(({ accepted, arrived }) => [accepted, arrived] as const)
    }
  }
}

/** The most that are named. */
const mostNamed = 10

/**
 * Of several runs, or of the segments of one.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (reports: ReadonlyArray<WithProof>): { readonly proof?: ProofReport } => {
  const [first, ...more] = reports.flatMap(({ proof }) => (proof === undefined ? [] : [proof]))
  if (first === undefined) return {}
  const all = [first, ...more]
  const sum = (of: (proof: ProofReport) => number) => all.reduce((total, proof) => total + of(proof), 0)
  const kinds = Difference.kinds.map((kind) => [kind, sum(({ changes }) => changes[kind])] as const)
  const byMessage = (one: { readonly message: number }, other: { readonly message: number }) =>
    one.message - other.message
  const length = Math.max(...all.map(({ seconds }) => seconds.length))
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
      ...(all.some(({ clocks }) => clocks !== undefined) ? { clocks: "not compared" as const } : {}),
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

const changedOf = (changes: DeliveryTally["changes"]): number =>
  Difference.kinds.reduce((sum, kind) => sum + (Difference.isHarmless(kind) ? 0 : changes[kind]), 0)

const { count } = Figures

/**
 * A proof in words: names, of at most eleven letters, and what is to be said of each.
 *
 * @since 0.1.0
 * @category rendering
 */
export const lines = (proof: ProofReport): ReadonlyArray<readonly [name: string, text: string]> => {
  const { accepted, by, deliveredAccepted, deliveredOpen, delayed, duplicated, duplicates, early, first } = proof
  const { foreign, foreignRecipients, looped, missed, missing, open, outOfOrder, refused, repeats, returned, waited } =
    proof
  const what = (number: number) => Figures.counted(number, by === "messages" ? "message" : "recipient")
  const kinds = (isHarmless: boolean) =>
    Difference.kinds.flatMap((kind) =>
      Difference.isHarmless(kind) === isHarmless && proof.changes[kind] > 0
        ? [`${count(proof.changes[kind])} ${words[kind]}`]
        : []
    )
  const harmful = kinds(false)
  const harmless = kinds(true)
  const openToo = open === 0 ? "" : `; ${count(deliveredOpen)} of ${count(open)} unknown or refused at their end`
  const copies = [
    ...(duplicates > 0 ? [`${count(duplicated)} came again after they were confirmed (${copiesOf(duplicates)})`] : []),
    ...(repeats > 0 ? [`${copiesOf(repeats)} after the next hop had not answered`] : []),
    ...(refused > 0 ? [`${Figures.counted(refused, "arrival")} refused by the next hop`] : [])
  ]
  const others = [
    ...(foreign > 0 ? [`${Figures.counted(foreign, "message")} not of this run`] : []),
    ...(foreignRecipients > 0 ? [`${Figures.counted(foreignRecipients, "recipient")} that nothing was sent to`] : []),
    ...(delayed > 0 ? [`${Figures.counted(delayed, "notice")} of delay`] : []),
    ...(looped > 0 ? [`${Figures.counted(looped, "message")} through more than 50 servers`] : [])
  ]
  const isOver = waited >= 1000 ? `, after a wait of ${Figures.duration(waited / 1000)}` : ""
  return [
    ["delivered", `${count(deliveredAccepted)} of ${what(accepted)} accepted${openToo}`],
    ["missing", missing === 0 ? "none" : `${count(missing)} accepted and not delivered${isOver}`],
    ...missed.map((each) => ["", nameOf(each)] as const),
    ...(missing > missed.length && missed.length > 0
      ? [["", `and ${count(missing - missed.length)} more`] as const]
      : []),
    ...(returned > 0 ? [["returned", `${count(returned)}, by a notice of non-delivery`] as const] : []),
    ...(copies.length > 0 ? [["copies", copies.join("; ")] as const] : []),
    ...(harmful.length > 0 ? [["changed", harmful.join(", ")] as const] : []),
    ...proof.changed.map(
      ({ at, came, message, sent }) =>
        ["", `message ${count(message)} at byte ${count(at)}: sent "${sent}", came "${came}"`] as const
    ),
    ...(harmless.length > 0 ? [["rewritten", `${harmless.join(", ")}: they say the same`] as const] : []),
    ...(others.length > 0 ? [["others", others.join(", ")] as const] : []),
    ...(outOfOrder > 0 ? [["order", `${share(outOfOrder, first)} came after a later one`] as const] : []),
    ...(proof.depth.most > 0
      ? [
          [
            "queue",
            `at most ${count(proof.depth.most)} on their way at the end of a second, ${Figures.duration(proof.depth.at / 1000 + 1)} after the start`
          ] as const
        ]
      : []),
    ...(proof.clocks === undefined
      ? []
      : [["clocks", "not compared: delivery is longer or shorter by what they differ by"] as const]),
    ...(early > 0 ? [["clocks", `${count(early)} came before they were sent: the clocks differ`] as const] : [])
  ]
}

/** A store of mail does not tell whom messages were for. */
const nameOf = ({ message, messageId, recipient, sender }: ProofReport["missed"][number]): string =>
  `message ${count(message)}${recipient === "" ? "" : `, from <${sender}> to <${recipient}>`}${messageId === undefined ? "" : `, Message-Id ${messageId}`}`

const copiesOf = (number: number): string => `${count(number)} ${number === 1 ? "copy" : "copies"}`

const words: { readonly [kind in Difference.Kind]: string } = {
  wrapped: "with long lines wrapped",
  recoded: "recoded",
  "line ends": "with other line ends",
  footer: "with a footer",
  banner: "with a banner",
  truncated: "truncated",
  other: "otherwise"
}

const share = (part: number, whole: number): string => {
  const percent = (part / whole) * 100
  return `${percent > 99.9 && part < whole ? "> 99.9" : percent < 0.1 ? "< 0.1" : percent.toFixed(percent < 10 ? 1 : 0)} %`
}
