import * as Stream from "effect/Stream"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as FileSystem from "@effect/platform/FileSystem"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Load from "../../src/load/Load.js"
import type { InvalidScenario } from "../../src/load/scenario/InvalidScenario.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import * as Histogram from "../../src/measure/Histogram.js"
import type { Ending } from "../../src/measure/Recorder.js"
import * as NodeServices from "../../src/node/NodeServices.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Distribution from "../../src/plan/Distribution.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import type { SinkMessage } from "../../src/sink/SinkOptions.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Target from "../../src/smtp/Target.js"
import * as Tls from "../../src/smtp/Tls.js"
import type { SmtpError } from "../../src/smtp/SmtpError.js"
import type { Connector } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { trickle } from "./arriving.js"
import { capacity } from "./capacity.js"
import { combinators } from "./combinators.js"
import { flood } from "./dialogue.js"
import { probe } from "./probing.js"
import { prove } from "./proving.js"
import { measure } from "./run.js"
import { fourProcesses } from "./segments.js"
import { type Secure, secure, secureFirst } from "./secure.js"
import { smoke } from "./smoke.js"
import { replayAll, sendAll } from "./sources.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

const read = (file: string): string => fs.readFileSync(path.join(root, file), "utf8")

/** A sink, and what it counts. */
const sink = Effect.flatMap(EmbeddedSink, (embedded) => embedded.start())

describe("the examples of the README", () => {
  for (const name of ["run", "dialogue"]) {
    it(`show test/examples/${name}.ts as it is`, () => {
      assert.include(read("README.md"), `\`\`\`ts\n${read(`test/examples/${name}.ts`)}\`\`\`\n`)
    })
  }

  it.scopedLive("run: a thousand messages arrive", () =>
    Effect.gen(function* () {
      const { counts, target } = yield* sink
      const summary = yield* measure(Target.format(target))
      assert.include(summary, "1,000 messages: 1,000 accepted")
      assert.strictEqual((yield* counts).messages, 1000)
    }).pipe(Effect.provide(NodeSink.layer({ thread: false })))
  )

  it.scopedLive("sources: notes, newsletters and a last message arrive", () =>
    Effect.gen(function* () {
      const { counts, target } = yield* sink
      const newsletter = {
        sender: "news@example.com",
        recipients: ["all@example.com"],
        content: "Subject: news\n\nNews\n"
      }
      const { accounting } = yield* sendAll(Target.format(target), [newsletter, newsletter])
      // Nine of the notes were for user 3.
      assert.strictEqual(accounting.accepted, 81 + 2 + 1)
      assert.strictEqual((yield* counts).messages, 84)
    }).pipe(Effect.provide(NodeSink.layer({ thread: false })))
  )

  it.scopedLive("sources: those who join are welcomed, and files arrive", () =>
    Effect.gen(function* () {
      const { counts, target } = yield* sink
      const fileSystem = yield* FileSystem.FileSystem
      const file = `${yield* fileSystem.makeTempDirectoryScoped()}/one.eml`
      yield* fileSystem.writeFileString(file, "Subject: one\n\nHello\n")
      const { accounting } = yield* replayAll(Target.format(target), [file, file], Stream.make("ann", "bob"))
      assert.strictEqual(accounting.accepted, 4)
      assert.strictEqual((yield* counts).messages, 4)
    }).pipe(Effect.provide([NodeSink.layer({ thread: false }), NodeFileSystem.layer]))
  )

  it.scopedLive("dialogue: a thousand NOOPs are measured under their own name", () =>
    Effect.gen(function* () {
      const { counts, target } = yield* sink
      const { recorder, sessions } = yield* flood(Target.format(target))
      assert.strictEqual(sessions.filter(Exit.isSuccess).length, 10)
      const histogram = recorder.ownHistogram("noop", "accepted")
      assert.strictEqual(histogram === undefined ? 0 : Histogram.total(histogram), 1000)
      assert.strictEqual((yield* counts).quits, 10)
    }).pipe(Effect.provide(NodeSink.layer({ thread: false })))
  )
})

/** Runs an example against a server in memory, in virtual time. */
const simulated = <A, E>(
  example: Effect.Effect<A, E, Connector | TestServer.TestServer>,
  options: TestServer.TestServerOptions
) => example.pipe(Effect.provide(TestServer.layer(options)), (program) => Simulation.run(program))

describe("the worked examples", () => {
  for (const name of ["smoke", "capacity", "probing", "secure", "segments", "combinators"]) {
    it(`are linked to in the README: ${name}`, () => {
      assert.include(read("README.md"), `(test/examples/${name}.ts)`)
    })
  }

  it.scopedLive("segments: four processes send a thousand messages together, each of them once", () =>
    Effect.gen(function* () {
      const { counts, target } = yield* sink
      const command = path.join(root, "dist/bin/smtp-source.js")
      const report = yield* fourProcesses(Target.format(target), [process.execPath, command])
      assert.deepInclude(report.messages, { planned: 1000, accepted: 1000, lost: 0 })
      assert.deepStrictEqual(
        report.segments?.map(({ ended, index, of }) => ({ ended, index, of })),
        [1, 2, 3, 4].map((index) => ({ ended: "completed", index, of: 4 }))
      )
      assert.strictEqual((yield* counts).messages, 1000)
    }).pipe(Effect.provide([NodeSink.layer({ thread: false }), NodeContext.layer]))
  )

  /** A server that sends on each message as often as it is told. */
  const sendingOn =
    (next: string, copies: (taken: number) => number) =>
    <A, E, R>(self: Effect.Effect<A, E, R>) => {
      let taken = 0
      const onMessage = ({ content, recipients, sender }: SinkMessage) => {
        const to = recipients.map((recipient) => `RCPT TO:<${recipient}>\r\n`).join("")
        const stuffed = Buffer.from(content).toString("latin1").replaceAll(/^\./gm, "..")
        const dialogue = `HELO relay\r\nMAIL FROM:<${sender}>\r\n${to}DATA\r\n${stuffed}.\r\nQUIT\r\n`
        for (let left = copies(++taken); left > 0; left--) net.connect(next).end(dialogue, "latin1")
      }
      return Effect.provide(self, NodeSink.layer({ thread: false, onMessage })).pipe(
        Effect.ensuring(Effect.sync(() => fs.rmSync(path.dirname(next), { recursive: true })))
      )
    }

  const socket = () => path.join(fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-")), "next")

  it.scopedLive("arriving: sends the next message when the last one is through", () => {
    const next = socket()
    return Effect.gen(function* () {
      const { target } = yield* Effect.flatMap(EmbeddedSink, (embedded) => embedded.start())
      const lines = yield* trickle(Target.format(target), `unix:${next}`)
      assert.include(lines, "20 messages: 20 accepted, 0 rejected, 0 failed, 0 unknown")
      assert.include(lines, "delivered: 20 of 20 messages accepted")
      assert.isTrue(
        lines.some((line) => line.startsWith("through: 20 accepted")),
        lines.join("\n")
      )
      // None came before the one that was sent before it.
      assert.isFalse(lines.some((line) => line.startsWith("order:")))
    }).pipe(sendingOn(next, () => 1))
  })

  it.scopedLive("proving: tells what a server has lost, and what it has sent on twice", () => {
    const next = socket()
    return Effect.gen(function* () {
      const { target } = yield* Effect.flatMap(EmbeddedSink, (embedded) => embedded.start())
      const { p99, ...rest } = yield* prove(Target.format(target), `unix:${next}`, "1 second")
      assert.deepStrictEqual(
        { ...rest, missed: rest.missed.length },
        {
          delivered: 199,
          missing: 1,
          duplicates: 1,
          missed: 1,
          violations: []
        }
      )
      assert.isAbove(p99, 0)
    }).pipe(sendingOn(next, (taken) => (taken === 10 ? 0 : taken === 20 ? 2 : 1)))
  })

  it.effect("smoke: passes with a good server, and fails with what is wrong of a bad one", () =>
    Effect.gen(function* () {
      const report = yield* simulated(smoke("localhost"), { latency: "10 millis" })
      assert.strictEqual(report.messages.accepted, 200)
      const failedOf = (error: Load.RunError | Simulation.SimulationStuck) =>
        error._tag === "VerdictsFailed" ? error.verdicts.map(({ expression }) => expression) : error.message
      const slow = yield* Effect.flip(simulated(smoke("localhost"), { latency: "100 millis" }))
      assert.deepStrictEqual(failedOf(slow), ["p99(transaction) > 250ms"])
      const bad = yield* Effect.flip(
        simulated(smoke("localhost"), {
          script: ({ session, stage }) =>
            session % 20 === 0 && stage === "rcpt" ? TestServer.reply("451 4.3.0 later") : undefined
        })
      )
      assert.deepStrictEqual(failedOf(bad), ["accepted < 100%", "code(4xx) > 0"])
    })
  )

  it.effect("capacity: finds what a server can take, in one run that ends when it does not keep up", () =>
    Effect.gen(function* () {
      const found = (options: TestServer.TestServerOptions) =>
        Effect.gen(function* () {
          const rate = yield* capacity("localhost")
          return { rate, took: yield* Clock.currentTimeMillis }
        }).pipe((example) => simulated(example, options))
      // Five hundred a second and never more: beyond that a queue builds up, which is seen within seconds.
      const even = yield* found({ capacity: { service: "2 millis" } })
      assert.closeTo(even.rate, 500, 50)
      assert.isBelow(even.took, 130_000)
      assert.closeTo((yield* found({ capacity: { servers: 4, service: "40 millis" } })).rate, 100, 10)
      // At random there is a queue before: D/M/1 has the 99th percentile at 200 ms for 36 a second of 50, in the long run.
      const uneven = yield* found({ capacity: { service: Distribution.exponential("20 millis") } })
      assert.isAtLeast(uneven.rate, 30)
      assert.isAtMost(uneven.rate, 52)
    })
  )

  it.effect("capacity: ends at once with a server that refuses, hangs, or is not there", () =>
    Effect.gen(function* () {
      const servers: ReadonlyArray<TestServer.TestServerOptions> = [
        { script: { rcpt: TestServer.reply("550 5.1.1 no") } },
        { script: { final: TestServer.silence } },
        { connect: () => ({ refuse: "ECONNREFUSED" }) }
      ]
      for (const options of servers) {
        const example = Effect.zip(capacity("localhost"), Clock.currentTimeMillis)
        assert.deepStrictEqual(yield* simulated(example, options), [0, 5000])
      }
    })
  )

  it.effect("probing: asks, vanishes, tries again where there was no connection, and leaves no message behind", () =>
    Effect.gen(function* () {
      const { recorder, sessions } = yield* probe("localhost", ["root", "nobody", "admin"])
      assert.deepStrictEqual(
        sessions.map(Exit.getOrElse(() => undefined)),
        Array.from({ length: 10 }, () => ["root", "admin"])
      )
      const count = (name: string, ending: Ending) => {
        const histogram = recorder.ownHistogram(name, ending)
        return histogram === undefined ? 0 : Histogram.total(histogram)
      }
      assert.deepStrictEqual(
        [count("vrfy", "accepted"), count("vrfy", "rejected"), count("vanish", "accepted"), count("vanish", "failed")],
        [20, 10, 100, 1]
      )
      const server = yield* TestServer.TestServer
      assert.strictEqual(server.accepted.length, 0)
      assert.strictEqual(server.sessions.filter(({ end }) => end?.by === "client" && end.how === "reset").length, 100)
      assert.strictEqual((yield* server.counts).quits, 10)
    }).pipe((example) =>
      simulated(example, {
        connect: (attempt) => (attempt === 3 ? { refuse: "ECONNREFUSED" } : undefined),
        latency: "5 millis",
        script: ({ line }) =>
          line.startsWith("VRFY")
            ? TestServer.reply(line.endsWith("nobody") ? "550 5.1.1 who?" : "250 2.1.5 yes")
            : undefined
      })
    )
  )
})

/** An example that runs a scenario. */
type Example<A> = Effect.Effect<Scenario.ScenarioResult<A, SmtpError | InvalidScenario>, Load.RunError, Connector>

describe("the example of TLS and logins", () => {
  const account = { user: "load", password: "secret" }
  const who = { user: account.user, password: Redacted.make(account.password) }
  const settings = Tls.settings({ name: "localhost" })
  const inMemory: TestServer.TestServerOptions = { tls: "required", auth: { accounts: [account], required: true } }

  it.effect("begins TLS and logs in, by steps and as one, in memory", () =>
    Effect.gen(function* () {
      const { recorder, sessions } = yield* secure({ target: "localhost", settings, ...who })
      assert.deepStrictEqual(
        sessions.map(Exit.getOrElse(() => undefined)),
        Array.from({ length: 3 }, () => ["TLSv1.3", true] as [string, boolean])
      )
      assert.strictEqual(recorder.tls()[0]?.count, 6)
      const { counts } = yield* TestServer.TestServer
      assert.deepInclude(yield* counts, { secured: 6, authenticated: 6, quits: 6 })
    }).pipe((example) => simulated(example, { ...inMemory, latency: "5 millis" }))
  )

  it.effect(
    "tells at which step it ended, and when: a handshake that fails or takes too long, a login that is refused",
    () =>
      Effect.gen(function* () {
        const ended = (script: TestServer.TestServerOptions["script"]) =>
          Effect.gen(function* () {
            const { sessions } = yield* secure({ target: "localhost", settings, ...who })
            const errors = sessions.map((exit) => Option.getOrUndefined(Exit.causeOption(exit)))
            const [cause] = errors
            const error = cause === undefined ? undefined : Option.getOrUndefined(Cause.failureOption(cause))
            return [
              error?._tag,
              error !== undefined && "step" in error ? error.step : "",
              yield* Clock.currentTimeMillis
            ]
          }).pipe((example) => simulated(example, { ...inMemory, script }))
        assert.deepStrictEqual(yield* ended(({ stage }) => (stage === "tls" ? { fail: "certificate" } : undefined)), [
          "TlsFailed",
          "tls",
          0
        ])
        assert.deepStrictEqual(yield* ended(({ stage }) => (stage === "tls" ? TestServer.silence : undefined)), [
          "ReplyTimeout",
          "tls",
          10_000
        ])
        assert.deepStrictEqual(
          yield* ended(({ stage }) => (stage === "starttls" ? TestServer.reply("454 4.7.0 later") : undefined)),
          ["ReplyRejected", "starttls", 0]
        )
        assert.deepStrictEqual(
          yield* ended(({ stage }) => (stage === "auth" ? TestServer.reply("535 5.7.8 no") : undefined)),
          ["ReplyRejected", "auth", 0]
        )
      })
  )

  it.scopedLive("does so over sockets", () =>
    Effect.gen(function* () {
      const { start } = yield* EmbeddedSink
      const sessionsOf = <A>(tls: "required" | "implicit", example: (options: Secure) => Example<A>) =>
        Effect.gen(function* () {
          const embedded = yield* start({ tls, auth: { accounts: [account] } })
          const own = Tls.settings({ name: "localhost", ca: embedded.certificate })
          const { sessions } = yield* example({ target: Target.format(embedded.target), settings: own, ...who })
          return sessions.map(Exit.getOrElse((cause) => assert.fail(Cause.pretty(cause))))
        })
      const steps = yield* sessionsOf("required", secure)
      assert.deepStrictEqual(steps, new Array<[string, boolean]>(3).fill(["TLSv1.3", true]))
      assert.deepStrictEqual(yield* sessionsOf("implicit", secureFirst), [false, false, false])
    }).pipe(Effect.provide([NodeSink.layer({ thread: false }), NodeServices.layer]))
  )
})

describe("the examples of combinators", () => {
  /** How often a step of one's own was measured, and what the server took, by two sessions. */
  const counted = <A, E>(
    scenario: Effect.Effect<A, E, Scenario.ScenarioSession | Scope.Scope>,
    names: ReadonlyArray<string>
  ) =>
    Effect.gen(function* () {
      let rcpts = 0
      const plan = Plan.make({ target: "localhost", sessions: 2, messages: 4, recipients: 3, seed: "s" })
      const program = Effect.gen(function* () {
        const { accounting, recorder, sessions } = yield* Scenario.run(plan, scenario)
        const { accepted } = yield* TestServer.TestServer
        const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
        const total = (name: string) => {
          const histogram = recorder.ownHistogram(name, "accepted")
          return histogram === undefined ? 0 : Histogram.total(histogram)
        }
        assert.isTrue(sessions.every(Exit.isSuccess))
        return { counts: names.map(total), accepted: [accounting.accepted, accepted.length], seconds }
      })
      return yield* simulated(program, {
        latency: "1 millis",
        script: ({ stage }) => (stage === "rcpt" && ++rcpts === 2 ? TestServer.reply("451 4.7.1 later") : undefined)
      })
    })

  it.effect("do what they say", () =>
    Effect.gen(function* () {
      const { repeat, rateLimited, onSchedule, staged, mixed, keep, forNextMessage, forEachMessage } = combinators
      assert.deepInclude(yield* counted(repeat, ["repeated"]), { counts: [12], seconds: 5 })
      assert.deepInclude(yield* counted(rateLimited, ["limited"]), { counts: [10], seconds: 0 })
      assert.deepInclude(yield* counted(onSchedule, ["due", "scheduled"]), { counts: [10, 10], seconds: 0 })
      const { counts } = yield* counted(staged, ["staged"])
      assert.closeTo(counts[0]!, 30, 2)
      const mix = yield* counted(mixed, ["usual", "rare"])
      assert.strictEqual(mix.counts[0]! + mix.counts[1]!, 40)
      assert.closeTo(mix.counts[0]!, 30, 6)
      assert.deepInclude(yield* counted(keep, []), { accepted: [0, 0] })
      assert.deepInclude(yield* counted(forNextMessage, ["after"]), { counts: [2], accepted: [2, 2] })
      // One message goes to the server twice, to two recipients and then to the third: it is one message.
      assert.deepInclude(yield* counted(forEachMessage, []), { accepted: [4, 5], seconds: 60 })
    })
  )
})

/** The code after each `@example`, to the end of its comment or to the next tag. */
const examplesIn = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/^ \* @example\n((?: \*.*\n)*?)(?= \* @| \*\/)/gm)].map(([, lines = ""]) =>
    lines.replace(/^ \* ?/gm, "")
  )

describe("the examples in docstrings", () => {
  it("compile", () => {
    const folder = fs.mkdtempSync(path.join(root, "node_modules/.cache-examples-"))
    try {
      const files = fs.readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })
      const examples = files.filter((file) => file.endsWith(".ts")).flatMap((file) => examplesIn(read(`src/${file}`)))
      assert.isAbove(examples.length, 0)
      examples.forEach((example, index) => {
        fs.writeFileSync(path.join(folder, `example${index}.ts`), example)
      })
      const config = { extends: path.join(root, "tsconfig.json"), include: [`${folder}/*.ts`], exclude: [] }
      fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config))
      const tsc = path.join(root, "node_modules/typescript/bin/tsc")
      const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" })
      assert.strictEqual(stdout, "")
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })
})
