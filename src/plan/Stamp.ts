/**
 * The stamp: one header line on top of a message, by which whoever receives it knows which message of which run it is, when it
 * was sent, and whether its body is what was sent.
 *
 *     X-Smtp-Source: r=19ac3f0e2b7d41c6; k=1234567; t=1795694335873223; b=9f31c0aa; n=4096
 *
 * `r` stands for the run (64 bits), `k` is the message's number, `t` when it was sent, or was due in an open run (microseconds
 * since 1970), `b` the CRC-32 of the body and `n` its size. The body is what follows the header: without the empty line between
 * them, with CRLF line ends, as it was before dots were stuffed.
 *
 * On top, so that a receiver needs no more than the header, and the signature of a signed message stays whole.
 *
 * @since 0.1.0
 */
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Crc32 } from "../smtp/Checksum.js"
import type { Content } from "../smtp/Wire.js"
import { MadeContent } from "./MadeContent.js"

/**
 * What a stamp says.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stamp {
  /** The run, as `runOf` makes it of the run's name: 16 hexadecimal digits. */
  readonly run: string
  /** The message's number, from 0. */
  readonly message: number
  /** In microseconds since 1970. */
  readonly sentAt: number
  /** The CRC-32 of the body. */
  readonly checksum: number
  /** The size of the body in bytes. */
  readonly size: number
}

/**
 * The name of the header.
 *
 * @since 0.1.0
 * @category constants
 */
export const header = "X-Smtp-Source"

/**
 * The most servers that a message goes through, by its Received headers: one that has passed more goes in a circle, and is refused.
 *
 * @since 0.1.0
 * @category limits
 */
export const mostHops = 50

/**
 * What stands for a run in its stamps: 64 bits made of its name (FNV-1a).
 *
 * @since 0.1.0
 * @category constructors
 */
export const runOf = (runId: string): string => {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(runId)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(16).padStart(16, "0")
}

/**
 * The stamp's line, with its end.
 *
 * @since 0.1.0
 * @category encoding
 */
export const write = ({ checksum, message, run, sentAt, size }: Stamp): string =>
  `${header}: r=${run}; k=${message}; t=${sentAt}; b=${checksum.toString(16).padStart(8, "0")}; n=${size}\r\n`

/**
 * Reads what stands after the header's name and colon. Nothing where it is no stamp. White space between its parts may be any,
 * and of any length: programs that handle mail fold lines.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (value: string): Stamp | undefined => {
  const found = stamp.exec(value)
  if (found === null) return undefined
  const [, run = "", message, sentAt, checksum = "", size] = found
  const numbers = [Number(message), Number(sentAt), Number(size)] as const
  if (!numbers.every(Number.isSafeInteger)) return undefined
  const [k, t, n] = numbers
  return { run, message: k, sentAt: t, checksum: Number.parseInt(checksum, 16), size: n }
}

const stamp = /^\s*r=([0-9a-f]{16});\s*k=(\d{1,16});\s*t=(\d{1,16});\s*b=([0-9a-f]{8});\s*n=(\d{1,16})\s*$/

/**
 * Where the header of a message ends and its body begins: after the first empty line; or at the first line that is no header,
 * which programs that handle mail put an empty line before. `text` has CRLF line ends; where it ends before its header does, all
 * of it is header, and the body begins at its end. What comes before `from`, which begins a line, is known to be header.
 *
 * @since 0.1.0
 * @category parsing
 */
export const divide = (text: string, from = 0): { readonly headerEnd: number; readonly bodyBegin: number } => {
  let at = from
  while (at < text.length) {
    const end = text.indexOf("\r\n", at)
    if (end === at) return { headerEnd: at, bodyBegin: at + 2 }
    const first = text.charCodeAt(at)
    if (!((first === SPACE || first === TAB) && at > 0) && !isField(text, at)) return { headerEnd: at, bodyBegin: at }
    if (end < 0) break
    at = end + 2
  }
  return { headerEnd: text.length, bodyBegin: text.length }
}

/** Whether a line begins with a header's name and a colon. */
const isField = (text: string, start: number): boolean => {
  field.lastIndex = start
  return field.test(text)
}

const field = /[!-9;-~]+[ \t]*:/y

const SPACE = 32
const TAB = 9

/**
 * What the stamps of a run need.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stamping {
  /** What `runOf` makes of the run's name. */
  readonly run: string
  /** When a message is sent, or was due, in microseconds since 1970. */
  readonly sentAt: (message: number) => number
  readonly crc32: Crc32
}

/**
 * The same messages, each with its stamp on top. A message without a header gets an empty line after it, too.
 *
 * A body that is the same as that of the message before is not summed again.
 *
 * @since 0.1.0
 * @category combinators
 */
export const onTop = (contentOf: (message: number) => Content, stamping: Stamping): ((message: number) => Content) => {
  const { crc32, run, sentAt } = stamping
  let last: { readonly rest: string; readonly body: Uint8Array | undefined; readonly sum: Sum } | undefined
  return (message) => {
    const content = contentOf(message)
    const { body, head, isDotless = false } = content
    const place = divided(head, body)
    const rest = head.slice(place.bodyBegin)
    if (last === undefined || last.body !== body || last.rest !== rest) {
      const after = body?.subarray(Math.max(0, place.bodyBegin - head.length))
      last = { rest, body, sum: sumOf(crc32, Buffer.from(rest, "latin1"), after, isDotless) }
    }
    const line = write({ ...last.sum, run, message, sentAt: sentAt(message) })
    // What begins without a header would be read as one, or as the end of this one.
    const isBodyAlone = place.headerEnd === 0 && place.bodyBegin === 0
    return new MadeContent(`${line}${isBodyAlone ? "\r\n" : ""}${head}`, body, content.isDotless, content.unusable)
  }
}

/**
 * Where the body begins in head and body together: headers of a file or of a corpus are in the latter.
 *
 * @since 0.1.0
 * @category parsing
 */
export const divided = (head: string, body: Uint8Array | undefined): ReturnType<typeof divide> => {
  let text = head
  for (const size of body === undefined ? [] : [0, 2048, 65_536, body.length]) {
    text =
      size === 0
        ? head
        : head + Buffer.from(body!.buffer, body!.byteOffset, Math.min(size, body!.length)).toString("latin1")
    const place = divide(text)
    // A line that goes on is not known yet.
    if (text.indexOf("\r\n", place.headerEnd) >= 0) return place
  }
  return divide(text)
}

type Sum = Pick<Stamp, "checksum" | "size">

/** Of a body in two pieces, as it was before it was made ready for DATA. */
const sumOf = (crc32: Crc32, first: Uint8Array, second: Uint8Array | undefined, isDotless: boolean): Sum => {
  let checksum = 0
  let size = 0
  const add = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return
    checksum = crc32(bytes, checksum)
    size += bytes.length
  }
  const pieces = second === undefined ? [first] : [first, second]
  if (isDotless) {
    for (const piece of pieces) add(piece)
    return { checksum, size }
  }
  let left = pieces.reduce((sum, piece) => sum + piece.length, 0) - SmtpCommand.endOfData.length
  /** How much of CRLF has just been seen; a body begins a line. */
  let seen = 2
  for (const whole of pieces) {
    const piece = whole.length > left ? whole.subarray(0, Math.max(0, left)) : whole
    left -= piece.length
    if (piece.length === 0) continue
    const view = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    let from = 0
    if (seen === 2 && view[0] === DOT) from = 1
    else if (seen === 1 && view[0] === LF && view[1] === DOT) {
      add(view.subarray(0, 1))
      from = 2
    }
    for (let at = view.indexOf("\r\n.", from); at >= 0; at = view.indexOf("\r\n.", from)) {
      add(view.subarray(from, at + 2))
      from = at + 3
    }
    add(view.subarray(from))
    const [before, byte] = [view.at(-2), view.at(-1)]
    seen = byte === CR ? 1 : byte === LF && (before === CR || (view.length === 1 && seen === 1)) ? 2 : 0
  }
  return { checksum, size }
}

const LF = 10
const CR = 13
const DOT = 46
