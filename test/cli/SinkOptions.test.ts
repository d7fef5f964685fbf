import * as path from "node:path"
import * as os from "node:os"
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Ajv } from "ajv"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { planRows } from "../../src/cli/SinkOptionTable.js"
import * as SmtpSinkCli from "../../src/cli/SmtpSinkCli.js"
import { StopSignal } from "../../src/load/StopSignal.js"
import * as NodeFileSystem from "../../src/node/NodeFileSystem.js"
import { Output } from "../../src/report/Output.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import { Privileges } from "../../src/sink/Privileges.js"
import * as SinkCounts from "../../src/sink/SinkCounts.js"
import * as SinkPlan from "../../src/sink/SinkPlan.js"
import * as Target from "../../src/smtp/Target.js"
import * as CapturedOutput from "./CapturedOutput.js"

/** Data as it is, and of functions only that they are there. */
const shown = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === "function" ? "a function" : part))

interface Circumstances {
  /** The names of the environment's variables. */
  readonly environment?: ReadonlyArray<string>
  /** What goes wrong with a file of the original's letters, once it listens. */
  readonly trouble?: string
  /** Whether standard error is a terminal. */
  readonly isTerminal?: boolean
}

/** Runs the command with a sink that only says what it was asked for, for 100 seconds at most. */
const asked = (argv: ReadonlyArray<string>, { environment = [], isTerminal = false, trouble }: Circumstances = {}) =>
  Effect.gen(function* () {
    let seen = ""
    const started = yield* Deferred.make<void>()
    const { output, written } = CapturedOutput.make({ stderr: isTerminal })
    const services = Layer.mergeAll(
      NodeFileSystem.layer,
      Layer.succeed(Output, output),
      Layer.succeed(StopSignal, { first: Effect.never, second: Effect.never }),
      Layer.succeed(Privileges, {
        isRoot: false,
        become: (user) =>
          Effect.sync(() => {
            seen += ` becomes ${user}`
          })
      }),
      Layer.succeed(EmbeddedSink, {
        start: (config, { identity, onCommand, onCount, onTrouble, ...serving } = {}) =>
          Effect.sync(() => {
            seen += shown([config, serving, identity && Redacted.value(identity)])
            Deferred.unsafeDone(started, Effect.void)
            onCommand?.(1, "MAIL")
            onCommand?.(1, "NOOP")
            onCount?.({ contents: 2, ended: 3, quits: 1 })
            if (trouble !== undefined) onTrouble?.(trouble, "all")
            return {
              target: Target.inet("127.0.0.1", 1),
              counts: Effect.succeed(SinkCounts.read(new Float64Array(SinkCounts.length)))
            }
          })
      })
    )
    const running = yield* Effect.fork(Effect.provide(SmtpSinkCli.main(argv, { version: "0", environment }), services))
    yield* Effect.raceFirst(Deferred.await(started), Fiber.await(running))
    // What it writes then takes time that no clock of a test tells of.
    if (trouble !== undefined) yield* Fiber.await(running)
    // It waits for its end, which only some options bring.
    for (const time of [0, 100_000]) {
      yield* TestClock.adjust(time)
      for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow()
    }
    const ended = yield* Fiber.poll(running)
    yield* Fiber.interrupt(running)
    const status = ended._tag === "Some" && Exit.isSuccess(ended.value) ? ended.value.value : "runs on"
    // Without a seed of ours, each start draws another one.
    return { said: `${written.stdout}${written.stderr}`, seen: seen.replaceAll(/"0\.\d+"/g, "drawn"), status }
  })

/** A value of each option that takes one; others take the first word. */
const values: { readonly [field: string]: string } = {
  family: "ipv6",
  hide: "dsn",
  softReply: "451 4.0.0 x",
  hardReply: "550 5.0.0 x",
  hard: "MAIL",
  soft: "MAIL",
  disconnect: "MAIL",
  shutDown: "MAIL",
  log: "NOOP",
  commandDelay: "MAIL:1",
  fault: "rcpt 5% 451",
  latency: "10ms",
  capacity: "4 x 10ms",
  stall: "60s: 5s",
  limit: "20 connections/client",
  greylist: "60s",
  tarpit: "1s after 10 errors",
  dump: "mbox=x",
  maxSize: "500",
  busy: "refuse",
  offer: "chunking",
  proxy: "127.0.0.0/8",
  report: "json",
  progress: "plain",
  failIf: "messages < 1",
  tls: "offered",
  listenMetrics: "127.0.0.1:9125",
  messages: "2",
  sessions: "3"
}

/** What an option needs beside it. */
const company: { readonly [field: string]: ReadonlyArray<string> } = {
  softReply: ["--soft=MAIL"],
  hardReply: ["--hard=MAIL"],
  dumpStart: ["--dump-each=x"],
  seed: ["--fault=rcpt 5% 451"],
  report: ["--duration=7"],
  failIf: ["--duration=7"],
  tlsCert: ["--tls=offered"],
  tlsKey: ["--tls=offered"]
}

describe("every option of smtp-sink", () => {
  it.effect.each(planRows.filter(({ field }) => field !== "root"))("changes what is done: --$long", (row) =>
    Effect.gen(function* () {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-sink-"))
      const file = (name: string, text: string): string => {
        fs.writeFileSync(path.join(folder, name), text)
        return path.join(folder, name)
      }
      const field = row.field ?? ""
      const certificate = `--tls-cert=${file("cert.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n")}`
      const others = [...(company[field] ?? []), ...(field === "tlsKey" ? [certificate] : [])]
      const files: { readonly [field: string]: string } = {
        accounts: file("accounts.csv", "user,password\nu,secret\n"),
        prove: path.join(folder, "came"),
        tlsCert: file("cert.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"),
        tlsKey: file("key.pem", "-----BEGIN PRIVATE KEY-----\n")
      }
      const value = files[field] ?? values[field] ?? "7"
      const without = yield* asked([...others, "127.0.0.1:2525"])
      const given = yield* asked([
        ...others,
        `--${row.long}${row.kind !== "value" ? "" : `=${value}`}`,
        "127.0.0.1:2525"
      ])
      fs.rmSync(folder, { recursive: true })
      for (const { said, seen } of [given, without]) assert.isTrue(seen !== "" && !said.includes("fatal"), said)
      assert.notDeepEqual(given, without)
    })
  )
})

describe("a plan of smtp-sink in a file", () => {
  const inFile = <A>(name: string, text: string, use: (file: string) => Effect.Effect<A>): Effect.Effect<A> =>
    Effect.acquireUseRelease(
      Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "smtp-sink-"))),
      (folder) => {
        fs.writeFileSync(path.join(folder, name), text)
        return use(path.join(folder, name))
      },
      (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true }))
    )

  it.effect("says what the command line would, which beats it, and the environment between them", () =>
    inFile(
      "sink.yaml",
      "listen: 127.0.0.1:2525\nmessages: 2\nhostname: file\nfault: rcpt 5% 451\ncommandDelay: MAIL:1\n",
      (file) =>
        Effect.gen(function* () {
          const typed = ["-M2", "--fault=rcpt 5% 451", "-WMAIL:1", "--seed=x"]
          const all = yield* asked([...typed, "-hfile", "127.0.0.1:2525"])
          assert.deepStrictEqual(yield* asked(["--scenario", file, "--seed=x"]), all)
          const others = yield* asked([...typed, "-htyped", "127.0.0.1:2626"])
          assert.deepStrictEqual(
            yield* asked(["--scenario", file, "--seed=x", "-h", "typed", "127.0.0.1:2626"]),
            others
          )
          const variables = ConfigProvider.fromMap(
            new Map([
              ["SMTP_SINK_SCENARIO", file],
              ["SMTP_SINK_HOSTNAME", "variable"]
            ])
          )
          const between = yield* Effect.withConfigProvider(asked(["--seed=x"]), variables)
          assert.deepStrictEqual(between, yield* asked([...typed, "-hvariable", "127.0.0.1:2525"]))
        })
    )
  )

  it.effect("takes a variable that is empty for none", () =>
    Effect.gen(function* () {
      const names = ["LISTEN", "BACKLOG", "SCENARIO", "MESSAGES", "REPORT", "COUNTER", "TLS"]
      const variables = ConfigProvider.fromMap(new Map(names.map((name) => [`SMTP_SINK_${name}`, ""])))
      const plain = yield* asked(["--seed=x"])
      assert.deepStrictEqual(yield* Effect.withConfigProvider(asked(["--seed=x"]), variables), plain)
      assert.strictEqual(plain.status, "runs on")
    })
  )

  it.effect("is refused with the place of all that is wrong with it", () =>
    inFile("sink.yaml", "faults:\n  - rcpt 5% 451\nmaxConnections: many\nlatency: '20'\ndump: [xml=x]\n", (file) =>
      Effect.gen(function* () {
        const { said, status } = yield* asked(["--scenario", file])
        assert.strictEqual(status, 1)
        assert.match(
          said,
          /^smtp-sink: fatal: --scenario: [^\n]*sink\.yaml:1: unknown field "faults" \(did you mean "fault"\?\)/
        )
        assert.match(said, /; 3: maxConnections: expected a whole number/)
        assert.match(said, /; 4: latency\[0\]: column 1: expected a time with its unit/)
        assert.match(said, /; 5: dump\[0\]: expected eml, /)
      })
    )
  )

  it("has a JSON Schema, which is in the package", () => {
    const packaged = JSON.parse(fs.readFileSync(new URL("../../dist/schema/sink.schema.json", import.meta.url), "utf8"))
    assert.deepStrictEqual(packaged, JSON.parse(JSON.stringify(SinkPlan.jsonSchema())))
    const isValid = new Ajv({ strict: false }).compile(packaged)
    assert.isTrue(isValid({ listen: ":2525", fault: ["rcpt 5% 451"], hide: ["dsn"], maxSize: "10M", tls: "offered" }))
    assert.isFalse(isValid({ listen: 25 }))
    assert.isFalse(isValid({ faults: [] }))
    assert.isFalse(isValid({ tls: "yes" }))
  })
})

describe("what is wrong with the options of smtp-sink", () => {
  it.effect.each([
    [["-f", "FOO"], /: -f, --hard: expected one of CONNECT, .*QUIT, not "FOO"$/],
    [["-f", "RCTP"], /QUIT \(did you mean RCPT\?\), not "RCTP"$/],
    [["-q", "MAIL,FOO"], /: -q, --disconnect: "MAIL,FOO" has "FOO": expected one of CONNECT, /],
    [["--listen-metrics", "foo"], /: --listen-metrics: expected host:port, such as 127\.0\.0\.1:9125, not "foo"$/],
    [["--capacity", "foo"], /: --capacity: "foo", column 1: expected a time with its unit, such as 20ms, /],
    [["--capacity", "4 x exp(foo)"], /: --capacity: "4 x exp\(foo\)", column 9: expected /],
    [["5", "6"], /: too many arguments: "6", after the address and the backlog$/]
  ] as const)("is said once, with the option and the value: %j", ([argv, message]) =>
    Effect.gen(function* () {
      const { said, status } = yield* asked(["127.0.0.1:2525", ...argv])
      assert.match(said.trimEnd(), message)
      assert.strictEqual(status, 1)
    })
  )
})

describe("smtp-sink, where it listens", () => {
  const listening = "smtp-sink: listening on 127.0.0.1:1\n"

  it.effect("is as silent as the original, but to who sees it, or has typed no address", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* asked(["127.0.0.1:2525"])).said, "")
      assert.strictEqual((yield* asked(["127.0.0.1:2525"], { isTerminal: true })).said, listening)
      assert.strictEqual((yield* asked([])).said, listening)
      assert.strictEqual((yield* asked(["-c", "127.0.0.1:2525"])).said, "sess=3 quit=1 mesg=2\r")
    })
  )
})

describe("a file of smtp-sink's own letters that cannot be written", () => {
  it.effect("ends it, with the reports of what has come until then", () =>
    Effect.gen(function* () {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-sink-"))
      const file = path.join(folder, "report")
      const options = ["-D", "dump", `--report=text=${file}`, "127.0.0.1:2525"]
      const failing = { trouble: "dump: no space left on device" }
      const { said, status } = yield* asked(options, failing)
      assert.deepStrictEqual([said, status], ["smtp-sink: fatal: dump: no space left on device\n", 1])
      assert.match(fs.readFileSync(file, "utf8"), /^0 messages accepted in /)
      assert.strictEqual((yield* asked([...options, "--fail-if=messages < 1"], failing)).status, 99)
      fs.rmSync(folder, { recursive: true })
    })
  )
})

describe("a variable of smtp-sink's in the environment", () => {
  it.effect("that means nothing is warned of, with the one that may be meant", () =>
    Effect.gen(function* () {
      const environment = [
        "SMTP_SINK_FALUT",
        "SMTP_SINK_PORT_25",
        "SMTP_SINK_TLS_PASSPHRASE",
        "SMTP_SINK_LISTEN",
        "PATH"
      ]
      const { said } = yield* asked(["127.0.0.1:2525"], { environment })
      assert.include(
        said,
        "smtp-sink: warning: unknown variable SMTP_SINK_FALUT in the environment (did you mean SMTP_SINK_FAULT?)\n"
      )
      assert.strictEqual(said.match(/warning/g)?.length, 2)
    })
  )
})
