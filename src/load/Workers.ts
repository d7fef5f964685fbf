/**
 * A run over several threads: one plan, one set of books, one end.
 *
 * The threads take messages from one shared counter, so that -m is exact and each number is used once. What they record is
 * added up when they end. The books lie in shared memory: a thread that dies leaves them behind.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Accounting from "../measure/Accounting.js"
import type { Health } from "../measure/GeneratorHealth.js"
import { Recorder } from "../measure/Recorder.js"
import * as MessageParts from "../plan/MessageParts.js"
import type { Plan } from "../plan/Plan.js"
import * as Segment from "../plan/Segment.js"
import * as SmtpErrorData from "../smtp/SmtpErrorData.js"
import type { Connector } from "../smtp/Wire.js"
import * as PlanSupport from "./PlanSupport.js"
import * as ProgramRun from "./ProgramRun.js"
import * as Proof from "./Proof.js"
import * as RunBounds from "./RunBounds.js"
import * as RunPart from "./RunPart.js"
import { SampleMerge } from "./SampleMerge.js"
import { knownMessages } from "./Sampler.js"
import * as Tickets from "./Tickets.js"
import * as Trouble from "./Trouble.js"
import * as WatchedHealth from "./WatchedHealth.js"
import * as Watchdog from "./Watchdog.js"
import {
  unwrapped,
  unwrappedParts,
  type WorkerDied,
  type WorkerEnd,
  type WorkerNews,
  Workers
} from "./WorkerProtocol.js"

export { work } from "./WorkerPart.js"
export {
  type Worker,
  WorkerDied,
  type WorkerEnd,
  type WorkerNews,
  type WorkerPayload,
  Workers
} from "./WorkerProtocol.js"

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
  Effect.zipRight(PlanSupport.check(plan, "workers", options), Proof.around(plan, options, watched))

const watched = (plan: Plan, options: WorkersOptions): Effect.Effect<WorkersResult, never, Connector | Workers> =>
  options.watchHealth === true
    ? Effect.map(WatchedHealth.watched(start(plan, options)), ([result, own]) => ({
        ...result,
        health: WatchedHealth.busiest(own, result.health)
      }))
    : start(plan, options)

/**
 * Who listens, and what is watched besides. Nobody hears of each message: threads report theirs in samples.
 *
 * @since 0.1.0
 * @category models
 */
export interface WorkersOptions extends Omit<RunPart.RunOptions, "logs" | "onOutcome" | "spans"> {
  /** Whether to tell how the generator fared, where `GeneratorHealth` is provided. */
  readonly watchHealth?: boolean | undefined
}

const start = (asked: Plan, options: WorkersOptions): Effect.Effect<WorkersResult, never, Connector | Workers> =>
  Effect.gen(function* () {
    const plan = MessageParts.bounded(asked, options.parts)
    const corpus = options.parts?.corpus?.counts
    const workers = yield* Workers
    const wanted = plan.workers === "auto" ? workers.processors : plan.workers
    // Each has one session at least, and one connection on its way.
    const connecting = Segment.shareOf(plan.connecting, Segment.ofPlan(plan))
    const count = Math.min(wanted, RunBounds.sessionsOf(plan), connecting)
    if (count <= 1) return { ...(yield* RunPart.runWhole(plan, options)), workerDied: Option.none(), health: undefined }

    const shared = (size: number) => new SharedArrayBuffer(size)
    const identity = yield* RunPart.identify(plan)
    const tickets = shared(Tickets.size)
    const due = RunBounds.whatIsDue(plan, identity)
    // Each draws the same as the others.
    const common = { ...due, seed: RunBounds.seedOf(plan, identity) }
    const allTickets = Tickets.shared(RunBounds.ownMessages(due), tickets)
    const ledgers = Array.from({ length: count }, () => shared(Accounting.size))
    const now = Watchdog.monotonic(yield* Effect.clock)
    // Where the start is agreed upon, the threads wait for it.
    const clock = yield* Effect.clock
    const wait = plan.startAt === undefined ? 0 : identity.startedAt.getTime() - clock.unsafeCurrentTimeMillis()
    const begun = now() + wait
    const elapsed = () => Math.max(0, now() - begun)
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
    // Each thread numbers its own connections.
    const onNews = (worker: number) => (news: WorkerNews) => {
      if (news._tag === "Sample") samples?.add(worker, news.sample)
      else if (news._tag === "Trace") onTrace?.(news.direction, news.text, (news.connection - 1) * count + worker + 1)
      else if (news._tag === "ContentSent") onContentSent?.()
      else trouble?.(news.kind, () => news.text)
    }

    // What the threads recorded is lost with them; the books are not.
    const cut = (): WorkersResult => {
      const { runId, startedAt } = identity
      const nothing = { endedBy: Option.none(), brokenOff: true, workerDied: Option.none(), health: undefined }
      const accounting = close(due, ledgers)
      const recorder = new Recorder().recorded()
      const result = { accounting, recorder, runId, startedAt, elapsed: elapsed(), stopped: true, ...nothing }
      return RunPart.checked(plan, { ...result, corpus }, { partial: true })
    }
    const { died, ends } = yield* Effect.scoped(
      Effect.gen(function* () {
        const started = yield* Effect.forEach(ledgers, (ledger, index) =>
          workers.start(
            {
              plan: common,
              segment: { index, of: count },
              identity,
              file: options.file,
              parts: unwrappedParts(options.parts),
              tls: unwrapped(options.tls),
              accounts: options.accounts?.toData(),
              clients: options.clients,
              socksLogin: options.socksLogin && Redacted.value(options.socksLogin),
              tickets,
              ledger,
              deliveries: options.deliveries?.shape(),
              wants
            },
            onNews(index)
          )
        )
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
    const endedBy = ends.flatMap((end) => (end.endedBy === undefined ? [] : [SmtpErrorData.fromData(end.endedBy)]))
    const result = {
      accounting: close(due, ledgers),
      recorder: recorder.recorded(),
      runId: identity.runId,
      startedAt: identity.startedAt,
      elapsed: elapsed(),
      endedBy: Option.fromNullable(endedBy[0]),
      brokenOff: ends.some((end) => end.brokenOff),
      stopped: allTickets.isClosed() && endedBy.length === 0 && died.length === 0,
      workerDied: Option.fromNullable(died[0]),
      health: ends.map(({ health }) => health).reduce((most, each) => WatchedHealth.busiest(each, most), undefined)
    }
    return RunPart.checked(plan, { ...result, corpus }, { partial: died.length > 0 })
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
