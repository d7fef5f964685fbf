import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as Load from "../../../src/load/Load.js"
import * as MessageSource from "../../../src/load/scenario/MessageSource.js"
import * as Scenario from "../../../src/load/scenario/Scenario.js"
import * as Workers from "../../../src/load/Workers.js"
import * as Histogram from "../../../src/measure/Histogram.js"
import type { Recorded } from "../../../src/measure/Recorder.js"
import * as Plan from "../../../src/plan/Plan.js"
import * as MergedReport from "../../../src/report/MergedReport.js"
import * as RunReport from "../../../src/report/RunReport.js"
import * as Summary from "../../../src/report/Summary.js"
import * as TextReport from "../../../src/report/TextReport.js"
import * as TestServer from "../../../src/sink/TestServer.js"
import * as Dialogue from "../../../src/smtp/Dialogue.js"
import { Connector } from "../../../src/smtp/Wire.js"
import * as Simulation from "../../../src/testing/Simulation.js"
import { simulate } from "./scenarios.js"

/** What a plan of -d does. */
const one = Scenario.forNextMessage((message) =>
  Effect.flatMap(Scenario.kept, (wire) => Scenario.deliver(wire, message))
)

/** The same, over a connection for each. */
const alone = Scenario.forEachMessage((message) =>
  Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
)

/** The shortest and the longest duration of a step of one's own, in whole milliseconds. */
const range = (recorder: Recorded, name: string) => {
  const histogram = recorder.ownHistogram(name, "accepted")
  if (histogram === undefined) return undefined
  const { max, min } = Histogram.range(histogram)
  return [Math.round(min / 1e6), Math.round(max / 1e6), Histogram.total(histogram)]
}

/** What it holds, which is something. */
const countsOf = (histogram: Histogram.Histogram | undefined) => {
  assert.isAbove(histogram === undefined ? 0 : Histogram.total(histogram), 0)
  return histogram!.counts
}

describe("a scenario of a plan with a rate", () => {
  it.effect("is run once for each message, when it is due, over sessions that are begun as they are needed", () =>
    Effect.gen(function* () {
      for (const [scenario, connections] of [
        [one, 3],
        [alone, 20]
      ] as const) {
        const { accounting, elapsed, scenarios, server, sessions } = yield* simulate(
          { messages: 20, rate: "10/s", maxSessions: 50 },
          Effect.asVoid(scenario),
          { latency: { final: "250 millis" } }
        )
        assert.deepStrictEqual([accounting.planned, accounting.accepted], [20, 20])
        assert.deepStrictEqual(
          server.accepted.map(({ time }) => time),
          Array.from({ length: 20 }, (_, index) => index * 100)
        )
        assert.strictEqual(elapsed, 2150)
        assert.deepStrictEqual(scenarios, { begun: 20, failed: 0 })
        assert.strictEqual(sessions.length, 3)
        assert.strictEqual(server.sessions.length, connections)
        assert.strictEqual((yield* server.counts).quits, connections)
      }
    })
  )

  it.effect("is measured from when it was due, as the plan by itself is", () =>
    Effect.gen(function* () {
      const plan = { messages: 10, rate: "10/s", maxSessions: 2, reuse: true } as const
      const latency = { final: "250 millis" } as const
      const { recorder } = yield* simulate(plan, one, { latency })
      assert.deepStrictEqual(range(recorder, "start"), [0, 200, 10])
      assert.deepStrictEqual(range(recorder, "service"), [250, 250, 10])
      assert.deepStrictEqual(range(recorder, "scenario"), [250, 450, 10])
      assert.strictEqual(recorder.late, 8)
      // With connections of their own, one of which is refused, too.
      for (const [scenario, reuse] of [
        [one, true],
        [alone, false]
      ] as const) {
        const server: TestServer.TestServerOptions = {
          latency: { final: "200 millis", greeting: "50 millis" },
          connect: (attempt) => (attempt === 2 ? { refuse: "ECONNREFUSED", after: "20 millis" } : undefined)
        }
        const own = yield* simulate({ ...plan, reuse }, Effect.asVoid(scenario), server)
        const alike = yield* Load.run(Plan.make({ ...plan, reuse, keepGoing: true })).pipe(
          Effect.provide(TestServer.layer(server)),
          (program) => Simulation.run(program)
        )
        assert.strictEqual(own.accounting.failed, 1)
        assert.strictEqual(own.recorder.late, alike.recorder.late)
        for (const ending of ["accepted", "failed"] as const) {
          assert.deepStrictEqual(
            countsOf(own.recorder.histogram("transaction", ending)),
            countsOf(alike.recorder.histogram("transaction", ending))
          )
          // Over kept connections a plan's message goes to whichever is ready first, and a scenario's to its session.
          const names = ending === "failed" ? ["service"] : ["service", "start"]
          for (const name of reuse ? [] : names) {
            assert.deepStrictEqual(
              countsOf(own.recorder.ownHistogram(name, ending)),
              countsOf(alike.recorder.ownHistogram(name, ending))
            )
          }
        }
      }
    })
  )

  it.effect("leaves out the messages that would start too late, and measures nothing before the warm-up is over", () =>
    Effect.gen(function* () {
      const plan = { rate: "10/s", duration: "2s", maxSessions: 1, dropLate: 0.1, warmUp: "1s" }
      const { accounting, recorder } = yield* simulate(plan, one, { latency: { final: "250 millis" } })
      assert.strictEqual(recorder.dropped, 10)
      assert.strictEqual(accounting.planned, 20)
      // The session is busy when the time is over, and two are due.
      assert.strictEqual(accounting.notStarted, 12)
      const measured = range(recorder, "scenario")?.[2] ?? 0
      assert.isBelow(measured, accounting.accepted)
      assert.strictEqual(range(recorder, "service")?.[2], measured)
      assert.strictEqual(range(recorder, "start")?.[2], measured)
    })
  )

  it.effect("keeps stages and bursts, and ends with them", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, server } = yield* simulate(
        { stages: "1s:10/s, 1s:0/s, 1s:20/s", burst: 5, maxSessions: 10 },
        one
      )
      assert.strictEqual(accounting.accepted, 30)
      assert.deepStrictEqual([...new Set(server.accepted.map(({ time }) => time))], [0, 500, 2000, 2250, 2500, 2750])
      assert.strictEqual(elapsed, 2750)
    })
  )

  it.effect("need not send its message, and may take one of its own", () =>
    Effect.gen(function* () {
      const noop = Effect.flatMap(Scenario.kept, (wire) => Dialogue.request(wire, "NOOP"))
      const probed = yield* simulate({ rate: "10/s", messages: 20 }, noop, { latency: { other: "30 millis" } })
      assert.deepStrictEqual([probed.accounting.planned, probed.accounting.notStarted], [0, 0])
      assert.deepStrictEqual(range(probed.recorder, "scenario"), [30, 30, 20])
      const mail = (number: number) => ({ sender: "", recipients: [`${number}@example.com`], content: "" })
      const own = yield* simulate(
        { rate: "10/s", messages: 20 },
        Effect.flatMap(Scenario.kept, (wire) => Scenario.send(wire, MessageSource.fromFunction(mail)))
      )
      assert.strictEqual(new Set(own.server.accepted.map(({ recipients }) => recipients[0])).size, 20)
    })
  )

  it.effect("ends no other when it fails, is counted, and leaves no connection in the middle of a dialogue", () =>
    Effect.gen(function* () {
      const scenario = Effect.gen(function* () {
        const wire = yield* Scenario.kept
        yield* Dialogue.mail(wire, "a@example.com")
        yield* Dialogue.rcpt(wire, "b@example.com")
        yield* Dialogue.rset(wire)
      })
      let recipients = 0
      const { accounting, scenarios, server, sessions } = yield* simulate({ messages: 10, rate: "10/s" }, scenario, {
        script: ({ stage }) =>
          stage === "rcpt" && ++recipients === 4 ? TestServer.reply("451 4.3.0 later") : undefined
      })
      assert.deepStrictEqual(scenarios, { begun: 10, failed: 1 })
      assert.strictEqual(server.sessions.length, 2)
      assert.strictEqual((yield* server.counts).quits, 1)
      assert.strictEqual(accounting.notStarted, 10)
      assert.isTrue(sessions.every(Exit.isSuccess))
    })
  )

  it.effect("does not go on repeating beyond the plan's duration, and is not begun for what waits then", () =>
    Effect.gen(function* () {
      const loop = Effect.zipRight(Scenario.repeat(Effect.sleep(100), { pause: "1 hour" }), one)
      const plan = { rate: "2/s", duration: "3s", maxSessions: 4 }
      const { accounting, elapsed, scenarios } = yield* simulate(plan, loop)
      assert.deepStrictEqual([accounting.accepted, scenarios.begun, elapsed], [4, 4, 3000])
    })
  )

  it.effect("is not begun any more when the run is asked to stop, or interrupted", () =>
    Effect.gen(function* () {
      const plan = { rate: "10/s", duration: "1h" } as const
      const stopped = yield* simulate(plan, one, {
        latency: { final: "450 millis" },
        run: { stopping: Effect.sleep("1050 millis") }
      })
      assert.isTrue(stopped.stopped)
      assert.deepStrictEqual([stopped.accounting.accepted, stopped.elapsed], [11, 1450])
      assert.strictEqual(stopped.accounting.planned, 36_000)
      yield* Effect.gen(function* () {
        const server = yield* TestServer.TestServer
        const fiber = yield* Effect.fork(Load.run(Plan.make(plan), one))
        yield* Effect.sleep("1050 millis")
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(yield* Clock.currentTimeMillis, 1050)
        assert.isTrue(server.sessions.every(({ end }) => end?.by === "client"))
      }).pipe(Effect.provide(TestServer.layer({ latency: { final: "450 millis" } })), (program) =>
        Simulation.run(program)
      )
    })
  )
})

describe("an interruption of scenarios that are due", () => {
  it.effect("leaves no connection open and no message unbooked, at whatever turn of the scheduler it comes", () =>
    Effect.gen(function* () {
      let connections = 0
      for (let turns = 0; turns < 150; turns++) {
        yield* Effect.gen(function* () {
          const server = yield* TestServer.TestServer
          const numbers: Array<number> = []
          const plan = Plan.make({ messages: 20, rate: "1000/s", burst: 10, maxSessions: 3 })
          const fiber = yield* Effect.fork(Load.run(plan, one, { onOutcome: (message) => numbers.push(message) }))
          for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow()
          yield* Fiber.interrupt(fiber)
          yield* Effect.sleep("1 second")
          connections += server.sessions.length
          assert.strictEqual(server.sessions.filter(({ end }) => end === undefined).length, 0, `${turns} turns`)
          const sent = server.log.filter(({ line }) => line.startsWith("MAIL")).length
          assert.deepStrictEqual(
            numbers.sort((a, b) => a - b),
            [...numbers.keys()],
            `${turns} turns`
          )
          assert.isAtLeast(numbers.length, sent, `${turns} turns`)
        }).pipe(Effect.provide(TestServer.layer()), (program) => Simulation.run(program))
      }
      assert.isAbove(connections, 150)
    })
  )
})

describe("a connection that is kept", () => {
  it.effect("is replaced when the server has closed it, so that no session fails one message after another", () =>
    Effect.gen(function* () {
      let mails = 0
      const times = Scenario.arrivals({ rate: "100/s", messages: 200 })
      const { accounting, server } = yield* simulate(
        { messages: 200, sessions: 2 },
        Scenario.onSchedule(one, times, "message"),
        {
          latency: { final: "3 millis" },
          script: ({ session, stage }) =>
            session === 1 && stage === "mail" && ++mails === 20 ? TestServer.close : undefined
        }
      )
      assert.deepStrictEqual([accounting.accepted, accounting.failed], [199, 1])
      assert.strictEqual(server.sessions.length, 3)
      assert.strictEqual((yield* server.counts).quits, 2)
    })
  )

  it.effect("costs a message where it cannot be opened, and is tried again for the next", () =>
    Effect.gen(function* () {
      const { accounting, recorder, scenarios, server } = yield* simulate(
        { messages: 10 },
        Scenario.repeat(one, { times: 10 }),
        {
          latency: { final: "10 millis" },
          connect: (attempt) => (attempt < 3 ? { refuse: "ECONNREFUSED" } : undefined),
          script: ({ session, stage }) =>
            session === 1 && stage === "greeting" ? TestServer.reply("554 no") : undefined
        }
      )
      assert.deepStrictEqual([accounting.accepted, accounting.failed, accounting.rejected], [7, 2, 1])
      assert.deepInclude(
        recorder.errors().map(({ count, detail }) => [detail, count]),
        ["ECONNREFUSED", 2]
      )
      assert.strictEqual(scenarios.failed, 0)
      // The one that was refused is not left open meanwhile.
      assert.deepInclude(server.sessions[0]?.end, { by: "client", time: 0 })
    })
  )

  it.effect("is of each session's own, and of each effect's", () =>
    Effect.gen(function* () {
      const other = Scenario.keep(Scenario.open)
      const scenario = Effect.all([Scenario.kept, other, Scenario.kept, other])
      const { server, sessions } = yield* simulate({ sessions: 3 }, scenario)
      assert.strictEqual(server.sessions.length, 6)
      assert.strictEqual((yield* server.counts).quits, 6)
      for (const session of sessions) {
        const [first, second, third, fourth] = yield* session
        assert.isTrue(first === third && second === fourth && first !== second)
      }
    })
  )

  it.effect("has its commands in groups, where the plan and the server would", () =>
    Effect.gen(function* () {
      const sent: Array<string> = []
      const { accounting } = yield* simulate(
        { messages: 2, recipients: 2, pipelining: "on" },
        Scenario.repeat(one, { times: 2 }),
        { run: { onTrace: (direction, text) => direction === "sent" && sent.push(text) } }
      )
      assert.strictEqual(accounting.accepted, 2)
      assert.strictEqual(sent.filter((text) => /^MAIL.*\r\nRCPT.*\r\nRCPT.*\r\nDATA\r\n$/.test(text)).length, 2)
    })
  )
})

describe("scenarios that fail", () => {
  it.effect("are told of, with what they failed of, and the run is not said to be completed", () =>
    Effect.gen(function* () {
      const troubles: Array<string> = []
      const plan = { sessions: 10, messages: 5 }
      const result = yield* simulate(plan, Scenario.open, {
        connect: () => ({ refuse: "ECONNREFUSED" }),
        run: { onTrouble: (_, text) => troubles.push(text) }
      })
      assert.deepStrictEqual(result.scenarios, { begun: 10, failed: 10 })
      assert.deepStrictEqual(troubles, ["a session failed: connect to server.in.memory:25: ECONNREFUSED"])
      const report = RunReport.make(Plan.make(plan), result, { version: "test" })
      const { ended, errors, messages, reason, scenarios } = report
      assert.deepStrictEqual([ended, reason], ["failed", "all 10 scenarios failed"])
      assert.deepStrictEqual(scenarios, { begun: 10, failed: 10 })
      assert.deepStrictEqual(
        errors.map(({ count, detail, step }) => [step, detail, count]),
        [["connect", "ECONNREFUSED", 10]]
      )
      assert.strictEqual(messages.notStarted, 5)
      const alone = yield* simulate({ sessions: 1, messages: 1 }, Scenario.open, {
        connect: () => ({ refuse: "ECONNREFUSED" })
      })
      assert.strictEqual(RunReport.make(Plan.make({}), alone, { version: "test" }).reason, "the scenario failed")
      assert.include(Summary.render(result), "10 of 10 scenarios failed")
      const merged = MergedReport.merge(report, report)
      assert.deepStrictEqual(merged.scenarios, { begun: 20, failed: 20 })
      assert.include(TextReport.render(merged), "20 of 20 failed")
    })
  )

  it.effect("of a defect, or of an error of their own, are not quiet either", () =>
    Effect.gen(function* () {
      const troubles: Array<string> = []
      const scenario = Effect.flatMap(Scenario.sessionNumber, (number) =>
        number === 0
          ? Effect.sync(() => {
              throw new TypeError("no\u001b[2Jthing")
            })
          : number === 1
            ? Effect.fail("enough")
            : Effect.interrupt
      )
      const result = yield* simulate({ sessions: 3 }, scenario, {
        run: { onTrouble: (_, text) => troubles.push(text) }
      })
      assert.deepStrictEqual(result.scenarios, { begun: 3, failed: 2 })
      assert.deepStrictEqual(troubles, ["a session failed: TypeError: no\\x1b[2Jthing", "a session failed: enough"])
      const { ended } = RunReport.make(Plan.make({}), result, { version: "test" })
      assert.strictEqual(ended, "completed")
    })
  )
})

describe("a summary of scenarios", () => {
  it.effect("names their own steps, and no messages where none were asked for", () =>
    Effect.gen(function* () {
      const noop = Effect.flatMap(Scenario.kept, (wire) => Dialogue.request(wire, "NOOP"))
      const result = yield* simulate({ sessions: 2 }, Effect.repeatN(Scenario.measure(noop, "noop"), 99), {
        latency: { other: "10 millis" }
      })
      assert.deepStrictEqual(Summary.render(result), [
        "0 of 2 scenarios failed",
        "1.00 s",
        "noop: 200 accepted, 200/s, p99 10.0 ms"
      ])
      const mixed = yield* simulate({ messages: 1 }, Scenario.measure(one, "\u001b[2Jone"), { latency: { final: 100 } })
      assert.deepStrictEqual(
        Summary.render(mixed).map((line) => line.split(",")[0]),
        ["1 message: 1 accepted", "0.100 s", "transaction 100 ms", "\\x1b[2Jone: 1 accepted"]
      )
    })
  )
})

describe("what cannot be honoured", () => {
  const refused = (input: Plan.PlanInput, what: "plan" | "scenario") => {
    const plan = Plan.make(input)
    return (what === "plan" ? Load.run(plan) : Load.run(plan, one)).pipe(
      Effect.flip,
      Effect.map((error) => (error._tag === "PlanUnsupported" ? error.fields : error._tag)),
      Effect.provide(TestServer.layer()),
      (program) => Simulation.run(program)
    )
  }

  it.effect("of a plan by itself is what the command does, and what several threads do", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* refused({ sink: true, workers: 4 }, "plan"), ["sink", "workers"])
      assert.deepStrictEqual(yield* refused({ calibrate: true, workers: "auto" }, "plan"), ["calibrate", "workers"])
    })
  )

  it.effect("is to send to nobody: no plan without a target reaches a server that happens to be there", () =>
    Effect.gen(function* () {
      const plan = Plan.make({})
      const runs: ReadonlyArray<Effect.Effect<unknown, Load.RunError, Connector | Workers.Workers>> = [
        Load.run(plan),
        Load.run(plan, one),
        Workers.run(plan),
        Stream.runDrain(Load.stream(plan))
      ]
      for (const run of runs) {
        const error = yield* Effect.flip(run)
        assert.strictEqual(error.message, "the plan cannot be run like this: target (none is given)")
      }
    }).pipe(
      Effect.provideService(Connector, Connector.of({ connect: () => Effect.dieMessage("it was tried") })),
      Effect.provideService(
        Workers.Workers,
        Workers.Workers.of({ processors: 1, start: () => Effect.dieMessage("it was tried") })
      )
    )
  )

  it.effect("of a scenario's plan is also what a plan's sessions do with their connections", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* refused({ sink: true, workers: 4 }, "scenario"), ["sink", "workers"])
      const own = {
        delay: 1,
        perConnection: "3",
        hold: 1,
        abandon: "data",
        pipelining: "full"
      } as const
      assert.deepStrictEqual(yield* refused(own, "scenario"), [
        "delay",
        "perConnection",
        "hold",
        "abandon",
        "pipelining"
      ])
      assert.deepStrictEqual(yield* refused({ randomDelay: 1 }, "scenario"), ["randomDelay"])
      assert.deepStrictEqual(yield* refused({ think: "1", shapes: ["1: hold 1"] }, "scenario"), ["think", "shapes"])
      // It names the way of scenarios.
      assert.strictEqual(
        new Load.PlanUnsupported({ fields: ["delay", "shapes"] }).message,
        "the plan cannot be run like this: delay (a scenario waits by itself: use Scenario.pause), " +
          "shapes (a scenario mixes by itself: use Scenario.mixed)"
      )
    })
  )
})
