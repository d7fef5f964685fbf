/**
 * A look at the contents of messages as they come, without keeping them.
 *
 * A tap is given the bytes of a content in pieces, the dots that were stuffed left out, so that what it keeps is up to it. A piece
 * lies in a buffer that is used again: who wants it later copies it.
 *
 * @since 0.1.0
 */

/**
 * A message whose content is about to come.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkTransaction {
  /** The session's number, and the message's in its session, from 1. */
  readonly session: number
  readonly message: number
  /** The client's address, as far as it has one: of a UNIX-domain socket it has none. */
  readonly client: string | undefined
  readonly protocol: "SMTP" | "ESMTP" | "LMTP"
  /** What stood after the last HELO, EHLO or LHLO; undefined where there was none. */
  readonly helo: string | undefined
  readonly sender: string
  /** The recipients that were accepted. */
  readonly recipients: ReadonlyArray<string>
  /** What stood after MAIL FROM: and after each RCPT TO: that was accepted, parameters with it. */
  readonly mailArguments: string
  readonly rcptArguments: ReadonlyArray<string>
}

/**
 * A message to one recipient, of which nothing is known but its content.
 *
 * @since 0.1.0
 * @category constants
 */
export const nobody: SinkTransaction = {
  session: 0,
  message: 0,
  client: undefined,
  protocol: "SMTP",
  helo: undefined,
  sender: "",
  recipients: [""],
  mailArguments: "",
  rcptArguments: []
}

/**
 * What looks at one content. First come its pieces, then either `end` (where it is accepted, after `keep`) or `lost`, once.
 *
 * @since 0.1.0
 * @category models
 */
export interface ContentTap {
  /** The bytes from `start` to `end` of `chunk` come next. */
  readonly take: (chunk: Uint8Array, start: number, end: number) => void
  /** Asked where the content is whole: whether it goes in a circle between servers, and so is to be refused. */
  readonly isLoop?: (() => boolean) | undefined
  /**
   * The content is whole, and is to be accepted for these recipients: what was to be kept of it is kept now. Where that cannot be
   * done, the message is refused, for now, by 451, and `end` says so.
   */
  readonly keep?: ((recipients: ReadonlyArray<string>, reply: string) => boolean) | undefined
  /**
   * The content is whole, and is about to be answered: accepted for these recipients; refused where there are none. `reply` is what
   * is said, to each recipient where LMTP is spoken. It goes out only after this has returned.
   */
  readonly end: (recipients: ReadonlyArray<string>, reply: string) => void
  /** The connection ended, or the content became too large: there is no more of it, and it is not accepted. */
  readonly lost: () => void
}

/**
 * Opens a tap on a message; undefined where it is of no interest.
 *
 * @since 0.1.0
 * @category models
 */
export type OpenTap = (transaction: SinkTransaction) => ContentTap | undefined

/**
 * One tap of several: each is told all.
 *
 * @since 0.1.0
 * @category combinators
 */
export const all = (taps: ReadonlyArray<OpenTap>): OpenTap | undefined => {
  if (taps.length <= 1) return taps[0]
  return (transaction) => {
    const open = taps.flatMap((tap) => tap(transaction) ?? [])
    if (open.length <= 1) return open[0]
    const keeping = open.filter(({ keep }) => keep !== undefined)
    return {
      // Those that come after one that cannot keep it do not.
      keep:
        keeping.length === 0
          ? undefined
          : (recipients, reply) => keeping.every((tap) => tap.keep?.(recipients, reply) !== false),
      take: (chunk, start, end) => {
        for (const tap of open) tap.take(chunk, start, end)
      },
      isLoop: () => open.some((tap) => tap.isLoop?.() === true),
      end: (recipients, reply) => {
        for (const tap of open) tap.end(recipients, reply)
      },
      lost: () => {
        for (const tap of open) tap.lost()
      }
    }
  }
}

/** What is kept of a header. */
const mostHeader = 65_536

/**
 * Keeps the header of a content: what comes before its first empty line, up to 64 KiB.
 *
 * @since 0.1.0
 * @category models
 */
export class HeaderTap implements ContentTap {
  private kept = ""
  private isWhole = false

  take(chunk: Uint8Array, start: number, end: number): void {
    if (this.isWhole) return
    const to = Math.min(end, start + mostHeader - this.kept.length)
    // Where the line end before it came with the last piece, the empty line is found from there.
    const from = Math.max(0, this.kept.length - 3)
    this.kept += Buffer.from(chunk.buffer, chunk.byteOffset + start, to - start).toString("latin1")
    const empty = this.kept.startsWith("\r\n") ? 0 : this.kept.indexOf("\r\n\r\n", from)
    if (empty >= 0) this.kept = this.kept.slice(0, empty)
    this.isWhole = empty >= 0 || this.kept.length >= mostHeader
  }

  /** The header, a byte in each character. */
  get text(): string {
    return this.kept
  }

  end(): void {}
  lost(): void {}
}
