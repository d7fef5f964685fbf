import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** A program of a user's, as the package runs it: it sends for an hour, and says when it has begun and what happened. */
const program = (messages: string) => `
import * as Effect from "effect/Effect"
import { EmbeddedSink, Load, NodeServices, NodeSink, NodeStopSignal, Plan, Target } from "smtp-source"

const main = Effect.gen(function* () {
  const sink = yield* Effect.flatMap(EmbeddedSink.EmbeddedSink, (embedded) => embedded.start())
  const plan = Plan.make({ target: Target.format(sink.target), duration: "1h", reuse: true, sessions: 2 })
  let begun = false
  const result = yield* Load.run(plan, {
    onOutcome: () => {
      if (!begun) console.log("begun")
      begun = true
    }
  })
  const { accepted, started } = result.accounting
  console.log(JSON.stringify({ stopped: result.stopped, open: started - accepted, sent: accepted > 0 }))
  ${messages}
}).pipe(Effect.scoped, Effect.provide([NodeServices.layer, NodeSink.layer({ thread: false })]))

NodeStopSignal.runMain(main)
`

/** Runs it, with a signal each time that it says something; what it says, and how it ends. */
const run = (code: string, signals: ReadonlyArray<NodeJS.Signals>) =>
  Effect.async<{ readonly said: ReadonlyArray<string>; readonly status: number | null }>((resume) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"]
    })
    let said = ""
    let sent = 0
    child.stdout.on("data", (text) => {
      said += text
      const signal = signals[sent++]
      if (signal !== undefined) child.kill(signal)
    })
    child.on("close", (status) => resume(Effect.succeed({ said: said.trim().split("\n"), status })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

describe("runMain", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it.live(`ends a run with its books by ${signal}`, () =>
      Effect.gen(function* () {
        const { said, status } = yield* run(program(""), [signal])
        assert.deepStrictEqual(said, ["begun", JSON.stringify({ stopped: true, open: 0, sent: true })])
        assert.strictEqual(status, 0)
      })
    )
  }

  it.live("interrupts a program that does not run a load", () =>
    Effect.gen(function* () {
      const { said, status } = yield* run(
        program('yield* Effect.onInterrupt(Effect.never, () => Effect.sync(() => console.log("interrupted")))'),
        ["SIGINT", "SIGINT"]
      )
      assert.strictEqual(said.at(-1), "interrupted")
      assert.strictEqual(status, 0)
    })
  )
})
