import * as Effect from "effect/Effect"
import { Load, NodeServices, Plan, Summary } from "smtp-source"

export const measure = (target: string) =>
  Effect.gen(function* () {
    const plan = Plan.make({ target, messages: 1000, sessions: 20, reuse: true })
    const result = yield* Load.run(plan)
    return Summary.render(result).join("\n")
  }).pipe(Effect.provide(NodeServices.layer))

// Effect.runPromise(measure("localhost:2525")).then(console.log)
