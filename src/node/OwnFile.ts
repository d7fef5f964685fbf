/**
 * Files of one message each.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { DumpFile, makeFolder, open, type Trouble, writeAll } from "./DumpFile.js"

const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants

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
