import * as Effect from "effect/Effect"
import { Dialogue, NodeServices, Plan, Scenario } from "smtp-source"

/** How fast does a server answer NOOP, a hundred times in each of ten sessions? */
export const noops = (target: string) =>
  Scenario.run(Plan.make({ target, sessions: 10 }), (session) =>
    Effect.gen(function* () {
      const wire = yield* session.connect
      yield* Dialogue.greeting(wire)
      yield* Dialogue.hello(wire, "EHLO", "client.example")
      const noop = session.measure("noop", Dialogue.ask(wire, "rset", "NOOP\r\n"))
      yield* Effect.replicateEffect(noop, 100)
      yield* Dialogue.quit(wire)
    }).pipe(
      Effect.scoped,
      Effect.catchTag("ReplyRejected", ({ reply }) => Effect.log(`not welcome: ${reply.code} ${reply.text}`))
    )
  ).pipe(Effect.provide(NodeServices.layer))
