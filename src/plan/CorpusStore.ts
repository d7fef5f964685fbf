/**
 * Files that are read piece by piece, at any place, while a run goes on: whoever has a disk provides it.
 *
 * Plain functions: a message is made between two replies, where nothing can be waited for. What is in the system's cache costs
 * microseconds to read; what is not keeps the thread waiting for the disk.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * What of a file tells whether it is still the one that was read before.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileState {
  /** In bytes. */
  readonly size: number
  /** When its content was changed last, in milliseconds since 1970, with fractions. */
  readonly modified: number
}

/**
 * A file that is open for reading.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredFile {
  /**
   * Fills the beginning of `into` with this many bytes from that place on, and tells how many there were. Throws where the system
   * does not let it.
   */
  readonly read: (into: Uint8Array, length: number, position: number) => number
  /**
   * The same, while the run goes on: `done` is told later how many there were, or 0 where the system does not let it. Left out
   * where nothing is read meanwhile.
   */
  readonly readAhead?:
    | ((into: Uint8Array, length: number, position: number, done: (read: number) => void) => void)
    | undefined
  /** As it is now. Throws where the system does not tell. */
  readonly state: () => FileState
  /** Ends what is read meanwhile, too. */
  readonly close: () => void
}

/**
 * Opens files.
 *
 * @since 0.1.0
 * @category services
 */
export class CorpusStore extends Context.Tag("smtp-source/CorpusStore")<
  CorpusStore,
  {
    /** Throws where the file does not exist, or cannot be read. */
    readonly open: (path: string) => StoredFile
    /** Whether no byte is beyond ASCII. */
    readonly isAscii: (bytes: Uint8Array) => boolean
  }
>() {}
