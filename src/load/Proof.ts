/**
 * Proof of delivery: a sink as the next hop of the server that a run sends to, and what became of each message in the end.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { Deliveries } from "../measure/Deliveries.js"
import * as DeliveryTally from "../measure/DeliveryTally.js"
import * as Arrival from "../plan/Arrival.js"
import { CorpusStore } from "../plan/CorpusStore.js"
import * as Message from "../plan/Message.js"
import * as MessageParts from "../plan/MessageParts.js"
import * as Partition from "../plan/Partition.js"
import type { Plan } from "../plan/Plan.js"
import type { ProofOrder } from "../plan/ProofOrder.js"
import * as Segment from "../plan/Segment.js"
import * as SinkFields from "../plan/SinkFields.js"
import * as Stamp from "../plan/Stamp.js"
import { EmbeddedSink, type RunningSink, SinkFailed } from "../sink/EmbeddedSink.js"
import * as SinkOffers from "../sink/SinkOffers.js"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import * as Target from "../smtp/Target.js"
import type { Connector } from "../smtp/Wire.js"
import type { ShownChange } from "../measure/Proved.js"
import type { Missed, Proved, Stamped } from "../measure/Proved.js"
import * as ClockComparison from "./ClockComparison.js"
import * as ProofTap from "./ProofTap.js"
import * as RunBounds from "./RunBounds.js"
import * as RunPart from "./RunPart.js"

/**
 * A proof that is under way: the plan, which has the name of its run now, and the order for the sink.
 *
 * @since 0.1.0
 * @category models
 */
export interface Proving {
  readonly plan: Plan
  readonly order: ProofOrder
  readonly deliveries: Deliveries
}

/** What is missing and is named. */
const mostMissed = 10

/** In milliseconds. */
const lookEvery = 100

/**
 * How a run is proved.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProofOptions {
  /** How many messages there can be. Default: as many as the plan has. */
  readonly messages?: number | undefined
  /** Whether anybody asks when messages arrived, while the run goes on. */
  readonly timed?: boolean | undefined
}

/**
 * Prepares the proof of a run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const prepare = (
  asked: Plan,
  { file, parts }: Pick<RunPart.RunOptions, "file" | "parts">,
  { messages: most, timed }: ProofOptions = {}
): Effect.Effect<Proving> =>
  Effect.map(RunPart.identify(asked), (identity) => {
    const plan: Plan = { ...asked, runId: identity.runId }
    const width = plan.prove === "messages" ? 1 : MessageParts.mostRecipients(plan, parts)
    const startedAt = identity.startedAt.getTime() * 1000
    const messages = most ?? Arrival.messagesOf(MessageParts.bounded(plan, parts))
    const known = messages === Arrival.unlimited ? undefined : messages
    const deliveries = Deliveries.make(width, startedAt, known, { timed: timed === true })
    const whole = { ...identity, seed: RunBounds.seedOf(plan, identity) }
    const { memory } = deliveries
    return { plan, deliveries, order: { plan, identity: whole, file, parts, width, startedAt, memory } }
  })

/**
 * Runs with a sink as the next hop, where the plan asks for it, and waits for what was accepted to arrive there.
 *
 * @since 0.1.0
 * @category running
 */
export const around = <Options extends RunPart.RunOptions, Result extends Finished, E, R>(
  plan: Plan,
  options: Options,
  run: (plan: Plan, options: Options) => Effect.Effect<Result, E, R>,
  proof: ProofOptions = {}
): Effect.Effect<Result, E | SinkFailed, R | Connector> => {
  const { downstream, prove } = plan
  if (prove === undefined || options.deliveries !== undefined) return run(plan, options)
  if (downstream === undefined) {
    return Effect.flatMap(prepare(plan, options, { messages: proof.messages }), (proving) => {
      const running = run(proving.plan, { ...options, deliveries: proving.deliveries })
      return Effect.map(ClockComparison.around(plan, running, options), ([result, clocks]) => ({
        ...result,
        stamped: { ...stampedOf(proving), clocks }
      }))
    })
  }
  return Effect.scoped(
    Effect.gen(function* () {
      const proving = yield* prepare(plan, options, proof)
      const sink = yield* listen(downstream, proving.order)
      const result = yield* settled(proving, options, run)
      return sink.strikes === undefined ? result : { ...result, strikes: yield* sink.strikes }
    })
  ) as Effect.Effect<Result, E | SinkFailed, R>
}

interface Finished extends RunPart.RunResult {
  readonly workerDied?: Option.Option<unknown> | undefined
}

/** Where plans come in, it was made sure that there is somebody who starts sinks. */
const listen = (downstream: string, proof: ProofOrder): Effect.Effect<RunningSink, SinkFailed, Scope.Scope> =>
  Effect.flatMap(
    Effect.serviceOption(EmbeddedSink),
    (embedded): Effect.Effect<RunningSink, SinkFailed, Scope.Scope> => {
      if (Option.isNone(embedded)) return Effect.dieMessage("no sink for the next hop")
      const target = Either.getOrThrow(Target.parse(downstream))
      const words = SinkFields.wordsOf(proof.plan)
      return Effect.mapError(
        embedded.value.start(
          { maxRecipients: 100_000, ...SinkOffers.configOf(SinkFields.offersOf(proof.plan)) },
          { listen: target, proof, words }
        ),
        ({ cause, code, reason }) => new SinkFailed({ code, reason, cause, option: "--downstream" })
      )
    }
  )

/**
 * Runs with a proof whose sink listens already.
 *
 * @since 0.1.0
 * @category running
 */
export const settled = <Options extends RunPart.RunOptions, Result extends Finished, E, R>(
  { deliveries, order, plan }: Proving,
  options: Options,
  run: (plan: Plan, options: Options) => Effect.Effect<Result, E, R>
): Effect.Effect<Result, E, R> =>
  Effect.gen(function* () {
    const store = yield* Effect.serviceOption(CorpusStore)
    const result = yield* run(plan, { ...options, deliveries })
    const { hurrying = Effect.never, onSettling, stopping = Effect.never } = options
    // A second signal ends the wait, and so does the first one, if it comes now.
    const told = Effect.raceFirst(hurrying, result.stopped ? Effect.never : stopping)
    const wait = settle(deliveries, (plan.settle ?? 120) * 1000, onSettling)
    const [waited] = yield* Effect.timed(Effect.raceFirst(wait, told))
    const { count } = Partition.of(Segment.ofPlan(plan))
    const tally = deliveries.tally((message) => count(message + 1) > count(message))
    const isPartial = result.workerDied !== undefined && Option.isSome(result.workerDied)
    const { accepted, recipients } = result.accounting
    const booked = plan.prove === "messages" ? accepted : recipients.accepted
    const broken = DeliveryTally.violations(tally, { booked, partial: isPartial })
    const proof: Proved = {
      tally,
      by: plan.prove ?? "recipients",
      seconds: deliveries.bySecond(),
      waited: Duration.toMillis(waited),
      missed: missedOf(
        ProofTap.begunAt(order, result.startedAt),
        deliveries.missed(mostMissed),
        Option.getOrUndefined(store)
      ),
      // They are what the sink has noted.
      changes: deliveries.noted() as ReadonlyArray<ShownChange>
    }
    const violated = [...result.violations, ...broken]
    return { ...result, proof, stamped: stampedOf({ deliveries, order, plan }), violations: violated }
  })

const stampedOf = ({ deliveries, order, plan }: Proving): Stamped => ({
  run: Stamp.runOf(order.identity.runId),
  by: plan.prove ?? "recipients",
  width: order.width,
  messageId: Message.messageIds(order.plan, order.identity),
  ...deliveries.sent()
})

/** Waits until there is nothing to wait for, or nothing has arrived for this long, in milliseconds. */
const settle = (
  deliveries: Deliveries,
  patience: number,
  onSettling: RunPart.RunOptions["onSettling"]
): Effect.Effect<void> =>
  Effect.gen(function* () {
    let arrivals = deliveries.arrivals()
    const accepted = onSettling === undefined ? 0 : deliveries.accepted()
    let [quiet, waited] = [0, 0]
    while (quiet < patience) {
      const awaited = deliveries.awaited()
      onSettling?.({ accepted, arrived: accepted - deliveries.missing(), awaited, waited, left: patience - quiet })
      if (awaited === 0) return
      yield* Effect.sleep(lookEvery)
      waited += lookEvery
      const now = deliveries.arrivals()
      quiet = now === arrivals ? quiet + lookEvery : 0
      arrivals = now
    }
  })

const missedOf = (
  order: ProofOrder,
  missed: ReadonlyArray<{ readonly message: number; readonly place: number }>,
  store: CorpusStore["Type"] | undefined
): ReadonlyArray<Missed> => {
  if (missed.length === 0) return []
  const { addresses, messageOf } = ProofTap.messages(order, store)
  const { rcpts, sender } = addresses
  return missed.map(({ message, place }) => ({
    message,
    messageId: messageIdIn(messageOf(message)),
    sender: sender(message),
    recipient: (rcpts(message)[place] ?? "").slice(SmtpCommand.rcptBegin.length, -SmtpCommand.rcptEnd.length)
  }))
}

/** What is looked at of a header. */
const mostHeader = 65_536

const messageIdIn = (message: Buffer | undefined): string | undefined => {
  const text = message?.toString("latin1", 0, mostHeader)
  if (text === undefined) return undefined
  return /^message-id[ \t]*:\s*(<[^<>\r\n]{1,998}>)/im.exec(text.slice(0, Stamp.divide(text).headerEnd))?.[1]
}
