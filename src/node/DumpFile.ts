/**
 * Files that a message is written to: its own, or one of many messages, which gets all of it or nothing.
 *
 * @since 0.1.0
 */
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"

/**
 * Told of what cannot be written.
 *
 * @since 0.1.0
 * @category models
 */
export type Trouble = (name: string, error: unknown) => void

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, O_WRONLY } = fs.constants

/** How much is kept before it is written. */
const mostKept = 32_768

/** How much room a message begins with. */
const leastKept = 2048

/**
 * A message on its way into a file. At its end it is kept, or dropped.
 *
 * @since 0.1.0
 * @category models
 */
export abstract class DumpFile {
  private kept = Buffer.allocUnsafe(leastKept)
  private used = 0
  private hasFailed = false

  constructor(
    protected readonly name: string,
    private readonly trouble: Trouble
  ) {}

  abstract keep(): void
  abstract drop(): void
  protected abstract write(bytes: Uint8Array): void

  text(text: string): void {
    const bytes = Buffer.from(text, "utf8")
    this.add(bytes, 0, bytes.length)
  }

  add(chunk: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end) {
      if (this.used === this.kept.length) this.makeRoom()
      const to = Math.min(end, at + this.kept.length - this.used)
      this.kept.set(chunk.subarray(at, to), this.used)
      this.used += to - at
      at = to
    }
  }

  private makeRoom(): void {
    if (this.kept.length >= mostKept) return this.flush()
    const larger = Buffer.allocUnsafe(Math.min(mostKept, 4 * this.kept.length))
    larger.set(this.kept)
    this.kept = larger
  }

  protected flush(): void {
    const { kept, used } = this
    this.used = 0
    if (used > 0) this.attempt(() => this.write(kept.subarray(0, used)))
  }

  /** After the first failure nothing more is tried. */
  protected attempt(work: () => void): void {
    if (this.hasFailed) return
    try {
      work()
    } catch (error) {
      this.hasFailed = true
      this.trouble(this.name, error)
    }
  }
}

/** Opens a file, whose folders are made where they are missing. */
const open = (name: string, flags: number): number => {
  try {
    return fs.openSync(name, flags | O_NOFOLLOW, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    makeFolder(path.dirname(name))
    return fs.openSync(name, flags | O_NOFOLLOW, 0o600)
  }
}

/**
 * Makes a folder, and those that it is in. Not by Node's `recursive`, which tries for ever where a file system has no room for
 * folders, as below /proc.
 */
const makeFolder = (folder: string): void => {
  const make = () => fs.mkdirSync(folder, { mode: 0o700 })
  try {
    make()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EEXIST") return
    const parent = path.dirname(folder)
    if (code !== "ENOENT" || parent === folder) throw error
    makeFolder(parent)
    make()
  }
}

const writeAll = (descriptor: number, bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(descriptor, bytes, at)
}

/**
 * A file for one message, which goes again where the message is dropped, and is moved where it is kept, if it has a name for that.
 *
 * @since 0.1.0
 * @category models
 */
export class OwnFile extends DumpFile {
  private descriptor: number | undefined

  constructor(
    name: string,
    trouble: Trouble,
    private readonly moved?: string | undefined
  ) {
    super(name, trouble)
  }

  protected write(bytes: Uint8Array): void {
    this.descriptor ??= open(this.name, O_WRONLY | O_CREAT | O_EXCL)
    writeAll(this.descriptor, bytes)
  }

  keep(): void {
    this.flush()
    // An empty message is a file, too.
    this.attempt(() => this.write(Buffer.alloc(0)))
    this.close()
    const { moved } = this
    if (moved === undefined) return
    this.attempt(() => {
      makeFolder(path.dirname(moved))
      fs.renameSync(this.name, moved)
    })
  }

  drop(): void {
    const isThere = this.descriptor !== undefined
    this.close()
    if (isThere) this.attempt(() => fs.unlinkSync(this.name))
  }

  private close(): void {
    if (this.descriptor !== undefined) fs.closeSync(this.descriptor)
    this.descriptor = undefined
  }
}

/**
 * A file for many messages. A message that fits into memory is appended at once; a larger one goes to a file aside until it is whole.
 *
 * @since 0.1.0
 * @category models
 */
export class SharedFile extends DumpFile {
  private aside: number | undefined
  private isWhole = false

  protected write(bytes: Uint8Array): void {
    if (this.isWhole && this.aside === undefined) return append(this.name, (file) => writeAll(file, bytes))
    if (this.aside === undefined) {
      const name = `${this.name}.${randomBytes(8).toString("hex")}`
      this.aside = open(name, O_RDWR | O_CREAT | O_EXCL)
      fs.unlinkSync(name)
    }
    writeAll(this.aside, bytes)
  }

  keep(): void {
    this.isWhole = true
    this.flush()
    const { aside } = this
    if (aside !== undefined) this.attempt(() => append(this.name, (file) => copy(aside, file)))
    this.drop()
  }

  drop(): void {
    if (this.aside !== undefined) fs.closeSync(this.aside)
    this.aside = undefined
  }
}

const append = (name: string, work: (descriptor: number) => void): void => {
  const file = open(name, O_WRONLY | O_CREAT | O_APPEND)
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
