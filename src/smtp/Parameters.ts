/**
 * The parameters of MAIL and RCPT (RFC 5321 §4.1.2), and which of those that are wanted a server lets us have. Pure.
 *
 * @since 0.1.0
 */
import type { Capabilities } from "./Capabilities.js"
import type { Message } from "./Delivery.js"
import * as SmtpCommand from "./SmtpCommand.js"
import { NotOffered } from "./SmtpError.js"
import type { Content } from "./Wire.js"

/**
 * A parameter, as it stands in a command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Parameter {
  /** Such as `RET=HDRS`; or what it is for a message, which has the number that it has in the run; empty where it has none. */
  readonly text: string | ((message: Message, number: number) => string)
  /** The keyword of the offer that it needs. Without one, whoever asks for it answers for it. */
  readonly needs?: string | undefined
  /** It is used where it is offered, and not missed where it is not. */
  readonly ifOffered?: boolean | undefined
}

/**
 * The parameters that are wanted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wishes {
  readonly mail: ReadonlyArray<Parameter>
  readonly rcpt: ReadonlyArray<Parameter>
  /** The content is to go in chunks (RFC 3030). */
  readonly chunking?: boolean | undefined
}

/**
 * What becomes of a parameter that the server does not offer: the message is not sent; or it is sent without it; or with it all
 * the same.
 *
 * @since 0.1.0
 * @category models
 */
export type WhenNotOffered = "fail" | "skip" | "send"

/**
 * What is wanted and not offered, and the command that would have had it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Missing {
  readonly step: "mail" | "rcpt" | "chunk"
  readonly what: string
}

/**
 * What a connection comes to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Agreed {
  /** What is wanted and not offered, each once. It is not in the commands, unless it is sent all the same. */
  readonly missing: ReadonlyArray<Missing>
  /** Whether the content goes in chunks. */
  readonly chunking: boolean
  /** The message with its parameters; undefined where there are none. */
  readonly dress: ((message: Message, number: number) => Message) | undefined
}

/**
 * Text in which any byte may be, as a value that any command can hold (RFC 3461 §4): what is not printable ASCII, and `+` and
 * `=`, are `+` and two digits.
 *
 * @since 0.1.0
 * @category encoding
 */
export const xtext = (text: string): string =>
  SmtpCommand.bytes(text).replace(
    /[^!-*,-<>-~]/g,
    (byte) => `+${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`
  )

/**
 * The size of a content as SIZE counts it (RFC 1870 §3): as it was before it was made ready for DATA, without the dots that
 * were put before lines and without the final one.
 *
 * @since 0.1.0
 * @category destructors
 */
export const sizeOf = ({ body, head, isDotless }: Content): number => {
  if (isDotless === true) return head.length + (body === undefined ? 0 : body.length)
  const lineEnd = 2
  const dots = (head.startsWith(".") ? 1 : 0) + dotsIn(head)
  if (body === undefined) return head.length - dots - lineEnd
  const isDotFirst = body[0] === DOT && (head === "" || head.endsWith("\r\n"))
  return head.length + body.length - dots - (isDotFirst ? 1 : 0) - dotsOfBody(body) - lineEnd
}

/** The dots at the beginning of lines, but for the first one. */
const dotsIn = (text: string | Buffer): number => {
  let dots = 0
  for (let at = text.indexOf("\r\n."); at >= 0; at = text.indexOf("\r\n.", at + 3)) dots++
  return dots
}

/** The same body is in one message after another. */
const dotsOfBody = (body: Uint8Array): number => {
  const known = dotsKnown.get(body)
  if (known !== undefined) return known
  const dots = dotsIn(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
  dotsKnown.set(body, dots)
  return dots
}

const dotsKnown = new WeakMap<Uint8Array, number>()
const DOT = 46

/**
 * What the wishes come to with a server that offers this.
 *
 * @since 0.1.0
 * @category constructors
 */
export const agree = (
  { chunking = false, mail, rcpt }: Wishes,
  capabilities: Capabilities,
  when: WhenNotOffered
): Agreed => {
  const isOffered = ({ needs }: Parameter) => needs === undefined || capabilities.has(needs)
  const isSent = (parameter: Parameter) => isOffered(parameter) || (when === "send" && parameter.ifOffered !== true)
  const missed = (step: Missing["step"], parameters: ReadonlyArray<Parameter>): ReadonlyArray<Missing> =>
    parameters.flatMap((parameter) =>
      isOffered(parameter) || parameter.ifOffered === true ? [] : [{ step, what: parameter.needs! }]
    )
  const chunks = chunking && (when === "send" || capabilities.has("CHUNKING"))
  const unchunked: ReadonlyArray<Missing> =
    chunking && !capabilities.has("CHUNKING") ? [{ step: "chunk", what: "CHUNKING" }] : []
  const missing = [...missed("mail", mail), ...missed("rcpt", rcpt), ...unchunked].filter(
    ({ what }, index, all) => all.findIndex((other) => other.what === what) === index
  )
  return { missing, chunking: chunks, dress: dressed(suffix(mail.filter(isSent)), suffix(rcpt.filter(isSent))) }
}

/**
 * The error of the first that is missing, if any is.
 *
 * @since 0.1.0
 * @category destructors
 */
export const notOffered = ({ missing }: Agreed): NotOffered | undefined => {
  const [first] = missing
  return first === undefined ? undefined : new NotOffered(first)
}

type Suffix = string | ((message: Message, number: number) => string)

const suffix = (parameters: ReadonlyArray<Parameter>): Suffix => {
  const fixed = parameters.flatMap(({ text }) => (typeof text === "string" ? [` ${text}`] : [])).join("")
  const others = parameters.flatMap(({ text }) => (typeof text === "string" ? [] : [text]))
  if (others.length === 0) return fixed
  return (message, number) => {
    let all = fixed
    for (const text of others) {
      const own = text(message, number)
      if (own !== "") all += ` ${own}`
    }
    return all
  }
}

/** Commands that are the same for one message after another are put together once. */
const dressed = (mail: Suffix, rcpt: Suffix): Agreed["dress"] => {
  if (mail === "" && rcpt === "") return undefined
  let lastMail: string | undefined
  let lastDressedMail = ""
  let lastRcpts: ReadonlyArray<string> | undefined
  let lastDressedRcpts: ReadonlyArray<string> = []
  return (message, number) => {
    let line: string
    if (typeof mail === "function") line = withText(message.mail, mail(message, number))
    else {
      if (message.mail !== lastMail) {
        lastMail = message.mail
        lastDressedMail = SmtpCommand.flat(withText(message.mail, mail))
      }
      line = lastDressedMail
    }
    if (rcpt === "") return { ...message, mail: line }
    const parameters = typeof rcpt === "function" ? rcpt(message, number) : rcpt
    if (typeof rcpt === "function" || message.rcpts !== lastRcpts) {
      lastRcpts = message.rcpts
      lastDressedRcpts = message.rcpts.map((command) => withText(command, parameters))
    }
    return { ...message, mail: line, rcpts: lastDressedRcpts }
  }
}

/**
 * A command with parameters before its line end.
 *
 * @since 0.1.0
 * @category combinators
 */
export const extended = (command: string, parameters: ReadonlyArray<string>): string =>
  parameters.length === 0 ? command : withText(command, ` ${parameters.join(" ")}`)

const withText = (command: string, parameters: string): string => `${command.slice(0, -2)}${parameters}\r\n`
