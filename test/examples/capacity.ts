import * as Effect from "effect/Effect"
import { Histogram, Plan, Scenario } from "smtp-source"

/** How long each rate is held. */
const seconds = 20

/**
 * The 99th percentile in milliseconds, when messages come at an even rate, whether earlier ones were answered or not. Each
 * one is timed from when it was due: a server that makes the generator late is not let off.
 */
const p99At = (target: string, rate: number) =>
  Effect.gen(function* () {
    const messages = rate * seconds
    const plan = Plan.make({ target, messages, sessions: 100 })
    const times = Scenario.arrivals({ rate: `${rate}/s`, messages })
    const scenario = Effect.flatMap(Scenario.open, (wire) => Scenario.onSchedule(Scenario.send(wire), times, "message"))
    const { recorder } = yield* Scenario.run(plan, scenario)
    const histogram = recorder.ownHistogram("message", "accepted")
    return histogram === undefined ? Number.POSITIVE_INFINITY : Histogram.valueAtPercentile(histogram, 99) / 1e6
  })

/** The highest rate, in steps of ten a second, at which 99 of 100 messages are through in 200 ms. */
export const capacity = (target: string) =>
  Effect.gen(function* () {
    let rate = 0
    while ((yield* p99At(target, rate + 10)) <= 200) rate += 10
    return rate
  })

// Effect.runPromise(capacity("localhost:2525").pipe(Effect.provide(NodeServices.layer)))
