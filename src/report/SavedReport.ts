/**
 * Reads back what `--report` wrote as json, html or ndjson.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import * as ArrivalsFile from "./ArrivalsFile.js"
import * as DecodedReport from "./DecodedReport.js"
import { count, counted } from "./Figures.js"
import * as Journal from "./Journal.js"
import type * as RunReport from "./RunReport.js"

/**
 * A text holds no report, or not all of one.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReportUnreadable extends Data.TaggedError("ReportUnreadable")<{
  /** What is wrong, and where. */
  readonly reason: string
}> {
  override get message(): string {
    return this.reason
  }
}

/**
 * The report in a file's text.
 *
 * @since 0.1.0
 * @category parsing
 * @example
 * import * as FileSystem from "@effect/platform/FileSystem"
 * import * as Effect from "effect/Effect"
 * import { MergedReport, SavedReport, TextReport } from "smtp-source"
 *
 * // Several results as one, for people.
 * export const together = (files: ReadonlyArray<string>) =>
 *   Effect.gen(function* () {
 *     const { readFileString } = yield* FileSystem.FileSystem
 *     const texts = yield* Effect.forEach(files, (file) => readFileString(file))
 *     const reports = yield* Effect.forEach(texts, (text) => SavedReport.parse(text))
 *     return TextReport.render(yield* MergedReport.all(reports))
 *   })
 */
export const parse = (text: string): Either.Either<RunReport.RunReport, ReportUnreadable> => {
  const reader = new Reader()
  reader.take(text)
  return Either.mapLeft(reader.report(), (reason) => new ReportUnreadable({ reason }))
}

/** In characters: a text has an end in this language, and a report is far from it. */
const longest = 2 ** 28

/**
 * Reads a file as it comes, in parts. Of a journal, which may be longer than any text can be, no more is kept than its report.
 *
 * @since 0.1.0
 * @category parsing
 */
export class Reader {
  private readonly decoder = new TextDecoder()
  private journal: Journal.Reader | undefined
  /** Of a journal, the line that has not come to its end; of anything else, all. */
  private parts: Array<string> = []
  private length = 0
  private isKnown = false

  /** Takes the next part of the file, in UTF-8. */
  push(chunk: Uint8Array): void {
    this.take(this.decoder.decode(chunk, { stream: true }))
  }

  take(text: string): void {
    if (this.journal !== undefined) return this.takeLines(this.journal, text)
    this.keep(text)
    if (this.isKnown) return
    const begin = this.parts.join("").trimStart()
    if (begin.length < marker.length) return
    this.isKnown = true
    if (!begin.startsWith(marker)) return
    this.parts = []
    this.length = 0
    this.journal = new Journal.Reader()
    this.takeLines(this.journal, begin)
  }

  /** Whether it is longer than any report: there is no use in going on. */
  get isTooLong(): boolean {
    return this.length > longest
  }

  /** What the parts so far hold; the error says what is wrong, and where. */
  report(): Either.Either<RunReport.RunReport, string> {
    if (this.isTooLong) return Either.left(`longer than any report: over ${longest} characters`)
    if (this.journal === undefined) return reportOf(this.parts.join(""))
    return Either.mapBoth(this.journal.told(), { onLeft: (error) => error.message, onRight: ({ report }) => report })
  }

  /** What is wrong with a journal that came to its end all the same, and in which line. */
  warning(): string | undefined {
    const told = this.journal === undefined ? undefined : Either.getOrUndefined(this.journal.told())
    return told?.complete === true ? told.problem?.message : undefined
  }

  private takeLines(journal: Journal.Reader, text: string): void {
    let from = 0
    for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
      this.keep(text.slice(from, to))
      journal.take(this.parts.join(""))
      this.parts = []
      this.length = 0
      from = to + 1
    }
    this.keep(text.slice(from))
  }

  private keep(text: string): void {
    this.length += text.length
    if (text !== "" && this.length <= longest) this.parts.push(text)
  }
}

/**
 * What is said of a file with nothing in it: a run has begun to write it, and has left no more.
 *
 * @since 0.1.0
 * @category constants
 */
export const nothing = "empty: nothing was saved in it"

/**
 * What is said of the file of a sink, which is no result, and goes with one.
 *
 * @since 0.1.0
 * @category constants
 */
export const arrivals = "written by smtp-sink --prove, and no result of a run"

const noResult = "not a result that smtp-source --report json=FILE, html=FILE or ndjson=FILE has saved"

/** What a line of a journal begins with. */
const marker = '{"type":'

const reportOf = (text: string): Either.Either<RunReport.RunReport, string> =>
  Either.gen(function* () {
    if (text.trim() === "") return yield* Either.left(nothing)
    if (text.startsWith(ArrivalsFile.start)) return yield* Either.left(arrivals)
    const json = yield* jsonOf(text)
    const value = yield* Either.try({
      try: (): unknown => JSON.parse(json),
      catch: (error) => (text.trimStart().startsWith("{") ? damaged(json, error) : noResult)
    })
    const isObject = typeof value === "object" && value !== null
    if (isObject && "format" in value && value.format === "smtp-sink/1") {
      return yield* Either.left("a report of smtp-sink: only those of smtp-source can be read")
    }
    const version = isObject && "version" in value ? value.version : undefined
    if (typeof version === "number" && version !== 1 && version !== 2) {
      return yield* Either.left(`version ${version} of the format, of which this smtp-report reads versions 1 and 2`)
    }
    if (version === undefined) return yield* Either.left(noResult)
    return yield* DecodedReport.of(value)
  })

/**
 * What begins as a result, and is none. Of the engine's words, which differ from one version to the next, only the place is told: it
 * has none for a character that may not stand there.
 */
const damaged = (json: string, error: unknown): string => {
  const told = String(error)
  const [, position] = / JSON at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(told) ?? []
  if (position === undefined && !told.endsWith("end of JSON input")) return "damaged: no JSON"
  const place = Number(position ?? json.length)
  return place >= json.trimEnd().length
    ? `damaged: it is cut off after ${counted(json.length, "character")}`
    : `damaged: no JSON from character ${count(place + 1)} on (line ${count(json.slice(0, place).split("\n").length)})`
}

/** An HTML report holds itself as JSON. */
const jsonOf = (text: string): Either.Either<string, string> => {
  if (!/^\s*<!doctype html>/i.test(text)) return Either.right(text)
  const embedded = /<script type="application\/json" id="report">([^<]*)<\/script>/.exec(text)?.[1]
  return embedded === undefined ? Either.left("an HTML page that is no report") : Either.right(embedded)
}
