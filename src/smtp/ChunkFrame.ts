/**
 * Contents in chunks: the bytes of BDAT commands and of what follows them (RFC 3030 §2). Pure.
 *
 * @since 0.1.0
 */
import type { Content } from "./Wire.js"

/**
 * One chunk, with its command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Chunk {
  /** Its command. */
  readonly shown: string
  /** Its command, and what of it is text. */
  readonly bytes: string
  /** The rest of it. */
  readonly body?: Uint8Array | undefined
}

/**
 * All chunks of a content, as they follow each other without a wait.
 *
 * @since 0.1.0
 * @category models
 */
export interface Frame {
  readonly bytes: string
  readonly body?: Uint8Array | undefined
  readonly chunks: number
}

/**
 * The chunks of a content without a final dot, each of `size` bytes but for the last one; without a size, it is one chunk. An
 * empty content is an empty last chunk; any other chunk has bytes in it, as servers refuse those that have not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const cut = ({ body, head }: Content, size: number | undefined): ReadonlyArray<Chunk> => {
  const total = head.length + (body === undefined ? 0 : body.length)
  const chunks: Array<Chunk> = []
  let from = 0
  do {
    const to = size === undefined ? total : Math.min(from + size, total)
    const shown = command(to - from, to === total)
    const rest = to > head.length ? body?.subarray(Math.max(0, from - head.length), to - head.length) : undefined
    chunks.push({ shown, bytes: shown + head.slice(from, to), body: rest })
    from = to
  } while (from < total)
  return chunks
}

/**
 * The same in one write. A body that has commands in it is made once for all messages that are of one length before it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const frame = (content: Content, size: number | undefined): Frame => {
  const { body, head } = content
  const total = head.length + (body === undefined ? 0 : body.length)
  if (size === undefined || total <= size) return { bytes: command(total, true) + head, body, chunks: 1 }
  const chunks = cut(content, size)
  const first = chunks.findIndex((chunk) => chunk.body !== undefined)
  const text = chunks.slice(0, first < 0 ? undefined : first + 1).map(({ bytes }) => bytes)
  return {
    bytes: text.join(""),
    body: first < 0 || body === undefined ? undefined : tail(body, head.length, size, chunks.slice(first)),
    chunks: chunks.length
  }
}

/**
 * A content as text alone, for several in one write.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inText = ({ body, head }: Content): string => (body === undefined ? head : head + textOf(body))

/**
 * The command of a chunk of this many bytes.
 *
 * @since 0.1.0
 * @category encoding
 */
export const command = (length: number, isLast: boolean): string => `BDAT ${length}${isLast ? " LAST" : ""}\r\n`

/** The first of the chunks has its command elsewhere. */
const tail = (body: Uint8Array, before: number, size: number, chunks: ReadonlyArray<Chunk>): Uint8Array => {
  const known = tails.get(body)
  const found = known?.get(`${before} ${size}`)
  if (found !== undefined) return found
  const pieces = chunks.flatMap(({ body: rest = new Uint8Array(0), bytes }, index) =>
    index === 0 ? [rest] : [Buffer.from(bytes, "latin1"), rest]
  )
  const made = Buffer.concat(pieces)
  const kept = known ?? new Map<string, Uint8Array>()
  if (kept.size < mostTails) kept.set(`${before} ${size}`, made)
  tails.set(body, kept)
  return made
}

/** Each is as large as the body. Numbers in addresses make a few lengths of what comes before it. */
const mostTails = 4

const tails = new WeakMap<Uint8Array, Map<string, Uint8Array>>()

const textOf = (body: Uint8Array): string => {
  const known = texts.get(body)
  if (known !== undefined) return known
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1")
  texts.set(body, text)
  return text
}

const texts = new WeakMap<Uint8Array, string>()
