/**
 * Writes messages to files as they come to a sink.
 *
 * Bounded: of each content some kilobytes are in memory. Files and directories are their owner's alone, and no name comes from the
 * network. What cannot be written is told of once for each file, and the message is answered all the same.
 *
 * @since 0.1.0
 */
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Duration from "effect/Duration"
import type { ContentTap, OpenTap } from "../sink/ContentTap.js"
import * as Dump from "../sink/Dump.js"
import * as SystemReason from "./SystemReason.js"

/** How much of a content is kept before it is written. */
const mostKept = 32_768

/**
 * A tap for each request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const taps = (
  requests: ReadonlyArray<Dump.DumpRequest>,
  hostname = "localhost",
  onTrouble: (text: string) => void = () => {}
): ReadonlyArray<OpenTap> =>
  requests.map(({ format, path: template, start }) => {
    const trouble = once(onTrouble)
    return (transaction) => {
      const date = new Date()
      const id = randomBytes(4).toString("hex")
      const head = start + Dump.headOf(transaction, { date, hostname, id })
      const name = Dump.expand(template, date) + (format === "each" ? id : "")
      return format === "each" ? new OwnFile(name, head, trouble) : new SharedFile(name, head, trouble)
    }
  })

/** Tells of the first trouble, and of those that come a minute later. */
const once = (onTrouble: (text: string) => void): ((name: string, error: unknown) => void) => {
  let quietUntil = 0
  return (name, error) => {
    const now = performance.now()
    if (now < quietUntil) return
    quietUntil = now + Duration.toMillis("1 minute")
    onTrouble(`${name}: ${SystemReason.of(error as NodeJS.ErrnoException)}`)
  }
}

type Trouble = (name: string, error: unknown) => void

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants

const open = (name: string, flags: number): number => {
  try {
    return fs.openSync(name, flags, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    fs.mkdirSync(path.dirname(name), { recursive: true, mode: 0o700 })
    return fs.openSync(name, flags, 0o600)
  }
}

const carriageReturn = 13

/** The text of a content with the line ends of this system: smtp-sink(1) leaves out every carriage return. */
abstract class Lines implements ContentTap {
  private readonly kept = Buffer.allocUnsafe(mostKept)
  private used = 0

  constructor(head: string) {
    this.text(head)
  }

  protected abstract write(bytes: Uint8Array): void

  protected text(text: string): void {
    const bytes = Buffer.from(text, "utf8")
    this.add(bytes, 0, bytes.length)
  }

  take(chunk: Uint8Array, start: number, end: number): void {
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, end)
    let at = start
    while (at < end) {
      const found = view.indexOf(carriageReturn, at)
      const to = found < 0 ? end : found
      this.add(chunk, at, to)
      at = to + 1
    }
  }

  private add(chunk: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end) {
      if (this.used === mostKept) this.flush()
      const to = Math.min(end, at + mostKept - this.used)
      this.kept.set(chunk.subarray(at, to), this.used)
      this.used += to - at
      at = to
    }
  }

  protected flush(): void {
    if (this.used > 0) this.write(this.kept.subarray(0, this.used))
    this.used = 0
  }

  abstract end(): void
  abstract lost(): void
}

const writeAll = (descriptor: number, bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(descriptor, bytes, at)
}

/** A file for one message, which goes again where the message does not come to its end. */
class OwnFile extends Lines {
  private descriptor: number | undefined
  private failed = false

  constructor(
    private readonly name: string,
    head: string,
    private readonly trouble: Trouble
  ) {
    super(head)
  }

  protected write(bytes: Uint8Array): void {
    if (this.failed) return
    try {
      this.descriptor ??= open(this.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
      writeAll(this.descriptor, bytes)
    } catch (error) {
      this.failed = true
      this.trouble(this.name, error)
    }
  }

  end(): void {
    this.text("\n")
    this.flush()
    this.close()
  }

  lost(): void {
    const { descriptor, name } = this
    this.close()
    if (descriptor === undefined) return
    try {
      fs.unlinkSync(name)
    } catch (error) {
      this.trouble(name, error)
    }
  }

  private close(): void {
    if (this.descriptor !== undefined) fs.closeSync(this.descriptor)
    this.descriptor = undefined
  }
}

/** A file for all messages. One that fits into memory is written at once; larger ones go to a file aside until they are whole. */
class SharedFile extends Lines {
  private aside: number | undefined
  private failed = false

  constructor(
    private readonly name: string,
    head: string,
    private readonly trouble: Trouble
  ) {
    super(head)
  }

  protected write(bytes: Uint8Array): void {
    this.attempt(() => {
      if (this.aside === undefined) {
        const name = `${this.name}.${randomBytes(8).toString("hex")}`
        this.aside = open(name, fs.constants.O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
        fs.unlinkSync(name)
      }
      writeAll(this.aside, bytes)
    })
  }

  private attempt(work: () => void): void {
    if (this.failed) return
    try {
      work()
    } catch (error) {
      this.failed = true
      this.trouble(this.name, error)
    }
  }

  end(): void {
    this.text("\n")
    if (this.aside === undefined)
      this.write = (bytes) => this.attempt(() => append(this.name, (file) => writeAll(file, bytes)))
    this.flush()
    const { aside } = this
    if (aside === undefined) return
    this.attempt(() => append(this.name, (file) => copy(aside, file)))
    this.close()
  }

  lost(): void {
    this.close()
  }

  private close(): void {
    if (this.aside !== undefined) fs.closeSync(this.aside)
    this.aside = undefined
  }
}

const append = (name: string, work: (descriptor: number) => void): void => {
  const file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW)
  try {
    work(file)
  } finally {
    fs.closeSync(file)
  }
}

const copy = (from: number, to: number): void => {
  const piece = Buffer.allocUnsafe(65_536)
  for (let at = 0; ; ) {
    const read = fs.readSync(from, piece, 0, piece.length, at)
    if (read === 0) return
    writeAll(to, piece.subarray(0, read))
    at += read
  }
}
