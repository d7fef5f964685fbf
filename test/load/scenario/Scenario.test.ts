import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Load from "../../../src/load/Load.js"
import * as MessageSource from "../../../src/load/scenario/MessageSource.js"
import type * as RunStream from "../../../src/load/RunStream.js"
import * as Scenario from "../../../src/load/scenario/Scenario.js"
import type { Sample } from "../../../src/measure/Meter.js"
import { activeAt, activeFrom } from "../../../src/load/scenario/ScenarioStages.js"
import * as Histogram from "../../../src/measure/Histogram.js"
import { type Ending, measured } from "../../../src/measure/Recorder.js"
import * as Distribution from "../../../src/plan/Distribution.js"
import * as Plan from "../../../src/plan/Plan.js"
import * as HgrmReport from "../../../src/report/HgrmReport.js"
import * as JsonReport from "../../../src/report/JsonReport.js"
import * as PrometheusReport from "../../../src/report/PrometheusReport.js"
import * as RunReport from "../../../src/report/RunReport.js"
import * as TextReport from "../../../src/report/TextReport.js"
import type * as EmbeddedSink from "../../../src/sink/EmbeddedSink.js"
import * as TestServer from "../../../src/sink/TestServer.js"
import * as Dialogue from "../../../src/smtp/Dialogue.js"
import * as Outcome from "../../../src/smtp/Outcome.js"
import type * as Reply from "../../../src/smtp/Reply.js"
import type { SmtpError } from "../../../src/smtp/SmtpError.js"
import type { Connector, Wire } from "../../../src/smtp/Wire.js"
import * as Simulation from "../../../src/testing/Simulation.js"
import { overOne, simulate } from "./scenarios.js"

/** Something to count by that needs no server: it says when it was done, and by whom. */
const mark = (marks: Array<readonly [time: number, session: number]>) =>
  Effect.gen(function* () {
    marks.push([yield* Clock.currentTimeMillis, yield* Scenario.sessionNumber])
  })

describe("a scenario", () => {
  it.effect("sends the plan's messages, in as many sessions, and says QUIT", () =>
    Effect.gen(function* () {
      const { accounting, recorder, server, sessions } = yield* simulate({ messages: 20, sessions: 4 }, overOne())
      assert.strictEqual(accounting.accepted, 20)
      assert.strictEqual(server.sessions.length, 4)
      assert.deepInclude(yield* server.counts, { quits: 4, messages: 20 })
      assert.isTrue(sessions.every(Exit.isSuccess))
      assert.strictEqual(Histogram.total(recorder.histogram("transaction", "accepted")!), 20)
    })
  )

  it.effect("has each session's end in the result, and no session ends another", () =>
    Effect.gen(function* () {
      const scenario = Effect.flatMap(Scenario.sessionNumber, (number) =>
        number === 1 ? Effect.fail("one is out") : Effect.as(Effect.sleep(1000), number)
      )
      const { elapsed, sessions } = yield* simulate({ sessions: 3 }, scenario)
      assert.deepStrictEqual(sessions, [Exit.succeed(0), Exit.fail("one is out"), Exit.succeed(2)])
      assert.strictEqual(elapsed, 1000)
    })
  )

  it.effect("is greeted as the plan has it", () =>
    Effect.gen(function* () {
      const lmtp = yield* simulate({ lmtp: true, helloName: "me.example" }, overOne(), { protocol: "lmtp" })
      assert.strictEqual(lmtp.server.log[0]?.line, "LHLO me.example")
      const bare = yield* simulate({ bare: true }, overOne())
      assert.isTrue(bare.server.log[0]?.line.startsWith("MAIL"))
    })
  )

  it.effect("goes on with HELO where the server does not know EHLO, as a plan without a scenario does", () =>
    Effect.gen(function* () {
      const { accounting, server } = yield* simulate({ messages: 3, pipelining: "on", reuse: true }, overOne(), {
        script: ({ line, stage }) =>
          stage === "hello" && line.startsWith("EHLO") ? TestServer.reply("502 5.5.2 what") : undefined
      })
      assert.deepStrictEqual(
        server.log.slice(0, 2).map(({ line }) => line.slice(0, 4)),
        ["EHLO", "HELO"]
      )
      assert.strictEqual(accounting.accepted, 3)
    })
  )

  it.effect("waits for its turn to connect, until those before are greeted", () =>
    Effect.gen(function* () {
      const { server } = yield* simulate({ sessions: 6, connecting: 2 }, Scenario.open, {
        latency: { greeting: "300 millis" }
      })
      assert.deepStrictEqual(
        server.sessions.map(({ openedAt }) => openedAt),
        [0, 0, 300, 300, 600, 600]
      )
      // Who does without the greeting does not hold up others.
      const ungreeted = yield* simulate(
        { sessions: 6, connecting: 2 },
        Effect.andThen(Scenario.connect, Effect.sleep(300))
      )
      assert.isTrue(ungreeted.server.sessions.every(({ openedAt }) => openedAt === 0))
    })
  )

  it.effect("fails with the step that was refused", () =>
    Effect.gen(function* () {
      const { accounting, sessions } = yield* simulate({ messages: 3 }, overOne(), {
        script: { hello: TestServer.reply("550 no") }
      })
      const [error] = sessions.map(Exit.mapError((failure) => `${failure._tag} ${failure.step}`))
      assert.deepStrictEqual(error, Exit.fail("ReplyRejected hello"))
      assert.strictEqual(accounting.notStarted, 3)
    })
  )
})

describe("forEachMessage", () => {
  it.effect("books what an error of SMTP's cost, and goes on", () =>
    Effect.gen(function* () {
      const eachItsOwn = Scenario.forEachMessage((message) =>
        Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
      )
      const { accounting, recorder } = yield* simulate({ messages: 6 }, eachItsOwn, {
        connect: (attempt) => (attempt === 2 ? { refuse: "ECONNREFUSED" } : undefined),
        script: ({ session, stage }) => {
          if (session === 2 && stage === "greeting") return TestServer.reply("554 no")
          if (session === 3 && stage === "rcpt") return TestServer.close
          if (session === 4 && stage === "final") return TestServer.reset
          return undefined
        }
      })
      const { accepted, failed, rejected, unknown } = accounting
      assert.deepStrictEqual(
        { accepted, failed, rejected, unknown },
        { accepted: 2, failed: 2, rejected: 1, unknown: 1 }
      )
      assert.sameMembers(
        recorder.errors().map(({ kind, step }) => `${kind} ${step}`),
        ["ConnectFailed connect", "ConnectionLost rcpt", "ConnectionLost final"]
      )
    })
  )

  it.effect("ends with an error of the user's own, and books the message as given up", () =>
    Effect.gen(function* () {
      const scenario = Scenario.forEachMessage(({ number }) => (number === 2 ? Effect.fail(new Enough()) : Effect.void))
      const { accounting, sessions } = yield* simulate({ messages: 10 }, scenario)
      assert.deepStrictEqual(sessions, [Exit.fail(new Enough())])
      assert.deepInclude({ failed: accounting.failed, notStarted: accounting.notStarted }, { failed: 3, notStarted: 7 })
    })
  )

  it.effect("books what a dialogue of one's own says, once", () =>
    Effect.gen(function* () {
      const told: Array<boolean> = []
      let first: Scenario.TakenMessage | undefined
      const scenario = Effect.gen(function* () {
        const wire = yield* Scenario.open
        yield* Scenario.forEachMessage((message) =>
          Effect.gen(function* () {
            if (first !== undefined) told.push(yield* Scenario.book(first, Outcome.acceptedByAll(1)))
            first = message
            told.push(yield* Scenario.book(message, Outcome.notStarted))
            const outcome = yield* Dialogue.transaction(wire, message, { lmtp: false, afterUnexpected: "strict" })
            told.push(yield* Scenario.book(message, outcome))
            told.push(yield* Scenario.book(outcome)(message))
          })
        )
      })
      const { accounting, recorder } = yield* simulate({ messages: 2, recipients: 3 }, scenario, {
        latency: "10 millis"
      })
      assert.strictEqual(accounting.accepted, 2)
      assert.strictEqual(accounting.recipients.accepted, 6)
      assert.deepStrictEqual(told, [false, true, false, false, false, true, false])
      // Each has the duration of its transaction: six replies.
      const histogram = recorder.histogram("transaction", "accepted")!
      assert.strictEqual(Histogram.total(histogram), 2)
      assert.closeTo(Histogram.valueAtPercentile(histogram, 50) / 1e6, 60, 0.1)
    })
  )
})

describe("a message whose commands its author has changed", () => {
  it.effect("is not sent where one of them is not one line, and costs nobody the connection", () =>
    Effect.gen(function* () {
      const errors: Array<string> = []
      const changes: ReadonlyArray<Partial<Scenario.TakenMessage>> = [
        { mail: "MAIL FROM:<a>\r\nRSET\r\n" },
        { rcpts: ["RCPT TO:<a>\r\nRCPT TO:<b>\r\n"] },
        { rcpts: ["RCPT TO:<a>"] },
        { mail: "MAIL FROM:<me@example.com>\r\n", rcpts: ["RCPT TO:<a@x>\r\n"] }
      ]
      const scenario = Scenario.forEachMessage((message) =>
        Scenario.kept.pipe(
          Effect.flatMap(Scenario.deliver({ ...message, ...changes[message.number] })),
          Effect.map((outcome) => errors.push("error" in outcome ? outcome.error.message : outcome._tag))
        )
      )
      const { accounting, server } = yield* simulate({ messages: 4 }, scenario)
      assert.deepStrictEqual(errors, [
        'sending the sender: not one whole line without NUL: "MAIL FROM:<a>\\r\\nRSET\\r\\n"',
        'sending a recipient: not one whole line without NUL: "RCPT TO:<a>\\r\\nRCPT TO:<b>\\r\\n"',
        'sending a recipient: not one whole line without NUL: "RCPT TO:<a>"',
        "Accepted"
      ])
      assert.deepInclude(accounting, { accepted: 1, failed: 3 })
      assert.lengthOf(server.sessions, 1)
    })
  )
})

describe("a message that is tried again", () => {
  /** Delivers a message over a connection of its own until it is accepted, a second apart. */
  const untilAccepted = (message: Scenario.TakenMessage) =>
    Scenario.open.pipe(
      Effect.flatMap((wire) => Scenario.deliver(wire, message)),
      Effect.scoped,
      Effect.repeat({ until: ({ _tag }) => _tag === "Accepted", schedule: Schedule.spaced("1 second") })
    )

  for (const plan of [{ messages: 3 }, { messages: 3, rate: "1/m" }]) {
    it.effect(
      `is booked by its last attempt, and each attempt is measured${"rate" in plan ? ", when it is due" : ""}`,
      () =>
        Effect.gen(function* () {
          const ends: Array<string> = []
          const scenario = Scenario.forNextMessage(untilAccepted)
          const loop = "rate" in plan ? scenario : Effect.repeat(scenario, { until: Option.isNone })
          const { accounting, recorder, server } = yield* simulate(plan, loop, {
            latency: "10 millis",
            // A server that greylists: the first two times that it sees a message, it is to come later.
            script: ({ session, stage }) =>
              stage === "rcpt" && session % 3 !== 0 ? TestServer.reply("451 4.7.1 later") : undefined,
            run: { onOutcome: (message, { _tag }) => ends.push(`${message} ${_tag}`) }
          })
          assert.deepStrictEqual(ends, ["0 Accepted", "1 Accepted", "2 Accepted"])
          assert.deepInclude({ ...accounting.recipients }, { offered: 3, accepted: 3, refused: 0 })
          assert.strictEqual(server.accepted.length, 3)
          const count = (ending: Ending) => Histogram.total(recorder.histogram("transaction", ending)!)
          assert.deepStrictEqual([count("accepted"), count("rejected")], [3, 6])
          // In an open run they count from when the message was due, and the last of three began 2 s later.
          const slowest = Histogram.valueAtPercentile(recorder.histogram("transaction", "accepted")!, 100) / 1e6
          assert.closeTo(slowest, "rate" in plan ? 2000 : 60, 300)
        })
    )
  }

  it.effect("goes to those of its recipients alone that were to come later, and is one message still", () =>
    Effect.gen(function* () {
      const scenario = Scenario.forEachMessage((message) =>
        Effect.gen(function* () {
          const outcome = yield* Scenario.deliver(yield* Scenario.kept, message)
          const ends = Outcome.byRecipient(outcome, message.rcpts.length)
          const rcpts = message.rcpts.filter((_, place) => ends[place]?.reply?.code === 451)
          if (rcpts.length > 0) yield* Scenario.deliver(yield* Scenario.kept, { ...message, rcpts })
        })
      )
      const seen: Array<string> = []
      const { accounting, recorder, server } = yield* simulate({ messages: 1, recipients: 3 }, scenario, {
        script: ({ line, stage }) => {
          if (stage !== "rcpt") return undefined
          seen.push(line)
          return seen.length === 2 ? TestServer.reply("451 4.7.1 later") : undefined
        }
      })
      assert.deepInclude({ ...accounting }, { planned: 1, accepted: 1 })
      assert.strictEqual(server.accepted.length, 2)
      assert.strictEqual(Histogram.total(recorder.histogram("transaction", "accepted")!), 2)
      assert.deepStrictEqual(seen[3], seen[1])
    })
  )

  it.effect("stays accepted, or perhaps accepted, whatever comes after", () =>
    Effect.gen(function* () {
      const again = (first: string, then: string) =>
        Effect.gen(function* () {
          const behaviour = (what: string) =>
            what === "Unknown" ? TestServer.reset : what === "Rejected" ? TestServer.reply("550 5.7.1 no") : undefined
          const twice = Scenario.forEachMessage((message) =>
            Scenario.open.pipe(
              Effect.flatMap((wire) => Scenario.deliver(wire, message)),
              Effect.scoped,
              Effect.repeatN(1)
            )
          )
          const result = yield* simulate({ messages: 1 }, twice, {
            script: ({ session, stage }) => (stage === "final" ? behaviour(session === 1 ? first : then) : undefined)
          })
          const { accepted, rejected, unknown } = result.accounting
          assert.strictEqual(accepted + rejected + unknown, 1)
          const errors = result.recorder.errors().reduce((sum, { count }) => sum + count, 0)
          return [accepted === 1 ? "Accepted" : unknown === 1 ? "Unknown" : "Rejected", errors]
        })
      assert.deepStrictEqual(yield* again("Accepted", "Rejected"), ["Accepted", 0])
      assert.deepStrictEqual(yield* again("Accepted", "Accepted"), ["Accepted", 0])
      // What went wrong on the way is among the errors, and cost no message.
      assert.deepStrictEqual(yield* again("Accepted", "Unknown"), ["Accepted", 1])
      assert.deepStrictEqual(yield* again("Unknown", "Accepted"), ["Accepted", 1])
      assert.deepStrictEqual(yield* again("Unknown", "Rejected"), ["Unknown", 1])
      assert.deepStrictEqual(yield* again("Rejected", "Unknown"), ["Unknown", 1])
      assert.deepStrictEqual(yield* again("Rejected", "Rejected"), ["Rejected", 0])
    })
  )

  it.effect("is booked by the attempt, not by an error that came after it", () =>
    Effect.gen(function* () {
      const scenario = Scenario.forEachMessage((message) =>
        Effect.gen(function* () {
          const wire = yield* Scenario.open
          yield* Scenario.deliver(wire, message)
          return yield* Dialogue.mail(wire, "a@example.com")
        }).pipe(Effect.scoped)
      )
      let mails = 0
      const { accounting } = yield* simulate({ messages: 1 }, scenario, {
        script: ({ stage }) => (stage === "mail" && ++mails === 2 ? TestServer.reply("550 no") : undefined)
      })
      assert.strictEqual(accounting.accepted, 1)
    })
  )
})

describe("the laws of a run's books", () => {
  it.effect("are looked at: what breaks them is in the result, and logged", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => void logged.push(`${logLevel.label} ${message}`))
      // A reply that no server gave.
      const reply: Reply.Reply = { code: 550, text: "5.7.1 no" }
      const scenario = Scenario.forEachMessage((message) =>
        Scenario.book(message, { _tag: "Rejected", step: "rcpt", reply, recipients: Outcome.noRecipients })
      )
      const result = yield* simulate({ messages: 1 }, scenario, { breaksLaws: true }).pipe(
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      )
      const law = "rejected 1 by 550, which the server said 0 times"
      assert.deepStrictEqual(result.violations, [law])
      assert.deepStrictEqual(logged, [`ERROR smtp-source: the books do not balance: ${law}`])
    })
  )
})

class Enough extends Data.TaggedError("Enough") {}

describe("steps of one's own", () => {
  it.effect("are measured under their own name, by how they ended, and are in the report", () =>
    Effect.gen(function* () {
      const plan = { sessions: 5, messages: 1 }
      const probe = (wire: Wire, user: string) =>
        Effect.filterOrFail(
          Dialogue.request(wire, `VRFY ${user}`),
          ({ code }) => code < 300,
          () => new Enough()
        )
      const scenario = Effect.gen(function* () {
        const wire = yield* Scenario.open
        yield* Effect.repeatN(Scenario.measure(Dialogue.request(wire, "NOOP"), "noop"), 9)
        yield* Effect.ignore(probe(wire, "nobody").pipe(Scenario.measure("vrfy")))
        yield* Effect.ignore(Scenario.measure(Dialogue.rcpt(wire, "early@example.com"), "early rcpt"))
      })
      const result = yield* simulate(plan, scenario, {
        latency: { other: "20 millis" },
        script: ({ line }) => (line.startsWith("VRFY") ? TestServer.reply("550 5.1.1 no such user") : undefined)
      })
      const { durations, replies } = RunReport.make(Plan.make(plan), result, { version: "test" })
      const own = durations.filter(({ of }) => ["noop", "vrfy", "early rcpt"].includes(of))
      assert.deepStrictEqual(
        own.map(({ count, ending, of }) => `${of} ${ending} ${count}`),
        ["noop accepted 50", "vrfy failed 5", "early rcpt rejected 5"]
      )
      assert.closeTo(own[0]!.p50, 20, 0.1)
      // On the wire they are commands like others.
      assert.deepInclude(
        replies.map(({ code, count, step }) => `${step} ${code} ${count}`),
        "other 250 50"
      )
      assert.isUndefined(durations.find(({ of }) => of === "rset"))
    })
  )

  it.effect("that the server refused are not said to be accepted, whether that was an error or a value", () =>
    Effect.gen(function* () {
      const noWay = TestServer.reply("451 4.3.0 later")
      const times = Scenario.startTimes((index) => (index < 3 ? index : undefined))
      const scenario = Effect.gen(function* () {
        const wire = yield* Scenario.open
        yield* Scenario.measure(Dialogue.request(wire, "VRFY x"), "vrfy")
        yield* Scenario.measure(Dialogue.request(wire, "MUMBLE"), "mumble")
        yield* Scenario.measure(Effect.either(Dialogue.request(wire, "VRFY y")), "either")
        yield* Scenario.forNextMessage((message) => Scenario.measure(Scenario.deliver(wire, message), "deliver"))
        yield* Scenario.measure(Scenario.send(wire), "send")
        yield* Scenario.onSchedule(Scenario.send(wire), times, "message")
        yield* Scenario.measure(Scenario.send(wire), "none left")
        // What gave something was not without anything to do.
        yield* Scenario.measure(Effect.as(Scenario.send(wire), Option.some("seen")), "none left, and more")
        yield* Scenario.forNextMessage(() => Effect.void).pipe(
          Scenario.measure("none left", { ending: () => "accepted" })
        )
        yield* Scenario.onSchedule(
          Scenario.send(wire),
          Scenario.startTimes((index) => (index < 3 ? index : undefined)),
          "none left"
        )
        yield* Scenario.measure(Effect.timeoutOption(Effect.sleep(2), 1), "too late")
        const expected = { ending: () => "accepted" as const }
        yield* Scenario.measure(Dialogue.request(wire, "VRFY z"), "no one", expected)
        yield* Dialogue.request(wire, "VRFY z").pipe(Scenario.measure("nobody", expected))
      })
      const { recorder } = yield* simulate({ messages: 5 }, scenario, {
        script: ({ line, stage }) =>
          stage === "rcpt" || line.startsWith("VRFY")
            ? noWay
            : line === "MUMBLE"
              ? TestServer.reply("250xyes")
              : undefined
      })
      const found = [...recorder.durations()].flatMap(({ ending, histogram, of }) =>
        measured.some((step) => step === of) ? [] : [`${of} ${ending} ${Histogram.total(histogram)}`]
      )
      assert.deepStrictEqual(found, [
        "vrfy rejected 1",
        "mumble failed 1",
        "either rejected 1",
        "deliver rejected 1",
        "send rejected 1",
        "message late accepted 3",
        "message rejected 3",
        "none left, and more accepted 1",
        "too late failed 1",
        "no one accepted 1",
        "nobody accepted 1"
      ])
    })
  )

  it.effect("are in each face of the report that tells of steps, whatever their names hold", () =>
    Effect.gen(function* () {
      const name = '=cmd|"<b>\u001b[2J\n'
      const result = yield* simulate({}, Scenario.measure(Effect.sleep(12), name))
      const report = RunReport.make(Plan.make({}), result, { version: "test" })
      const found = report.durations.find(({ of }) => of.includes("cmd"))
      assert.closeTo(found?.p50 ?? 0, 12, 0.02)
      for (const face of [HgrmReport, JsonReport, PrometheusReport, TextReport]) {
        const text = face.render(report)
        assert.include(text, "cmd")
        assert.notMatch(text, /[\u0000-\u0009\u000b-\u001f]/)
        assert.notMatch(text, /^=/m)
      }
    })
  )

  it.effect("may abandon a message in the middle, which is booked as failed", () =>
    Effect.gen(function* () {
      const scenario = Scenario.forEachMessage((message) =>
        Effect.gen(function* () {
          const wire = yield* Scenario.open
          if (message.number % 2 === 0) return yield* Scenario.deliver(wire, message)
          yield* Dialogue.mail(wire, "a@example.com")
          yield* Dialogue.rcpt(wire, "b@example.com")
          yield* Dialogue.data(wire)
          wire.close("reset")
          return undefined
        }).pipe(Effect.scoped)
      )
      const { accounting, server } = yield* simulate({ messages: 10, sessions: 2 }, scenario)
      assert.deepStrictEqual([accounting.accepted, accounting.failed], [5, 5])
      assert.strictEqual(server.accepted.length, 5)
      const ends = server.sessions.map(({ end }) => `${end?.by} ${end?.how}`)
      assert.strictEqual(ends.filter((end) => end === "client reset").length, 5)
      assert.strictEqual((yield* server.counts).quits, 5)
    })
  )

  it.effect("may be raced against a limit: the message is booked, and the connection of no more use", () =>
    Effect.gen(function* () {
      const states: Array<string> = []
      const scenario = Scenario.forEachMessage((message) =>
        Effect.gen(function* () {
          const wire = yield* Scenario.open
          const sent = yield* Effect.timeoutOption(Scenario.deliver(wire, message), "200 millis")
          states.push(`${Option.isSome(sent)} ${wire.state()}`)
        }).pipe(Effect.scoped)
      )
      const { accounting, elapsed } = yield* simulate({ messages: 3 }, scenario, {
        script: ({ session, stage }) =>
          session === 2 && stage === "rcpt"
            ? { after: "1 hour" }
            : session === 3 && stage === "final"
              ? { after: "1 hour" }
              : undefined
      })
      assert.deepStrictEqual([accounting.accepted, accounting.failed, accounting.unknown], [1, 1, 1])
      assert.deepStrictEqual(states, ["true open", "false closed", "false closed"])
      assert.strictEqual(elapsed, 400)
    })
  )
})

describe("combinators", () => {
  it.effect("mix by weight, the same way for the same seed, and each session on its own", () =>
    Effect.gen(function* () {
      const run = (seed: string, sessions: number) =>
        Effect.gen(function* () {
          const drawn: Array<string> = Array.from({ length: sessions }, () => "")
          const choose = (what: string) =>
            Effect.map(Scenario.sessionNumber, (number) => {
              drawn[number] += what
            })
          const mix = Scenario.mixed([7, choose("a")], [2, choose("b")], [1, choose("c")], [0, choose("never")])
          yield* simulate({ sessions, seed }, Scenario.repeat(mix, { times: 1000 }))
          return drawn
        })
      const drawn = yield* run("seed", 4)
      assert.deepStrictEqual(yield* run("seed", 4), drawn)
      assert.notDeepEqual(yield* run("other", 4), drawn)
      assert.strictEqual(new Set(drawn).size, 4)
      // A session draws the same, whoever else there is.
      assert.deepStrictEqual(yield* run("seed", 2), drawn.slice(0, 2))
      const all = drawn.join("")
      const share = (what: string) => (all.split(what).length - 1) / all.length
      // Four thousand draws: three standard deviations are 0.022 at most.
      assert.closeTo(share("a"), 0.7, 0.022)
      assert.closeTo(share("b"), 0.2, 0.019)
      assert.closeTo(share("c"), 0.1, 0.015)
      assert.notInclude(all, "never")
    })
  )

  it.effect("repeat so many times, and for so long, with pauses between", () =>
    Effect.gen(function* () {
      const work = Effect.sleep("300 millis")
      const { elapsed, sessions } = yield* simulate(
        {},
        Effect.all([
          Scenario.repeat(work, { times: 3, pause: "1 second" }),
          Scenario.repeat(work, { lasting: "1 second" }),
          Scenario.repeat(work, { lasting: "1 second", times: 2 }),
          Scenario.repeat(work, { lasting: 0 })
        ])
      )
      assert.deepStrictEqual(sessions.map(Exit.getOrElse(() => undefined)), [[3, 4, 2, 0]])
      assert.strictEqual(elapsed, 2900 + 1200 + 600)
    })
  )

  it.effect("pause by a distribution, drawn from the seed", () =>
    Effect.gen(function* () {
      const run = (pause: Distribution.DistributionInput, seed = "seed") =>
        Effect.map(
          simulate({ sessions: 10, seed }, Effect.repeatN(Scenario.pause(pause), 199)),
          ({ elapsed }) => elapsed / 200
        )
      assert.closeTo(yield* run("123 millis"), 123, 1e-6)
      assert.closeTo(yield* run("0.5 millis"), 0.5, 1e-6)
      // The slowest of ten sessions with two hundred pauses each.
      const uniform = yield* run(Distribution.uniform("1 second", "2 seconds"))
      assert.closeTo(uniform, 1530, 40)
      assert.strictEqual(yield* run(Distribution.uniform("1 second", "2 seconds")), uniform)
      assert.notStrictEqual(yield* run(Distribution.uniform("1 second", "2 seconds"), "other"), uniform)
      assert.closeTo(yield* run(Distribution.exponential("1 second")), 1100, 120)
    })
  )

  it.effect("limit the rate of all sessions together", () =>
    Effect.gen(function* () {
      const marks: Array<readonly [number, number]> = []
      const scenario = Scenario.repeat(Scenario.rateLimited(mark(marks), Scenario.rateLimit(40)), { times: 20 })
      yield* simulate({ sessions: 5 }, scenario)
      assert.deepStrictEqual(
        marks.map(([time]) => time),
        Array.from({ length: 100 }, (_, index) => index * 25)
      )
      assert.strictEqual(new Set(marks.map(([, session]) => session)).size, 5)
    })
  )

  it("take a rate as a number or as a text", () => {
    assert.deepStrictEqual(Scenario.rateLimit("30000/m"), Scenario.rateLimit(500))
  })

  it.effect("do not make up for times that a rate limit had left unused", () =>
    Effect.gen(function* () {
      const marks: Array<readonly [number, number]> = []
      const limited = Scenario.rateLimited(mark(marks), Scenario.rateLimit(10))
      yield* simulate({}, Effect.zipRight(limited, Effect.zipRight(Effect.sleep(1050), Effect.repeatN(limited, 2))))
      assert.deepStrictEqual(
        marks.map(([time]) => time),
        [0, 1050, 1150, 1250]
      )
    })
  )

  it.effect("share a rate with all who are given the same one, in this run", () =>
    Effect.gen(function* () {
      const marks: Array<readonly [number, number]> = []
      const limit = Scenario.rateLimit(10)
      // Made anew in each session, as where they need its connection.
      const scenario = Effect.gen(function* () {
        yield* Effect.void
        yield* Scenario.rateLimited(mark(marks), limit)
        yield* mark(marks).pipe(Scenario.rateLimited(limit))
      })
      for (let run = 0; run < 2; run++) {
        marks.length = 0
        yield* simulate({ sessions: 3 }, scenario)
        assert.deepStrictEqual(
          marks.map(([time]) => time),
          [0, 100, 200, 300, 400, 500]
        )
      }
    })
  )

  it.effect("may be interrupted while they wait for what all share, which is still made for the others", () =>
    Effect.gen(function* () {
      const shared = Scenario.shared(Effect.as(Effect.sleep("10 seconds"), "made"))
      const scenario = Effect.flatMap(Scenario.sessionNumber, (number) =>
        number === 0 ? Effect.timeoutOption(shared, "1 second") : Effect.asSome(shared)
      )
      const { elapsed, sessions } = yield* simulate({ sessions: 2 }, scenario)
      assert.deepStrictEqual(sessions, [Exit.succeed(Option.none()), Exit.succeed(Option.some("made"))])
      assert.strictEqual(elapsed, 10_000)
    })
  )

  for (const [what, options] of [
    ["a stop", { run: { stopping: Effect.sleep("1 second") } }],
    ["its duration", { duration: "1s", run: { stopping: Effect.sleep("1 second") } }]
  ] as const) {
    it.effect(`do not keep a run from its end by ${what} while they make what all share`, () =>
      Effect.gen(function* () {
        const { run, ...plan } = { duration: undefined, ...options }
        const { elapsed, sessions } = yield* simulate(
          { sessions: 3, drain: 2, ...(plan.duration === undefined ? {} : { duration: plan.duration }) },
          Scenario.shared(Effect.never),
          { run }
        )
        assert.strictEqual(elapsed, 3000)
        assert.isTrue(sessions.every(Exit.isInterrupted))
      })
    )
  }

  it.effect("have a state of their own in each run", () =>
    Effect.gen(function* () {
      let made = 0
      const count = Scenario.shared(Effect.sync(() => [made++]))
      const first = yield* simulate({ sessions: 3 }, count)
      assert.deepStrictEqual(first.sessions, [Exit.succeed([0]), Exit.succeed([0]), Exit.succeed([0])])
      const second = yield* simulate({ sessions: 1 }, count)
      assert.deepStrictEqual(second.sessions, [Exit.succeed([1])])
    })
  )

  it.effect("begin when it is due, in whichever session is free, and measure from then", () =>
    Effect.gen(function* () {
      const marks: Array<readonly [number, number]> = []
      // Ten a second, for two sessions that take 250 ms each: too much by a fifth.
      const work = Effect.zipRight(mark(marks), Effect.sleep(250))
      const times = Scenario.startTimes((index) => (index < 10 ? index * 100 : undefined))
      const scenario = Scenario.onSchedule(work, times, "work")
      const { elapsed, recorder } = yield* simulate({ sessions: 2 }, scenario)
      assert.deepStrictEqual(
        marks.map(([time]) => time),
        [0, 100, 250, 350, 500, 600, 750, 850, 1000, 1100]
      )
      assert.strictEqual(elapsed, 1350)
      const late = Histogram.range(recorder.ownHistogram("work late", "accepted")!)
      assert.closeTo(late.max / 1e6, 200, 0.2)
      assert.closeTo(Histogram.range(recorder.ownHistogram("work", "accepted")!).max / 1e6, 450, 0.5)
    })
  )

  it("have the times of a rate, or of stages, until they end", () => {
    const all = (options: Scenario.ArrivalOptions) => {
      const { dueAt } = Scenario.arrivals(options)
      const times: Array<number> = []
      for (let due = dueAt(0); due !== undefined && times.length < 1000; due = dueAt(times.length)) times.push(due)
      return times
    }
    assert.deepStrictEqual(all({ rate: "10/s", messages: 4 }), [0, 100, 200, 300])
    assert.deepStrictEqual(all({ rate: "4/s", duration: "1s" }), [0, 250, 500, 750])
    assert.deepStrictEqual(all({ stages: "1s:2/s, 1s:0/s, 1s:1/s" }), [0, 500, 2000])
    const random = { rate: "100/s", arrivals: "poisson", messages: 500 } as const
    assert.deepStrictEqual(all({ ...random, seed: "a" }), all({ ...random, seed: "a" }))
    assert.notDeepEqual(all({ ...random, seed: "a" }), all({ ...random, seed: "b" }))
  })

  it.effect("have as many sessions active as the stage says", () =>
    Effect.gen(function* () {
      const marks: Array<readonly [number, number]> = []
      const scenario = Effect.zipRight(mark(marks), Effect.sleep(100)).pipe(
        Scenario.staged([
          { lasts: "1 second", sessions: 2 },
          { lasts: "4 seconds", sessions: [2, 10] },
          { lasts: "1 second", sessions: 0 },
          { lasts: "1 second", sessions: [4, 0] }
        ])
      )
      const { elapsed } = yield* simulate({ sessions: 20 }, scenario)
      const activeBetween = (from: number, to: number) =>
        new Set(marks.flatMap(([time, session]) => (time >= from && time < to ? [session] : []))).size
      assert.strictEqual(activeBetween(0, 1000), 2)
      assert.strictEqual(activeBetween(1000, 1500), 3)
      assert.strictEqual(activeBetween(2900, 3000), 6)
      assert.strictEqual(activeBetween(4900, 5000), 10)
      assert.strictEqual(activeBetween(5000, 6000), 0)
      assert.strictEqual(activeBetween(6000, 6100), 4)
      assert.strictEqual(activeBetween(6760, 6990), 1)
      assert.closeTo(elapsed, 7000, 100)
    })
  )
})

describe("stages", () => {
  const stages: ReadonlyArray<Scenario.SessionStage> = [
    { lasts: 1000, sessions: [0, 10] },
    { lasts: 0, sessions: 100 },
    { lasts: 1000, sessions: [10, 5] }
  ]

  it("rise and fall evenly, and are over at their end", () => {
    assert.deepStrictEqual(
      [0, 500, 1000, 1500, 2000].map((time) => activeAt(stages, time)),
      [0, 5, 10, 7.5, 0]
    )
  })

  it("tell the moment from which a session is active", () => {
    assert.closeTo(activeFrom(stages, 0, 0) ?? -1, 0, 0.01)
    assert.closeTo(activeFrom(stages, 5, 100) ?? -1, 500, 0.01)
    assert.strictEqual(activeFrom(stages, 5, 700), 700)
    assert.strictEqual(activeFrom(stages, 9, 1001), 1001)
    assert.isUndefined(activeFrom(stages, 9, 1201))
    assert.isUndefined(activeFrom(stages, 10, 0))
    for (let number = 0; number < 10; number++) {
      const from = activeFrom(stages, number, 0)
      assert.isTrue(from !== undefined && activeAt(stages, from) > number)
    }
  })
})

describe("messages of one's own", () => {
  const mail = (number: number): MessageSource.Mail => ({
    sender: `sender${number}@example.com`,
    recipients: ["a@example.com", "b@example.com"],
    content: `Subject: ${number}\n\n.a dot\nlast line`
  })

  it.effect("come from a function of their number", () =>
    Effect.gen(function* () {
      const { accounting, server } = yield* simulate({ messages: 3 }, overOne(MessageSource.fromFunction(mail)))
      assert.strictEqual(accounting.recipients.accepted, 6)
      assert.deepStrictEqual(
        server.accepted.map(({ content, recipients, sender }) => ({ content, recipients, sender })),
        [0, 1, 2].map((number) => ({
          content: `Subject: ${number}\r\n\r\n.a dot\r\nlast line\r\n`,
          recipients: ["a@example.com", "b@example.com"],
          sender: `sender${number}@example.com`
        }))
      )
    })
  )

  it.effect("come from an effect, whose failure ends the session, not the books", () =>
    Effect.gen(function* () {
      const source = MessageSource.fromEffect((number) =>
        number < 2 ? Effect.succeed(mail(number)) : Effect.fail(new Enough())
      )
      const { accounting, sessions } = yield* simulate({ messages: 5 }, overOne(source))
      assert.deepStrictEqual(sessions, [Exit.fail(new Enough())])
      assert.deepStrictEqual([accounting.accepted, accounting.notStarted], [2, 3])
    })
  )

  it.effect("come from a stream, each once, shared by all sessions, until it ends", () =>
    Effect.gen(function* () {
      let closed = 0
      const stream = Stream.range(0, 99).pipe(
        Stream.rechunk(7),
        Stream.map(mail),
        Stream.ensuring(
          Effect.sync(() => {
            closed++
          })
        )
      )
      const { accounting, server } = yield* simulate(
        { messages: 1000, sessions: 8 },
        overOne(MessageSource.fromStream(stream)),
        { latency: "1 millis" }
      )
      assert.strictEqual(accounting.accepted, 100)
      // That there are no more is no fault of anybody's.
      assert.deepStrictEqual([accounting.planned, accounting.notStarted], [100, 0])
      assert.strictEqual(new Set(server.accepted.map(({ sender }) => sender)).size, 100)
      assert.strictEqual(new Set(server.accepted.map(({ session }) => session)).size, 8)
      assert.strictEqual(closed, 1)
    })
  )

  it.effect("are all sent where the plan does not say how many there are", () =>
    Effect.gen(function* () {
      const five = MessageSource.fromStream(Stream.map(Stream.range(0, 4), mail))
      const { accounting } = yield* simulate({ sessions: 2 }, overOne(five), { latency: "1 millis" })
      assert.deepStrictEqual([accounting.planned, accounting.accepted, accounting.notStarted], [5, 5, 0])
      // The plan's own messages have no end: there is one, then, as there is without a scenario.
      const own = yield* simulate({ sessions: 2 }, overOne(), { latency: "1 millis" })
      assert.deepStrictEqual([own.accounting.planned, own.accounting.accepted], [1, 1])
      // Who asks for each by itself gets each.
      const times = Scenario.arrivals({ rate: "100/s", messages: 30 })
      const each = Scenario.onSchedule(
        Effect.flatMap(Scenario.kept, (wire) => Scenario.send(wire)),
        times,
        "each"
      )
      assert.strictEqual((yield* simulate({ sessions: 2 }, each)).accounting.accepted, 30)
      // And none are missed where nobody wanted any.
      for (const input of [{ sessions: 2 }, { messages: 100 }]) {
        const { accounting } = yield* simulate(input, Scenario.open)
        assert.deepStrictEqual([accounting.planned, accounting.notStarted], [0, 0])
      }
    })
  )

  it.effect("that cannot be sent are an error that names them", () =>
    Effect.gen(function* () {
      const bad: ReadonlyArray<readonly [Partial<MessageSource.Mail>, string]> = [
        [{ recipients: [] }, "message 0: no recipients"],
        [{ sender: "a@b>\r\nRCPT TO:<c" }, "line break"],
        [{ recipients: ["a@b\n"] }, "line break"],
        [{ content: "a\rb" }, "line 1 holds a carriage return"]
      ]
      for (const [change, expected] of bad) {
        const source = MessageSource.fromFunction((number) => ({ ...mail(number), ...change }))
        const { accounting, sessions } = yield* simulate({ messages: 1 }, overOne(source))
        const failure = sessions.map(Exit.match({ onSuccess: () => "", onFailure: (cause) => String(cause) }))[0]
        assert.include(failure, expected)
        assert.strictEqual(accounting.notStarted, 1)
      }
    })
  )
})

describe("scenarios that are timed out again and again", () => {
  it.effect("leave the run its places in the gate", () =>
    Effect.gen(function* () {
      // A greeting takes 300 ms, and nobody waits for longer than 100.
      const inSecond = [0, 0, 0, 0, 0]
      const visit = Effect.scoped(
        Effect.gen(function* () {
          const { now } = yield* Scenario.ScenarioSession
          yield* Scenario.connect
          inSecond[Math.floor(now() / 1000)]!++
          yield* Effect.never
        })
      )
      const impatient = Scenario.repeat(Effect.exit(Effect.timeout(visit, 100)), { lasting: "4900 millis" })
      yield* simulate({ sessions: 40, connecting: 12 }, impatient)
      for (const connections of inSecond) assert.isAtLeast(connections, 200)
    })
  )
})

describe("a scenario that is given what makes no sense", () => {
  const { mixed, rateLimit, rateLimited, onSchedule, arrivals, measure, pause, repeat, staged } = Scenario
  // As it comes from a form or a file: no compiler has looked at it.
  const given = (value: string) => JSON.parse(value)
  const work = Effect.succeed("done")
  const never = Scenario.startTimes(() => undefined)
  const names = ["mail", "transaction", "service", "queued", "scenario", ""]
  const kinds: {
    readonly [kind: string]: ReadonlyArray<
      () => Effect.Effect<unknown, Scenario.InvalidScenario, Scenario.ScenarioSession>
    >
  } = {
    measure: [...names.map((name) => () => measure(work, name)), () => measure(work, given("7"))],
    "onSchedule, a name": names.map((name) => () => onSchedule(work, never, name)),
    pause: [-1, "-5 millis", Number.NaN]
      .map((time) => () => pause(time as number))
      .concat(() => pause(given('"soon"'))),
    mixed: [0, -1, Number.NaN, Number.POSITIVE_INFINITY].map((weight) => () => mixed([weight, work])),
    rateLimit: [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "0/s", "fast"].map(
      (rate) => () => rateLimited(work, rateLimit(rate))
    ),
    "a rate by hand": [() => rateLimited(work, { perSecond: 0 })],
    arrivals: [
      {},
      { rate: "1/s", stages: "1s:1/s" },
      { rate: "fast" },
      { stages: "garbage" },
      { rate: "1/s", duration: "long" },
      { rate: "1/s", burst: 0 },
      { rate: "1/s", messages: Number.NaN },
      { rate: "1/s", arrivals: given('"now and then"') }
    ].map((options) => () => onSchedule(work, arrivals(options))),
    repeat: [
      () => repeat(work, { times: Number.NaN }),
      () => repeat(work, { lasting: -1 }),
      () => repeat(work, { times: 1, pause: given('"soon"') })
    ],
    staged: [
      () => staged(work, [{ lasts: given('"long"'), sessions: 1 }]),
      () => staged(work, [{ lasts: 1000, sessions: [0, Number.NaN] }])
    ]
  }
  for (const [kind, scenarios] of Object.entries(kinds)) {
    it.effect(`fails, and does not die: ${kind}`, () =>
      Effect.gen(function* () {
        for (const make of scenarios) {
          const { accounting, scenarios, sessions } = yield* simulate({}, Effect.suspend(make))
          const error = Exit.match(sessions[0]!, {
            onFailure: (cause) => Option.getOrUndefined(Cause.failureOption(cause)),
            onSuccess: () => undefined
          })
          assert.instanceOf(error, Scenario.InvalidScenario)
          assert.isNotEmpty(error.message)
          assert.deepStrictEqual([scenarios.failed, accounting.started], [1, 0])
        }
      })
    )
  }
})

describe("what is no duration", () => {
  it.effect("is named in the error, with what would be one", () =>
    Effect.gen(function* () {
      for (const [time, said] of [
        ["soon", "soon"],
        [{ hours: 1 }, "[object Object]"],
        [-5, "-5"]
      ] as const) {
        const { sessions } = yield* simulate({}, Scenario.pause(time as unknown as number))
        assert.deepStrictEqual(sessions, [
          Exit.fail(
            new Scenario.InvalidScenario({
              problem: `not a duration: ${said} (such as "5 seconds", or milliseconds as a number)`
            })
          )
        ])
      }
    })
  )
})

describe("the end of scenarios", () => {
  it.effect("that are asked to stop comes with the message under way, and cuts pauses and repetitions short", () =>
    Effect.gen(function* () {
      const scenario = Effect.gen(function* () {
        const number = yield* Scenario.sessionNumber
        if (number === 0) return yield* overOne()
        if (number === 1) return yield* Effect.zipRight(Scenario.pause("1 hour"), Clock.currentTimeMillis)
        return yield* Scenario.repeat(Effect.sleep("3 seconds"), {
          pause: "1 hour"
        })
      })
      const { accounting, elapsed, sessions, stopped } = yield* simulate({ messages: 100, sessions: 3 }, scenario, {
        latency: { final: "1 second" },
        run: { stopping: Effect.sleep("4500 millis") }
      })
      assert.isTrue(stopped)
      assert.strictEqual(accounting.accepted, 5)
      assert.strictEqual(accounting.notStarted, 95)
      assert.deepStrictEqual(sessions.slice(1).map(Exit.match({ onFailure: () => -1, onSuccess: Number })), [4500, 1])
      assert.strictEqual(elapsed, 5000)
    })
  )

  it.effect("is that of the plan's duration, too", () =>
    Effect.gen(function* () {
      const loop = Scenario.repeat(Effect.sleep("3 seconds"), {
        pause: "1 hour"
      })
      const scenario = Effect.gen(function* () {
        if ((yield* Scenario.sessionNumber) === 0) yield* overOne()
        else yield* loop
      })
      const { accounting, elapsed, stopped } = yield* simulate({ duration: "4500ms", sessions: 2 }, scenario, {
        latency: { final: "1 second" }
      })
      assert.isFalse(stopped)
      assert.deepStrictEqual([accounting.planned, accounting.accepted, accounting.notStarted], [5, 5, 0])
      assert.strictEqual(elapsed, 5000)
    })
  )

  it.effect("that do not stop is an interruption, when their time to drain is over", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, sessions } = yield* simulate({ messages: 2, sessions: 2, drain: 3 }, overOne(), {
        latency: { final: "1 hour" },
        run: { stopping: Effect.sleep("1 second") }
      })
      assert.strictEqual(elapsed, 4000)
      assert.strictEqual(accounting.unknown, 2)
      assert.isTrue(sessions.every(Exit.isInterrupted))
    })
  )

  it.effect("by interruption is prompt, and closes all connections", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.TestServer
      const fiber = yield* Effect.fork(Scenario.run(Plan.make({ messages: 100, sessions: 10 }), overOne()))
      yield* Effect.sleep("2500 millis")
      const before = yield* Clock.currentTimeMillis
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.strictEqual(yield* Clock.currentTimeMillis, before)
      assert.strictEqual(server.sessions.length, 10)
      assert.isTrue(server.sessions.every(({ end }) => end?.by === "client" && end.time === before))
    }).pipe(Effect.provide(TestServer.layer({ latency: { final: "1 second" } })), (program) => Simulation.run(program))
  )
})

describe("an interruption", () => {
  it.effect("leaves no connection open and no message unbooked, at whatever turn of the scheduler it comes", () =>
    Effect.gen(function* () {
      let connections = 0
      let messages = 0
      for (let turns = 0; turns < 250; turns++) {
        const eachItsOwn = Scenario.forEachMessage((message) =>
          Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
        )
        const { booked, open, sent } = yield* Effect.gen(function* () {
          const server = yield* TestServer.TestServer
          const numbers: Array<number> = []
          const fiber = yield* Effect.fork(
            Scenario.run(Plan.make({ messages: 20, sessions: 3 }), eachItsOwn, {
              onOutcome: (message) => numbers.push(message)
            })
          )
          for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow()
          yield* Fiber.interrupt(fiber)
          yield* Effect.sleep("1 second")
          connections += server.sessions.length
          return {
            booked: numbers.sort((a, b) => a - b),
            open: server.sessions.filter(({ end }) => end === undefined).length,
            sent: server.log.filter(({ line }) => line.startsWith("MAIL")).length
          }
        }).pipe(Effect.provide(TestServer.layer()), (program) => Simulation.run(program))
        assert.strictEqual(open, 0, `${turns} turns`)
        // Each message that was taken up is booked once.
        assert.deepStrictEqual(booked, [...booked.keys()], `${turns} turns`)
        assert.isAtLeast(booked.length, sent, `${turns} turns`)
        messages += sent
      }
      assert.isAbove(connections, 250)
      assert.isAbove(messages, 250)
    })
  )
})

describe("a run as a stream", () => {
  const services = TestServer.layer({ latency: { final: "10 millis" } })
  const plan = Plan.make({ messages: 50, sessions: 5, reuse: true })

  it.effect("tells each message's end when it comes, and at last the result", () =>
    Effect.gen(function* () {
      const events = Chunk.toReadonlyArray(yield* Stream.runCollect(Load.stream(plan)))
      const ends = events.flatMap((event) => (event._tag === "MessageEnded" ? [event] : []))
      assert.deepStrictEqual(
        ends.map(({ at, elapsed, late, outcome, service }) => [at, outcome._tag, elapsed, service, late]),
        Array.from({ length: 50 }, (_, index) => [10 * (1 + Math.floor(index / 5)), "Accepted" as const, 10, 10, 0])
      )
      const last = events.at(-1)
      assert.isTrue(last?._tag === "RunEnded" && last.result.accounting.accepted === 50 && last.missed === 0)
    }).pipe(Effect.provide(services), (program) => Simulation.run(program))
  )

  it.effect("tells how long each message took from when it was due, and from when a session took it up", () =>
    Effect.gen(function* () {
      const open = Plan.make({ messages: 4, rate: "200/s", maxSessions: 1, reuse: true })
      const one = Scenario.forNextMessage((message) =>
        Effect.flatMap(Scenario.kept, (wire) => Scenario.deliver(wire, message))
      )
      for (const run of [Load.stream(open), Load.stream(open, one)]) {
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(run))
        assert.deepStrictEqual(
          events.flatMap((event) =>
            event._tag === "MessageEnded" ? [[event.elapsed, event.service, event.late]] : []
          ),
          [
            [10, 10, 0],
            [15, 10, 5],
            [20, 10, 10],
            [25, 10, 15]
          ]
        )
      }
      // Where there was no transaction, nothing took any time.
      const nobody = TestServer.layer({ connect: () => ({ refuse: "ECONNREFUSED" }) })
      const [event] = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.provideLayer(Load.stream(plan), nobody)))
      assert.isTrue(event?._tag === "MessageEnded" && event.elapsed === undefined)
    }).pipe(Effect.provide(services), (program) => Simulation.run(program))
  )

  it.effect("tells of each second what happened in it, and of the rest", () =>
    Effect.gen(function* () {
      const long = Plan.make({ messages: 250, reuse: true })
      const taken: Array<number> = []
      const intervals = (run: Stream.Stream<RunStream.RunEvent<unknown>, unknown, Connector>) =>
        Effect.map(Stream.runCollect(run), (events) =>
          Chunk.toReadonlyArray(events).flatMap((event) => (event._tag === "Sampled" ? [event] : []))
        )
      const sampling = { take: ({ interval }: Sample) => taken.push(interval.accepted) }
      for (const run of [Load.stream(long, { sampling }), Load.stream(long, overOne(), { sampling })]) {
        const sampled = yield* intervals(run)
        assert.deepStrictEqual(
          sampled.map(({ interval }) => interval.accepted),
          [111, 111, 28]
        )
        assert.deepStrictEqual(
          sampled.map(({ at }) => at),
          [1000, 2000, 2250]
        )
        assert.closeTo(sampled[0]!.interval.p99 ?? 0, 9, 0.1)
        assert.includeMembers(
          sampled[0]!.durations.map(({ of }) => of),
          ["mail", "transaction"]
        )
        // Who has asked for samples has them, too.
        assert.deepStrictEqual(taken.splice(0), [111, 111, 28])
        yield* Effect.sleep(750)
      }
      assert.strictEqual((yield* intervals(Load.stream(long, { every: 500 }))).length, 5)
    }).pipe(Effect.provide(TestServer.layer({ latency: { final: "9 millis" } })), (program) => Simulation.run(program))
  )

  it.effect("tells what a scenario measures", () =>
    Effect.gen(function* () {
      const scenario = Scenario.measure(Effect.sleep("3 millis"), "nap")
      const events = yield* Stream.runCollect(Scenario.stream(Plan.make({ sessions: 2 }), scenario))
      assert.deepStrictEqual(Chunk.toReadonlyArray(events).slice(0, 2), [
        { _tag: "Measured", at: 3, name: "nap", ending: "accepted", elapsed: 3 },
        { _tag: "Measured", at: 3, name: "nap", ending: "accepted", elapsed: 3 }
      ])
    }).pipe(Effect.provide(services), (program) => Simulation.run(program))
  )

  it.effect("is not slowed down by who reads it, and counts what they miss", () =>
    Effect.gen(function* () {
      const events = yield* Load.stream(plan, { capacity: 10 }).pipe(
        Stream.tap(() => Effect.sleep("1 minute")),
        Stream.runCollect
      )
      const last = Option.getOrThrow(Chunk.last(events))
      assert.isTrue(last._tag === "RunEnded")
      if (last._tag !== "RunEnded") return
      assert.strictEqual(last.result.elapsed, 100)
      // Fifty ends, and one interval.
      assert.strictEqual(last.missed + events.length - 1, 51)
      assert.isAbove(last.missed, 0)
    }).pipe(Effect.provide(services), (program) => Simulation.run(program))
  )

  it.effect("ends the run when it is read no more", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.TestServer
      yield* Stream.runDrain(Stream.take(Load.stream(plan), 7))
      const seen = server.accepted.length
      assert.isBelow(seen, 50)
      assert.isTrue(server.sessions.every(({ end }) => end !== undefined))
      yield* Effect.sleep("1 hour")
      assert.strictEqual(server.accepted.length, seen)
    }).pipe(Effect.provide(services), (program) => Simulation.run(program))
  )

  it.effect("fails as the run does", () =>
    Effect.gen(function* () {
      const failing = Load.stream(Plan.make({ file: "/no/such/file" }))
      const error = yield* Effect.flip(Stream.runDrain(failing))
      assert.strictEqual(error._tag, "PlanUnsupported")
    }).pipe(Effect.provide(services), (program) => Simulation.run(program))
  )
})

describe("the types", () => {
  class Corpus extends Context.Tag("Corpus")<Corpus, { readonly next: Effect.Effect<MessageSource.Mail, Enough> }>() {}

  it("tell what a scenario can fail with, and what it needs", () => {
    const wire = Scenario.open
    expectTypeOf<Effect.Effect.Error<typeof wire>>().toEqualTypeOf<SmtpError>()

    const loop = Scenario.forEachMessage(
      (message) =>
        Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message))).pipe(
          Effect.timeout("1 second")
        ),
      MessageSource.fromEffect(() => Effect.flatMap(Corpus, ({ next }) => next))
    )
    // What SMTP does wrong costs the message; the rest is the caller's.
    expectTypeOf<Effect.Effect.Error<typeof loop>>().toEqualTypeOf<
      Cause.TimeoutException | Enough | MessageSource.MailUnusable
    >()
    expectTypeOf<Effect.Effect.Context<typeof loop>>().toEqualTypeOf<Corpus | Scenario.ScenarioSession>()

    const mix = Scenario.mixed([1, Effect.succeed("a" as const)], [2, Effect.fail(new Enough())], [3, Corpus])
    expectTypeOf(mix).toEqualTypeOf<
      Effect.Effect<"a" | Corpus["Type"], Enough | Scenario.InvalidScenario, Corpus | Scenario.ScenarioSession>
    >()

    const run = Scenario.run(Plan.make({}), Effect.zipRight(wire, mix))
    expectTypeOf<Effect.Effect.Error<typeof run>>().toEqualTypeOf<Load.RunError>()
    expectTypeOf<Effect.Effect.Context<typeof run>>().toEqualTypeOf<Connector | Corpus>()
    expectTypeOf<Effect.Effect.Success<typeof run>["sessions"]>().toEqualTypeOf<
      ReadonlyArray<Exit.Exit<"a" | Corpus["Type"], SmtpError | Enough | Scenario.InvalidScenario>>
    >()

    const both = Load.run(Plan.make({}), Effect.zipRight(wire, mix))
    expectTypeOf(both).toEqualTypeOf(run)
    expectTypeOf<Effect.Effect.Error<typeof both>>().toEqualTypeOf<
      Plan.InvalidPlan | Load.PlanUnsupported | Load.TlsUnusable | Load.VerdictsFailed | EmbeddedSink.SinkFailed
    >()
    expectTypeOf<Effect.Effect.Success<ReturnType<typeof Load.run>>>().toMatchTypeOf<Load.RunResult>()

    expectTypeOf(Scenario.kept).toEqualTypeOf<Effect.Effect<Wire, SmtpError, Scenario.ScenarioSession>>()
    const keptCorpus = Scenario.keep(Effect.zipRight(Corpus, Effect.zipRight(Effect.fail(new Enough()), Scenario.open)))
    expectTypeOf(keptCorpus).toEqualTypeOf<Effect.Effect<Wire, SmtpError | Enough, Corpus | Scenario.ScenarioSession>>()

    const piped = Corpus.pipe(
      Scenario.measure("corpus"),
      Scenario.rateLimited(Scenario.rateLimit(10)),
      Scenario.onSchedule(
        Scenario.startTimes((index) => index),
        "corpus"
      ),
      Scenario.staged([])
    )
    expectTypeOf(piped).toEqualTypeOf<
      Effect.Effect<void, Scenario.InvalidScenario, Corpus | Scenario.ScenarioSession>
    >()
    expectTypeOf(Scenario.connect).toMatchTypeOf<
      Effect.Effect<Wire, SmtpError, Scenario.ScenarioSession | Scope.Scope>
    >()
  })
})
