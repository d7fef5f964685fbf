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
import * as Slab from "./Slab.js"

/**
 * The longest content that goes out as one string: up to here, copying is cheaper than a second buffer in the write.
 *
 * @since 0.1.0
 * @category constants
 */
export const longestText = 16_384

/**
 * In bytes. Up to here strings are faster than bytes, and what is longer is made ready in pieces of this size: larger strings V8
 * keeps apart, and collects late.
 */
const longestString = 65_536

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
        const body = Slab.take(size)
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

/** Piece by piece, as text. A line that is longer than a piece is copied. */
const long = (bytes: Uint8Array, before: string): Either.Either<Uint8Array, number> => {
  const { length } = bytes
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, length)
  // Room for lines of forty bytes. Where they are shorter, there is more of it when it is used up.
  let out = Buffer.allocUnsafe(before.length + length + Math.ceil(length / 40) + 64)
  let size = out.write(before, "latin1")
  const need = (more: number) => {
    if (size + more <= out.length) return
    const larger = Buffer.allocUnsafe(out.length + Math.ceil(out.length / 2) + more)
    larger.set(out.subarray(0, size))
    out = larger
  }
  let from = 0
  while (from < length) {
    const to = from + longestString >= length ? length : view.lastIndexOf(LF, from + longestString - 1) + 1
    if (to > from) {
      const ready = lines(latin1(view.subarray(from, to)))
      if (Either.isLeft(ready)) return Either.left(linesTo(view, from) + ready.left)
      need(ready.right.length)
      size += out.write(ready.right, size, "latin1")
      from = to
      continue
    }
    const feed = view.indexOf(LF, from)
    const next = feed < 0 ? length : feed + 1
    const end = feed > from && view[feed - 1] === CR ? feed - 1 : feed < 0 ? length : feed
    if (view.subarray(from, end).includes(CR)) return Either.left(linesTo(view, from) + 1)
    need(end - from + 3)
    if (view[from] === DOT) out[size++] = DOT
    out.set(view.subarray(from, end), size)
    size += end - from
    out[size++] = CR
    out[size++] = LF
    from = next
  }
  need(end.length)
  out.set(end, size)
  return Either.right(out.subarray(0, size + end.length))
}

/** How many lines end before this place. */
const linesTo = (view: Buffer, place: number): number => {
  let count = 0
  for (let feed = view.indexOf(LF); feed >= 0 && feed < place; feed = view.indexOf(LF, feed + 1)) count++
  return count
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
