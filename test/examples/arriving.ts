/** How long a server takes to send on a message, when it has nothing else to do: the next one waits until it is through. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { NodeServices, NodeSink, Plan, Scenario, Summary } from "smtp-source"

const oneByOne = Scenario.forEachMessage((message) =>
  Effect.gen(function* () {
    const outcome = yield* Scenario.deliver(yield* Scenario.kept, message)
    if (outcome._tag !== "Accepted") return
    const { after } = yield* Scenario.awaitArrival(message, { within: "1 minute" })
    yield* Effect.logDebug("through", { message: message.number, after })
  }).pipe(Scenario.measure("through"))
)

/** The server at `target` is set up to send on all mail to `next`, where this listens while it runs. */
export const trickle = (target: string, next: string) =>
  Scenario.run(Plan.make({ target, messages: 20, prove: "messages", downstream: next }), oneByOne).pipe(
    Effect.map((result) => Summary.render(result)),
    Effect.provide(Layer.merge(NodeServices.layer, NodeSink.layer()))
  )
