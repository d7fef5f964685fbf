/**
 * The responses of an IMAP server (RFC 3501 §7), out of bytes. Pure: no socket, no clock.
 *
 * A response is a line, in which the places of literals are taken by their lengths: `* 1 FETCH (BODY[] {5})`. However the input is
 * cut, the responses are the same. The server cannot grow our memory: lines, literals and their number are bounded.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * One response.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImapResponse {
  /** Without its end, a byte in each character. */
  readonly text: string
  /** In their order. */
  readonly literals: ReadonlyArray<Buffer>
}

/**
 * The server sends what is malformed, or too much.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImapMalformed extends Data.TaggedError("ImapMalformed")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/**
 * The bounds: of a response without its literals, of one literal, and of how many there are in a response.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = { text: 65_536, literal: 67_108_864, literals: 32 } as const

const LF = 10

/**
 * Reads responses. `push` throws `ImapMalformed`, and is of no use afterwards.
 *
 * @since 0.1.0
 * @category models
 */
export class ImapParser {
  private text = ""
  private literals: Array<Buffer> = []
  /** The literal that comes, and how much of it has. */
  private literal: Buffer | undefined
  private filled = 0
  /** The length of the text where the last literal ended: what stands before that is no news. */
  private known = 0

  constructor(private readonly onResponse: (response: ImapResponse) => void) {}

  /** Whether a response has begun that is not all there. */
  get isAmid(): boolean {
    return this.text !== "" || this.literal !== undefined
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length)
      at = this.literal === undefined ? this.line(chunk, at) : this.fill(this.literal, chunk, at)
  }

  private line(chunk: Buffer, start: number): number {
    const feed = chunk.indexOf(LF, start)
    const end = feed < 0 ? chunk.length : feed
    if (this.text.length + end - start > limits.text) throw new ImapMalformed({ reason: "a line is too long" })
    this.text += chunk.toString("latin1", start, end)
    if (feed < 0) return end
    if (this.text.endsWith("\r")) this.text = this.text.slice(0, -1)
    this.ended()
    return feed + 1
  }

  /** A line has come to its end: a literal follows, or nothing. */
  private ended(): void {
    const [, digits] = /\{(\d{1,15})\}$/.exec(this.text.slice(this.known)) ?? []
    if (digits === undefined) {
      const { literals, text } = this
      this.text = ""
      this.known = 0
      this.literals = []
      return this.onResponse({ text, literals })
    }
    const length = Number(digits)
    if (length > limits.literal) throw new ImapMalformed({ reason: `a message of ${length} bytes is too long` })
    if (this.literals.length === limits.literals) throw new ImapMalformed({ reason: "a response is too long" })
    this.literal = Buffer.allocUnsafe(length)
    this.filled = 0
    if (length === 0) this.whole(this.literal)
  }

  private fill(literal: Buffer, chunk: Buffer, start: number): number {
    const copied = chunk.copy(literal, this.filled, start)
    this.filled += copied
    if (this.filled === literal.length) this.whole(literal)
    return start + copied
  }

  private whole(literal: Buffer): void {
    this.literals.push(literal)
    this.known = this.text.length
    this.literal = undefined
  }
}
