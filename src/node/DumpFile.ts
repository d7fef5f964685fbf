/**
 * Files that a message is written to: its own, or one of many messages, which gets all of it or nothing.
 *
 * @since 0.1.0
 */
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"

/**
 * Called with what cannot be written.
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

/** The rooms of messages that are done: the next ones begin with them. */
const spare: Array<Buffer> = []
const mostSpare = 32

/** Fewer bytes than this are copied one by one: to make a view of them would take longer. */
const shortPiece = 96

/**
 * A message on its way into a file. At its end it is kept, or dropped.
 *
 * @since 0.1.0
 * @category models
 */
export abstract class DumpFile {
  private kept = spare.pop() ?? Buffer.allocUnsafe(leastKept)
  private used = 0
  private hasFailed = false

  constructor(
    protected readonly name: string,
    private readonly trouble: Trouble
  ) {}

  /** Tells whether all of it is there. Where it is not, nothing is. */
  abstract keep(): boolean
  abstract drop(): void
  /** Writes the first bytes, this many, which may be changed afterwards. */
  protected abstract write(bytes: Uint8Array, length: number): void

  text(text: string): void {
    // A character comes to three bytes at most.
    if (3 * text.length <= this.kept.length - this.used) {
      this.used += this.kept.write(text, this.used, "utf8")
    } else {
      const bytes = Buffer.from(text, "utf8")
      this.add(bytes, 0, bytes.length)
    }
  }

  add(chunk: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end) {
      if (this.used === this.kept.length) this.makeRoom()
      const { kept, used } = this
      const size = Math.min(end - at, kept.length - used)
      if (size < shortPiece) {
        for (let index = 0; index < size; index++) kept[used + index] = chunk[at + index]!
      } else {
        kept.set(chunk.subarray(at, at + size), used)
      }
      this.used = used + size
      at += size
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
    if (used > 0) this.attempt(() => this.write(kept, used))
  }

  /** Nothing more comes. */
  protected done(): void {
    if (this.kept === nothing) return
    if (spare.length < mostSpare) spare.push(this.kept)
    this.kept = nothing
    this.used = 0
  }

  /** After the first failure nothing more is tried. */
  protected attempt(work: () => void): void {
    if (this.hasFailed) return
    try {
      work()
    } catch (error) {
      this.failed(error)
    }
  }

  protected get isSound(): boolean {
    return !this.hasFailed
  }

  protected failed(error: unknown): void {
    if (!this.hasFailed) this.trouble(this.name, error)
    this.hasFailed = true
  }

  /** Closes a file, whatever failed before: some tell only then that they are not written. */
  protected closeFile(descriptor: number | undefined): void {
    if (descriptor === undefined) return
    try {
      fs.closeSync(descriptor)
    } catch (error) {
      this.failed(error)
    }
  }
}

const nothing = Buffer.alloc(0)

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

const writeAll = (descriptor: number, bytes: Uint8Array, length: number): void => {
  for (let at = 0; at < length; ) at += fs.writeSync(descriptor, bytes, at, length - at)
}

/**
 * A file for one message, which goes again where the message is dropped, and is moved where it is kept, if it has a name for that.
 *
 * @since 0.1.0
 * @category models
 */
export class OwnFile extends DumpFile {
  private descriptor: number | undefined
  /** The file was not there before. */
  private isMade = false

  constructor(
    name: string,
    trouble: Trouble,
    private readonly moved?: string | undefined
  ) {
    super(name, trouble)
  }

  protected write(bytes: Uint8Array, length: number): void {
    writeAll(this.opened(), bytes, length)
  }

  private opened(): number {
    this.descriptor ??= open(this.name, O_WRONLY | O_CREAT | O_EXCL)
    this.isMade = true
    return this.descriptor
  }

  keep(): boolean {
    this.flush()
    // An empty message is a file, too.
    if (this.descriptor === undefined) this.attempt(() => this.opened())
    this.close()
    const { moved } = this
    if (moved !== undefined) {
      this.attempt(() => {
        makeFolder(path.dirname(moved))
        fs.renameSync(this.name, moved)
      })
    }
    if (!this.isSound && this.isMade) this.remove()
    return this.isSound
  }

  drop(): void {
    const isThere = this.descriptor !== undefined
    this.close()
    if (isThere) this.remove()
  }

  /** Whatever failed before: half a message is none. */
  private remove(): void {
    try {
      fs.rmSync(this.name, { force: true })
    } catch (error) {
      this.failed(error)
    }
  }

  private close(): void {
    this.closeFile(this.descriptor)
    this.descriptor = undefined
    this.done()
  }
}

/**
 * A file that stays open for as long as this turn of the event loop takes: messages of several sessions that end in it are
 * appended one by one, and it is opened once. By the next turn whoever moves files may have moved it.
 *
 * @since 0.1.0
 * @category models
 */
export class OpenFile {
  private name = ""
  private descriptor: number | undefined

  constructor(private readonly trouble: Trouble) {}

  /** The file, to be appended to in this turn. */
  append(name: string): number {
    if (this.descriptor !== undefined && this.name === name) return this.descriptor
    if (this.descriptor === undefined) setImmediate(this.close)
    else this.close()
    this.descriptor = open(name, O_WRONLY | O_CREAT | O_APPEND)
    this.name = name
    return this.descriptor
  }

  private readonly close = (): void => {
    const { descriptor } = this
    this.descriptor = undefined
    if (descriptor === undefined) return
    try {
      fs.closeSync(descriptor)
    } catch (error) {
      this.trouble(this.name, error)
    }
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

  constructor(
    name: string,
    trouble: Trouble,
    private readonly file = new OpenFile(trouble)
  ) {
    super(name, trouble)
  }

  protected write(bytes: Uint8Array, length: number): void {
    if (this.isWhole && this.aside === undefined) {
      return appendWhole(this.file.append(this.name), (write) => write(bytes, length))
    }
    if (this.aside === undefined) {
      const name = `${this.name}.${randomBytes(8).toString("hex")}`
      this.aside = open(name, O_RDWR | O_CREAT | O_EXCL)
      fs.unlinkSync(name)
    }
    writeAll(this.aside, bytes, length)
  }

  keep(): boolean {
    this.isWhole = true
    this.flush()
    const { aside } = this
    if (aside !== undefined) {
      this.attempt(() => appendWhole(this.file.append(this.name), (write) => copy(aside, write)))
    }
    this.drop()
    return this.isSound
  }

  drop(): void {
    this.closeFile(this.aside)
    this.aside = undefined
    this.done()
  }
}

type Write = (bytes: Uint8Array, length: number) => void

/** Appends all that `work` writes, or takes away again what it has written: nobody else writes to the file in this turn of ours. */
const appendWhole = (descriptor: number, work: (write: Write) => void): void => {
  let written = 0
  try {
    work((bytes, length) => {
      for (let at = 0; at < length; ) {
        const size = fs.writeSync(descriptor, bytes, at, length - at)
        at += size
        written += size
      }
    })
  } catch (error) {
    if (written > 0) fs.ftruncateSync(descriptor, fs.fstatSync(descriptor).size - written)
    throw error
  }
}

const copy = (from: number, write: Write): void => {
  const piece = Buffer.allocUnsafe(65_536)
  for (let at = 0; ; ) {
    const read = fs.readSync(from, piece, 0, piece.length, at)
    if (read === 0) return
    write(piece, read)
    at += read
  }
}
