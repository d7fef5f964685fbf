/**
 * Reads saved results one by one, and adds each to the sum of those before: a thousand of them take no more memory than a few.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { fileReason } from "../plan/FileReason.js"
import * as Comparison from "../report/Comparison.js"
import * as MergedReport from "../report/MergedReport.js"
import { Output } from "../report/Output.js"
import type * as RunReport from "../report/RunReport.js"
import { ReportSum } from "../report/ReportSum.js"
import * as SavedReport from "../report/SavedReport.js"
import * as Summary from "../report/Summary.js"
import * as Printable from "../smtp/Printable.js"

/**
 * Anything that ends the command with one line and exit status 1.
 *
 * @since 0.1.0
 * @category errors
 */
export class Refused extends Data.TaggedError("Refused")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/**
 * What files hold together.
 *
 * @since 0.1.0
 * @category models
 */
export interface Side {
  readonly merged: RunReport.RunReport
  /** One for each file, where they are kept. */
  readonly reports: ReadonlyArray<RunReport.RunReport>
  /** Files among them in which sinks have written down what has come. */
  readonly arrivals: ReadonlyArray<string>
  /** Those that cannot be read, which may be files of sinks, too. */
  readonly absent: ReadonlyArray<Absent>
}

/**
 * A file that cannot be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Absent {
  readonly file: string
  readonly refused: Refused
}

/**
 * How files are read: whether anything is merged that can be, and whether the reports are kept one by one. `seen` has the ids of
 * the runs that were read, and where.
 *
 * @since 0.1.0
 * @category models
 */
export interface Gathering {
  readonly program: string
  readonly force: boolean
  readonly keep: boolean
  readonly seen: Map<string, string>
}

/**
 * Reads the files and adds them up. Fails where one is no result, where they are of different plans or runs, and where a run, or a
 * segment of one, is among them twice, unless both say the same: that is counted once. A file in which a segment has left nothing is
 * reported, and left out. What cannot be read is left to whoever asks for the sum, unless nothing else is there.
 *
 * @since 0.1.0
 * @category running
 */
export const gather = (
  files: ReadonlyArray<string>,
  { force, keep, program, seen }: Gathering
): Effect.Effect<Side, Refused, FileSystem | Output> =>
  Effect.gen(function* () {
    const output = yield* Output
    let first: Saved | undefined
    const sum = new ReportSum()
    const reports: Array<RunReport.RunReport> = []
    const others = { nothing: [] as string[], arrivals: [] as string[] }
    const absent: Array<Absent> = []
    for (const [place, file] of files.entries()) {
      const opened = yield* Effect.either(readerOf(file))
      if (Either.isLeft(opened)) {
        absent.push({ file, refused: opened.left })
        continue
      }
      const report = yield* read(file, opened.right, program)
      if (typeof report === "string") {
        others[report].push(file)
        continue
      }
      const { plan, segments = [] } = report
      const before = force ? undefined : report.ids.flatMap((id) => seen.get(id) ?? [])[0]
      if (before !== undefined && files.indexOf(before) < place && (yield* isAlso(before, report))) {
        output.stderr(`${program}: ${Printable.escape(`${file}: the same result as ${before}`)}: counted once\n`)
        continue
      }
      const saved = { file, report: { plan, segments } }
      const problem = force ? undefined : ((first && problemOf(first, saved)) ?? twice(seen, file, report))
      if (problem !== undefined) return yield* new Refused({ reason: problem })
      for (const id of report.ids) seen.set(id, file)
      first ??= saved
      sum.add(report)
      if (keep) reports.push(report)
    }
    const [one] = others.nothing
    const merged = sum.report()
    if (merged === undefined && absent[0] !== undefined) return yield* absent[0].refused
    if (one !== undefined && merged?.segments === undefined) {
      return yield* new Refused({ reason: `${one === "-" ? "standard input" : one}: ${SavedReport.nothing}` })
    }
    if (merged === undefined) {
      return yield* new Refused({ reason: `${others.arrivals[0]}: ${SavedReport.arrivals}: name the run's file, too` })
    }
    for (const file of others.nothing)
      output.stderr(`${program}: ${Printable.escape(file)}: empty: its segment is lost\n`)
    return { merged: MergedReport.withMissing(merged), reports, arrivals: others.arrivals, absent }
  })

interface Saved {
  readonly file: string
  readonly report: Required<Pick<RunReport.RunReport, "plan" | "segments">>
}

/** Whether a file that was read before says just this. Standard input is not there any more. */
const isAlso = (file: string, report: RunReport.RunReport): Effect.Effect<boolean, Refused, FileSystem> =>
  file === "-"
    ? Effect.succeed(false)
    : Effect.map(readerOf(file), (reader) =>
        Either.match(reader.report(), {
          onLeft: () => false,
          onRight: (before) => JSON.stringify(before) === JSON.stringify(report)
        })
      )

/** `-` is standard input. */
const readerOf = (file: string): Effect.Effect<SavedReport.Reader, Refused, FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem
    const reader = new SavedReport.Reader()
    yield* fileSystem.stream(file === "-" ? "/dev/stdin" : file).pipe(
      // What has no end, such as /dev/zero, is no result.
      Stream.takeUntil(() => reader.isTooLong),
      Stream.runForEach((chunk) => Effect.sync(() => reader.push(chunk))),
      Effect.mapError((error) => new Refused({ reason: `${file}: ${fileReason(error)}` }))
    )
    return reader
  })

/** Of a journal that was cut it is told where it ends. Or what the file has in place of a result. */
const read = (
  file: string,
  reader: SavedReport.Reader,
  program: string
): Effect.Effect<RunReport.RunReport | "nothing" | "arrivals", Refused, Output> =>
  Effect.gen(function* () {
    const output = yield* Output
    const report = reader.report()
    if (Either.isLeft(report)) {
      if (report.left === SavedReport.nothing) return "nothing"
      // It is read again, which a pipe cannot be.
      if (report.left === SavedReport.arrivals && file !== "-") return "arrivals"
      return yield* new Refused({ reason: `${file === "-" ? "standard input" : file}: ${report.left}` })
    }
    const warning = reader.warning()
    if (warning !== undefined) {
      output.stderr(`${program}: ${Printable.escape(file)}: ${warning}; its last line tells the result all the same\n`)
    }
    if (report.right.ended === "cut") {
      output.stderr(`${program}: ${Printable.escape(file)}: ${whereItEnds(report.right)}\n`)
    }
    return report.right
  })

const whereItEnds = ({ elapsed, messages, reason }: RunReport.RunReport): string => {
  const why = reason === undefined ? "" : ` (${Printable.escape(reason)})`
  const { unknown } = messages
  const counts =
    unknown === 0 ? "" : `, and ${Summary.counted(unknown, "message")} ${unknown === 1 ? "counts" : "count"} as unknown`
  const lost = messages.lost === 0 ? "" : `, ${Summary.count(messages.lost)} as lost`
  return `the run was cut; what is known of it ends after ${Summary.duration(elapsed / 1000)}${why}${counts}${lost}`
}

/** Results add up to one where all of them are of the same plan, and of the same run where they are segments. */
const problemOf = (first: Saved, other: Saved): string | undefined => {
  const discord = MergedReport.discord(first.report, other.report)
  if (discord !== undefined) return `${first.file} and ${other.file}: ${discord}; --force merges them all the same`
  const [difference] = Comparison.planDifferences(first.report, other.report)
  if (difference === undefined) return undefined
  const [one, two] = [difference.before, difference.after].map((value) =>
    value === undefined ? "not set" : JSON.stringify(value)
  )
  return `${first.file} and ${other.file} are of different plans: ${difference.field} is ${one}, and ${two}; --force merges them all the same`
}

/** No run counts twice, whether from the same file or from its journal and its report. */
const twice = (
  seen: ReadonlyMap<string, string>,
  file: string,
  { ids, segments = [] }: RunReport.RunReport
): string | undefined => {
  const id = ids.find((each) => seen.has(each))
  if (id === undefined) return undefined
  const what = segments.length === 0 ? "run" : "segment"
  return `${seen.get(id)} and ${file} hold the same ${what}; --force counts it all the same`
}
