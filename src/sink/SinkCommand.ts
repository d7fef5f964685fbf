/**
 * What a command line says, read in place: its verb, and the address of MAIL and RCPT (RFC 5321 §4.1).
 *
 * @since 0.1.0
 */
import type { Stage } from "../smtp/Stage.js"

/** Looked up once: the global is a getter. */
const { from: viewOf, isBuffer } = Buffer

const SPACE = 32
const QUOTE = 34
const LESS = 60
const GREATER = 62
const BACKSLASH = 92

/**
 * The four letters at `at` in one number, whatever their case.
 *
 * @since 0.1.0
 * @category reading
 */
export const verbOf = (line: Uint8Array, at: number): number =>
  ((line[at]! | 32) << 24) | ((line[at + 1]! | 32) << 16) | ((line[at + 2]! | 32) << 8) | (line[at + 3]! | 32)

const named = (verb: string): number => verbOf(Buffer.from(verb), 0)

/**
 * The text from `start` to `end`.
 *
 * @since 0.1.0
 * @category reading
 */
export const textOf = (line: Uint8Array, start: number, end: number): string =>
  // A view for each text would cost more than the text.
  (isBuffer(line) ? line : viewOf(line.buffer, line.byteOffset, line.length)).toString(undefined, start, end)

/**
 * The verbs that a sink knows.
 *
 * @since 0.1.0
 * @category verbs
 */
export const Verb = {
  MAIL: named("MAIL"),
  RCPT: named("RCPT"),
  DATA: named("DATA"),
  BDAT: named("BDAT"),
  HELO: named("HELO"),
  EHLO: named("EHLO"),
  LHLO: named("LHLO"),
  RSET: named("RSET"),
  QUIT: named("QUIT"),
  NOOP: named("NOOP"),
  VRFY: named("VRFY"),
  AUTH: named("AUTH")
}

/**
 * What may come before TLS where that is required (RFC 3207 §4). BDAT is none of that, and is refused by itself, as there is no
 * sender: its chunk must be read all the same.
 *
 * @since 0.1.0
 * @category verbs
 */
export const beforeTls: ReadonlySet<number> = new Set([Verb.EHLO, Verb.LHLO, Verb.NOOP, Verb.QUIT, Verb.BDAT])

/**
 * The stages of the verbs that may have to wait for TLS. What is not here is `other`.
 *
 * @since 0.1.0
 * @category verbs
 */
export const stageOf: ReadonlyMap<number, Stage> = new Map([
  [Verb.HELO, "hello"],
  [Verb.MAIL, "mail"],
  [Verb.RCPT, "rcpt"],
  [Verb.DATA, "data"],
  [Verb.BDAT, "chunk"],
  [Verb.RSET, "rset"],
  [Verb.AUTH, "auth"]
])

/**
 * What may have to wait for a login (RFC 4954 §6).
 *
 * @since 0.1.0
 * @category verbs
 */
export const afterLogin: ReadonlySet<number> = new Set([Verb.MAIL, Verb.RCPT, Verb.DATA])

/**
 * Whether this is STARTTLS.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isStartTls = (line: Uint8Array, start: number, end: number): boolean =>
  end - start >= 8 &&
  verbOf(line, start) === STAR &&
  verbOf(line, start + 4) === TTLS &&
  (end - start === 8 || line[start + 8] === SPACE)

/**
 * Whether this is XCLIENT with something after it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isXclient = (line: Uint8Array, start: number, end: number): boolean =>
  end - start > 8 && verbOf(line, start) === XCLI && verbOf(line, start + 4) === ENT && line[start + 7] === SPACE

/**
 * Whether the arguments of NOOP, which begin at `at`, ask for the time.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isClock = (line: Uint8Array, at: number, end: number): boolean =>
  end - at === 7 && verbOf(line, at) === X_CL && verbOf(line, at + 3) === LOCK

/**
 * Whether this is a space or a tab.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBlank = (byte: number): boolean => byte === SPACE || byte === 9

/**
 * What stands after the keyword; nothing where that is not there.
 *
 * @since 0.1.0
 * @category reading
 */
export const argumentsOf = (line: Uint8Array, start: number, end: number, keyword: Uint8Array): string => {
  let at = start
  for (let index = 0; index < keyword.length && at < end; index++, at++) {
    if ((line[at]! | 32) !== keyword[index]) return ""
  }
  while (at < end && isBlank(line[at]!)) at++
  return textOf(line, at, end)
}

const X_CL = named("X-CL")
const LOCK = named("LOCK")
const XCLI = named("XCLI")
const ENT = named("ENT ")
const STAR = named("STAR")
const TTLS = named("TTLS")

/**
 * What comes before the address of MAIL, in small letters.
 *
 * @since 0.1.0
 * @category keywords
 */
export const from: Uint8Array = Buffer.from("from:")

/**
 * What comes before the address of RCPT, in small letters.
 *
 * @since 0.1.0
 * @category keywords
 */
export const to: Uint8Array = Buffer.from("to:")

/**
 * Where the address of a command is: one for each session, filled again by each command.
 *
 * @since 0.1.0
 * @category models
 */
export class Path {
  start = 0
  end = 0

  /** Finds the address after `keyword`, in its brackets; returns where the parameters begin, or -1. */
  read(line: Uint8Array, start: number, end: number, keyword: Uint8Array): number {
    let at = start
    for (let index = 0; index < keyword.length; index++, at++) {
      if (at >= end || (line[at]! | 32) !== keyword[index]) return -1
    }
    while (at < end && line[at] === SPACE) at++
    if (at >= end || line[at] !== LESS) return -1
    this.start = ++at
    for (let quoted = false; at < end; at++) {
      const byte = line[at]
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) quoted = !quoted
      else if (byte === GREATER && !quoted) {
        this.end = at++
        return at < end && line[at] !== SPACE ? -1 : at
      }
    }
    return -1
  }
}

/**
 * What BDAT announces (RFC 3030 §2).
 *
 * @since 0.1.0
 * @category models
 */
export interface ChunkCommand {
  readonly length: number
  readonly isLast: boolean
}

/**
 * Reads the arguments of BDAT; undefined where they are none.
 *
 * @since 0.1.0
 * @category reading
 */
export const chunkOf = (line: Uint8Array, start: number, end: number): ChunkCommand | undefined => {
  let at = start
  let length = 0
  for (; at < end && line[at]! >= 48 && line[at]! <= 57; at++) length = length * 10 + line[at]! - 48
  if (at === start || at - start > mostDigits) return undefined
  if (at === end) return { length, isLast: false }
  while (at < end && line[at] === SPACE) at++
  return end - at === 4 && verbOf(line, at) === LAST ? { length, isLast: true } : undefined
}

/** Of a chunk's length: numbers are exact up to there. */
const mostDigits = 15
const LAST = named("LAST")
