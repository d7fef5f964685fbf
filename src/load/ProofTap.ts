/**
 * The next hop's side of a proof: finds out of which message each arrival is, and for whom, and writes it down before it is
 * answered.
 *
 * @since 0.1.0
 */
import { Deliveries } from "../measure/Deliveries.js"
import * as Difference from "../measure/Difference.js"
import * as HeaderDifference from "../measure/HeaderDifference.js"
import type * as Address from "../plan/Address.js"
import * as CorpusReader from "../plan/CorpusReader.js"
import type { CorpusStore } from "../plan/CorpusStore.js"
import * as Message from "../plan/Message.js"
import * as MessageParts from "../plan/MessageParts.js"
import type { ProofOrder } from "../plan/ProofOrder.js"
import * as Stamp from "../plan/Stamp.js"
import type { ShownChange } from "../measure/Proved.js"
import type { Arrival } from "../sink/ArrivedMessage.js"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Content } from "../smtp/Wire.js"

/**
 * What it needs of the platform.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProofTapOptions {
  /** The time, in microseconds since 1970. */
  readonly now: () => number
  /** For a corpus on disk. */
  readonly store?: CorpusStore["Type"] | undefined
}

/** The changes that are shown. */
const mostShown = 10

/**
 * Takes arrivals, and writes them into the books that the order names.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (order: ProofOrder, { now, store }: ProofTapOptions): ((arrival: Arrival) => void) => {
  const { memory, parts, plan, startedAt, width } = order
  const deliveries = Deliveries.shared(width, startedAt, memory)
  const run = Stamp.runOf(order.identity.runId)
  const byRecipient = plan.prove === "recipients"
  let made: ReturnType<typeof making> | undefined
  // The run has begun when its first message comes, and what says when it began says so then.
  const anew = () => (made ??= making(begunAt(order, new Date(deliveries.beganAt() / 1000)), store))
  const isIgnored = HeaderDifference.ignoring(plan.ignoreHeader)
  let shown = 0

  /** Of a corpus it would have to be read again. */
  const comparesHeaders = parts?.corpus === undefined

  const inBody = ({ body, checksum, size }: Arrival, stamp: Stamp.Stamp): Change => {
    if (stamp.checksum === checksum && stamp.size === size) return undefined
    const sent = body === undefined ? undefined : anew().contentOf(stamp.message)
    return (sent && Difference.between(bodyIn(sent), body!)) ?? "other"
  }

  const inHeader = (header: string, message: number, isRecoded: boolean): Change => {
    const sent = anew().contentOf(message)
    const wanted = sent && headerIn(sent)
    // Nearly always it is there as it was.
    if (wanted === undefined || header.includes(wanted)) return undefined
    return HeaderDifference.between(wanted, header, (name) => isIgnored(name) || (isRecoded && saysCode.has(name)))
  }

  const change = (arrival: Arrival, stamp: Stamp.Stamp): Difference.Kind | undefined => {
    let found = inBody(arrival, stamp)
    const isSame = found === undefined || (found !== "other" && Difference.isHarmless(found.kind))
    if (comparesHeaders && isSame) found = inHeader(arrival.header, stamp.message, found !== undefined) ?? found
    if (found === undefined || found === "other") return found
    if (shown < mostShown && !Difference.isHarmless(found.kind)) {
      shown++
      deliveries.note({ message: stamp.message, ...found } satisfies ShownChange)
    }
    return found.kind
  }

  const placesOf = (message: number, recipients: ReadonlyArray<string>): ReadonlyArray<number> => {
    if (!byRecipient) return [0]
    const rcpts = anew().addresses.rcpts(message)
    return recipients.length === 0 ? rcpts.map((_, place) => place) : recipients.map((each) => placeOf(rcpts, each))
  }

  return (arrival) => {
    const { confirmed, hops, isWithheld, recipients, returned, stamp } = arrival
    if (returned?.stamp.run === run) {
      if (returned.isDelayed) return deliveries.count("delayed")
      for (const place of placesOf(returned.stamp.message, returned.recipients)) {
        deliveries.returned(returned.stamp.message, place)
      }
      return
    }
    if (stamp === undefined || stamp.run !== run) return deliveries.count("foreign")
    // It was refused.
    if (hops > Stamp.mostHops) return deliveries.count("looped")
    const at = now()
    const { message, sentAt } = stamp
    const changed = change(arrival, stamp)
    const refused = isWithheld ? "withheld" : "refused"
    if (!byRecipient) {
      const fate = confirmed.length > 0 ? "confirmed" : refused
      return deliveries.arrive({ message, place: 0, fate, change: changed, sentAt, at })
    }
    for (const [index, place] of placesOf(message, recipients).entries()) {
      const isConfirmed = confirmed.length === recipients.length || confirmed.includes(recipients[index]!)
      const fate = isConfirmed ? "confirmed" : refused
      if (place < 0) deliveries.count("foreignRecipients")
      else deliveries.arrive({ message, place, fate, change: changed, sentAt, at })
    }
  }
}

/** Which of the recipients of a message an address is, or -1. A server may write the domain in other letters. */
const placeOf = (rcpts: ReadonlyArray<string>, address: string): number => {
  const command = SmtpCommand.rcptBegin + address + SmtpCommand.rcptEnd
  const place = rcpts.indexOf(command)
  return place >= 0 ? place : rcpts.findIndex((each) => each.toLowerCase() === command.toLowerCase())
}

/** A change; `other` where it cannot be told what it is. */
type Change = Difference.Difference | "other" | undefined

/** They say how a body is coded, and are others where that is. */
const saysCode: ReadonlySet<string> = new Set(["content-transfer-encoding", "content-type", "mime-version"])

const whole = ({ body, head }: Content): Buffer => Buffer.concat([Buffer.from(head, "latin1"), body ?? Buffer.alloc(0)])

const bodyIn = (content: Content): Uint8Array => {
  const message = whole(content)
  return message.subarray(Stamp.divide(message.toString("latin1")).bodyBegin)
}

const headerIn = ({ body, head }: Content): string => {
  const { headerEnd } = Stamp.divided(head, body)
  const text =
    headerEnd <= head.length || body === undefined
      ? head.slice(0, headerEnd)
      : head + Buffer.from(body.buffer, body.byteOffset, headerEnd - head.length).toString("latin1")
  return text
}

/**
 * The order, of a run that began then.
 *
 * @since 0.1.0
 * @category constructors
 */
export const begunAt = (order: ProofOrder, startedAt: Date): ProofOrder => ({
  ...order,
  identity: { ...order.identity, startedAt }
})

/**
 * Makes messages anew, as they were before dots were stuffed, as soon as one is asked for, and their addresses; none where that
 * cannot be done here.
 *
 * @since 0.1.0
 * @category constructors
 */
export const messages = (
  order: ProofOrder,
  store: CorpusStore["Type"] | undefined
): { readonly addresses: Address.Addresses; readonly messageOf: (message: number) => Buffer | undefined } => {
  const { addresses, contentOf } = making(order, store)
  return {
    addresses,
    messageOf: (message) => {
      const content = contentOf(message)
      return content && whole(content)
    }
  }
}

const making = ({ file, identity, parts, plan }: ProofOrder, store: CorpusStore["Type"] | undefined) => {
  const values = parts && MessageParts.values(plan, identity, parts)
  const addresses = MessageParts.addresses(plan, identity.helloName, identity.seed, values, parts)
  let of: Message.ContentOf | undefined
  const contentOf = (message: number): Content | undefined => {
    if (of === undefined) {
      const corpus = parts?.corpus && CorpusReader.make(parts.corpus, store)
      // The stamp on top would have another time.
      const { prove: _, ...unstamped } = plan
      of = Message.make(unstamped, addresses, identity, { ...parts, corpus, file, values, goes: "in chunks" })
    }
    const content = of(message)
    return content.unusable === undefined ? content : undefined
  }
  return { addresses, contentOf }
}
