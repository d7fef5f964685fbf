import * as Effect from "effect/Effect"
import { Load, Plan, RunReport, version } from "smtp-source"

/** What must not be, in the language of --fail-if. */
const failIf = ["accepted < 100%", "p99(transaction) > 250ms", "code(4xx) > 0"]

/** Two hundred messages, for a pipeline that deploys a mail server: fails with VerdictsFailed if the server cannot take them well. */
export const smoke = (target: string) =>
  Effect.gen(function* () {
    const plan = Plan.make({ target, messages: 200, sessions: 5, keepGoing: true, timeout: 10, failIf })
    return RunReport.make(plan, yield* Load.run(plan), { version })
  })

// Effect.runPromise(smoke("localhost:2525").pipe(Effect.provide(NodeServices.layer)))
