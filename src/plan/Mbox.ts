/**
 * The messages of an mbox file (RFC 4155, and what there is besides).
 *
 * A message begins at a line `From ` with a time and a year in it, at the start of the file or after an empty line. So a line of a
 * body that begins like that is only taken for one where it has both.
 *
 * @since 0.1.0
 */

/**
 * How lines of a body that begin with `From ` are kept apart from those between messages: with a `>` before them, that cannot be
 * told from one that was there (mboxo); with one `>` more than there was (mboxrd); or by Content-Length (mboxcl2). `auto` trusts
 * a Content-Length that is right, and takes off no `>`.
 *
 * @since 0.1.0
 * @category constants
 */
export const kinds = ["auto", "mboxo", "mboxrd", "mboxcl2"] as const

/**
 * A kind of mbox.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = (typeof kinds)[number]

/**
 * Bytes of which parts are looked at: a file in memory, or one that is read as it is gone through.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  readonly length: number
  readonly byte: (at: number) => number | undefined
  /** Where that is found first, from there on; -1 where it is not. */
  readonly indexOf: (what: number | string, from: number) => number
  /** One byte in each character. What lies beyond the end is left out. */
  readonly text: (from: number, to: number) => string
}

/**
 * Where a message begins and ends, and how many lines of it begin with `From ` after an empty line, and have no time or no year.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly start: number
  readonly end: number
  readonly doubtful: number
}

/**
 * Whether a file is an mbox.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isMbox = (file: Buffer): boolean => isBetween(ofBuffer(file), 0)

/**
 * Whether what begins there is the line between two messages.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBetween = (file: Source, at: number): boolean => {
  if (file.text(at, at + 5) !== "From ") return false
  const [line = ""] = file.text(at, at + 300).split("\n")
  return /\d\d:\d\d/.test(line) && /\b\d{4}\b/.test(line)
}

/**
 * The messages, without the lines between them and without the empty line that ends each.
 *
 * @since 0.1.0
 * @category parsing
 */
export const messages = function* (file: Buffer, kind: Kind): Generator<Buffer> {
  for (const { end, start } of places(ofBuffer(file), kind)) {
    const message = file.subarray(start, end)
    yield kind === "mboxrd" ? unquoted(message) : message
  }
}

/**
 * The same, as places.
 *
 * @since 0.1.0
 * @category parsing
 */
export const places = function* (file: Source, kind: Kind): Generator<Place> {
  let at = 0
  while (at < file.length) {
    const start = lineAfter(file, at)
    const told = kind === "auto" || kind === "mboxcl2" ? toldEnd(file, start) : undefined
    const { doubtful, next } = told === undefined ? nextBetween(file, start) : { doubtful: 0, next: told }
    yield { start, end: withoutEmptyLine(file, start, next), doubtful }
    at = told === undefined ? next : afterBlanks(file, told)
  }
}

/**
 * Takes one `>` off the lines that mboxrd quotes.
 *
 * @since 0.1.0
 * @category decoding
 */
export const unquoted = (message: Buffer): Buffer =>
  message.includes(">From ")
    ? Buffer.from(message.toString("latin1").replaceAll(/^>(>*From )/gm, "$1"), "latin1")
    : message

/**
 * A file in memory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofBuffer = (file: Buffer): Source => ({
  length: file.length,
  byte: (at) => file[at],
  indexOf: (what, from) => file.indexOf(what, from, "latin1"),
  text: (from, to) => file.toString("latin1", from, to)
})

const LF = 10
const CR = 13

const lineAfter = (file: Source, at: number): number => {
  const feed = file.indexOf(LF, at)
  return feed < 0 ? file.length : feed + 1
}

/** Where the next line between messages begins, or the file's end. */
const nextBetween = (file: Source, from: number): { readonly next: number; readonly doubtful: number } => {
  let doubtful = 0
  for (let feed = file.indexOf("\nFrom ", Math.max(0, from - 1)); feed >= 0; feed = file.indexOf("\nFrom ", feed + 1)) {
    const before = file.byte(feed - 1) === CR ? feed - 2 : feed - 1
    if (feed + 1 !== from && file.byte(before) !== LF) continue
    if (isBetween(file, feed + 1)) return { next: feed + 1, doubtful }
    doubtful++
  }
  return { next: file.length, doubtful }
}

/** Where the message ends by its own word, if that is true: the file ends there, or another message begins. */
const toldEnd = (file: Source, start: number): number | undefined => {
  const head = headEnd(file, start)
  if (head - start > mostHead) return undefined
  const [, digits] = /^content-length:[ \t]*(\d{1,12})[ \t]*\r?$/im.exec(file.text(start, head)) ?? []
  if (digits === undefined) return undefined
  const end = lineAfter(file, head) + Number(digits)
  if (end > file.length) return undefined
  const next = afterBlanks(file, end)
  return next === file.length || isBetween(file, next) ? end : undefined
}

/** Of a message's headers, in bytes: where there are more, no Content-Length is looked for. */
const mostHead = 1_048_576

/** Where the empty line after the headers begins; the file's end where there is none. */
const headEnd = (file: Source, start: number): number => {
  for (let at = start; at < file.length && at - start <= mostHead; at = lineAfter(file, at)) {
    if (file.byte(at) === LF || (file.byte(at) === CR && file.byte(at + 1) === LF) || isBetween(file, at)) return at
  }
  return file.length
}

const afterBlanks = (file: Source, at: number): number => {
  let next = at
  while (file.byte(next) === LF || file.byte(next) === CR) next++
  return next
}

const withoutEmptyLine = (file: Source, start: number, end: number): number => {
  if (file.byte(end - 1) !== LF) return end
  const last = file.byte(end - 2) === CR ? end - 2 : end - 1
  return last > start && file.byte(last - 1) === LF ? last : end
}
