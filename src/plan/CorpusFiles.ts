/**
 * Reads the messages of --corpus: files of one message, mbox files, Maildirs, and directories of them.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Rewrite from "./Rewrite.js"
import * as Corpus from "./Corpus.js"
import * as CorpusIndex from "./CorpusIndex.js"
import * as CorpusItem from "./CorpusItem.js"
import type * as CorpusOrder from "./CorpusOrder.js"
import * as CorpusPath from "./CorpusPath.js"
import { CorpusStore } from "./CorpusStore.js"
import { FileWindow } from "./FileWindow.js"
import * as Mbox from "./Mbox.js"
import * as PartsFile from "./PartsFile.js"

const option = "--corpus"

/**
 * What of a plan the reading depends on.
 *
 * @since 0.1.0
 * @category models
 */
export interface CorpusPlan {
  readonly mbox: Mbox.Kind
  readonly rewrite?: string | undefined
  readonly unusual: CorpusItem.Unusual
  readonly corpusMemory: number
  readonly toDomain?: string | undefined
}

/**
 * Reads all messages, in the order of their paths and places. Files of more than `corpusMemory` bytes in all stay on disk, where
 * there is a `CorpusStore`: then there is an index of them. Fails where there are no messages, or more than fit.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (
  plan: CorpusPlan,
  texts: ReadonlyArray<string>
): Effect.Effect<Corpus.Corpus, PartsFile.PartsUnusable, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const store = Option.getOrUndefined(yield* Effect.serviceOption(CorpusStore))
    const groups = yield* Effect.forEach(texts.map(CorpusPath.parse), ({ path, weight }) =>
      Effect.map(filesOf(path), (files) => ({ path, weight, files }))
    )
    const size = groups.flatMap(({ files }) => files).reduce((sum, { size }) => sum + size, 0)
    const isLarge = store !== undefined && size > plan.corpusMemory
    const intake = isLarge ? index(plan, store) : collect(plan, groups)
    const counted: Array<CorpusOrder.Group> = []
    for (const { files, path, weight = 0 } of groups) {
      const before = intake.count()
      for (const file of files) yield* intake.file(file.path)
      const count = intake.count() - before
      if (count === 0 && weight > 0) return yield* none(path, intake.end([]))
      counted.push({ count, weight })
    }
    const one = [{ count: intake.count(), weight: 1 }]
    const corpus = intake.end(counted.some(({ weight }) => weight > 0) ? counted : one)
    return intake.count() > 0 ? corpus : yield* none(groups.map(({ path }) => path).join(", "), corpus)
  })

const none = (where: string, { counts: { bareReturn, noRecipients } }: Corpus.Corpus): PartsFile.PartsUnusable => {
  const why = [
    ...(bareReturn > 0 ? [`${bareReturn} with a carriage return that stands alone (see --unusual)`] : []),
    ...(noRecipients > 0 ? [`${noRecipients} whose headers name no recipients`] : [])
  ]
  return new PartsFile.PartsUnusable({ option, reason: [`${where}: no messages`, ...why].join(": ") })
}

const rulesOf = ({ rewrite = "message-id", toDomain, unusual }: CorpusPlan): Corpus.Rules => ({
  rewrite: Either.getOrThrow(Rewrite.parse(rewrite)),
  unusual,
  toDomain
})

/** Takes file after file. */
interface Intake {
  readonly file: (path: string) => Effect.Effect<void, PartsFile.PartsUnusable, FileSystem.FileSystem>
  /** The messages so far. */
  readonly count: () => number
  readonly end: (groups: ReadonlyArray<CorpusOrder.Group>) => Corpus.Corpus
}

const collect = (plan: CorpusPlan, groups: ReadonlyArray<{ readonly path: string }>): Intake => {
  const collector = new Corpus.Collector(rulesOf(plan))
  const file = (path: string) =>
    Effect.gen(function* () {
      const bytes = yield* PartsFile.read(option, path)
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const isQuoted = plan.mbox === "mboxrd" && Mbox.isMbox(buffer)
      for (const { doubtful, end, start } of placesIn(Mbox.ofBuffer(buffer), plan.mbox)) {
        collector.tally.doubtful(doubtful)
        const message = buffer.subarray(start, end)
        collector.add(isQuoted ? CorpusItem.unquoted(message) : message)
      }
      if (collector.length > PartsFile.most) {
        const where = groups.map(({ path }) => path).join(", ")
        return yield* new PartsFile.PartsUnusable({ option, reason: `${where}: more than 512 MB in all` })
      }
    })
  return { file, count: () => collector.count, end: (groups) => collector.end(groups) }
}

/** This many bytes are looked at between two chances for others to run. */
const turn = 16_777_216

/** An index of more messages would be larger than what it saves. */
const mostMessages = 10_000_000

const index = (plan: CorpusPlan, store: CorpusStore["Type"]): Intake => {
  const builder = new CorpusIndex.Builder()
  const tally = new Corpus.Tally(rulesOf(plan), store.isAscii)
  const file = (path: string) =>
    Effect.gen(function* () {
      const scan = indexing({ builder, path, plan, store, tally })
      let done = false
      while (!done) {
        done = yield* Effect.try({
          try: () => scan.next().done === true,
          catch: (error) =>
            new PartsFile.PartsUnusable({
              option,
              reason: `${path}: ${error instanceof Error ? error.message : error}`
            })
        })
        if (builder.count > mostMessages) {
          return yield* new PartsFile.PartsUnusable({ option, reason: `${path}: more than 10 million messages in all` })
        }
        yield* Effect.yieldNow()
      }
    })
  return { file, count: () => builder.count, end: (groups) => ({ messages: builder.end(), groups, ...tally.end() }) }
}

/** Goes through a file, and stops for a moment now and then. */
function* indexing({
  builder,
  path,
  plan,
  store,
  tally
}: {
  readonly builder: CorpusIndex.Builder
  readonly path: string
  readonly plan: CorpusPlan
  readonly store: CorpusStore["Type"]
  readonly tally: Corpus.Tally
}): Generator<void> {
  const file = store.open(path)
  try {
    const { modified, size } = file.state()
    const window = new FileWindow(file, size)
    builder.file({ path, size, modified })
    const isQuoted = plan.mbox === "mboxrd" && Mbox.isBetween(window, 0)
    let seen = 0
    for (const { doubtful, end, start } of placesIn(window, plan.mbox)) {
      tally.doubtful(doubtful)
      if (end - start > Corpus.largest) tally.tooLarge()
      else {
        const raw = window.piece(start, end)
        const message = isQuoted ? CorpusItem.unquoted(raw) : raw
        const survey = tally.take(message)
        const quoted = message === raw ? 0 : CorpusItem.marks.quoted
        if (survey !== undefined) builder.add(start, end - start, { ...survey, marks: survey.marks | quoted })
      }
      if (end - seen < turn) continue
      seen = end
      yield
    }
    const now = file.state()
    if (now.size !== size || now.modified !== modified) throw new Error("changed while it was read")
  } finally {
    file.close()
  }
}

/** The messages of an mbox, or the file as the only one. */
/**
 * Where the messages of a file are: of an mbox, or the only one.
 *
 * @since 0.1.0
 * @category reading
 */
export const placesIn = (file: Mbox.Source, kind: Mbox.Kind): Iterable<Mbox.Place> =>
  Mbox.isBetween(file, 0) ? Mbox.places(file, kind) : [{ doubtful: 0, start: 0, end: file.length }]

/**
 * A file that is read.
 *
 * @since 0.1.0
 * @category models
 */
export interface CorpusFile {
  readonly path: string
  readonly size: number
}

/**
 * The file itself, or those of a directory and of all below it: of a Maildir, what was delivered.
 *
 * @since 0.1.0
 * @category reading
 */
export const filesOf = (
  path: string
): Effect.Effect<ReadonlyArray<CorpusFile>, PartsFile.PartsUnusable, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const { size, type } = yield* PartsFile.named(option, path, fileSystem.stat(path))
    if (type !== "Directory") return [{ path, size: Number(size) }]
    const names = yield* PartsFile.named(option, path, fileSystem.readDirectory(path, { recursive: true }))
    const delivered = names.filter((name) => /(?:^|\/)(?:cur|new)\/[^/]+$/.test(name))
    const wanted = delivered.length > 0 ? delivered : names.filter((name) => !/(?:^|\/)\./.test(name))
    const found: Array<CorpusFile> = []
    for (const name of wanted.sort()) {
      const file = `${path.replace(/\/+$/, "")}/${name}`
      const { size, type } = yield* PartsFile.named(option, file, fileSystem.stat(file))
      if (type === "File") found.push({ path: file, size: Number(size) })
    }
    return found
  })
