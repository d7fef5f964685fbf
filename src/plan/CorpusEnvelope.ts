/**
 * Envelopes by what the headers of a message say, with other addresses in place of those of people: nobody whose address stands in
 * a corpus is to get mail, or notices of mail that did not arrive.
 *
 * @since 0.1.0
 */
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Addresses } from "./Address.js"

/**
 * The envelopes of a corpus, in memory that threads share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Envelopes {
  /** Of each message the sender and the recipients, in ASCII, each with a line feed after it. */
  readonly text: Uint8Array
  /** Where each begins, and the end of the last one. */
  readonly places: Float64Array
  /** How many recipients a message has at most. */
  readonly most: number
}

/**
 * One envelope.
 *
 * @since 0.1.0
 * @category models
 */
export interface Envelope {
  /** Empty for the null sender. */
  readonly sender: string
  readonly recipients: ReadonlyArray<string>
}

/** What servers take of one message, at least some. */
const mostRecipients = 1000

/** An address, in characters (RFC 5321 §4.5.3.1). */
const longest = 320

/**
 * The envelope that the headers of a message ask for: from Return-Path, or else From; to all of To, Cc and Bcc, once each, the first
 * thousand. `alice@example.org` becomes `alice=example.org` at the domain.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofHeaders = (headers: string, domain: string): Envelope => {
  const values = valuesOf(headers)
  const back = values.find(({ name }) => name === "return-path")?.value
  const senders = addressesIn(back ?? values.find(({ name }) => name === "from")?.value ?? "")
  const recipients = new Set<string>()
  for (const { name, value } of values) {
    if (name !== "to" && name !== "cc" && name !== "bcc") continue
    for (const address of addressesIn(value))
      if (recipients.size < mostRecipients) recipients.add(elsewhere(address, domain))
  }
  const [sender] = senders
  return { sender: sender === undefined ? "" : elsewhere(sender, domain), recipients: [...recipients] }
}

/** The headers that name addresses, in one line each. */
const valuesOf = (headers: string): ReadonlyArray<{ readonly name: string; readonly value: string }> => {
  const found: Array<{ name: string; value: string }> = []
  let goesOn = false
  for (const line of headers.split(/\r?\n/)) {
    if (/^[ \t]/.test(line)) {
      if (goesOn) found[found.length - 1]!.value += line
      continue
    }
    const [, name = "", value = ""] = /^(return-path|from|to|cc|bcc)[ \t]*:(.*)$/i.exec(line) ?? []
    goesOn = name !== ""
    if (goesOn) found.push({ name: name.toLowerCase(), value })
  }
  return found
}

/**
 * The addresses of a header (RFC 5322 §3.4), and of what comes close to one: without names, comments and groups.
 *
 * @since 0.1.0
 * @category parsing
 */
export const addressesIn = (value: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  let bare = ""
  let angled: string | undefined
  let [depth, isQuoted, isAngled] = [0, false, false]
  const flush = () => {
    const address = (angled ?? bare).trim().replace(/^@[^:]*:/, "")
    if (address.length <= longest && /^[^@\s<>](?:[^<>]*[^@<>])?@[^@\s<>]+$/.test(address)) found.push(address)
    bare = ""
    angled = undefined
    isAngled = false
  }
  for (let at = 0; at < value.length; at++) {
    const character = value[at]!
    if (character === "\\" && (isQuoted || depth > 0)) {
      at++
      if (depth === 0) bare += "_"
    } else if (isQuoted) {
      if (character === '"') isQuoted = false
      else if (isAngled) angled += character
      else bare += character
    } else if (depth > 0) depth += character === "(" ? 1 : character === ")" ? -1 : 0
    else if (character === "(") depth++
    else if (character === '"') isQuoted = true
    else if (character === "<") {
      isAngled = true
      angled = ""
    } else if (character === ">") isAngled = false
    else if (isAngled) angled += character
    else if (character === "," || character === ";") flush()
    else if (character === ":") bare = ""
    else bare += character
  }
  flush()
  return found
}

/** At another domain, with nothing in it that an address must not have, or that would need quotes. */
const elsewhere = (address: string, domain: string): string => {
  const at = address.lastIndexOf("@")
  const local = `${address.slice(0, at)}=${address.slice(at + 1)}`
    .replaceAll(/[^\w!#$%&'*+\-/=?^`{|}~.]/g, "_")
    .replaceAll(/\.{2,}/g, ".")
    .replaceAll(/^\.|\.$/g, "_")
  return `${local}@${domain}`
}

/**
 * Takes envelope after envelope.
 *
 * @since 0.1.0
 * @category models
 */
export class Collector {
  private text = Buffer.alloc(4096)
  private readonly places = [0]
  private used = 0
  private most = 0

  add({ recipients, sender }: Envelope): void {
    this.most = Math.max(this.most, recipients.length)
    const lines = `${[sender, ...recipients].join("\n")}\n`
    if (this.used + lines.length > this.text.length) {
      const larger = Buffer.alloc(this.text.length * 2 + lines.length)
      larger.set(this.text)
      this.text = larger
    }
    this.used += this.text.write(lines, this.used, "latin1")
    this.places.push(this.used)
  }

  end(): Envelopes {
    const text = new Uint8Array(new SharedArrayBuffer(this.used))
    text.set(this.text.subarray(0, this.used))
    const places = new Float64Array(new SharedArrayBuffer(this.places.length * 8))
    for (let index = 0; index < places.length; index++) places[index] = this.places[index]!
    return { text, places, most: this.most }
  }
}

/**
 * The envelope of a message, from 0.
 *
 * @since 0.1.0
 * @category destructors
 */
export const envelope = ({ places, text }: Envelopes, index: number): Envelope => {
  const own = text.subarray(places[index]!, places[index + 1]! - 1)
  const [sender = "", ...recipients] = Buffer.from(own.buffer, own.byteOffset, own.byteLength)
    .toString("latin1")
    .split("\n")
  return { sender, recipients }
}

/**
 * The addresses of a run whose message k has the envelope of `itemOf(k)`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const addresses = (envelopes: Envelopes, itemOf: (message: number) => number): Addresses => {
  let last = -1
  let known: Envelope = { sender: "", recipients: [] }
  const of = (message: number): Envelope => {
    if (message !== last) {
      known = envelope(envelopes, itemOf(message))
      last = message
    }
    return known
  }
  return {
    sender: (message) => of(message).sender,
    mail: (message) => SmtpCommand.mail(of(message).sender),
    rcpts: (message) => of(message).recipients.map((recipient) => SmtpCommand.rcpt(recipient)),
    to: (message) => of(message).recipients[0] ?? "",
    areConstant: false
  }
}
