/**
 * Files of many messages, each of which gets all of a message or nothing.
 *
 * @since 0.1.0
 */
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { DumpFile, open, type Trouble, writeAll } from "./DumpFile.js"

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_WRONLY } = fs.constants

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
