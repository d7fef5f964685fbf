/**
 * Writes messages to files as they come to a sink.
 *
 * Bounded: of each content some kilobytes are in memory. Files and directories are their owner's alone, and no name comes from the
 * network. What cannot be written is reported, at most once a minute for each request, and the message is refused.
 *
 * @since 0.1.0
 */
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as zlib from "node:zlib"
import * as Stamp from "../plan/Stamp.js"
import { type ContentTap, HeaderTap, type OpenTap, type SinkTransaction } from "../sink/ContentTap.js"
import * as Dump from "../sink/Dump.js"
import * as DumpLines from "../sink/DumpLines.js"
import type { DumpFile, Trouble } from "./DumpFile.js"
import { OwnFile } from "./OwnFile.js"
import { OpenFile, SharedFile } from "./SharedFile.js"
import * as SystemReason from "./SystemReason.js"

/**
 * A tap for each request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const taps = (
  requests: ReadonlyArray<Dump.DumpRequest>,
  hostname = "localhost",
  onTrouble: (text: string, format: Dump.DumpRequest["format"]) => void = () => {}
): ReadonlyArray<OpenTap> => {
  // What becomes of a message is reported when it is known whether the others have it.
  const inOrder = [...requests].sort(
    (one, other) => Number(one.format === "ndjson") - Number(other.format === "ndjson")
  )
  return inOrder.map((request) =>
    tapOf(
      request,
      hostname,
      sometimes((text) => onTrouble(text, request.format))
    )
  )
}

/**
 * Why one of the files or folders cannot be written by this process; undefined where nothing is known against it.
 *
 * @since 0.1.0
 * @category getters
 */
export const problemOf = (requests: ReadonlyArray<Dump.DumpRequest>): string | undefined => {
  for (const request of requests) {
    const isEach = request.format === "each"
    const name = isEach || request.format === "all" ? Dump.expand(request.path, new Date()) : request.path
    try {
      const isFolder = isEach || request.format === "eml" || request.format === "maildir"
      tryWriting(isEach ? path.dirname(`${name}x`) : name, isFolder)
    } catch (error) {
      return `${request.path}: ${SystemReason.of(error as NodeJS.ErrnoException)}`
    }
  }
  return undefined
}

/** Throws where it cannot be written, or be made. */
const tryWriting = (name: string, isFolder: boolean): void => {
  const found = fs.statSync(name, { throwIfNoEntry: false })
  if (found === undefined) return tryWriting(path.dirname(path.resolve(name)), true)
  if (isFolder && !found.isDirectory())
    throw Object.assign(new Error(), { code: "ENOTDIR", errno: -os.constants.errno.ENOTDIR })
  if (!isFolder && found.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" })
  fs.accessSync(name, isFolder ? fs.constants.W_OK | fs.constants.X_OK : fs.constants.W_OK)
}

const tapOf = (request: Dump.DumpRequest, hostname: string, trouble: Trouble): OpenTap => {
  const shared = new OpenFile(trouble)
  switch (request.format) {
    case "each":
    case "all": {
      const nameAt = Dump.expanding(request.path)
      const draw = digits(8)
      return (transaction) => {
        const date = new Date()
        const id = draw()
        const name = nameAt(date)
        const file =
          request.format === "each"
            ? new OwnFile(name + id, trouble, { redraw: () => name + draw() })
            : new SharedFile(name, trouble, shared)
        const head = request.start + Dump.headOf(transaction, { date, hostname, id })
        return new Written(file, head, DumpLines.withoutReturns(), "\n", true)
      }
    }
    case "eml": {
      const draw = digits(12)
      return () => {
        const name = () => path.join(request.path, `${Date.now()}-${draw()}.eml`)
        return new Written(new OwnFile(name(), trouble, { redraw: name }), "", DumpLines.raw(), "", false)
      }
    }
    case "maildir": {
      let number = 0
      return (transaction) => {
        const now = performance.timeOrigin + performance.now()
        const micros = String(Math.floor((now % 1000) * 1000)).padStart(6, "0")
        const name = `${Math.floor(now / 1000)}.M${micros}P${process.pid}Q${++number}.${host}`
        const file = new OwnFile(path.join(request.path, "tmp", name), trouble, {
          moved: path.join(request.path, "new", name)
        })
        return new Written(file, Dump.deliveryOf(transaction), DumpLines.unix(), "", false)
      }
    }
    case "mbox":
      return (transaction) => {
        const head = Dump.fromLine(transaction, new Date()) + Dump.deliveryOf(transaction)
        return new Written(new SharedFile(request.path, trouble, shared), head, DumpLines.mboxrd(), "\n", false)
      }
    case "ndjson":
      return (transaction) => new Told(new SharedFile(request.path, trouble, shared), transaction)
  }
}

/** Draws this many digits at random, those of many names at once: to draw them takes as long as to write a short file. */
const digits = (length: number): (() => string) => {
  let drawn = ""
  let at = 0
  return () => {
    if (at === drawn.length) {
      drawn = randomBytes(128 * length).toString("hex")
      at = 0
    }
    at += length
    return drawn.slice(at - length, at)
  }
}

/** As Maildir has names: without what would divide them. */
const host = os.hostname().replaceAll("/", "\\057").replaceAll(":", "\\072")

/** Tells of the first trouble, and of those that come a minute later. */
const sometimes = (onTrouble: (text: string) => void): Trouble => {
  let quietUntil = 0
  return (name, error) => {
    const now = performance.now()
    if (now < quietUntil) return
    quietUntil = now + 60_000
    onTrouble(`${name}: ${SystemReason.of(error as NodeJS.ErrnoException)}`)
  }
}

/** A content on its way into a file. */
class Written implements ContentTap {
  private readonly emit: DumpLines.Emit
  private isDone = false

  constructor(
    private readonly file: DumpFile,
    head: string,
    private readonly lines: DumpLines.DumpLines,
    private readonly tail: string,
    /** Whether messages that are refused are written, too. */
    private readonly keepsAll: boolean
  ) {
    this.emit = (chunk, start, end) => file.add(chunk, start, end)
    file.text(head)
  }

  take(chunk: Uint8Array, start: number, end: number): void {
    this.lines.take(chunk, start, end, this.emit)
  }

  keep(): boolean {
    this.isDone = true
    this.lines.end(this.emit)
    this.file.text(this.tail)
    return this.file.keep()
  }

  /** What was accepted is there already. */
  end(): void {
    if (this.isDone) return
    if (this.keepsAll) this.keep()
    else this.file.drop()
  }

  lost(): void {
    this.file.drop()
  }
}

/**
 * What a line about a message holds.
 *
 * @since 0.1.0
 * @category formatting
 */
export const lineOf = (
  { client, helo, message, protocol, recipients, sender, session }: SinkTransaction,
  { accepted, reply, size }: { readonly accepted: ReadonlyArray<string>; readonly reply: string; readonly size: number }
) => {
  const isTaken = new Set(accepted)
  return {
    time: new Date().toISOString(),
    session,
    message,
    client: client ?? null,
    protocol,
    helo: helo ?? null,
    sender,
    recipients: recipients.map((address) => ({ address, accepted: isTaken.has(address) })),
    size,
    reply: reply.trimEnd()
  }
}

/** Which message of which run of smtp-source --prove it is, and when it was sent, in microseconds since 1970. */
const stampIn = (header: string) => {
  const [, value = ""] = stampLine.exec(header) ?? []
  const stamp = value === "" ? undefined : Stamp.read(value)
  if (stamp === undefined) return {}
  const { message, run, sentAt } = stamp
  return { stamp: { run, message, sentAt } }
}

const stampLine = new RegExp(`^${Stamp.header}:(.*(?:\\r\\n[ \\t].*)*)`, "im")

/** A line about a message. */
class Told implements ContentTap {
  private readonly header = new HeaderTap()
  private size = 0
  private crc = 0
  private isDone = false

  constructor(
    private readonly file: DumpFile,
    private readonly transaction: SinkTransaction
  ) {}

  take(chunk: Uint8Array, start: number, end: number): void {
    this.size += end - start
    this.header.take(chunk, start, end)
    // Node has it from 20.15 on.
    if (typeof zlib.crc32 === "function") this.crc = zlib.crc32(chunk.subarray(start, end), this.crc)
  }

  end(accepted: ReadonlyArray<string>, reply: string): void {
    if (!this.isDone) this.keep(accepted, reply)
  }

  keep(accepted: ReadonlyArray<string>, reply: string): boolean {
    this.isDone = true
    const { crc, size, transaction } = this
    const crc32 = crc.toString(16).padStart(8, "0")
    const line = { ...lineOf(transaction, { accepted, reply, size }), crc32, ...stampIn(this.header.text) }
    this.file.text(`${JSON.stringify(line)}\n`)
    return this.file.keep()
  }

  lost(): void {
    this.file.drop()
  }
}
