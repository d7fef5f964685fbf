/**
 * The content of each message: headers, body, and the final dot (RFC 5321 §4.5.2, RFC 5322 §3.6).
 *
 * Pure: what is in message k is a function of the plan, the run's identity and k. What all messages share is made once.
 *
 * @since 0.1.0
 */
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Content } from "../smtp/Wire.js"
import type { Addresses } from "./Address.js"
import * as Amount from "./Amount.js"
import * as Body from "./Body.js"
import type { Plan } from "./Plan.js"
import * as Stuffing from "./Stuffing.js"

/**
 * What tells one run's messages from another's.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunIdentity {
  readonly helloName: string
  /** Goes into each Message-Id: unique over runs and hosts. */
  readonly runId: string
  /** The Date: header of all messages. */
  readonly startedAt: Date
}

/**
 * Makes the content of message k, counted from 0.
 *
 * @since 0.1.0
 * @category models
 */
export type ContentOf = (message: number) => Content

/**
 * The content that a plan asks for (clauses S8.1 to S8.7). `file` is what -F names, as `MessageFile.read` gives it; `seed` is what
 * random sizes and bodies are drawn from, or else the run's identity.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: Plan,
  addresses: Addresses,
  identity: RunIdentity & { readonly seed?: string | undefined },
  file: Uint8Array | undefined
): ContentOf => {
  const top = SmtpCommand.bytes((plan.headers ?? []).map((header) => `${header}\r\n`).join(""))
  if (file === undefined && varies(plan)) return varying(plan, addresses, identity, top)
  const body = file ?? generated(plan.length === undefined ? undefined : Amount.sizesOf(plan.length).most)
  const joined = body.length <= Stuffing.longestText ? latin1(body) : undefined
  if (plan.bare || file !== undefined) {
    const constant: Content = joined === undefined ? { head: top, body } : { head: SmtpCommand.flat(top + joined) }
    return () => constant
  }
  const head = headers(plan, addresses, identity, top, `\r\n${joined ?? ""}`)
  return joined === undefined ? (message) => ({ head: head(message), body }) : (message) => ({ head: head(message) })
}

/** Whether the messages differ in more than their headers. */
const varies = ({ body, length }: Plan): boolean => {
  if (body !== undefined && body !== "text") return true
  if (length === undefined) return false
  const { least, most } = Amount.sizesOf(length)
  return least < most
}

const varying = (
  plan: Plan,
  addresses: Addresses,
  identity: RunIdentity & { readonly seed?: string | undefined },
  top: string
): ContentOf => {
  const bodyOf = Body.make(plan, identity.seed ?? identity.runId, `=_${identity.runId}`)
  const head = plan.bare ? undefined : headers(plan, addresses, identity, top, "")
  return (message) => {
    const { content, headers } = bodyOf(message)
    const before = head === undefined ? "" : `${head(message)}${headers}\r\n`
    return { ...content, head: before + content.head }
  }
}

/** The headers of message k, and what follows them in all messages: to put it there costs nothing. */
const headers = (
  plan: Plan,
  addresses: Addresses,
  { helloName, runId, startedAt }: RunIdentity,
  top: string,
  tail: string
): ((message: number) => string) => {
  const from = `${top}${SmtpCommand.bytes(`From: <${addresses.sender}>\r\nTo: <`)}`
  const middle = SmtpCommand.bytes(`>\r\nDate: ${formatDate(startedAt)}\r\nMessage-Id: <${runId}.`)
  const subject = plan.subject === undefined ? "" : `Subject: ${plan.subject}\r\n`
  const rest = SmtpCommand.flat(SmtpCommand.bytes(`@${helloName}>\r\n${subject}`) + tail)
  const before = (message: number) => SmtpCommand.flat(from + SmtpCommand.bytes(addresses.to(message)) + middle)
  const constant = plan.numbering === "append" ? undefined : before(0)
  return (message) => (constant ?? before(message)) + message.toString(16).padStart(8, "0") + rest
}

/**
 * Whether bytes beyond ASCII are in the messages of a plan. Looks at the whole file.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isEightBit = (plan: Plan, { sender, to }: Addresses, file: Uint8Array | undefined): boolean => {
  if (/[^\0-\x7f]/.test((plan.headers ?? []).join(""))) return true
  if (file !== undefined) return file.some((byte) => byte > 127)
  return !plan.bare && /[^\0-\x7f]/.test(`${sender}${to(0)}${plan.subject ?? ""}`)
}

/**
 * The generated body of clause S8.4, with the final dot: `length` bytes in lines of 80, or four lines of text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const generated = (length: number | undefined): Uint8Array => {
  const encoder = new TextEncoder()
  if (length === undefined) {
    const lines = [1, 2, 3, 4].map((number) => `La de da de da ${number}.\r\n`)
    return encoder.encode(`${lines.join("")}.\r\n`)
  }
  const out = new Uint8Array(length + 2 + end.length).fill(X)
  const full = Math.floor((length - 1) / 80)
  for (let line = 0; line < full; line++) {
    out[line * 80] = ZERO + ((line + 1) % 10)
    out[line * 80 + 78] = CR
    out[line * 80 + 79] = LF
  }
  out[length] = CR
  out[length + 1] = LF
  out.set(end, length + 2)
  return out
}

/**
 * A date as RFC 5322 §3.3 writes it, in local time. The day is padded with a space (clause S14), and UTC is named.
 *
 * @since 0.1.0
 * @category encoding
 */
export const formatDate = (date: Date): string => {
  const two = (number: number) => String(number).padStart(2, "0")
  const ahead = -date.getTimezoneOffset()
  const zone = `${ahead < 0 ? "-" : "+"}${two(Math.floor(Math.abs(ahead) / 60))}${two(Math.abs(ahead) % 60)}`
  const day = String(date.getDate()).padStart(2, " ")
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  const utc = ahead === 0 ? " (UTC)" : ""
  return `${days[date.getDay()]}, ${day} ${months[date.getMonth()]} ${date.getFullYear()} ${time} ${zone}${utc}`
}

const LF = 10
const CR = 13
const ZERO = 48
const X = 88
const end = new TextEncoder().encode(SmtpCommand.endOfData)
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
