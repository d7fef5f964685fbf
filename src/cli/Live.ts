/**
 * What is shown, written, sent and judged while a run goes on: the live view, the journal, --otlp and --abort-if.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Sampling } from "../load/Sampler.js"
import type { Settling } from "../load/RunResult.js"
import type { SignalName } from "../load/StopSignal.js"
import type { WorkersResult } from "../load/Workers.js"
import { GeneratorHealth, type Health } from "../measure/GeneratorHealth.js"
import type { Plan } from "../plan/Plan.js"
import * as Journal from "../report/Journal.js"
import * as Judgement from "../report/Judgement.js"
import { Output } from "../report/Output.js"
import { Recent } from "../report/Recent.js"
import { type Entry, RunningReport, startOf } from "../report/RunningReport.js"
import { WholeSeconds } from "../report/WholeSeconds.js"
import * as RunReport from "../report/RunReport.js"
import type { Followed } from "../telemetry/Telemetry.js"
import * as Fatal from "./Fatal.js"
import * as Reports from "./Reports.js"
import type { ReportUnwritable } from "./ReportUnwritable.js"
import * as Screen from "./Screen.js"
import { wantsReport } from "./Watching.js"

/**
 * The companion of one run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Live {
  /** For the run; nothing where nobody wants to know. */
  readonly sampling: Sampling | undefined
  /** Resumes when --abort-if says that the run is to end. */
  readonly aborted: Effect.Effect<void>
  /** Writes to standard error, above the live view. */
  readonly stderr: (text: string) => void
  /** Says at once that a signal is heeded, and what is waited for. */
  readonly stopping: (signal: SignalName) => void
  /** Shows what a proof of delivery waits for. */
  readonly settling: (settling: Settling) => void
  /** Takes the live view away; the plain one says how the run ended. */
  readonly close: () => void
  /** Sends what the run came to, where --otlp asks for it. It takes a few seconds at most. */
  readonly exported: (result: WorkersResult) => Effect.Effect<void>
  /** Writes the reports that the plan asks for, ends the journal with one, and gives the exit status that follows. */
  readonly finish: (result: WorkersResult) => Effect.Effect<number>
}

/** Between two refreshes of the live view, in milliseconds. */
const refresh = 250

/**
 * Prepares what the plan asks for. Files that cannot be written are known before the run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: Plan,
  version: string
): Effect.Effect<Live, ReportUnwritable, FileSystem | Output | Scope.Scope> =>
  Effect.gen(function* () {
    const output = yield* Output
    yield* Reports.prepare(plan)
    const services = yield* Effect.context<FileSystem | Output>()
    const view = Screen.viewOf(plan, output)
    const journals = Reports.journalsOf(plan)
    const { abortIf = [] } = plan
    const aborted = yield* Deferred.make<void>()
    const journal = journals.length === 0 ? undefined : yield* startJournal(journals)
    // Of several threads this one alone could be looked at, which has the least to do.
    const health = journal === undefined || plan.workers !== 1 ? () => undefined : yield* watchHealth

    let running: RunningReport | undefined
    let judged: Judgement.Judgement | undefined
    const recent = new Recent()
    let seconds: WholeSeconds | undefined
    const screen = new Screen.Screen(plan, view, output)
    const telemetry = plan.otlp === undefined ? undefined : yield* follow(plan, plan.otlp, (text) => screen.above(text))

    const journalLine = Journal.intervals()
    const second = (whole: Entry) => {
      running?.add(whole)
      journal?.write(journalLine({ ...whole, generator: health() }))
      if (abortIf.length === 0 || running === undefined) return
      // The plan has read them.
      recent.add(whole)
      const [first] = Either.getOrThrow(Judgement.soFar(running.report("open"), abortIf, recent))
      if (first === undefined || judged !== undefined) return
      judged = first
      Deferred.unsafeDone(aborted, Effect.void)
    }
    const inReport = wantsReport(plan) || journal !== undefined || abortIf.length > 0
    const wanted = view !== "off" || telemetry !== undefined || inReport
    return {
      sampling: wanted
        ? {
            every: view === "live" ? refresh : 1000,
            begin: (startedAt, planned, runId) => {
              screen.begin(planned, runId)
              telemetry?.sampling.begin?.(startedAt, planned, runId)
              const start = startOf(plan, { planned, runId, startedAt, version })
              running = new RunningReport(start)
              seconds = new WholeSeconds(startedAt.getTime(), second)
              journal?.write(Journal.start(start))
            },
            take: (sample) => {
              screen.show(sample.interval)
              telemetry?.sampling.take(sample)
              seconds?.take(sample)
            }
          }
        : undefined,
      aborted: Deferred.await(aborted),
      stderr: (text) => screen.above(text),
      stopping: (signal) => screen.stopping(signal),
      settling: (settling) => screen.settling(settling),
      close: () => screen.close(),
      exported: (result) => telemetry?.finish(result) ?? Effect.void,
      finish: (result) =>
        Effect.gen(function* () {
          seconds?.flush()
          if (!wantsReport(plan)) return Fatal.status.success
          const facts = { version, health: result.health, series: running?.series }
          const report = Reports.judge(RunReport.make(plan, result, facts), plan, judged)
          journal?.write(Journal.end(report))
          const journaled = yield* journal?.close ?? Effect.succeed(Fatal.status.success)
          return Math.max(journaled, yield* Reports.write(report, plan))
        }).pipe(Effect.provide(services))
    }
  })

/** The exporter is a part of the command's code, which most runs do without. */
const follow = (
  plan: Plan,
  collector: string,
  warn: (text: string) => void
): Effect.Effect<Followed, never, Scope.Scope> =>
  Effect.flatMap(
    Effect.promise(() => import("./Exporter.js")),
    (exporter) => exporter.start(plan, collector, (reason) => warn(`smtp-source: warning: --otlp: ${reason}\n`))
  )

/** How the generator fared when it was last looked at, which is not long ago. */
const watchHealth: Effect.Effect<() => Health | undefined, never, Scope.Scope> = Effect.gen(function* () {
  const service = yield* Effect.serviceOption(GeneratorHealth)
  let latest: Health | undefined
  if (Option.isSome(service)) {
    const look = Effect.map(yield* service.value.watch, (health) => {
      latest = health
    })
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(refresh), look)))
  }
  return () => latest
})

interface JournalWriter {
  readonly write: (line: string) => void
  /** Resumes when all is written, or reported as lost, with the exit status. */
  readonly close: Effect.Effect<number>
}

/** Writes each line as it comes, in a fiber of its own. A file that cannot be written any more is reported once. */
const startJournal = (
  files: ReadonlyArray<string | undefined>
): Effect.Effect<JournalWriter, never, FileSystem | Output | Scope.Scope> =>
  Effect.gen(function* () {
    const output = yield* Output
    const lines = yield* Mailbox.make<string>()
    let first = true
    const broken = new Set<string>()
    const writing = yield* Effect.forkScoped(
      Stream.runForEach(Mailbox.toStream(lines), (line) => {
        const flag = first ? "w" : "a"
        first = false
        return Effect.forEach(
          files,
          (file) => {
            if (file === undefined) return Effect.sync(() => output.stdout(line))
            if (broken.has(file)) return Effect.void
            return Effect.catchAll(Reports.writeFile("ndjson", file, line, flag), (error) =>
              Effect.sync(() => {
                broken.add(file)
                output.stderr(Fatal.line(error.message))
              })
            )
          },
          { discard: true }
        )
      })
    )
    return {
      write: (line) => {
        lines.unsafeOffer(line)
      },
      close: Effect.map(Effect.zipRight(lines.end, Fiber.join(writing)), () =>
        broken.size > 0 ? Fatal.status.failure : Fatal.status.success
      )
    }
  })
