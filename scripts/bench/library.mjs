/**
 * A program that sends with the library, as a user would write it: `node library.mjs plan|scenario SESSIONS MESSAGES TARGET`.
 * For the rows that set `Load.run`, and a scenario of a user's own, beside the command.
 */
import * as Effect from "effect/Effect"
import { Load, NodeServices, Plan, Scenario } from "../../dist/lib/index.js"

const [what, sessions, messages, target] = process.argv.slice(2)

const plan = Plan.make({ target, sessions: Number(sessions), messages: Number(messages), reuse: true, length: 1024 })

const deliveries = Effect.flatMap(Scenario.open, (wire) =>
  Scenario.forEachMessage((message) => Scenario.deliver(wire, message))
)
const running = what === "plan" ? Load.run(plan) : Scenario.run(plan, deliveries)

const { accounting } = await Effect.runPromise(Effect.provide(running, NodeServices.layer))
if (accounting.accepted !== Number(messages)) throw new Error(`${accounting.accepted} of ${messages} accepted`)
// What the embedded runtime still holds open is of no interest.
process.exit(0)
