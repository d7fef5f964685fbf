/**
 * Scenarios run against the server in memory, in virtual time.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as MessageSource from "../../../src/load/scenario/MessageSource.js"
import * as Scenario from "../../../src/load/scenario/Scenario.js"
import * as Plan from "../../../src/plan/Plan.js"
import * as TestServer from "../../../src/sink/TestServer.js"
import * as Simulation from "../../../src/testing/Simulation.js"

export interface Options extends TestServer.TestServerOptions {
  readonly run?: Scenario.ScenarioOptions | undefined
  /** Of what is not to be: books that do not balance. */
  readonly breaksLaws?: boolean | undefined
}

/** Runs a scenario against a server in virtual time, and checks what holds for every run. */
export const simulate = <A, E>(
  input: Plan.PlanInput,
  scenario: Scenario.Scenario<A, E>,
  { breaksLaws = false, run = {}, ...options }: Options = {}
) =>
  Effect.gen(function* () {
    const server = yield* TestServer.TestServer
    const result = yield* Scenario.run(Plan.make(input), scenario, run)
    if (!breaksLaws) assert.deepStrictEqual(result.violations, [])
    assert.strictEqual(server.sessions.filter(({ end }) => end === undefined).length, 0, "a connection is left open")
    return { ...result, server }
  }).pipe(Effect.provide(TestServer.layer(options)), (program) => Simulation.run(program))

/** A connection for all messages of a session. */
export const overOne = <E = never>(source?: MessageSource.MessageSource<E>) =>
  Effect.gen(function* () {
    const wire = yield* Scenario.open
    yield* Scenario.forEachMessage((message) => Scenario.deliver(wire, message), source)
  })
