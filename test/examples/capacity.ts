import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Load, Plan, Scenario, Series } from "smtp-source"

/** Twice as many messages every twenty seconds: from 10 a second to 10,240 in three minutes and a bit. */
const ramp = Array.from({ length: 10 }, (_, step) => `20s:${10 * 2 ** step}/s..${20 * 2 ** step}/s`).join(", ")

/** A message when it is due, over a connection that its session keeps. */
const one = Scenario.forNextMessage((message) =>
  Effect.flatMap(Scenario.kept, (wire) => Scenario.deliver(wire, message))
)

/** Nearly all are accepted, and 99 of 100 of these within 200 ms from when they were due. */
const keepsUp = ({ accepted, failed, p99, rejected, started, unknown }: Series.Interval) =>
  started === 0 || (p99 !== undefined && accepted >= 0.99 * (accepted + rejected + failed + unknown) && p99 <= 200)

/** How many messages a second a server takes before it cannot keep up: the run ends when it does not, over five seconds. */
export const capacity = (target: string) =>
  Load.stream(Plan.make({ target, stages: ramp, maxSessions: 2000 }), one).pipe(
    Stream.filterMap((event) => (event._tag === "Sampled" ? Option.some(event.interval) : Option.none())),
    Stream.sliding(5),
    Stream.map((seconds) => Series.join(Chunk.toReadonlyArray(seconds))),
    Stream.takeWhile(keepsUp),
    Stream.runFold(0, (_, { accepted, length }) => Math.round((accepted * 1000) / length))
  )

// Effect.runPromise(capacity("localhost:2525").pipe(Effect.provide(NodeServices.layer)))
