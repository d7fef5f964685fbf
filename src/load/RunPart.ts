/**
 * What a run is made of, and one part of it: sessions as fibers in one scope, until every message has come to its end.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Accounting from "../measure/Accounting.js"
import * as Laws from "../measure/Laws.js"
import { Recorder } from "../measure/Recorder.js"
import * as Arrival from "../plan/Arrival.js"
import * as AuthFields from "../plan/AuthFields.js"
import * as DkimFields from "../plan/DkimFields.js"
import * as CorpusReader from "../plan/CorpusReader.js"
import * as Partition from "../plan/Partition.js"
import * as Message from "../plan/Message.js"
import * as MessageParts from "../plan/MessageParts.js"
import * as Pause from "../plan/Pause.js"
import * as ClientFields from "../plan/ClientFields.js"
import type { Plan } from "../plan/Plan.js"
import * as RouteFields from "../plan/RouteFields.js"
import * as Segment from "../plan/Segment.js"
import * as Shape from "../plan/Shape.js"
import * as StartTime from "../plan/StartTime.js"
import { UserAtHand } from "../plan/UserAtHand.js"
import { Checksum } from "../smtp/Checksum.js"
import * as Parting from "../smtp/Parting.js"
import { isSmtpError, type SmtpError } from "../smtp/SmtpError.js"
import type { TlsWay } from "../smtp/Tls.js"
import { type ConnectOptions, Connector } from "../smtp/Wire.js"
import * as ConnectAttempts from "./ConnectAttempts.js"
import { ConnectGate } from "./ConnectGate.js"
import * as ConnectionBegin from "./ConnectionBegin.js"
import * as DeepSession from "./DeepSession.js"
import * as Drain from "./Drain.js"
import * as Logins from "./Logins.js"
import * as MessageTimes from "./MessageTimes.js"
import * as OpenRun from "./OpenRun.js"
import * as Routes from "./Routes.js"
import * as ProofBooks from "./ProofBooks.js"
import * as RunBounds from "./RunBounds.js"
import type { PartResult, RunOptions, RunResult } from "./RunResult.js"
import * as RunScheduler from "./RunScheduler.js"
import * as Sampler from "./Sampler.js"
import * as AgreedStart from "./AgreedStart.js"
import type { RunEnded } from "./MessageEnd.js"
import * as Session from "./Session.js"
import { StampTimes } from "./StampTimes.js"
import type { SharedRun } from "./SharedRun.js"
import { StopRequest } from "./StopRequest.js"
import * as Tickets from "./Tickets.js"
import * as Trouble from "./Trouble.js"
import * as Watchdog from "./Watchdog.js"

export type { PartResult, RunError, RunOptions, RunResult } from "./RunResult.js"

/**
 * Runs a whole plan in this thread, whatever else it asks for.
 *
 * @since 0.1.0
 * @category running
 */
export const runWhole = (asked: Plan, options: RunOptions): Effect.Effect<RunResult, never, Connector> =>
  Effect.gen(function* () {
    const plan = MessageParts.bounded(asked, options.parts)
    const identity = yield* identify(plan)
    const due = RunBounds.whatIsDue(plan, identity)
    const { onInterrupted } = options
    const corpus = options.parts?.corpus?.counts
    const finish = (result: PartResult): RunResult => checked(plan, { ...result, corpus })
    const onCut = onInterrupted === undefined ? undefined : (result: PartResult) => onInterrupted(finish(result))
    return finish(yield* runPart(due, whole(due, identity, options.file), options, onCut))
  })

/**
 * A finished run, with the laws that its books break.
 *
 * @since 0.1.0
 * @category running
 */
export const checked = <Result extends PartResult>(
  plan: Plan,
  result: Result,
  { partial = false, acceptedAgain = 0 }: { readonly partial?: boolean; readonly acceptedAgain?: number } = {}
): Result & Pick<RunResult, "violations"> => ({
  ...result,
  violations: Laws.violations({
    ...result,
    warmedUp: plan.warmUp !== undefined,
    cutOff: result.stopped || result.brokenOff || Option.isSome(result.endedBy),
    partial,
    acceptedAgain
  })
})

/**
 * Logs the laws that a run's books break as an error. The command tells of them by itself.
 *
 * @since 0.1.0
 * @category running
 */
export const logViolations = ({ violations }: Pick<RunResult, "violations">): Effect.Effect<void> =>
  Effect.forEach(violations, (law) => Effect.logError(`smtp-source: the books do not balance: ${law}`), {
    discard: true
  })

/**
 * What one thread needs to know of a run that several share. `sessions` are this part's own; the rest is of the plan's segment.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunPart {
  readonly identity: Message.RunIdentity
  readonly file: Uint8Array | undefined
  /** Which part of the plan's segment it is; without one, all of that. */
  readonly segment?: Segment.Segment | undefined
  readonly sessions: number
  readonly tickets: Tickets.Tickets
  readonly ledger: Accounting.Ledger
  /** The number of the next connection, where several parts count them together. */
  readonly nextConnection?: (() => number) | undefined
  /**
   * Asked when the part is ready, with the time of day in milliseconds, for that from which due times count. Without it, they
   * count from then.
   */
  readonly origin?: ((time: number) => number) | undefined
}

/**
 * What tells this run's messages from those of others: its name, or else the time, and a number drawn at random. A start that is
 * agreed upon is when it started, before it did.
 *
 * @since 0.1.0
 * @category running
 */
export const identify = (plan: Plan): Effect.Effect<Message.RunIdentity> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const now = clock.unsafeCurrentTimeMillis()
    const agreed = plan.startAt === undefined ? undefined : StartTime.timeOf(plan.startAt, now)
    const startedAt = new Date(agreed ?? now)
    const drawn = yield* Random.nextIntBetween(0, 0x7fff_ffff)
    const runId = plan.runId ?? `${now.toString(16)}.${drawn.toString(16)}`
    return { helloName: plan.helloName ?? "localhost", runId, startedAt }
  })

/**
 * The whole of a plan's segment as its only part.
 *
 * @since 0.1.0
 * @category running
 */
export const whole = (plan: Plan, identity: Message.RunIdentity, file: Uint8Array | undefined): RunPart => {
  const messages = RunBounds.ownMessages(plan)
  return {
    identity,
    file,
    sessions: RunBounds.sessionsOf(plan),
    tickets: Tickets.make(messages, Partition.of(Segment.ofPlan(plan)).at),
    ledger: Accounting.make(messages)
  }
}

/**
 * Runs the sessions of one part. The messages that were never begun are booked by whoever has the whole. Where it is
 * interrupted, `onCut` is given what happened until then.
 *
 * @since 0.1.0
 * @category running
 */
export const runPart = (
  plan: Plan,
  part: RunPart,
  options: RunOptions,
  onCut?: (result: PartResult) => Effect.Effect<unknown>
): Effect.Effect<PartResult, never, Connector> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { stopping, late } = yield* AgreedStart.reach(plan, part, options)
      const shared = yield* share(plan, part, { ...options, stopping }, late)
      const { ledger, recorder, tickets } = shared
      const { now } = shared.connectOptions.deadlines
      const begun = now() - late
      const { runId, startedAt } = part.identity
      const { sampling } = options
      const lastSample = sampling === undefined ? Effect.void : yield* Sampler.start(shared, part.identity, sampling)
      const finish = (
        endedBy: Option.Option<SmtpError>,
        stopped: boolean,
        brokenOff: boolean
      ): Effect.Effect<PartResult> =>
        Effect.suspend(() => {
          const elapsed = now() - begun
          const accounting = ledger.planned > 0 ? RunBounds.close(plan, ledger) : Accounting.sum(0, [ledger])
          return Effect.as(lastSample, { accounting, recorder, runId, startedAt, elapsed, endedBy, stopped, brokenOff })
        })
      const running = Drain.run(yield* sessions(shared, part, begun), shared, options.hurrying)
      const exit = yield* running.pipe(
        Effect.onInterrupt(() =>
          onCut === undefined ? Effect.void : Effect.flatMap(finish(Option.none(), true, true), onCut)
        ),
        Effect.exit
      )
      const brokenOff = Exit.isSuccess(exit) && exit.value
      return yield* Effect.flatMap(endOf(exit), (endedBy) => finish(endedBy, tickets.isClosed(), brokenOff))
    })
  ).pipe(RunScheduler.provide)

/**
 * Prepares what the sessions of a part share. The watchdog lives as long as the scope. `late` is by how many milliseconds the
 * part begins after the start that was agreed upon.
 *
 * @since 0.1.0
 * @category running
 */
export const share = (
  plan: Plan,
  { file, identity, ledger, nextConnection, segment = Segment.whole, tickets }: RunPart,
  options: RunOptions,
  late = 0
): Effect.Effect<SharedRun, never, Connector | Scope.Scope> =>
  Effect.gen(function* () {
    const connector = yield* Connector
    const only = connector.target === undefined ? undefined : ([{ target: connector.target, weight: 1 }] as const)
    const { target } = plan
    const targetsOf =
      target === undefined ? only && (() => only) : (tls: TlsWay) => ConnectionBegin.targetsOf(plan, target, tls)
    // Where plans come in, this was refused: a server that happens to listen on this machine is not to get any mail.
    if (targetsOf === undefined) return yield* Effect.dieMessage("a plan without a target")
    const deadlines = yield* Watchdog.make
    const trouble = options.onTrouble === undefined ? undefined : Trouble.make(options.onTrouble)
    const recorder = new Recorder(options.onTrace, options.onContentSent, deadlines.now, (error) =>
      trouble?.unasked(error)
    )
    // Threads have clocks of their own; the time of day is common to them.
    const clock = yield* Effect.clock
    recorder.begun = deadlines.now() - Math.max(0, clock.unsafeCurrentTimeMillis() - identity.startedAt.getTime())
    const { deliveries, onOutcome } = options
    deliveries?.begin(identity.startedAt.getTime() * 1000)
    const seed = RunBounds.seedOf(plan, identity)
    const { parts } = options
    const corpus = yield* CorpusReader.scoped(parts?.corpus)
    const signing = yield* DkimFields.signing(plan, parts?.dkimKey, identity.startedAt)
    const values = parts && MessageParts.values(plan, { ...identity, seed }, parts)
    const userAtHand = AuthFields.isSender(plan) ? new UserAtHand() : undefined
    const addresses = MessageParts.addresses(plan, identity.helloName, seed, values, parts, userAtHand)
    const shape = Shape.make(plan, seed)
    const begun = deadlines.now() - late
    const stampTimes = new StampTimes(clock, deadlines.now)
    const prove = deliveries && ProofBooks.make(plan, deliveries, addresses, stampTimes)
    const stamping = { sentAt: stampTimes.of, crc32: yield* Checksum }
    const contentOf = (goes: NonNullable<Message.Sources["goes"]>) =>
      Message.make(plan, addresses, { ...identity, seed }, { ...parts, corpus, file, values, goes, signing, stamping })
    let connections = 0
    const ownConnection = nextConnection ?? (() => connections++)
    // The plan's segment, and this thread's part of it.
    const own = Segment.ofPlan(plan)
    const { at } = Partition.of(own)
    let begunSessions = 0
    const sessionNumber = (session: number) => at(segment.index + segment.of * session)
    const logins = yield* Logins.make(plan, options.accounts, {
      seed,
      recorder,
      onHopeless: (count) => trouble?.hopeless(count)
    })
    const ofSegment = Segment.rateOf(plan.connectRate ?? Number.POSITIVE_INFINITY, own)
    const connects = Segment.rateOf(ofSegment.rate, segment)
    const connecting = Segment.shareOf(Segment.shareOf(plan.connecting, own), segment)
    const connectOptions: ConnectOptions = {
      deadlines,
      observer: recorder,
      timeout: plan.timeout * 1000,
      family: plan.family,
      windowSize: plan.windowSize,
      bytesPerSecond: plan.sendRate,
      socks: RouteFields.proxyOf(plan, options.socksLogin),
      parting: Parting.make()
    }
    // The request is waited for once, for all who want to know; when they hear of it there are no more tickets.
    const stopping = new StopRequest()
    const ending = new StopRequest()
    const stop = Effect.sync(() => {
      tickets.close()
      stopping.make()
      ending.make()
    })
    const limited = yield* RunBounds.limit(plan, tickets, ending, deadlines.now, begun)
    yield* RunBounds.warmUp(plan, recorder, ledger, deadlines.now, begun)
    if (options.stopping !== undefined) yield* Effect.forkScoped(Effect.zipRight(options.stopping, stop))
    return {
      plan,
      helloName: identity.helloName,
      routes: Routes.make(plan, {
        targetsOf,
        helloName: identity.helloName,
        tls: options.tls ?? {},
        recorder,
        connector
      }),
      logins,
      connector,
      connectOptions,
      nextSource: ConnectAttempts.sources(plan, connectOptions),
      tickets: limited,
      gate: new ConnectGate(connecting, deadlines, connects.rate, ofSegment.after + connects.after),
      recorder,
      addresses,
      contentOf: contentOf("with a dot"),
      chunksOf: plan.chunking === "off" ? undefined : contentOf("in chunks"),
      stampTimes,
      clientOf: ClientFields.make(plan, { clients: options.clients, seed }),
      forwards: ClientFields.forwards(plan, { clients: options.clients, seed }),
      sessionNumber,
      nextSession: () => sessionNumber(begunSessions++),
      userAtHand,
      wishes: ConnectionBegin.wishesOf(plan, addresses, {
        file,
        parts,
        values,
        hasForeignSenders: userAtHand !== undefined && options.accounts?.hasForeignNames() === true
      }),
      pauseBefore: Pause.make(plan, seed),
      shape,
      nextConnection: () => at(ownConnection()),
      reuse: shape?.reuse ?? plan.reuse,
      stopping,
      ending,
      ledger,
      onUnused: (error) => {
        recorder.onError(error, deadlines.now)
        trouble?.unused(error)
      },
      onUnpipelined: () => {
        recorder.unpipelined++
        trouble?.unpipelined()
      },
      onOverLimit: (limit, most) => trouble?.overLimit(limit, most),
      onOutcome: (message, outcome, ends, route, begun, due, ended) => {
        ledger.book(outcome)
        prove?.(message, outcome)
        route?.counter?.book(outcome)
        recorder.onOutcome(outcome, deadlines.now)
        if (begun !== undefined && due !== undefined) {
          recorder.stages?.count(outcome, due, begun, ended ?? deadlines.now())
        }
        if (!ends) trouble?.outcome(outcome)
        if (onOutcome !== undefined)
          onOutcome(message, outcome, MessageTimes.until(ended ?? deadlines.now(), begun, due))
      },
      onSessionFailed: (cause) => {
        for (const error of Cause.failures(cause)) {
          if (isSmtpError(error) && error._tag !== "ReplyRejected") recorder.onError(error, deadlines.now)
        }
        trouble?.session(cause)
      }
    }
  })

/** What ended the run early, if anything did; a defect is a defect. */
const endOf = (exit: Exit.Exit<unknown, RunEnded>): Effect.Effect<Option.Option<SmtpError>> => {
  if (Exit.isSuccess(exit)) return Effect.succeed(Option.none())
  const failure = Cause.failureOption(exit.cause)
  return Option.isSome(failure)
    ? Effect.succeed(Option.some(failure.value.error))
    : // Without a failure, what is left of the cause are defects and interruptions.
      Effect.failCause(exit.cause as Cause.Cause<never>)
}

/**
 * Messages that wait for sessions: one fiber for each session that has one to begin with. Messages that are due: sessions as
 * they are needed. The first that ends the run ends them all.
 */
const sessions = (shared: SharedRun, part: RunPart, begun: number): Effect.Effect<Effect.Effect<void, RunEnded>> =>
  Effect.map(Effect.clock, (clock) => {
    const count = part.sessions
    const arrivals = Arrival.make(shared.plan, RunBounds.seedOf(shared.plan, part.identity))
    if (arrivals === undefined) {
      const all = Array.from({ length: count })
      const run = shared.plan.depth > 1 ? DeepSession.run : Session.run
      return Effect.forEach(all, () => run(shared), { concurrency: Math.max(1, count), discard: true })
    }
    const time = clock.unsafeCurrentTimeMillis()
    // A start that is agreed upon is when it begun, for all.
    const origin = shared.plan.startAt === undefined ? begun - (time - (part.origin?.(time) ?? time)) : begun
    const own = Arrival.ofSegment(arrivals, Segment.ofPlan(shared.plan))
    shared.stampTimes.from(origin, arrivals)
    return OpenRun.run(shared, { arrivals: own, origin, maxSessions: count, granularity: Watchdog.granularity(clock) })
  })
