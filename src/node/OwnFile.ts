/**
 * Files of one message each.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { DumpFile, makeFolder, open, type Trouble, writeAll } from "./DumpFile.js"

const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants

/** How many names are tried before it is said that a file is there already. */
const mostNames = 16

/**
 * Where a file of one message goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface OwnFileOptions {
  /** Its name once it is kept, if that is another. */
  readonly moved?: string | undefined
  /** Gives another name, where a file has the one that was drawn. */
  readonly redraw?: (() => string) | undefined
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
    private readonly options: OwnFileOptions = {}
  ) {
    super(name, trouble)
  }

  protected write(bytes: Uint8Array, length: number): void {
    writeAll(this.opened(), bytes, length)
  }

  private opened(): number {
    this.descriptor ??= this.make()
    this.isMade = true
    return this.descriptor
  }

  /** Of names that are drawn, one comes twice among some ten thousand. */
  private make(): number {
    const { redraw } = this.options
    for (let left = mostNames; ; left--) {
      try {
        return open(this.name, O_WRONLY | O_CREAT | O_EXCL)
      } catch (error) {
        if (redraw === undefined || left === 1 || (error as NodeJS.ErrnoException).code !== "EEXIST") throw error
        this.name = redraw()
      }
    }
  }

  keep(): boolean {
    this.flush()
    // An empty message is a file, too.
    if (this.descriptor === undefined) this.attempt(() => this.opened())
    this.close()
    const { moved } = this.options
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
