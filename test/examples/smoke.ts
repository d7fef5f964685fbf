import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { Judgement, Load, Plan, RunReport, version } from "smtp-source"

/** What must not be, in the language of --fail-if. */
const verdicts = ["accepted < 100%", "p99(transaction) > 250ms", "code(4xx) > 0"]

export class SmokeFailed extends Data.TaggedError("SmokeFailed")<{
  readonly failed: ReadonlyArray<Judgement.Judgement>
}> {
  override get message() {
    return this.failed.map(({ expression, measured }) => `${expression} (${measured})`).join("; ")
  }
}

/** Two hundred messages, for a pipeline that deploys a mail server: fails if the server cannot take them well. */
export const smoke = (target: string) =>
  Effect.gen(function* () {
    const plan = Plan.make({ target, messages: 200, sessions: 5, keepGoing: true, timeout: 10 })
    const report = RunReport.make(plan, yield* Load.run(plan), { version })
    const failed = (yield* Judgement.judge(report, { failIf: verdicts })).filter((judgement) => judgement.failed)
    return failed.length > 0 ? yield* new SmokeFailed({ failed }) : report
  })

// Effect.runPromise(smoke("localhost:2525").pipe(Effect.provide(NodeServices.layer)))
