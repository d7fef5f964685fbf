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
 * Whether a file is an mbox.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isMbox = (file: Buffer): boolean => isBetween(file, 0)

/**
 * The messages, without the lines between them and without the empty line that ends each.
 *
 * @since 0.1.0
 * @category parsing
 */
export const messages = function* (file: Buffer, kind: Kind): Generator<Buffer> {
  let at = 0
  while (at < file.length) {
    const start = lineAfter(file, at)
    const told = kind === "auto" || kind === "mboxcl2" ? toldEnd(file, start) : undefined
    const next = told ?? nextBetween(file, start)
    const message = file.subarray(start, withoutEmptyLine(file, start, next))
    yield kind === "mboxrd" ? unquoted(message) : message
    at = told === undefined ? next : afterBlanks(file, told)
  }
}

const LF = 10
const CR = 13

const lineAfter = (file: Buffer, at: number): number => {
  const feed = file.indexOf(LF, at)
  return feed < 0 ? file.length : feed + 1
}

const isBetween = (file: Buffer, at: number): boolean => {
  if (file.toString("latin1", at, at + 5) !== "From ") return false
  const feed = file.indexOf(LF, at)
  const line = file.toString("latin1", at, Math.min(feed < 0 ? file.length : feed, at + 300))
  return /\d\d:\d\d/.test(line) && /\b\d{4}\b/.test(line)
}

/** Where the next line between messages begins, or the file's end. */
const nextBetween = (file: Buffer, from: number): number => {
  for (let feed = file.indexOf("\nFrom ", Math.max(0, from - 1)); feed >= 0; feed = file.indexOf("\nFrom ", feed + 1)) {
    const before = file[feed - 1] === CR ? feed - 2 : feed - 1
    if ((feed + 1 === from || file[before] === LF) && isBetween(file, feed + 1)) return feed + 1
  }
  return file.length
}

/** Where the message ends by its own word, if that is true: the file ends there, or another message begins. */
const toldEnd = (file: Buffer, start: number): number | undefined => {
  const head = headEnd(file, start)
  const [, digits] = /^content-length:[ \t]*(\d{1,12})[ \t]*\r?$/im.exec(file.toString("latin1", start, head)) ?? []
  if (digits === undefined) return undefined
  const end = lineAfter(file, head) + Number(digits)
  if (end > file.length) return undefined
  const next = afterBlanks(file, end)
  return next === file.length || isBetween(file, next) ? end : undefined
}

/** Where the empty line after the headers begins; the file's end where there is none. */
const headEnd = (file: Buffer, start: number): number => {
  for (let at = start; at < file.length; at = lineAfter(file, at)) {
    if (file[at] === LF || (file[at] === CR && file[at + 1] === LF) || isBetween(file, at)) return at
  }
  return file.length
}

const afterBlanks = (file: Buffer, at: number): number => {
  let next = at
  while (file[next] === LF || file[next] === CR) next++
  return next
}

const withoutEmptyLine = (file: Buffer, start: number, end: number): number => {
  if (file[end - 1] !== LF) return end
  const last = file[end - 2] === CR ? end - 2 : end - 1
  return last > start && file[last - 1] === LF ? last : end
}

const unquoted = (message: Buffer): Buffer =>
  message.includes(">From ")
    ? Buffer.from(message.toString("latin1").replaceAll(/^>(>*From )/gm, "$1"), "latin1")
    : message
