/**
 * A proof of delivery in words.
 *
 * @since 0.1.0
 */
import * as Difference from "../measure/Difference.js"
import * as Figures from "./Figures.js"
import * as ProofReport from "./ProofReport.js"

const { count } = Figures

/**
 * A proof in words: names, of at most eleven letters, and what is to be said of each.
 *
 * @since 0.1.0
 * @category rendering
 */
export const lines = (proof: ProofReport.ProofReport): ReadonlyArray<readonly [name: string, text: string]> => {
  const {
    accepted,
    by,
    compared = [],
    deliveredAccepted,
    deliveredOpen,
    delayed,
    duplicated,
    duplicates,
    early,
    first
  } = proof
  const { foreign, foreignRecipients, looped, missed, missing, ofLost = 0, open, outOfOrder, refused, repeats } = proof
  const { returned, stores = { lost: [], unfinished: [] }, unconfirmed, waited } = proof
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
    ...(unconfirmed > 0 ? [`${count(unconfirmed)} not sent again after the next hop had not answered`] : []),
    ...(refused > 0 ? [`${Figures.counted(refused, "arrival")} refused by the next hop`] : [])
  ]
  const others = [
    ...(ofLost > 0 ? [`${Figures.counted(ofLost, "message")} of segments that are lost`] : []),
    ...(foreign > 0 ? [`${Figures.counted(foreign, "message")} without a stamp of this run`] : []),
    ...(foreignRecipients > 0 ? [`${Figures.counted(foreignRecipients, "recipient")} that nothing was sent to`] : []),
    ...(delayed > 0 ? [`${Figures.counted(delayed, "notice")} of delay`] : []),
    ...(looped > 0 ? [`${Figures.counted(looped, "message")} through more than 50 servers`] : [])
  ]
  const hint = [hintOf(proof) ?? []].flat()
  const isOver = waited >= 1000 ? `, after a wait of ${Figures.duration(waited / 1000)}` : ""
  return [
    ["delivered", `${count(deliveredAccepted)} of ${what(accepted)} accepted${openToo}`],
    ["missing", missing === 0 ? "none" : [`${missingOf(proof)}${isOver}`, ...hint].join(": ")],
    ...missed.map((each) => ["", nameOf(each)] as const),
    ...(missing > missed.length && missed.length > 0
      ? [["", `and ${count(missing - missed.length)} more`] as const]
      : []),
    ...stores.lost.map((store) => ["not seen", `what came to ${store}`] as const),
    ...stores.unfinished.map(
      (file) => ["not seen", `what came last to ${file}: its sink was killed, or still takes messages`] as const
    ),
    ...(returned > 0 ? [["returned", `${count(returned)}, by a notice of non-delivery`] as const] : []),
    ...(copies.length > 0 ? [["copies", copies.join("; ")] as const] : []),
    ...(harmful.length > 0 ? [["changed", harmful.join(", ")] as const] : []),
    ...proof.changed.map((change) => ["", differenceOf(change)] as const),
    ...(harmless.length > 0 ? [["rewritten", `${harmless.join(", ")}: they say the same`] as const] : []),
    ...(others.length > 0 ? [["others", others.join(", ")] as const] : []),
    ...(outOfOrder > 0 ? [["order", `${share(outOfOrder, first)} came after a later one`] as const] : []),
    ...(proof.depth.most > 0
      ? [
          [
            "queue",
            `at most ${count(proof.depth.most)} accepted and not yet delivered, ${Figures.duration(proof.depth.at / 1000 + 1)} after the start`
          ] as const
        ]
      : []),
    ...compared.map((clock) => ["clocks", clockOf(clock)] as const),
    ...(proof.clocks === undefined
      ? []
      : [
          [
            "clocks",
            `${compared.length > 0 ? "others were " : ""}not compared: delivery is longer or shorter by what they differ by`
          ] as const
        ]),
    ...(proof.exactTo === undefined
      ? []
      : [["clocks", `arrivals are told to ${Figures.duration(proof.exactTo / 1000)} only`] as const]),
    ...(early > 0 ? [["clocks", `${count(early)} came before they were sent: the clocks differ`] as const] : [])
  ]
}

const differenceOf = ({ at, came, kind, message, sent }: ProofReport.ProofReport["changed"][number]): string => {
  const where = `message ${count(message)}${kind === "header" ? "" : ` at byte ${count(at)}`}`
  return kind === "header" && came === ""
    ? `${where}: came without "${sent}"`
    : `${where}: sent "${sent}", came "${came}"`
}

/**
 * Where to look if nothing has come at all, not even a copy that was refused; undefined where anything has.
 *
 * @since 0.1.0
 * @category rendering
 */
export const hintOf = (proof: ProofReport.ProofReport): string | undefined => {
  const { accepted, first, looped, refused, returned, seconds, stores } = proof
  if (accepted === 0 || first + looped + refused + returned > 0 || stores !== undefined) return undefined
  return hints[seconds.length === 0 ? "store" : "downstream"]
}

/** Only who has waited for arrivals knows when they came. */
const hints = {
  downstream: "nothing has come: is --downstream the server's next hop?",
  store: "nothing of this run is there: is that where the server delivers?"
} as const

const clockOf = ({
  ahead,
  corrected,
  of,
  within
}: NonNullable<ProofReport.ProofReport["compared"]>[number]): string => {
  const duration = (milliseconds: number) =>
    milliseconds < 1000 ? Figures.milliseconds(milliseconds * 1e6) : Figures.duration(milliseconds / 1000)
  const where = `${duration(Math.abs(ahead))} ${ahead < 0 ? "behind" : "ahead"}`
  const what = corrected ? "delivery is without that" : "too far for delivery to be without that"
  return `that of ${of} was ${where}, give or take ${duration(within)}: ${what}`
}

/** What nobody has looked at may have what is missing. */
const missingOf = (proof: ProofReport.ProofReport): string =>
  ProofReport.isUnseen(proof)
    ? `not seen: up to ${count(proof.missing)} accepted`
    : `${count(proof.missing)} accepted and not delivered`

/** A store of mail does not tell whom messages were for. */
const nameOf = ({ message, messageId, recipient, sender }: ProofReport.ProofReport["missed"][number]): string =>
  `message ${count(message)}${recipient === "" ? "" : `, from <${sender}> to <${recipient}>`}${messageId === undefined ? "" : `, Message-Id ${messageId}`}`

const copiesOf = (number: number): string => `${count(number)} ${number === 1 ? "copy" : "copies"}`

const words: { readonly [kind in Difference.Kind]: string } = {
  wrapped: "with long lines wrapped",
  recoded: "recoded",
  "line ends": "with other line ends",
  footer: "with a footer",
  banner: "with a banner",
  truncated: "truncated",
  other: "otherwise",
  header: "in a header"
}

const share = (part: number, whole: number): string => {
  const percent = (part / whole) * 100
  return `${percent > 99.9 && part < whole ? "> 99.9" : percent < 0.1 ? "< 0.1" : percent.toFixed(percent < 10 ? 1 : 0)} %`
}
