/**
 * The next hop's side of a proof: finds out of which message each arrival is, and for whom, and writes it down before it is
 * answered.
 *
 * @since 0.1.0
 */
import { Deliveries } from "../measure/Deliveries.js"
import * as Difference from "../measure/Difference.js"
import * as Address from "../plan/Address.js"
import * as CorpusReader from "../plan/CorpusReader.js"
import type { CorpusStore } from "../plan/CorpusStore.js"
import * as Message from "../plan/Message.js"
import * as MessageParts from "../plan/MessageParts.js"
import type { ProofOrder } from "../plan/ProofOrder.js"
import * as Stamp from "../plan/Stamp.js"
import type { ShownChange } from "../measure/Proved.js"
import type { Arrival } from "../sink/ArrivedMessage.js"
import * as SmtpCommand from "../smtp/SmtpCommand.js"

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
  const { identity, memory, parts, plan, startedAt, width } = order
  const deliveries = Deliveries.shared(width, startedAt, memory)
  const values = parts && MessageParts.values(plan, identity, parts)
  const addresses = Address.make(plan, identity.helloName, identity.seed, values)
  const run = Stamp.runOf(identity.runId)
  const byRecipient = plan.prove === "recipients"
  const bodyOf = bodies(order, addresses, values, store)
  let shown = 0

  const change = ({ body, checksum, size }: Arrival, stamp: Stamp.Stamp): Difference.Kind | undefined => {
    if (stamp.checksum === checksum && stamp.size === size) return undefined
    const sent = body === undefined ? undefined : bodyOf(stamp.message)
    const difference = sent && Difference.between(sent, body!)
    if (difference === undefined) return "other"
    if (shown < mostShown && !Difference.isHarmless(difference.kind)) {
      shown++
      deliveries.note({ message: stamp.message, ...difference } satisfies ShownChange)
    }
    return difference.kind
  }

  const placesOf = (message: number, recipients: ReadonlyArray<string>): ReadonlyArray<number> => {
    if (!byRecipient) return [0]
    const rcpts = addresses.rcpts(message)
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

/** Makes the bodies of messages anew; none where that cannot be done here. */
const bodies = (...making: Parameters<typeof messages>): ((message: number) => Uint8Array | undefined) => {
  const messageOf = messages(...making)
  return (message) => {
    const whole = messageOf(message)
    return whole?.subarray(Stamp.divide(whole.toString("latin1")).bodyBegin)
  }
}

/**
 * Makes messages anew, as they were before dots were stuffed, as soon as one is asked for; none where that cannot be done here.
 *
 * @since 0.1.0
 * @category constructors
 */
export const messages = (
  { file, identity, parts, plan }: ProofOrder,
  addresses: Address.Addresses,
  values: ReturnType<typeof MessageParts.values> | undefined,
  store: CorpusStore["Type"] | undefined
): ((message: number) => Buffer | undefined) => {
  let contentOf: Message.ContentOf | undefined
  return (message) => {
    if (contentOf === undefined) {
      const corpus = parts?.corpus && CorpusReader.make(parts.corpus, store)
      contentOf = Message.make(plan, addresses, identity, { ...parts, corpus, file, values, goes: "in chunks" })
    }
    const { body, head, unusable } = contentOf(message)
    if (unusable !== undefined) return undefined
    return Buffer.concat([Buffer.from(head, "latin1"), body ?? Buffer.alloc(0)])
  }
}
