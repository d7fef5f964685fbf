/**
 * Reads the messages of --corpus: files of one message, mbox files, Maildirs, and directories of them.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Corpus from "./Corpus.js"
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
  readonly unusual: "skip" | "space"
}

/**
 * Reads all messages, in the order of their paths and places. Fails where there are none, or more than fit.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (
  { mbox, rewrite = "message-id", unusual }: CorpusPlan,
  paths: ReadonlyArray<string>
): Effect.Effect<Corpus.Corpus, PartsFile.PartsUnusable, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const collector = new Corpus.Collector(Either.getOrThrow(Corpus.parseRewrite(rewrite)), unusual)
    for (const path of paths) {
      for (const file of yield* filesOf(path)) {
        const bytes = yield* PartsFile.read(option, file)
        const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        for (const message of Mbox.isMbox(buffer) ? Mbox.messages(buffer, mbox) : [buffer]) collector.add(message)
        if (collector.length > PartsFile.most) {
          return yield* new PartsFile.PartsUnusable({ option, reason: `${paths.join(", ")}: more than 512 MB in all` })
        }
      }
    }
    const corpus = collector.end()
    if (Corpus.count(corpus) > 0) return corpus
    const why = corpus.skipped > 0 ? `: ${corpus.skipped} with a carriage return that stands alone (see --unusual)` : ""
    return yield* new PartsFile.PartsUnusable({ option, reason: `${paths.join(", ")}: no messages${why}` })
  })

/** The file itself, or those of a directory and of all below it: of a Maildir, what was delivered. */
const filesOf = (path: string): Effect.Effect<ReadonlyArray<string>, PartsFile.PartsUnusable, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const { type } = yield* PartsFile.named(option, path, fileSystem.stat(path))
    if (type !== "Directory") return [path]
    const names = yield* PartsFile.named(option, path, fileSystem.readDirectory(path, { recursive: true }))
    const delivered = names.filter((name) => /(?:^|\/)(?:cur|new)\/[^/]+$/.test(name))
    const wanted = delivered.length > 0 ? delivered : names.filter((name) => !/(?:^|\/)\./.test(name))
    const files = wanted.sort().map((name) => `${path.replace(/\/+$/, "")}/${name}`)
    return yield* Effect.filter(files, (file) =>
      Effect.map(PartsFile.named(option, file, fileSystem.stat(file)), (info) => info.type === "File")
    )
  })
