/**
 * Makes what the sessions of a part of a run share.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Accounting from "../measure/Accounting.js"
import { Recorder } from "../measure/Recorder.js"
import * as AuthFields from "../plan/AuthFields.js"
import * as ClientFields from "../plan/ClientFields.js"
import * as CorpusReader from "../plan/CorpusReader.js"
import * as DkimFields from "../plan/DkimFields.js"
import * as Message from "../plan/Message.js"
import * as MessageParts from "../plan/MessageParts.js"
import * as Partition from "../plan/Partition.js"
import * as Pause from "../plan/Pause.js"
import type { Plan } from "../plan/Plan.js"
import * as RouteFields from "../plan/RouteFields.js"
import * as Segment from "../plan/Segment.js"
import * as Shape from "../plan/Shape.js"
import { UserAtHand } from "../plan/UserAtHand.js"
import { Checksum } from "../smtp/Checksum.js"
import * as Parting from "../smtp/Parting.js"
import { isSmtpError } from "../smtp/SmtpError.js"
import type { TlsWay } from "../smtp/Tls.js"
import { type ConnectOptions, Connector, type Deadlines } from "../smtp/Wire.js"
import * as ConnectAttempts from "./ConnectAttempts.js"
import { ConnectGate } from "./ConnectGate.js"
import * as ConnectionBegin from "./ConnectionBegin.js"
import * as Logins from "./Logins.js"
import * as MessageTimes from "./MessageTimes.js"
import * as ProofBooks from "./ProofBooks.js"
import * as Routes from "./Routes.js"
import * as RunBounds from "./RunBounds.js"
import type { RunOptions } from "./RunResult.js"
import type { Booking, Connecting, Numbering, Sending, SharedRun, Taking } from "./SharedRun.js"
import { StampTimes } from "./StampTimes.js"
import { StopRequest } from "./StopRequest.js"
import type { Tickets } from "./Tickets.js"
import * as Trouble from "./Trouble.js"
import * as Watchdog from "./Watchdog.js"

/**
 * What a part of a run is made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface PartOfRun {
  readonly identity: Message.RunIdentity
  readonly file: Uint8Array | undefined
  /** Which part of the plan's segment it is; without one, all of that. */
  readonly segment?: Segment.Segment | undefined
  readonly tickets: Tickets
  readonly ledger: Accounting.Ledger
  /** The number of the next connection, where several parts count them together. */
  readonly nextConnection?: (() => number) | undefined
}

/** What the parts of what is shared are made with. */
interface Making {
  readonly plan: Plan
  readonly part: PartOfRun
  readonly options: RunOptions
  readonly seed: string
  readonly clock: Clock.Clock
  readonly deadlines: Deadlines
  readonly recorder: Recorder
  readonly trouble: Trouble.Trouble | undefined
}

/**
 * Prepares what the sessions of a part share. The watchdog lives as long as the scope. `late` is by how many milliseconds the
 * part begins after the start that was agreed upon.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: Plan,
  part: PartOfRun,
  options: RunOptions,
  late = 0
): Effect.Effect<SharedRun, never, Connector | Scope.Scope> =>
  Effect.gen(function* () {
    const connector = yield* Connector
    const deadlines = yield* Watchdog.make
    const clock = yield* Effect.clock
    const { helloName, startedAt } = part.identity
    const trouble = options.onTrouble === undefined ? undefined : Trouble.make(options.onTrouble)
    const recorder = new Recorder(options.onTrace, options.onContentSent, deadlines.now, (error) =>
      trouble?.unasked(error)
    )
    // Threads have clocks of their own; the time of day is common to them.
    recorder.begun = deadlines.now() - Math.max(0, clock.unsafeCurrentTimeMillis() - startedAt.getTime())
    options.deliveries?.begin(startedAt.getTime() * 1000)
    const seed = RunBounds.seedOf(plan, part.identity)
    const making: Making = { plan, part, options, seed, clock, deadlines, recorder, trouble }
    const stampTimes = new StampTimes(clock, deadlines.now)
    const sending = yield* sendingOf(making, stampTimes)
    const begun = deadlines.now() - late
    const numbering = yield* numberingOf(making, connector)
    const taking = yield* takingOf(making, numbering.shape, begun)
    yield* RunBounds.warmUp(plan, recorder, part.ledger, deadlines.now, begun)
    return {
      ...connectingOf(making, connector),
      ...numbering,
      ...sending,
      ...taking,
      ...bookingOf(making, sending, stampTimes),
      helloName,
      stampTimes,
      onSessionFailed: (cause) => {
        for (const error of Cause.failures(cause)) {
          if (isSmtpError(error) && error._tag !== "ReplyRejected") recorder.onError(error, deadlines.now)
        }
        trouble?.session(cause)
      }
    }
  })

const optionsOf = ({ deadlines, options, plan, recorder }: Making): ConnectOptions => ({
  deadlines,
  observer: recorder,
  timeout: plan.timeout * 1000,
  family: plan.family,
  windowSize: plan.windowSize,
  bytesPerSecond: plan.sendRate,
  socks: RouteFields.proxyOf(plan, options.socksLogin),
  parting: Parting.make()
})

const connectingOf = (making: Making, connector: Connector["Type"]): Connecting => {
  const { deadlines, part, plan, recorder, trouble } = making
  const { segment = Segment.whole } = part
  const own = Segment.ofPlan(plan)
  const ofSegment = Segment.rateOf(plan.connectRate ?? Number.POSITIVE_INFINITY, own)
  const connects = Segment.rateOf(ofSegment.rate, segment)
  const connecting = Segment.shareOf(Segment.shareOf(plan.connecting, own), segment)
  const connectOptions = optionsOf(making)
  return {
    plan,
    connector,
    connectOptions,
    nextSource: ConnectAttempts.sources(plan, connectOptions),
    gate: new ConnectGate(connecting, deadlines, connects.rate, ofSegment.after + connects.after),
    recorder,
    onUnused: (error) => {
      recorder.onError(error, deadlines.now)
      trouble?.unused(error)
    }
  }
}

const numberingOf = (
  { options, part, plan, recorder, seed, trouble }: Making,
  connector: Connector["Type"]
): Effect.Effect<Numbering> =>
  Effect.gen(function* () {
    const { identity, nextConnection, segment = Segment.whole } = part
    const only = connector.target === undefined ? undefined : ([{ target: connector.target, weight: 1 }] as const)
    const { target } = plan
    const targetsOf =
      target === undefined ? only && (() => only) : (tls: TlsWay) => ConnectionBegin.targetsOf(plan, target, tls)
    // Where plans come in, this was refused: a server that happens to listen on this machine is not to get any mail.
    if (targetsOf === undefined) return yield* Effect.dieMessage("a plan without a target")
    const logins = yield* Logins.make(plan, options.accounts, {
      seed,
      recorder,
      onHopeless: (count) => trouble?.hopeless(count)
    })
    // The plan's segment, and this thread's part of it.
    const { at } = Partition.of(Segment.ofPlan(plan))
    let connections = 0
    const ownConnection = nextConnection ?? (() => connections++)
    let sessions = 0
    const sessionNumber = (session: number) => at(segment.index + segment.of * session)
    return {
      sessionNumber,
      nextSession: () => sessionNumber(sessions++),
      nextConnection: () => at(ownConnection()),
      routes: Routes.make(plan, {
        targetsOf,
        helloName: identity.helloName,
        tls: options.tls ?? {},
        recorder,
        connector
      }),
      shape: Shape.make(plan, seed),
      logins,
      clientOf: ClientFields.make(plan, { clients: options.clients, seed })
    }
  })

const sendingOf = (
  { options: { accounts, clients, parts }, part, plan, recorder, seed, trouble }: Making,
  stampTimes: StampTimes
): Effect.Effect<Sending, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { file, identity } = part
    const corpus = yield* CorpusReader.scoped(parts?.corpus)
    const signing = yield* DkimFields.signing(plan, parts?.dkimKey, identity.startedAt)
    const values = parts && MessageParts.values(plan, { ...identity, seed }, parts)
    const userAtHand = AuthFields.isSender(plan) ? new UserAtHand() : undefined
    const addresses = MessageParts.addresses(plan, identity.helloName, seed, values, parts, userAtHand)
    const stamping = { sentAt: stampTimes.of, crc32: yield* Checksum }
    const contentOf = (goes: NonNullable<Message.Sources["goes"]>) =>
      Message.make(plan, addresses, { ...identity, seed }, { ...parts, corpus, file, values, goes, signing, stamping })
    return {
      plan,
      addresses,
      userAtHand,
      contentOf: contentOf("with a dot"),
      chunksOf: plan.chunking === "off" ? undefined : contentOf("in chunks"),
      wishes: ConnectionBegin.wishesOf(plan, addresses, {
        file,
        parts,
        values,
        hasForeignSenders: userAtHand !== undefined && accounts?.hasForeignNames() === true
      }),
      forwards: ClientFields.forwards(plan, { clients, seed }),
      recorder,
      onUnpipelined: () => {
        recorder.unpipelined++
        trouble?.unpipelined()
      },
      onOverLimit: (limit, most) => trouble?.overLimit(limit, most)
    }
  })

const takingOf = (
  { deadlines, options, part, plan, seed }: Making,
  shape: Shape.Shape | undefined,
  begun: number
): Effect.Effect<Omit<Taking, "connectOptions">, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { tickets } = part
    // The request is waited for once, for all who want to know; when they hear of it there are no more tickets.
    const stopping = new StopRequest()
    const ending = new StopRequest()
    const stop = Effect.sync(() => {
      tickets.close()
      stopping.make()
      ending.make()
    })
    const limited = yield* RunBounds.limit(plan, tickets, ending, deadlines.now, begun)
    if (options.stopping !== undefined) yield* Effect.forkScoped(Effect.zipRight(options.stopping, stop))
    return {
      plan,
      tickets: limited,
      pauseBefore: Pause.make(plan, seed),
      reuse: shape?.reuse ?? plan.reuse,
      stopping,
      ending
    }
  })

const bookingOf = (
  { deadlines, options, part, plan, recorder, trouble }: Making,
  { addresses }: Sending,
  stampTimes: StampTimes
): Omit<Booking, "logins"> => {
  const { ledger } = part
  const { deliveries, onOutcome } = options
  const prove = deliveries && ProofBooks.make(plan, deliveries, addresses, stampTimes)
  return {
    plan,
    ledger,
    recorder,
    onOutcome: (message, outcome, ends, route, begun, due, ended) => {
      ledger.book(outcome)
      prove?.(message, outcome)
      route?.counter?.book(outcome)
      recorder.onOutcome(outcome, deadlines.now)
      if (begun !== undefined && due !== undefined) {
        recorder.stages?.count(outcome, due, begun, ended ?? deadlines.now())
      }
      if (!ends) trouble?.outcome(outcome)
      if (onOutcome !== undefined) onOutcome(message, outcome, MessageTimes.until(ended ?? deadlines.now(), begun, due))
    }
  }
}
