/**
 * What a sink tells of each message that arrives, for proof of delivery: whose it is by its stamp, and whether its body is what was
 * sent. A tap, which keeps nothing but the header while it comes, and the body of a message as far as it is short.
 *
 * The stamp counts in the header alone. A notice of non-delivery has it in the message that it returns, and is told as such.
 *
 * @since 0.1.0
 */
import * as Stamp from "../plan/Stamp.js"
import type { Crc32 } from "../smtp/Checksum.js"
import type { ContentTap, OpenTap, SinkTransaction } from "./ContentTap.js"

/**
 * A content that came whole, whatever it is answered. Its lists are good until the call returns, as its body is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Arrival {
  readonly sender: string
  /** The recipients that were accepted at RCPT. */
  readonly recipients: ReadonlyArray<string>
  /** Those of them that the message was accepted for. */
  readonly confirmed: ReadonlyArray<string>
  /** Whether it was not answered: whoever sent it does not know, and may send it again. */
  readonly isWithheld: boolean
  /** The header, a byte in each character, with the end of its last line. */
  readonly header: string
  /** The stamp in it. */
  readonly stamp: Stamp.Stamp | undefined
  /** Of its body. */
  readonly size: number
  readonly checksum: number
  /** The body, where it is short enough to be kept, and is not what the stamp says. */
  readonly body: Uint8Array | undefined
  /** How many servers it has passed, by the Received headers. */
  readonly hops: number
  /** What a notice of non-delivery returns. */
  readonly returned: Returned | undefined
}

/**
 * A message that a notice of non-delivery returns.
 *
 * @since 0.1.0
 * @category models
 */
export interface Returned {
  readonly stamp: Stamp.Stamp
  /** The recipients that the notice names as failed; none where it names nobody. */
  readonly recipients: ReadonlyArray<string>
  /** Whether it says that delivery is only late. */
  readonly isDelayed: boolean
}

/**
 * The longest header that is read, in bytes. A stamp is on top of it, but for what servers put above.
 *
 * @since 0.1.0
 * @category limits
 */
export const longestHeader = 65_536

/**
 * The longest body that is kept, in bytes.
 *
 * @since 0.1.0
 * @category limits
 */
export const longestBody = 262_144

/** How many buffers are kept for the next bodies. */
const mostSpare = 32

/**
 * Opens a tap on each message, and tells of each content that came whole, before it is answered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tap = (crc32: Crc32, onArrival: (arrival: Arrival) => void): OpenTap => {
  const spare: Array<Buffer> = []
  return (transaction) => new Look(transaction, crc32, onArrival, spare)
}

class Look implements ContentTap {
  /** The header, as far as it has come, until all of it is there. */
  private header: string | undefined = ""
  /** Where the line begins in it of which the end has not come. */
  private line = 0
  private whole = ""
  private stamp: Stamp.Stamp | undefined
  private hops = 0
  private size = 0
  private checksum = 0
  private body: Buffer | undefined
  /** Whether all of the body is there. */
  private keeps = true

  constructor(
    private readonly transaction: SinkTransaction,
    private readonly crc32: Crc32,
    private readonly onArrival: (arrival: Arrival) => void,
    private readonly spare: Array<Buffer>
  ) {}

  take(chunk: Uint8Array, start: number, end: number): void {
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset + start, end - start)
    if (this.header === undefined) this.add(piece)
    else this.begin(this.header, piece)
  }

  /** Looks for the end of the header: nearly always it is near the beginning of the first piece. */
  private begin(held: string, piece: Buffer): void {
    let text = held
    for (const size of [2048, longestHeader]) {
      text = held + piece.toString("latin1", 0, Math.min(size, piece.length))
      const { bodyBegin, headerEnd } = Stamp.divide(text, this.line)
      // A line that goes on is not known yet.
      if (text.indexOf("\r\n", headerEnd) >= 0) return this.divide(held, text, headerEnd, bodyBegin, piece)
      if (size >= piece.length) break
    }
    const end = text.lastIndexOf("\r\n")
    this.line = end < 0 ? 0 : end + 2
    this.header = text
    if (text.length < longestHeader) return
    // What has no end is no header.
    this.keeps = false
    this.divide(held, text, this.line, this.line, piece)
  }

  private divide(held: string, text: string, headerEnd: number, bodyBegin: number, piece: Buffer): void {
    this.header = undefined
    this.read(text.slice(0, headerEnd))
    if (bodyBegin < held.length) this.add(Buffer.from(held.slice(bodyBegin), "latin1"))
    this.add(piece.subarray(Math.max(0, bodyBegin - held.length)))
  }

  /** Reads the header. */
  private read(header: string): void {
    this.whole = header
    this.hops = header.match(received)?.length ?? 0
    this.stamp = stampIn(header, stampLine)
  }

  private add(piece: Buffer): void {
    if (piece.length === 0) return
    this.checksum = this.crc32(piece, this.checksum)
    if (this.keeps) this.hold(piece)
    this.size += piece.length
  }

  private hold(piece: Buffer): void {
    const { size } = this
    const length = size + piece.length
    // Of notices, the end may be what counts, and of others' messages nothing.
    const wanted = this.stamp !== undefined || this.transaction.sender === ""
    if (!wanted || length > longestBody) {
      this.keeps = false
      return
    }
    if (this.body === undefined || this.body.length < length) {
      const larger = this.spare.pop()
      const next = larger !== undefined && larger.length >= length ? larger : Buffer.allocUnsafe(roomFor(length))
      this.body?.copy(next, 0, 0, size)
      this.body = next
    }
    piece.copy(this.body, size)
  }

  isLoop(): boolean {
    this.endHeader()
    return this.hops > Stamp.mostHops
  }

  /** A message that ends in its header has no body. */
  private endHeader(): void {
    if (this.header !== undefined) this.read(this.header)
    this.header = undefined
  }

  end(confirmed: ReadonlyArray<string>, reply: string): void {
    this.endHeader()
    const { checksum, hops, size, stamp } = this
    const { recipients, sender } = this.transaction
    const kept = this.keeps ? (this.body ?? Buffer.alloc(0)).subarray(0, size) : this.body?.subarray(0, 0)
    const isChanged = stamp !== undefined && (stamp.checksum !== checksum || stamp.size !== size)
    this.onArrival({
      sender,
      recipients,
      confirmed,
      isWithheld: confirmed.length === 0 && reply === "",
      header: this.whole,
      stamp,
      size,
      checksum,
      body: isChanged && this.keeps ? kept : undefined,
      hops,
      returned:
        stamp === undefined && sender === "" && kept !== undefined ? returnedIn(kept.toString("latin1")) : undefined
    })
    this.release()
  }

  lost(): void {
    this.release()
  }

  private release(): void {
    if (this.body !== undefined && this.spare.length < mostSpare) this.spare.push(this.body)
    this.body = undefined
  }
}

const roomFor = (length: number): number => Math.min(longestBody, 2 ** Math.ceil(Math.log2(Math.max(4096, length))))

const received = /^received[ \t]*:/gim

/** With the lines that it goes on in. */
const stampLine = new RegExp(`^${Stamp.header}[ \\t]*:([^\\r\\n]*(?:\\r\\n[ \\t][^\\r\\n]*)*)`, "im")
/** In a text that quotes it, too. */
const quotedStamp = new RegExp(`^[> \\t]*${Stamp.header}[ \\t]*:([^\\r\\n]*(?:\\r\\n[ \\t][^\\r\\n]*)*)`, "im")

const stampIn = (text: string, line: RegExp): Stamp.Stamp | undefined => {
  const found = line.exec(text)
  return found === null ? undefined : Stamp.read(found[1]!)
}

/** What a notice returns (RFC 3464): its parts for programs name the recipients, and what became of each. */
const returnedIn = (body: string): Returned | undefined => {
  const stamp = stampIn(body, quotedStamp)
  if (stamp === undefined) return undefined
  const parts = body.split(/\r\n\r\n/)
  const fields = (part: string, name: string) =>
    new RegExp(`^${name}[ \\t]*:[ \\t]*([^\\r\\n]*)`, "im").exec(part)?.[1]?.trim()
  const all = parts.flatMap((part) => {
    const action = fields(part, "action")?.toLowerCase()
    const named = fields(part, "original-recipient") ?? fields(part, "final-recipient")
    return action === undefined || named === undefined ? [] : [{ action, address: named.replace(/^[^;]*;[ \t]*/, "") }]
  })
  const failed = all.filter(({ action }) => action === "failed").map(({ address }) => address)
  return { stamp, recipients: failed, isDelayed: all.length > 0 && failed.length === 0 }
}
