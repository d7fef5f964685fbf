import * as Effect from "effect/Effect"
import { Dialogue, Load, NodeServices, Plan, Scenario } from "smtp-source"

/** How fast does a server answer NOOP, a hundred times in each of ten sessions? */
const noops = Effect.gen(function* () {
  const wire = yield* Scenario.open
  const noop = Dialogue.request(wire, "NOOP").pipe(Scenario.measure("noop"))
  yield* Effect.repeatN(noop, 99)
})

export const flood = (target: string) =>
  Load.run(Plan.make({ target, sessions: 10 }), noops).pipe(Effect.provide(NodeServices.layer))
