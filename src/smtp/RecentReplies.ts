/**
 * Replies found again by their bytes. A server says the same few things thousands of times, and mostly in the same order: the
 * usual reply then costs one comparison, and no allocation. Shared by all connections, and bounded.
 *
 * @since 0.1.0
 */
import type { Reply } from "./Reply.js"

/**
 * A reply that was parsed before.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecentReply {
  /** Its line, with the line feed. */
  readonly bytes: Uint8Array
  readonly reply: Reply
  /** What followed it lately. */
  next: RecentReply | undefined
  /** Whether it is still in the table. Only those there lead to others, so that no chain of them grows. */
  kept: boolean
}

/**
 * Whether these bytes stand in `chunk` at `start`, before `end`.
 *
 * @since 0.1.0
 * @category finding
 */
export const standsAt = (bytes: Uint8Array, chunk: Uint8Array, start: number, end: number): boolean => {
  const length = bytes.length
  if (length > end - start) return false
  for (let index = 0; index < length; index++) if (bytes[index] !== chunk[start + index]) return false
  return true
}

/**
 * The reply of one whole line, from `start` up to and with the line feed before `end`, if it was parsed lately.
 *
 * @since 0.1.0
 * @category finding
 */
export const recall = (chunk: Uint8Array, start: number, end: number): RecentReply | undefined => {
  if (!isOfUse(end - start)) return undefined
  const entry = table[slotOf(chunk, start, end)]
  return entry !== undefined && entry.bytes.length === end - start && standsAt(entry.bytes, chunk, start, end)
    ? entry
    : undefined
}

/**
 * Keeps the reply that one whole line was, in place of another.
 *
 * @since 0.1.0
 * @category keeping
 */
export const remember = (chunk: Uint8Array, start: number, end: number, reply: Reply): RecentReply | undefined => {
  if (!isOfUse(end - start)) return undefined
  const slot = slotOf(chunk, start, end)
  const former = table[slot]
  if (former !== undefined) {
    former.kept = false
    former.next = undefined
  }
  // Not slice: that of a Buffer shares its memory, which is overwritten by the next read.
  const bytes = new Uint8Array(chunk.subarray(start, end))
  const entry: RecentReply = { bytes, reply, next: undefined, kept: true }
  table[slot] = entry
  return entry
}

/** How many are kept: a table in which each has one place. */
const slots = 256
const table: Array<RecentReply | undefined> = new Array(slots)

const longest = 256
const isOfUse = (length: number): boolean => length > 2 && length <= longest

const slotOf = (chunk: Uint8Array, start: number, end: number): number => {
  // Replies to different commands differ early: 250 2.1.0, 250 2.1.5.
  let hash = end - start
  const last = Math.min(end, start + 16)
  for (let index = start; index < last; index++) hash = (Math.imul(hash, 31) + chunk[index]!) | 0
  return (hash ^ (hash >>> 8)) & (slots - 1)
}
