import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as DocExamples from "../../scripts/DocExamples.js"
import * as Load from "../../src/load/Load.js"
import * as StopSignal from "../../src/load/StopSignal.js"
import type * as MessageSource from "../../src/load/scenario/MessageSource.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as Plan from "../../src/plan/Plan.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as Misbehaviour from "../../src/sink/Misbehaviour.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Target from "../../src/smtp/Target.js"
import { Connector } from "../../src/smtp/Wire.js"
import * as Simulation from "../../src/testing/Simulation.js"
import * as TestRelay from "../../src/testing/TestRelay.js"

const root = fileURLToPath(new URL("../..", import.meta.url))
const examples = DocExamples.all()

/** What an example exports. Its types are checked where it is compiled. */
type Exports = { readonly [name: string]: never }

/** A run of an example that looks at what came of it. */
type Trial = (exports: Exports) => Effect.Effect<unknown, unknown>

/** Gives a target to what is tried: a sink over real sockets, and what it has counted. */
const overSockets =
  (serving: Parameters<typeof NodeSink.layer>[0], use: (target: string) => Effect.Effect<unknown, unknown>) =>
  (messages?: number) =>
    Effect.gen(function* () {
      const { counts, target } = yield* Effect.flatMap(EmbeddedSink, (embedded) => embedded.start())
      yield* use(Target.format(target))
      if (messages !== undefined) assert.strictEqual((yield* counts).messages, messages)
    }).pipe(Effect.scoped, Effect.provide(NodeSink.layer({ thread: false, ...serving })))

/** Runs in virtual time, against a server in memory, and gives what it has accepted. */
const inMemory = <A, E>(
  self: Effect.Effect<A, E, Connector>,
  server: Layer.Layer<TestServer.TestServer | Connector> | TestServer.TestServerOptions = {}
) =>
  Effect.gen(function* () {
    const { accepted, sessions } = yield* TestServer.TestServer
    return { result: yield* self, accepted, sessions }
  }).pipe(Effect.provide("pipe" in server ? server : TestServer.layer(server)), (program) => Simulation.run(program))

/** A scenario for `messages`, against a server in memory. */
const scenario = (
  what: Scenario.Scenario<unknown, unknown>,
  input: Plan.PlanInput,
  server?: Parameters<typeof inMemory>[1]
) => inMemory(Load.run(Plan.make(input), what), server)

/** Those that hold tests: to be imported is to be run. */
const ofTests = ["sink/TestServer 1", "sink/TestServer 2", "testing/Simulation 1", "testing/TestRelay 1"]

const collector = Effect.acquireRelease(
  Effect.async<{ readonly server: http.Server; readonly posts: Array<string> }>((resume) => {
    const posts: Array<string> = []
    const server = http.createServer((request, response) => {
      posts.push(String(request.url))
      request.resume().once("end", () => response.end("{}"))
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, posts })))
  }),
  ({ server }) => Effect.sync(() => server.close())
)

const trials: { readonly [name: string]: Trial } = {
  "load/Load 1": ({ program }: { program: (target: string) => Effect.Effect<Load.RunResult, unknown> }) =>
    overSockets({}, (target) =>
      Effect.gen(function* () {
        const signals = { first: Effect.delay(Effect.succeed("SIGINT" as const), "200 millis"), second: Effect.never }
        const { accounting, stopped } = yield* Effect.provideService(program(target), StopSignal.StopSignal, signals)
        assert.isTrue(stopped)
        assert.isAbove(accounting.accepted, 0)
      })
    )(),
  "load/Load 2": ({ watch }: { watch: (target: string) => Effect.Effect<number, unknown> }) =>
    overSockets({}, (target) => Effect.map(watch(target), (accepted) => assert.strictEqual(accepted, 1000)))(1000),
  "load/Load 3": ({ untilRefused }: { untilRefused: (target: string) => Effect.Effect<Load.RunResult, unknown> }) =>
    overSockets({ behaviour: Misbehaviour.behaviourOf({ fault: ["rcpt 451"] }) }, (target) =>
      Effect.gen(function* () {
        const { accounting, stopped } = yield* untilRefused(target)
        assert.isTrue(stopped)
        assert.isAtLeast(accounting.rejected, 100)
      })
    )(0),
  "load/scenario/MessageSource 1": ({ source }: { source: MessageSource.MessageSource<unknown> }) =>
    Effect.gen(function* () {
      const send = Scenario.forEachMessage(
        (message) => Effect.flatMap(Scenario.kept, Scenario.deliver(message)),
        source
      )
      const { accepted } = yield* scenario(send, { messages: 500 })
      const rare = accepted.filter(({ content }) => String(content).includes("rare"))
      assert.deepStrictEqual([accepted.length, rare.length], [500, 10])
    }),
  "load/scenario/Scenario 1": ({ program }: { program: (target: string) => Effect.Effect<unknown, unknown> }) =>
    overSockets({}, program)(1000),
  "load/scenario/ScenarioConnection 1": ({ own }: { own: Scenario.Scenario<unknown, unknown> }) =>
    Effect.gen(function* () {
      const { accepted } = yield* scenario(own, { messages: 2 })
      assert.deepStrictEqual(
        accepted.map(({ sender }) => sender),
        ["nobody@example.com", "nobody@example.com"]
      )
    }),
  "load/scenario/ScenarioMessages 1": ({ one }: { one: Scenario.Scenario<unknown, unknown> }) =>
    Effect.gen(function* () {
      assert.lengthOf((yield* scenario(one, { messages: 3 })).accepted, 1)
    }),
  "load/scenario/ScenarioProof 1": ({ oneByOne }: { oneByOne: Scenario.Scenario<unknown, unknown> }) =>
    Effect.gen(function* () {
      const plan = Plan.make({ messages: 3, prove: "messages", downstream: "unix:next" })
      const { elapsed, sessions } = yield* Load.run(plan, oneByOne)
      assert.deepStrictEqual(
        sessions.map(({ _tag }) => _tag),
        ["Success"]
      )
      assert.isAtLeast(elapsed, 3 * 20_000)
    }).pipe(Effect.provide(TestRelay.layer(() => [{ after: "20 seconds" }])), (program) => Simulation.run(program)),
  "node/NodeSink 1": ({ tried }: { tried: Effect.Effect<number, unknown> }) =>
    Effect.map(tried, (messages) => assert.strictEqual(messages, 100)),
  "plan/Plan 1": ({ run }: { run: (fields: unknown) => Effect.Effect<Load.RunResult | undefined, unknown> }) =>
    overSockets({}, (target) =>
      Effect.gen(function* () {
        assert.isUndefined(yield* run({ target, messages: "many" }))
        assert.strictEqual((yield* run({ target, messages: 3 }))?.accounting.accepted, 3)
      })
    )(3),
  "plan/Plan 2": ({ run }: { run: Effect.Effect<Load.RunResult, unknown> }) =>
    overSockets({}, (target) =>
      Effect.withConfigProvider(
        run,
        ConfigProvider.fromMap(new Map([["MAIL_LOAD", JSON.stringify({ target, messages: 4 })]]))
      )
    )(4),
  "plan/Plan 3": ({ plan }: { plan: Plan.Plan }) =>
    Effect.gen(function* () {
      assert.lengthOf((yield* inMemory(Load.run(plan))).accepted, 100)
    }),
  "plan/Plan 4": ({ run }: { run: (plan: Plan.Plan) => Effect.Effect<unknown, unknown, Connector> }) =>
    Effect.gen(function* () {
      const file = path.join(root, "package.json")
      const { accepted } = yield* inMemory(
        Effect.provide(run(Plan.make({ file })), NodeFileSystem.layer) as Effect.Effect<unknown, unknown, Connector>
      )
      assert.include(String(accepted[0]?.content), '"name": "smtp-source"')
    }),
  "plan/Segment 1": ({ third }: { third: Plan.Plan }) =>
    Effect.gen(function* () {
      assert.deepInclude(yield* Plan.check(third), { segment: "3/8", runId: "nightly-17" })
    }),
  "plan/VerdictExpression 1": ({ plan }: { plan: Plan.Plan }) =>
    Effect.gen(function* () {
      yield* inMemory(Load.run(plan))
      const { message } = yield* Effect.flip(inMemory(Load.run(plan), { latency: "100 millis" }))
      assert.match(message, /^p99\(transaction\) is .* \(fails above 250 ms\)$/)
    }),
  "report/RunReport 1": ({
    reported
  }: {
    reported: (target: string) => Effect.Effect<{ readonly text: string; readonly json: string }, unknown>
  }) =>
    overSockets({}, (target) =>
      Effect.map(reported(target), ({ json, text }) => {
        assert.match(text, /^ *messages +1,000 accepted$/m)
        assert.strictEqual(JSON.parse(json).messages.accepted, 1000)
      })
    )(1000),
  "report/SavedReport 1": ({
    together
  }: {
    together: (files: ReadonlyArray<string>) => Effect.Effect<string, unknown, FileSystem.FileSystem>
  }) =>
    Effect.gen(function* () {
      const plan = Plan.make({ messages: 2 })
      const saved = yield* Effect.map(inMemory(Load.run(plan)), ({ result }) =>
        JsonReport.render(RunReport.make(plan, result, { version: "0.0.0" }))
      )
      const files = FileSystem.layerNoop({
        readFileString: (file) =>
          Effect.succeed(file === "no" ? "no report" : saved.replace(/"ids": \[[^\]]*\]/, `"ids": ["${file}"]`))
      })
      const read = (...names: ReadonlyArray<string>) => Effect.provide(together(names), files)
      assert.match(yield* read("a", "b"), /^ *messages +4 accepted$/m)
      assert.propertyVal(yield* Effect.flip(read("a", "no")), "_tag", "ReportUnreadable")
      assert.propertyVal(yield* Effect.flip(read("a", "a")), "_tag", "NotMergeable")
    }),
  "sink/Misbehaviour 1": ({ server }: { server: Layer.Layer<TestServer.TestServer | Connector> }) =>
    Effect.gen(function* () {
      const { accepted } = yield* inMemory(Load.run(Plan.make({ messages: 1000, keepGoing: true })), server)
      assert.closeTo(accepted.length, 950, 40)
    }),
  "sink/SinkOffers 1": ({ server }: { server: Layer.Layer<TestServer.TestServer | Connector> }) =>
    Effect.gen(function* () {
      const plan = Plan.make({ recipients: 11, keepGoing: true, chunking: "on", whenNotOffered: "skip" })
      const { accepted } = yield* inMemory(Load.run(plan), server)
      assert.deepStrictEqual(
        accepted.map(({ recipients }) => recipients.length),
        [10]
      )
    }),
  "sink/SmtpSink 1": ({ reply }: { reply: Uint8Array }) => Effect.sync(() => assert.match(String(reply), /^250-/)),
  "smtp/Conversation 1": ({ connector }: { connector: Connector["Type"] }) =>
    Effect.gen(function* () {
      const run = Load.run(Plan.make({ target: "this.process", messages: 100, sessions: 3, recipients: 2 }))
      const { accounting, violations } = yield* Effect.provideService(run, Connector, connector)
      assert.deepStrictEqual([accounting.accepted, accounting.recipients.accepted, violations], [100, 200, []])
    }),
  "smtp/Outcome 1": ({ mail }: { mail: Scenario.Scenario<unknown, unknown> }) =>
    Effect.gen(function* () {
      let refused = false
      const { accepted, result } = yield* scenario(
        mail,
        { messages: 1, recipients: 3, numberRecipients: true, to: "x@y" },
        {
          script: ({ line, stage }) => {
            if (stage !== "rcpt" || refused || !line.includes("1x@y")) return undefined
            refused = true
            return TestServer.reply("451 4.2.0 later")
          }
        }
      )
      assert.deepStrictEqual(
        accepted.map(({ recipients }) => recipients.length),
        [2, 1]
      )
      assert.isAtLeast(result.elapsed, 60_000)
    }),
  "telemetry/Telemetry 1": ({
    measure
  }: {
    measure: (target: string, endpoint: string) => Effect.Effect<unknown, unknown>
  }) =>
    overSockets({}, (target) =>
      Effect.gen(function* () {
        const { posts, server } = yield* collector
        const { port } = server.address() as AddressInfo
        yield* measure(target, `http://127.0.0.1:${port}`)
        assert.includeMembers(posts, ["/v1/metrics"])
      }).pipe(Effect.scoped)
    )(1000)
} as unknown as { readonly [name: string]: Trial }

const given = (name: string): Promise<Exports> => import(/* @vite-ignore */ `docstring:${name}`)

describe("the examples in docstrings", () => {
  it("are taken from where they stand", () => {
    const source =
      "/**\n * X.\n *\n * @example\n * one()\n *\n * two()\n *\n * @since 1\n * @example\n * three()\n */\n"
    assert.deepStrictEqual(DocExamples.examplesIn(source), ["one()\n\ntwo()\n", "three()\n"])
  })

  it("are all tried", () => {
    assert.deepStrictEqual(
      examples.map(({ name }) => name),
      [...Object.keys(trials), ...ofTests].sort()
    )
  })

  it("leave no combinator of scenarios and sources without an example that is run", () => {
    const folder = path.join(root, "test/examples")
    const files = fs.readdirSync(folder).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    const shown = [
      ...examples.map(({ code }) => code),
      ...files.map((file) => fs.readFileSync(path.join(folder, file), "utf8"))
    ].join("\n")
    const scenarios = path.join(root, "src/load/scenario")
    const combinators = fs.readdirSync(scenarios).flatMap((file) => {
      const source = fs.readFileSync(path.join(scenarios, file), "utf8")
      const found = source.matchAll(/^ \* @category combinators\n(?: \*.*\n)*? \*\/\nexport (?:const|function) (\w+)/gm)
      return [...found].map(([, name]) => `${file === "MessageSource.ts" ? "MessageSource" : "Scenario"}.${name}`)
    })
    assert.isAtLeast(combinators.length, 12)
    assert.deepStrictEqual(
      combinators.filter((name) => !new RegExp(`\\b${name}\\b`).test(shown)),
      []
    )
  })

  it("compile as programs of strict users, by the types of the package", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-examples-"))
    try {
      fs.symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"))
      fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ type: "module" }))
      const lib = (module: string) => [path.join(root, `dist/lib/${module}.d.ts`)]
      const compilerOptions = {
        target: "es2022",
        module: "nodenext",
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noUnusedLocals: true,
        skipLibCheck: true,
        preserveSymlinks: true,
        noEmit: true,
        paths: {
          "smtp-source": lib("index"),
          "smtp-source/testing": lib("testing"),
          "smtp-source/telemetry": lib("telemetry")
        }
      }
      fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }))
      for (const { code, name } of examples) {
        fs.writeFileSync(path.join(folder, `${name.replaceAll(/[/ ]/g, "-")}.ts`), code)
      }
      const tsc = path.join(root, "node_modules/typescript/bin/tsc")
      const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" })
      assert.strictEqual(stdout, "")
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })

  for (const [name, trial] of Object.entries(trials)) {
    it.live(`do what they say: ${name}`, () =>
      Effect.flatMap(
        Effect.promise(() => given(name)),
        trial
      )
    )
  }
})

describe("the tests in docstrings", async () => {
  for (const name of ofTests) await given(name)
})
