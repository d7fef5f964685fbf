import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Behaviour } from "../../src/sink/Behaviour.js"
import { type Cell, cells, servers, wrong } from "./Faults.js"
import { drive, simulate } from "./ScriptedServer.js"

// Every way to load a server meets every server: it comes to its end, its books balance and agree with the server's own
// count, and nothing that the server says gets through raw.

const run = ({ input, name }: Cell, behaviour: Behaviour) => {
  const troubles: Array<string> = []
  const onTrouble = (_: string, text: string) => void troubles.push(text)
  const options = { behaviour, offers: ["PIPELINING"], onTrouble }
  return Effect.map(simulate({ timeout: 10, ...input }, options), ({ outcomes, server, ...result }) =>
    wrong(input, result, outcomes, troubles, { contents: server.accepted, recipients: server.delivered() }).map(
      (fault) => `${name}: ${fault}`
    )
  )
}

describe("whatever the load, the books agree with a server that", () => {
  for (const [name, behaviour] of Object.entries(servers(1000))) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const found = yield* drive(Effect.forEach(cells(1000), (cell) => run(cell, behaviour), { concurrency: 16 }))
        assert.deepStrictEqual(found.flat(), [])
      })
    )
  }
})
