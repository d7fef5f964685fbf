/**
 * What was done to a message on its way: what servers usually do to bodies has a name, the rest is shown. Pure.
 *
 * @since 0.1.0
 */
import * as Printable from "../smtp/Printable.js"

/**
 * What is done to messages, nearly all of it to bodies:
 *
 * - `wrapped`: lines that were too long were broken, by CRLF and a space.
 * - `recoded`: sent as quoted-printable or base64, for a server that takes no 8-bit text (RFC 6152).
 * - `line ends`: they are others.
 * - `footer`, `banner`: something was put after it, or before it.
 * - `truncated`: its end is missing.
 * - `other`: anything else, or more than one of these.
 * - `header`: a header is missing, or says something else.
 *
 * @since 0.1.0
 * @category constants
 */
export const kinds = ["wrapped", "recoded", "line ends", "footer", "banner", "truncated", "other", "header"] as const

/**
 * One of `kinds`.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = (typeof kinds)[number]

/**
 * Whether what the message says is still the same.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHarmless = (kind: Kind): boolean => kind === "wrapped" || kind === "recoded" || kind === "line ends"

/**
 * A difference, and where the first byte is that differs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Difference {
  readonly kind: Kind
  /** In bytes from the beginning of the body, or of the header. */
  readonly at: number
  /** What was sent there, and what came: up to 16 bytes, or the header, printable. */
  readonly sent: string
  readonly came: string
}

/**
 * Tells what was done to a body; undefined where that is nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const between = (sent: Uint8Array, came: Uint8Array): Difference | undefined => {
  const [ours, theirs] = [latin1(sent), latin1(came)]
  if (ours === theirs) return undefined
  let at = 0
  while (at < ours.length && ours.charCodeAt(at) === theirs.charCodeAt(at)) at++
  const shown = (text: string) => Printable.escapeBytes(text.slice(at, at + 16))
  return { kind: kindOf(ours, theirs), at, sent: shown(ours), came: shown(theirs) }
}

const kindOf = (ours: string, theirs: string): Kind => {
  if (withLineFeeds(ours) === withLineFeeds(theirs)) return "line ends"
  if (isWrapped(ours, theirs)) return "wrapped"
  if (isRecoded(ours, theirs)) return "recoded"
  if (theirs.startsWith(ours)) return "footer"
  if (ours.startsWith(theirs)) return "truncated"
  return theirs.endsWith(ours) ? "banner" : "other"
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")

const withLineFeeds = (text: string): string => text.replaceAll(/\r\n?/g, "\n")

/** No server breaks shorter lines. */
const shortestWrapped = 512

/** Line by line of theirs: each one that is long may go on in the next one, after a space. */
const isWrapped = (ours: string, theirs: string): boolean => {
  let at = 0
  let from = 0
  let column = 0
  while (from < theirs.length) {
    const end = theirs.indexOf("\r\n", from)
    const line = theirs.slice(from, end < 0 ? theirs.length : end)
    if (!ours.startsWith(line, at)) return false
    at += line.length
    column += line.length
    if (end < 0) break
    from = end + 2
    if (ours.startsWith("\r\n", at)) {
      at += 2
      column = 0
    } else if (column >= shortestWrapped && theirs[from] === " ") {
      from++
      column = 1
    } else return false
  }
  return at === ours.length
}

/** Part by part of a multipart message, which has the same boundaries, or as a whole. */
const isRecoded = (ours: string, theirs: string): boolean => {
  if (isDecoded(ours, theirs)) return true
  const [own, other] = [ours.split(boundary), theirs.split(boundary)]
  return (
    own.length > 1 &&
    own.length === other.length &&
    own.every((part, index) => part === other[index] || isPartRecoded(part, other[index]!))
  )
}

/** A line that is, or may be, a boundary of MIME: what is between them is split off. */
const boundary = /(^--[^\r\n]+\r\n)/m

const isPartRecoded = (ours: string, theirs: string): boolean => {
  const [own, other] = [divided(ours), divided(theirs)]
  if (own === undefined || other === undefined || own.rest !== other.rest) return false
  return decoded(own.body, own.encoding) === decoded(other.body, other.encoding)
}

/** The headers of a part without the one that says how it is encoded, and what follows them. */
const divided = (part: string) => {
  const end = part.startsWith("\r\n") ? 0 : part.indexOf("\r\n\r\n") + 2
  if (end === 1) return undefined
  const header = part.slice(0, end)
  const encoding = encodingHeader.exec(header)
  return {
    encoding: encoding?.[1]?.toLowerCase() ?? "7bit",
    rest: encoding === null ? header : header.replace(encoding[0], ""),
    body: part.slice(end + 2)
  }
}

const encodingHeader = /^content-transfer-encoding[ \t]*:[ \t]*([^\s;]+)[^\r\n]*\r\n/im

const decoded = (body: string, encoding: string): string => {
  if (encoding === "quoted-printable") return withoutEnd(ofQuotedPrintable(body))
  if (encoding === "base64") return withoutEnd(ofBase64(body))
  return withoutEnd(body)
}

/** Whether there is a line end at the end is lost in such encodings. */
const withoutEnd = (text: string): string => text.replace(/(\r\n)+$/, "")

const isDecoded = (ours: string, theirs: string): boolean =>
  (theirs.includes("=") && withoutEnd(ofQuotedPrintable(theirs)) === withoutEnd(ours)) ||
  (/^[A-Za-z0-9+/=\r\n]*$/.test(theirs) && withoutEnd(ofBase64(theirs)) === withoutEnd(ours))

const ofQuotedPrintable = (text: string): string =>
  text
    .replaceAll(/=[ \t]*\r\n/g, "")
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))

const ofBase64 = (text: string): string => Buffer.from(text.replaceAll("\r\n", ""), "base64").toString("latin1")
