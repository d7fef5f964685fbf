/**
 * Where the messages of a corpus are that stays on disk: plain data in memory that threads share, some thirty bytes a message.
 *
 * @since 0.1.0
 */
import type { FileState } from "./CorpusStore.js"
import type { Survey } from "./CorpusItem.js"

/**
 * A file, as it was when it was indexed.
 *
 * @since 0.1.0
 * @category models
 */
export interface IndexedFile extends FileState {
  readonly path: string
}

/**
 * The messages of files.
 *
 * @since 0.1.0
 * @category models
 */
export interface CorpusIndex {
  readonly files: ReadonlyArray<IndexedFile>
  /** Six numbers for each message: its file, where it begins there (the low and the high part), its length, its marks, and where
   * its drops begin. */
  readonly items: Uint32Array
  /** Where lines begin and end that are not sent, in pairs, from the message's beginning on. */
  readonly drops: Uint32Array
}

/**
 * A message of an index.
 *
 * @since 0.1.0
 * @category models
 */
export interface IndexedItem extends Survey {
  readonly file: number
  readonly start: number
  readonly length: number
}

const columns = 6

/**
 * How many messages there are.
 *
 * @since 0.1.0
 * @category destructors
 */
export const count = ({ items }: CorpusIndex): number => items.length / columns

/**
 * The message of this number, from 0.
 *
 * @since 0.1.0
 * @category destructors
 */
export const item = ({ drops, items }: CorpusIndex, index: number): IndexedItem => {
  const at = index * columns
  const own: Array<number> = []
  const end = index + 1 < items.length / columns ? items[at + columns + 5]! : drops.length
  for (let place = items[at + 5]!; place < end; place++) own.push(drops[place]!)
  return {
    file: items[at]!,
    start: items[at + 1]! + items[at + 2]! * 0x1_0000_0000,
    length: items[at + 3]!,
    marks: items[at + 4]!,
    drops: own
  }
}

/**
 * Takes file after file, and message after message of it.
 *
 * @since 0.1.0
 * @category models
 */
export class Builder {
  private readonly files: Array<IndexedFile> = []
  private readonly items = new Numbers()
  private readonly drops = new Numbers()

  file(file: IndexedFile): void {
    this.files.push(file)
  }

  /** A message of the file that came last. */
  add(start: number, length: number, { drops, marks }: Survey): void {
    const high = Math.floor(start / 0x1_0000_0000)
    this.items.push(this.files.length - 1, start % 0x1_0000_0000, high, length, marks, this.drops.length)
    this.drops.push(...drops)
  }

  get count(): number {
    return this.items.length / columns
  }

  end(): CorpusIndex {
    return { files: this.files, items: this.items.shared(), drops: this.drops.shared() }
  }
}

/** Numbers in memory that grows. */
class Numbers {
  private memory = new Uint32Array(4096)
  length = 0

  push(...numbers: ReadonlyArray<number>): void {
    if (this.length + numbers.length > this.memory.length) {
      const larger = new Uint32Array(Math.max(this.memory.length * 2, this.length + numbers.length))
      larger.set(this.memory)
      this.memory = larger
    }
    for (const number of numbers) this.memory[this.length++] = number
  }

  shared(): Uint32Array {
    const made = new Uint32Array(new SharedArrayBuffer(this.length * 4))
    made.set(this.memory.subarray(0, this.length))
    return made
  }
}
