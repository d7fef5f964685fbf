/** The ways in which a plan can be run: what it asks for has to be had in each. */
import * as Effect from "effect/Effect"
import * as Load from "../../src/load/Load.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import * as Workers from "../../src/load/Workers.js"
import * as Plan from "../../src/plan/Plan.js"
import type { Connector } from "../../src/smtp/Wire.js"

type Run = (
  input: Plan.PlanInput,
  options: Pick<Load.RunOptions, "accounts" | "clients" | "file" | "parts" | "tls">
) => Effect.Effect<Load.RunResult, unknown, Connector | Workers.Workers>

/** Whatever a plan asks for besides, it has a few messages, one session in each thread, and a connection for each message. */
export const ways = {
  "a closed run": (input, options) => Load.run(Plan.make({ messages: 5, ...input }), options),
  "an open run": (input, options) =>
    Load.run(Plan.make({ rate: "10/s", duration: "500ms", maxSessions: 1, ...input }), options),
  "a run over threads": (input, options) =>
    Workers.run(Plan.make({ messages: 10, sessions: 2, workers: 2, ...input }), options),
  "a scenario": (input, options) =>
    Scenario.run(
      Plan.make({ messages: 5, ...input }),
      Scenario.forEachMessage((message) =>
        Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
      ),
      options
    )
} satisfies { readonly [way: string]: Run }

export type Way = keyof typeof ways

/** How many connections that makes. */
export const connectionsOf = (way: Way): number => (way === "a run over threads" ? 10 : 5)
