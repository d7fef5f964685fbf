/**
 * A run over several threads: one plan, one set of books, one end.
 *
 * The threads take messages from one shared counter, so that -m is exact and each number is used once. What they record is
 * added up when they end. The books lie in shared memory: a thread that dies leaves them behind.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Accounting from "../measure/Accounting.js"
import { GeneratorHealth, type Health, saturationOf } from "../measure/GeneratorHealth.js"
import type { Sample } from "../measure/Meter.js"
import { Recorder, type RecorderData } from "../measure/Recorder.js"
import type * as Message from "../plan/Message.js"
import type { Plan } from "../plan/Plan.js"
import * as Printable from "../smtp/Printable.js"
import * as SmtpError from "../smtp/SmtpError.js"
import type { Connector } from "../smtp/Wire.js"
import * as PlanSupport from "./PlanSupport.js"
import * as ProgramRun from "./ProgramRun.js"
import * as RunBounds from "./RunBounds.js"
import * as RunPart from "./RunPart.js"
import { SampleMerge } from "./SampleMerge.js"
import { knownMessages } from "./Sampler.js"
import * as Tickets from "./Tickets.js"
import * as Trouble from "./Trouble.js"
import * as Watchdog from "./Watchdog.js"

/**
 * What a worker is given: plain data and shared memory.
 *
 * @since 0.1.0
 * @category models
 */
export interface WorkerPayload {
  readonly plan: Plan
  readonly identity: Message.RunIdentity
  readonly file: Uint8Array | undefined
  readonly sessions: number
  /** For `Tickets.shared`. */
  readonly tickets: SharedArrayBuffer
  /** For `Accounting.make`. */
  readonly ledger: SharedArrayBuffer
  readonly wants: {
    readonly trace: boolean
    readonly contentSent: boolean
    readonly trouble: boolean
    readonly health: boolean
    /** How often a sample is wanted, in milliseconds. */
    readonly samples: number | undefined
  }
}

/**
 * What a worker tells while it runs.
 *
 * @since 0.1.0
 * @category models
 */
export type WorkerNews =
  | { readonly _tag: "Trace"; readonly direction: "sent" | "received"; readonly text: string }
  | { readonly _tag: "ContentSent" }
  | { readonly _tag: "Trouble"; readonly kind: string; readonly text: string }
  | { readonly _tag: "Sample"; readonly sample: Sample }

/**
 * What a worker leaves at its end.
 *
 * @since 0.1.0
 * @category models
 */
export interface WorkerEnd {
  readonly recorded: RecorderData
  readonly health: Health | undefined
  readonly endedBy: SmtpError.SmtpErrorData | undefined
  /** Whether what it had under way was broken off. */
  readonly brokenOff: boolean
}

/**
 * A worker that runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Worker {
  /** Resumes when its part has come to its end. */
  readonly end: Effect.Effect<WorkerEnd, WorkerDied>
  /** `stop` lets transactions end; `hurry` does not wait for them. */
  readonly tell: (what: "stop" | "hurry") => Effect.Effect<void>
}

/**
 * A worker ended without a result.
 *
 * @since 0.1.0
 * @category errors
 */
export class WorkerDied extends Data.TaggedError("WorkerDied")<{
  readonly reason: string
  /** What was thrown in the thread, or where it was started; nothing where it left without a word. */
  readonly cause?: unknown
}> {
  override get message(): string {
    return `a worker died: ${Printable.escape(this.reason)}`
  }
}

/**
 * Starts threads.
 *
 * @since 0.1.0
 * @category services
 */
export class Workers extends Context.Tag("smtp-source/Workers")<
  Workers,
  {
    /** How many processors there are. */
    readonly processors: number
    /** Starts a worker, which ends with the scope. `onNews` is called as it runs. */
    readonly start: (
      payload: WorkerPayload,
      onNews: (news: WorkerNews) => void
    ) => Effect.Effect<Worker, WorkerDied, Scope.Scope>
  }
>() {}

/**
 * Runs the plan over as many threads as it asks for, or in this one where that is 1.
 *
 * The first worker that meets what ends the run ends them all. Where a worker dies, the rest is stopped, what it had begun
 * is booked as unknown, and `workerDied` says so.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  plan: Plan,
  options: WorkersOptions = {}
): Effect.Effect<WorkersResult, ProgramRun.RunError, Connector | Workers> =>
  ProgramRun.run(plan, options, (options) => runOnly(plan, options)).pipe(Effect.tap(RunPart.logViolations))

/**
 * The same, for the command, which has its own ways with signals, verdicts and what goes wrong.
 *
 * @since 0.1.0
 * @category running
 */
export const runOnly = (
  plan: Plan,
  options: WorkersOptions = {}
): Effect.Effect<WorkersResult, RunPart.RunError, Connector | Workers> =>
  options.watchHealth === true
    ? Effect.map(watched(start(plan, options)), ([result, own]) => ({ ...result, health: busiest(own, result.health) }))
    : start(plan, options)

/**
 * Who listens, and what is watched besides.
 *
 * @since 0.1.0
 * @category models
 */
export interface WorkersOptions extends RunPart.RunOptions {
  /** Whether to tell how the generator fared, where `GeneratorHealth` is provided. */
  readonly watchHealth?: boolean | undefined
}

const watched = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, Health | undefined], E, R> => {
  const alone = Effect.map(effect, (result): readonly [A, Health | undefined] => [result, undefined])
  return Effect.flatMap(Effect.serviceOption(GeneratorHealth), (service) => {
    if (Option.isNone(service)) return alone
    return Effect.acquireUseRelease(
      Scope.make(),
      (scope) =>
        Effect.flatMap(Scope.extend(service.value.watch, scope), (health) =>
          Effect.flatMap(effect, (result) =>
            Effect.map(health, (own): readonly [A, Health | undefined] => [result, own])
          )
        ),
      (scope, exit) => Scope.close(scope, exit)
    )
  })
}

/** The process's own CPU, and the figures of its busiest thread. */
const busiest = (process: Health | undefined, thread: Health | undefined): Health | undefined =>
  process === undefined || thread === undefined || saturationOf(process) >= saturationOf(thread)
    ? process
    : { ...thread, cpu: process.cpu }

const start = (
  plan: Plan,
  options: WorkersOptions
): Effect.Effect<WorkersResult, RunPart.RunError, Connector | Workers> =>
  Effect.gen(function* () {
    yield* PlanSupport.check(plan, "workers", options)
    const workers = yield* Workers
    const wanted = plan.workers === "auto" ? workers.processors : plan.workers
    const count = Math.min(wanted, RunBounds.sessionsOf(plan))
    if (count === 1)
      return { ...(yield* RunPart.runWhole(plan, options)), workerDied: Option.none(), health: undefined }

    const shared = (size: number) => new SharedArrayBuffer(size)
    const identity = yield* RunPart.identify(plan)
    const tickets = shared(Tickets.size)
    const due = RunBounds.whatIsDue(plan, identity)
    const sessions = Math.max(count, RunBounds.sessionsOf(due))
    const allTickets = Tickets.shared(due.messages, tickets)
    const ledgers = Array.from({ length: count }, () => shared(Accounting.size))
    const now = Watchdog.monotonic(yield* Effect.clock)
    const begun = now()
    const { onContentSent, onTrace, onTrouble, sampling } = options
    const wants = {
      trace: onTrace !== undefined,
      contentSent: onContentSent !== undefined,
      trouble: onTrouble !== undefined,
      health: options.watchHealth === true,
      samples: sampling === undefined ? undefined : (sampling.every ?? 1000)
    }
    const trouble = onTrouble === undefined ? undefined : Trouble.firstOfEach(onTrouble)
    sampling?.begin?.(identity.startedAt, knownMessages(due), identity.runId)
    const samples = sampling === undefined ? undefined : new SampleMerge(count, sampling)
    const onNews = (worker: number) => (news: WorkerNews) => {
      if (news._tag === "Sample") samples?.add(worker, news.sample)
      else if (news._tag === "Trace") onTrace?.(news.direction, news.text)
      else if (news._tag === "ContentSent") onContentSent?.()
      else trouble?.(news.kind, () => news.text)
    }

    // What the threads recorded is lost with them; the books are not.
    const cut = (): WorkersResult => {
      const { runId, startedAt } = identity
      const nothing = { endedBy: Option.none(), brokenOff: true, workerDied: Option.none(), health: undefined }
      const accounting = close(due, ledgers)
      const recorder = new Recorder()
      const result = { accounting, recorder, runId, startedAt, elapsed: now() - begun, stopped: true, ...nothing }
      return RunPart.checked(plan, result, { partial: true })
    }
    const { died, ends } = yield* Effect.scoped(
      Effect.gen(function* () {
        const started = yield* Effect.forEach(ledgers, (ledger, index) => {
          // What does not divide goes to the first workers, one each.
          const share = Math.floor(sessions / count) + (index < sessions % count ? 1 : 0)
          const ownPlan = {
            ...due,
            // Each draws the same arrivals as the others.
            seed: RunBounds.seedOf(plan, identity),
            connecting: Math.max(1, Math.floor(plan.connecting / count)),
            ...(plan.connectRate === undefined ? {} : { connectRate: plan.connectRate / count })
          }
          return workers.start(
            { plan: ownPlan, identity, file: options.file, sessions: share, tickets, ledger, wants },
            onNews(index)
          )
        })
        const tellAll = (what: "stop" | "hurry") =>
          Effect.forEach(started, (worker) => worker.tell(what), { discard: true })
        yield* Effect.forkScoped(Effect.zipRight(options.stopping ?? Effect.never, tellAll("stop")))
        yield* Effect.forkScoped(Effect.zipRight(options.hurrying ?? Effect.never, tellAll("hurry")))
        const outcomes = yield* Effect.forEach(
          started,
          (worker) =>
            Effect.tap(Effect.either(worker.end), (end) =>
              end._tag === "Left" || end.right.endedBy !== undefined ? tellAll("hurry") : Effect.void
            ),
          { concurrency: "unbounded" }
        )
        return {
          died: outcomes.flatMap((end) => (end._tag === "Left" ? [end.left] : [])),
          ends: outcomes.flatMap((end) => (end._tag === "Right" ? [end.right] : []))
        }
      })
    ).pipe(
      Effect.onInterrupt(() => Effect.suspend(() => options.onInterrupted?.(cut()) ?? Effect.void)),
      Effect.catchTag("WorkerDied", (error) => Effect.succeed({ died: [error], ends: [] as ReadonlyArray<WorkerEnd> }))
    )

    samples?.finish()
    const recorder = new Recorder()
    for (const end of ends) recorder.add(end.recorded)
    const endedBy = ends.flatMap((end) => (end.endedBy === undefined ? [] : [SmtpError.fromData(end.endedBy)]))
    const result = {
      accounting: close(due, ledgers),
      recorder,
      runId: identity.runId,
      startedAt: identity.startedAt,
      elapsed: now() - begun,
      endedBy: Option.fromNullable(endedBy[0]),
      brokenOff: ends.some((end) => end.brokenOff),
      stopped: allTickets.isClosed() && endedBy.length === 0 && died.length === 0,
      workerDied: Option.fromNullable(died[0]),
      health: ends.map(({ health }) => health).reduce((most, each) => busiest(each, most), undefined)
    }
    return RunPart.checked(plan, result, { partial: died.length > 0 })
  })

/**
 * What happened, and whether a worker died over it.
 *
 * @since 0.1.0
 * @category models
 */
export interface WorkersResult extends RunPart.RunResult {
  readonly workerDied: Option.Option<WorkerDied>
  /** How the generator fared, where that was watched. */
  readonly health: Health | undefined
}

/** The books of the whole. What a worker had begun when it died has no end that anybody saw. */
const close = (plan: Plan, ledgers: ReadonlyArray<SharedArrayBuffer>): Accounting.Accounting => {
  const books = ledgers.map((memory) => Accounting.make(0, memory))
  for (const book of books) {
    book.add("unknown", book.started - book.accepted - book.rejected - book.failed - book.unknown)
  }
  const started = books.reduce((sum, book) => sum + book.started, 0)
  const planned = RunBounds.planned(plan, started)
  books[0]?.add("notStarted", planned - started)
  return Accounting.sum(planned, books)
}

/**
 * What a worker does with its payload.
 *
 * @since 0.1.0
 * @category running
 */
export const work = (
  payload: WorkerPayload,
  told: { readonly stopping: Effect.Effect<void>; readonly hurrying: Effect.Effect<void> },
  tell: (news: WorkerNews) => void
): Effect.Effect<WorkerEnd, never, Connector> => {
  const { file, identity, ledger, plan, sessions, tickets, wants } = payload
  const part: RunPart.RunPart = {
    identity,
    file,
    sessions,
    tickets: Tickets.shared(plan.messages, tickets),
    ledger: Accounting.make(0, ledger),
    nextConnection: Tickets.nextConnection(tickets),
    origin: (time) => Tickets.origin(tickets, time)
  }
  const options: RunPart.RunOptions = {
    // Asked to hurry before anything else, it stops and does not wait.
    stopping: Effect.raceFirst(told.stopping, told.hurrying),
    hurrying: told.hurrying,
    onTrace: wants.trace ? (direction, text) => tell({ _tag: "Trace", direction, text }) : undefined,
    onContentSent: wants.contentSent ? () => tell({ _tag: "ContentSent" }) : undefined,
    onTrouble: wants.trouble ? (kind, text) => tell({ _tag: "Trouble", kind, text }) : undefined,
    sampling:
      wants.samples === undefined
        ? undefined
        : { every: wants.samples, take: (sample) => tell({ _tag: "Sample", sample }) }
  }
  const run = RunPart.runPart(plan, part, options)
  const watching = wants.health ? watched(run) : Effect.map(run, (result) => [result, undefined] as const)
  return Effect.map(watching, ([result, health]) => ({
    recorded: result.recorder.toData(),
    health,
    brokenOff: result.brokenOff,
    endedBy: Option.getOrUndefined(Option.map(result.endedBy, SmtpError.toData))
  }))
}
