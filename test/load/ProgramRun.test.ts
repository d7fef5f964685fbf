import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Load from "../../src/load/Load.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import { StopSignal } from "../../src/load/StopSignal.js"
import * as Workers from "../../src/load/Workers.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import type { Connector } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"

const one = Scenario.forEachMessage((message) =>
  Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
)

const noThreads = Layer.succeed(
  Workers.Workers,
  Workers.Workers.of({ processors: 1, start: () => Effect.dieMessage("no thread is needed") })
)

type Run<E> = (
  plan: Plan.Plan,
  options?: Load.RunOptions
) => Effect.Effect<Load.RunResult, E, Connector | Workers.Workers>

/** Every way for a program to run a plan. */
const ways: ReadonlyArray<readonly [name: string, run: Run<Load.RunError>]> = [
  ["a plan", (plan, options) => Load.run(plan, options)],
  ["a scenario", (plan, options) => Load.run(plan, one, options)],
  ["threads", (plan, options) => Workers.run(plan, options)],
  [
    "a stream",
    (plan, options) =>
      Load.stream(plan, options).pipe(
        Stream.filterMap((event) => (event._tag === "RunEnded" ? Option.some(event.result) : Option.none())),
        Stream.runHead,
        Effect.map(Option.getOrThrow)
      )
  ]
]

const simulated = <A, E>(
  program: Effect.Effect<A, E, Connector | Workers.Workers>,
  server: TestServer.TestServerOptions
) => program.pipe(Effect.provide(Layer.merge(TestServer.layer(server), noThreads)), (load) => Simulation.run(load))

for (const [name, run] of ways) {
  describe(`the verdicts of ${name}`, () => {
    it.effect("that fail are the run's failure, with what happened", () =>
      Effect.gen(function* () {
        const plan = Plan.make({
          messages: 4,
          keepGoing: true,
          failIf: ["rejected > 0", "p99(transaction) > 1h"],
          require: ["accepted >= 100%", "unknown <= 0"]
        })
        const server = {
          script: ({ session, stage }: TestServer.ServerEvent) =>
            session === 2 && stage === "rcpt" ? TestServer.reply("550 5.1.1 no") : undefined
        }
        const error = yield* Effect.flip(simulated(run(plan), server))
        if (error._tag !== "VerdictsFailed") return assert.fail(error.message)
        assert.deepStrictEqual(
          error.verdicts.map(({ expression, failed, kind }) => [kind, expression, failed]),
          [
            ["fail-if", "rejected > 0", true],
            ["require", "accepted >= 100%", true]
          ]
        )
        assert.include(error.message, "rejected")
        assert.strictEqual(error.result.accounting.accepted, 3)
        const passed = yield* simulated(run(plan), {})
        assert.strictEqual(passed.accounting.accepted, 4)
      })
    )

    it.effect("may end it: abortIf", () =>
      Effect.gen(function* () {
        const plan = Plan.make({ messages: 1000, keepGoing: true, abortIf: "rejected > 5" })
        const program = Effect.all([Effect.flip(run(plan)), Clock.currentTimeMillis])
        const [error, took] = yield* simulated(program, {
          latency: { rcpt: "100 millis" },
          script: { rcpt: TestServer.reply("550 5.1.1 no") }
        })
        if (error._tag !== "VerdictsFailed") return assert.fail(error.message)
        assert.deepStrictEqual(
          error.verdicts.map(({ kind }) => kind),
          ["abort-if"]
        )
        assert.isTrue(error.result.stopped)
        assert.isAtMost(took, 2000)
        assert.isAbove(error.result.accounting.notStarted, 900)
      })
    )
  })

  it.effect(`a plan that was put together by hand, and breaks a rule, is refused by ${name}`, () =>
    Effect.gen(function* () {
      const plan = Plan.make({ failIf: ["rejected > 0"] })
      const mistakes: { readonly [problem: string]: object } = {
        "stages: ": { stages: "garbage" },
        "rate: ": { rate: "fast" },
        "duration: ": { duration: "long" },
        "warmUp: ": { warmUp: "-1s" },
        "failIf[0]: ": { failIf: ["nonsense"] },
        "sessions: ": { sessions: 0 },
        "delay: ": { delay: "1" },
        "messages: ": { messages: Number.NaN },
        'unknown field "session"': { session: 2 },
        "rate, stages: ": { rate: "1/s", stages: "1s:1/s" }
      }
      const server = yield* TestServer.TestServer
      for (const [problem, mistake] of Object.entries(mistakes)) {
        const error = yield* Effect.flip(run({ ...plan, ...mistake }))
        if (error._tag !== "InvalidPlan") return assert.fail(error.message)
        assert.strictEqual(error.problems[0]?.slice(0, problem.length), problem)
      }
      assert.strictEqual(server.sessions.length, 0)
    }).pipe(Effect.provide(Layer.merge(TestServer.layer(), noThreads)))
  )

  it.effect(`what only the command does is refused by ${name}`, () =>
    Effect.gen(function* () {
      const plan = Plan.make({
        counter: true,
        verbose: 1,
        progress: "plain",
        summary: true,
        report: ["text"],
        otlp: "http://localhost:4318"
      })
      const server = yield* TestServer.TestServer
      const error = yield* Effect.flip(run(plan))
      if (error._tag !== "PlanUnsupported") return assert.fail(error.message)
      assert.deepStrictEqual(error.fields, ["counter", "verbose", "progress", "summary", "report", "otlp"])
      assert.strictEqual(server.sessions.length, 0)
    }).pipe(Effect.provide(Layer.merge(TestServer.layer(), noThreads)))
  )

  describe(`the end of ${name}`, () => {
    it.effect("comes by a stop signal that is provided, with the transactions under way and the books", () =>
      Effect.gen(function* () {
        const program = run(Plan.make({ messages: 100, drain: 60 })).pipe(
          Effect.provideService(
            StopSignal,
            StopSignal.of({ first: Effect.as(Effect.sleep(1500), "SIGINT"), second: Effect.never })
          )
        )
        const result = yield* simulated(program, { latency: { final: "1 second" } })
        assert.isTrue(result.stopped)
        assert.deepStrictEqual([result.accounting.accepted, result.accounting.notStarted], [2, 98])
        const hurried = run(Plan.make({ messages: 100, drain: 60 })).pipe(
          Effect.provideService(
            StopSignal,
            StopSignal.of({
              first: Effect.as(Effect.sleep(1500), "SIGINT"),
              second: Effect.as(Effect.sleep(100), "SIGINT")
            })
          )
        )
        const { accounting, elapsed } = yield* simulated(hurried, { latency: { final: "1 second" } })
        assert.deepStrictEqual([accounting.accepted, accounting.unknown, elapsed], [1, 1, 1600])
      })
    )

    it.effect("by a time-out around it leaves the books to who asks for them", () =>
      Effect.gen(function* () {
        let kept: Load.RunResult | undefined
        const program = run(Plan.make({ messages: 100 }), {
          onInterrupted: (result) =>
            Effect.sync(() => {
              kept = result
            })
        }).pipe(Effect.timeoutOption("1500 millis"))
        const ended = yield* simulated(Effect.zip(program, Clock.currentTimeMillis), { latency: { final: "1 second" } })
        assert.deepStrictEqual(ended, [Option.none(), 1500])
        if (kept === undefined) return assert.fail("nobody was told")
        const { accepted, notStarted, unknown } = kept.accounting
        assert.deepStrictEqual([accepted, unknown, notStarted], [1, 1, 98])
        assert.deepStrictEqual([kept.violations, kept.stopped, kept.elapsed], [[], true, 1500])
      })
    )
  })
}
