/**
 * The messages of a corpus, one at a time, wherever they are: each thread of a run has a reader of its own.
 *
 * What is on disk is read into memory that is kept: ahead, where messages come in order, and otherwise when its turn comes. It is
 * made ready for DATA then.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Content } from "../smtp/Wire.js"
import * as Corpus from "./Corpus.js"
import * as CorpusIndex from "./CorpusIndex.js"
import * as CorpusItem from "./CorpusItem.js"
import type * as CorpusOrder from "./CorpusOrder.js"
import { CorpusStore, type StoredFile } from "./CorpusStore.js"
import { MadeContent } from "./MadeContent.js"
import { ReadAhead } from "./ReadAhead.js"
import * as Stuffing from "./Stuffing.js"

/**
 * The messages of a corpus.
 *
 * @since 0.1.0
 * @category models
 */
export interface CorpusReader {
  readonly count: number
  readonly groups: ReadonlyArray<CorpusOrder.Group>
  /**
   * A message, from 0, with headers before it, which are ready for DATA; where it has none of its own, an empty line follows them.
   * It says so where it cannot be had: the file is not what it was, or cannot be read.
   */
  readonly message: (index: number, before: string) => Content
  /** Closes what is open. */
  readonly close: () => void
}

/**
 * A reader of a corpus, if there is one, whose files are open as long as the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const scoped = (
  corpus: Corpus.Corpus | undefined
): Effect.Effect<CorpusReader | undefined, never, Scope.Scope> =>
  corpus === undefined
    ? Effect.succeed(undefined)
    : Effect.flatMap(Effect.serviceOption(CorpusStore), (store) =>
        Effect.acquireRelease(
          Effect.sync(() => make(corpus, Option.getOrUndefined(store))),
          (reader) => Effect.sync(() => reader.close())
        )
      )

/**
 * A reader of a corpus. One that is on disk needs a store.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (corpus: Corpus.Corpus, store: CorpusStore["Type"] | undefined): CorpusReader => {
  const { groups, messages } = corpus
  if (!("places" in messages)) {
    // Where plans come in, this was refused.
    if (store === undefined) throw new Error("a corpus on disk, and no CorpusStore")
    return new StoredReader(messages, groups, corpus.unusual, store)
  }
  return {
    count: Corpus.count(corpus),
    groups,
    message: (index, before) => {
      const body = Corpus.message(messages, index)
      const head = above(before, Corpus.isHeadless(messages, index))
      return body.length > Stuffing.longestText
        ? new MadeContent(head, body)
        : new MadeContent(head + Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1"))
    },
    close: () => {}
  }
}

const above = (before: string, isHeadless: boolean): string => (isHeadless && before !== "" ? `${before}\r\n` : before)

/** How many files are open at a time, and of how many there are pieces in memory. */
const mostOpen = 32
const mostAhead = 4

interface OpenFile {
  readonly file: StoredFile
  /** It was found not to be what it was: it is not read any more. */
  isChanged: boolean
  ahead: ReadAhead | undefined
}

const missing = (reason: string): Content => new MadeContent("", undefined, undefined, reason)

/** Larger messages are read into memory of their own, in bytes. */
const keptSize = 1_048_576

class StoredReader implements CorpusReader {
  readonly count: number
  /** The one that was used last comes last. */
  private readonly open = new Map<number, OpenFile>()
  /** Those that are read ahead; the one that was begun last comes last. */
  private readonly ahead: Array<OpenFile> = []
  private kept = Buffer.allocUnsafeSlow(65_536)

  constructor(
    private readonly index: CorpusIndex.CorpusIndex,
    readonly groups: ReadonlyArray<CorpusOrder.Group>,
    private readonly unusual: CorpusItem.Unusual,
    private readonly store: CorpusStore["Type"]
  ) {
    this.count = CorpusIndex.count(index)
  }

  message(index: number, before: string): Content {
    const item = CorpusIndex.item(this.index, index)
    const raw = this.read(item)
    if (typeof raw === "string") return missing(raw)
    const message = (item.marks & CorpusItem.marks.quoted) === 0 ? raw : CorpusItem.unquoted(raw)
    const head = above(before, (item.marks & CorpusItem.marks.headless) !== 0)
    const ready = CorpusItem.ready(message, item, this.unusual, head)
    return Either.isRight(ready) ? new MadeContent(ready.right.head, ready.right.body) : missing(this.changed(item))
  }

  close(): void {
    for (const { file } of this.open.values()) file.close()
    this.open.clear()
    this.ahead.length = 0
  }

  /** The bytes of a message, good until the next one; or why there are none. */
  private read(item: CorpusIndex.IndexedItem): Buffer | string {
    const { length, start } = item
    const known = this.index.files[item.file]!
    try {
      const open = this.fileOf(item.file, known.path)
      if (open.isChanged) return this.changed(item)
      // One that is all of its file is followed by none.
      const read = length < known.size ? this.aheadOf(open, known).bytes(start, length) : undefined
      if (read !== undefined) return read
      const into = this.memory(length)
      const size = open.file.read(into, length, start)
      // Looked at afterwards: what was read before a file changed is what it was.
      const now = open.file.state()
      open.isChanged = size < length || now.size !== known.size || now.modified !== known.modified
      return open.isChanged ? this.changed(item) : into.subarray(0, length)
    } catch (error) {
      return `${known.path}: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  private changed(item: CorpusIndex.IndexedItem): string {
    return `${this.index.files[item.file]!.path}: changed after the run began`
  }

  private memory(length: number): Buffer {
    if (length <= this.kept.length) return this.kept
    const larger = Buffer.allocUnsafeSlow(length > keptSize ? length : Math.min(keptSize, length * 2))
    if (length <= keptSize) this.kept = larger
    return larger
  }

  private aheadOf(open: OpenFile, known: CorpusIndex.IndexedFile): ReadAhead {
    if (open.ahead !== undefined) return open.ahead
    open.ahead = new ReadAhead(open.file, known)
    this.ahead.push(open)
    if (this.ahead.length > mostAhead) this.ahead.shift()!.ahead = undefined
    return open.ahead
  }

  private fileOf(number: number, path: string): OpenFile {
    const known = this.open.get(number)
    if (known !== undefined && this.open.size < mostOpen) return known
    this.open.delete(number)
    const open = known ?? { file: this.store.open(path), isChanged: false, ahead: undefined }
    this.open.set(number, open)
    if (this.open.size > mostOpen) {
      const [oldest] = this.open.keys()
      this.forget(oldest!)
    }
    return open
  }

  private forget(number: number): void {
    const open = this.open.get(number)!
    open.file.close()
    this.open.delete(number)
    const place = this.ahead.indexOf(open)
    if (place >= 0) this.ahead.splice(place, 1)
  }
}
