/**
 * What a message is kept in on its way into a file.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import * as path from "node:path"

/**
 * Called with what cannot be written.
 *
 * @since 0.1.0
 * @category models
 */
export type Trouble = (name: string, error: unknown) => void

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
    protected name: string,
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

/**
 * Opens a file, whose folders are made where they are missing.
 *
 * @since 0.1.0
 * @category files
 */
export const open = (name: string, flags: number): number => {
  try {
    return fs.openSync(name, flags | fs.constants.O_NOFOLLOW, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    makeFolder(path.dirname(name))
    return fs.openSync(name, flags | fs.constants.O_NOFOLLOW, 0o600)
  }
}

/**
 * Makes a folder, and those that it is in. Not by Node's `recursive`, which tries for ever where a file system has no room for
 * folders, as below /proc.
 *
 * @since 0.1.0
 * @category files
 */
export const makeFolder = (folder: string): void => {
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

/**
 * Writes the first `length` bytes.
 *
 * @since 0.1.0
 * @category files
 */
export const writeAll = (descriptor: number, bytes: Uint8Array, length: number): void => {
  for (let at = 0; at < length; ) at += fs.writeSync(descriptor, bytes, at, length - at)
}
