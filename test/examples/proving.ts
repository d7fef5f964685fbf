/** What a server lost, and how long it took to send on what it did not lose. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Histogram, Load, NodeServices, NodeSink, Plan } from "smtp-source"

/** The server at `target` is set up to send on all mail to `next`, where this listens while it runs. */
export const prove = (target: string, next: string, settle: Duration.DurationInput = "1 minute") =>
  Effect.gen(function* () {
    const plan = Plan.make({
      target,
      messages: 200,
      sessions: 10,
      reuse: true,
      prove: "recipients",
      downstream: next,
      settle: Duration.decode(settle),
      // Without this, a run of which anything is missing fails with VerdictsFailed.
      failIf: "missing > 5"
    })
    const { proof, violations } = yield* Load.run(plan)
    if (proof === undefined) return yield* Effect.dieMessage("the plan asks for a proof")
    const { delivery, deliveredAccepted, duplicates, missing } = proof.tally
    return {
      delivered: deliveredAccepted,
      missing,
      duplicates,
      missed: proof.missed.map(({ message }) => message),
      p99: Histogram.valueAtPercentile(delivery, 99) / 1e6,
      violations
    }
  }).pipe(Effect.provide(Layer.merge(NodeServices.layer, NodeSink.layer())))
