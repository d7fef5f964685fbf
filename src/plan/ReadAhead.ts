/**
 * A file that is gone through: a piece of it is in memory, and the next one is read meanwhile, so that messages are there when
 * their turn comes, and nobody waits for a disk.
 *
 * Only what is asked for in order, or nearly so, is read ahead; whoever asks for anything else reads it alone.
 *
 * @since 0.1.0
 */
import type { FileState, StoredFile } from "./CorpusStore.js"

/** In bytes: a piece that the processor's cache holds costs less than a larger one. */
const usualSize = 262_144

/** Some of a file. */
interface Piece {
  readonly memory: Buffer
  readonly from: number
  /** Where it ends, as far as it was read. */
  to: number
  /** Nothing is being read into it any more. */
  isRead: boolean
}

/**
 * A file, as it was when it was indexed. Memory is taken when it is first gone through.
 *
 * @since 0.1.0
 * @category models
 */
export class ReadAhead {
  private piece: Piece | undefined
  private next: Piece | undefined
  private spare: Buffer | undefined
  /** Where what was asked for last ended. */
  private end = Number.NaN

  constructor(
    private readonly file: StoredFile,
    private readonly known: FileState,
    private readonly size = usualSize
  ) {}

  /**
   * The bytes that begin there, good until the next call. Nothing where they were not read ahead, or the file is not what it was.
   */
  bytes(start: number, length: number): Buffer | undefined {
    const follows = start >= this.end && start - this.end <= this.size
    this.end = start + length
    const { piece } = this
    if (piece !== undefined && holds(piece, start, length)) return sub(piece, start, length)
    // A message that is not small takes most of a piece: alone it is read once, and not twice.
    if (!follows || length > this.size / 2) return undefined
    const { next } = this
    if (next !== undefined && start < next.from + this.size) {
      // On its way; or it lies in both.
      if (!next.isRead || !holds(next, start, length)) return undefined
      this.spare = piece?.memory
      this.next = undefined
      return this.use(next, start, length)
    }
    const read: Piece = { memory: piece?.memory ?? this.memory(), from: start, to: start, isRead: true }
    this.piece = undefined
    read.to += this.file.read(read.memory, this.lengthFrom(start), start)
    return this.use(read, start, length)
  }

  private use(piece: Piece, start: number, length: number): Buffer | undefined {
    // Looked at after it was read: what was read before a file changed is what it was.
    const { modified, size } = this.file.state()
    const isSame = size === this.known.size && modified === this.known.modified && holds(piece, start, length)
    this.piece = isSame ? piece : undefined
    if (!isSame) return undefined
    this.begin(piece.to)
    return sub(piece, start, length)
  }

  private begin(from: number): void {
    const length = this.lengthFrom(from)
    if (this.file.readAhead === undefined || this.next?.isRead === false || length === 0) return
    const memory = this.next?.memory ?? this.spare ?? this.memory()
    const next: Piece = { memory, from, to: from, isRead: false }
    this.next = next
    this.spare = undefined
    this.file.readAhead(memory, length, from, (read) => {
      next.to += read
      next.isRead = true
    })
  }

  private lengthFrom(place: number): number {
    return Math.max(0, Math.min(this.size, this.known.size - place))
  }

  private memory(): Buffer {
    return Buffer.allocUnsafeSlow(this.size)
  }
}

const holds = ({ from, to }: Piece, start: number, length: number): boolean => start >= from && start + length <= to

const sub = ({ from, memory }: Piece, start: number, length: number): Buffer =>
  memory.subarray(start - from, start - from + length)
