/**
 * What a run and a server agree on, once the server has said what it offers: how envelopes are grouped, which parameters
 * commands have, and how contents go.
 *
 * @since 0.1.0
 */
import type { Forwards } from "../plan/ClientFields.js"
import * as Extensions from "../plan/Extensions.js"
import type { ContentOf } from "../plan/Message.js"
import * as Capabilities from "../smtp/Capabilities.js"
import * as Chunking from "../smtp/Chunking.js"
import * as ClientIdentity from "../smtp/ClientIdentity.js"
import * as Delivery from "../smtp/Delivery.js"
import * as Forwarding from "../smtp/Forwarding.js"
import type * as Outcome from "../smtp/Outcome.js"
import * as Parameters from "../smtp/Parameters.js"
import { ContentUnusable, NotOffered } from "../smtp/SmtpError.js"
import * as Transaction from "../smtp/Transaction.js"
import type { Script, Wire } from "../smtp/Wire.js"
import type { Sending } from "./SharedRun.js"
import * as Unwelcome from "./Unwelcome.js"

/**
 * What is agreed on with the server of one connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Agreement {
  readonly transactions: Transaction.Transactions
  /** Why it is sent no message, where the plan insists on what it does not offer. */
  readonly refusal: NotOffered | undefined
  /** The content of the message of this number. */
  readonly contentOf: ContentOf
  /** How many messages the server takes over the connection (RFC 9422, MAILMAX). */
  readonly mailMax: number
  /** Whether contents go in chunks. */
  readonly isChunked: boolean
  /** How many transactions go in one write. */
  readonly depth: number
  /** The dialogue of several messages in one write, as `ChunkedTransactions` has it, and their outcomes. */
  readonly together: Chunking.ChunkedTransactions["together"]
  readonly ends: () => ReadonlyArray<Outcome.Outcome>
  /** The message as this server is to have it. It has this number in the run. */
  readonly dress: (message: Delivery.Message, number: number) => Delivery.Message
  /** The dialogue of a message that is dressed, as `Transactions` has it. What it goes without is counted. */
  readonly script: (delivery: Delivery.Delivery, next?: Delivery.Message | undefined) => Script<Outcome.Outcome>
}

/**
 * By what the wire's server has offered. `unsaid` is what its introduction went without.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  { chunksOf, contentOf, forwards, onOverLimit, plan, recorder, wishes }: Sending,
  wire: Wire,
  unsaid: ReadonlyArray<{ readonly what: string }> = []
): Agreement => {
  const grouping = groupingOf(plan.pipelining !== "off", wire)
  const agreed = wishes === undefined ? undefined : Parameters.agree(wishes, wire.capabilities, plan.whenNotOffered)
  const chunked = agreed?.chunking === true ? Chunking.make(wire, grouping, Extensions.chunkSize(plan)) : undefined
  const forwarding = forwards && forwardingOf(forwards, wire.capabilities, plan.whenNotOffered)
  const plain = chunked ?? Transaction.make(wire, grouping)
  const transactions = forwarding === undefined ? plain : Forwarding.make(plain)
  const dress = agreed?.dress
  const missing = [...unsaid, ...(forwarding?.missing ?? []), ...(agreed?.missing ?? [])]
  const dressed: Agreement["dress"] = dress === undefined ? (message) => message : dress
  const unlimited: Agreement["script"] =
    missing.length === 0
      ? (delivery, next) => transactions.script(delivery, next)
      : (delivery, next) => {
          recorder.onWithout(missing)
          return transactions.script(delivery, next)
        }
  const rcptMax = Capabilities.most(wire.capabilities, "RCPTMAX")
  const compare = ({ rcpts }: Delivery.Message): void => {
    if (rcpts.length > rcptMax) onOverLimit("RCPTMAX", rcptMax)
  }
  const script: Agreement["script"] =
    rcptMax === Number.POSITIVE_INFINITY
      ? unlimited
      : (delivery, next) => {
          compare(delivery.message)
          return unlimited(delivery, next)
        }
  return {
    transactions,
    refusal:
      plan.whenNotOffered === "fail" ? (forwarding?.refusal ?? (agreed && Parameters.notOffered(agreed))) : undefined,
    contentOf: chunked === undefined ? contentOf : chunksOf!,
    mailMax: Capabilities.most(wire.capabilities, "MAILMAX"),
    isChunked: chunked !== undefined,
    depth: chunked?.grouping === "envelope" ? plan.depth : 1,
    together: (before, delivery) => {
      for (let message = 0; message <= before.length; message++) recorder.onWithout(missing)
      for (const message of [...before, delivery.message]) compare(message)
      return chunked!.together(before, delivery)
    },
    ends: () => chunked?.ends() ?? [],
    dress:
      forwarding === undefined
        ? dressed
        : (message, number) => {
            const { content, mail, rcpts } = dressed(message, number)
            return Delivery.message(mail, rcpts, content, forwarding.lineOf(number))
          },
    // Only what is read while the run goes on may not be there.
    script:
      plan.corpus === undefined
        ? script
        : (delivery, next) => {
            const reason = delivery.message?.content.unusable
            return reason === undefined ? script(delivery, next) : unsent(delivery, reason)
          }
  }
}

/** What the server lets us say of the clients of messages, and what not. */
const forwardingOf = (
  { names, of }: Forwards,
  capabilities: Capabilities.Capabilities,
  whenNotOffered: "fail" | "skip" | "send"
) => {
  const offered = capabilities.get("XFORWARD")?.toUpperCase().split(" ")
  const unknown = whenNotOffered === "send" ? [] : names.filter((name) => offered?.includes(name) !== true)
  const missing =
    unknown.length === 0
      ? []
      : offered === undefined
        ? [{ what: "XFORWARD" }]
        : unknown.map((name) => ({ what: `XFORWARD ${name}` }))
  const [first] = missing
  return {
    missing,
    refusal: first && new NotOffered({ step: "xforward", what: first.what }),
    lineOf: (message: number): string | undefined => {
      const attributes = of(message).filter(([name]) => !unknown.includes(name))
      return attributes.length === 0 ? undefined : ClientIdentity.xforward(attributes)
    }
  }
}

/** Nothing is sent of a message that cannot be made. */
function* unsent(delivery: Delivery.Delivery, reason: string): Script<Outcome.Outcome> {
  const outcome = Unwelcome.failed(new ContentUnusable({ step: "mail", reason }))
  delivery.settled = outcome
  return outcome
}

const groupingOf = (isAsked: boolean, wire: Wire): Transaction.Grouping =>
  isAsked && wire.capabilities.has("PIPELINING") ? "envelope" : "each"

/**
 * The same, of a server that has introduced itself just now. Where it was asked for PIPELINING in vain, the run is told.
 *
 * @since 0.1.0
 * @category constructors
 */
export const first = (
  shared: Sending,
  wire: Wire,
  unsaid: ReadonlyArray<{ readonly what: string }> = []
): Agreement => {
  const { onUnpipelined, plan } = shared
  const asks = plan.pipelining !== "off" && !plan.bare
  if (asks && !wire.capabilities.has("PIPELINING")) onUnpipelined()
  return make(shared, wire, unsaid)
}
