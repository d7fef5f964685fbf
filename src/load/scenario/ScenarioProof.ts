/**
 * What scenarios ask of a proof of delivery: whether a message has come to the next hop, and how late.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Arrived, ArrivalWatch } from "./ArrivalWatch.js"
import { InvalidScenario } from "./InvalidScenario.js"
import { ScenarioSession } from "./ScenarioSession.js"
import type { TakenMessage } from "./TakenMessages.js"

/**
 * Which arrival is meant.
 *
 * @since 0.1.0
 * @category models
 */
export interface ArrivalQuestion {
  /** The place of one recipient of the message, from 0. Default: all of them. Where the plan proves messages, there is one. */
  readonly recipient?: number | undefined
}

/**
 * How long to wait for it.
 *
 * @since 0.1.0
 * @category models
 */
export interface WaitOptions extends ArrivalQuestion {
  /** At most. Default: two minutes. */
  readonly within?: Duration.DurationInput | undefined
}

/**
 * A message did not come in time, or a notice says that it will not.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotArrived extends Data.TaggedError("NotArrived")<{
  /** The message's number. */
  readonly number: number
  readonly reason: "late" | "returned"
}> {
  override get message(): string {
    return `message ${this.number} ${this.reason === "late" ? "has not come in time" : "was returned"}`
  }
}

/**
 * When a message came to the next hop; none where it has not come so far. Its time is known as long as no more than 4,194,304
 * recipients came after it. Fails where the plan has no `downstream`, and where the time is forgotten.
 *
 * @since 0.1.0
 * @category proof
 */
export const arrival = (
  message: TakenMessage,
  question: ArrivalQuestion = {}
): Effect.Effect<Option.Option<Arrived>, InvalidScenario, ScenarioSession> =>
  watching(message, question, (watch, from, to) => {
    const sight = watch.look(message.number, from, to)
    return Effect.map(known(sight === "returned" ? undefined : sight), Option.fromNullable)
  })

/**
 * Waits until a message has come to the next hop. It can be interrupted, and what waits costs next to nothing.
 *
 * A message that is waited for is not over: its session sends no other one meanwhile, unless the wait is in a fiber of its own.
 *
 * @since 0.1.0
 * @category proof
 * @example
 * import * as Effect from "effect/Effect"
 * import { Scenario } from "smtp-source"
 *
 * // Sends the next message when the last one is through.
 * export const oneByOne = Scenario.forEachMessage((message) =>
 *   Effect.gen(function* () {
 *     const outcome = yield* Scenario.deliver(yield* Scenario.kept, message)
 *     if (outcome._tag !== "Accepted") return
 *     yield* Scenario.measure(Scenario.awaitArrival(message, { within: "30 seconds" }), "through")
 *   })
 * )
 */
export const awaitArrival = (
  message: TakenMessage,
  { within = "2 minutes", ...question }: WaitOptions = {}
): Effect.Effect<Arrived, InvalidScenario | NotArrived, ScenarioSession> =>
  watching(message, question, (watch, from, to) =>
    watch.wait(message.number, from, to).pipe(
      Effect.timeoutFail({
        duration: within,
        onTimeout: () => new NotArrived({ number: message.number, reason: "late" })
      }),
      Effect.flatMap(
        (sight): Effect.Effect<Arrived, InvalidScenario | NotArrived> =>
          sight === "returned" ? new NotArrived({ number: message.number, reason: "returned" }) : known(sight)
      )
    )
  )

const watching = <A, E>(
  { rcpts }: TakenMessage,
  { recipient }: ArrivalQuestion,
  use: (watch: ArrivalWatch, from: number, to: number) => Effect.Effect<A, E>
): Effect.Effect<A, E | InvalidScenario, ScenarioSession> =>
  Effect.flatMap(ScenarioSession, ({ arrivals }): Effect.Effect<A, E | InvalidScenario> => {
    if (arrivals === undefined) {
      return new InvalidScenario({ problem: "nobody knows what has arrived: the plan has no prove and downstream" })
    }
    const places = arrivals.placesOf(rcpts.length)
    if (recipient === undefined) return use(arrivals, 0, places)
    if (Number.isInteger(recipient) && recipient >= 0 && recipient < places) {
      return use(arrivals, recipient, recipient + 1)
    }
    return new InvalidScenario({ problem: `there is no recipient ${recipient} to be told apart` })
  })

const known = <S extends Arrived | undefined>(sight: S | "forgotten"): Effect.Effect<S, InvalidScenario> =>
  sight === "forgotten"
    ? new InvalidScenario({ problem: "the message came so long ago that its time is forgotten" })
    : Effect.succeed(sight)
