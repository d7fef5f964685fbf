import { assert, describe, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as fc from "fast-check"
import * as Load from "../../src/load/Load.js"
import * as Accounting from "../../src/measure/Accounting.js"
import * as Laws from "../../src/measure/Laws.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import type { Outcome } from "../../src/smtp/Outcome.js"

type Server = Context.Tag.Service<TestServer.TestServer>

interface Run extends Load.RunResult {
  readonly server: Server
  /** How each message ended: in a word, with its step, and the code or the error. */
  readonly ends: ReadonlyArray<string>
}

const endOf = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Rejected":
      return `Rejected ${outcome.step} ${outcome.reply.code}`
    case "Failed":
    case "Unknown":
      return `${outcome._tag} ${outcome.error.step} ${outcome.error._tag}`
    default:
      return outcome._tag
  }
}

/** Runs a plan against a server to its end, an hour later at the latest. */
const run = (plan: Plan.PlanInput, options?: TestServer.TestServerOptions): Effect.Effect<Run> =>
  Effect.gen(function* () {
    const server = yield* TestServer.TestServer
    const ends: Array<string> = []
    const whole: Plan.PlanInput = { helloName: "client", from: "a@x", to: "b@x", ...plan }
    const onOutcome = (message: number, outcome: Outcome) => {
      ends[message] = endOf(outcome)
    }
    const fiber = yield* Effect.fork(Load.run(Plan.make(whole), { onOutcome }))
    yield* TestClock.adjust("1 hour")
    const result = yield* Effect.orDie(Fiber.join(fiber))
    return { ...result, server, ends }
  }).pipe(Effect.provide(TestServer.layer(options)))

const times = (server: Server): ReadonlyArray<string> => server.log.map(({ line, time }) => `${time} ${line}`)

describe("TestServer", () => {
  it.effect("answers at once, and logs what it was sent", () =>
    Effect.gen(function* () {
      const { ends, server } = yield* run({ messages: 2, reuse: true, from: "sender@x", subject: "Hi" })
      assert.deepStrictEqual(ends, ["Accepted", "Accepted"])
      const message = ["MAIL FROM:<sender@x>", "RCPT TO:<b@x>", "DATA", "."]
      assert.deepStrictEqual(
        times(server),
        ["HELO client", ...message, ...message, "QUIT"].map((line) => `0 ${line}`)
      )
      assert.lengthOf(server.accepted, 2)
      const { content, ...envelope } = server.accepted[0]!
      assert.deepStrictEqual(envelope, { time: 0, session: 1, sender: "sender@x", recipients: ["b@x"] })
      assert.match(content, /^From: <sender@x>\r\nTo: <b@x>\r\n.*Subject: Hi\r\n\r\nLa de da de da 1\.\r\n/s)
      assert.deepStrictEqual(server.sessions, [
        {
          session: 1,
          openedAt: 0,
          end: { time: 0, by: "server", how: "close" },
          left: { time: 0, how: "reset" }
        }
      ])
      const counts = yield* server.counts
      assert.deepStrictEqual([counts.messages, counts.quits], [2, 1])
    })
  )

  it.effect("takes its time: each command is sent when the reply to the one before has come", () =>
    Effect.gen(function* () {
      const { server } = yield* run(
        { messages: 2, reuse: true, delay: 5 },
        { latency: "10 millis", script: { data: { after: "1 second" } } }
      )
      assert.deepStrictEqual(times(server), [
        "10 HELO client",
        "20 MAIL FROM:<a@x>",
        "30 RCPT TO:<b@x>",
        "40 DATA",
        "1040 .",
        "6050 MAIL FROM:<a@x>",
        "6060 RCPT TO:<b@x>",
        "6070 DATA",
        "7070 .",
        "7080 QUIT"
      ])
    })
  )

  it.effect("a pause separates the messages", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.TestServer
      yield* Effect.fork(Load.run(Plan.make({ messages: 2, delay: 2 })))
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(server.accepted.length, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(server.accepted.length, 2)
    }).pipe(Effect.provide(TestServer.layer()))
  )

  it.effect("gives the replies to a group in order, each after its own time", () =>
    Effect.gen(function* () {
      const { ends, server } = yield* run(
        { messages: 1, recipients: 2, numberRecipients: true, pipelining: "on" },
        {
          latency: "10 millis",
          script: ({ recipient, stage }) =>
            stage === "rcpt" && recipient?.startsWith("1") ? { after: "100 millis" } : undefined
        }
      )
      assert.deepStrictEqual(ends, ["Accepted"])
      assert.deepStrictEqual(times(server), [
        "10 EHLO client",
        "20 MAIL FROM:<a@x>",
        "20 RCPT TO:<1b@x>",
        "20 RCPT TO:<2b@x>",
        "20 DATA",
        "150 .",
        "160 QUIT"
      ])
    })
  )

  it.effect("answers for each recipient in LMTP", () =>
    Effect.gen(function* () {
      const { accounting, ends, server } = yield* run(
        { messages: 1, recipients: 3, numberRecipients: true, lmtp: true, acceptRejection: true },
        {
          protocol: "lmtp",
          script: ({ recipient, stage }) =>
            stage === "final" && recipient?.startsWith("2") ? TestServer.reply("552 5.2.2 Full") : undefined
        }
      )
      assert.deepStrictEqual(ends, ["Accepted"])
      assert.deepStrictEqual(server.accepted[0]?.recipients, ["1b@x", "3b@x"])
      assert.deepStrictEqual(server.log.filter(({ line }) => line === ".").length, 1)
      assert.deepStrictEqual(Accounting.violations(accounting), [])
    })
  )

  for (const [stage, end] of [
    ["greeting", "Rejected greeting 450"],
    ["hello", "Rejected hello 450"],
    ["mail", "Rejected mail 450"],
    ["rcpt", "Rejected rcpt 450"],
    ["data", "Rejected data 450"],
    ["final", "Rejected final 450"]
  ] as const) {
    it.effect(`refuses at ${stage}`, () =>
      Effect.gen(function* () {
        const { ends, server } = yield* run(
          { keepGoing: true },
          { script: { [stage]: TestServer.reply("450 4.3.0 Later") } }
        )
        assert.deepStrictEqual(ends, [end])
        assert.lengthOf(server.accepted, 0)
        assert.strictEqual((yield* server.counts).refused[stage], 1)
      })
    )
  }

  for (const [stage, step, how] of [
    ["greeting", "greeting", "Failed"],
    ["hello", "hello", "Failed"],
    ["mail", "mail", "Failed"],
    ["rcpt", "rcpt", "Failed"],
    ["data", "data", "Failed"],
    ["content", "content", "Failed"],
    ["final", "final", "Unknown"]
  ] as const) {
    it.effect(`closes, resets, is silent at ${stage}`, () =>
      Effect.gen(function* () {
        const outcome = (behaviour: TestServer.Reaction) => run({ timeout: 7 }, { script: { [stage]: behaviour } })
        const closed = yield* outcome(TestServer.close)
        assert.deepStrictEqual(closed.ends, [`${how} ${step} ConnectionLost`])
        assert.deepStrictEqual(closed.server.sessions[0]?.end, { time: 0, by: "server", how: "close" })
        const reset = yield* outcome({ ...TestServer.reset, after: "1 second" })
        assert.deepStrictEqual(reset.ends, [`${how} ${step} ConnectionLost`])
        const { end, openedAt } = reset.server.sessions[0]!
        assert.deepStrictEqual(end, { time: openedAt + 1000, by: "server", how: "reset" })
        const silent = yield* outcome(stage === "content" ? { after: "1 day" } : TestServer.silence)
        assert.deepStrictEqual(silent.ends, [`${how} ${step} ReplyTimeout`])
        assert.strictEqual(silent.server.sessions[0]?.end?.by, "client")
        assert.lengthOf(silent.server.accepted, 0)
      })
    )
  }

  it.effect("drips: a reply that is late as a whole is late, whatever comes of it in time", () =>
    Effect.gen(function* () {
      const drip = (timeout: number) => run({ timeout }, { script: { mail: { say: "250 Ok\r\n", drip: "1 second" } } })
      const { ends, server } = yield* drip(9)
      assert.deepStrictEqual(ends, ["Accepted"])
      assert.deepStrictEqual(times(server)[2], "8000 RCPT TO:<b@x>")
      assert.deepStrictEqual((yield* drip(7)).ends, ["Failed mail ReplyTimeout"])
    })
  )

  it.effect("says one thing and does another", () =>
    Effect.gen(function* () {
      const said = (script: TestServer.Script) =>
        Effect.map(run({ messages: 2, reuse: true, keepGoing: true }, { script }), ({ ends }) => ends[0])
      assert.strictEqual(yield* said({ mail: { say: ["2", "50 O", "k\r", "\n"] } }), "Accepted")
      assert.strictEqual(yield* said({ mail: { end: "close" } }), "Failed rcpt ConnectionLost")
      assert.strictEqual(yield* said({ final: { end: "reset" } }), "Accepted")
      assert.strictEqual(yield* said({ final: TestServer.reply("421 4.3.2 Down") }), "Rejected final 421")
      assert.strictEqual(yield* said({ final: TestServer.reply("gibberish") }), "Unknown final ReplyMalformed")
      assert.strictEqual(yield* said({ data: TestServer.reply("250 Ok") }), "Failed data ReplyMalformed")
      assert.strictEqual(yield* said({ content: TestServer.reply("552 5.3.4 Too big") }), "Rejected final 552")
      assert.strictEqual(yield* said({ content: TestServer.reply("250 Ok") }), "Failed content ReplyMalformed")
    })
  )

  it.effect("reads a content slowly", () =>
    Effect.gen(function* () {
      const { ends, server } = yield* run({ length: 100_000 }, { script: { content: { after: "3 seconds" } } })
      assert.deepStrictEqual(ends, ["Accepted"])
      assert.strictEqual(times(server)[4], "3000 .")
      assert.strictEqual(server.accepted[0]?.content.split("\r\n\r\n")[1]?.length, 100_002)
    })
  )

  it.effect("refuses connections, and opens them late", () =>
    Effect.gen(function* () {
      const refused = yield* run(
        { connectAttempts: 3 },
        { connect: (attempt) => (attempt < 3 ? { refuse: "ECONNREFUSED" } : { after: "2 seconds" }) }
      )
      assert.deepStrictEqual(refused.ends, ["Accepted"])
      assert.deepStrictEqual(
        refused.server.sessions.map(({ openedAt }) => openedAt - refused.server.sessions[0]!.openedAt),
        [0]
      )
      assert.isTrue(refused.server.sessions[0]!.openedAt >= 2000)
      const late = yield* run({ timeout: 1 }, { connect: () => ({ after: "1 day" }) })
      assert.deepStrictEqual(late.ends, ["Failed connect ConnectFailed"])
      assert.lengthOf(late.server.sessions, 0)
    })
  )

  it.effect("says what of its options cannot be used, before any connection comes", () =>
    Effect.gen(function* () {
      const soon = "soon" as unknown as number
      for (const [options, problem] of [
        [{ latency: soon }, /^not a duration: soon /],
        [{ latency: { final: -1 } }, /^not a duration: -1 /],
        [{ capacity: { service: soon } }, /^not a duration: soon /],
        [{ capacity: { servers: 0, service: 1 } }, /^not a number of servers: 0$/],
        [{ stalls: [{ at: soon, lasts: 1 }] }, /^not a duration: soon /]
      ] as ReadonlyArray<readonly [TestServer.TestServerOptions, RegExp]>) {
        const exit = yield* Effect.exit(Effect.asVoid(Effect.scoped(Layer.build(TestServer.layer(options)))))
        const defects = Exit.isFailure(exit) ? Chunk.toArray(Cause.defects(exit.cause)) : []
        assert.lengthOf(defects, 1)
        assert.instanceOf(defects[0], RangeError)
        assert.match((defects[0] as RangeError).message, problem)
      }
    })
  )

  it.effect("ends its connections with its scope", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(
        Effect.scoped(
          Effect.gen(function* () {
            yield* Effect.forkScoped(Load.run(Plan.make({ messages: 1 })))
            yield* Effect.sleep("1 second")
            return yield* TestServer.TestServer
          })
        ).pipe(Effect.provide(TestServer.layer({ script: { mail: { after: "1 day" } } })))
      )
      yield* TestClock.adjust("1 second")
      const server = yield* Fiber.join(fiber)
      assert.deepStrictEqual(server.sessions[0]?.end, { time: 1000, by: "client", how: "reset" })
    })
  )

  it.effect("whatever it does, the books balance, and agree with it", () =>
    Effect.gen(function* () {
      const stage = fc.constantFrom<TestServer.ServerEvent["stage"]>(
        "greeting",
        "hello",
        "mail",
        "rcpt",
        "data",
        "content",
        "final",
        "rset",
        "quit"
      )
      const behaviour = fc.record(
        {
          after: fc.constantFrom(0, 1, 1000, 20_000),
          say: fc.constantFrom(
            "",
            "250 Ok\r\n",
            "354 Go\r\n",
            "450 No\r\n",
            "421 Down\r\n",
            "25",
            "250 A\r\n250 B\r\n",
            "?\r\n"
          ),
          drip: fc.constantFrom(0, 1, 3000),
          end: fc.constantFrom("close" as const, "reset" as const)
        },
        { requiredKeys: [] }
      )
      const faults = fc.array(fc.tuple(stage, fc.integer({ min: 1, max: 3 }), behaviour), { maxLength: 3 })
      const plan = fc.record({
        messages: fc.integer({ min: 1, max: 4 }),
        sessions: fc.integer({ min: 1, max: 2 }),
        reuse: fc.boolean(),
        lmtp: fc.boolean(),
        pipelining: fc.constantFrom("off" as const, "on" as const, "full" as const)
      })
      for (const [input, injected] of fc.sample(fc.tuple(plan, faults), { numRuns: 60, seed: 5 })) {
        const script: TestServer.Script = ({ message, stage }) =>
          injected.find(([at, nth]) => at === stage && nth === message)?.[2]
        const { server, ...result } = yield* run(
          { ...input, keepGoing: true, timeout: 10 },
          { protocol: input.lmtp ? "lmtp" : "smtp", script }
        )
        const told = JSON.stringify([input, injected])
        const { accounting } = result
        const whole = { warmedUp: false, cutOff: false, partial: false }
        assert.deepStrictEqual(Laws.violations({ ...result, ...whole }), [], told)
        assert.strictEqual(accounting.started, input.messages, told)
        const recipients = server.accepted.reduce((sum, message) => sum + message.recipients.length, 0)
        assert.deepStrictEqual(Laws.ofDelivery(accounting, { messages: server.accepted.length, recipients }), [], told)
        assert.isTrue(
          server.sessions.every(({ end }) => end !== undefined),
          told
        )
      }
    })
  )
})
