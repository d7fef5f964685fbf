/**
 * What smtp-sink tells of a whole run: --progress as it goes, --report at its end, and the verdicts of --fail-if.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as ReportRequest from "../plan/ReportRequest.js"
import * as JsonReport from "../report/JsonReport.js"
import { Output } from "../report/Output.js"
import type { RunningSink } from "../sink/EmbeddedSink.js"
import type { SinkPlan } from "../sink/SinkPlan.js"
import * as SinkReport from "../sink/SinkReport.js"
import * as Fatal from "./Fatal.js"
import * as Reports from "./Reports.js"
import type { ReportUnwritable } from "./ReportUnwritable.js"
import * as SinkReportText from "./SinkReportText.js"

/**
 * A run that is watched.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkReporting {
  /** Looks at the sink once a second, and shows how far it is. */
  readonly watch: Effect.Effect<never>
  /** Whether a report on standard error will tell what struck. */
  readonly tellsStrikes: boolean
  /** Writes the reports, and gives the exit status that follows, 0 or not. */
  readonly finish: Effect.Effect<number, never, FileSystem>
}

/** How often progress is shown, in seconds. */
const progressEvery = 5

/**
 * Makes sure that the reports can be written. What is in the files stays until the end.
 *
 * @since 0.1.0
 * @category running
 */
export const prepare = (plan: SinkPlan): Effect.Effect<void, ReportUnwritable, FileSystem> =>
  Effect.forEach(
    requestsOf(plan),
    ({ file, format }) => (file === undefined ? Effect.void : Reports.writeFile(format, file, "", "a")),
    { discard: true }
  )

/** The plan has checked them. */
const requestsOf = ({ report = [] }: SinkPlan) =>
  report.flatMap((text) => {
    const { file, format } = ReportRequest.parse(text) ?? {}
    return format === "text" || format === "json" ? [{ file, format }] : []
  })

/**
 * Whether a plan asks for any of it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAsked = ({ failIf = [], progress, report = [] }: SinkPlan): boolean =>
  failIf.length + report.length > 0 || progress !== "off"

/**
 * Begins to watch a sink that listens.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: SinkPlan,
  running: RunningSink,
  { program, version }: { readonly program: string; readonly version: string }
): Effect.Effect<SinkReporting, never, Output> =>
  Effect.gen(function* () {
    const output = yield* Output
    const clock = yield* Effect.clock
    const began = clock.unsafeCurrentTimeMillis()
    const seconds = new SinkReport.Seconds()
    const elapsed = () => (clock.unsafeCurrentTimeMillis() - began) / 1000
    const isShown = plan.progress === "plain" || (plan.progress === "auto" && output.isTerminal.stderr)
    const tellsStrikes = requestsOf(plan).some(({ file, format }) => format === "text" && file === undefined)
    let shown = { at: 0, messages: 0 }
    const look = Effect.map(running.counts, (counts) => {
      const now = elapsed()
      seconds.take(counts, Math.max(0, Math.ceil(now) - 1))
      return { counts, now }
    })
    const show = Effect.map(look, ({ counts, now }) => {
      if (!isShown || now - shown.at < progressEvery) return
      const rate = (counts.messages - shown.messages) / (now - shown.at)
      shown = { at: now, messages: counts.messages }
      output.stderr(`${program}: ${SinkReportText.progress(counts, now, rate)}\n`)
    })
    const write = (report: SinkReport.SinkReport) =>
      Effect.forEach(requestsOf(plan), ({ file, format }) => {
        const text = format === "json" ? json(report) : SinkReportText.render(report)
        if (file !== undefined) return Effect.either(Reports.replaceFile(format, file, text))
        output[format === "json" ? "stdout" : "stderr"](text)
        return Effect.either(Effect.void)
      })
    const finish = Effect.gen(function* () {
      const { counts, now } = yield* look
      const strikes = running.strikes === undefined ? [] : yield* running.strikes
      const report = SinkReport.make({
        version,
        startedAt: new Date(began),
        elapsed: now,
        counts,
        strikes,
        seconds: seconds.all,
        failIf: plan.failIf ?? []
      })
      const written = yield* write(report)
      for (const each of written) if (each._tag === "Left") output.stderr(Fatal.line(each.left.message, program))
      const failed = report.verdicts.filter((verdict) => verdict.failed)
      for (const { expression, measured } of tellsStrikes ? [] : failed) {
        output.stderr(Fatal.verdict("fail-if", `${expression}: it is ${measured}`, program))
      }
      if (failed.length > 0) return Fatal.status.verdict
      return written.some(({ _tag }) => _tag === "Left") ? Fatal.status.failure : Fatal.status.success
    })
    return { tellsStrikes, watch: Effect.forever(Effect.delay(show, 1000)), finish }
  })

/** A second is a line. */
const json = (report: SinkReport.SinkReport): string =>
  `${JsonReport.ascii(
    JSON.stringify(report, undefined, 2).replace(/\{\n +"second": [^}]*\}/g, (second) => second.replace(/\n +/g, " "))
  )}\n`
