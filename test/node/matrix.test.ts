import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as Load from "../../src/load/Load.js"
import * as Laws from "../../src/measure/Laws.js"
import * as NodeConnector from "../../src/node/NodeConnector.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as Plan from "../../src/plan/Plan.js"
import type { Behaviour } from "../../src/sink/Behaviour.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import type { Outcome } from "../../src/smtp/Outcome.js"
import * as Target from "../../src/smtp/Target.js"
import { type Cell, cells, servers, wrong } from "../load/Faults.js"

// The same servers over real sockets, each with a sample of the ways to load it, several sessions at once: what the sockets
// of one connection do to those of another shows only here.

/** What a second of the servers and of the loads takes, in milliseconds. */
const second = 60

const run = ({ input, name }: Cell, behaviour: Behaviour) =>
  Effect.gen(function* () {
    const contents: Array<string> = []
    let recipients = 0
    const sinks = NodeSink.layer({
      behaviour,
      onMessage: (message) => {
        contents.push(Buffer.from(message.content).toString("latin1"))
        recipients += message.recipients.length
      }
    })
    const sink = yield* Effect.flatMap(EmbeddedSink, ({ start }) =>
      start({ protocol: input.lmtp === true ? "lmtp" : "smtp" })
    ).pipe(Effect.provide(sinks))
    const outcomes: Array<Outcome> = []
    const troubles: Array<string> = []
    const plan = Plan.make({ timeout: 1, drain: 1, ...input, messages: 12, target: Target.format(sink.target) })
    const result = yield* Load.run(plan, {
      onOutcome: (message, outcome) => {
        outcomes[message] = outcome
      },
      onTrouble: (_, text) => void troubles.push(text)
    })
    // What was on its way when the run ended is read by then.
    yield* Effect.sleep(second)
    const counts = yield* sink.counts
    const cutOff = result.stopped || Option.isSome(result.endedBy)
    return [
      ...Laws.violations({ ...result, warmedUp: false, cutOff, partial: false }),
      ...wrong(input, result, outcomes, troubles, { contents, recipients }),
      ...(counts.messages === contents.length && counts.delivered === recipients ? [] : ["the sink counts otherwise"])
    ].map((fault) => `${name}: ${fault}`)
  }).pipe(Effect.scoped, Effect.provide(NodeConnector.layer))

describe("over sockets, the books agree with a server that", () => {
  for (const [index, [name, behaviour]] of Object.entries(servers(second)).entries()) {
    it.live(name, () =>
      Effect.gen(function* () {
        const sample = fc.sample(fc.constantFrom(...cells(second)), { seed: 100 + index, numRuns: 6 })
        const found = yield* Effect.forEach(sample, (cell) => run(cell, behaviour), { concurrency: 6 })
        assert.deepStrictEqual(found.flat(), [])
      })
    )
  }
})
