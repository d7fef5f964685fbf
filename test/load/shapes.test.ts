/** Connections that differ from the plain way, as a server sees them, in virtual time. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Load from "../../src/load/Load.js"
import * as Laws from "../../src/measure/Laws.js"
import * as Plan from "../../src/plan/Plan.js"
import * as ShapeGrammar from "../../src/plan/ShapeGrammar.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"

const simulate = (
  input: Plan.PlanInput,
  options: TestServer.TestServerOptions = {},
  runOptions: Load.RunOptions = {}
) =>
  Effect.gen(function* () {
    const server = yield* TestServer.TestServer
    const result = yield* Load.run(Plan.make({ helloName: "me.example", seed: "shapes", ...input }), runOptions)
    assert.deepStrictEqual(Laws.violations({ ...result, warmedUp: false, cutOff: result.stopped, partial: false }), [])
    return { ...result, server }
  }).pipe(Effect.provide(TestServer.layer(options)), (program) => Simulation.run(program))

/** The verbs that each connection saw. */
const dialogues = (server: { readonly log: ReadonlyArray<TestServer.Received> }): ReadonlyArray<string> => {
  const sessions = new Map<number, Array<string>>()
  for (const { line, session } of server.log) {
    sessions.set(session, [...(sessions.get(session) ?? []), line.split(/[ :]/)[0] ?? ""])
  }
  return [...sessions.values()].map((verbs) => verbs.join(" "))
}

const message = "MAIL RCPT DATA ."

describe("--per-connection", () => {
  for (const pipelining of ["off", "on", "full"] as const) {
    it.effect(`sends so many messages over each connection, pipelining ${pipelining}`, () =>
      Effect.gen(function* () {
        const { accounting, server } = yield* simulate({ messages: 8, perConnection: "3", pipelining })
        assert.strictEqual(accounting.accepted, 8)
        const hello = pipelining === "off" ? "HELO" : "EHLO"
        const of = (count: number) => [hello, ...Array.from({ length: count }, () => message), "QUIT"].join(" ")
        assert.deepStrictEqual(dialogues(server), [of(3), of(3), of(2)])
      })
    )
  }

  it.effect("draws the number for each connection from a range", () =>
    Effect.gen(function* () {
      const { server } = yield* simulate({ messages: 400, sessions: 4, perConnection: "1..5" })
      const counts = dialogues(server).map((dialogue) => dialogue.split("DATA").length - 1)
      assert.deepStrictEqual([...new Set(counts)].sort(), [1, 2, 3, 4, 5])
    })
  )

  it.effect("holds for runs with a rate, too", () =>
    Effect.gen(function* () {
      const { accounting, server } = yield* simulate({ messages: 6, perConnection: "2", rate: "10/s", maxSessions: 1 })
      assert.strictEqual(accounting.accepted, 6)
      assert.deepStrictEqual(
        dialogues(server),
        Array.from({ length: 3 }, () => `HELO ${message} ${message} QUIT`)
      )
    })
  )
})

describe("--hold", () => {
  it.effect("keeps each connection idle for so long before QUIT", () =>
    Effect.gen(function* () {
      const { elapsed, server } = yield* simulate({ messages: 4, perConnection: "2", hold: 30 }, { latency: 1 })
      const times = (verb: string) => server.log.filter(({ line }) => line === verb).map(({ time }) => time)
      const dots = times(".")
      // The reply to the dot takes a millisecond; a pause ends with a whole one.
      for (const [index, quit] of times("QUIT").entries()) {
        assert.closeTo(quit - dots[2 * index + 1]!, 30_001, 1)
      }
      assert.isAtLeast(elapsed, 60_000)
    })
  )
})

describe("--think", () => {
  it.effect("is waited for between the messages of a session, and not after the last", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, server } = yield* simulate({ messages: 3, reuse: true, think: 10 }, { latency: 1 })
      assert.strictEqual(accounting.accepted, 3)
      assert.deepStrictEqual(dialogues(server), [`HELO ${message} ${message} ${message} QUIT`])
      assert.isTrue(elapsed >= 20_000 && elapsed < 20_100, String(elapsed))
    })
  )

  it.effect("is drawn from its distribution for each message", () =>
    Effect.gen(function* () {
      const { elapsed } = yield* simulate({ messages: 501, reuse: true, think: "exp(2)" })
      assert.closeTo(elapsed / 500, 2000, 200)
      const uniform = yield* simulate({ messages: 501, reuse: true, think: "1..2" })
      assert.closeTo(uniform.elapsed / 500, 1500, 50)
    })
  )

  it.effect("is interrupted when the run is asked to stop", () =>
    Effect.gen(function* () {
      const stopping = Effect.sleep(5000)
      const { accounting, elapsed } = yield* simulate({ messages: 3, reuse: true, think: 60 }, {}, { stopping })
      assert.deepInclude(accounting, { accepted: 1, notStarted: 2 })
      assert.isBelow(elapsed, 5100)
    })
  )
})

describe("--shape", () => {
  const verbs = (count: number) => ["HELO", ...Array.from({ length: count }, () => message), "QUIT"].join(" ")

  it.effect("mixes connections by weight, each with its own way", () =>
    Effect.gen(function* () {
      const shapes = ["80%: per-connection 3", "20%: abandon data"]
      const { accounting, server } = yield* simulate({ messages: 600, sessions: 4, shapes })
      const seen = dialogues(server)
      const abandoned = seen.filter((dialogue) => dialogue === "HELO MAIL RCPT DATA").length
      assert.strictEqual(accounting.failed, abandoned)
      assert.closeTo(abandoned / seen.length, 0.2, 0.05)
      // The last connection of a session may run out of messages.
      assert.isAtLeast(seen.filter((dialogue) => dialogue === verbs(3)).length, seen.length - abandoned - 4)
    })
  )

  it.effect("gives a connection its own rate and its own time to think", () =>
    Effect.gen(function* () {
      const plan = { messages: 40, length: 1000, shapes: ["1: send-rate 500", "1: think 7, per-connection 2"] }
      const { elapsed, server } = yield* simulate(plan)
      const seen = dialogues(server)
      const slow = seen.filter((dialogue) => dialogue === verbs(1)).length
      assert.strictEqual(slow + 2 * (seen.length - slow), 40)
      const times = server.log.filter(({ line }) => line === "DATA" || line === ".").map(({ time }) => time)
      const contents = times.flatMap((time, index) => (index % 2 === 1 ? [time - times[index - 1]!] : []))
      // 1,000 bytes and some headers, at 500 a second.
      assert.strictEqual(contents.filter((time) => time > 2000 && time < 3000).length, slow)
      assert.strictEqual(contents.filter((time) => time < 100).length, 40 - slow)
      assert.isAtLeast(elapsed, slow * 2000 + (40 - slow - 1) * 7000)
    })
  )

  it.effect("holds a connection before it is abandoned: connect, stay silent, leave", () =>
    Effect.gen(function* () {
      for (const [step, lines] of [
        ["greeting", 0],
        ["hello", 1],
        ["data", 4]
      ] as const) {
        const { accounting, elapsed, server } = yield* simulate({
          messages: 2,
          shapes: [{ weight: 1, hold: 60, abandon: `${step} close` }]
        })
        assert.strictEqual(accounting.failed, 2)
        assert.lengthOf(server.log, 2 * lines)
        for (const { end } of server.sessions) assert.deepInclude(end, { by: "client", how: "close" })
        assert.isTrue(elapsed >= 120_000 && elapsed < 121_000, String(elapsed))
      }
    })
  )

  it.effect("ends the hold of what is abandoned when the run is asked to stop", () =>
    Effect.gen(function* () {
      const stopping = Effect.sleep(3000)
      const plan = { messages: 5, hold: "1m", abandon: "mail" }
      const { accounting, elapsed, server } = yield* simulate(plan, {}, { stopping })
      assert.deepInclude(accounting, { failed: 1, notStarted: 4 })
      assert.deepStrictEqual(dialogues(server), ["HELO MAIL"])
      assert.isBelow(elapsed, 3100)
    })
  )

  it.effect("holds for runs with a rate, too", () =>
    Effect.gen(function* () {
      const plan = { messages: 60, rate: "10/s", maxSessions: 1, dropLate: 1e6 }
      const { accounting, server } = yield* simulate({ ...plan, shapes: ["1: per-connection 2", "1: abandon mail"] })
      const seen = dialogues(server)
      assert.sameMembers([...new Set(seen)], [verbs(2), "HELO MAIL"])
      assert.strictEqual(accounting.failed, seen.filter((dialogue) => dialogue === "HELO MAIL").length)
    })
  )

  it.effect("draws the same mix for the same seed, however many sessions share the connections", () =>
    Effect.gen(function* () {
      const plan = { messages: 200, shapes: ["1: per-connection 1..9", "1: per-connection 20"] }
      const counts = (sessions: number, seed = "a") =>
        Effect.map(simulate({ ...plan, sessions, seed }), ({ server }) =>
          dialogues(server)
            .slice(0, 12)
            .map((dialogue) => dialogue.split("DATA").length - 1)
        )
      const one = yield* counts(1)
      assert.isAtLeast(new Set(one).size, 3)
      for (const sessions of [2, 5]) assert.deepStrictEqual(yield* counts(sessions), one)
      assert.notDeepEqual(yield* counts(1, "b"), one)
    })
  )
})

describe("--abandon", () => {
  it.effect("is not disturbed by what a server says that was not asked", () =>
    Effect.gen(function* () {
      const { accounting, endedBy, server } = yield* simulate(
        { messages: 4, reuse: true, abandon: "mail" },
        { script: ({ stage }) => (stage === "mail" ? { say: "250 Ok\r\n250 And more\r\n" } : undefined) }
      )
      assert.strictEqual(endedBy._tag, "None")
      assert.strictEqual(accounting.failed, 4)
      assert.lengthOf(server.sessions, 4)
    })
  )

  it.effect("leaves a connection that was greeted before at once, where it is to be left after the greeting", () =>
    Effect.gen(function* () {
      const { accounting, server } = yield* simulate({ messages: 400, reuse: true, abandon: "hello 20%" })
      assert.strictEqual(accounting.accepted + accounting.failed, 400)
      assert.isTrue(accounting.failed > 40 && accounting.failed < 120, String(accounting.failed))
      for (const dialogue of dialogues(server)) assert.match(dialogue, /^HELO( MAIL RCPT DATA \.)*( QUIT)?$/)
    })
  )

  const seen = {
    greeting: "",
    hello: "HELO",
    mail: "HELO MAIL",
    rcpt: "HELO MAIL RCPT RCPT",
    data: "HELO MAIL RCPT RCPT DATA"
  }
  for (const step of ShapeGrammar.steps) {
    // They are among the logins, and with TLS.
    if (step === "auth" || step === "starttls" || step === "tls") continue
    it.effect(`leaves after the reply to ${step}, which ends its message and nothing else`, () =>
      Effect.gen(function* () {
        const told: Array<string> = []
        const { accounting, endedBy, recorder, server } = yield* simulate(
          { messages: 5, recipients: 2, abandon: step },
          {},
          { onTrouble: (_, text) => told.push(text) }
        )
        assert.strictEqual(endedBy._tag, "None")
        assert.deepInclude(accounting, { started: 5, failed: 5, abandoned: 5, accepted: 0 })
        // Nothing went wrong.
        assert.deepStrictEqual(recorder.errors(), [])
        assert.deepStrictEqual(told, [])
        assert.isUndefined(recorder.histogram("transaction", "failed"))
        assert.lengthOf(server.sessions, 5)
        for (const { end } of server.sessions) assert.deepInclude(end, { by: "client", how: "reset" })
        if (step !== "greeting") assert.isTrue(dialogues(server).every((dialogue) => dialogue === seen[step]))
        else assert.lengthOf(server.log, 0)
      })
    )
  }

  for (const pipelining of ["off", "full"] as const) {
    it.effect(`strikes a share of the messages, and the others are accepted, pipelining ${pipelining}`, () =>
      Effect.gen(function* () {
        const plan = { messages: 400, sessions: 5, reuse: true, abandon: "data close 20%", pipelining } as const
        const { accounting, endedBy, server } = yield* simulate(plan)
        const { accepted, failed } = accounting
        assert.strictEqual(endedBy._tag, "None")
        assert.strictEqual(accepted + failed, 400)
        assert.isTrue(failed > 50 && failed < 110, String(failed))
        assert.strictEqual(server.accepted.length, accepted)
        assert.strictEqual(
          server.sessions.filter(({ end }) => end?.how === "close" && end.by === "client").length,
          failed
        )
      })
    )
  }
})

describe("--send-rate", () => {
  for (const [what, plan] of [
    ["a small message", { length: 4000 }],
    ["a body of its own, in several writes", { length: 40_000 }]
  ] as const) {
    it.effect(`spreads the content of ${what} over its time, and all of it arrives`, () =>
      Effect.gen(function* () {
        const slow = yield* simulate({ messages: 3, reuse: true, sendRate: 2000, ...plan })
        const fast = yield* simulate({ messages: 3, reuse: true, ...plan })
        assert.strictEqual(slow.accounting.accepted, 3)
        const contents = (run: typeof slow) =>
          run.server.accepted.map(({ content }) => content.replace(/^(Date|Message-Id):.*\r\n/gm, ""))
        assert.deepStrictEqual(contents(slow), contents(fast))
        // Pieces go out at once and then every tenth of a second.
        const seconds = slow.recorder.bytesOut / 2000
        assert.closeTo(slow.elapsed / 1000, seconds, 1)
      })
    )
  }

  it.effect("does not run into the time-out while the server reads", () =>
    Effect.gen(function* () {
      const { accounting, elapsed } = yield* simulate({ messages: 1, length: 10_000, sendRate: 500, timeout: 2 })
      assert.strictEqual(accounting.accepted, 1)
      assert.isAtLeast(elapsed, 19_000)
    })
  )
})

describe("a server that takes so many messages over a connection", () => {
  for (const [reply, pipelining] of [
    ["452 4.3.1 too many messages\r\n", "off"],
    ["452 4.3.1 too many messages\r\n", "full"],
    ["421 4.7.0 too many messages\r\n", "off"],
    ["421 4.7.0 too many messages\r\n", "on"]
  ] as const) {
    it.effect(`gets the rest over others with --keep-going: ${reply.slice(0, 3)}, pipelining ${pipelining}`, () =>
      Effect.gen(function* () {
        const limited: TestServer.TestServerOptions = {
          script: ({ message, stage }) => (stage === "mail" && message > 10 ? { say: reply } : undefined)
        }
        const plan = { messages: 95, sessions: 2, reuse: true, keepGoing: true, pipelining } as const
        const { accounting, recorder, server } = yield* simulate(plan, limited)
        assert.strictEqual(accounting.accepted, 95)
        assert.strictEqual(server.accepted.length, 95)
        assert.isAtMost(server.sessions.length, 11)
        // The limit is there to be seen.
        const limits = recorder.replies().filter(({ step }) => step === "mail")
        assert.isTrue(limits.some(({ code, count }) => code === Number(reply.slice(0, 3)) && count >= 8))
      })
    )
  }

  it.effect("is not asked again where the first message of a connection is refused so", () =>
    Effect.gen(function* () {
      const { accounting, server } = yield* simulate(
        { messages: 3, reuse: true, keepGoing: true },
        { script: ({ stage }) => (stage === "mail" ? { say: "452 4.3.1 full\r\n" } : undefined) }
      )
      assert.strictEqual(accounting.rejected, 3)
      assert.isAtMost(server.sessions.length, 3)
    })
  )
})
