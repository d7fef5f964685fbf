/**
 * One message of a corpus, as it is in its file: what is unusual about it, which of its lines are not sent, and how it is made
 * ready for DATA.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { Content } from "../smtp/Wire.js"
import * as Mbox from "./Mbox.js"
import * as Stuffing from "./Stuffing.js"

/**
 * What becomes of a message in which a carriage return stands alone: it is left out, each is sent as a space, or as it is.
 *
 * @since 0.1.0
 * @category constants
 */
export const policies = ["skip", "space", "raw"] as const

/**
 * What becomes of a message in which a carriage return stands alone.
 *
 * @since 0.1.0
 * @category models
 */
export type Unusual = (typeof policies)[number]

/**
 * What can be said of a message: bits of one number.
 *
 * @since 0.1.0
 * @category constants
 */
export const marks = {
  /** A carriage return that no line feed follows. */
  bareReturn: 1,
  nul: 2,
  /** Bytes beyond ASCII. */
  eightBit: 4,
  /** A line of more than 998 bytes (RFC 5321 §4.5.3.1.6). */
  longLine: 8,
  /** It does not begin with a header, nor with the empty line that follows them. */
  headless: 16,
  /** It is from an mbox that quotes lines, and has such lines. */
  quoted: 32
} as const

/**
 * What was found out about a message.
 *
 * @since 0.1.0
 * @category models
 */
export interface Survey {
  readonly marks: number
  /** Where lines begin and end that are not sent, in pairs. */
  readonly drops: ReadonlyArray<number>
}

/**
 * Looks at a message. `dropped` names the headers, in small letters, that are not sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const survey = (
  message: Buffer,
  dropped: ReadonlySet<string>,
  isAscii: (bytes: Uint8Array) => boolean = isSevenBit
): Survey => {
  const { drops, headless } = headers(message, dropped)
  const found =
    (hasBareReturn(message) ? marks.bareReturn : 0) |
    (message.includes(0) ? marks.nul : 0) |
    (isAscii(message) ? 0 : marks.eightBit) |
    (hasLongLine(message) ? marks.longLine : 0) |
    (headless ? marks.headless : 0)
  return { marks: found, drops }
}

/**
 * Makes a message ready for DATA, with its final dot, after `before`, which is. Left is a line with a carriage return that stands
 * alone, where that is not to be sent.
 *
 * @since 0.1.0
 * @category encoding
 */
export const ready = (
  message: Buffer,
  { drops, marks: found }: Survey,
  unusual: Unusual,
  before = ""
): Either.Either<Content, number> => {
  if ((found & marks.bareReturn) !== 0 && unusual !== "skip") {
    const text = piecesOf(message, drops).map(latin1).join("")
    if (unusual === "raw") return Either.right(Stuffing.raw(text, before))
    return Stuffing.content(Buffer.from(text.replaceAll(/\r(?!\n)/g, " "), "latin1"), before)
  }
  let head = before
  let start = 0
  for (let index = 0; index < drops.length; index += 2) {
    const ready = Stuffing.lines(message.toString("latin1", start, drops[index]))
    if (Either.isLeft(ready)) return Either.left(ready.left)
    head += ready.right
    start = drops[index + 1]!
  }
  return Stuffing.content(start === 0 ? message : message.subarray(start), head)
}

/** What there is besides lines that are not sent: whole lines, and what ends the message. */
const piecesOf = (message: Buffer, drops: ReadonlyArray<number>): ReadonlyArray<Buffer> => [
  ...Array.from({ length: drops.length / 2 }, (_, index) =>
    message.subarray(index === 0 ? 0 : drops[index * 2 - 1], drops[index * 2])
  ),
  message.subarray(drops.at(-1) ?? 0)
]

/**
 * Takes one `>` off the lines that an mbox quotes.
 *
 * @since 0.1.0
 * @category decoding
 */
export const unquoted = Mbox.unquoted

const CR = 13
const LF = 10

const isSevenBit = (bytes: Uint8Array): boolean => !beyond.test(latin1(bytes))

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
const beyond = /[^\x00-\x7f]/

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")

const hasBareReturn = (message: Buffer): boolean => {
  for (let at = message.indexOf(CR); at >= 0; at = message.indexOf(CR, at + 1)) {
    if (message[at + 1] !== LF) return true
    // Where lines end in CRLF there are many: patterns are faster.
    if (at < message.length - 1) return /\r(?!\n)/.test(message.toString("latin1", at))
  }
  return false
}

const longest = 998

/** From each place the last line's end within reach is looked for, so that most bytes are not looked at. */
const hasLongLine = (message: Buffer): boolean => {
  let start = 0
  while (message.length - start > longest) {
    // A carriage return before the line's end is no part of the line.
    let end = message.lastIndexOf(LF, start + longest)
    if (end < start && message[start + longest] === CR && message[start + longest + 1] === LF) end = start + longest + 1
    if (end < start) return true
    start = end + 1
  }
  return false
}

const headers = (
  message: Buffer,
  dropped: ReadonlySet<string>
): { readonly drops: ReadonlyArray<number>; readonly headless: boolean } => {
  const drops: Array<number> = []
  if (message[0] === LF || (message[0] === CR && message[1] === LF)) return { drops, headless: false }
  const end = headEnd(message)
  const text = message.toString("latin1", 0, end)
  const headless = name.exec(text) === null
  let drop = false
  for (let at = 0; at < end; ) {
    const feed = text.indexOf("\n", at)
    const next = feed < 0 ? end : feed + 1
    const first = text.charCodeAt(at)
    if (first !== 32 && first !== 9) {
      const [, found = ""] = name.exec(text.slice(at, Math.min(next, at + 80))) ?? []
      drop = dropped.has(found.toLowerCase())
    }
    if (drop) {
      if (drops.at(-1) === at) drops[drops.length - 1] = next
      else drops.push(at, next)
    }
    at = next
  }
  return { drops, headless }
}

const name = /^([!-9;-~]+)[ \t]*:/

/**
 * The headers of a message, as text; of more than a megabyte, the first one.
 *
 * @since 0.1.0
 * @category destructors
 */
export const headersOf = (message: Buffer): string =>
  message[0] === LF || (message[0] === CR && message[1] === LF)
    ? ""
    : message.toString("latin1", 0, Math.min(headEnd(message), mostHeaders))

const mostHeaders = 1_048_576

/** Where the empty line after the headers begins, or the message ends. */
const headEnd = (message: Buffer): number => {
  const feeds = message.indexOf("\n\n")
  const rest = feeds < 0 ? message : message.subarray(0, feeds)
  const returned = rest.indexOf("\n\r\n")
  return returned >= 0 ? returned + 1 : feeds >= 0 ? feeds + 1 : message.length
}
