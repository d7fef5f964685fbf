import * as Effect from "effect/Effect"
import { Dialogue, Outcome, Scenario } from "smtp-source"

/** A command of no consequence, measured under a name of its own. */
const noop = (name: string) =>
  Effect.flatMap(Scenario.kept, (wire) => Scenario.measure(Dialogue.request(wire, "NOOP"), name))

/** A second connection of each session. */
const second = Scenario.keep(Scenario.open)

/** Ten a second, in all sessions together. */
const tenPerSecond = Scenario.rateLimit("10/s")

/** Half a second of twenty a second. */
const burst = Scenario.arrivals({ rate: "20/s", duration: "500ms" })

const isLater = ({ fate, reply }: Outcome.RecipientOutcome) =>
  fate === "refused" && reply !== undefined && reply.code < 500

/** One small scenario for each combinator. */
export const combinators = {
  /** Six times, a second apart. */
  repeat: noop("repeated").pipe(Scenario.repeat({ times: 6, pause: "1 second" })),
  /** Five of each session, at the rate that they keep together. */
  rateLimited: noop("limited").pipe(Scenario.rateLimited(tenPerSecond), Effect.repeatN(4)),
  /** Ten, each at its time, by whichever session is free. */
  onSchedule: noop("due").pipe(Scenario.onSchedule(burst, "scheduled")),
  /** By one session, and then by two. */
  staged: noop("staged").pipe(
    Effect.zipLeft(Scenario.pause("100 millis")),
    Scenario.staged([
      { lasts: "1 second", sessions: 1 },
      { lasts: "1 second", sessions: 2 }
    ])
  ),
  /** Three of four are of the first kind. */
  mixed: Scenario.mixed([3, noop("usual")], [1, noop("rare")]).pipe(Effect.repeatN(19)),
  /** Over a connection of its own, which is opened once. */
  keep: Effect.flatMap(second, (wire) => Dialogue.request(wire, "NOOP")).pipe(Effect.repeatN(9)),
  /** One message; then another command over the same connection. */
  forNextMessage: Scenario.forNextMessage((message) =>
    Effect.flatMap(Scenario.kept, (wire) => Scenario.deliver(wire, message))
  ).pipe(Effect.zipRight(noop("after"))),
  /** All messages. Those of their recipients who are to come later are tried once more, and the others are not. */
  forEachMessage: Scenario.forEachMessage((message) =>
    Effect.gen(function* () {
      const outcome = yield* Scenario.deliver(yield* Scenario.kept, message)
      const ends = Outcome.byRecipient(outcome, message.rcpts.length)
      const rcpts = message.rcpts.filter((_, place) => isLater(ends[place]!))
      if (rcpts.length === 0) return
      yield* Scenario.pause("1 minute")
      yield* Scenario.deliver(yield* Scenario.kept, { ...message, rcpts })
    })
  )
} as const
