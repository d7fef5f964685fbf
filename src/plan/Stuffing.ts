/**
 * Makes the lines of a message ready for DATA (RFC 5321 §4.5.2), fast: this is done for each message that is not the same as
 * the one before.
 *
 * The rules are those of `MessageFile.stuff`, which goes byte by byte and fills memory that threads share: CRLF and LF both end a
 * line, a last line may lack its end, a dot is put before a line that begins with one, and the final dot follows. A bare
 * CR is refused, with the number of its line.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Content } from "../smtp/Wire.js"
import * as MessageFile from "./MessageFile.js"
import * as Slab from "./Slab.js"
import * as StuffingCode from "./StuffingCode.js"

/**
 * The longest content that goes out as one string: up to here, copying is cheaper than a second buffer in the write.
 *
 * @since 0.1.0
 * @category constants
 */
export const longestText = 16_384

/**
 * The content of these bytes, or the line with a bare CR. `before` is ready for DATA: it is in the same piece, so that the write
 * has one.
 *
 * @since 0.1.0
 * @category encoding
 */
export const content = (bytes: Uint8Array, before = ""): Either.Either<Content, number> =>
  before.length + bytes.length > longestText
    ? Either.map(long(bytes, before), (body) => ({ head: "", body }))
    : Either.map(lines(latin1(bytes)), (text) => ({ head: before + text + SmtpCommand.endOfData }))

/**
 * The lines of a text that holds one byte in each character, stuffed and ended with CRLF, without the final dot; or the line
 * with a bare CR. The text begins a line.
 *
 * @since 0.1.0
 * @category encoding
 */
export const lines = (text: string): Either.Either<string, number> => {
  let ready = text
  const returns = ready.includes("\r")
  const finished = returns && isFinished(ready)
  if (returns && !finished) {
    ready = ready.replace(/\r\n/g, "\n")
    const bare = ready.indexOf("\r")
    if (bare >= 0) return Either.left(ready.slice(0, bare).split("\n").length)
  }
  if (ready.startsWith(".")) ready = `.${ready}`
  // Looking is faster than replacing.
  if (ready.includes("\n.")) ready = ready.replace(/\n\./g, "\n..")
  if (ready !== "" && !ready.endsWith("\n")) ready += finished ? "\r\n" : "\n"
  // A pattern of plain text is found and replaced in one go; replaceAll makes a string of every piece first.
  return Either.right(finished ? ready : ready.replace(/\n/g, "\r\n"))
}

/** Whether all lines end in CRLF. Two passes for plain text are faster than one pattern that looks around. */
const isFinished = (text: string): boolean => {
  const rest = text.replace(/\r\n/g, "")
  return !rest.includes("\r") && !rest.includes("\n")
}

/**
 * The content of a text in which a carriage return that stands alone is sent as it is.
 *
 * @since 0.1.0
 * @category encoding
 */
export const raw = (text: string, before = ""): Content => {
  const ended = text === "" || text.endsWith("\n") ? text : `${text}\r\n`
  const made = before + ended.replaceAll(/(?<!\r)\n/g, "\r\n").replaceAll(/(^|\n)\./g, "$1..") + SmtpCommand.endOfData
  return made.length <= longestText ? { head: made } : { head: "", body: Buffer.from(made, "latin1") }
}

/** What ends a content at most: a line's end, and the final dot. */
const longestEnd = 2 + SmtpCommand.endOfData.length

/** Piece by piece. */
const long = (bytes: Uint8Array, before: string): Either.Either<Uint8Array, number> => {
  const code = StuffingCode.load()
  if (code === undefined) return slow(bytes, before)
  const { length } = bytes
  let out: Buffer | undefined
  let size = before.length
  const need = (room: number, most: number): Buffer => {
    if (out === undefined) {
      out = Slab.take(before.length + most)
      out.write(before, 0, "latin1")
    } else if (size + room > out.length) {
      const larger = Buffer.allocUnsafeSlow(size + room + Math.floor(out.length / 2))
      larger.set(out.subarray(0, size))
      out = larger
    }
    return out
  }
  for (let from = 0; from < length; ) {
    let to = Math.min(from + StuffingCode.most, length)
    // CR and LF stay together.
    if (to < length && bytes[to - 1] === CR) to--
    const end = code.run(bytes, from, to)
    if (end < 0) return Either.left(lineOf(bytes, from + ~end - 1))
    const room = 1 + end - StuffingCode.start + longestEnd
    // Most are one piece, and it is known how long they become. Others have room for lines of forty bytes, and more if need be.
    const into = need(room, to === length ? room : length + Math.ceil(length / 40) + StuffingCode.most)
    if (bytes[from] === DOT && (from === 0 || bytes[from - 1] === LF)) into[size++] = DOT
    into.set(code.memory.subarray(StuffingCode.start, end), size)
    size += end - StuffingCode.start
    from = to
  }
  const into = need(longestEnd, longestEnd)
  size += into.write(length > 0 && bytes[length - 1] !== LF ? endOfText : SmtpCommand.endOfData, size, "latin1")
  return Either.right(into.subarray(0, size))
}

const endOfText = `\r\n${SmtpCommand.endOfData}`

/** Byte by byte. */
const slow = (bytes: Uint8Array, before: string): Either.Either<Uint8Array, number> =>
  Either.map(MessageFile.stuff(bytes), (stuffed) => Buffer.concat([Buffer.from(before, "latin1"), stuffed]))

/** The line on which this place is, from 1. */
const lineOf = (bytes: Uint8Array, place: number): number => {
  let line = 1
  for (let feed = bytes.indexOf(LF); feed >= 0 && feed < place; feed = bytes.indexOf(LF, feed + 1)) line++
  return line
}

const LF = 10
const CR = 13
const DOT = 46
const end = new TextEncoder().encode(SmtpCommand.endOfData)

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")

/**
 * Lines that were made ready for DATA, as they were before: without the dots that were put before lines, and
 * without the final one. Where no line begins with a dot it is not copied.
 *
 * @since 0.1.0
 * @category encoding
 */
export const unstuff = (stuffed: Uint8Array): Uint8Array => {
  const content = stuffed.subarray(0, -end.length)
  const pieces: Array<Uint8Array> = []
  const view = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  let from = content[0] === DOT ? 1 : 0
  for (let at = view.indexOf("\n.", from); at >= 0; at = view.indexOf("\n.", at + 2)) {
    pieces.push(content.subarray(from, at + 1))
    from = at + 2
  }
  return pieces.length === 0 ? content.subarray(from) : Buffer.concat([...pieces, content.subarray(from)])
}

/**
 * The same of a content, whose head ends where it ends, or at a line's end.
 *
 * @since 0.1.0
 * @category encoding
 */
export const dotless = (content: Content): Content => {
  const { body, head } = content
  if (content.unusable !== undefined) return content
  return body === undefined
    ? { head: undotted(head.slice(0, -end.length)) }
    : { head: undotted(head), body: unstuff(body) }
}

const undotted = (text: string): string => (text.startsWith(".") ? text.slice(1) : text).replace(/\n\./g, "\n")
