/**
 * A program that runs a plan with the library, as a user would write it: `node library.mjs SESSIONS MESSAGES TARGET`. For the
 * row that sets `Load.run` beside the command.
 */
import * as Effect from "effect/Effect"
import { Load, NodeServices, Plan } from "../../dist/lib/index.js"

const [sessions, messages, target] = process.argv.slice(2)

const plan = Plan.make({ target, sessions: Number(sessions), messages: Number(messages), reuse: true, length: 1024 })

const { accounting } = await Effect.runPromise(Effect.provide(Load.run(plan), NodeServices.layer))
if (accounting.accepted !== Number(messages)) throw new Error(`${accounting.accepted} of ${messages} accepted`)
// What the embedded runtime still holds open is of no interest.
process.exit(0)
