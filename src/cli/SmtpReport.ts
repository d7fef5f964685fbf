/**
 * The command smtp-report: reads saved results, puts those of one plan together, shows them in any form, judges them, and
 * sets two sides against each other.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as AboutItself from "./AboutItself.js"
import type { ImapTransport } from "../imap/ImapTransport.js"
import * as ImapUrl from "../imap/ImapUrl.js"
import * as ReadingPlan from "../plan/ReadingPlan.js"
import * as Comparison from "../report/Comparison.js"
import * as ComparisonText from "../report/ComparisonText.js"
import * as Judgement from "../report/Judgement.js"
import * as JsonReport from "../report/JsonReport.js"
import { Output } from "../report/Output.js"
import * as RunSegments from "../report/RunSegments.js"
import * as SegmentLines from "../report/SegmentLines.js"
import * as Delivered from "./Delivered.js"
import * as Fatal from "./Fatal.js"
import * as Getopt from "./Getopt.js"
import type * as ManualPage from "./ManualPage.js"
import { aboutItself, label, type OptionRow, rowsOf } from "./OptionTable.js"
import * as Reports from "./Reports.js"
import { gather, Refused } from "./SavedRuns.js"
import * as SavedReport from "../report/SavedReport.js"
import * as SmtpReportManual from "./SmtpReportManual.js"

const program = "smtp-report"

/**
 * Its options.
 *
 * @since 0.1.0
 * @category constants
 */
export const rows: ReadonlyArray<OptionRow> = [...rowsOf(ReadingPlan.readingFields, undefined), ...aboutItself]

const getopt = Getopt.make(rows)

/**
 * The manual.
 *
 * @since 0.1.0
 * @category rendering
 */
export const manual = (): ManualPage.Document => SmtpReportManual.make(rows)

/**
 * Does what the arguments ask for, and gives the exit status: 0; 1 where the arguments or a file are invalid; 3 where
 * a segment or the file of a sink is missing, or a verdict undecided for what is lost; 99 where a verdict failed.
 *
 * @since 0.1.0
 * @category running
 */
export const main = (
  argv: ReadonlyArray<string>,
  { version }: { readonly version: string }
): Effect.Effect<number, never, FileSystem | ImapTransport | Output> =>
  Effect.gen(function* () {
    const output = yield* Output
    const given = yield* Either.mapLeft(
      getopt(argv),
      ({ problems }) => new Refused({ reason: `${problems.join("; ")} (${usage})` })
    )
    const command = { name: program, version, manual, rows, operands: "file" } as const
    const told = yield* Either.mapLeft(AboutItself.text(given, command, output), (reason) => new Refused({ reason }))
    if (told !== undefined) {
      output.stdout(told)
      return Fatal.status.success
    }
    return yield* show(yield* planOf(given))
  }).pipe(
    Effect.catchAll((error) =>
      Effect.map(Output, (output) => {
        output.stderr(Fatal.line(error.message, program))
        return Fatal.status.failure
      })
    ),
    Effect.catchAllDefect((defect) =>
      Effect.map(Output, (output) => {
        output.stderr(Fatal.panic(Cause.die(defect), program))
        return Fatal.status.internalError
      })
    )
  )

const usage = "usage: smtp-report [options] FILE...; --help tells more"

/** The plan in the arguments; the error names the option. */
const planOf = ({ operands, options }: Getopt.Arguments): Either.Either<ReadingPlan.ReadingPlan, Refused> => {
  if (operands.length === 0) {
    const before = options.get("compare")
    const what =
      before === undefined
        ? ""
        : ` and to compare with ${before.join(", ")}, which is the run before: --compare BEFORE AFTER`
    return Either.left(new Refused({ reason: `no file to read${what} (${usage})` }))
  }
  const input: Record<string, unknown> = { files: operands }
  for (const row of rows) {
    const values = options.get(row.long)
    if (values === undefined || row.field === undefined) continue
    input[row.field] = row.repeatable ? values : row.kind === "flag" ? values.at(-1) === "true" : values.at(-1)
  }
  return Either.mapLeft(ReadingPlan.decode(input), (error) => {
    const issues = ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path: [field, index] }) => {
      const row = rows.find((each) => each.field === field)
      if (row === undefined) return message
      // Of what may be given several times, the one that is wrong.
      const text = row.repeatable ? options.get(row.long)?.[Number(index)] : undefined
      const what = text === undefined ? "" : `${JSON.stringify(text)}${message.startsWith("column") ? "," : ""} `
      if (row.choices.length === 0) return `${label(row)}: ${what}${message}`
      const [last, ...others] = row.choices.toReversed()
      const words = `${others.toReversed().join(", ")} or ${last}`
      return `${label(row)}: expected ${words}, not ${JSON.stringify(options.get(row.long)?.at(-1))}`
    })
    return new Refused({ reason: [...new Set(issues)].join("; ") })
  }).pipe(
    Either.filterOrLeft(
      (plan) => plan.compare !== undefined || !plan.failIfWorse,
      () => new Refused({ reason: "--fail-if-worse needs --compare" })
    ),
    Either.filterOrLeft(
      ({ delivered = [], imapLogin }) => imapLogin === undefined || delivered.some(ImapUrl.isOne),
      () =>
        new Refused({
          reason: "--imap-login needs --delivered with the URL of a mailbox, such as imaps://mail.example"
        })
    ),
    Either.flatMap((plan) =>
      plan.compare !== undefined && plan.format !== "text" && plan.format !== "json"
        ? Either.left(new Refused({ reason: `--compare: a comparison is text or json, not ${plan.format}` }))
        : Either.right(plan)
    )
  )
}

const show = (plan: ReadingPlan.ReadingPlan): Effect.Effect<number, Refused, FileSystem | ImapTransport | Output> =>
  Effect.gen(function* () {
    const output = yield* Output
    const { compare = [], format } = plan
    const gathering = { program, force: plan.force, keep: compare.length > 0, seen: new Map<string, string>() }
    const { absent, arrivals, merged: read, reports: after } = yield* gather(plan.files, gathering)
    // A sink's file may stand among the results.
    const known = [...(plan.delivered ?? []), ...arrivals]
    // Where all results are there, and other sinks were, it can be nothing else.
    const isSink = known.length > 0 && read.stamped !== undefined && !RunSegments.isMissing(read)
    if (absent[0] !== undefined && !isSink) return yield* absent[0].refused
    const delivered = [...known, ...absent.map(({ file }) => file)]
    const merged = delivered.length === 0 ? read : yield* Delivered.look(read, delivered, plan)
    const earlier = compare.length === 0 ? undefined : yield* gather(compare, gathering)
    if (earlier?.absent[0] !== undefined) return yield* earlier.absent[0].refused
    const [idle] = earlier?.arrivals ?? []
    if (idle !== undefined) return yield* new Refused({ reason: `--compare: ${idle}: ${SavedReport.arrivals}` })
    const before = earlier?.reports ?? []
    const { allowMissing } = plan
    const verdicts = yield* Either.mapLeft(
      Judgement.judge(merged, delivered.length === 0 ? plan : Judgement.withImplied(merged, plan), { allowMissing }),
      ({ message: reason }) => new Refused({ reason })
    )
    const report = verdicts.length === 0 ? merged : { ...merged, verdicts }
    let worse: ReadonlyArray<string> = []
    if (before.length > 0) {
      const comparison = Comparison.make(before, after)
      if (plan.failIfWorse) {
        worse = comparison.rows.flatMap(({ finding, name, of }) =>
          finding === "worse" ? [of === "run" ? name : `${name}(${of})`] : []
        )
      }
      yield* write(
        plan,
        format === "json"
          ? `${JsonReport.ascii(JSON.stringify(comparison, undefined, 2))}\n`
          : ComparisonText.render(comparison)
      )
    } else if (plan.output === undefined) {
      output.stdout(Reports.faces[format](report))
    } else {
      yield* Effect.mapError(
        Reports.writeFiles(format, plan.output, report),
        ({ file, reason }) => new Refused({ reason: `${file}: ${reason}` })
      )
    }
    for (const loss of SegmentLines.losses(report)) output.stderr(`${program}: ${loss}\n`)
    const failed = verdicts.filter((verdict) => verdict.failed)
    for (const verdict of failed) {
      output.stderr(Fatal.verdict(optionOf(verdict), Judgement.sentence(verdict), program))
    }
    const undecided = verdicts.filter((verdict) => verdict.undecided)
    for (const verdict of undecided) {
      output.stderr(Fatal.undecided(optionOf(verdict), Judgement.sentence(verdict), program))
    }
    if (worse.length > 0) output.stderr(Fatal.verdict("fail-if-worse", worse.join(", "), program))
    if (failed.length + worse.length > 0) return Fatal.status.verdict
    const isMissing = !allowMissing && (RunSegments.isMissing(report) || (report.proof?.stores?.lost.length ?? 0) > 0)
    return undecided.length > 0 || isMissing ? Fatal.status.undecided : Fatal.status.success
  })

/** What asked for a verdict. */
const optionOf = ({ implied, kind }: Judgement.Judgement): string => (implied === true ? "delivered" : kind)

const write = (plan: ReadingPlan.ReadingPlan, text: string): Effect.Effect<void, Refused, FileSystem | Output> => {
  const { format, output: file } = plan
  if (file === undefined) return Effect.map(Output, (output) => output.stdout(text))
  return Effect.mapError(
    Reports.replaceFile(format, file, text),
    ({ reason }) => new Refused({ reason: `${file}: ${reason}` })
  )
}
