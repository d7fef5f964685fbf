/**
 * The reports that --report asks for, each in its form and its place, and the verdicts on the run.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { fileReason } from "../plan/FileReason.js"
import * as Option from "effect/Option"
import type { Plan } from "../plan/Plan.js"
import * as ReportRequest from "../plan/ReportRequest.js"
import * as CsvReport from "../report/CsvReport.js"
import * as HgrmReport from "../report/HgrmReport.js"
import * as HtmlReport from "../report/HtmlReport.js"
import * as JsonReport from "../report/JsonReport.js"
import * as Judgement from "../report/Judgement.js"
import * as JunitReport from "../report/JunitReport.js"
import { Output } from "../report/Output.js"
import * as ProofLines from "../report/ProofLines.js"
import * as PrometheusReport from "../report/PrometheusReport.js"
import type { RunReport } from "../report/RunReport.js"
import * as TextReport from "../report/TextReport.js"
import * as Fatal from "./Fatal.js"
import { ReportUnwritable } from "./ReportUnwritable.js"
import { showsReport } from "./Watching.js"

/**
 * The files of the journals that the plan asks for; undefined is standard output.
 *
 * @since 0.1.0
 * @category running
 */
export const journalsOf = (plan: Plan): ReadonlyArray<string | undefined> =>
  requestsOf(plan).flatMap(({ file, format }) => (format === "ndjson" ? [file] : []))

const requestsOf = ({ report = [] }: Plan): ReadonlyArray<ReportRequest.ReportRequest> =>
  report.flatMap((text) => ReportRequest.parse(text) ?? [])

/**
 * Opens the files, so that it is known before the run if one cannot be written. What is in them stays.
 *
 * @since 0.1.0
 * @category running
 */
export const prepare = (plan: Plan): Effect.Effect<void, ReportUnwritable, FileSystem> =>
  Effect.forEach(
    requestsOf(plan),
    ({ file, format }) => (file === undefined ? Effect.void : writeFile(format, file, "", "a")),
    { discard: true }
  )

/**
 * The report with its verdicts. `aborted` is the one that stopped the run, if one did.
 *
 * @since 0.1.0
 * @category running
 */
export const judge = (report: RunReport, plan: Plan, aborted?: Judgement.Judgement): RunReport =>
  // The plan has read them.
  Judgement.withVerdicts(report, Either.getOrThrow(Judgement.ofPlan(report, plan, aborted)), aborted)

/**
 * Writes the reports, and a line for each verdict that failed where no report on standard error says so. A file that cannot be written is reported, and keeps none of
 * the others. Gives the exit status that follows, 0 or not.
 *
 * @since 0.1.0
 * @category running
 */
export const write = (report: RunReport, plan: Plan): Effect.Effect<number, never, FileSystem | Output> =>
  Effect.gen(function* () {
    const output = yield* Output
    let unwritable = false
    for (const { file, format } of requestsOf(plan)) {
      if (format === "ndjson") continue
      const written = yield* Effect.either(
        file === undefined
          ? Effect.sync(() => output[format === "text" ? "stderr" : "stdout"](faces[format](report)))
          : writeFiles(format, file, report)
      )
      if (written._tag === "Left") {
        unwritable = true
        output.stderr(Fatal.line(written.left.message))
      }
    }
    const failed = (report.verdicts ?? []).filter((verdict) => verdict.failed)
    if (!showsReport(plan)) {
      for (const verdict of failed) {
        output.stderr(Fatal.verdict(verdict.implied === true ? "prove" : verdict.kind, Judgement.sentence(verdict)))
      }
      const hint = report.proof && ProofLines.hintOf(report.proof)
      if (hint !== undefined) output.stderr(`smtp-source: ${hint}\n`)
    }
    if (failed.length > 0) return Fatal.status.verdict
    return unwritable ? Fatal.status.failure : Fatal.status.success
  })

/**
 * What each format is written by.
 *
 * @since 0.1.0
 * @category rendering
 */
export const faces: { readonly [format in ReportRequest.Format]: (report: RunReport) => string } = {
  text: TextReport.render,
  json: JsonReport.render,
  csv: CsvReport.render,
  hgrm: HgrmReport.render,
  prometheus: PrometheusReport.render,
  junit: JunitReport.render,
  html: (report) => HtmlReport.render(report)
}

/**
 * Writes a report to its file. Plotters want each distribution in a file of its own: beside `a.hgrm`, which has the
 * transactions, `a.rcpt-accepted.hgrm`.
 *
 * @since 0.1.0
 * @category running
 */
export const writeFiles = (
  format: ReportRequest.Format,
  file: string,
  report: RunReport
): Effect.Effect<void, ReportUnwritable, FileSystem> => {
  if (format !== "hgrm") return replaceFile(format, file, faces[format](report))
  const all = HgrmReport.distributions(report)
  // The file is that of accepted transactions, and empty where there were none: another distribution is no answer.
  const first = all.find(({ name }) => name === HgrmReport.main)
  const others = all.filter((each) => each !== first)
  const [, stem = "", extension = ""] = /^(.*?[^/])(\.[^./]*)?$/s.exec(file) ?? []
  return Effect.zipRight(
    replaceFile(format, file, first?.text ?? ""),
    Effect.forEach(others, ({ name, text }) => replaceFile(format, `${stem}.${name}${extension}`, text), {
      discard: true
    })
  )
}

/**
 * Writes beside the file and renames: who reads it at any time has the old text or the new one, and a disk that is full leaves
 * the old one. What is no plain file, or lies in a folder that takes no other, is written in place.
 *
 * @since 0.1.0
 * @category running
 */
export const replaceFile = (
  format: ReportRequest.Format,
  file: string,
  text: string
): Effect.Effect<void, ReportUnwritable, FileSystem> =>
  Effect.flatMap(FileSystem, (fileSystem) =>
    Effect.gen(function* () {
      const inPlace = writeFile(format, file, text)
      const place = yield* Effect.option(fileSystem.realPath(file))
      if (Option.isNone(place)) return yield* inPlace
      const info = yield* Effect.option(fileSystem.stat(place.value))
      if (Option.isNone(info) || info.value.type !== "File") return yield* inPlace
      // Not with the file's own ending, by which collectors choose.
      const aside = `${place.value}.new`
      const removed = Effect.ignore(fileSystem.remove(aside))
      // Whatever stands there, a link that somebody has put there among it, is not written through.
      yield* removed
      const replaced = yield* Effect.either(
        Effect.zipRight(
          fileSystem.writeFileString(aside, text, { flag: "wx", mode: info.value.mode & 0o777 }),
          fileSystem.rename(aside, place.value)
        )
      )
      if (Either.isRight(replaced)) return
      const error = replaced.left
      if (error._tag === "SystemError" && error.reason === "PermissionDenied") return yield* inPlace
      yield* removed
      return yield* new ReportUnwritable({ format, file, reason: fileReason(error) })
    })
  )

/**
 * Writes one file.
 *
 * @since 0.1.0
 * @category running
 */
export const writeFile = (
  format: ReportRequest.Kind,
  file: string,
  text: string,
  flag: "a" | "w" = "w"
): Effect.Effect<void, ReportUnwritable, FileSystem> =>
  Effect.flatMap(FileSystem, (fileSystem) =>
    Effect.mapError(
      fileSystem.writeFileString(file, text, { flag }),
      (error) => new ReportUnwritable({ format, file, reason: fileReason(error) })
    )
  )
