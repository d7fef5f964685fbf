/**
 * Makes the lines of a message ready for DATA (RFC 5321 §4.5.2), fast: this is done for each message that is not the same as
 * the one before.
 *
 * The rules are those of `MessageFile.stuff`, which is three times slower and fills memory that threads share: CRLF and LF both
 * end a line, a last line may lack its end, a dot is put before a line that begins with one, and the final dot follows. A bare
 * CR is refused, with the number of its line.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Content } from "../smtp/Wire.js"

/**
 * The longest content that goes out as one string: up to here, copying is cheaper than a second buffer in the write.
 *
 * @since 0.1.0
 * @category constants
 */
export const longestText = 16_384

/** Up to here strings are faster than bytes: larger ones V8 keeps apart, and collects late. */
const longestString = 98_304

/**
 * The content of these bytes, or the line with a bare CR. `before` is ready for DATA: it is in the same piece, so that the write
 * has one.
 *
 * @since 0.1.0
 * @category encoding
 */
export const content = (bytes: Uint8Array, before = ""): Either.Either<Content, number> =>
  bytes.length > longestString
    ? Either.map(long(bytes, before), (body) => ({ head: "", body }))
    : Either.map(lines(latin1(bytes)), (text) => {
        const size = before.length + text.length + SmtpCommand.endOfData.length
        if (size <= longestText) return { head: before + text + SmtpCommand.endOfData }
        // Piece by piece: to put them together first would be one more copy.
        const body = Buffer.allocUnsafe(size)
        body.write(before, 0, "latin1")
        body.write(text, before.length, "latin1")
        body.write(SmtpCommand.endOfData, before.length + text.length, "latin1")
        return { head: "", body }
      })

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
  const finished = returns && !unfinished.test(ready)
  if (returns && !finished) {
    ready = ready.replaceAll("\r\n", "\n")
    const bare = ready.indexOf("\r")
    if (bare >= 0) return Either.left(ready.slice(0, bare).split("\n").length)
  }
  if (ready.startsWith(".")) ready = `.${ready}`
  // Looking is ten times as fast as replacing.
  if (ready.includes("\n.")) ready = ready.replaceAll("\n.", "\n..")
  if (ready !== "" && !ready.endsWith("\n")) ready += finished ? "\r\n" : "\n"
  return Either.right(finished ? ready : ready.replaceAll("\n", "\r\n"))
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

/** What keeps a text with carriage returns from being one of CRLF alone. */
const unfinished = /\r(?!\n)|(?<!\r)\n/

/** What needs no change is copied in one piece. */
const long = (bytes: Uint8Array, before: string): Either.Either<Uint8Array, number> => {
  const { length } = bytes
  // Room for lines of forty bytes. Where they are shorter, there is more of it when it is used up.
  let out = Buffer.allocUnsafe(before.length + length + Math.ceil(length / 40) + 64)
  let size = out.write(before, "latin1")
  /** What comes from here on was not copied yet. */
  let from = 0
  let start = 0
  let line = 1
  let nextReturn = bytes.indexOf(CR)
  const copy = (to: number) => {
    if (size + to - from + 8 > out.length) {
      const larger = Buffer.allocUnsafe(out.length + Math.ceil(out.length / 2) + to - from + 8)
      larger.set(out.subarray(0, size))
      out = larger
    }
    out.set(bytes.subarray(from, to), size)
    size += to - from
    from = to
  }
  while (start < length) {
    const feed = bytes.indexOf(LF, start)
    const end = feed < 0 ? length : feed
    if (bytes[start] === DOT) {
      copy(start)
      out[size++] = DOT
    }
    if (nextReturn >= 0 && nextReturn < end) {
      if (feed < 0 || nextReturn !== end - 1) return Either.left(line)
      nextReturn = bytes.indexOf(CR, end)
    } else {
      copy(end)
      out[size++] = CR
      if (feed < 0) out[size++] = LF
    }
    start = end + 1
    line++
  }
  copy(length)
  for (const byte of end) out[size++] = byte
  return Either.right(out.subarray(0, size))
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
    ? { head: head.slice(0, -end.length).replace(/^\.|(?<=\n)\./g, "") }
    : { head: head.replace(/^\.|(?<=\n)\./g, ""), body: unstuff(body) }
}
