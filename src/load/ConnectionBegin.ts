/**
 * Where a plan's connections go, and how they begin.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type * as Address from "../plan/Address.js"
import * as Extensions from "../plan/Extensions.js"
import * as Message from "../plan/Message.js"
import type * as MessageParts from "../plan/MessageParts.js"
import type { Plan } from "../plan/Plan.js"
import * as TargetList from "../plan/TargetList.js"
import type * as Template from "../plan/Template.js"
import * as TlsFields from "../plan/TlsFields.js"
import * as Introduction from "../smtp/Introduction.js"
import type { Wishes } from "../smtp/Parameters.js"
import type * as Tls from "../smtp/Tls.js"

/**
 * The targets of a text that a plan holds, for connections of this way. TLS from the first byte has a port of its own (RFC 8314 §7.3); LMTP has none.
 *
 * @since 0.1.0
 * @category running
 */
export const targetsOf = (plan: Plan, text: string, way: Tls.TlsWay = plan.tls): TargetList.TargetList =>
  Either.getOrThrow(TargetList.parse(text, way === "implicit" && !plan.lmtp ? 465 : 25))

/**
 * How the plan has connections begin.
 *
 * @since 0.1.0
 * @category running
 */
export const introductionOf = (plan: Plan, name: string, tls?: Tls.TlsUse | undefined): Introduction.Introduction =>
  Introduction.make({ bare: plan.bare, lmtp: plan.lmtp, extended: isExtended(plan), tls }, name)

/** Whether what the server offers is of any use to the plan: the old options alone keep the old wire. */
const isExtended = (plan: Plan): boolean =>
  plan.pipelining !== "off" ||
  TlsFields.isAsked(plan) ||
  plan.auth !== "off" ||
  Extensions.areAsked(plan) ||
  plan.xclient !== undefined ||
  plan.xforward !== undefined

/** Whether addresses with variables may be beyond ASCII: what is in the plan, and in the rows that they name. */
const mayBeForeign = (
  { from = "", helloName = "", to = "" }: Plan,
  parts: MessageParts.MessageParts | undefined
): boolean => {
  const texts = [from, to].filter((text) => text.includes("{{"))
  if (/[^\0-\x7f]/.test(texts.join("") + (texts.length > 0 ? helloName : ""))) return true
  return texts.some((text) => text.includes("row.")) && parts?.data?.some((byte) => byte > 127) === true
}

/**
 * What of a run's messages is not in the plan.
 *
 * @since 0.1.0
 * @category models
 */
export interface Contents {
  readonly file: Uint8Array | undefined
  readonly parts?: MessageParts.MessageParts | undefined
  /** What variables have their values from, but for the envelope. */
  readonly values?: Template.Values | undefined
  /** Senders are users, and some of these have names beyond ASCII. */
  readonly hasForeignSenders?: boolean | undefined
}

/**
 * The parameters that the plan asks for, if the server is asked what it offers.
 *
 * @since 0.1.0
 * @category running
 */
export const wishesOf = (
  plan: Plan,
  addresses: Address.Addresses,
  { file, hasForeignSenders = false, parts, values }: Contents
): Wishes | undefined =>
  plan.bare || !isExtended(plan)
    ? undefined
    : Extensions.wishes(plan, {
        addresses: [addresses.sender(0), addresses.to(0)],
        varies: hasForeignSenders || (plan.expand && mayBeForeign(plan, parts)),
        isEightBit: hasForeignSenders || Message.isEightBit(plan, addresses, file, parts),
        values: plan.expand && values !== undefined ? { ...values, envelope: Message.envelopeOf(addresses) } : undefined
      })
